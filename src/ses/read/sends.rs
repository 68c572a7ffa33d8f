//! Sends: what was last sent for each identity, and so whether what SES shows is to be
//! believed.
//!
//! SES shows the state of some seconds ago at times. So for [`SHOWN_WITHIN`] after a
//! request of change only that is a proof which shows it; what shows something older, or
//! nothing, or a verification that SES has given up, is asked for again.
//!
//! What shows it may still be from before the request that came before it, where that was
//! another one: an unset that is lost is not made because SES shows nothing, as it did
//! before the Set of some seconds ago. Where the last was accepted, that leaves in doubt
//! the status alone: one that is accepted begins as Pending.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity, VerificationStatus};
use crate::ses::api::{MailFrom, SetMailFrom};
use crate::ses::limit::Clock;

/// How long after a request SES may show what it held before.
pub(in crate::ses) const SHOWN_WITHIN: Duration = Duration::from_secs(15);

/// A custom MAIL FROM domain with what SES does while its MX record is missing: what one
/// object has SES hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `MailFromDomain`
    pub domain: DomainName,
    /// `BehaviorOnMXFailure`
    pub behavior: BehaviorOnMxFailure,
}

impl Setting {
    /// Whether SES holds this, with whatever status.
    pub fn is(&self, held: &SetMailFrom) -> bool {
        // An emulator may leave the behaviour out.
        let behavior = held.behavior.as_ref();
        held.domain.is(&self.domain) && behavior.is_none_or(|held| held.is(self.behavior))
    }
}

/// A request of change that SES has accepted, or may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// When its answer came, or stayed out, in seconds since the Unix epoch.
    pub at: f64,
    /// What SES was to hold; `None`: no custom MAIL FROM domain.
    pub setting: Option<Setting>,
}

impl Sent {
    /// Whether SES shows this, and so no older state.
    fn is_shown_by(&self, shown: &MailFrom) -> bool {
        match (&self.setting, shown) {
            (Some(setting), MailFrom::Set(held)) => {
                setting.is(held) && !held.status.is(VerificationStatus::Failed)
            }
            (None, MailFrom::Unset | MailFrom::UnknownIdentity) => true,
            (Some(_), MailFrom::Unset | MailFrom::UnknownIdentity) | (None, MailFrom::Set(_)) => {
                false
            }
        }
    }
}

/// The last request for each identity of one region, as far as this process knows. Clones
/// are the same.
#[derive(Clone, Debug)]
pub(in crate::ses) struct Sends {
    clock: Clock,
    last: Arc<Mutex<HashMap<String, Last>>>,
}

/// The last request for an identity.
#[derive(Debug)]
struct Last {
    at: Instant,
    sent: Sent,
    /// Whether SES has accepted it; else it may have.
    is_accepted: bool,
    /// The last one that was to have SES hold something else.
    before: Option<(Instant, Sent)>,
}

impl Last {
    /// Whether `shown` may be older than this request.
    fn may_be_newer_than(&self, shown: &MailFrom) -> bool {
        let hides =
            |at: Instant, sent: &Sent| at.elapsed() < SHOWN_WITHIN && !sent.is_shown_by(shown);
        let before = self.before.as_ref();
        let is_from_before = || before.is_some_and(|(at, sent)| hides(*at, sent));
        let is_told_apart = self.is_accepted && begins(shown);
        hides(self.at, &self.sent) || (is_from_before() && !is_told_apart)
    }
}

/// Whether SES shows this right after it has accepted a request.
fn begins(shown: &MailFrom) -> bool {
    match shown {
        MailFrom::Set(held) => held.status.is(VerificationStatus::Pending),
        MailFrom::Unset | MailFrom::UnknownIdentity => true,
    }
}

impl Sends {
    /// `clock` is what other processes tell the time by.
    pub(in crate::ses) fn new(clock: Clock) -> Self {
        Self {
            clock,
            last: Arc::default(),
        }
    }

    /// A request has been accepted just now (`is_accepted`), or may have been.
    pub(in crate::ses) fn sent(
        &self,
        identity: &Identity,
        setting: Option<Setting>,
        is_accepted: bool,
    ) -> Sent {
        let at = self.clock.now().as_seconds();
        let sent = Sent { at, setting };
        let now = Instant::now();
        insert(
            &mut self.entries(),
            identity,
            now,
            sent.clone(),
            is_accepted,
        );
        sent
    }

    /// What another process has sent, by the private state of an object.
    pub(in crate::ses) fn recall(&self, identity: &Identity, sent: &Sent) {
        // A clock that was set meanwhile says nothing about the time between.
        let ago = (self.clock.now().as_seconds() - sent.at).max(0.0);
        let Ok(ago) = Duration::try_from_secs_f64(ago) else {
            return;
        };
        let Some(at) = Instant::now()
            .checked_sub(ago)
            .filter(|_| ago < SHOWN_WITHIN)
        else {
            return;
        };
        let mut entries = self.entries();
        let known = entries.get(identity.as_str());
        if known.is_none_or(|known| known.at < at) {
            insert(&mut entries, identity, at, sent.clone(), true);
        }
    }

    /// Whether `shown` may be older than the last request.
    pub(in crate::ses) fn may_be_older(&self, identity: impl AsRef<str>, shown: &MailFrom) -> bool {
        let entries = self.entries();
        let last = entries.get(identity.as_ref());
        last.is_some_and(|last| last.may_be_newer_than(shown))
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Last>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn insert(
    entries: &mut HashMap<String, Last>,
    identity: &Identity,
    at: Instant,
    sent: Sent,
    is_accepted: bool,
) {
    let mut last = Last {
        at,
        sent,
        is_accepted,
        before: None,
    };
    match entries.remove(identity.as_str()) {
        Some(same) if same.sent.setting == last.sent.setting => {
            last.is_accepted |= same.is_accepted;
            last.before = same.before;
        }
        Some(other) => last.before = Some((other.at, other.sent)),
        None => {}
    }
    entries.insert(identity.as_str().to_owned(), last);
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;
    use crate::ses::fake::{failed, set, with_status};

    fn setting(domain: &str) -> Option<Setting> {
        Some(Setting {
            domain: DomainName::parse(domain).unwrap(),
            behavior: BehaviorOnMxFailure::UseDefaultValue,
        })
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_show_the_last_request_may_be_older_for_a_while() {
        let identity = Identity::parse("example.com").unwrap();
        let ours = || set("bounce.example.com");
        let reject = MailFrom::Set(SetMailFrom {
            behavior: Some(crate::mail_from::Reported::Known(
                BehaviorOnMxFailure::RejectMessage,
            )),
            ..match ours() {
                MailFrom::Set(held) => held,
                _ => unreachable!(),
            }
        });
        let not_set = [MailFrom::Unset, MailFrom::UnknownIdentity];
        for (sent, proofs, doubtful) in [
            (
                setting("bounce.example.com"),
                vec![ours()],
                vec![
                    MailFrom::Unset,
                    MailFrom::UnknownIdentity,
                    set("old.example.com"),
                    failed("bounce.example.com"),
                    reject,
                ],
            ),
            (None, not_set.to_vec(), vec![ours()]),
        ] {
            let sends = Sends::new(Clock::at(1e9));
            for shown in proofs.iter().chain(&doubtful) {
                assert!(!sends.may_be_older(&identity, shown), "nothing was sent");
            }
            sends.sent(&identity, sent, true);
            sleep(SHOWN_WITHIN - Duration::from_millis(1)).await;
            for shown in &proofs {
                assert!(!sends.may_be_older(&identity, shown), "{shown:?}");
            }
            for shown in &doubtful {
                assert!(sends.may_be_older(&identity, shown), "{shown:?}");
            }
            sleep(Duration::from_millis(1)).await;
            for shown in &doubtful {
                assert!(!sends.may_be_older(&identity, shown), "{shown:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_shows_the_last_request_may_be_from_before_the_one_before_it() {
        let identity = Identity::parse("example.com").unwrap();
        let ours = || setting("bounce.example.com");
        let other = || setting("mail.example.com");
        for (first, then, shown, status_apart) in [
            (ours(), None, MailFrom::Unset, true),
            (ours(), None, MailFrom::UnknownIdentity, true),
            (None, ours(), set("bounce.example.com"), true),
            (other(), ours(), set("bounce.example.com"), true),
            (
                None,
                ours(),
                with_status("bounce.example.com", "Success"),
                false,
            ),
        ] {
            for is_accepted in [true, false] {
                let sends = Sends::new(Clock::at(1e9));
                sends.sent(&identity, first.clone(), true);
                sleep(Duration::from_secs(5)).await;
                // However often it is sent.
                for accepted in [false, is_accepted] {
                    sends.sent(&identity, then.clone(), accepted);
                }
                let case = format!("{first:?}, {then:?}, {is_accepted}: {shown:?}");
                let is_proof = is_accepted && status_apart;
                assert_eq!(sends.may_be_older(&identity, &shown), !is_proof, "{case}");
                sleep(SHOWN_WITHIN - Duration::from_secs(5)).await;
                assert!(!sends.may_be_older(&identity, &shown), "{case}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_process_has_sent_counts_by_its_time() {
        let identity = Identity::parse("example.com").unwrap();
        let clock = Clock::at(1e9);
        let sent = Sends::new(clock.clone()).sent(&identity, setting("bounce.example.com"), true);
        sleep(Duration::from_secs(10)).await;
        let here = Sends::new(clock.clone());
        here.recall(&identity, &sent);
        assert!(here.may_be_older(&identity, &MailFrom::Unset));
        sleep(Duration::from_secs(5)).await;
        assert!(!here.may_be_older(&identity, &MailFrom::Unset));

        // What this process has sent since is later.
        here.sent(&identity, None, true);
        here.recall(&identity, &sent);
        assert!(!here.may_be_older(&identity, &MailFrom::Unset));

        // A clock that was set back does not make it last.
        let set_back = Clock::at(1e9 - 1000.0);
        let there = Sends::new(set_back);
        there.recall(&identity, &sent);
        sleep(SHOWN_WITHIN).await;
        assert!(!there.may_be_older(&identity, &MailFrom::Unset));
    }
}
