//! Keeps the check from being the bottleneck of the process's open files: so many
//! look-ups at a time.

use tokio::sync::Semaphore;

use super::lookup::{Lookup, LookupError, Question};
use crate::machine;

/// Look-ups on the wire at a time. Each has a socket of its own, or two.
const IN_FLIGHT: u64 = 64;

/// The open files that look-ups leave to the rest of the process: some 15 are
/// open at rest, and SES and the loading of credentials need a few now and then.
const FOR_OTHERS: u64 = 32;

/// Lets look-ups through to `L`.
#[derive(Debug)]
pub(super) struct Gate<L> {
    inner: L,
    places: Semaphore,
}

impl<L: Lookup> Gate<L> {
    pub(super) fn new(inner: L) -> Gate<L> {
        Gate {
            inner,
            places: Semaphore::new(in_flight()),
        }
    }

    /// Whoever is asked, for look-ups of which there are few.
    pub(super) fn inner(&self) -> &L {
        &self.inner
    }
}

impl<L: Lookup> Lookup for Gate<L> {
    type Found = L::Found;

    async fn look_up(&self, question: &Question) -> Result<L::Found, LookupError> {
        // The semaphore is never closed; without a place it is still bounded
        // by the callers.
        let _place = self.places.acquire().await.ok();
        self.inner.look_up(question).await
    }
}

/// How many look-ups this process makes at a time.
pub(super) fn in_flight() -> usize {
    in_flight_with(machine::file_limit())
}

/// The same for a process that may have so many open files.
fn in_flight_with(files: Option<u64>) -> usize {
    let left = files.map_or(IN_FLIGHT, |files| files.saturating_sub(FOR_OTHERS) / 2);
    left.clamp(1, IN_FLIGHT) as usize
}

#[cfg(test)]
mod tests;
