//! Keeps the check from being the bottleneck: so many look-ups at a time, and
//! none for a while where servers are silent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::lookup::{Answer, Lookup, LookupError, Question};
use crate::machine;

/// Look-ups on the wire at a time. Each has a socket of its own, or two.
const IN_FLIGHT: u64 = 64;

/// The open files that look-ups leave to the rest of the process: some 15 are
/// open at rest, and SES and the loading of credentials need a few now and then.
const FOR_OTHERS: u64 = 32;

/// Look-ups without an answer, in a row, after which servers count as silent.
const SILENT_AFTER: u32 = 3;

/// How long silent servers are left alone before the next trial.
const PAUSE: Duration = Duration::from_secs(30);

/// Lets look-ups through to `L`.
#[derive(Debug)]
pub(super) struct Gate<L> {
    inner: L,
    places: Semaphore,
    breaker: Mutex<Breaker>,
}

impl<L: Lookup> Gate<L> {
    pub(super) fn new(inner: L) -> Gate<L> {
        Gate {
            inner,
            places: Semaphore::new(in_flight(machine::file_limit())),
            breaker: Mutex::default(),
        }
    }

    fn breaker<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        act(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<L: Lookup> Lookup for Gate<L> {
    async fn look_up(&self, question: &Question) -> Result<Answer, LookupError> {
        // The semaphore is never closed; without a place it is still bounded
        // by the callers.
        let _place = self.places.acquire().await.ok();
        if !self.breaker(|breaker| breaker.admits(Instant::now())) {
            return Err(LookupError::Suspended);
        }
        let result = self.inner.look_up(question).await;
        let silent = matches!(result, Err(LookupError::Timeout(_)));
        self.breaker(|breaker| breaker.record(silent, Instant::now()));
        result
    }
}

/// How many look-ups a process that may have so many open files makes at a time.
fn in_flight(files: Option<u64>) -> usize {
    let left = files.map_or(IN_FLIGHT, |files| files.saturating_sub(FOR_OTHERS) / 2);
    left.clamp(1, IN_FLIGHT) as usize
}

/// A circuit breaker: open while servers are silent. Arithmetic alone, the time
/// is given to it.
#[derive(Debug, Default)]
struct Breaker {
    silences: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether a look-up may go out. After each pause one is let through, and
    /// the others wait for what becomes of it.
    fn admits(&mut self, now: Instant) -> bool {
        match self.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                self.open_until = Some(now + PAUSE);
                true
            }
        }
    }

    fn record(&mut self, silent: bool, now: Instant) {
        if !silent {
            *self = Breaker::default();
            return;
        }
        self.silences += 1;
        if self.silences >= SILENT_AFTER {
            self.open_until = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests;
