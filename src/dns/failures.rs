//! What the servers of one look-up failed with, and which of it is told.

use std::time::Duration;

use super::exchange::Failure;
use super::lookup::LookupError;
use super::server::Server;
use crate::mail_from::presentation;

/// What each server failed with.
#[derive(Debug, Default)]
pub(super) struct Failures(Vec<(usize, LookupError)>);

impl Failures {
    /// A server, by its place, and what became of asking it.
    pub(super) fn push(&mut self, server: usize, failure: LookupError) {
        self.0.push((server, failure));
    }

    /// Those of a later round.
    pub(super) fn merge(&mut self, later: Failures) {
        self.0.extend(later.0);
    }

    /// The servers that said nothing.
    pub(super) fn silent(&self) -> Vec<usize> {
        let silent = |(server, failure): &(usize, LookupError)| {
            matches!(failure, LookupError::Timeout(_)).then_some(*server)
        };
        self.0.iter().filter_map(silent).collect()
    }

    /// A server that answered SERVFAIL, and its reason.
    pub(super) fn servfail(&self) -> Option<(usize, Option<String>)> {
        self.0.iter().find_map(|(server, failure)| match failure {
            LookupError::ServFail(reason) => Some((*server, reason.clone())),
            _ => None,
        })
    }

    /// The failure that tells most: what a server said, before its silence.
    pub(super) fn worst(self) -> LookupError {
        let telling = |failure: &LookupError| match failure {
            LookupError::NoConnection(_) => 0,
            LookupError::NoFiles(_) => 1,
            LookupError::Timeout(_) => 2,
            _ => 3,
        };
        // Of equals the first.
        let failures = self.0.into_iter().map(|(_, failure)| failure).rev();
        failures
            .max_by_key(telling)
            .unwrap_or(LookupError::Suspended)
    }
}

/// Why a server gave no response; `within` is how long it was waited for.
pub(super) fn explain(server: &Server, failure: Failure, within: Duration) -> LookupError {
    match failure {
        Failure::Silence => LookupError::Timeout(within),
        Failure::NoConnection(cause) => {
            LookupError::NoConnection(format!("{}: {cause}", server.address))
        }
        Failure::NoTcp(cause) => LookupError::NoTcp {
            port: server.address.port(),
            cause,
        },
        Failure::NoFiles(cause) => LookupError::NoFiles(cause),
        Failure::Other(reason) => LookupError::Other(presentation(reason.as_bytes())),
    }
}
