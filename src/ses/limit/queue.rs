//! Queue of requests that SES counts together: which times are taken.
//!
//! Each process of the host reserves a time for the next request of each operation,
//! first come, first served, and moves up when somebody before it gives up. A
//! reservation that is farther off than those before it and the host's turn
//! ([`hosts`](super::hosts)) explain was made by a clock that was wrong, and is
//! forgotten.
//!
//! Times are seconds since the Unix epoch.

use serde::{Deserialize, Serialize};

use super::hosts::Share;

/// After so many requests' time without any, there is nothing to share any more: who
/// comes then does not wait for a turn, as nobody does at first.
const IDLE: f64 = 2.0;

/// An urgent request that has not gone out so many seconds after its time will not
/// any more.
const URGENT_LATE: f64 = 0.5;

/// A wait that is none: tokio's timer knows nothing shorter than a millisecond.
pub(in crate::ses) const NEGLIGIBLE: f64 = 0.0005;

/// Requests that are counted together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Queue {
    /// What is reserved, in the order of time.
    reserved: Vec<Interval>,
    /// The last request that went out.
    last: Interval,
    /// When the last one that SES accepted went out.
    pub(super) accepted: f64,
    /// When a request that must not be put off goes out.
    urgent: f64,
    /// The turns with other hosts.
    pub(super) share: Share,
}

/// The time that a request takes up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Interval {
    /// When it goes out, and when the next one may.
    pub(super) from: f64,
    until: f64,
}

impl Interval {
    /// Whether the next request may go out at `at`.
    pub(super) fn is_over(&self, at: f64) -> bool {
        self.until <= at
    }
}

impl Queue {
    /// Reserves the first time that is free.
    pub(super) fn reserve(&mut self, now: f64, spacing: f64) -> f64 {
        let busy = self.reserved.last().unwrap_or(&self.last);
        if now > busy.until.max(self.last.until) + IDLE * spacing.max(1.0) {
            self.share.starts_afresh();
        }
        self.forget_what_is_not_explained(now, spacing);
        let at = self.first_free(self.opens(now, spacing), spacing);
        self.insert(at, spacing);
        at
    }

    /// Starts the request that has reserved `at`, if its time has come: then what is
    /// returned is `None`, and it counts as sent. Else it is the time that is reserved
    /// now, and when to ask again: earlier than before where somebody gave up; later
    /// where the request before went out late, or by what an answer has told.
    pub(super) fn try_start(&mut self, now: f64, at: f64, spacing: f64) -> Option<(f64, f64)> {
        self.forget_what_is_not_explained(now, spacing);
        self.release(at);
        let opens = self.opens(now, spacing);
        let mut at = at.min(self.first_free(opens, spacing));
        let mut due = self.after_urgent(now, opens.max(at), spacing);
        if due - now <= NEGLIGIBLE {
            self.sent(now, spacing);
            return None;
        }
        // Kept back so far that others' times have come: queues again.
        if due >= at + spacing {
            at = self.first_free(opens, spacing);
            due = due.max(at);
        }
        self.insert(at, spacing);
        Some((at, due))
    }

    /// A request went out.
    pub(super) fn sent(&mut self, now: f64, spacing: f64) {
        self.last = Interval {
            from: now,
            until: now + spacing,
        };
    }

    /// The last request that went out.
    pub(super) fn last(&self) -> Interval {
        self.last
    }

    /// The request that was to go out at `at` did not, after all; `before` was the last
    /// one then.
    pub(super) fn not_sent(&mut self, at: f64, before: Interval) {
        if self.last.from == at {
            self.last = before;
        }
    }

    /// Nobody needs the time that was reserved any more.
    pub(super) fn release(&mut self, at: f64) {
        self.reserved.retain(|reserved| reserved.from != at);
    }

    /// A request will go out at `at`, whatever is reserved then.
    pub(super) fn reserve_urgent(&mut self, at: f64) {
        self.urgent = at;
    }

    /// When the next request may go out, reservations aside.
    fn opens(&self, now: f64, spacing: f64) -> f64 {
        let opens = now.max(self.share.opens(now, spacing));
        if self.last.from < now + spacing {
            opens.max(self.last.until)
        } else {
            opens
        }
    }

    /// The first time from `opens` on that nobody has reserved.
    fn first_free(&self, opens: f64, spacing: f64) -> f64 {
        self.reserved.iter().fold(opens, |at, reserved| {
            if at + spacing > reserved.from + NEGLIGIBLE {
                at.max(reserved.until)
            } else {
                at
            }
        })
    }

    fn insert(&mut self, from: f64, spacing: f64) {
        let until = from + spacing;
        self.reserved.push(Interval { from, until });
        self.reserved.sort_by(|a, b| a.from.total_cmp(&b.from));
    }

    /// Forgets what is over, and what is farther off than the queue explains.
    fn forget_what_is_not_explained(&mut self, now: f64, spacing: f64) {
        let mut explained = self.opens(now, spacing);
        self.reserved.retain(|reserved| {
            let keeps = now < reserved.until && reserved.from <= explained + spacing;
            if keeps {
                explained = explained.max(reserved.until);
            }
            keeps
        });
    }

    /// `due`, or later if an urgent request would go out too close to it.
    fn after_urgent(&self, now: f64, due: f64, spacing: f64) -> f64 {
        let is_to_come = now < self.urgent + URGENT_LATE && self.urgent <= now + 2.0 * spacing;
        if is_to_come && (due - self.urgent).abs() < spacing {
            self.urgent + spacing
        } else {
            due
        }
    }
}
