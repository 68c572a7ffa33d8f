//! What only some systems have: unix sockets in private folders, and limits of
//! open files. Without them, the plugin listens on loopback with mutual TLS.

#[cfg(unix)]
pub(super) use unix::Spare;

#[cfg(unix)]
pub use super::folder::GroupError;
#[cfg(unix)]
pub(super) use super::folder::{Group, PrivateSocket};

#[cfg(not(unix))]
pub use elsewhere::GroupError;
#[cfg(not(unix))]
pub(super) use elsewhere::{Group, PrivateSocket, Spare};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::{AsFd as _, OwnedFd};

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
}

/// The same where there is none of it, so that nobody else needs to know.
#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    use tokio::net::TcpStream;

    use crate::plugin::handshake::Place;

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
