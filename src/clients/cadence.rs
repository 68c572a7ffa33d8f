//! When waits look at SES: together.

use std::time::Duration;

use tokio::time::Instant;

/// The instants at which all waits of a process look. Two hundred waits cost
/// as few Gets as one only if they ask at the same time, so that none looks
/// "in 4 seconds", but all at the next multiple of 4 seconds.
#[derive(Clone, Copy, Debug)]
pub struct Cadence {
    epoch: Instant,
}

impl Cadence {
    /// A cadence that counts from now.
    pub fn start() -> Self {
        Self {
            epoch: Instant::now(),
        }
    }

    /// The first multiple of `interval`, which is more than zero, after `now`.
    /// What is due at multiples of a multiple of it falls on the same instants.
    pub fn next(&self, now: Instant, interval: Duration) -> Instant {
        let elapsed = now.saturating_duration_since(self.epoch).as_nanos();
        let past = elapsed.checked_rem(interval.as_nanos()).unwrap_or(0);
        now + interval.saturating_sub(Duration::from_nanos(past as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_is_the_first_multiple_after_now() {
        let cadence = Cadence::start();
        let at = |milliseconds| cadence.epoch + Duration::from_millis(milliseconds);
        for (now, interval, next) in [
            (0, 2, 2_000),
            (1, 2, 2_000),
            (1_999, 2, 2_000),
            (2_000, 2, 4_000),
            (2_030, 4, 4_000),
            (5_000, 32, 32_000),
        ] {
            let interval = Duration::from_secs(interval);
            assert_eq!(cadence.next(at(now), interval), at(next), "{now} ms");
        }
    }
}
