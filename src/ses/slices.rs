//! How hosts that know nothing of each other take turns.
//!
//! SES's limit is the account's, and a refusal is all that a host ever learns of
//! the others. If each sends at its pace and pauses when it is refused, whoever
//! was accepted last is there first when SES accepts again, and keeps everybody
//! else out until it is done. If each slows down, their requests drift across
//! each other, and half of the limit goes to waste. So hosts take turns, by the
//! one thing that they share, the time of day:
//!
//! - Time is cut into *slices* of a few requests each. Whoever is accepted in a
//!   slice holds it, and sends at the usual pace until it ends.
//! - Between two slices is a gap, and the order in it is by need: who has waited
//!   longest goes first, who has just held a slice goes last. The first one holds
//!   the new slice; the others are refused once, and wait for the next.
//! - Who has held a slice stays away for some. How many it learns as senders
//!   learn their share of a network (additive increase, multiplicative decrease):
//!   it comes back after three quarters of the time that it had to wait the last time,
//!   and each lost contest makes the wait one slice longer. So everybody arrives
//!   at the same wait, there is always somebody to take the next slice, and when
//!   the others are done, the wait shrinks until the whole time is one's own.
//!
//! A host that seems to be alone leaves about every fifth gap only, so that it loses
//! 1 %. Hosts whose clocks differ by more than some hundredths of a
//! second still share, but less evenly, and waste more (`sharing_tests` simulates it).
//!
//! Arithmetic alone. Times are seconds since the Unix epoch; `chance` is a random
//! number in `0.0..1.0`.

use serde::{Deserialize, Serialize};

/// The requests that fit into a slice.
const REQUESTS: f64 = 6.0;

/// No slice is made of requests that are closer than SES's documented limit,
/// however fast a host is to be: it has to be long against the gap.
const CLOSEST: f64 = 1.02;

/// The time in which contestants are told apart at the start of a slice, and what
/// is left free before it, for clocks that differ.
const ORDER: f64 = 0.2;
const MARGIN: f64 = 0.05;

/// The part of the last wait after which to come back.
const BACK: f64 = 0.75;

/// The most slices to stay away. With more hosts than this, more than one is
/// refused for each slice.
const MOST_AWAY: u32 = 8;

/// A host that was not throttled for so many seconds takes itself for alone. It leaves
/// a gap after so many slices, when that costs little more than the gap; the first
/// number is the least, and after the second it is left at any cost.
const ALONE_AFTER: f64 = 60.0;
const GAP_AFTER: (i64, i64) = (5, 9);
const GAP_COSTS: f64 = 0.5;

/// The requests of a host, as slices are made for them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Beat {
    /// Seconds from one request to the next.
    pub(super) spacing: f64,
    /// Seconds between two requests that SES accepts.
    pub(super) interval: f64,
    /// Seconds that a request takes to SES: slices are told by when it arrives.
    pub(super) way: f64,
}

impl Beat {
    /// The slice in which a request that goes out at `time` arrives.
    fn slice(&self, time: f64) -> i64 {
        ((time + self.way) / slice_length(self.spacing)).floor() as i64
    }

    /// When to send what is to arrive at the start of `slice`.
    fn start(&self, slice: i64) -> f64 {
        slice as f64 * slice_length(self.spacing) - self.way
    }
}

fn slice_length(spacing: f64) -> f64 {
    REQUESTS * spacing.max(CLOSEST) + ORDER + MARGIN
}

/// Where one host stands among those that share a limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Share {
    /// Nothing goes out before.
    opens: f64,
    /// The slice that was held last, and the first of those in a row without a gap.
    held: i64,
    since: i64,
    /// How many slices after it to come back.
    away: u32,
    /// Contests lost since then.
    lost: u32,
    /// When SES last throttled a request, and whether it has accepted none since.
    throttled: f64,
    refused: bool,
}

impl Share {
    /// When the next request may go out, if that is later than `now`.
    pub(super) fn opens(&self, now: f64, spacing: f64) -> f64 {
        // Farther off than anybody stays away: by a clock that was wrong.
        let farthest = now + f64::from(MOST_AWAY + 2) * slice_length(spacing);
        if self.opens > farthest {
            now
        } else {
            self.opens
        }
    }

    /// Forgets whom the limit was shared with; that it was refused stays known.
    pub(super) fn starts_afresh(&mut self) {
        *self = Self {
            throttled: self.throttled,
            ..Self::default()
        };
    }

    /// SES accepted the request that went out at `sent`.
    pub(super) fn accepted(&mut self, sent: f64, beat: Beat, chance: f64) {
        let slice = beat.slice(sent);
        if slice != self.held {
            // Whoever had nothing to send meanwhile has not waited.
            let waited = if slice - self.held == i64::from(self.away + self.lost) {
                self.away + self.lost
            } else {
                self.lost + 1
            };
            let back = (BACK * f64::from(waited) + chance).floor() as u32;
            self.away = back.clamp(1, MOST_AWAY);
            if slice - self.held != 1 {
                self.since = slice;
            }
            self.held = slice;
            self.lost = 0;
        }
        self.refused = false;
        let next = sent + beat.spacing;
        let closes = beat.start(slice + 1) - beat.interval - MARGIN;
        if next > closes {
            let turn = self.contest(slice + i64::from(self.away), beat, chance);
            if !self.passes(slice + 1, turn - next, sent) {
                self.opens = turn;
                self.since = slice + 1;
            }
        }
    }

    /// SES throttled the request that went out at `sent`; it is `now`.
    pub(super) fn throttled(&mut self, sent: f64, now: f64, beat: Beat, chance: f64) {
        let slice = beat.slice(sent);
        let next = beat.slice(now).max(slice) + 1;
        let contends = self.away > 1 || self.lost > 0;
        let first = !self.refused && (slice == self.held || !contends);
        self.throttled = now;
        self.refused = true;
        if self.opens > now {
            // Others of this host have been refused before.
            return;
        }
        // Whoever came in between is done in a second, SES's own limit.
        let soon = now + beat.interval.max(1.0) * (0.5 + chance / 2.0);
        if first && soon < beat.start(next) - beat.interval {
            self.opens = soon;
        } else {
            self.lost += 1;
            self.opens = self.contest(next, beat, chance);
        }
    }

    /// Whether the gap before `slice`, which `costs` so many seconds, is not left, by
    /// who seems to be alone.
    fn passes(&self, slice: i64, costs: f64, now: f64) -> bool {
        let alone = self.away == 1 && (now - self.throttled).abs() > ALONE_AFTER;
        let (least, most) = GAP_AFTER;
        let slices = slice - self.since;
        alone && (slices < least || (costs > GAP_COSTS && slices < most))
    }

    /// When to send in order to hold `slice`.
    fn contest(&self, slice: i64, beat: Beat, chance: f64) -> f64 {
        let place = if self.lost > 0 {
            0.6 / f64::from(self.lost + 1) * (0.6 + 0.4 * chance)
        } else {
            0.8 + 0.2 * chance
        };
        beat.start(slice) + ORDER * place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: Beat = Beat {
        spacing: 1.02,
        interval: 1.0,
        way: 0.0,
    };

    /// Sends as often as `share` allows from `start` on, and is accepted; returns
    /// the times.
    fn sends(share: &mut Share, start: f64, count: usize) -> Vec<f64> {
        let mut at = start;
        let mut times = Vec::new();
        for _ in 0..count {
            at = at.max(share.opens(at, BEAT.spacing));
            share.accepted(at, BEAT, 0.4);
            times.push(at);
            at += BEAT.spacing;
        }
        times
    }

    /// Loses so many contests in a row.
    fn loses(share: &mut Share, times: u32) {
        for _ in 0..times {
            let sent = share.opens;
            share.throttled(sent, sent + 0.05, BEAT, 0.5);
        }
    }

    /// The share of a host that knows of others and has just held a slice.
    fn held() -> Share {
        let mut share = Share {
            throttled: BEAT.start(1000),
            ..Share::default()
        };
        sends(&mut share, BEAT.start(1000) + 0.1, 6);
        share
    }

    #[test]
    fn a_slice_takes_six_requests_and_leaves_the_last_second_to_the_next() {
        let mut share = Share {
            throttled: BEAT.start(1000),
            ..Share::default()
        };
        let start = BEAT.start(1000) + 0.1;
        let times = sends(&mut share, start, 8);
        assert!(times[5] <= BEAT.start(1001) - 1.0 - MARGIN);
        assert!((times[5] - start - 5.0 * 1.02).abs() < 1e-6);
        // Last in the order of the next.
        assert!(times[6] - BEAT.start(1001) > 0.8 * ORDER);
        assert!((times[7] - times[6] - 1.02).abs() < 1e-6);
    }

    #[test]
    fn who_is_alone_loses_little() {
        for phase in [0.0, 0.1, 0.3, 0.5, 0.7, 0.9] {
            let begin = BEAT.start(1000) + phase;
            let times = sends(&mut Share::default(), begin, 600);
            let lost = |count: usize| times[count] - times[0] - 1.02 * count as f64;
            assert!(lost(24) < 1e-6, "{} at first", lost(24));
            assert!(lost(59) < 1.1, "{} of a minute", lost(59));
            assert!(lost(599) < 9.0, "{}", lost(599));
            assert!(lost(599) > 3.0, "gaps are left");
        }
    }

    #[test]
    fn who_has_lost_oftener_goes_first_and_who_has_held_goes_last() {
        let mut order = Vec::new();
        for lost in 1..5 {
            let mut share = held();
            // The first refusal of a holder may be an intruder's work.
            share.refused = true;
            loses(&mut share, lost);
            let slice = BEAT.slice(share.opens);
            assert_eq!(
                slice,
                1001 + i64::from(lost),
                "the next after the lost ones"
            );
            order.push(share.opens - BEAT.start(slice));
        }
        assert!(order.is_sorted_by(|one, other| one > other), "{order:?}");
        let last = held().contest(1001, BEAT, 0.0) - BEAT.start(1001);
        assert!(last > order[0] + 0.05, "{last} after {order:?}");
    }

    #[test]
    fn waits_approach_the_number_of_those_who_share() {
        let mut share = held();
        assert_eq!(share.away, 1);
        let mut waits = Vec::new();
        for _ in 0..6 {
            // Three others hold a slice each, before it is this one's turn again.
            let turn = share.held + 4;
            while BEAT.slice(share.opens) < turn {
                loses(&mut share, 1);
            }
            assert_eq!(BEAT.slice(share.opens), turn);
            let begin = share.opens;
            sends(&mut share, begin, 6);
            waits.push(share.away);
        }
        assert_eq!(waits[1..], [3; 5], "comes back one slice early");
        // The others are done.
        let begin = share.opens;
        sends(&mut share, begin, 36);
        assert_eq!(share.away, 1);
    }

    #[test]
    fn an_intruder_costs_a_second_and_the_next_refusal_the_slice() {
        let mut share = held();
        let begin = share.opens;
        sends(&mut share, begin, 2);
        let sent = begin + 2.04;
        share.throttled(sent, sent + 0.05, BEAT, 0.5);
        let soon = share.opens;
        assert!((soon - sent - 0.8).abs() < 1e-6, "{}", soon - sent);
        share.throttled(soon, soon + 0.05, BEAT, 0.5);
        assert_eq!(BEAT.slice(share.opens), share.held + 1);
    }

    #[test]
    fn slices_are_told_by_when_requests_arrive() {
        let far = Beat { way: 0.2, ..BEAT };
        assert_eq!(far.slice(BEAT.start(1000) - 0.1), 1000);
        assert_eq!(BEAT.slice(BEAT.start(1000) - 0.1), 999);
    }

    #[test]
    fn a_clock_that_was_wrong_does_not_hold_anybody_up() {
        let share = Share {
            opens: 9e9,
            ..Share::default()
        };
        assert_eq!(share.opens(100.0, BEAT.spacing), 100.0);
    }
}
