//! Rate limiter: callers await permits to send here.
//!
//! A caller awaits [`OperationLimiter::permit`], starts its request, and the next
//! [`Permit`] is given when the request has gone out on a ready connection
//! ([`Departure`](crate::ses::api::Departure)): were it given any earlier, the time that the first request
//! spends on connecting would bring the second one to SES less than a second
//! behind it.

mod permit;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::clock::Clock;
use super::latency::{Latency, MOST_LATENESS};
use super::lock;
use super::schedule::{NEGLIGIBLE, Reservation, Schedule, spacing};
use super::shared::SharedSchedule;
use super::tickets::{Place, Ticket, TicketQueue};
use crate::ses::deadline::Deadline;
use crate::ses::error::Operation;

pub(in crate::ses) use permit::Permit;

/// Other processes are not held up for longer than a rate of this many requests
/// a second takes, however slow this one is.
const SLOWEST_SHARED: f64 = 0.1;

/// How long to wait for a reservation before looking whether an earlier one was given
/// back, or the clock was set.
const RECHECK: Duration = Duration::from_secs(1);

/// The pace of one region: what the limiters of its operations share.
#[derive(Clone, Debug)]
pub(in crate::ses) struct RateLimiter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Seconds between two requests of one operation; 0 without a limit.
    spacing: f64,
    /// The same towards other processes.
    shared_spacing: f64,
    clock: Clock,
    schedule: SharedSchedule,
    cooldown: Mutex<Cooldown>,
    /// The limiters of the operations that are in use.
    operations: Mutex<HashMap<Operation, Weak<OperationState>>>,
}

/// How a process without a pace keeps still after refusals: longer after each, and not
/// at all after an accepted request.
#[derive(Debug)]
struct Cooldown {
    backoff: Backoff,
    until: Option<Instant>,
}

impl RateLimiter {
    /// A limiter on tokio's time.
    #[cfg(test)]
    pub(in crate::ses) fn new(rate: f64, schedule: SharedSchedule) -> Self {
        Self::by_clock(rate, schedule, Clock::at(1e9))
    }

    /// `rate` requests a second for each operation; 0 stands for no limit. `clock` is
    /// that of all who share the schedule.
    pub(in crate::ses) fn by_clock(rate: f64, schedule: SharedSchedule, clock: Clock) -> Self {
        Self(Arc::new(Shared {
            spacing: spacing(rate),
            shared_spacing: spacing(rate).min(spacing(SLOWEST_SHARED)),
            clock,
            schedule,
            cooldown: Mutex::new(Cooldown {
                backoff: Backoff::of_refusals(),
                until: None,
            }),
            operations: Mutex::default(),
        }))
    }

    /// The limiter of one operation: the same for all who ask.
    pub(in crate::ses) fn operation(&self, operation: Operation) -> OperationLimiter {
        let mut operations = lock(&self.0.operations);
        let known = operations.entry(operation).or_default();
        if let Some(state) = known.upgrade() {
            return OperationLimiter(state);
        }
        let state = Arc::new(OperationState {
            limiter: self.clone(),
            operation,
            queue: TicketQueue::default(),
            reservation: Mutex::default(),
            send: Arc::default(),
            sends: Mutex::default(),
            latency: Mutex::default(),
        });
        *known = Arc::downgrade(&state);
        OperationLimiter(state)
    }
}

/// The limiter of one operation: callers get permits in the order of their tickets.
#[derive(Clone, Debug)]
pub(in crate::ses) struct OperationLimiter(Arc<OperationState>);

#[derive(Debug)]
struct OperationState {
    limiter: RateLimiter,
    operation: Operation,
    queue: TicketQueue,
    /// When the first of the queue may send. It is the queue's: whoever is first when
    /// the time has come makes use of it.
    reservation: Mutex<Option<Reservation>>,
    /// Held by whoever is about to send.
    send: Arc<tokio::sync::Mutex<()>>,
    sends: Mutex<Sends>,
    latency: Mutex<Latency>,
}

/// What this process has sent.
#[derive(Clone, Copy, Debug, Default)]
struct Sends {
    /// When the last request went out.
    last: Option<Instant>,
    /// When the next one may.
    next: Option<Instant>,
}

impl OperationLimiter {
    /// A place in the queue behind all that were given out before.
    pub(in crate::ses) fn ticket(&self) -> Ticket {
        self.0.queue.ticket()
    }

    /// Waits until nobody has a ticket: no call of this operation waits, is on its way,
    /// or may be made again.
    pub(in crate::ses) async fn idle(&self) {
        self.0.queue.idle().await;
    }

    /// Waits until a request may be sent, behind all others.
    pub(in crate::ses) async fn permit(&self) -> Permit {
        let now = Deadline::after(Duration::MAX, CancellationToken::new());
        self.permit_for(&self.ticket(), &now).await
    }

    /// Waits until the caller may send one request: those with an older ticket come
    /// first, if they wait too. So a call whose request was refused comes next if it
    /// asks with the same ticket again. A caller that stops waiting leaves the queue.
    /// `deadline` begins when nobody has an older ticket, or with the permit.
    pub(in crate::ses) async fn permit_for(&self, ticket: &Ticket, deadline: &Deadline) -> Permit {
        let waiting = Waiting {
            limiter: self,
            place: self.0.queue.join(ticket),
        };
        let begin = async {
            waiting.place.oldest().await;
            deadline.begin();
            std::future::pending().await
        };
        let next = async {
            loop {
                waiting.place.next().await;
                tokio::select! {
                    biased;
                    () = waiting.place.overtaken() => {}
                    send = self.may_send() => return send,
                }
            }
        };
        let send = tokio::select! {
            biased;
            never = begin => never,
            send = next => send,
        };
        deadline.begin();
        let reservation = lock(&self.0.reservation).take();
        Permit::new(self, reservation, Some(waiting.place.serve()), send)
    }

    /// Waits until the first of the queue may send.
    async fn may_send(&self) -> OwnedMutexGuard<()> {
        let shared = &self.0.limiter.0;
        // Whoever has to wait anyway holds no reservation.
        wait_until(|| self.earliest()).await;
        if shared.spacing == 0.0 {
            return Arc::clone(&self.0.send).lock_owned().await;
        }
        let (name, spacing) = (self.0.operation.name(), shared.shared_spacing);
        let next = || lock(&self.0.sends).next;
        let mut recheck = None;
        loop {
            wait_until(|| recheck.max(next())).await;
            let send = Arc::clone(&self.0.send).lock_owned().await;
            // Somebody in a hurry may have sent meanwhile.
            if next().is_some_and(|next| seconds_until(next) > NEGLIGIBLE) {
                continue;
            }
            let try_start = |schedule: &mut Schedule| {
                let now = shared.clock.now();
                let mut reservation = lock(&self.0.reservation);
                let reservation =
                    reservation.get_or_insert_with(|| schedule.reserve(now, name, spacing));
                schedule.try_start(now, reservation, name, spacing) - now
            };
            let wait = shared.schedule.with(try_start).await;
            if wait <= NEGLIGIBLE {
                return send;
            }
            let wait = Duration::try_from_secs_f64(wait).unwrap_or(RECHECK);
            recheck = Some(Instant::now() + wait.min(RECHECK));
        }
    }

    /// Waits until the caller may send one request ahead of the queue: for what
    /// must not be put off. A second after the last request at the latest,
    /// whatever the pace is; the other processes of this host make way. (Other
    /// hosts do not know.)
    pub(in crate::ses) async fn urgent_permit(&self) -> Permit {
        let send = Arc::clone(&self.0.send).lock_owned().await;
        let shared = &self.0.limiter.0;
        let a_second = Duration::from_secs_f64(spacing(1.0) + MOST_LATENESS);
        let due = || {
            let latest = lock(&self.0.sends).last.map(|last| last + a_second);
            self.earliest().min(latest)
        };
        if shared.spacing > 0.0 {
            let reserve = |schedule: &mut Schedule| {
                let wait = due().map_or(0.0, seconds_until);
                let at = shared.clock.now() + wait;
                schedule.reserve_urgent(at, self.0.operation.name());
            };
            shared.schedule.with(reserve).await;
        }
        wait_until(due).await;
        Permit::new(self, None, None, send)
    }

    /// When this process may send again; `None`: now.
    fn earliest(&self) -> Option<Instant> {
        let cooldown = lock(&self.0.limiter.0.cooldown).until;
        cooldown.max(lock(&self.0.sends).next)
    }
}

/// A caller that waits for a permit. The last that leaves without one gives the queue's
/// reservation back.
struct Waiting<'a> {
    limiter: &'a OperationLimiter,
    place: Place,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let state = &self.limiter.0;
        if !self.place.leave() {
            return;
        }
        if let Some(reservation) = lock(&state.reservation).take() {
            state.give_back(&reservation);
        }
    }
}

impl OperationState {
    fn give_back(&self, reservation: &Reservation) {
        let (shared, name) = (&self.limiter.0, self.operation.name());
        // If another process holds the schedule right now, the reservation is lost.
        shared
            .schedule
            .try_with(|schedule| schedule.release(reservation, name));
    }
}

/// Waits until a time that may change meanwhile; `None` is past.
async fn wait_until(time: impl Fn() -> Option<Instant>) {
    while let Some(time) = time().filter(|time| seconds_until(*time) > NEGLIGIBLE) {
        sleep_until(time).await;
    }
}

/// 0 where `time` is past.
fn seconds_until(time: Instant) -> f64 {
    time.saturating_duration_since(Instant::now()).as_secs_f64()
}

#[cfg(test)]
mod tests;
