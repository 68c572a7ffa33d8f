//! Why a plugin process cannot serve.

use std::io;

use tokio::task::JoinError;

use super::handshake::HandshakeError;
use super::listener::ListenError;
use super::tls::TlsError;
use crate::machine::Shortage;

/// Why a plugin process could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Two entities of the provider have one name, which is a bug of it.
    #[error("the provider has a bug: the {kind} {name} is registered twice")]
    RegisteredTwice {
        /// Resource, data source or function.
        kind: &'static str,
        /// The name.
        name: &'static str,
    },
    /// The host did not say what it must.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The machine has too little of something.
    #[error(transparent)]
    Shortage(#[from] Shortage),
    /// The threads and waits of the process cannot be set up.
    #[error("its threads cannot be set up: {0}")]
    Runtime(#[source] io::Error),
    /// There is nowhere to listen.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The answer to the handshake could not be written.
    #[error("cannot write to stdout: {0}")]
    Stdout(#[source] io::Error),
    /// Signals cannot be handled.
    #[error("cannot handle signals: {0}")]
    Signals(#[source] io::Error),
    /// The gRPC server has ended by itself.
    #[error("cannot serve: {0}")]
    Transport(#[from] tonic::transport::Error),
}

impl ServeError {
    /// What was done in a task of its own has panicked.
    pub(super) fn broke_off(error: JoinError) -> Self {
        Self::Runtime(io::Error::other(error))
    }

    /// Whether the host has not been told yet where to connect to.
    pub(super) fn is_before_line(&self) -> bool {
        !matches!(self, Self::Stdout(_) | Self::Transport(_))
    }
}
