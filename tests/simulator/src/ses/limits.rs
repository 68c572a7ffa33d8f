//! SES's limit on requests a second.

use std::collections::HashMap;
use std::time::Duration;

use crate::options::Rate;

/// When the last accepted request of each bucket arrived.
#[derive(Debug)]
pub(crate) struct Limits {
    rate: Rate,
    last: HashMap<Bucket, Duration>,
}

/// A region and, where operations are counted by themselves, the operation.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bucket(String, Option<String>);

impl Limits {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            last: HashMap::new(),
        }
    }

    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Changes the rate and forgets what has been counted.
    pub(crate) fn set_rate(&mut self, rate: Rate) {
        *self = Self::new(rate);
    }

    /// Whether a request that arrived at `arrival` is within the limit. Counts
    /// nothing: what is throttled does not push the next turn back.
    pub(crate) fn admits(&self, region: &str, action: &str, arrival: Duration) -> bool {
        let Some((bucket, rate)) = self.bucket(region, action) else {
            return true;
        };
        let interval = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::MAX);
        self.last
            .get(&bucket)
            .is_none_or(|last| arrival >= last.saturating_add(interval))
    }

    /// Counts an accepted request.
    pub(crate) fn count(&mut self, region: &str, action: &str, arrival: Duration) {
        if let Some((bucket, _)) = self.bucket(region, action) {
            self.last.insert(bucket, arrival);
        }
    }

    fn bucket(&self, region: &str, action: &str) -> Option<(Bucket, f64)> {
        let region = region.to_owned();
        match self.rate {
            Rate::Unlimited => None,
            Rate::PerOperation(rate) => Some((Bucket(region, Some(action.to_owned())), rate)),
            Rate::PerAccount(rate) => Some((Bucket(region, None), rate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn offer(limits: &mut Limits, region: &str, action: &str, arrival: Duration) -> bool {
        let admitted = limits.admits(region, action, arrival);
        if admitted {
            limits.count(region, action, arrival);
        }
        admitted
    }

    #[test]
    fn a_request_is_accepted_once_the_interval_has_passed() {
        let mut limits = Limits::new(Rate::PerOperation(2.0));
        assert!(offer(&mut limits, "r", "Set", ms(0)));
        assert!(!offer(&mut limits, "r", "Set", ms(499)));
        assert!(offer(&mut limits, "r", "Set", ms(500)));
        assert!(!offer(&mut limits, "r", "Set", ms(999)));
    }

    #[test]
    fn the_interval_is_exact() {
        const NANOSECOND: Duration = Duration::from_nanos(1);
        for rate in [Rate::PerOperation(1.0), Rate::PerAccount(1.0)] {
            let mut limits = Limits::new(rate);
            let mut last = ms(0);
            assert!(offer(&mut limits, "r", "Set", last));
            // Each late by a little more: the next second is counted from the arrival.
            for late in 0..50 {
                let next = last + ms(1000);
                assert!(!offer(&mut limits, "r", "Set", next - NANOSECOND));
                last = next + ms(late);
                assert!(offer(&mut limits, "r", "Set", last));
            }
        }
    }

    #[test]
    fn a_pause_saves_nothing_up() {
        let mut limits = Limits::new(Rate::PerOperation(1.0));
        assert!(offer(&mut limits, "r", "Set", ms(0)));
        assert!(offer(&mut limits, "r", "Set", ms(60_000)));
        assert!(!offer(&mut limits, "r", "Set", ms(60_999)));
        assert!(offer(&mut limits, "r", "Set", ms(61_000)));
    }

    #[test]
    fn the_throttled_do_not_push_the_next_turn_back() {
        let mut limits = Limits::new(Rate::PerOperation(1.0));
        assert!(offer(&mut limits, "r", "Set", ms(0)));
        for at in (100..1000).step_by(100) {
            assert!(!offer(&mut limits, "r", "Set", ms(at)));
        }
        assert!(offer(&mut limits, "r", "Set", ms(1000)));
    }

    #[test]
    fn buckets_follow_the_kind_of_rate() {
        let mut per_operation = Limits::new(Rate::PerOperation(1.0));
        assert!(offer(&mut per_operation, "a", "Set", ms(0)));
        assert!(offer(&mut per_operation, "a", "Get", ms(1)));
        assert!(offer(&mut per_operation, "b", "Set", ms(2)));

        let mut per_account = Limits::new(Rate::PerAccount(1.0));
        assert!(offer(&mut per_account, "a", "Set", ms(0)));
        assert!(!offer(&mut per_account, "a", "Get", ms(1)));
        assert!(offer(&mut per_account, "b", "Get", ms(2)));
    }

    #[test]
    fn unlimited_accepts_all() {
        let mut limits = Limits::new(Rate::Unlimited);
        assert!((0..100).all(|_| offer(&mut limits, "r", "Set", ms(0))));
    }
}
