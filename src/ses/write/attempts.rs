//! Attempts at one request: its place in the queue, how long to pause after a failed
//! one, and what the last died of.

use std::sync::Arc;

use super::table::Request;
use super::writer::SET;
use crate::ses::deadline::{Deadline, Interrupted};
use crate::ses::error::Error;
use crate::ses::limit::{Backoff, Ticket};

/// The attempts at one request.
pub(super) struct Attempts {
    pub(super) request: Request,
    /// A refused request keeps its place.
    pub(super) ticket: Ticket,
    backoff: Backoff,
    last: Option<Error>,
}

impl Attempts {
    pub(super) fn new(request: Request, ticket: Ticket) -> Self {
        Self {
            request,
            ticket,
            backoff: Backoff::default(),
            last: None,
        }
    }

    /// An attempt has failed.
    pub(super) fn failed(&mut self, error: Error) {
        self.last = Some(error);
    }

    /// Pauses before the next attempt, if there was one before.
    pub(super) async fn pause(&mut self, deadline: &Deadline) -> Result<(), Interrupted> {
        let remedy = self.last.as_ref().map(Error::remedy);
        match remedy.and_then(|remedy| self.backoff.pause(remedy, fastrand::f64())) {
            Some(pause) => deadline.pause(pause).await,
            None => Ok(()),
        }
    }

    /// What the row of them died of when the deadline came before the next.
    pub(super) fn interrupted(&self, interrupted: Interrupted, deadline: &Deadline) -> Error {
        Error::interrupted(interrupted, SET, deadline, self.last.clone().map(Arc::new))
    }

    /// What the last attempt died of.
    pub(super) fn into_last(self) -> Option<Error> {
        self.last
    }
}
