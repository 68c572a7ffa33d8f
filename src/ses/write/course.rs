//! Course of one change: what the writer keeps from one request to the next.

use tokio_util::sync::CancellationToken;

use super::attempts::Attempts;
use super::change::{Change, Set, Unset};
use super::table::{End, Event, Known};
use super::writer::{FINISHED_WITHIN, SET, Writer};
use crate::mail_from::{Reported, VerificationStatus};
use crate::ses::api::MailFrom;
use crate::ses::claims::InFlight;
use crate::ses::deadline::{Deadline, Interrupted};
use crate::ses::error::{Error, Reach};
use crate::ses::read::Sent;

/// What is kept of a change under way.
pub(super) struct Course<'a> {
    pub(super) writer: &'a Writer,
    pub(super) change: &'a Change<'a>,
    /// The operation's.
    pub(super) deadline: &'a Deadline,
    /// What ends a restart whose MAIL FROM is off: some time after a stop.
    late_stop: CancellationToken,
    /// Until when a restart is begun; there is one once SES has given up.
    restart: Option<Deadline>,
    /// Until when a restart is finished; there is one once MAIL FROM may be off.
    finish: Option<Deadline>,
    /// The attempts at the request that is made.
    pub(super) attempts: Option<Attempts>,
    /// The right to have a request for the identity in flight, while it is held over
    /// several requests.
    pub(super) in_flight: Option<InFlight>,
    /// What was sent last and made, or perhaps.
    pub(super) sent: Option<Sent>,
    /// Whether its answer may still come, so that no read is a proof of its not being made.
    pub(super) may_be_made_later: bool,
    /// What a row of attempts died of.
    pub(super) ended: Option<Error>,
    /// What SES has shown last.
    pub(super) shown: Option<MailFrom>,
    /// Why SES could not be read, where that ended a look.
    pub(super) unread: Option<Error>,
    /// Why a sibling's account cannot be known.
    pub(super) unknown_sibling: String,
}

impl<'a> Course<'a> {
    pub(super) fn new(
        writer: &'a Writer,
        change: &'a Change<'a>,
        deadline: &'a Deadline,
        late_stop: CancellationToken,
    ) -> Self {
        Self {
            writer,
            change,
            deadline,
            late_stop,
            restart: None,
            finish: None,
            attempts: None,
            in_flight: None,
            sent: None,
            may_be_made_later: false,
            ended: None,
            shown: None,
            unread: None,
            unknown_sibling: String::new(),
        }
    }

    /// Until when the next request is tried. A restart has the operation's timeout once
    /// more, because SES is asked for some seconds before. While MAIL FROM may be off, a
    /// stop comes into effect late, and there is some time even if the end is near.
    pub(super) fn deadline(&mut self, known: Known) -> Deadline {
        if !known.restarts() {
            return self.deadline.clone();
        }
        let restart = self.restart.get_or_insert_with(|| self.deadline.renewed());
        if !known.is_off() {
            return restart.clone();
        }
        let finish = self.finish.get_or_insert_with(|| {
            let time = restart.left().max(FINISHED_WITHIN);
            Deadline::after(time, self.late_stop.clone())
        });
        finish.clone()
    }

    /// A request has been accepted (`None`), or has come so far without an answer.
    pub(super) fn made(&mut self, sent: Sent, reach: Option<Reach>) {
        self.sent = Some(sent);
        // One that was accepted is the last word, whatever was sent before it.
        self.may_be_made_later &= reach.is_some();
        self.may_be_made_later |= reach == Some(Reach::MaybeMadeLater);
    }

    /// The operation is over before what was waited for.
    pub(super) fn over(&mut self, interrupted: Interrupted) -> Event {
        let attempts = self.attempts.as_ref();
        let error = match attempts {
            Some(attempts) => attempts.interrupted(interrupted, self.deadline),
            None => Error::interrupted(interrupted, SET, self.deadline, None),
        };
        self.ends(error)
    }

    /// A request is refused, and would be again.
    pub(super) fn refused(&mut self, error: Error) -> Event {
        self.ended = Some(error);
        Event::Refused
    }

    /// The operation is over, by this error, unless it was before.
    pub(super) fn ends(&mut self, error: Error) -> Event {
        self.ended.get_or_insert(error);
        Event::Over
    }

    /// What became of a Set.
    pub(super) fn set(self, end: End) -> Set {
        match end {
            End::Holds => match self.status() {
                Some(status) => Set::Shown(status),
                None => Set::NotShown(None),
            },
            End::NotShown => Set::NotShown(self.unread),
            End::Overtaken => Set::Overtaken,
            End::InDoubt => Set::InDoubt(self.error()),
            End::StaysFailed => Set::NotRestarted(self.error()),
            End::IsOff => Set::Off {
                error: self.error(),
                certain: true,
            },
            End::MayBeOff => Set::Off {
                error: self.error(),
                certain: false,
            },
            // A Set gives way to nobody: the rest are ends of an unset.
            End::NotMade | End::LeftToSibling | End::LeftToOther | End::SiblingUnknown => {
                Set::NotMade(self.error())
            }
        }
    }

    /// What became of an unset.
    pub(super) fn unset(self, end: End) -> Unset {
        match end {
            End::Holds => Unset::Done,
            End::LeftToSibling => Unset::LeftToSibling,
            End::LeftToOther => Unset::LeftToOther,
            End::SiblingUnknown => Unset::SiblingUnknown(self.unknown_sibling),
            // The rest beside the first two are ends of a Set.
            End::NotMade
            | End::InDoubt
            | End::NotShown
            | End::Overtaken
            | End::StaysFailed
            | End::IsOff
            | End::MayBeOff => Unset::NotDone(self.error()),
        }
    }

    fn status(&self) -> Option<Reported<VerificationStatus>> {
        match &self.shown {
            Some(MailFrom::Set(held)) => Some(held.status.clone()),
            _ => None,
        }
    }

    fn error(self) -> Error {
        let last = self.attempts.and_then(Attempts::into_last);
        let error = self.ended.or(self.unread).or(last);
        error.unwrap_or(Error::Stopped {
            operation: SET,
            last: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::mpsc;

    use super::*;
    use crate::mail_from::Identity;
    use crate::ses::api::Api;
    use crate::ses::claims::Claims;
    use crate::ses::fake::FakeSes;
    use crate::ses::limit::{Clock, RateLimiter, SharedSchedule};
    use crate::ses::read::{Reader, Sends};
    use crate::ses::write::change::Unwanted;
    use crate::ses::write::table::Request;

    #[tokio::test]
    async fn what_ends_without_an_error_of_its_own_is_told_by_the_last_attempt() {
        let deadline = Deadline::after(FINISHED_WITHIN, CancellationToken::new());
        let limiter = RateLimiter::new(1.0, SharedSchedule::of_process());
        let api: Arc<dyn Api> = Arc::new(FakeSes::default());
        let reader = Reader::start(Arc::clone(&api), &limiter, mpsc::unbounded_channel().0);
        let (sends, claims) = (Sends::new(Clock::at(1e9)), Claims::of_process());
        let writer = Writer::new(api, &limiter, reader, sends, Arc::new(claims));
        let unwanted = Unwanted {
            identity: Identity::parse("example.com").unwrap(),
            object: None,
            own: None,
        };
        let change = Change::unset(&unwanted, false);
        let mut course = Course::new(&writer, &change, &deadline, CancellationToken::new());
        let mut attempts = Attempts::new(Request::Unset, limiter.operation(SET).ticket());
        let lost = Error::NoAnswer {
            operation: SET,
            reason: "connection reset".to_owned(),
            reach: Reach::MaybeMade,
        };
        attempts.failed(lost.clone());
        course.attempts = Some(attempts);
        // Another process wants the identity, in an account that is not known.
        let unset = course.unset(End::InDoubt);
        assert!(
            matches!(&unset, Unset::NotDone(error) if error.to_string() == lost.to_string()),
            "{unset:?}"
        );
    }
}
