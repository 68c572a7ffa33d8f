//! Clock that the processes of a host agree on: the system's, looked at anew each time. It
//! may be set while a process lives, or stand still while the host sleeps; so what a
//! process waits for by itself is told by tokio's clock, which does neither.

use std::ops::{Add, Sub};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A time in seconds since the Unix epoch, as processes tell each other. The default is
/// long past.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::ses) struct UnixTime(f64);

impl UnixTime {
    /// So many seconds since the epoch.
    pub(in crate::ses) const fn from_seconds(seconds: f64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub(in crate::ses) const fn as_seconds(self) -> f64 {
        self.0
    }

    /// The later of two.
    pub(in crate::ses) fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }

    /// The earlier of two.
    pub(in crate::ses) fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// In order of time.
    pub(in crate::ses) fn total_cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Add<f64> for UnixTime {
    type Output = Self;

    /// So many seconds later.
    fn add(self, seconds: f64) -> Self {
        Self(self.0 + seconds)
    }
}

#[cfg(test)]
impl std::ops::AddAssign<f64> for UnixTime {
    fn add_assign(&mut self, seconds: f64) {
        self.0 += seconds;
    }
}

impl Sub<f64> for UnixTime {
    type Output = Self;

    /// So many seconds earlier.
    fn sub(self, seconds: f64) -> Self {
        Self(self.0 - seconds)
    }
}

impl Sub for UnixTime {
    type Output = f64;

    /// The seconds from `other` to this.
    fn sub(self, other: Self) -> f64 {
        self.0 - other.0
    }
}

/// Tells the time.
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
    pub(in crate::ses) fn now(&self) -> UnixTime {
        match self {
            Self::System => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the one place that tells other processes the time"
                )]
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                UnixTime(now.map_or(0.0, |now| now.as_secs_f64()))
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

    use super::UnixTime;

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

        pub(super) fn now(&self) -> UnixTime {
            let at = *self.at.lock().unwrap();
            UnixTime(at + self.started.elapsed().as_secs_f64())
        }

        pub(super) fn step(&self, seconds: f64) {
            *self.at.lock().unwrap() += seconds;
        }
    }
}
