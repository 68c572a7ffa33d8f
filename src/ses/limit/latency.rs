//! Latency of one operation's requests: how long the way to SES is, and how late a
//! request may have arrived.
//!
//! Nobody tells when a request arrived. What is known is how long answers take; the
//! fastest ones say how long the way is, and a slower one may be that of a request that
//! was held up on it. Only what SES accepted counts: it refuses sooner than it does
//! what it is asked for. The network changes, so the fastest answer is forgotten in
//! time.

/// The part of the difference by which each slower answer moves the fastest one.
const AGEING: f64 = 0.05;

/// A request that takes longer to SES than so many seconds says more about SES, or
/// a wait for a connection, than about the way.
const LONGEST_WAY: f64 = 0.25;

/// By how many seconds a request counts as late at most.
pub(super) const MOST_LATENESS: f64 = 0.1;

/// What the answers so far tell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Latency {
    /// Seconds that the fastest accepted requests take, there and back.
    fastest: Option<f64>,
    /// The same of the first refused one: better than nothing.
    refused: Option<f64>,
}

impl Latency {
    /// SES accepted a request, or refused it, after so many seconds.
    pub(super) fn learn(&mut self, took: f64, accepted: bool) {
        if !accepted {
            self.refused.get_or_insert(took);
            return;
        }
        let aged = self
            .fastest
            .map(|fastest| fastest + AGEING * (took - fastest));
        self.fastest = Some(aged.map_or(took, |aged| aged.min(took)));
    }

    /// How many seconds late a request may have arrived whose answer took so many.
    pub(super) fn lateness(&self, took: f64) -> f64 {
        let fastest = self.fastest.unwrap_or(took);
        (took - fastest).clamp(0.0, MOST_LATENESS)
    }

    /// Seconds that a request takes to SES.
    pub(super) fn way(&self) -> f64 {
        let both = self.fastest.or(self.refused).unwrap_or_default();
        (both / 2.0).min(LONGEST_WAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_late_by_what_its_answer_took_longer_than_usual() {
        let mut latency = Latency::default();
        assert_eq!((latency.lateness(0.3), latency.way()), (0.0, 0.0));
        latency.learn(0.01, false);
        assert_eq!((latency.lateness(0.3), latency.way()), (0.0, 0.005));
        latency.learn(0.05, true);
        assert_eq!(latency.way(), 0.025);
        assert!((latency.lateness(0.08) - 0.03).abs() < 1e-9);
        assert_eq!(latency.lateness(5.0), MOST_LATENESS);
        assert_eq!(latency.lateness(0.01), 0.0, "a refusal may come sooner");
    }

    #[test]
    fn the_fastest_answer_is_forgotten_in_time() {
        let mut latency = Latency::default();
        latency.learn(0.001, true);
        (0..60).for_each(|_| latency.learn(0.05, true));
        assert!(latency.lateness(0.05) < 0.003, "{latency:?}");
        latency.learn(0.02, true);
        assert_eq!(latency.way(), 0.01, "a faster one counts at once");
    }
}
