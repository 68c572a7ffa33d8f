//! Writer of MAIL FROM in one region: tries a request until SES accepts it, each attempt
//! when its permit has come.

use std::sync::Arc;

use super::attempts::{Attempts, SetError};
use super::claims::{Claims, InFlight};
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity};
use crate::ses::api::{Api, MailFrom, SetRequest};
use crate::ses::deadline::Deadline;
use crate::ses::error::{Error, Operation, Reach, Remedy};
use crate::ses::limit::{OperationLimiter, Permit, RateLimiter, Ticket};
use crate::ses::read::{Freshness, Reader};

pub(super) const SET: Operation = Operation::SetIdentityMailFromDomain;

/// Sends `SetIdentityMailFromDomain` in one region.
pub(in crate::ses) struct Writer {
    pub(super) api: Arc<dyn Api>,
    pub(super) limiter: OperationLimiter,
    pub(super) claims: Claims,
    pub(super) reader: Reader,
}

/// What a set, an unset and the two requests of a restart do differently.
#[derive(Default)]
pub(super) struct Course<'a> {
    /// When the permit of each attempt comes.
    pub(super) urgency: Urgency,
    /// The right to have a request for the identity in flight, where the caller holds
    /// it over several requests. Otherwise each attempt holds it for itself.
    pub(super) in_flight: Option<&'a InFlight>,
    /// Whether nothing is sent any more once a sibling has claimed the identity, which
    /// is asked when a permit has come.
    pub(super) gives_way: bool,
    /// Whether a failed attempt is followed by a read, which may show that there is
    /// nothing to unset any more.
    pub(super) reads_after_failure: bool,
}

/// When a request's permit comes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Urgency {
    /// After those that were queued before.
    #[default]
    InOrder,
    /// Next of all.
    Next,
}

/// How a request came to a good end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// SES has accepted it.
    Accepted,
    /// It has failed, and a read has shown that there is nothing to unset.
    NothingToUnset,
    /// A sibling has claimed the identity.
    LeftToSibling,
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
        let claim = self.claims.claim(identity.as_str());
        let set = self
            .until_accepted(deadline, &request, &Course::default())
            .await;
        // What SES may have accepted must not be undone, either.
        let ended = set.as_ref().err();
        if ended.is_none_or(|ended| ended.reach.may_be_made()) {
            claim.stands();
        }
        set.map(drop)
    }

    /// Tries `request` until SES accepts it, a lasting error comes or the deadline
    /// passes.
    pub(super) async fn until_accepted(
        &self,
        deadline: &Deadline,
        request: &SetRequest,
        course: &Course<'_>,
    ) -> Result<Done, SetError> {
        let mut attempts = Attempts::default();
        // A refused request keeps its place.
        let ticket = self.limiter.ticket();
        loop {
            let ready = self.api.ready(SET, deadline).await;
            ready.map_err(|error| attempts.ended(error))?;
            let right = self.right_to_send(deadline, &ticket, request, course);
            let right = deadline.bound(right).await;
            let (in_flight, permit) =
                right.map_err(|interrupted| attempts.interrupted(interrupted, deadline))?;
            if course.gives_way && self.claims.is_claimed(request.identity.as_str()) {
                return Ok(Done::LeftToSibling);
            }
            let Err(error) = self.send(deadline, &permit, request).await else {
                return Ok(Done::Accepted);
            };
            // Whoever waits for the next permit must not wait for the pause here.
            drop((permit, in_flight));
            // Throttled means that nothing has happened: there is no news to read.
            if course.reads_after_failure
                && error.remedy() != Remedy::SlowDown
                && self.is_unset(deadline, &request.identity).await
            {
                return Ok(Done::NothingToUnset);
            }
            attempts.failed(error);
            attempts.pause(deadline).await?;
        }
    }

    /// Waits until the next attempt may be made.
    async fn right_to_send(
        &self,
        deadline: &Deadline,
        ticket: &Ticket,
        request: &SetRequest,
        course: &Course<'_>,
    ) -> (Option<InFlight>, Permit) {
        let in_flight = match course.in_flight {
            Some(_) => None,
            None => Some(self.claims.in_flight(request.identity.as_str()).await),
        };
        let permit = match course.urgency {
            Urgency::InOrder => self.limiter.permit_for(ticket, deadline).await,
            Urgency::Next => self.limiter.urgent_permit().await,
        };
        (in_flight, permit)
    }

    /// Makes one attempt, and lets the limiter know how it went.
    async fn send(
        &self,
        deadline: &Deadline,
        permit: &Permit,
        request: &SetRequest,
    ) -> Result<(), Error> {
        let identity = request.identity.as_str();
        self.reader.changed(identity);
        let sent = self.answer(deadline, permit, request).await;
        self.reader.changed(identity);
        permit.answered(&sent).await;
        if let Err(error) = &sent {
            tracing::debug!(%error, identity, "an attempt failed");
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
                Reach::MaybeMadeLater
            } else {
                Reach::NotSent
            },
        })
    }

    /// Whether a read shows that `identity` has no MAIL FROM domain, or is gone.
    pub(super) async fn is_unset(&self, deadline: &Deadline, identity: &Identity) -> bool {
        match self.reader.read(deadline, identity, Freshness::Fresh).await {
            Ok(held) => matches!(held, MailFrom::UnknownIdentity | MailFrom::Unset),
            Err(error) => {
                tracing::debug!(%error, %identity, "could not read what a failed unset did");
                false
            }
        }
    }
}

#[cfg(test)]
pub(in crate::ses) mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use super::super::Unset;
    use super::*;
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
        assert_eq!(ended.reach, Reach::Refused);
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
        assert_eq!(ended.reach, Reach::MaybeMade);
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
        assert_eq!(ended.reach, Reach::Refused);
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
        assert_eq!(ended.reach, Reach::NotSent);
        assert_eq!(waiting.1, Duration::from_millis(500));
        assert_eq!(scene.ses.calls().len(), 1, "nothing new is begun");
    }
}
