//! Clock that the processes of a host agree on: the system's, looked at anew each time. It
//! may be set while a process lives, or stand still while the host sleeps; so what a
//! process waits for by itself is told by tokio's clock, which does neither.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time in seconds since the Unix epoch.
#[derive(Clone, Debug)]
pub(in crate::ses) enum Clock {
    /// The system's.
    System,
    /// Tokio's, which unit tests can pause, set to a time.
    #[cfg(test)]
    Set(tests::SetClock),
}

impl Clock {
    /// The time.
    pub(in crate::ses) fn now(&self) -> f64 {
        match self {
            Self::System => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the one place that tells other processes the time"
                )]
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                now.map_or(0.0, |now| now.as_secs_f64())
            }
            #[cfg(test)]
            Self::Set(clock) => clock.now(),
        }
    }

    /// A clock that says `at` now.
    #[cfg(test)]
    pub(in crate::ses) fn at(at: f64) -> Self {
        Self::Set(tests::SetClock::at(at))
    }

    /// Sets the clock, and its clones, forward by so many seconds, or back.
    #[cfg(test)]
    pub(in crate::ses) fn step(&self, seconds: f64) {
        if let Self::Set(clock) = self {
            clock.step(seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::time::Instant;

    #[derive(Clone, Debug)]
    pub(in crate::ses) struct SetClock {
        started: Instant,
        at: Arc<Mutex<f64>>,
    }

    impl SetClock {
        pub(super) fn at(at: f64) -> Self {
            Self {
                started: Instant::now(),
                at: Arc::new(Mutex::new(at)),
            }
        }

        pub(super) fn now(&self) -> f64 {
            *self.at.lock().unwrap() + self.started.elapsed().as_secs_f64()
        }

        pub(super) fn step(&self, seconds: f64) {
            *self.at.lock().unwrap() += seconds;
        }
    }
}
