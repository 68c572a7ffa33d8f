//! How many queries a name server takes in each second.

use std::time::Duration;

/// Counts by the seconds of a clock.
#[derive(Debug)]
pub(crate) struct Limit {
    a_second: u32,
    second: u64,
    arrived: u32,
}

impl Limit {
    pub(crate) fn new(a_second: u32) -> Self {
        Self {
            a_second,
            second: 0,
            arrived: 0,
        }
    }

    /// Whether a query that arrives now is within it.
    pub(crate) fn takes(&mut self, now: Duration) -> bool {
        if self.second != now.as_secs() {
            self.second = now.as_secs();
            self.arrived = 0;
        }
        self.arrived += 1;
        self.arrived <= self.a_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn above_it_queries_are_not_taken_until_the_next_second() {
        let mut limit = Limit::new(2);
        let taken = [0, 10, 20, 999, 1000, 2500].map(|ms| limit.takes(Duration::from_millis(ms)));
        assert_eq!(taken, [true, true, false, false, true, true]);
    }
}
