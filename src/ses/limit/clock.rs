//! Clock that the processes of a host agree on.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Seconds since the Unix epoch, by a clock that does not jump while the process
/// lives: schedule are shared with other processes.
#[derive(Clone, Copy, Debug)]
pub(in crate::ses) struct Clock {
    started: Instant,
    at: f64,
}

impl Clock {
    /// A clock that agrees with the system's now.
    pub(in crate::ses) fn system() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that tells other processes the time"
        )]
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            started: Instant::now(),
            at: now.map_or(0.0, |now| now.as_secs_f64()),
        }
    }

    /// A clock that says `at` now.
    #[cfg(test)]
    pub(in crate::ses) fn at(at: f64) -> Self {
        Self {
            started: Instant::now(),
            at,
        }
    }

    /// The time.
    pub(in crate::ses) fn now(&self) -> f64 {
        self.at + self.started.elapsed().as_secs_f64()
    }
}
