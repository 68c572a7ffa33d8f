//! Processes in a group of their own, which is killed when it is dropped.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// Nothing here takes longer: a run that hangs is killed and told of.
const LIMIT: Duration = Duration::from_secs(1800);

/// How often the memory of the provider's processes is looked at, and after so many
/// times as long. The kernel keeps the peak, so that only the last moments of a process
/// can be missed; a run of minutes is not to be disturbed all the time.
const SAMPLE: Duration = Duration::from_millis(20);
const SAMPLES: u32 = 50;

/// A process that has ended by itself.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) elapsed: Duration,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Whether it ended with exit code 0.
    pub(crate) succeeded: bool,
    /// The most memory that a process of the provider held, in bytes; `None`
    /// where there is no /proc to tell.
    pub(crate) peak_memory: Option<u64>,
}

/// A process group; dropping it kills whoever is left in it.
struct Group {
    leader: Child,
    id: u32,
}

impl Drop for Group {
    fn drop(&mut self) {
        let target = format!("-{}", self.id);
        // Nobody is left most of the time, and kill says so.
        let _ = std::process::Command::new("kill")
            .args(["-s", "KILL", "--", &target])
            .stderr(Stdio::null())
            .status();
    }
}

impl Run {
    /// How long the slowest single create took, by what `terraform apply` says of
    /// each, in whole seconds; `None` if there was none.
    pub(crate) fn longest_create(&self) -> Option<Duration> {
        let creates = self.stdout.lines().filter_map(|line| {
            let (_, took) = line.split_once(": Creation complete after ")?;
            let (took, _) = took.split_once(' ')?;
            humantime::parse_duration(took).ok()
        });
        creates.max()
    }

    /// How many errors it told; at least one if it failed.
    pub(crate) fn failures(&self) -> usize {
        let told = |line: &&str| line.trim_start_matches(['│', ' ']).starts_with("Error: ");
        let errors = self.stderr.lines().filter(told).count();
        errors.max(usize::from(!self.succeeded))
    }
}

/// Runs `command` to its end. Panics, with what it said, unless it ends by itself.
/// Output goes to files in `folder`, so that nobody who inherits it can hold up
/// the waiting.
pub(crate) async fn run(mut command: Command, folder: &Path) -> Run {
    let file = || tempfile::NamedTempFile::new_in(folder).unwrap();
    let (stdout, stderr) = (file(), file());
    let output = |file: &tempfile::NamedTempFile| Stdio::from(file.reopen().unwrap());
    command
        .process_group(0)
        .stdin(Stdio::from(File::open("/dev/null").unwrap()))
        .stdout(output(&stdout))
        .stderr(output(&stderr));

    let started = Instant::now();
    let leader = command.spawn().expect("cannot start a process");
    let id = leader.id().expect("the process was not waited for");
    let mut group = Group { leader, id };
    let mut peak_memory = None;
    let status = loop {
        tokio::select! {
            status = group.leader.wait() => break Some(status.unwrap()),
            () = sleep(SAMPLE.max(started.elapsed() / SAMPLES)) => {
                peak_memory = peak_memory.max(provider_memory(id));
                if started.elapsed() > LIMIT {
                    break None;
                }
            }
        }
    };
    let elapsed = started.elapsed();
    let told = |file: &tempfile::NamedTempFile| {
        String::from_utf8_lossy(&fs::read(file.path()).unwrap()).into_owned()
    };
    let (stdout, stderr) = (told(&stdout), told(&stderr));
    let Some(status) = status else {
        panic!("{command:?}: still running after {elapsed:?}\n{stdout}\n{stderr}");
    };
    Run {
        elapsed,
        stdout,
        stderr,
        succeeded: status.success(),
        peak_memory,
    }
}

/// The largest peak of memory of the provider's processes in a group, in bytes.
fn provider_memory(group: u32) -> Option<u64> {
    let processes = fs::read_dir("/proc").ok()?;
    processes
        .filter_map(|process| {
            let folder = process.ok()?.path();
            let stat = fs::read_to_string(folder.join("stat")).ok()?;
            // The name stands in parentheses; state, parent and group follow it.
            let (name, rest) = stat.rsplit_once(')')?;
            let of_group = rest.split_whitespace().nth(2)? == group.to_string();
            if of_group && name.contains("(terraform-provi") {
                memory(&folder, "VmHWM")
            } else {
                None
            }
        })
        .max()
}

/// Memory of a process by its folder in /proc, in bytes: `VmRSS` as it is,
/// `VmHWM` at its peak.
pub(crate) fn memory(process: &Path, which: &str) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(which))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
