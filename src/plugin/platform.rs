//! What only some systems have: unix sockets in private folders, limits of open
//! files, and signals. Without the first, the plugin listens on loopback with
//! mutual TLS.

#[cfg(unix)]
pub(super) use unix::{Spare, hang_up_is_ignored, on_signals};

#[cfg(unix)]
pub use super::folder::GroupError;
#[cfg(unix)]
pub(super) use super::folder::{Group, PrivateSocket};

#[cfg(not(unix))]
pub use elsewhere::GroupError;
#[cfg(not(unix))]
pub(super) use elsewhere::{Group, PrivateSocket, Spare, hang_up_is_ignored, on_signals};

/// A signal that asks to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Ctrl-C, which reaches Terraform's whole process group.
    Interrupt,
    /// Asked for by a process manager, perhaps of the whole group as well.
    Terminate,
    /// The terminal is closed.
    HangUp,
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::{AsFd as _, OwnedFd};

    use tokio::signal::unix::{SignalKind, signal};

    use super::Signal;

    /// An open file, to be closed when the process is out of them and must open
    /// one.
    #[derive(Debug)]
    pub(crate) struct Spare(Option<OwnedFd>);

    impl Spare {
        /// Opens it, if the process may.
        pub(crate) fn new() -> Self {
            Self(io::stderr().as_fd().try_clone_to_owned().ok())
        }

        /// Closes it.
        pub(crate) fn release(&mut self) {
            self.0 = None;
        }
    }

    /// Calls `received` for every signal that asks to end, which from now on do
    /// not end the process: what a plugin is changing must still get into the
    /// state.
    pub(crate) fn on_signals(received: impl Fn(Signal)) -> io::Result<impl Future<Output = ()>> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        Ok(async move {
            loop {
                let signal = tokio::select! {
                    _ = interrupt.recv() => Signal::Interrupt,
                    _ = terminate.recv() => Signal::Terminate,
                    _ = hang_up.recv() => Signal::HangUp,
                };
                received(signal);
            }
        })
    }

    /// Whether the process was started with SIGHUP ignored, as `nohup` does it.
    /// Read where Linux tells it; elsewhere it counts as not ignored.
    pub(crate) fn hang_up_is_ignored() -> bool {
        // The first signal is the lowest bit.
        const HANG_UP: u64 = 1;
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        ignored.is_some_and(|mask| mask & HANG_UP != 0)
    }
}

/// The same where there is none of it, so that nobody else needs to know.
#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    use tokio::net::TcpStream;

    use super::Signal;
    use crate::plugin::handshake::Place;

    pub(crate) fn on_signals(received: impl Fn(Signal)) -> io::Result<impl Future<Output = ()>> {
        Ok(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                received(Signal::Interrupt);
            }
        })
    }

    pub(crate) fn hang_up_is_ignored() -> bool {
        false
    }

    pub(crate) struct Spare;

    impl Spare {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn release(&mut self) {}
    }

    /// There is none.
    #[derive(Debug)]
    pub(crate) enum PrivateSocket {}

    impl PrivateSocket {
        pub(crate) fn bind(_: &Place) -> Result<Self, &'static str> {
            Err("this system has no sockets that others cannot open")
        }

        pub(crate) fn open_to(&self, _: Group) -> Result<(), GroupError> {
            match *self {}
        }

        pub(crate) fn address(&self) -> &str {
            match *self {}
        }

        pub(crate) async fn accept(&self) -> io::Result<TcpStream> {
            match *self {}
        }

        pub(crate) fn tidy_up(&self) {
            match *self {}
        }
    }

    /// There is none.
    #[derive(Debug)]
    pub(crate) enum Group {}

    impl Group {
        pub(crate) fn find(_: &str) -> Result<Self, GroupError> {
            Err(GroupError)
        }
    }

    /// There are no groups.
    #[derive(Debug, thiserror::Error)]
    #[error("this system has no sockets for PLUGIN_UNIX_SOCKET_GROUP")]
    pub struct GroupError;
}
