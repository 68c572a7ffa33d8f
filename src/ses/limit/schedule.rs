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

use super::hosts::{Beat, Share};

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

/// An urgent request that has not gone out so many seconds after its time will not
/// any more.
const URGENT_LATE: f64 = 0.5;

/// A wait that is none: tokio's timer knows nothing shorter than a millisecond.
pub(in crate::ses) const NEGLIGIBLE: f64 = 0.0005;

/// The first pause after a throttled answer, and the longest, in seconds.
const PAUSES: (f64, f64) = (1.0, 15.0);

/// Seconds between two requests at `rate` requests a second; 0 without a limit.
pub(in crate::ses) fn spacing(rate: f64) -> f64 {
    // A rate next to nothing must not overflow the clock.
    if rate > 0.0 {
        (MARGIN / rate).min(30.0 * 24.0 * 3600.0)
    } else {
        0.0
    }
}

/// When the next request of each operation may go out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::ses) struct Lines {
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
    /// When a request that must not be put off goes out.
    #[serde(default)]
    urgent: f64,
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

    /// `due`, or later if an urgent request would go out too close to it.
    fn after_urgent(&self, now: f64, due: f64, spacing: f64) -> f64 {
        let is_to_come = now < self.urgent + URGENT_LATE && self.urgent <= now + 2.0 * spacing;
        if is_to_come && (due - self.urgent).abs() < spacing {
            self.urgent + spacing
        } else {
            due
        }
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
pub(in crate::ses) struct Slot {
    /// When to send.
    pub(in crate::ses) at: f64,
    /// Whether it is one of the line of all operations.
    of_all: bool,
    /// When it was used, and when the request before it went out.
    went: Option<(f64, f64)>,
}

/// A request that SES has answered.
#[derive(Clone, Copy, Debug)]
pub(in crate::ses) struct Answer<'a> {
    pub(in crate::ses) operation: &'a str,
    /// When it went out.
    pub(in crate::ses) sent: f64,
    /// Seconds between two requests.
    pub(in crate::ses) spacing: f64,
    /// Seconds that a request takes to SES.
    pub(in crate::ses) way: f64,
    /// Random, in `0.0..1.0`.
    pub(in crate::ses) chance: f64,
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
    pub(in crate::ses) fn take(&mut self, now: f64, operation: &str, spacing: f64) -> Slot {
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
    pub(in crate::ses) fn due(
        &mut self,
        now: f64,
        slot: &mut Slot,
        operation: &str,
        spacing: f64,
    ) -> f64 {
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
        due = line.after_urgent(now, due, spacing);
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
    pub(in crate::ses) fn sent(&mut self, now: f64, operation: &str, spacing: f64) {
        for of_all in [false, true] {
            let line = self.line(of_all, operation);
            line.sent = now;
            line.next = line.next.max(now + spacing);
        }
    }

    /// A request for `operation` will go out at `at`, whoever else has a slot then.
    pub(in crate::ses) fn reserve_urgent(&mut self, at: f64, operation: &str) {
        for of_all in [false, true] {
            self.line(of_all, operation).urgent = at;
        }
    }

    /// The slot was not used: it is free for others.
    pub(in crate::ses) fn give_back(&mut self, slot: &Slot, operation: &str, spacing: f64) {
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
    pub(in crate::ses) fn accepted(&mut self, answer: Answer<'_>) {
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
    pub(in crate::ses) fn throttled(&mut self, now: f64, answer: Answer<'_>) {
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
pub(in crate::ses) struct Pause {
    throttled: u32,
    until: f64,
}

impl Pause {
    /// When requests may go out again.
    pub(in crate::ses) fn until(&self) -> f64 {
        self.until
    }

    /// SES accepted a request.
    pub(in crate::ses) fn accepted(&mut self) {
        self.throttled = 0;
    }

    /// SES throttled a request; `jitter` in `0.0..1.0` spreads the pause over its
    /// upper half.
    pub(in crate::ses) fn throttled(&mut self, now: f64, jitter: f64) {
        let (first, longest) = PAUSES;
        let full = (first * f64::from(1_u32 << self.throttled.min(8))).min(longest);
        self.throttled += 1;
        self.until = self.until.max(now + full * (0.5 + jitter / 2.0));
    }
}

#[cfg(test)]
mod tests;
