//! The arithmetic of the pace: given the time, when a request may go out.
//!
//! SES allows each of its identity operations once a second. Whether it counts
//! for each operation or for the account as a whole is not documented, and the
//! account may have other users, so the pace learns:
//!
//! - [`Lines`] gives out times to send. Each operation is a line of its own
//!   until SES throttles two requests within seconds. From then on, and for a
//!   while, all operations stand in one line. The lines can be kept in a file, so
//!   that all processes of one host stand in them (see `host`).
//! - [`Pause`] is for users that do not stand in our lines: another host, another
//!   tool. After a throttled answer this process pauses, longer each time; after
//!   an accepted one it goes on as before. In a simulation of four hosts this
//!   used 92 % of the limit with a quarter of the calls throttled; a lasting
//!   slow-down (additive increase, multiplicative decrease) used 40 to 70 %, and
//!   shorter pauses had more calls throttled (`sharing_tests` simulates).
//!
//! Times are seconds since the Unix epoch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Sends are spaced this much wider than the rate asks for, because the way to
/// SES does not take each request the same time.
const MARGIN: f64 = 1.02;

/// Two throttled answers within so many seconds put all operations into one line.
/// One alone may be that of a request that was held up on its way.
const TOGETHER: f64 = 5.0;

/// For how many seconds all operations stand in one line.
const ONE_LINE: f64 = 120.0;

/// A slot farther off than so many seconds or requests is no queue of ours (each
/// process takes one for each operation) but a clock that was wrong.
const FARTHEST: (f64, f64) = (60.0, 10.0);

/// The first pause after a throttled answer, and the longest, in seconds.
const PAUSES: (f64, f64) = (1.0, 15.0);

/// Seconds between two requests at `rate` requests a second; 0 without a limit.
pub(super) fn spacing(rate: f64) -> f64 {
    // A rate next to nothing must not overflow the clock.
    if rate > 0.0 {
        (MARGIN / rate).min(30.0 * 24.0 * 3600.0)
    } else {
        0.0
    }
}

/// When the next request of each operation may go out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Lines {
    /// The next free slot of each operation, by its name.
    operations: BTreeMap<String, f64>,
    /// The next free slot of all operations together.
    all: f64,
    /// When the last request of each operation went out.
    sent: BTreeMap<String, f64>,
    /// When SES last throttled a request.
    throttled: f64,
    /// Until when all operations stand in one line.
    one_line_until: f64,
}

/// The right to send one request at a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    /// When to send.
    pub(super) at: f64,
    /// What the line held before, for a slot that is given back.
    before: (f64, f64),
}

impl Lines {
    /// Takes the next slot for `operation`.
    pub(super) fn take(&mut self, now: f64, operation: &str, spacing: f64) -> Slot {
        let (seconds, requests) = FARTHEST;
        let farthest = now + seconds.max(requests * spacing);
        let sane = |slot: f64| if slot > farthest { now } else { slot };
        let before = (
            sane(self.operations.get(operation).copied().unwrap_or_default()),
            sane(self.all),
        );
        let at = if self.one_line(now) {
            now.max(before.0).max(before.1)
        } else {
            now.max(before.0)
        };
        self.operations.insert(operation.to_owned(), at + spacing);
        self.all = before.1.max(at + spacing);
        Slot { at, before }
    }

    /// Whether all operations stand in one line.
    fn one_line(&self, now: f64) -> bool {
        now < self.one_line_until && self.one_line_until <= now + ONE_LINE
    }

    /// When a request may go out whose slot has come: one that went out later than
    /// its own slot keeps it back.
    pub(super) fn due(&self, now: f64, operation: &str, spacing: f64) -> f64 {
        let past = |sent: &&f64| **sent <= now;
        let last = if self.one_line(now) {
            self.sent.values().filter(past).copied().reduce(f64::max)
        } else {
            self.sent.get(operation).filter(past).copied()
        };
        last.map_or(now, |last| now.max(last + spacing))
    }

    /// The request went out at `now`, which may be later than its slot: whoever
    /// has not taken a slot yet keeps the distance from the request itself.
    pub(super) fn sent(&mut self, now: f64, operation: &str, spacing: f64) {
        self.sent.insert(operation.to_owned(), now);
        let line = self.operations.entry(operation.to_owned()).or_default();
        *line = line.max(now + spacing);
        self.all = self.all.max(now + spacing);
    }

    /// The slot was not used. If nobody has taken one since, the line is as before.
    pub(super) fn give_back(&mut self, slot: &Slot, operation: &str, spacing: f64) {
        let taken = slot.at + spacing;
        if self.operations.get(operation) == Some(&taken) {
            self.operations.insert(operation.to_owned(), slot.before.0);
        }
        if self.all == taken {
            self.all = slot.before.1;
        }
    }

    /// SES throttled a request that stood in its line.
    pub(super) fn throttled(&mut self, now: f64) {
        if (now - self.throttled).abs() <= TOGETHER {
            self.one_line_until = now + ONE_LINE;
        }
        self.throttled = now;
    }
}

/// How long this process keeps still after throttled answers.
#[derive(Debug, Default)]
pub(super) struct Pause {
    throttled: u32,
    until: f64,
}

impl Pause {
    /// When requests may go out again.
    pub(super) fn until(&self) -> f64 {
        self.until
    }

    /// SES accepted a request.
    pub(super) fn accepted(&mut self) {
        self.throttled = 0;
    }

    /// SES throttled a request; `jitter` in `0.0..1.0` spreads the pause over its
    /// upper half.
    pub(super) fn throttled(&mut self, now: f64, jitter: f64) {
        let (first, longest) = PAUSES;
        let full = (first * f64::from(1_u32 << self.throttled.min(8))).min(longest);
        self.throttled += 1;
        self.until = self.until.max(now + full * (0.5 + jitter / 2.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &str = "Set";
    const GET: &str = "Get";

    #[test]
    fn spacing_is_two_percent_wider_than_the_rate_asks_for() {
        for (rate, seconds) in [(1.0, 1.02), (0.5, 2.04), (1e-3, 1020.0), (0.0, 0.0)] {
            assert_eq!(spacing(rate), seconds, "at {rate} a second");
        }
        assert!(spacing(f64::MIN_POSITIVE) < 1e8);
    }

    #[test]
    fn each_operation_is_a_line_of_its_own() {
        let mut lines = Lines::default();
        let mut take = |now, operation| lines.take(now, operation, 1.02).at;
        assert_eq!(take(100.0, SET), 100.0);
        assert_eq!(take(100.0, SET), 101.02);
        assert_eq!(take(100.0, GET), 100.0);
        assert_eq!(take(105.0, SET), 105.0);
    }

    #[test]
    fn throttled_answers_put_all_operations_into_one_line_for_a_while() {
        let mut lines = Lines::default();
        lines.throttled(10.0);
        lines.throttled(99.0);
        lines.take(100.0, SET, 1.0);
        assert_eq!(lines.take(100.0, GET, 1.0).at, 100.0, "each was alone");
        lines.throttled(100.0);
        assert_eq!(lines.take(100.0, GET, 1.0).at, 101.0);
        assert_eq!(lines.take(100.0, SET, 1.0).at, 102.0);
        let later = 100.0 + ONE_LINE;
        assert_eq!(lines.take(later, SET, 1.0).at, later);
        assert_eq!(lines.take(later, GET, 1.0).at, later);
    }

    #[test]
    fn the_distance_counts_from_the_request_and_not_from_its_slot() {
        let mut lines = Lines::default();
        lines.take(100.0, SET, 1.0);
        lines.sent(100.3, SET, 1.0);
        assert_eq!(lines.take(100.4, SET, 1.0).at, 101.3);
    }

    #[test]
    fn a_request_that_went_out_late_keeps_back_who_has_a_slot_already() {
        let mut lines = Lines::default();
        lines.take(100.0, SET, 1.0);
        assert_eq!(lines.take(100.0, SET, 1.0).at, 101.0);
        lines.sent(100.3, SET, 1.0);
        assert_eq!(lines.due(101.0, SET, 1.0), 101.3);
        assert_eq!(lines.due(101.0, GET, 1.0), 101.0, "another line");
        lines.throttled(100.9);
        lines.throttled(100.9);
        assert_eq!(lines.due(101.0, GET, 1.0), 101.3, "one line");
        // Sent by a clock that was wrong.
        lines.sent(9e9, SET, 1.0);
        assert_eq!(lines.due(101.0, SET, 1.0), 101.0);
    }

    #[test]
    fn a_slot_that_is_given_back_costs_nothing_unless_others_stand_behind_it() {
        let mut lines = Lines::default();
        lines.take(100.0, SET, 1.0);
        let unused = lines.take(100.0, SET, 1.0);
        lines.give_back(&unused, SET, 1.0);
        let unused = lines.take(100.0, SET, 1.0);
        assert_eq!(unused.at, 101.0);
        assert_eq!(lines.take(100.0, SET, 1.0).at, 102.0);
        lines.give_back(&unused, SET, 1.0);
        assert_eq!(lines.take(100.0, SET, 1.0).at, 103.0);
    }

    #[test]
    fn a_clock_that_was_wrong_does_not_hold_anybody_up() {
        let mut lines = Lines::default();
        lines.take(9e9, SET, 1.0);
        lines.throttled(9e9);
        lines.throttled(9e9);
        assert_eq!(lines.take(100.0, SET, 1.0).at, 100.0);
        assert_eq!(lines.take(100.0, GET, 1.0).at, 100.0);
    }

    #[test]
    fn pauses_grow_until_something_is_accepted() {
        let mut pause = Pause::default();
        let mut pauses = |jitter| {
            pause.throttled(100.0, jitter);
            pause.until() - 100.0
        };
        assert_eq!([pauses(1.0), pauses(1.0), pauses(1.0)], [1.0, 2.0, 4.0]);
        assert_eq!([pauses(1.0), pauses(1.0)], [8.0, 15.0]);
        pause.accepted();
        pause.throttled(200.0, 0.0);
        assert_eq!(pause.until(), 200.5);
    }
}
