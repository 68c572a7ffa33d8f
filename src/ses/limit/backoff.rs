//! How long to pause before a request is tried again.

use std::time::Duration;

use crate::ses::error::Remedy;

/// Seconds of the first pause and of the longest.
#[derive(Clone, Copy, Debug)]
struct Pauses {
    first: f64,
    longest: f64,
}

/// After a fault that passes.
const AFTER_FAULTS: Pauses = Pauses {
    first: 0.2,
    longest: 5.0,
};

/// After SES has refused a request for its rate.
const AFTER_REFUSALS: Pauses = Pauses {
    first: 1.0,
    longest: 15.0,
};

/// Counts failures in a row, and says how long to pause after each: exponential with
/// jitter, as AWS's SDKs do it, but without a number of attempts after which to give up:
/// that is the deadline's business.
#[derive(Debug)]
pub(in crate::ses) struct Backoff {
    pauses: Pauses,
    failures: u32,
}

impl Default for Backoff {
    /// For the faults of one request.
    fn default() -> Self {
        Self {
            pauses: AFTER_FAULTS,
            failures: 0,
        }
    }
}

impl Backoff {
    /// For the refusals of a process that has no limit of its own.
    pub(super) fn of_refusals() -> Self {
        Self {
            pauses: AFTER_REFUSALS,
            failures: 0,
        }
    }

    /// The pause after another failure; `jitter` in `0.0..1.0` spreads it over the upper
    /// half.
    pub(super) fn next(&mut self, jitter: f64) -> Duration {
        let Pauses { first, longest } = self.pauses;
        let full = (first * f64::from(1_u32 << self.failures.min(8))).min(longest);
        self.failures += 1;
        Duration::from_secs_f64(full * (0.5 + jitter / 2.0))
    }

    /// It went well: the next failure is the first again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause before the request that failed is tried again. `None`: trying again does
    /// not help.
    pub(in crate::ses) fn pause(&mut self, remedy: Remedy, jitter: f64) -> Option<Duration> {
        match remedy {
            Remedy::GiveUp => None,
            // The limiter keeps all requests back, this one too.
            Remedy::SlowDown => Some(Duration::ZERO),
            Remedy::TryAgain => Some(self.next(jitter)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_cap_and_jitter_stays_in_the_upper_half() {
        let pauses = |remedy, jitter| {
            let mut backoff = Backoff::default();
            (0..12)
                .filter_map(|_| backoff.pause(remedy, jitter))
                .map(|pause| (pause.as_secs_f64() * 100.0).round() / 100.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(pauses(Remedy::SlowDown, 0.5), [0.0; 12]);
        assert_eq!(
            pauses(Remedy::TryAgain, 1.0)[..6],
            [0.2, 0.4, 0.8, 1.6, 3.2, 5.0]
        );
        assert_eq!(pauses(Remedy::TryAgain, 0.0).len(), 12);
    }

    #[test]
    fn pauses_after_refusals_are_longer_and_begin_anew_after_success() {
        let mut backoff = Backoff::of_refusals();
        let pauses: Vec<f64> = (0..6).map(|_| backoff.next(1.0).as_secs_f64()).collect();
        assert_eq!(pauses, [1.0, 2.0, 4.0, 8.0, 15.0, 15.0]);
        backoff.reset();
        assert_eq!(backoff.next(0.0).as_secs_f64(), 0.5);
    }

    #[test]
    fn an_error_that_stays_is_not_tried_again() {
        assert_eq!(Backoff::default().pause(Remedy::GiveUp, 0.5), None);
    }
}
