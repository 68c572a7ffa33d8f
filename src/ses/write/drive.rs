//! Drives a change: carries out what the [table](super::table) says, and tells it what
//! has happened.

use super::attempts::Attempts;
use super::course::Course;
use super::table::{self, End, Event, Known, Next, Request};
use super::writer::SET;
use crate::ses::api::SetRequest;
use crate::ses::claims::Siblings;
use crate::ses::deadline::Deadline;
use crate::ses::error::{Error, Reach, Remedy};
use crate::ses::limit::Permit;

impl Course<'_> {
    /// Drives the change to its end.
    pub(super) async fn drive(mut self) -> (End, Self) {
        let mut known = Known::Before;
        let mut event = Event::Begin;
        loop {
            let next;
            (known, next) = table::next(self.change.goal, known, event);
            tracing::trace!(identity = %self.change.identity, ?event, ?known, ?next, "a change");
            event = match next {
                Next::Send(request) => {
                    let deadline = self.deadline(known);
                    self.send(&deadline, known, request).await
                }
                Next::Look(look) => {
                    self.in_flight = None;
                    self.look(look).await
                }
                Next::AwaitSibling => {
                    let identity = self.change.identity.as_str();
                    let changed = self.writer.claims.siblings_changed(identity);
                    match self.deadline.bound(changed).await {
                        Ok(()) => Event::SiblingEnded,
                        Err(interrupted) => self.over(interrupted),
                    }
                }
                Next::End(end) => return (end, self),
            };
        }
    }

    /// Makes one attempt at `request`, when its turn has come, and says how it went.
    async fn send(&mut self, deadline: &Deadline, known: Known, request: Request) -> Event {
        let mut attempts = match self.attempts.take() {
            Some(attempts) if attempts.request == request => attempts,
            _ => Attempts::new(request, self.writer.limiter.ticket()),
        };
        self.ended = None;
        let event = self.attempt(deadline, known, &mut attempts).await;
        // One that was accepted keeps no place in the queue.
        self.attempts = (event != Event::Accepted).then_some(attempts);
        event
    }

    async fn attempt(
        &mut self,
        deadline: &Deadline,
        known: Known,
        attempts: &mut Attempts,
    ) -> Event {
        let request = attempts.request;
        if let Err(interrupted) = attempts.pause(deadline).await {
            return self.ends(attempts.interrupted(interrupted, deadline));
        }
        if let Err(error) = self.writer.api.ready(SET, deadline).await {
            return match error {
                Error::TimedOut { .. } | Error::Stopped { .. } => self.ends(error),
                _ => self.refused(error),
            };
        }
        // Whose account another process uses may have to be asked: before the permit.
        if let Some(event) = self.gives_way(deadline, known, request).await {
            return event;
        }
        let right = self.right_to_send(deadline, known, attempts);
        let permit = match deadline.bound(right).await {
            Ok(permit) => permit,
            Err(interrupted) => {
                return self.ends(attempts.interrupted(interrupted, deadline));
            }
        };
        if let Some(event) = self.gives_way(deadline, known, request).await {
            self.in_flight = None;
            return event;
        }
        let sent = self.answer(deadline, &permit, request).await;
        drop(permit);
        if !known.restarts() {
            // Whoever waits for the next permit must not wait for a pause here.
            self.in_flight = None;
        }
        let Err(error) = sent else {
            return Event::Accepted;
        };
        tracing::debug!(%error, identity = %self.change.identity, "an attempt failed");
        let event = event_of(&error);
        attempts.failed(error.clone());
        match event {
            Event::Refused => self.refused(error),
            event => event,
        }
    }

    /// Waits until the next attempt may be made.
    async fn right_to_send(
        &mut self,
        deadline: &Deadline,
        known: Known,
        attempts: &Attempts,
    ) -> Permit {
        if self.in_flight.is_none() {
            let in_flight = self
                .writer
                .claims
                .in_flight(self.change.identity.as_str())
                .await;
            self.in_flight = Some(in_flight);
        }
        if known.is_off() {
            self.writer.limiter.urgent_permit().await
        } else {
            self.writer
                .limiter
                .permit_for(&attempts.ticket, deadline)
                .await
        }
    }

    /// Whether another object wants what is to be unset for good.
    async fn gives_way(
        &mut self,
        deadline: &Deadline,
        known: Known,
        request: Request,
    ) -> Option<Event> {
        if request == Request::Set || known.restarts() {
            return None;
        }
        let identity = self.change.identity.as_str();
        let siblings = self
            .writer
            .claims
            .siblings(deadline, identity, self.change.object);
        match siblings.await {
            Siblings::Nobody => None,
            Siblings::Queued => Some(Event::SiblingQueued),
            Siblings::Stands => Some(Event::SiblingStands),
            Siblings::Unknown(reason) => {
                self.unknown_sibling = reason;
                Some(Event::SiblingUnknown)
            }
        }
    }

    /// Sends the request, and lets everybody know how it went.
    async fn answer(
        &mut self,
        deadline: &Deadline,
        permit: &Permit,
        request: Request,
    ) -> Result<(), Error> {
        let identity = self.change.identity.as_str();
        self.writer.reader.changed(identity);
        let parameters = self.change.parameters(request);
        let answer = self.in_flight_until(deadline, permit, &parameters).await;
        self.writer.reader.changed(identity);
        permit.answered(&answer).await;
        let reach = answer.as_ref().err().map(Error::reach);
        if reach.is_none_or(Reach::may_be_made) {
            let setting = self.change.setting(request).cloned();
            let sent = self
                .writer
                .sends
                .sent(self.change.identity, setting, reach.is_none());
            self.made(sent, reach);
        }
        // Whoever deletes another object need not wait until SES shows it.
        if let (true, Request::Set, Some(claim)) = (answer.is_ok(), request, self.change.claim) {
            claim.stands();
        }
        answer
    }

    /// Once the request is out, its answer is worth waiting for: only a request
    /// that is still looking for credentials or a connection is called off.
    async fn in_flight_until(
        &self,
        deadline: &Deadline,
        permit: &Permit,
        parameters: &SetRequest,
    ) -> Result<(), Error> {
        let departure = permit.departure();
        let mut answer = self.writer.api.set(&departure, parameters);
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
