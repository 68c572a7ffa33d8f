//! Writer of MAIL FROM in one region: carries out what the [table](super::table) says,
//! and tells it what has happened.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::attempts::Attempts;
use super::change::{Change, Set, Unset, Unwanted, Wanted};
use super::course::Course;
use super::table::{self, End, Event, Known, Next, Request};
use crate::ses::api::{Api, SetRequest};
use crate::ses::claims::{Claims, Siblings};
use crate::ses::deadline::Deadline;
use crate::ses::error::{Error, Operation, Reach, Remedy};
use crate::ses::limit::{OperationLimiter, Permit, RateLimiter};
use crate::ses::read::{Reader, Sends, Sent};

pub(super) const SET: Operation = Operation::SetIdentityMailFromDomain;

/// How long the Set of a restart is tried at least, and after a stop at most.
pub(super) const FINISHED_WITHIN: Duration = Duration::from_secs(30);

/// Sends `SetIdentityMailFromDomain` in one region.
pub(in crate::ses) struct Writer {
    api: Arc<dyn Api>,
    limiter: OperationLimiter,
    pub(super) claims: Arc<Claims>,
    pub(super) reader: Reader,
    pub(super) sends: Sends,
}

impl Writer {
    /// `reader` is told what has changed, and `sends` what was sent.
    pub(in crate::ses) fn new(
        api: Arc<dyn Api>,
        limiter: &RateLimiter,
        reader: Reader,
        sends: Sends,
        claims: Arc<Claims>,
    ) -> Self {
        Self {
            api,
            limiter: limiter.operation(SET),
            claims,
            reader,
            sends,
        }
    }

    /// Sets the custom MAIL FROM domain, and finds out what became of it; beside it what
    /// was sent last, if anything was.
    pub(in crate::ses) async fn set(
        &self,
        deadline: &Deadline,
        wanted: &Wanted,
    ) -> (Set, Option<Sent>) {
        let claim = self.claims.claim(wanted.identity.as_str(), &wanted.object);
        let change = Change::set(wanted, &claim);
        let (end, mut course) = self.carry_out(deadline, &change).await;
        // What SES may have accepted must not be undone, either.
        if end != End::NotMade {
            claim.stands();
            self.claims.make_known(deadline).await;
        }
        let sent = course.sent.take();
        (course.set(end), sent)
    }

    /// Unsets the custom MAIL FROM domain, unless another object wants it: decided when
    /// the permit has come, and once it is known what became of the other's Set.
    pub(in crate::ses) async fn unset(&self, deadline: &Deadline, unwanted: &Unwanted) -> Unset {
        let identity = unwanted.identity.as_str();
        let object = unwanted.object.as_ref();
        // Before a permit is taken: whose accounts they are may have to be asked for. What
        // follows is decided then.
        self.claims.siblings(deadline, identity, object).await;
        let planned_elsewhere = object.is_some_and(|object| !self.claims.destroy_planned(object));
        let change = Change::unset(unwanted, planned_elsewhere && unwanted.own.is_some());
        let (end, course) = self.carry_out(deadline, &change).await;
        let unset = course.unset(end);
        let stays = matches!(unset, Unset::NotDone(_) | Unset::SiblingUnknown(_));
        if let (Some(object), false) = (object, stays) {
            self.claims.gone(identity, object);
        }
        unset
    }

    /// Drives `change` to its end. A stop does not keep back the Set that follows an unset.
    async fn carry_out<'a>(
        &self,
        deadline: &'a Deadline,
        change: &Change<'_>,
    ) -> (End, Course<'a>) {
        let late_stop = CancellationToken::new();
        let stopped = async {
            deadline.stopped().await;
            sleep(FINISHED_WITHIN).await;
            late_stop.cancel();
            std::future::pending().await
        };
        let course = Course::new(deadline, late_stop.clone());
        tokio::select! {
            ended = self.drive(deadline, change, course) => ended,
            never = stopped => never,
        }
    }

    async fn drive<'a>(
        &self,
        deadline: &Deadline,
        change: &Change<'_>,
        mut course: Course<'a>,
    ) -> (End, Course<'a>) {
        let mut known = Known::Before;
        let mut event = Event::Begin;
        loop {
            let next;
            (known, next) = table::next(change.goal, known, event);
            tracing::trace!(identity = %change.identity, ?event, ?known, ?next, "a change");
            event = match next {
                Next::Send(request) => {
                    let deadline = course.deadline(known);
                    self.send(&deadline, change, &mut course, known, request)
                        .await
                }
                Next::Look(look) => {
                    course.in_flight = None;
                    self.look(deadline, change, &mut course, look).await
                }
                Next::AwaitSibling => {
                    let changed = self.claims.siblings_changed(change.identity.as_str());
                    match deadline.bound(changed).await {
                        Ok(()) => Event::SiblingEnded,
                        Err(interrupted) => course.over(interrupted),
                    }
                }
                Next::End(end) => return (end, course),
            };
        }
    }

    /// Makes one attempt at `request`, when its turn has come, and says how it went.
    async fn send(
        &self,
        deadline: &Deadline,
        change: &Change<'_>,
        course: &mut Course<'_>,
        known: Known,
        request: Request,
    ) -> Event {
        let mut attempts = match course.attempts.take() {
            Some(attempts) if attempts.request == request => attempts,
            _ => Attempts::new(request, self.limiter.ticket()),
        };
        course.ended = None;
        let event = self
            .attempt(deadline, change, course, known, &mut attempts)
            .await;
        // One that was accepted keeps no place in the queue.
        course.attempts = (event != Event::Accepted).then_some(attempts);
        event
    }

    async fn attempt(
        &self,
        deadline: &Deadline,
        change: &Change<'_>,
        course: &mut Course<'_>,
        known: Known,
        attempts: &mut Attempts,
    ) -> Event {
        let request = attempts.request;
        if let Err(interrupted) = attempts.pause(deadline).await {
            return course.ends(attempts.interrupted(interrupted, deadline));
        }
        if let Err(error) = self.api.ready(SET, deadline).await {
            return match error {
                Error::TimedOut { .. } | Error::Stopped { .. } => course.ends(error),
                _ => course.refused(error),
            };
        }
        // Whose account another process uses may have to be asked: before the permit.
        if request == Request::Unset
            && !known.restarts()
            && let Some(event) = self.sibling(deadline, change, course).await
        {
            return event;
        }
        let right = self.right_to_send(deadline, change, course, known, attempts);
        let permit = match deadline.bound(right).await {
            Ok(permit) => permit,
            Err(interrupted) => {
                return course.ends(attempts.interrupted(interrupted, deadline));
            }
        };
        if request == Request::Unset
            && !known.restarts()
            && let Some(event) = self.sibling(deadline, change, course).await
        {
            course.in_flight = None;
            return event;
        }
        let sent = self
            .answer(deadline, &permit, change, course, request)
            .await;
        drop(permit);
        if !known.restarts() {
            // Whoever waits for the next permit must not wait for a pause here.
            course.in_flight = None;
        }
        let Err(error) = sent else {
            return Event::Accepted;
        };
        tracing::debug!(%error, identity = %change.identity, "an attempt failed");
        let event = event_of(&error);
        attempts.failed(error.clone());
        match event {
            Event::Refused => course.refused(error),
            event => event,
        }
    }

    /// Waits until the next attempt may be made.
    async fn right_to_send(
        &self,
        deadline: &Deadline,
        change: &Change<'_>,
        course: &mut Course<'_>,
        known: Known,
        attempts: &Attempts,
    ) -> Permit {
        if course.in_flight.is_none() {
            let in_flight = self.claims.in_flight(change.identity.as_str()).await;
            course.in_flight = Some(in_flight);
        }
        if known.is_off() {
            self.limiter.urgent_permit().await
        } else {
            self.limiter.permit_for(&attempts.ticket, deadline).await
        }
    }

    /// Whether another object wants what is to be unset.
    async fn sibling(
        &self,
        deadline: &Deadline,
        change: &Change<'_>,
        course: &mut Course<'_>,
    ) -> Option<Event> {
        let identity = change.identity.as_str();
        let siblings = self.claims.siblings(deadline, identity, change.object);
        match siblings.await {
            Siblings::Nobody => None,
            Siblings::Queued => Some(Event::SiblingQueued),
            Siblings::Stands => Some(Event::SiblingStands),
            Siblings::Unknown(reason) => {
                course.unknown_sibling = reason;
                Some(Event::SiblingUnknown)
            }
        }
    }

    /// Sends the request, and lets everybody know how it went.
    async fn answer(
        &self,
        deadline: &Deadline,
        permit: &Permit,
        change: &Change<'_>,
        course: &mut Course<'_>,
        request: Request,
    ) -> Result<(), Error> {
        let identity = change.identity.as_str();
        self.reader.changed(identity);
        let parameters = change.parameters(request);
        let answer = self.in_flight(deadline, permit, &parameters).await;
        self.reader.changed(identity);
        permit.answered(&answer).await;
        let reach = answer.as_ref().err().map(Error::reach);
        if reach.is_none_or(Reach::may_be_made) {
            let setting = change.setting(request).cloned();
            let sent = self.sends.sent(change.identity, setting, reach.is_none());
            course.made(sent, reach);
        }
        // Whoever deletes another object need not wait until SES shows it.
        if let (true, Request::Set, Some(claim)) = (answer.is_ok(), request, change.claim) {
            claim.stands();
        }
        answer
    }

    /// Once the request is out, its answer is worth waiting for: only a request
    /// that is still looking for credentials or a connection is called off.
    async fn in_flight(
        &self,
        deadline: &Deadline,
        permit: &Permit,
        parameters: &SetRequest,
    ) -> Result<(), Error> {
        let departure = permit.departure();
        let mut answer = self.api.set(&departure, parameters);
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
}

/// What a failed attempt is to the table.
fn event_of(error: &Error) -> Event {
    match error.remedy() {
        _ if error.reach().may_be_made() => Event::Lost,
        Remedy::GiveUp => Event::Refused,
        Remedy::SlowDown | Remedy::TryAgain => Event::NotMade,
    }
}
