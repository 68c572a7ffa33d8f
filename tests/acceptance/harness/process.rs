//! Processes in a group of their own, which is killed when their time is up.

use std::fs;
use std::io::{Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use tokio::time::Instant;

/// No run may take longer: many tests share two cores, and none hangs.
const LIMIT: Duration = Duration::from_secs(180);

/// A process that has ended by itself.
#[derive(Debug)]
pub(crate) struct Run {
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) elapsed: Duration,
}

impl Run {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "after {:?}; stdout:\n{}\nstderr:\n{}",
            self.elapsed,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Asserts that it succeeded.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// Asserts that it failed, and that stderr holds each of `texts`, however
    /// Terraform has broken the lines.
    #[track_caller]
    pub(crate) fn fails_with(self, texts: &[&str]) -> Self {
        let run = self.exits(1);
        let told = unwrapped(&run.stderr);
        for text in texts {
            assert!(told.contains(text), "no {text:?} in:\n{}", run.stderr);
        }
        run
    }

    /// Asserts that stdout holds `text`, however Terraform has broken the lines.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let told = unwrapped(&self.stdout);
        assert!(told.contains(text), "no {text:?} in:\n{}", self.stdout);
        self
    }

    /// Asserts that stdout does not hold `text`.
    #[track_caller]
    pub(crate) fn does_not_say(self, text: &str) -> Self {
        let told = unwrapped(&self.stdout);
        assert!(!told.contains(text), "{text:?} in:\n{}", self.stdout);
        self
    }
}

/// Text without the frames and line breaks of Terraform's diagnostics.
fn unwrapped(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}

/// A process that runs; dropping it kills its group.
#[derive(Debug)]
pub(crate) struct Running {
    pid: u32,
    started: Instant,
    stdout: PathBuf,
    stderr: PathBuf,
    ended: Receiver<ExitStatus>,
    status: Option<ExitStatus>,
}

impl Running {
    /// Starts `command` in a process group of its own, with `input` to read. Output goes to files in
    /// `dir`, so that nobody who inherits it can hold up the waiting.
    pub(crate) fn start(mut command: Command, dir: &Path, input: &str) -> Self {
        let file = |suffix: &str| {
            let file = tempfile::Builder::new().suffix(suffix).tempfile_in(dir);
            let (file, path) = file.unwrap().keep().unwrap();
            (Stdio::from(file), path)
        };
        let ((out, stdout), (err, stderr)) = (file(".stdout"), file(".stderr"));
        let mut stdin = tempfile::tempfile_in(dir).unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        stdin.rewind().unwrap();
        command
            .process_group(0)
            .stdin(Stdio::from(stdin))
            .stdout(out)
            .stderr(err);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let pid = child.id();
        let (tell, ended) = mpsc::channel();
        thread::spawn(move || tell.send(child.wait().unwrap()));
        Self {
            pid,
            started: Instant::now(),
            stdout,
            stderr,
            ended,
            status: None,
        }
    }

    /// SIGINT to the whole group, as Ctrl-C in a terminal.
    pub(crate) fn interrupt_group(&self) {
        assert!(self.signal_group("INT"));
    }

    /// SIGINT to the process alone, as a CI system sends it.
    pub(crate) fn interrupt_alone(&self) {
        assert!(self.signal_alone("INT"));
    }

    /// A signal, such as `HUP`, to the whole group; false if it has ended.
    pub(crate) fn signal_group(&self, name: &str) -> bool {
        signal(name, &format!("-{}", self.pid))
    }

    /// A signal to the process alone; false if it has ended.
    pub(crate) fn signal_alone(&self, name: &str) -> bool {
        signal(name, &self.pid.to_string())
    }

    /// A signal to the providers that the process has started, and not to itself.
    /// There has to be one.
    #[track_caller]
    pub(crate) fn signal_providers(&self, name: &str) {
        let providers = self.providers();
        assert!(!providers.is_empty(), "no provider runs");
        for pid in providers {
            assert!(signal(name, &pid.to_string()));
        }
    }

    /// The process ids of the providers in the process's group.
    pub(crate) fn providers(&self) -> Vec<u32> {
        let listed = Command::new("ps")
            .args(["-A", "-o", "pid=,pgid=,args="])
            .output()
            .unwrap();
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let group = self.pid.to_string();
        let providers = listed.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            let (pid, of, program) = (words.next()?, words.next()?, words.next()?);
            (of == group && program.contains("terraform-provider-ses")).then(|| pid.parse().ok())?
        });
        providers.filter(|pid| *pid != self.pid).collect()
    }

    /// Whether the process itself has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        if self.status.is_none() {
            self.status = self.ended.try_recv().ok();
        }
        self.status.is_some()
    }

    /// SIGKILL to the process alone. Waits until the rest of its group, which
    /// nobody tells, has ended too, and fails if that takes longer than `limit`.
    #[track_caller]
    pub(crate) fn kill_alone(mut self, limit: Duration) {
        assert!(signal("KILL", &self.pid.to_string()));
        self.status = self.ended.recv_timeout(LIMIT).ok();
        let killed = Instant::now();
        wait_until("the killed process's group has ended", || {
            !self.group_is_alive()
        });
        let lived_on = killed.elapsed();
        assert!(lived_on <= limit, "lived on for {lived_on:?}");
    }

    /// Waits until the last of its group has ended, and fails if that takes longer
    /// than `limit`.
    #[track_caller]
    pub(crate) fn group_ends_within(self, limit: Duration) {
        wait_within(limit, "the whole group has ended", || {
            !self.group_is_alive()
        });
    }

    /// What it has written to stdout so far.
    pub(crate) fn stdout_so_far(&self) -> String {
        read(&self.stdout)
    }

    /// Waits for the end. Fails if it does not come in three minutes, or if it
    /// leaves a process behind.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Run {
        let status = self
            .status
            .take()
            .or_else(|| self.ended.recv_timeout(LIMIT).ok());
        let status = status.unwrap_or_else(|| {
            panic!(
                "still running after {LIMIT:?}; stdout:\n{}\nstderr:\n{}",
                read(&self.stdout),
                read(&self.stderr)
            )
        });
        self.status = Some(status);
        let elapsed = self.started.elapsed();
        wait_until("no process is left behind", || !self.group_is_alive());
        Run {
            code: status.code(),
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
            elapsed,
        }
    }

    fn group_is_alive(&self) -> bool {
        signal("0", &format!("-{}", self.pid))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.group_is_alive() {
            signal("KILL", &format!("-{}", self.pid));
        }
        if self.status.is_none() {
            let _ = self.ended.recv_timeout(Duration::from_secs(10));
        }
    }
}

/// The value of TF_REATTACH_PROVIDERS that a provider tells once it listens.
#[track_caller]
pub(crate) fn reattach(provider: &Running) -> String {
    wait_until("the provider says where it listens", || {
        provider.stdout_so_far().contains("Ctrl-C")
    });
    let told = provider.stdout_so_far();
    let (_, reattach) = told.split_once("TF_REATTACH_PROVIDERS='").unwrap();
    let (reattach, _) = reattach.split_once('\'').unwrap();
    reattach.to_owned()
}

/// Waits for `condition`, and fails if it does not come in half a minute.
#[track_caller]
pub(crate) fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    wait_within(Duration::from_secs(90), what, condition);
}

#[track_caller]
fn wait_within(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::park_timeout(Duration::from_millis(10));
    }
}

/// Lets `time` pass.
pub(crate) fn pause(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        thread::park_timeout(end - Instant::now());
    }
}

/// Sends a signal by the shell's own `kill`; tells whether anybody was there.
fn signal(name: &str, target: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("kill -s {name} -- {target}")])
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}
