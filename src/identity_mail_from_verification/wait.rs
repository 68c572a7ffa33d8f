//! Looks at SES until the wait is over.

use std::time::Duration;

use tokio::time::Instant;

use super::progress::{Progress, Seen, Step};
use crate::clients::Cadence;
use crate::mail_from::{DomainName, Identity};
use crate::ses::{Client, Deadline, Error, Interrupted, Operation, SetMailFrom};

/// Why a wait ended without Success.
#[derive(Clone, Debug)]
pub(super) enum Unverified {
    /// What SES shows will not become Success by waiting.
    Over(Seen),
    /// The time is up.
    TimedOut {
        waited: Duration,
        /// What SES showed last, if it answered at all.
        last: Option<Seen>,
        /// Why it did not answer at last, if it did not.
        error: Option<Error>,
    },
    /// SES cannot be asked, or Terraform has asked to stop.
    Ses(Error),
}

/// Waits until SES says Success of `domain` (`None`: of whatever MAIL FROM
/// domain the identity has), and returns what it holds.
pub(super) async fn wait(
    client: &Client,
    cadence: Cadence,
    deadline: &Deadline,
    identity: &Identity,
    domain: Option<&DomainName>,
) -> Result<SetMailFrom, Unverified> {
    // It is SES that is waited for, from the first look on.
    deadline.begin();
    let mut progress = Progress::new(Instant::now());
    let mut last = None;
    let timed_out = |last, error| Unverified::TimedOut {
        waited: deadline.elapsed(),
        last,
        error,
    };
    loop {
        let seen = match client.get_fresh(deadline, identity).await {
            Ok(held) => {
                let is_late = client.may_be_older(identity, &held);
                Seen::new(held, domain, is_late)
            }
            Err(error @ Error::TimedOut { .. }) => {
                return Err(timed_out(last, error.last().cloned()));
            }
            Err(error) => return Err(Unverified::Ses(error)),
        };
        if last.as_ref() != Some(&seen) {
            log(identity, &seen, deadline);
            last = Some(seen.clone());
        }
        let now = Instant::now();
        let next = match progress.saw(seen, now) {
            Step::Done(held) => return Ok(held),
            Step::Over(seen) => return Err(Unverified::Over(seen)),
            Step::Again(interval) => cadence.next(now, interval),
        };
        match deadline.pause(next - now).await {
            Ok(()) => {}
            Err(Interrupted::TimedOut) => return Err(timed_out(last, None)),
            Err(Interrupted::Stopped) => {
                return Err(Unverified::Ses(Error::Stopped {
                    operation: Operation::GetIdentityMailFromDomainAttributes,
                    last: None,
                }));
            }
        }
    }
}

fn log(identity: &Identity, seen: &Seen, deadline: &Deadline) {
    let (domain, status) = match seen {
        Seen::Unset => ("", "no MAIL FROM domain"),
        Seen::NoIdentity => ("", "no such identity"),
        _ => seen.held().map_or(("", ""), |held| {
            (held.domain.as_str(), held.status.as_str())
        }),
    };
    let waited = deadline.elapsed().as_secs();
    tracing::info!(
        %identity,
        mail_from_domain = domain,
        status,
        waited_seconds = waited,
        "waiting for a MAIL FROM domain"
    );
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::ses::MailFrom;
    use crate::ses::fake::{Call, FakeSes, Fault, set, with_status};

    const DOMAIN: &str = "bounce.example.com";

    struct Scene {
        ses: FakeSes,
        client: Client,
        cadence: Cadence,
        stop: CancellationToken,
    }

    impl Scene {
        fn holding(mail_from: MailFrom) -> Self {
            let ses = FakeSes::holding("example.com", mail_from);
            Self {
                client: ses.client(),
                ses,
                cadence: Cadence::start(),
                stop: CancellationToken::new(),
            }
        }

        async fn wait(&self, identity: &str, seconds: u64) -> Result<SetMailFrom, Unverified> {
            let deadline = Deadline::after(Duration::from_secs(seconds), self.stop.clone());
            let identity = Identity::parse(identity).unwrap();
            let domain = DomainName::parse(DOMAIN).unwrap();
            let (client, cadence) = (&self.client, self.cadence);
            wait(client, cadence, &deadline, &identity, Some(&domain)).await
        }

        async fn after(&self, seconds: u64, act: impl FnOnce(&Self)) {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            act(self);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn success_ends_the_wait_soon_and_few_looks_are_made_until_then() {
        for (after, at_most) in [(0, 0), (5, 7), (100, 128), (1000, 1032)] {
            let scene = Scene::holding(set(DOMAIN));
            let started = Instant::now();
            let (verified, ()) = tokio::join!(
                scene.wait("example.com", 2700),
                scene.after(after, |scene| {
                    scene
                        .ses
                        .hold("example.com", with_status(DOMAIN, "Success"));
                })
            );
            assert_eq!(verified.unwrap().status.as_str(), "Success");
            let waited = started.elapsed().as_secs();
            assert!((after..=at_most).contains(&waited), "{waited} s");
            let looks = scene.ses.calls().len();
            assert!(looks <= 25 + waited as usize / 32, "{looks} looks");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failed_and_a_vanished_identity_end_the_wait() {
        let scene = Scene::holding(with_status(DOMAIN, "Failed"));
        let started = Instant::now();
        let ended = scene.wait("example.com", 2700).await.unwrap_err();
        assert!(matches!(ended, Unverified::Over(Seen::GivenUp(_))));
        assert!(started.elapsed() < Duration::from_secs(1));

        let scene = Scene::holding(set(DOMAIN));
        let started = Instant::now();
        let (ended, ()) = tokio::join!(
            scene.wait("example.com", 2700),
            scene.after(5, |scene| {
                scene.ses.hold("example.com", MailFrom::UnknownIdentity);
            })
        );
        assert!(matches!(
            ended.unwrap_err(),
            Unverified::Over(Seen::NoIdentity)
        ));
        assert!(started.elapsed() < Duration::from_secs(8));
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_is_up_tells_the_last_status_and_what_was_in_the_way() {
        let scene = Scene::holding(set(DOMAIN));
        let started = Instant::now();
        let ended = scene.wait("example.com", 5).await.unwrap_err();
        assert_eq!(started.elapsed(), Duration::from_secs(5));
        let Unverified::TimedOut {
            waited,
            last: Some(Seen::Sought(held)),
            error: None,
        } = ended
        else {
            panic!("{ended:?}");
        };
        assert_eq!((waited.as_secs(), held.status.as_str()), (5, "Pending"));

        let scene = Scene::holding(set(DOMAIN));
        let throttled = Fault::Refuse(400, "Throttling");
        scene.ses.fail(std::iter::repeat_n(throttled, 1000));
        let ended = scene.wait("example.com", 60).await.unwrap_err();
        let Unverified::TimedOut {
            last: None,
            error: Some(_),
            ..
        } = ended
        else {
            panic!("{ended:?}");
        };
    }

    #[tokio::test(start_paused = true)]
    async fn a_last_look_comes_before_the_time_is_up() {
        let scene = Scene::holding(set(DOMAIN));
        let (verified, ()) = tokio::join!(
            scene.wait("example.com", 158),
            // Between the looks at 128 s and 160 s.
            scene.after(150, |scene| {
                scene
                    .ses
                    .hold("example.com", with_status(DOMAIN, "Success"));
            })
        );
        assert!(verified.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn stop_ends_the_wait_at_once() {
        let scene = Scene::holding(set(DOMAIN));
        let started = Instant::now();
        let (ended, ()) = tokio::join!(
            scene.wait("example.com", 2700),
            scene.after(7, |scene| scene.stop.cancel())
        );
        let ended = ended.unwrap_err();
        assert!(matches!(ended, Unverified::Ses(Error::Stopped { .. })));
        assert_eq!(started.elapsed(), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_in_the_way_of_reading_ends_the_wait() {
        let scene = Scene::holding(set(DOMAIN));
        scene.ses.fail([Fault::Refuse(403, "AccessDenied")]);
        let Unverified::Ses(error) = scene.wait("example.com", 2700).await.unwrap_err() else {
            panic!("not an error of SES");
        };
        assert!(error.access_denied().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn two_hundred_waits_of_any_age_share_their_looks() {
        let scene = Scene::holding(MailFrom::Unset);
        for number in 0..200 {
            scene.ses.hold(&format!("i{number}.test"), set(DOMAIN));
        }
        let waits = (0..200).map(|number| {
            let scene = &scene;
            async move {
                tokio::time::sleep(Duration::from_millis(number * 173)).await;
                let identity = Identity::parse(&format!("i{number}.test")).unwrap();
                let deadline = Deadline::after(Duration::from_secs(600), scene.stop.clone());
                let (client, cadence) = (&scene.client, scene.cadence);
                wait(client, cadence, &deadline, &identity, None).await
            }
        });
        let all = async {
            tokio::time::sleep(Duration::from_secs(300)).await;
            let before = scene.ses.calls().len();
            tokio::time::sleep(Duration::from_secs(128)).await;
            (before, scene.ses.calls())
        };
        let stopped = async {
            let (before, calls) = all.await;
            scene.stop.cancel();
            (before, calls)
        };
        let (_, (before, calls)) = tokio::join!(join_all(waits), stopped);
        // Four rounds of 32 seconds, two Gets each.
        assert_eq!(calls.len() - before, 8);
        assert!(scene.ses.gaps().iter().all(|gap| *gap >= 1.02));
        assert!(
            calls[before..]
                .iter()
                .all(|call| matches!(call, Call::Get(identities) if identities.len() == 100))
        );
    }
}
