//! How long to pause before a request is tried again.

use std::time::Duration;

use crate::ses::error::Remedy;

/// Counts the failed attempts of one request: given how the last one failed,
/// how long to pause. Exponential with jitter, as AWS's SDKs do it, but without
/// a number of attempts after which to give up: that is the deadline's business.
#[derive(Debug, Default)]
pub(in crate::ses) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause before the next attempt; `jitter` in `0.0..1.0` spreads it
    /// over the upper half. `None`: trying again does not help.
    pub(in crate::ses) fn pause(&mut self, remedy: Remedy, jitter: f64) -> Option<Duration> {
        let (first, longest) = match remedy {
            Remedy::GiveUp => return None,
            // The limiter keeps all requests back, this one too.
            Remedy::SlowDown => return Some(Duration::ZERO),
            Remedy::TryAgain => (0.2, 5.0),
        };
        let full = (first * f64::from(1_u32 << self.failures.min(8))).min(longest);
        self.failures += 1;
        Some(Duration::from_secs_f64(full * (0.5 + jitter / 2.0)))
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
    fn an_error_that_stays_is_not_tried_again() {
        assert_eq!(Backoff::default().pause(Remedy::GiveUp, 0.5), None);
    }
}
