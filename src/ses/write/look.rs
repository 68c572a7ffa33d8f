//! Looks at what SES shows of a change.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::course::Course;
use super::table::{Event, Look, Seen};
use crate::ses::api::MailFrom;
use crate::ses::deadline::{Deadline, Interrupted};
use crate::ses::error::Error;
use crate::ses::read::{Freshness, SHOWN_WITHIN};

/// How long to try for a first answer after SES has accepted a Set, from when the read
/// is next: others may share the limit.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// The same where nothing but the rate limit is in the way: many hosts that share an
/// account leave each other slices of several seconds.
const ANSWERED_AT_RATE: Duration = Duration::from_secs(60);

/// How long SES is asked again, from the first answer: for as long as it may show an older
/// state, and some seconds for an answer that shows no older one.
const PROVEN_WITHIN: Duration = SHOWN_WITHIN.saturating_add(Duration::from_secs(5));

/// How long one answer is waited for that decides what became of a request, whatever
/// stops the operation.
const DECIDED_WITHIN: Duration = Duration::from_secs(8);

/// Pause between two looks at what SES shows.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

impl Course<'_> {
    /// Looks at what SES holds, for as long as `look` says.
    pub(super) async fn look(&mut self, look: Look) -> Event {
        self.unread = None;
        match look {
            Look::Once => self.once(self.deadline).await,
            Look::Proof => self.until_proof().await,
            Look::AfterSet => self.until_shown().await,
            Look::Despite => self.despite_stop().await,
        }
    }

    async fn until_proof(&mut self) -> Event {
        loop {
            let event = self.once(self.deadline).await;
            if event != Event::Unproven || self.unread.is_some() {
                return event;
            }
            if let Err(interrupted) = self.deadline.pause(BETWEEN_LOOKS).await {
                return self.over(interrupted);
            }
        }
    }

    async fn once(&mut self, deadline: &Deadline) -> Event {
        match self.read(deadline, Freshness::Fresh).await {
            Ok(shown) => self.event(shown),
            Err(error) => self.cannot_be_read(error),
        }
    }

    /// Until SES shows what it has accepted, or shows something else that is no older. The
    /// first answer may take its time; after that, only what is older is asked for again.
    async fn until_shown(&mut self) -> Event {
        let at_rate = self.deadline.afresh(ANSWERED_AT_RATE);
        at_rate.begin();
        let mut patience = self.deadline.afresh(ANSWERED_WITHIN);
        let mut answered = false;
        loop {
            match self.read(&patience, Freshness::AfterSet).await {
                Ok(shown) => {
                    let event = self.event(shown);
                    if event != Event::Unproven {
                        return event;
                    }
                    if !answered {
                        answered = true;
                        patience = self.deadline.afresh(PROVEN_WITHIN);
                        patience.begin();
                    }
                }
                Err(error)
                    if !answered && error.is_for_rate_alone() && !at_rate.left().is_zero() =>
                {
                    patience = at_rate.afresh(ANSWERED_WITHIN.min(at_rate.left()));
                    continue;
                }
                Err(error) => {
                    self.unread = (!answered).then_some(error);
                    return Event::Unproven;
                }
            }
            if patience.pause(BETWEEN_LOOKS).await.is_err() {
                return Event::Unproven;
            }
        }
    }

    /// Whatever has stopped the operation: one answer, or, if Terraform has not asked to
    /// stop, until there is a proof.
    async fn despite_stop(&mut self) -> Event {
        loop {
            let moment = Deadline::after(DECIDED_WITHIN, CancellationToken::new());
            let event = self.once(&moment).await;
            // No time makes a proof where an answer may still come.
            if event != Event::Unproven || self.unread.is_some() || self.may_be_made_later {
                return event;
            }
            // The operation's timeout may have passed: only a stop ends this.
            if self
                .deadline
                .afresh(DECIDED_WITHIN)
                .pause(BETWEEN_LOOKS)
                .await
                .is_err()
            {
                return Event::Unproven;
            }
        }
    }

    async fn read(&self, deadline: &Deadline, freshness: Freshness) -> Result<MailFrom, Error> {
        let reader = &self.writer.reader;
        reader.read(deadline, self.change.identity, freshness).await
    }

    /// What an answer means: a proof, unless it may be older than what was sent.
    fn event(&mut self, shown: MailFrom) -> Event {
        let seen = self.change.seen(&shown);
        let sends = &self.writer.sends;
        let is_late = sends.may_be_older(self.change.identity, &shown)
            || (self.may_be_made_later && seen != Seen::Own);
        self.shown = Some(shown);
        if is_late {
            Event::Unproven
        } else {
            Event::Shows(seen)
        }
    }

    fn cannot_be_read(&mut self, error: Error) -> Event {
        tracing::debug!(%error, "could not read what became of a change");
        let event = match error {
            Error::Stopped { .. } => self.over(Interrupted::Stopped),
            Error::TimedOut { .. } => self.over(Interrupted::TimedOut),
            _ => Event::Unproven,
        };
        self.unread = Some(error);
        event
    }
}
