//! Keeps the check from being the bottleneck of the process's open files: so many
//! look-ups at a time.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::lookup::{Answer, Lookup, LookupError, Question};
use crate::machine;

/// Look-ups on the wire at a time. Each has a socket of its own, or two.
const IN_FLIGHT: u64 = 64;

/// The open files that look-ups leave to the rest of the process: some 15 are
/// open at rest, and SES and the loading of credentials need a few now and then.
const FOR_OTHERS: u64 = 32;

/// Lets look-ups through to `L`.
#[derive(Debug)]
pub(super) struct Gate<L> {
    pub(super) inner: L,
    places: Semaphore,
}

impl<L: Lookup> Gate<L> {
    pub(super) fn new(inner: L) -> Gate<L> {
        Gate {
            inner,
            places: Semaphore::new(in_flight(machine::file_limit())),
        }
    }

    /// Awaits a place on the wire, for a look-up of one's own.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed; without a place it is still bounded
        // by the callers.
        self.places.acquire().await.ok()
    }
}

impl<L: Lookup> Lookup for Gate<L> {
    async fn look_up(&self, question: &Question) -> Result<Answer, LookupError> {
        let _place = self.place().await;
        self.inner.look_up(question).await
    }
}

/// How many look-ups a process that may have so many open files makes at a time.
fn in_flight(files: Option<u64>) -> usize {
    let left = files.map_or(IN_FLIGHT, |files| files.saturating_sub(FOR_OTHERS) / 2);
    left.clamp(1, IN_FLIGHT) as usize
}

#[cfg(test)]
mod tests;
