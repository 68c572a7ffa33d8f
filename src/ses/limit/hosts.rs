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
/// is left released before it, for clocks that differ.
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
pub(in crate::ses) struct Beat {
    /// Seconds from one request to the next.
    pub(in crate::ses) spacing: f64,
    /// Seconds between two requests that SES accepts.
    pub(in crate::ses) interval: f64,
    /// Seconds that a request takes to SES: slices are told by when it arrives.
    pub(in crate::ses) way: f64,
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
#[serde(default)]
pub(in crate::ses) struct Share {
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
    pub(in crate::ses) fn opens(&self, now: f64, spacing: f64) -> f64 {
        // Farther off than anybody stays away: by a clock that was wrong.
        let farthest = now + f64::from(MOST_AWAY + 2) * slice_length(spacing);
        if self.opens > farthest {
            now
        } else {
            self.opens
        }
    }

    /// Forgets whom the limit was shared with; that it was refused stays known.
    pub(in crate::ses) fn starts_afresh(&mut self) {
        *self = Self {
            throttled: self.throttled,
            ..Self::default()
        };
    }

    /// SES accepted the request that went out at `sent`.
    pub(in crate::ses) fn accepted(&mut self, sent: f64, beat: Beat, chance: f64) {
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
    pub(in crate::ses) fn throttled(&mut self, sent: f64, now: f64, beat: Beat, chance: f64) {
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
mod tests;
