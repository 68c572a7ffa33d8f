//! What to do about a Set once it is sent.
//!
//! After SES has accepted a Set there is no error any more: it would taint the
//! resource, and the next apply would switch MAIL FROM off and on. And as long
//! as SES may have accepted it, no answer may say that nothing is there.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::diagnostics::explain;
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity};
use crate::ses::{Client, Deadline, MailFrom, Outcome, SetError, SetMailFrom};

/// How long to wait for SES to show what it has accepted.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

/// How long to wait for the one read that decides what became of a Set.
const DECIDED_WITHIN: Duration = Duration::from_secs(8);

/// Pause between two looks at what SES shows.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// What SES is to hold for one identity.
pub(super) struct Wanted<'a> {
    pub(super) identity: &'a Identity,
    pub(super) domain: &'a DomainName,
    pub(super) behavior: BehaviorOnMxFailure,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Settled {
    /// SES holds it, with this status.
    Shown { status: String },
    /// SES has accepted it and does not show it yet, for this reason.
    NotShownYet { reason: String },
    /// SES has not made the change.
    NotMade(SetError),
    /// SES may have made the change, or may make it yet.
    InDoubt(SetError),
}

/// Sets, and finds out what became of it.
pub(super) async fn set(client: &Client, deadline: &Deadline, wanted: &Wanted<'_>) -> Settled {
    let set = client.set(deadline, wanted.identity, wanted.domain, wanted.behavior);
    match set.await {
        Ok(()) => shown(client, &deadline.afresh(SHOWN_WITHIN), wanted).await,
        Err(error) if error.outcome == Outcome::NotMade => Settled::NotMade(error),
        Err(error) => decide(client, wanted, error).await,
    }
}

/// SES answers reads of what it has just accepted late at times.
async fn shown(client: &Client, deadline: &Deadline, wanted: &Wanted<'_>) -> Settled {
    loop {
        let reason = match client.get_fresh(deadline, wanted.identity).await {
            Ok(MailFrom::Set(held)) if wanted.is(&held) => {
                return Settled::Shown {
                    status: held.status,
                };
            }
            Ok(_) => "SES does not show the new setting yet.".to_owned(),
            Err(error) => {
                return Settled::NotShownYet {
                    reason: explain(&error),
                };
            }
        };
        if deadline.pause(BETWEEN_LOOKS).await.is_err() {
            return Settled::NotShownYet { reason };
        }
    }
}

/// One bounded look decides, even when Terraform has asked to stop.
async fn decide(client: &Client, wanted: &Wanted<'_>, error: SetError) -> Settled {
    let deadline = Deadline::after(DECIDED_WITHIN, CancellationToken::new());
    match client.get_fresh(&deadline, wanted.identity).await {
        Ok(MailFrom::Set(held)) if wanted.is(&held) => Settled::Shown {
            status: held.status,
        },
        Ok(_) if error.outcome == Outcome::Unknown => Settled::NotMade(error),
        _ => Settled::InDoubt(error),
    }
}

impl Wanted<'_> {
    fn is(&self, held: &SetMailFrom) -> bool {
        let same_domain =
            DomainName::parse(&held.domain).is_ok_and(|domain| domain == *self.domain);
        // An emulator may leave the behaviour out.
        let same_behavior = held.behavior.is_empty() || held.behavior == self.behavior.as_str();
        same_domain && same_behavior
    }
}
