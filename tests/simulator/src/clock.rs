//! Real time since the start, and simulated time, which can run faster.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The simulator's clock. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
    simulated: Arc<Mutex<Simulated>>,
}

/// Simulated time as a straight line that begins at the last change of speed.
#[derive(Debug)]
struct Simulated {
    at: Duration,
    elapsed: Duration,
    speed: f64,
}

impl Simulated {
    fn now(&self, elapsed: Duration) -> Duration {
        let run = elapsed.saturating_sub(self.elapsed).as_secs_f64() * self.speed;
        let run = Duration::try_from_secs_f64(run).unwrap_or(Duration::MAX);
        self.at.saturating_add(run)
    }
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads real time: a paused clock of a test that \
                  calls in must not stop the simulator's"
    )]
    pub(crate) fn start(speed: f64) -> Self {
        let simulated = Simulated {
            at: Duration::ZERO,
            elapsed: Duration::ZERO,
            speed: speed.max(0.0),
        };
        Self {
            start: Instant::now(),
            simulated: Arc::new(Mutex::new(simulated)),
        }
    }

    /// Real time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Simulated time since the start.
    pub(crate) fn now(&self) -> Duration {
        self.with(|simulated, elapsed| simulated.now(elapsed))
    }

    /// Simulated seconds in a real one.
    pub(crate) fn speed(&self) -> f64 {
        self.with(|simulated, _| simulated.speed)
    }

    /// Lets time run at `speed` from now on.
    pub(crate) fn set_speed(&self, speed: f64) {
        self.with(|simulated, elapsed| {
            *simulated = Simulated {
                at: simulated.now(elapsed),
                elapsed,
                speed: speed.max(0.0),
            };
        });
    }

    /// Jumps ahead.
    pub(crate) fn advance(&self, by: Duration) {
        self.with(|simulated, _| simulated.at = simulated.at.saturating_add(by));
    }

    fn with<T>(&self, f: impl FnOnce(&mut Simulated, Duration) -> T) -> T {
        let elapsed = self.elapsed();
        f(
            &mut self
                .simulated
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
            elapsed,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changing_the_speed_keeps_the_time_reached() {
        let line = Simulated {
            at: Duration::from_secs(100),
            elapsed: Duration::from_secs(10),
            speed: 3.0,
        };
        assert_eq!(line.now(Duration::from_secs(12)), Duration::from_secs(106));

        let clock = Clock::start(1_000_000.0);
        while clock.now() < Duration::from_secs(1) {
            std::thread::yield_now();
        }
        clock.set_speed(0.0);
        let frozen = clock.now();
        assert!(frozen >= Duration::from_secs(1));
        assert_eq!(clock.now(), frozen);
        clock.advance(Duration::from_secs(60));
        assert_eq!(clock.now(), frozen + Duration::from_secs(60));
    }

    #[test]
    fn a_speed_beyond_all_bounds_saturates() {
        let line = Simulated {
            at: Duration::ZERO,
            elapsed: Duration::ZERO,
            speed: f64::MAX,
        };
        assert_eq!(line.now(Duration::from_secs(10)), Duration::MAX);
    }
}
