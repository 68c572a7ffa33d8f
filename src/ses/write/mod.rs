//! Writes: `SetIdentityMailFromDomain`, and what became of it.

mod claims;
mod restart;
mod unset;

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity};
use crate::ses::api::{Api, SetRequest};
use crate::ses::deadline::{Deadline, Interrupted};
use crate::ses::error::{Error, Operation, Reach};
use crate::ses::limit::{Backoff, OperationLimiter, Permit, RateLimiter, Ticket};
use crate::ses::read::Reader;
use claims::Claims;

pub use restart::{Left, RestartError};
pub use unset::Unset;

const SET: Operation = Operation::SetIdentityMailFromDomain;

/// A Set that was not accepted as far as is known.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct SetError {
    /// What the last attempt died of.
    pub error: Error,
    /// What SES may have done all the same.
    pub outcome: Outcome,
}

impl SetError {
    fn may_be_made(&self) -> bool {
        self.outcome != Outcome::NotMade
    }
}

/// What became of a Set without an accepting answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// SES has not changed anything.
    NotMade,
    /// An answer was lost: the change was made or it was not, and a read tells.
    Unknown,
    /// An answer is still to come: even if a read does not show the change,
    /// SES may make it yet.
    InTheAir,
}

/// Sends `SetIdentityMailFromDomain` in one region.
pub(in crate::ses) struct Writer {
    api: Arc<dyn Api>,
    limiter: OperationLimiter,
    claims: Claims,
    reader: Reader,
}

impl Writer {
    /// `reader` is the one to tell what has changed.
    pub(in crate::ses) fn new(api: Arc<dyn Api>, limiter: &RateLimiter, reader: Reader) -> Self {
        Self {
            api,
            limiter: limiter.operation(SET),
            claims: Claims::default(),
            reader,
        }
    }

    /// Sets the custom MAIL FROM domain, trying again until SES accepts it, a
    /// lasting error comes or the deadline passes. An attempt in flight is
    /// awaited to its end, also when the deadline passes meanwhile.
    pub(in crate::ses) async fn set(
        &self,
        deadline: &Deadline,
        identity: &Identity,
        domain: &DomainName,
        behavior: BehaviorOnMxFailure,
    ) -> Result<(), SetError> {
        let request = SetRequest::set(identity, domain, behavior);
        let claim = self.claims.claim(&request.identity);
        let set = self.try_to_set(deadline, &request).await;
        // What SES may have accepted must not be undone, either.
        if set.as_ref().map_or_else(SetError::may_be_made, |()| true) {
            claim.stands();
        }
        set
    }

    async fn try_to_set(&self, deadline: &Deadline, request: &SetRequest) -> Result<(), SetError> {
        let mut attempts = Attempts::default();
        let ticket = self.limiter.ticket();
        loop {
            let slot = match self.slot(deadline, &ticket, &request.identity).await {
                Ok(slot) => slot,
                Err(interrupted) => return Err(attempts.interrupted(interrupted, deadline)),
            };
            match self.send(deadline, &slot.permit, request).await {
                Ok(()) => return Ok(()),
                Err(error) => attempts.failed(error),
            }
            drop(slot);
            attempts.pause(deadline).await?;
        }
    }

    /// Waits until a request for `identity` may go out.
    async fn slot(
        &self,
        deadline: &Deadline,
        ticket: &Ticket,
        identity: &str,
    ) -> Result<Slot, Interrupted> {
        let in_flight = self.claims.in_flight(identity);
        deadline
            .bound(async {
                Slot {
                    _in_flight: in_flight.lock_owned().await,
                    permit: self.limiter.permit_for(ticket, deadline).await,
                }
            })
            .await
    }

    /// Makes one attempt, and lets the limiter know how it went.
    async fn send(
        &self,
        deadline: &Deadline,
        permit: &Permit,
        request: &SetRequest,
    ) -> Result<(), Error> {
        self.reader.changed(&request.identity);
        let sent = self.answer(deadline, permit, request).await;
        self.reader.changed(&request.identity);
        permit.answered(&sent).await;
        if let Err(error) = &sent {
            tracing::debug!(%error, identity = request.identity, "an attempt failed");
        }
        sent
    }

    /// Once the request is out, its answer is worth waiting for: only a request
    /// that is still looking for credentials or a connection is called off.
    async fn answer(
        &self,
        deadline: &Deadline,
        permit: &Permit,
        request: &SetRequest,
    ) -> Result<(), Error> {
        let departure = permit.departure();
        let mut answer = self.api.set(&departure, request);
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            () = deadline.stopped() => {}
        }
        if permit.is_sent() {
            return answer.await;
        }
        drop(answer);
        Err(Error::NoAnswer {
            operation: SET,
            reason: "stopped before the request was sent".to_owned(),
            // It may have slipped out just now.
            reach: if permit.is_sent() {
                Reach::MaybeLater
            } else {
                Reach::NotSent
            },
        })
    }
}

/// The right to send one request for one identity.
struct Slot {
    permit: Permit,
    _in_flight: OwnedMutexGuard<()>,
}

/// The failed attempts of one request.
#[derive(Default)]
struct Attempts {
    backoff: Backoff,
    last: Option<Error>,
    /// The farthest that any of them may have come.
    reach: Option<Reach>,
}

impl Attempts {
    fn failed(&mut self, error: Error) {
        self.reach = self.reach.max(Some(error.reach()));
        self.last = Some(error);
    }

    /// Pauses before the next attempt, or says how the row of them ended.
    async fn pause(&mut self, deadline: &Deadline) -> Result<(), SetError> {
        let Some(last) = &self.last else {
            return Ok(());
        };
        let Some(pause) = self.backoff.pause(last.remedy(), fastrand::f64()) else {
            return Err(self.ended(last.clone()));
        };
        match deadline.pause(pause).await {
            Ok(()) => Ok(()),
            Err(interrupted) => Err(self.interrupted(interrupted, deadline)),
        }
    }

    fn interrupted(&self, interrupted: Interrupted, deadline: &Deadline) -> SetError {
        let last = self.last.clone().map(Arc::new);
        self.ended(Error::interrupted(interrupted, SET, deadline, last))
    }

    fn ended(&self, error: Error) -> SetError {
        let outcome = match self.reach {
            None | Some(Reach::NotSent) => Outcome::NotMade,
            Some(Reach::MaybeDone) => Outcome::Unknown,
            Some(Reach::MaybeLater) => Outcome::InTheAir,
        };
        SetError { error, outcome }
    }
}

#[cfg(test)]
pub(in crate::ses) mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::ses::api::MailFrom;
    use crate::ses::error::Remedy;
    use crate::ses::fake::{FakeSes, Fault, set};
    use crate::ses::limit::SharedSchedule;

    pub(crate) struct Scene {
        pub(crate) ses: FakeSes,
        pub(crate) writer: Writer,
        pub(crate) stop: CancellationToken,
        pub(crate) deadline: Deadline,
        pub(crate) identity: Identity,
    }

    impl Scene {
        pub(crate) fn holding(mail_from: MailFrom) -> Self {
            let ses = FakeSes::holding("example.com", mail_from);
            let stop = CancellationToken::new();
            let api: Arc<dyn Api> = Arc::new(ses.clone());
            let limiter = RateLimiter::new(1.0, SharedSchedule::of_process());
            let reader = Reader::start(Arc::clone(&api), &limiter, mpsc::unbounded_channel().0);
            Self {
                writer: Writer::new(api, &limiter, reader),
                deadline: Deadline::after(Duration::from_secs(300), stop.clone()),
                identity: Identity::parse("example.com").unwrap(),
                ses,
                stop,
            }
        }

        pub(crate) async fn set(&self) -> Result<(), SetError> {
            let domain = DomainName::parse("bounce.example.com").unwrap();
            let behavior = BehaviorOnMxFailure::UseDefaultValue;
            self.writer
                .set(&self.deadline, &self.identity, &domain, behavior)
                .await
        }

        pub(crate) async fn unset(&self) -> Result<Unset, Error> {
            self.writer.unset(&self.deadline, &self.identity).await
        }

        pub(crate) fn held(&self) -> MailFrom {
            self.ses.held("example.com")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn set_rides_out_every_fault_that_passes() {
        let scene = Scene::holding(MailFrom::Unset);
        scene.ses.fail([
            Fault::Refuse(400, "Throttling"),
            Fault::CannotConnect,
            Fault::Refuse(500, "InternalFailure"),
            Fault::LoseAnswer,
        ]);
        scene.set().await.unwrap();
        assert_eq!(scene.held(), set("bounce.example.com"));
        assert!(
            scene.ses.gaps().iter().all(|gap| *gap >= 1.0199),
            "{:?}",
            scene.ses.gaps()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn set_gives_up_at_once_when_refused_and_nothing_was_made() {
        let scene = Scene::holding(MailFrom::Unset);
        scene
            .ses
            .fail([Fault::Refuse(400, "InvalidParameterValue")]);
        let ended = scene.set().await.unwrap_err();
        assert!(ended.error.invalid_parameter());
        assert_eq!(ended.outcome, Outcome::NotMade);
        assert_eq!(scene.ses.calls().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn set_knows_that_a_lost_answer_leaves_a_doubt() {
        let scene = Scene::holding(MailFrom::Unset);
        scene
            .ses
            .fail([Fault::LoseAnswer, Fault::Refuse(403, "AccessDenied")]);
        let ended = scene.set().await.unwrap_err();
        assert!(ended.error.access_denied().is_some());
        assert_eq!(ended.outcome, Outcome::Unknown);
    }

    #[tokio::test(start_paused = true)]
    async fn set_throttled_for_good_ends_with_the_deadline() {
        let scene = Scene::holding(MailFrom::Unset);
        scene
            .ses
            .fail(std::iter::repeat_n(Fault::Refuse(400, "Throttling"), 1000));
        let started = Instant::now();
        let ended = scene.set().await.unwrap_err();
        assert!(matches!(ended.error, Error::TimedOut { .. }));
        assert_eq!(ended.error.last().unwrap().remedy(), Remedy::SlowDown);
        assert_eq!(ended.outcome, Outcome::NotMade);
        assert_eq!(started.elapsed(), Duration::from_secs(300));
    }

    #[tokio::test(start_paused = true)]
    async fn stop_ends_the_wait_for_a_turn_but_not_a_set_in_flight() {
        let scene = Scene::holding(MailFrom::Unset);
        scene.ses.fail([Fault::Slow(Duration::from_secs(4))]);
        let started = Instant::now();
        let (in_flight, waiting, ()) = tokio::join!(
            async { (scene.set().await, started.elapsed()) },
            async { (scene.set().await, started.elapsed()) },
            async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                scene.stop.cancel();
            }
        );
        assert!(in_flight.0.is_ok());
        assert_eq!(in_flight.1, Duration::from_secs(4));
        let ended = waiting.0.unwrap_err();
        assert!(matches!(ended.error, Error::Stopped { .. }));
        assert_eq!(ended.outcome, Outcome::NotMade);
        assert_eq!(waiting.1, Duration::from_millis(500));
        assert_eq!(scene.ses.calls().len(), 1, "nothing new is begun");
    }
}
