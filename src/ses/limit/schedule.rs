//! The arithmetic of the pace: given the time, when a request may go out.
//!
//! SES allows each of its identity operations once a second. Whether it counts
//! for each operation or for the account as a whole is not documented, and the
//! account may have other users, so the pace learns:
//!
//! - [`Schedule`] gives out times to send. Each operation is a queue of its own
//!   until SES throttles two requests within seconds. From then on, and for a
//!   while, all operations stand in one queue, unless SES has shown that it counts
//!   them apart. The schedule can be kept in a file, so that all processes of one
//!   host stand in them (see `host`).
//! - In each queue, hosts take turns ([`slices`](super::slices)): other hosts, and
//!   other tools, do not stand in our schedule.
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

/// Two throttled answers within so many seconds put all operations into one queue.
/// One alone may be that of a request that was held up on its way.
const TOGETHER: f64 = 5.0;

/// For how many seconds after a throttled answer all operations stand in one queue.
const ACCOUNT_SCOPE: f64 = 600.0;

/// Two accepted requests of different operations within this part of the time that
/// one takes show that SES counts them apart, and for how many seconds that holds.
const CLOSE: f64 = 0.7;
const APART: f64 = 60.0;

/// A reservation farther off than so many seconds or requests is no queue of ours (each
/// process takes one for each operation) but a clock that was wrong.
const FARTHEST: (f64, f64) = (120.0, 10.0);

/// After so many requests' time without any, there is nothing to share any more: who
/// comes then does not wait for a permit, as nobody does at first.
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
#[serde(default)]
pub(in crate::ses) struct Schedule {
    /// By the operation's name.
    operations: BTreeMap<String, Queue>,
    /// All operations together.
    all: Queue,
    /// When SES last throttled a request.
    throttled: f64,
    /// Until when all operations stand in one queue.
    account_until: f64,
    /// Until when SES is known to count operations apart.
    apart_until: f64,
}

/// Requests that are counted together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Queue {
    /// The reservation behind all that are taken, and those before it that were given back.
    next: f64,
    released: Vec<f64>,
    /// When the last request went out, and the last that was accepted.
    sent: f64,
    accepted: f64,
    /// When a request that must not be put off goes out.
    urgent: f64,
    /// The turns with other hosts.
    share: Share,
}

impl Queue {
    /// Takes the first released reservation.
    fn reserve(&mut self, now: f64, spacing: f64) -> f64 {
        let (seconds, requests) = FARTHEST;
        if self.next > now + seconds.max(requests * spacing) {
            self.next = now;
        }
        if now > self.next + IDLE * spacing.max(1.0) {
            self.share.starts_afresh();
        }
        let opens = now.max(self.share.opens(now, spacing));
        if let Some(released) = self.reserve_released(opens, self.next, spacing) {
            return released;
        }
        let at = opens.max(self.next);
        self.next = at + spacing;
        at
    }

    /// Takes the first reservation that was given back and lies before `end`, for use at
    /// `now` or later. One whose time has begun to run out is still of use.
    fn reserve_released(&mut self, now: f64, end: f64, spacing: f64) -> Option<f64> {
        self.released.retain(|released| *released + spacing > now);
        let first = self.released.iter().copied().reduce(f64::min)?;
        if first.max(now) >= end {
            return None;
        }
        self.released.retain(|released| *released != first);
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

    fn release(&mut self, reservation: f64, spacing: f64) {
        if self.next == reservation + spacing {
            self.next = reservation;
        } else {
            self.released.push(reservation);
        }
    }
}

/// The right to send one request at a time.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ses) struct Reservation {
    /// When to send.
    pub(in crate::ses) at: f64,
    /// Whether it is one of the queue of all operations.
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

impl Schedule {
    /// Takes the first released reservation for `operation`.
    pub(in crate::ses) fn reserve(
        &mut self,
        now: f64,
        operation: &str,
        spacing: f64,
    ) -> Reservation {
        let of_all = self.one_line(now);
        Reservation {
            at: self.queue(of_all, operation).reserve(now, spacing),
            of_all,
            went: None,
        }
    }

    /// When the request of `reservation` may go out, as things are now: earlier if a reservation
    /// was given back meanwhile; later if the request before it went out late, or
    /// by what an answer has told. If it may go out now, it counts as sent.
    pub(in crate::ses) fn try_start(
        &mut self,
        now: f64,
        reservation: &mut Reservation,
        operation: &str,
        spacing: f64,
    ) -> f64 {
        if reservation.of_all != self.one_line(now) {
            self.release(reservation, operation, spacing);
            *reservation = self.reserve(now, operation, spacing);
        }
        let queue = self.queue(reservation.of_all, operation);
        let opens = now.max(queue.share.opens(now, spacing));
        if let Some(earlier) = queue.reserve_released(opens, reservation.at, spacing) {
            queue.release(reservation.at, spacing);
            reservation.at = earlier;
        }
        let mut due = opens.max(reservation.at);
        if queue.sent <= now {
            due = due.max(queue.sent + spacing);
        }
        due = queue.after_urgent(now, due, spacing);
        if due - now <= NEGLIGIBLE {
            reservation.went = Some((now, queue.sent));
            self.sent(now, operation, spacing);
            return now;
        }
        // Kept back so far that others' reservations have come: gets in queue again.
        if due >= reservation.at + spacing {
            reservation.at = queue.reserve(now, spacing);
            due = due.max(reservation.at);
        }
        due
    }

    /// The request went out at `now`, which may be later than its reservation: whoever
    /// has not taken a reservation yet keeps the distance from the request itself.
    pub(in crate::ses) fn sent(&mut self, now: f64, operation: &str, spacing: f64) {
        for of_all in [false, true] {
            let queue = self.queue(of_all, operation);
            queue.sent = now;
            queue.next = queue.next.max(now + spacing);
        }
    }

    /// A request for `operation` will go out at `at`, whoever else has a reservation then.
    pub(in crate::ses) fn reserve_urgent(&mut self, at: f64, operation: &str) {
        for of_all in [false, true] {
            self.queue(of_all, operation).urgent = at;
        }
    }

    /// The reservation was not used: it is released for others.
    pub(in crate::ses) fn release(
        &mut self,
        reservation: &Reservation,
        operation: &str,
        spacing: f64,
    ) {
        let queue = self.queue(reservation.of_all, operation);
        let Some((went, before)) = reservation.went else {
            return queue.release(reservation.at, spacing);
        };
        if queue.sent == went {
            queue.sent = before;
            queue.release(went, spacing);
        }
    }

    /// SES accepted a request.
    pub(in crate::ses) fn accepted(&mut self, answer: Answer<'_>) {
        let Answer {
            operation, sent, ..
        } = answer;
        let beat = answer.beat();
        let close = |queue: &Queue| (sent - queue.accepted).abs() < CLOSE * beat.interval;
        let mut others = self
            .operations
            .iter()
            .filter(|(name, _)| *name != operation);
        if others.any(|(_, queue)| close(queue)) {
            self.apart_until = sent + APART;
        }
        self.queue(false, operation).accepted = sent;
        let queue = self.queue(self.one_line(sent), operation);
        queue.share.accepted(sent, beat, answer.chance);
    }

    /// SES throttled a request; it is `now`.
    pub(in crate::ses) fn throttled(&mut self, now: f64, answer: Answer<'_>) {
        let again = (now - self.throttled).abs() <= TOGETHER || self.one_line(now);
        let apart = now < self.apart_until && self.apart_until <= now + APART;
        if again && !apart {
            self.account_until = now + ACCOUNT_SCOPE;
        }
        self.throttled = now;
        let queue = self.queue(self.one_line(now), answer.operation);
        queue
            .share
            .throttled(answer.sent, now, answer.beat(), answer.chance);
    }

    /// Whether all operations stand in one queue.
    fn one_line(&self, now: f64) -> bool {
        now < self.account_until && self.account_until <= now + ACCOUNT_SCOPE
    }

    /// The queue of all operations, or that of `operation`.
    fn queue(&mut self, of_all: bool, operation: &str) -> &mut Queue {
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
