//! Which run of Terraform's a provider process belongs to.
//!
//! Terraform starts the processes of one run itself, one for each provider block, and
//! again for each phase: so they have one parent, and no other run has it. A process id
//! is used again at some time, but not with the same time of start.

use crate::ses::host_folder::fnv1a;

/// What the name of each run begins with.
const PREFIX: &str = "run-";

/// A run of Terraform's on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Process id of Terraform.
    parent: u32,
    /// When it was started: a hash.
    started: u64,
    /// Where process ids count, a hash: until the system is started again, and in one
    /// container.
    world: u64,
}

/// Whether the Terraform of a run still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parent {
    Runs,
    Gone,
    /// Not to be told from here: it ran in another container, or before the system was
    /// started anew.
    Elsewhere,
}

impl Run {
    /// The run that this process was started by. `None` where the system does not tell.
    pub(super) fn of_this_process() -> Option<Self> {
        #[cfg(unix)]
        {
            // None for a parent outside of this container.
            let parent = rustix::process::getppid()?.as_raw_nonzero().get();
            Self::of(u32::try_from(parent).ok()?)
        }
        #[cfg(not(unix))]
        None
    }

    fn of(parent: u32) -> Option<Self> {
        Some(Self {
            parent,
            started: fnv1a(&start_of(parent)?),
            world: fnv1a(&world()?),
        })
    }

    /// A run that no process of this host can have.
    #[cfg(test)]
    pub(super) fn numbered(number: u64) -> Self {
        Self {
            parent: u32::MAX,
            started: number,
            world: world().map_or(0, |world| fnv1a(&world)),
        }
    }

    /// One of another container.
    #[cfg(test)]
    pub(super) fn elsewhere(number: u64) -> Self {
        let run = Self::numbered(number);
        Self {
            world: run.world ^ 1,
            ..run
        }
    }

    /// The run as the name of a folder.
    pub(super) fn name(&self) -> String {
        let Self {
            parent,
            started,
            world,
        } = self;
        format!("{PREFIX}{parent}-{started:016x}-{world:016x}")
    }

    /// What [`name`](Self::name) has written; `None` for anything else.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix(PREFIX)?.split('-');
        let (parent, started, world) = (parts.next()?, parts.next()?, parts.next()?);
        let hash = |text| u64::from_str_radix(text, 16).ok();
        let run = Self {
            parent: parent.parse().ok()?,
            started: hash(started)?,
            world: hash(world)?,
        };
        (run.name() == name).then_some(run)
    }

    /// Whether the run's Terraform still runs.
    pub(super) fn parent(&self) -> Parent {
        if world().is_none_or(|world| fnv1a(&world) != self.world) {
            return Parent::Elsewhere;
        }
        let is_it = start_of(self.parent).map(|start| fnv1a(&start) == self.started);
        match is_it.unwrap_or_else(|| exists(self.parent)) {
            true => Parent::Runs,
            false => Parent::Gone,
        }
    }
}

/// Whether there is such a process.
fn exists(process: u32) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        use rustix::process::{Pid, test_kill_process};

        let process = i32::try_from(process).ok().and_then(Pid::from_raw);
        process.is_some_and(|process| test_kill_process(process) != Err(Errno::SRCH))
    }
    #[cfg(not(unix))]
    {
        let _ = process;
        false
    }
}

/// When a process was started, as a text that is another for each process of its id.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn start_of(process: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold any
    // character; the time of start is the 22nd, in ticks since the system's start.
    let (_, from_third) = stat.rsplit_once(')')?;
    let ticks = from_third.split_ascii_whitespace().nth(22 - 3)?;
    Some(ticks.to_owned())
}

/// Where process ids count.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn world() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let ids = std::fs::read_link("/proc/self/ns/pid").ok();
    Some(format!("{} {ids:?}", boot.trim()))
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn start_of(process: u32) -> Option<String> {
    let told = std::process::Command::new("/bin/ps")
        .args(["-o", "lstart=", "-p", &process.to_string()])
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .output()
        .ok()?;
    let started = String::from_utf8(told.stdout).ok()?;
    let started = started.trim();
    (told.status.success() && !started.is_empty()).then(|| started.to_owned())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn world() -> Option<String> {
    Some(String::new())
}

#[cfg(not(unix))]
fn start_of(_process: u32) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_known_by_its_name() {
        let run = Run {
            parent: 4711,
            started: 0xc0_ffee,
            world: 1,
        };
        assert_eq!(run.name(), "run-4711-0000000000c0ffee-0000000000000001");
        assert_eq!(Run::parse(&run.name()), Some(run));
        for name in [
            "run-",
            "run-4711",
            "run-4711-0000000000c0ffee",
            "run-4711-c0ffee-1",
            "run-x-0000000000c0ffee-0000000000000001",
            "run-4711-0000000000c0ffee-0000000000000001-",
            "schedule-1-0000000000c0ffee.json",
        ] {
            assert_eq!(Run::parse(name), None, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_run_lasts_as_long_as_the_parent() {
        let run = Run::of_this_process().unwrap();
        assert_eq!(Run::of_this_process(), Some(run.clone()));
        assert_eq!(run.parent(), Parent::Runs);
        let reused = Run {
            started: run.started ^ 1,
            ..run.clone()
        };
        assert_eq!(reused.parent(), Parent::Gone);
        let elsewhere = Run {
            world: reused.world ^ 1,
            ..reused
        };
        assert_eq!(elsewhere.parent(), Parent::Elsewhere);
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let of_child = Run::of(child.id()).unwrap();
        assert_eq!(of_child.parent(), Parent::Runs);
        assert_ne!(of_child, run);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(of_child.parent(), Parent::Gone);
        assert_eq!(Run::numbered(1).parent(), Parent::Gone);
    }
}
