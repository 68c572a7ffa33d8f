//! Permit: the right to send one request. It tells the limiter when the request went out,
//! and what came of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use super::super::clock::UnixTime;
use super::super::lock;
use super::super::schedule::{Answer, Reservation};
use super::super::tickets::Service;
use super::{OperationLimiter, Sends};
use crate::ses::api::Departure;
use crate::ses::error::{Error, Remedy};

/// The right to send one request. The last clone that is dropped passes the
/// permit on; one that was never [`sent`](Permit::sent) costs nothing.
#[derive(Clone, Debug)]
pub(in crate::ses) struct Permit(Arc<PermitState>);

#[derive(Debug)]
struct PermitState {
    limiter: OperationLimiter,
    reservation: Option<Reservation>,
    /// Held until the request has gone out.
    right: Mutex<Option<Right>>,
    /// When the request went out, by tokio's clock and by that of the schedule.
    sent: Mutex<Option<(Instant, UnixTime)>>,
}

/// The service of the queue, unless the queue was passed by, and the word to send.
#[derive(Debug)]
struct Right {
    _service: Option<Service>,
    _send: OwnedMutexGuard<()>,
}

impl Departure for PermitState {
    fn sent(&self) {
        let mut right = lock(&self.right);
        if right.is_none() {
            return;
        }
        let (shared, name) = (&self.limiter.0.limiter.0, self.limiter.0.operation.name());
        if shared.spacing > 0.0 {
            let (sent, now) = (Instant::now(), shared.clock.now());
            *lock(&self.limiter.0.sends) = Sends {
                last: Some(sent),
                next: Some(sent + Duration::from_secs_f64(shared.spacing)),
            };
            *lock(&self.sent) = Some((sent, now));
            // If another process holds the schedule right now, the reservation stands for it.
            shared
                .schedule
                .try_with(|schedule| schedule.sent(now, name, shared.shared_spacing));
        }
        *right = None;
    }

    fn is_sent(&self) -> bool {
        lock(&self.right).is_none()
    }
}

impl Permit {
    pub(super) fn new(
        limiter: &OperationLimiter,
        reservation: Option<Reservation>,
        service: Option<Service>,
        send: OwnedMutexGuard<()>,
    ) -> Self {
        let right = Right {
            _service: service,
            _send: send,
        };
        Self(Arc::new(PermitState {
            limiter: limiter.clone(),
            reservation,
            right: Mutex::new(Some(right)),
            sent: Mutex::default(),
        }))
    }

    /// Whom to tell when the request goes out.
    pub(in crate::ses) fn departure(&self) -> Arc<dyn Departure> {
        Arc::clone(&self.0) as Arc<dyn Departure>
    }

    /// The request goes out now.
    #[cfg(test)]
    pub(in crate::ses) fn sent(&self) {
        self.0.sent();
    }

    /// Whether the request has gone out.
    pub(in crate::ses) fn is_sent(&self) -> bool {
        self.0.is_sent()
    }

    /// SES has answered the request, or nobody has: lets the pace learn from it.
    pub(in crate::ses) async fn answered<T>(&self, answer: &Result<T, Error>) {
        let throttled = match answer {
            Ok(_) => false,
            Err(error) if error.remedy() == Remedy::SlowDown => true,
            // Says nothing about the rate.
            Err(_) => return,
        };
        let Some((sent, sent_at)) = *lock(&self.0.sent) else {
            self.answered_without_pace(throttled);
            return;
        };
        let shared = &self.0.limiter.0.limiter.0;
        let took = sent.elapsed().as_secs_f64();
        let latency = {
            let mut latency = lock(&self.0.limiter.0.latency);
            latency.learn(took, !throttled);
            *latency
        };
        // What arrived late must not be followed by what arrives early.
        {
            let apart = Duration::from_secs_f64(latency.lateness(took) + shared.spacing);
            let mut sends = lock(&self.0.limiter.0.sends);
            sends.next = sends.next.max(Some(sent + apart));
        }
        let answer = Answer {
            operation: self.0.limiter.0.operation.name(),
            sent: sent_at,
            spacing: shared.shared_spacing,
            way: latency.way(),
            chance: fastrand::f64(),
        };
        let learn = shared.schedule.with(|schedule| {
            if throttled {
                schedule.throttled(shared.clock.now(), answer);
            } else {
                schedule.accepted(answer);
            }
        });
        learn.await;
    }

    fn answered_without_pace(&self, throttled: bool) {
        let shared = &self.0.limiter.0.limiter.0;
        let mut cooldown = lock(&shared.cooldown);
        if throttled {
            let until = Instant::now() + cooldown.backoff.next(fastrand::f64());
            cooldown.until = cooldown.until.max(Some(until));
        } else {
            cooldown.backoff.reset();
        }
    }
}

impl Drop for PermitState {
    fn drop(&mut self) {
        if !self.is_sent()
            && let Some(reservation) = &self.reservation
        {
            self.limiter.0.give_back(reservation);
        }
    }
}
