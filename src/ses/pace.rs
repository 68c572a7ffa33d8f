//! The arithmetic of the pace: given the time, when a request may go out.
//!
//! SES allows each of its identity operations once a second. Whether it counts
//! for each operation or for the account as a whole is not documented, and the
//! account may have other users, so the pace learns:
//!
//! - [`Lines`] gives out times to send. Each operation is a line of its own
//!   until SES throttles two requests within seconds. From then on, and for a
//!   while, all operations stand in one line, unless SES has shown that it counts
//!   them apart. The lines can be kept in a file, so that all processes of one
//!   host stand in them (see `host`).
//! - In each line, hosts take turns ([`slices`](super::slices)): other hosts, and
//!   other tools, do not stand in our lines.
//! - [`Pause`] is for requests without a pace: after a throttled answer the process
//!   keeps still, longer each time; after an accepted one it goes on as before.
//!
//! Times are seconds since the Unix epoch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::slices::{Beat, Share};

/// Sends are spaced this much wider than the rate asks for, because the way to
/// SES does not take each request the same time.
const MARGIN: f64 = 1.02;

/// Two throttled answers within so many seconds put all operations into one line.
/// One alone may be that of a request that was held up on its way.
const TOGETHER: f64 = 5.0;

/// For how many seconds after a throttled answer all operations stand in one line.
const ONE_LINE: f64 = 600.0;

/// Two accepted requests of different operations within this part of the time that
/// one takes show that SES counts them apart, and for how many seconds that holds.
const CLOSE: f64 = 0.7;
const APART: f64 = 60.0;

/// A slot farther off than so many seconds or requests is no queue of ours (each
/// process takes one for each operation) but a clock that was wrong.
const FARTHEST: (f64, f64) = (120.0, 10.0);

/// After so many requests' time without any, there is nothing to share any more: who
/// comes then does not wait for a turn, as nobody does at first.
const IDLE: f64 = 2.0;

/// A wait that is none: tokio's timer knows nothing shorter than a millisecond.
pub(super) const NEGLIGIBLE: f64 = 0.0005;

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
    /// By the operation's name.
    operations: BTreeMap<String, Line>,
    /// All operations together.
    all: Line,
    /// When SES last throttled a request.
    throttled: f64,
    /// Until when all operations stand in one line.
    one_line_until: f64,
    /// Until when SES is known to count operations apart.
    apart_until: f64,
}

/// Requests that are counted together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Line {
    /// The slot behind all that are taken, and those before it that were given back.
    next: f64,
    free: Vec<f64>,
    /// When the last request went out, and the last that was accepted.
    sent: f64,
    accepted: f64,
    /// The turns with other hosts.
    share: Share,
}

impl Line {
    /// Takes the first free slot.
    fn take(&mut self, now: f64, spacing: f64) -> f64 {
        let (seconds, requests) = FARTHEST;
        if self.next > now + seconds.max(requests * spacing) {
            self.next = now;
        }
        if now > self.next + IDLE * spacing.max(1.0) {
            self.share.starts_afresh();
        }
        let opens = now.max(self.share.opens(now, spacing));
        if let Some(free) = self.take_free(opens, self.next, spacing) {
            return free;
        }
        let at = opens.max(self.next);
        self.next = at + spacing;
        at
    }

    /// Takes the first slot that was given back and lies before `end`, for use at
    /// `now` or later. One whose time has begun to run out is still of use.
    fn take_free(&mut self, now: f64, end: f64, spacing: f64) -> Option<f64> {
        self.free.retain(|free| *free + spacing > now);
        let first = self.free.iter().copied().reduce(f64::min)?;
        if first.max(now) >= end {
            return None;
        }
        self.free.retain(|free| *free != first);
        Some(first.max(now))
    }

    fn give_back(&mut self, slot: f64, spacing: f64) {
        if self.next == slot + spacing {
            self.next = slot;
        } else {
            self.free.push(slot);
        }
    }
}

/// The right to send one request at a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    /// When to send.
    pub(super) at: f64,
    /// Whether it is one of the line of all operations.
    of_all: bool,
    /// When it was used, and when the request before it went out.
    went: Option<(f64, f64)>,
}

/// A request that SES has answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    pub(super) operation: &'a str,
    /// When it went out.
    pub(super) sent: f64,
    /// Seconds between two requests.
    pub(super) spacing: f64,
    /// Seconds that a request takes to SES.
    pub(super) way: f64,
    /// Random, in `0.0..1.0`.
    pub(super) chance: f64,
}

impl Answer<'_> {
    fn beat(&self) -> Beat {
        Beat {
            spacing: self.spacing,
            interval: self.spacing / MARGIN,
            way: self.way,
        }
    }
}

impl Lines {
    /// Takes the first free slot for `operation`.
    pub(super) fn take(&mut self, now: f64, operation: &str, spacing: f64) -> Slot {
        let of_all = self.one_line(now);
        Slot {
            at: self.line(of_all, operation).take(now, spacing),
            of_all,
            went: None,
        }
    }

    /// When the request of `slot` may go out, as things are now: earlier if a slot
    /// was given back meanwhile; later if the request before it went out late, or
    /// by what an answer has told. If it may go out now, it counts as sent.
    pub(super) fn due(&mut self, now: f64, slot: &mut Slot, operation: &str, spacing: f64) -> f64 {
        if slot.of_all != self.one_line(now) {
            self.give_back(slot, operation, spacing);
            *slot = self.take(now, operation, spacing);
        }
        let line = self.line(slot.of_all, operation);
        let opens = now.max(line.share.opens(now, spacing));
        if let Some(earlier) = line.take_free(opens, slot.at, spacing) {
            line.give_back(slot.at, spacing);
            slot.at = earlier;
        }
        let mut due = opens.max(slot.at);
        if line.sent <= now {
            due = due.max(line.sent + spacing);
        }
        if due - now <= NEGLIGIBLE {
            slot.went = Some((now, line.sent));
            self.sent(now, operation, spacing);
            return now;
        }
        // Kept back so far that others' slots have come: gets in line again.
        if due >= slot.at + spacing {
            slot.at = line.take(now, spacing);
            due = due.max(slot.at);
        }
        due
    }

    /// The request went out at `now`, which may be later than its slot: whoever
    /// has not taken a slot yet keeps the distance from the request itself.
    pub(super) fn sent(&mut self, now: f64, operation: &str, spacing: f64) {
        for of_all in [false, true] {
            let line = self.line(of_all, operation);
            line.sent = now;
            line.next = line.next.max(now + spacing);
        }
    }

    /// The slot was not used: it is free for others.
    pub(super) fn give_back(&mut self, slot: &Slot, operation: &str, spacing: f64) {
        let line = self.line(slot.of_all, operation);
        let Some((went, before)) = slot.went else {
            return line.give_back(slot.at, spacing);
        };
        if line.sent == went {
            line.sent = before;
            line.give_back(went, spacing);
        }
    }

    /// SES accepted a request.
    pub(super) fn accepted(&mut self, answer: Answer<'_>) {
        let Answer {
            operation, sent, ..
        } = answer;
        let beat = answer.beat();
        let close = |line: &Line| (sent - line.accepted).abs() < CLOSE * beat.interval;
        let mut others = self
            .operations
            .iter()
            .filter(|(name, _)| *name != operation);
        if others.any(|(_, line)| close(line)) {
            self.apart_until = sent + APART;
        }
        self.line(false, operation).accepted = sent;
        let line = self.line(self.one_line(sent), operation);
        line.share.accepted(sent, beat, answer.chance);
    }

    /// SES throttled a request; it is `now`.
    pub(super) fn throttled(&mut self, now: f64, answer: Answer<'_>) {
        let again = (now - self.throttled).abs() <= TOGETHER || self.one_line(now);
        let apart = now < self.apart_until && self.apart_until <= now + APART;
        if again && !apart {
            self.one_line_until = now + ONE_LINE;
        }
        self.throttled = now;
        let line = self.line(self.one_line(now), answer.operation);
        line.share
            .throttled(answer.sent, now, answer.beat(), answer.chance);
    }

    /// Whether all operations stand in one line.
    fn one_line(&self, now: f64) -> bool {
        now < self.one_line_until && self.one_line_until <= now + ONE_LINE
    }

    /// The line of all operations, or that of `operation`.
    fn line(&mut self, of_all: bool, operation: &str) -> &mut Line {
        if of_all {
            &mut self.all
        } else {
            self.operations.entry(operation.to_owned()).or_default()
        }
    }
}

/// How long a process without a pace keeps still after throttled answers.
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

    /// The answer to a request of `operation` that went out at `sent`.
    fn answer(operation: &str, sent: f64) -> Answer<'_> {
        Answer {
            operation,
            sent,
            spacing: 1.0,
            way: 0.0,
            chance: 0.5,
        }
    }

    fn throttled(lines: &mut Lines, at: f64) {
        lines.throttled(at, answer("Other", at));
    }

    fn refuse(lines: &mut Lines, times: [f64; 3]) {
        for sent in times {
            lines.sent(sent, SET, 1.0);
            lines.throttled(sent, answer(SET, sent));
        }
    }

    #[test]
    fn throttled_answers_put_all_operations_into_one_line_for_a_while() {
        let mut lines = Lines::default();
        throttled(&mut lines, 10.0);
        throttled(&mut lines, 99.0);
        assert!(!lines.one_line(99.0), "each was alone");
        throttled(&mut lines, 100.0);
        assert!(lines.one_line(100.0));
        assert_eq!(lines.take(200.0, SET, 1.0).at, 200.0);
        assert_eq!(lines.take(200.0, GET, 1.0).at, 201.0);
        throttled(&mut lines, 300.0);
        assert!(lines.one_line(300.0 + ONE_LINE - 1.0), "once more");
        let later = 300.0 + ONE_LINE;
        assert_eq!(lines.take(later, SET, 1.0).at, later);
        assert_eq!(lines.take(later, GET, 1.0).at, later);
    }

    #[test]
    fn operations_that_ses_counts_apart_keep_their_lines() {
        let mut lines = Lines::default();
        lines.accepted(answer(SET, 100.0));
        lines.accepted(answer(GET, 100.5));
        throttled(&mut lines, 101.0);
        throttled(&mut lines, 102.0);
        assert!(!lines.one_line(102.0));
        let later = 100.5 + APART;
        throttled(&mut lines, later);
        throttled(&mut lines, later + 1.0);
        assert!(lines.one_line(later + 1.0), "that was long ago");
        // By a clock that was wrong.
        lines.apart_until = 9e9;
        lines.one_line_until = 0.0;
        throttled(&mut lines, later + 2.0);
        assert!(lines.one_line(later + 2.0));
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
        let mut slot = lines.take(100.0, SET, 1.0);
        assert_eq!(slot.at, 101.0);
        let mut other = lines.take(101.0, GET, 1.0);
        lines.sent(100.3, SET, 1.0);
        assert_eq!(lines.due(101.0, &mut slot, SET, 1.0), 101.3);
        assert_eq!(
            lines.due(101.0, &mut other, GET, 1.0),
            101.0,
            "another line"
        );
        // Sent by a clock that was wrong.
        lines.sent(9e9, SET, 1.0);
        assert_eq!(lines.due(101.0, &mut slot, SET, 1.0), 101.0);
    }

    #[test]
    fn who_is_kept_back_keeps_the_others_back() {
        let mut lines = Lines::default();
        let mut one = lines.take(100.0, SET, 1.0);
        let mut other = lines.take(100.0, SET, 1.0);
        // Refused again and again, so that the rest of the slice is lost.
        refuse(&mut lines, [98.0, 99.0, 99.9]);
        let first = lines.due(100.0, &mut one, SET, 1.0);
        assert!(first > 101.5, "{first}");
        assert_eq!(lines.due(101.0, &mut other, SET, 1.0), first + 1.0);
        assert_eq!(lines.due(first + 0.1, &mut one, SET, 1.0), first + 0.1);
        let second = first + 1.0;
        assert_eq!(lines.due(second, &mut other, SET, 1.0), second + 0.1);
    }

    #[test]
    fn who_comes_after_a_pause_does_not_wait_for_a_turn() {
        let mut lines = Lines::default();
        refuse(&mut lines, [98.0, 99.0, 99.9]);
        let turn = lines.take(100.0, SET, 1.0).at;
        assert!(turn > 101.5, "{turn}");
        // That one is waiting, or was sent a while ago.
        assert!(lines.take(101.0, SET, 1.0).at > turn);
        let later = turn + 10.0;
        lines
            .all
            .share
            .throttled(later, later, answer(SET, 0.0).beat(), 0.5);
        assert_eq!(lines.take(later, SET, 1.0).at, later);
    }

    #[test]
    fn a_slot_that_is_given_back_costs_nobody_anything() {
        let mut lines = Lines::default();
        lines.take(100.0, SET, 1.0);
        let mut unused = lines.take(100.0, SET, 1.0);
        assert_eq!(unused.at, 101.0);
        lines.give_back(&unused, SET, 1.0);
        unused = lines.take(100.0, SET, 1.0);
        assert_eq!(unused.at, 101.0);
        // It was its turn, and the request did not go out.
        assert_eq!(lines.due(101.2, &mut unused, SET, 1.0), 101.2);
        lines.give_back(&unused, SET, 1.0);
        unused = lines.take(101.3, SET, 1.0);
        assert_eq!(unused.at, 101.3);

        let mut behind = lines.take(101.3, SET, 1.0);
        let mut last = lines.take(101.3, SET, 1.0);
        lines.give_back(&unused, SET, 1.0);
        assert_eq!(lines.due(101.4, &mut behind, SET, 1.0), 101.4, "moves up");
        assert_eq!(lines.due(101.4, &mut last, SET, 1.0), 102.4, "as well");
        assert_eq!(lines.take(101.5, SET, 1.0).at, 103.3);
        // What lies behind somebody is left to others.
        let mut first = lines.take(200.0, SET, 1.0);
        let second = lines.take(200.0, SET, 1.0);
        let mut third = lines.take(200.0, SET, 1.0);
        lines.give_back(&second, SET, 1.0);
        assert_eq!(lines.due(200.0, &mut first, SET, 1.0), 200.0);
        assert_eq!(lines.due(200.1, &mut third, SET, 1.0), 201.0);
    }

    #[test]
    fn a_clock_that_was_wrong_does_not_hold_anybody_up() {
        let mut lines = Lines::default();
        lines.take(9e9, SET, 1.0);
        throttled(&mut lines, 9e9);
        throttled(&mut lines, 9e9);
        lines.throttled(9e9, answer(SET, 9e9));
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
