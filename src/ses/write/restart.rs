//! Unsets MAIL FROM and sets it again: what makes SES look for the MX record
//! once more where setting the same domain again does not.
//!
//! Between the two calls MAIL FROM is off, and nobody but this process knows.
//! So nothing comes between them: the identity is held over both, and once the
//! first may have been carried out, the second is sent whatever happens, a stop
//! included; a second after the first, ahead of whatever else this host has queued.
//! (Where another host shares the account, SES may throttle it: then it is tried
//! again.)

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::attempts::SetError;
use super::writer::{Course, SET, Urgency, Writer};
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity};
use crate::ses::api::SetRequest;
use crate::ses::claims::{InFlight, ObjectId};
use crate::ses::deadline::Deadline;
use crate::ses::error::Error;

/// How long the second call is tried at least, and after a stop at most.
const FINISHED_WITHIN: Duration = Duration::from_secs(30);

/// A restart that did not come to its end.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct RestartError {
    /// What the last attempt died of.
    pub error: Error,
    /// What SES holds now, as far as is known.
    pub left: Left,
}

/// What a failed restart has left behind in SES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The setting as it was before.
    Untouched,
    /// No custom MAIL FROM domain.
    Off,
    /// Either of the two, or the setting after all: a read tells.
    InDoubt,
}

impl Writer {
    /// Unsets the custom MAIL FROM domain and sets it again, each until SES
    /// accepts it, a lasting error comes or the deadline passes.
    pub(in crate::ses) async fn restart(
        &self,
        deadline: &Deadline,
        identity: &Identity,
        domain: &DomainName,
        behavior: BehaviorOnMxFailure,
    ) -> Result<(), RestartError> {
        // A sibling's delete must not follow in the gap.
        let claim = self.claims.claim(identity.as_str(), &ObjectId::random());
        let in_flight = self.claims.in_flight(identity.as_str());
        let in_flight = deadline.bound(in_flight).await;
        let in_flight = in_flight.map_err(|interrupted| RestartError {
            error: Error::interrupted(interrupted, SET, deadline, None),
            left: Left::Untouched,
        })?;

        let unset = SetRequest::unset(identity);
        let course = Course {
            in_flight: Some(&in_flight),
            ..Course::default()
        };
        let unset = self.until_accepted(deadline, &unset, &course).await;
        if let Err(ended) = &unset {
            if !ended.reach.may_be_made() {
                return Err(RestartError {
                    error: ended.error.clone(),
                    left: Left::Untouched,
                });
            }
            tracing::debug!(error = %ended, %identity, "an unset may have been made");
        }
        let set = SetRequest::set(identity, domain, behavior);
        let Err(ended) = self.despite_stop(deadline, &set, &in_flight).await else {
            claim.stands();
            return Ok(());
        };
        if ended.reach.may_be_made() {
            claim.stands();
        }
        let off = unset.is_ok() && !ended.reach.may_be_made();
        Err(RestartError {
            left: if off { Left::Off } else { Left::InDoubt },
            error: ended.error,
        })
    }

    /// As [`until_accepted`](Self::until_accepted), ahead of the queue; a stop comes
    /// into effect late, and there is some time even if the deadline is near.
    async fn despite_stop(
        &self,
        deadline: &Deadline,
        request: &SetRequest,
        in_flight: &InFlight,
    ) -> Result<(), SetError> {
        let course = Course {
            urgency: Urgency::Next,
            in_flight: Some(in_flight),
            ..Course::default()
        };
        let late_stop = CancellationToken::new();
        let time = deadline.left().max(FINISHED_WITHIN);
        let patient = Deadline::after(time, late_stop.clone());
        let stopped = async {
            deadline.stopped().await;
            sleep(FINISHED_WITHIN).await;
            late_stop.cancel();
            std::future::pending().await
        };
        tokio::select! {
            done = self.until_accepted(&patient, request, &course) => done.map(drop),
            never = stopped => never,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::super::unset::Unset;
    use super::super::writer::tests::Scene;
    use super::*;
    use crate::ses::api::MailFrom;
    use crate::ses::fake::{Call, Fault, failed, set};

    async fn restart(scene: &Scene) -> Result<(), RestartError> {
        let domain = DomainName::parse("bounce.example.com").unwrap();
        let behavior = BehaviorOnMxFailure::UseDefaultValue;
        scene
            .writer
            .restart(&scene.deadline, &scene.identity, &domain, behavior)
            .await
    }

    fn given_up() -> Scene {
        let scene = Scene::holding(failed("bounce.example.com"));
        scene.ses.identical_set_keeps_failed();
        scene
    }

    fn calls() -> [Call; 2] {
        let identity = || "example.com".to_owned();
        [Call::Unset(identity()), Call::Set(identity())]
    }

    #[tokio::test(start_paused = true)]
    async fn restart_unsets_and_sets_at_the_pace() {
        let scene = given_up();
        restart(&scene).await.unwrap();
        assert_eq!(scene.ses.calls(), calls());
        assert_eq!(scene.held(), set("bounce.example.com"));
        assert!(scene.ses.gaps()[0] >= 1.02, "{:?}", scene.ses.gaps());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_that_is_queued_comes_between_the_unset_and_the_set() {
        let scene = given_up();
        let others: Vec<_> = (0..5)
            .map(|number| Identity::parse(&format!("i{number}.test")).unwrap())
            .collect();
        for other in &others {
            scene.ses.hold(other.as_str(), MailFrom::Unset);
        }
        let domain = DomainName::parse("bounce.example.com").unwrap();
        let sets = others.iter().map(|other| {
            let behavior = BehaviorOnMxFailure::UseDefaultValue;
            scene.writer.set(&scene.deadline, other, &domain, behavior)
        });
        let (restarted, set) = tokio::join!(restart(&scene), futures_util::future::join_all(sets));
        restarted.unwrap();
        assert!(set.iter().all(Result::is_ok));
        assert_eq!(scene.ses.calls()[..2], calls());
        assert!(scene.ses.gaps().iter().all(|gap| *gap >= 1.02));
    }

    #[tokio::test(start_paused = true)]
    async fn restart_rides_out_faults_of_both_calls() {
        let scene = given_up();
        scene.ses.fail([
            Fault::Refuse(400, "Throttling"),
            Fault::LoseAnswer,
            Fault::Slow(Duration::ZERO),
            Fault::CannotConnect,
            Fault::Refuse(500, "InternalFailure"),
        ]);
        restart(&scene).await.unwrap();
        assert_eq!(scene.held(), set("bounce.example.com"));
    }

    #[tokio::test(start_paused = true)]
    async fn restart_that_may_not_unset_leaves_all_as_it_was() {
        let scene = given_up();
        scene.ses.fail([Fault::Refuse(403, "AccessDenied")]);
        let ended = restart(&scene).await.unwrap_err();
        assert_eq!(ended.left, Left::Untouched);
        assert!(ended.error.access_denied().is_some());
        assert_eq!(scene.held(), failed("bounce.example.com"));
    }

    #[tokio::test(start_paused = true)]
    async fn restart_says_that_mail_from_is_off_when_it_is() {
        let scene = given_up();
        let refused = Fault::Refuse(400, "InvalidParameterValue");
        scene
            .ses
            .fail([Fault::Slow(Duration::ZERO), refused.clone()]);
        assert_eq!(restart(&scene).await.unwrap_err().left, Left::Off);
        assert_eq!(scene.held(), MailFrom::Unset);

        // The answer to the unset is lost, and it cannot be sent again.
        let scene = given_up();
        let denied = Fault::Refuse(403, "AccessDenied");
        scene.ses.fail([Fault::LoseAnswer, denied.clone(), denied]);
        assert_eq!(restart(&scene).await.unwrap_err().left, Left::InDoubt);
        assert_eq!(scene.ses.calls().len(), 3, "the Set is tried all the same");
    }

    #[tokio::test(start_paused = true)]
    async fn stop_before_the_unset_starts_nothing_and_after_it_finishes_the_set() {
        let scene = given_up();
        scene.stop.cancel();
        let ended = restart(&scene).await.unwrap_err();
        assert!(matches!(ended.error, Error::Stopped { .. }));
        assert_eq!(ended.left, Left::Untouched);
        assert!(scene.ses.calls().is_empty());

        let scene = given_up();
        scene.ses.fail([Fault::Slow(Duration::from_secs(2))]);
        let (restarted, ()) = tokio::join!(restart(&scene), async {
            sleep(Duration::from_secs(1)).await;
            scene.stop.cancel();
        });
        restarted.unwrap();
        assert_eq!(scene.held(), set("bounce.example.com"));
    }

    #[tokio::test(start_paused = true)]
    async fn stop_leaves_a_set_that_is_throttled_only_so_much_time() {
        let scene = given_up();
        scene.ses.fail([Fault::Slow(Duration::from_secs(2))]);
        scene
            .ses
            .fail(std::iter::repeat_n(Fault::Refuse(400, "Throttling"), 100));
        let started = Instant::now();
        let (ended, ()) = tokio::join!(restart(&scene), async {
            sleep(Duration::from_secs(1)).await;
            scene.stop.cancel();
        });
        let ended = ended.unwrap_err();
        assert_eq!(ended.left, Left::Off);
        assert!(matches!(ended.error, Error::Stopped { .. }));
        let waited = started.elapsed();
        assert!(waited <= FINISHED_WITHIN + Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unset_of_a_sibling_does_not_come_between_or_after() {
        let scene = given_up();
        let (restarted, unset) = tokio::join!(restart(&scene), scene.unset());
        restarted.unwrap();
        assert_eq!(unset.unwrap(), Unset::LeftToSibling);
        assert_eq!(scene.ses.calls(), calls());
        assert_eq!(scene.held(), set("bounce.example.com"));
    }
}
