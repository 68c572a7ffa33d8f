//! Failed attempts at one request: how long to pause before the next, and how far any
//! of them may have come.

use std::sync::Arc;

use super::writer::SET;
use crate::ses::deadline::{Deadline, Interrupted};
use crate::ses::error::{Error, Reach};
use crate::ses::limit::Backoff;

/// A Set that was not accepted as far as is known.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct SetError {
    /// What the last attempt died of.
    pub error: Error,
    /// How far the farthest of the attempts has come.
    pub reach: Reach,
}

/// The failed attempts at one request.
#[derive(Default)]
pub(super) struct Attempts {
    backoff: Backoff,
    last: Option<Error>,
    /// The farthest that any of them may have come.
    reach: Reach,
}

impl Attempts {
    /// An attempt has failed.
    pub(super) fn failed(&mut self, error: Error) {
        self.reach = self.reach.max(error.reach());
        self.last = Some(error);
    }

    /// Pauses before the next attempt, or says how the row of them ended.
    pub(super) async fn pause(&mut self, deadline: &Deadline) -> Result<(), SetError> {
        let Some(last) = &self.last else {
            return Ok(());
        };
        let Some(pause) = self.backoff.pause(last.remedy(), fastrand::f64()) else {
            return Err(self.ended(last.clone()));
        };
        match deadline.pause(pause).await {
            Ok(()) => Ok(()),
            Err(interrupted) => Err(self.interrupted(interrupted, deadline)),
        }
    }

    /// How the row of them ended when the deadline came before the next.
    pub(super) fn interrupted(&self, interrupted: Interrupted, deadline: &Deadline) -> SetError {
        let last = self.last.clone().map(Arc::new);
        self.ended(Error::interrupted(interrupted, SET, deadline, last))
    }

    pub(super) fn ended(&self, error: Error) -> SetError {
        SetError {
            error,
            reach: self.reach,
        }
    }
}
