//! Schedule of all requests to one region: given the time, when one may go out.
//!
//! SES allows each of its identity operations once a second. Whether it counts
//! for each operation or for the account as a whole is not documented, and the
//! account may have other users, so the schedule learns:
//!
//! - Each operation has a [`Queue`] of its own, until answers tell that SES counts the
//!   account ([`scope`](super::scope)): for as long as that is believed, there is one
//!   for all. A schedule can be kept in a file, so that all processes of one host
//!   stand in its queues ([`shared`](super::shared)).
//! - In each queue, hosts take turns ([`hosts`](super::hosts)): other hosts, and
//!   other tools, have schedules of their own, or none.
//!
//! Times are seconds since the Unix epoch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hosts::{Beat, Share};
pub(in crate::ses) use super::queue::NEGLIGIBLE;
use super::queue::{Interval, Queue};
use super::scope::{Evidence, Scope, are_close};

/// Requests are spaced this much wider than the rate asks for, because the way to
/// SES does not take each the same time.
const MARGIN: f64 = 1.02;

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
///
/// A process of another release may have written it: what a field lacks is as it is
/// at first, and what is not known is ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::ses) struct Schedule {
    /// By the operation's name.
    operations: BTreeMap<String, Queue>,
    /// All operations together.
    account: Queue,
    evidence: Evidence,
}

/// The right to send one request at a time.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ses) struct Reservation {
    /// When to send.
    pub(in crate::ses) at: f64,
    /// Whose queue it is in.
    scope: Scope,
    /// When it was used, and the request before in that queue.
    used: Option<(f64, Interval)>,
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
    /// Reserves the first time that is free for `operation`.
    pub(in crate::ses) fn reserve(
        &mut self,
        now: f64,
        operation: &str,
        spacing: f64,
    ) -> Reservation {
        let scope = self.evidence.scope(now);
        Reservation {
            at: self.queue(scope, operation).reserve(now, spacing),
            scope,
            used: None,
        }
    }

    /// Starts the request of `reservation` if its time has come: then `now` is
    /// returned, and it counts as sent. Else returns when to ask again.
    pub(in crate::ses) fn try_start(
        &mut self,
        now: f64,
        reservation: &mut Reservation,
        operation: &str,
        spacing: f64,
    ) -> f64 {
        if reservation.scope != self.evidence.scope(now) {
            self.release(reservation, operation);
            *reservation = self.reserve(now, operation, spacing);
        }
        let probe = self.probe(now, operation, spacing);
        let queue = self.queue(reservation.scope, operation);
        if let Some(at) = probe
            && at - now <= NEGLIGIBLE
        {
            queue.release(reservation.at);
            self.sent(now, operation, spacing);
            return now;
        }
        let before = queue.last();
        match queue.try_start(now, reservation.at, spacing) {
            None => {
                reservation.used = Some((now, before));
                self.sent(now, operation, spacing);
                now
            }
            Some((at, due)) => {
                reservation.at = at;
                probe.map_or(due, |probe| due.min(probe))
            }
        }
    }

    /// When to probe with `operation` whether SES counts operations apart, if that is
    /// before long.
    fn probe(&self, now: f64, operation: &str, spacing: f64) -> Option<f64> {
        let last = self.account.last().from;
        let own = self.operations.get(operation).map(Queue::last);
        let at = self.evidence.probe(now, last, spacing / MARGIN)?;
        let is_free = own.is_none_or(|own| own.from < last && own.is_over(at));
        let is_answered = self.account.accepted >= last;
        (is_free && (is_answered || at > now)).then_some(at)
    }

    /// The request went out at `now`, which may be later than what was reserved: all
    /// others keep the distance from the request itself.
    pub(in crate::ses) fn sent(&mut self, now: f64, operation: &str, spacing: f64) {
        self.queue(Scope::Operation, operation).sent(now, spacing);
        let is_account = self.evidence.scope(now) == Scope::Account;
        if is_account && are_close(now, self.account.accepted, spacing / MARGIN) {
            // SES refuses it if it counts the account: it takes up no time there.
            self.evidence.probed(now);
        } else {
            self.account.sent(now, spacing);
        }
    }

    /// A request for `operation` will go out at `at`, whatever is reserved then.
    pub(in crate::ses) fn reserve_urgent(&mut self, at: f64, operation: &str) {
        for scope in [Scope::Operation, Scope::Account] {
            self.queue(scope, operation).reserve_urgent(at);
        }
    }

    /// The reservation was not used: its time is free for others.
    pub(in crate::ses) fn release(&mut self, reservation: &Reservation, operation: &str) {
        let queue = self.queue(reservation.scope, operation);
        match reservation.used {
            Some((at, before)) => queue.not_sent(at, before),
            None => queue.release(reservation.at),
        }
    }

    /// SES accepted a request.
    pub(in crate::ses) fn accepted(&mut self, answer: Answer<'_>) {
        let Answer {
            operation, sent, ..
        } = answer;
        let beat = answer.beat();
        if self.close_to_another(answer) {
            self.evidence.apart(sent);
        }
        self.queue(Scope::Operation, operation).accepted = sent;
        self.account.accepted = self.account.accepted.max(sent);
        self.learn(sent, operation, |share| {
            share.accepted(sent, beat, answer.chance);
        });
    }

    /// SES throttled a request; it is `now`.
    pub(in crate::ses) fn throttled(&mut self, now: f64, answer: Answer<'_>) {
        let before = self.evidence.scope(now);
        if self.close_to_another(answer) && self.evidence.together(now) {
            if before == Scope::Operation {
                let last = self
                    .operations
                    .values()
                    .max_by(|one, other| one.accepted.total_cmp(&other.accepted));
                self.account.share = last.map(|last| last.share.clone()).unwrap_or_default();
            }
            // This host's own request was the reason.
            return;
        }
        for queue in self.operations.values_mut() {
            queue.share.others();
        }
        self.account.share.others();
        self.learn(now, answer.operation, |share| {
            share.refused(answer.sent, now, answer.beat(), answer.chance);
        });
    }

    /// What an answer tells of other hosts. It stays known when the scope changes.
    fn learn(&mut self, now: f64, operation: &str, learn: impl Fn(&mut Share)) {
        let scope = self.evidence.scope(now);
        let share = &mut self.queue(scope, operation).share;
        learn(share);
        if scope == Scope::Account {
            let share = share.clone();
            self.queue(Scope::Operation, operation).share = share;
        }
    }

    /// Whether SES has accepted a request of another operation close to this one.
    fn close_to_another(&self, answer: Answer<'_>) -> bool {
        let interval = answer.beat().interval;
        self.operations.iter().any(|(name, queue)| {
            name != answer.operation && are_close(answer.sent, queue.accepted, interval)
        })
    }

    /// The queue of `operation`, or of all operations.
    fn queue(&mut self, scope: Scope, operation: &str) -> &mut Queue {
        match scope {
            Scope::Operation => self.operations.entry(operation.to_owned()).or_default(),
            Scope::Account => &mut self.account,
        }
    }
}

#[cfg(test)]
mod tests;
