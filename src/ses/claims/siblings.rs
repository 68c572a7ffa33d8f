//! Who else wants what a delete is about to unset.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::claim::Claims;
use super::line::{Says, Site};
use super::object::ObjectId;
use super::register::{Answer, Open};
use super::watch::{ask, make_known};
use crate::ses::deadline::{Deadline, Interrupted};

/// How often to look at what other processes do.
const BETWEEN_LOOKS: Duration = Duration::from_millis(150);

/// How long to wait at most before siblings may be asked for again.
const ASKED_AGAIN_WITHIN: Duration = Duration::from_secs(1);

/// How long, from the start of this process, Terraform may take to start another.
const STARTED_WITHIN: Duration = Duration::from_secs(10);

/// Why an account is not known.
const NOT_IN_PLAN: &str = "the saved plan does not tell the account of the other provider block; \
                           an apply that plans anew compares the two";
const ENDED: &str = "the process that set or planned it has ended without telling its account";

/// How long another process may take to tell its account, which it asks AWS for.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

/// Who else wants what a delete is about to unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ses) enum Siblings {
    /// Nobody.
    Nobody,
    /// A Set for another object is queued or in flight.
    Queued,
    /// SES has accepted a Set for another object, or may have, or a plan keeps one.
    Stands,
    /// Another object wants it, and whether in this account cannot be known, for this
    /// reason: a clause.
    Unknown(String),
}

impl Claims {
    /// Who else wants `identity` than `object` (`None`: one without a mark). Asks AWS where
    /// two processes of the run meet there whose credentials may be of two accounts.
    pub(in crate::ses) async fn siblings(
        &self,
        deadline: &Deadline,
        identity: &str,
        object: Option<&ObjectId>,
    ) -> Siblings {
        let (site, object) = self.object(identity, object);
        let started = Instant::now();
        let mut has_asked = false;
        loop {
            let open = match self.answer(&site, &object) {
                Answer::Nobody => return Siblings::Nobody,
                Answer::Queued => return Siblings::Queued,
                Answer::Stands => return Siblings::Stands,
                Answer::Open(open) => open,
            };
            if !has_asked {
                // The others ask AWS for their accounts meanwhile.
                self.member.tell(Says::Asks(site.clone()));
                has_asked = true;
            }
            let known = match open {
                Open::Failed(reason) => Err(reason),
                Open::Saved => Err(NOT_IN_PLAN.to_owned()),
                Open::Gone if self.member.age() > STARTED_WITHIN => Err(ENDED.to_owned()),
                Open::Own => {
                    let asking = ask(&self.member);
                    deadline.bound(asking).await.unwrap_or_else(interrupted)
                }
                _ if started.elapsed() > TOLD_WITHIN => {
                    let late = "the other process has not told its account in time";
                    Err(late.to_owned())
                }
                _ => {
                    let waiting = sleep(BETWEEN_LOOKS);
                    deadline.bound(waiting).await.or_else(interrupted)
                }
            };
            if let Err(reason) = known {
                return Siblings::Unknown(reason);
            }
        }
    }

    fn answer(&self, site: &Site, object: &ObjectId) -> Answer {
        self.member.hear();
        self.member
            .register_of(object, |register| register.answer(site, object))
    }

    /// Waits until others can know whose account this is, where somebody has to know it: to
    /// be awaited when a Set is accepted, since the process may end after it.
    pub(in crate::ses) async fn make_known(&self, deadline: &Deadline) {
        // Whoever has to know is told of a failure, too.
        let _ = deadline.bound(make_known(&self.member)).await;
    }

    /// Resolves when an answer of [`Siblings::Queued`] may have become another.
    pub(in crate::ses) async fn siblings_changed(&self, identity: &str) {
        let site = self.site(identity);
        let mut telling = self.member.telling();
        let end = Instant::now() + ASKED_AGAIN_WITHIN;
        let claims = || {
            self.member.hear();
            self.member.register(|register| register.count(&site))
        };
        let before = claims();
        let (queued, _) = before;
        if queued == 0 {
            return;
        }
        while claims() == before {
            tokio::select! {
                _ = telling.changed() => {}
                () = sleep(BETWEEN_LOOKS), if self.member.folder().is_some() => {}
                () = sleep_until(end) => return,
            }
        }
    }
}

/// Why an account is not known when the wait for it ends early.
fn interrupted<T>(interrupted: Interrupted) -> Result<T, String> {
    Err(match interrupted {
        Interrupted::Stopped => "Terraform has asked to stop before the accounts were compared",
        Interrupted::TimedOut => "the time was up before the accounts were compared",
    }
    .to_owned())
}

#[cfg(test)]
mod tests;
