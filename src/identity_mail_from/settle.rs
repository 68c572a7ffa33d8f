//! What to do about a Set once it is sent.
//!
//! After SES has accepted a Set there is no error any more: it would taint the
//! resource, and the next apply would switch MAIL FROM off and on. And as long
//! as SES may have accepted it, no answer may say that nothing is there.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::diagnostics::explain;
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity, Reported, VerificationStatus};
use crate::ses::{Client, Deadline, Error, Left, MailFrom, Reach, SetError, SetMailFrom};

/// How long to try for a first answer after SES has accepted a Set, from when the read
/// is next: others may share the limit.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// The same where nothing but the rate limit is in the way: many hosts that share an
/// account leave each other slices of several seconds.
const ANSWERED_AT_RATE: Duration = Duration::from_secs(60);

/// How long to wait, from the first answer, for SES to show what it has accepted.
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
    /// Whether a verification that SES has given up is to be started again.
    pub(super) restart: bool,
}

/// What became of it.
#[derive(Debug)]
pub(super) enum Settled {
    /// SES holds it, with this status.
    Shown {
        status: Reported<VerificationStatus>,
    },
    /// SES has accepted it and does not show it yet, for this reason.
    NotShownYet { reason: String },
    /// SES has not made the change.
    NotMade(SetError),
    /// SES may have made the change, or may make it yet.
    InDoubt(Error),
    /// SES holds it as Failed still: it could not be started again.
    NotRestarted(Error),
    /// It was unset to start it again, and could not be set again: MAIL FROM is
    /// off, for certain or perhaps.
    LeftOff { error: Error, certain: bool },
}

/// Sets, and finds out what became of it. What SES has given up is started
/// again, if that is wanted: whether setting the same domain again is enough is
/// not documented, so where it was not, the domain is unset and set.
pub(super) async fn set(client: &Client, deadline: &Deadline, wanted: &Wanted<'_>) -> Settled {
    let set = client.set(deadline, wanted.identity, wanted.domain, wanted.behavior);
    let settled = match set.await {
        Ok(()) => shown(client, deadline, wanted).await,
        Err(error) if !error.reach.may_be_made() => Settled::NotMade(error),
        Err(error) => decide(client, wanted, error).await,
    };
    match settled {
        Settled::Shown { status } if wanted.restart && status.is(VerificationStatus::Failed) => {
            restart(client, deadline, wanted).await
        }
        settled => settled,
    }
}

async fn restart(client: &Client, deadline: &Deadline, wanted: &Wanted<'_>) -> Settled {
    let restart = client.restart(deadline, wanted.identity, wanted.domain, wanted.behavior);
    let Err(failed) = restart.await else {
        return shown(client, deadline, wanted).await;
    };
    match failed.left {
        Left::Untouched => Settled::NotRestarted(failed.error),
        Left::Off => Settled::LeftOff {
            error: failed.error,
            certain: true,
        },
        Left::InDoubt => match look(client, wanted).await {
            Ok(MailFrom::Set(held)) if wanted.is(&held) => Settled::Shown {
                status: held.status,
            },
            look => Settled::LeftOff {
                error: failed.error,
                certain: matches!(look, Ok(MailFrom::Unset)),
            },
        },
    }
}

/// SES answers reads of what it has just accepted late at times.
async fn shown(client: &Client, deadline: &Deadline, wanted: &Wanted<'_>) -> Settled {
    let at_rate = deadline.afresh(ANSWERED_AT_RATE);
    at_rate.begin();
    let mut deadline = deadline.afresh(ANSWERED_WITHIN);
    let mut answered = false;
    loop {
        match client.get_after_set(&deadline, wanted.identity).await {
            Ok(MailFrom::Set(held)) if wanted.is(&held) => {
                return Settled::Shown {
                    status: held.status,
                };
            }
            Ok(_) if !answered => {
                answered = true;
                deadline = deadline.afresh(SHOWN_WITHIN);
                deadline.begin();
            }
            Ok(_) => {}
            Err(error) if !answered && error.is_for_rate_alone() && !at_rate.left().is_zero() => {
                deadline = at_rate.afresh(ANSWERED_WITHIN.min(at_rate.left()));
                continue;
            }
            Err(error) if !answered => {
                return Settled::NotShownYet {
                    reason: explain(&error),
                };
            }
            Err(_) => break,
        }
        if deadline.pause(BETWEEN_LOOKS).await.is_err() {
            break;
        }
    }
    Settled::NotShownYet {
        reason: "SES does not show the new setting yet.".to_owned(),
    }
}

/// What became of a Set without an accepting answer.
async fn decide(client: &Client, wanted: &Wanted<'_>, error: SetError) -> Settled {
    match look(client, wanted).await {
        Ok(MailFrom::Set(held)) if wanted.is(&held) => Settled::Shown {
            status: held.status,
        },
        Ok(_) if error.reach == Reach::MaybeMade => Settled::NotMade(error),
        _ => Settled::InDoubt(error.error),
    }
}

/// One bounded look, even when Terraform has asked to stop.
async fn look(client: &Client, wanted: &Wanted<'_>) -> Result<MailFrom, Error> {
    let deadline = Deadline::after(DECIDED_WITHIN, CancellationToken::new());
    client.get_fresh(&deadline, wanted.identity).await
}

impl Wanted<'_> {
    fn is(&self, held: &SetMailFrom) -> bool {
        // An emulator may leave the behaviour out.
        let behavior = held.behavior.as_ref();
        held.domain.is(self.domain) && behavior.is_none_or(|held| held.is(self.behavior))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::ses::fake::{Call, FakeSes, Fault, failed, set as held};

    async fn settle(ses: &FakeSes, restart: bool) -> Settled {
        let wanted = Wanted {
            identity: &Identity::parse("example.com").unwrap(),
            domain: &DomainName::parse("bounce.example.com").unwrap(),
            behavior: BehaviorOnMxFailure::UseDefaultValue,
            restart,
        };
        let deadline = Deadline::after(Duration::from_secs(300), CancellationToken::new());
        set(&ses.client(), &deadline, &wanted).await
    }

    /// The calls of change, as the words that they begin with.
    fn changes(ses: &FakeSes) -> Vec<&'static str> {
        let calls = ses.calls();
        let changes = calls.iter().filter_map(|call| match call {
            Call::Set(_) => Some("set"),
            Call::Unset(_) => Some("unset"),
            _ => None,
        });
        changes.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_status_that_only_the_rate_keeps_back_is_waited_for() {
        let ses = FakeSes::holding("example.com", held("old.example.com"));
        let throttled = Fault::Refuse(400, "Throttling");
        (0..8).for_each(|_| ses.fail_get(throttled.clone()));
        let started = Instant::now();
        let settled = settle(&ses, true).await;
        assert!(matches!(settled, Settled::Shown { .. }), "{settled:?}");
        assert!(started.elapsed() > ANSWERED_WITHIN);

        // Another fault is told soon.
        let ses = FakeSes::holding("example.com", held("old.example.com"));
        (0..200).for_each(|_| ses.fail_get(Fault::Refuse(500, "InternalFailure")));
        let started = Instant::now();
        let settled = settle(&ses, true).await;
        assert!(
            matches!(settled, Settled::NotShownYet { .. }),
            "{settled:?}"
        );
        assert!(started.elapsed() <= Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_verification_is_started_again_in_both_worlds() {
        for (stays_failed, expected) in [(false, vec!["set"]), (true, vec!["set", "unset", "set"])]
        {
            let ses = FakeSes::holding("example.com", failed("bounce.example.com"));
            if stays_failed {
                ses.identical_set_keeps_failed();
            }
            let settled = settle(&ses, true).await;
            assert!(
                matches!(&settled, Settled::Shown { status } if status.is(VerificationStatus::Pending)),
                "{settled:?}"
            );
            assert_eq!(changes(&ses), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_verification_is_left_where_that_is_wanted() {
        let ses = FakeSes::holding("example.com", failed("bounce.example.com"));
        ses.identical_set_keeps_failed();
        let settled = settle(&ses, false).await;
        assert!(
            matches!(&settled, Settled::Shown { status } if status.is(VerificationStatus::Failed))
        );
        assert_eq!(changes(&ses), ["set"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_restart_that_breaks_off_says_where() {
        let denied = || Fault::Refuse(403, "AccessDenied");
        let passes = || Fault::Slow(Duration::ZERO);
        // Faults of: the Set, the Get, the unset, the Set.
        let given_up = |faults: Vec<Fault>| {
            let ses = FakeSes::holding("example.com", failed("bounce.example.com"));
            ses.identical_set_keeps_failed();
            ses.fail(faults);
            ses
        };
        let ses = given_up(vec![passes(), passes(), denied()]);
        let settled = settle(&ses, true).await;
        assert!(matches!(settled, Settled::NotRestarted(_)), "{settled:?}");

        let ses = given_up(vec![passes(), passes(), passes(), denied()]);
        let settled = settle(&ses, true).await;
        assert!(matches!(settled, Settled::LeftOff { .. }), "{settled:?}");

        // Whether the unset was made, only the read tells.
        let ses = given_up(vec![
            passes(),
            passes(),
            Fault::LoseAnswer,
            denied(),
            denied(),
        ]);
        let settled = settle(&ses, true).await;
        assert!(matches!(settled, Settled::LeftOff { .. }), "{settled:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_set_that_ses_does_not_show_is_waited_for_a_while() {
        let ses = FakeSes::holding("example.com", MailFrom::Unset);
        ses.shows(held("old.example.com"));
        let started = Instant::now();
        let settled = settle(&ses, true).await;
        assert!(
            matches!(settled, Settled::NotShownYet { .. }),
            "{settled:?}"
        );
        let waited = started.elapsed();
        assert!(waited >= SHOWN_WITHIN / 2, "{waited:?}");
        assert!(
            waited <= SHOWN_WITHIN + Duration::from_secs(1),
            "{waited:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_is_decided_by_what_ses_holds() {
        let ses = FakeSes::holding("example.com", MailFrom::Unset);
        ses.fail([Fault::LoseAnswer, Fault::Refuse(403, "AccessDenied")]);
        assert!(matches!(settle(&ses, true).await, Settled::Shown { .. }));
        let ses = FakeSes::holding("example.com", MailFrom::Unset);
        ses.fail([
            Fault::Refuse(500, "InternalFailure"),
            Fault::Refuse(403, "AccessDenied"),
        ]);
        let settled = settle(&ses, true).await;
        assert!(matches!(settled, Settled::NotMade(_)), "{settled:?}");
    }
}
