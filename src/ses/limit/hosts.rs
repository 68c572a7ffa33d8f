//! Turns between hosts that know nothing of each other.
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
//! - Between two slices is a gap of SES's interval, in which nobody sends. A request
//!   that goes out in it all the same makes SES refuse the first of the next slice:
//!   so it belongs to that slice, and whoever sent it holds that one.
//! - At the start of a slice, hosts come in the order of need: the longer it is since
//!   a host held a slice, the earlier. The first one holds the new slice; the others
//!   are refused once, and wait for the next.
//! - Whoever has held a slice leaves the next ones to others: somewhat more than half
//!   as many as it had to wait for this one, and half as many as before once nobody is
//!   there first. So fewer are refused at a time, and when the others are done, the
//!   whole time is one's own again soon.
//!
//! A host that seems to be alone leaves only the gaps that cost it little, about every
//! fourth, so that it loses 1 % and a newcomer gets in within 40 s. Where the clocks of
//! hosts differ by more than some hundredths of a second, they still share, but less
//! evenly (`simulation` shows it).
//!
//! Arithmetic alone. Times are seconds since the Unix epoch; `chance` is a random
//! number in `0.0..1.0`.

use serde::{Deserialize, Serialize};

/// The requests that fit into a slice.
const REQUESTS: f64 = 6.0;

/// No slice is made of requests that are closer than SES's documented limit,
/// however fast a host is to be: it has to be long against the gap.
const CLOSEST: f64 = 1.02;

/// The time in which hosts come in order at the start of a slice, and what is left
/// free before it beside SES's interval, for clocks that differ.
const ORDER: f64 = 0.2;
const LEEWAY: f64 = 0.05;

/// Whoever has held none of so many slices comes first, and the part of one place in
/// the order over which chance spreads those who have waited equally long.
const PLACES: f64 = 8.0;
const SPREAD: f64 = 0.5;

/// The part of the last wait after which to come back, and the most slices to leave
/// to others.
const BACK: f64 = 0.6;
const MOST_AWAY: f64 = 8.0;

/// After a refusal, so many gaps are left in any case. A host that was not refused since
/// seems to be alone: it leaves a gap after so many slices, if that costs at most so
/// many seconds (or this part of the spacing); and after the second number at any cost.
const GAPS: u32 = 8;
const GAP_AFTER: (i64, i64) = (3, 6);
const GAP_COSTS: f64 = 0.4;

/// For so many seconds a newcomer leaves none, unless it is refused: most are done by
/// then.
const NEWCOMER: f64 = 10.0;

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
    /// The slice to which a request belongs that goes out at `time`.
    fn slice(&self, time: f64) -> i64 {
        let gap = self.interval + LEEWAY;
        ((time + self.way + gap) / slice_length(self.spacing)).floor() as i64
    }

    /// When to send what is to arrive at the start of `slice`.
    fn start(&self, slice: i64) -> f64 {
        slice as f64 * slice_length(self.spacing) - self.way
    }

    /// When the gap behind `slice` begins.
    fn end(&self, slice: i64) -> f64 {
        self.start(slice + 1) - self.interval - LEEWAY
    }
}

fn slice_length(spacing: f64) -> f64 {
    REQUESTS * spacing.max(CLOSEST) + ORDER + LEEWAY
}

/// Where one host stands among those that share a limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::ses) struct Share {
    /// Nothing goes out before.
    opens: f64,
    /// The slice that was held last.
    held: i64,
    /// How many slices after it to come back; 0 for a newcomer.
    away: u32,
    /// Whether SES has refused a request since it last accepted one.
    refused: bool,
    /// When a newcomer's first request was accepted.
    began: f64,
    /// The slice before which a gap was left last, and how many more are left in any
    /// case.
    gap: i64,
    gaps: u32,
}

impl Share {
    /// When the next request may go out; not later than `now` if it may at once.
    pub(in crate::ses) fn opens(&self, now: f64, spacing: f64) -> f64 {
        // Farther off than the next slice that this host comes back for: by a clock
        // that was wrong.
        let farthest = now + f64::from(self.away + 2) * slice_length(spacing);
        if self.opens > farthest {
            now
        } else {
            self.opens
        }
    }

    /// Nothing was sent for a while: the next request does not wait for a slice.
    pub(in crate::ses) fn starts_afresh(&mut self) {
        *self = Self {
            held: self.held,
            began: self.began,
            gap: self.gap,
            gaps: self.gaps,
            ..Self::default()
        };
    }

    /// SES accepted the request that went out at `sent`.
    pub(in crate::ses) fn accepted(&mut self, sent: f64, beat: Beat, chance: f64) {
        let slice = beat.slice(sent);
        if slice != self.held {
            // Whoever was not refused may well have come too late, and a newcomer knows
            // nothing yet.
            let back = if self.refused && self.away > 0 {
                BACK * (slice - self.held) as f64 + chance
            } else {
                f64::from(self.away / 2)
            };
            if self.away == 0 {
                (self.began, self.gap) = (sent, 0);
            }
            self.away = back.floor().clamp(1.0, MOST_AWAY) as u32;
            self.held = slice;
        }
        self.refused = false;
        let next = sent + beat.spacing;
        if next < beat.end(slice) {
            return;
        }
        let after = slice + i64::from(self.away);
        let turn = self.turn(after, beat, chance);
        if self.away > 1 || self.leaves_gap(slice + 1, sent, turn - next, beat) {
            self.opens = turn;
            self.gap = after;
            self.gaps = self.gaps.saturating_sub(1);
        }
    }

    /// Whether the gap before `slice` is left behind a request that went out at `sent`,
    /// which costs so many seconds.
    fn leaves_gap(&self, slice: i64, sent: f64, costs: f64, beat: Beat) -> bool {
        let (least, most) = GAP_AFTER;
        let slices = slice - self.gap;
        let is_cheap = costs <= GAP_COSTS * beat.spacing.max(1.0);
        let is_due = slices >= most || slices >= least && is_cheap;
        self.gaps > 0 || is_due && (sent - self.began).abs() > NEWCOMER
    }

    /// There are others: SES has refused a request.
    pub(in crate::ses) fn others(&mut self) {
        self.gaps = GAPS;
    }

    /// SES refused the request that went out at `sent`; it is `now`.
    pub(in crate::ses) fn refused(&mut self, sent: f64, now: f64, beat: Beat, chance: f64) {
        let (slice, current) = (beat.slice(sent), beat.slice(sent.max(now)));
        let came_in_turn = slice != self.held && slice == beat.slice(self.opens);
        // Others of this host may have been refused before.
        if self.opens <= now {
            // Whoever came in between is done in a second, SES's own limit.
            let soon = now + beat.interval.max(1.0) * (0.5 + chance / 2.0);
            let again = !self.refused && !came_in_turn && soon < beat.end(current);
            self.opens = if again {
                soon
            } else {
                self.turn(current + 1, beat, chance)
            };
        }
        self.refused = true;
    }

    /// When to send in order to hold `slice`.
    fn turn(&self, slice: i64, beat: Beat, chance: f64) -> f64 {
        let waited = (slice - self.held) as f64;
        let place = (PLACES + 1.0 - waited).clamp(0.0, PLACES) + SPREAD * chance;
        beat.start(slice) + ORDER * place / (PLACES + SPREAD)
    }
}

#[cfg(test)]
mod tests;
