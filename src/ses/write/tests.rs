//! Changes on paused time, against SES as it may be.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity, VerificationStatus};
use crate::ses::api::MailFrom;
use crate::ses::claims::ObjectId;
use crate::ses::client::Client;
use crate::ses::deadline::Deadline;
use crate::ses::error::{Error, Remedy};
use crate::ses::fake::{Call, FakeSes, Fault, failed, set, with_status};
use crate::ses::read::{Sent, Setting};

mod late;
mod restart;
mod unset;

/// SES with one identity, and a client.
struct Scene {
    ses: FakeSes,
    client: Client,
    stop: CancellationToken,
    deadline: Deadline,
    /// The object that unsets, and sets unless a sibling does.
    object: ObjectId,
}

impl Scene {
    fn holding(mail_from: MailFrom) -> Self {
        let ses = FakeSes::holding("example.com", mail_from);
        let stop = CancellationToken::new();
        Self {
            client: ses.client(),
            deadline: Deadline::after(Duration::from_secs(300), stop.clone()),
            object: ObjectId::random(),
            ses,
            stop,
        }
    }

    fn wanted(&self, object: ObjectId, restarts: bool) -> Wanted {
        Wanted {
            identity: identity(),
            object,
            setting: setting(),
            restarts,
        }
    }

    async fn set(&self) -> Set {
        self.sends().await.0
    }

    /// The same with what was sent.
    async fn sends(&self) -> (Set, Option<Sent>) {
        let wanted = self.wanted(self.object.clone(), true);
        self.client.set(&self.deadline, &wanted).await
    }

    /// Another object sets the identity.
    async fn sibling_sets(&self) -> Set {
        let wanted = self.wanted(ObjectId::random(), true);
        self.client.set(&self.deadline, &wanted).await.0
    }

    async fn unset(&self) -> Unset {
        self.unset_of(None).await
    }

    /// The same of an object that has set `own`; no plan of it is known.
    async fn unset_of(&self, own: Option<Setting>) -> Unset {
        let unwanted = Unwanted {
            identity: identity(),
            object: Some(self.object.clone()),
            own,
        };
        self.client.unset(&self.deadline, &unwanted).await
    }

    fn held(&self) -> MailFrom {
        self.ses.held("example.com")
    }

    /// The calls of change, as the words that they begin with.
    fn changes(&self) -> Vec<&'static str> {
        let calls = self.ses.calls();
        let changes = calls.iter().filter_map(|call| match call {
            Call::Set(_) => Some("set"),
            Call::Unset(_) => Some("unset"),
            _ => None,
        });
        changes.collect()
    }

    /// Waits until an unset is under way.
    async fn unset_goes_out(&self) {
        for _ in 0..600 {
            if self.changes().contains(&"unset") {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("nothing was unset: {:?}", self.changes());
    }

    /// Stops after `seconds`.
    async fn stop_after(&self, seconds: f64) {
        sleep(Duration::from_secs_f64(seconds)).await;
        self.stop.cancel();
    }
}

fn identity() -> Identity {
    Identity::parse("example.com").unwrap()
}

fn setting() -> Setting {
    Setting {
        domain: DomainName::parse("bounce.example.com").unwrap(),
        behavior: BehaviorOnMxFailure::UseDefaultValue,
    }
}

fn is_pending(set: &Set) -> bool {
    matches!(set, Set::Shown(status) if status.is(VerificationStatus::Pending))
}

fn denied() -> Fault {
    Fault::Refuse(403, "AccessDenied")
}

fn passes() -> Fault {
    Fault::Slow(Duration::ZERO)
}

#[tokio::test(start_paused = true)]
async fn set_rides_out_every_fault_that_passes() {
    let scene = Scene::holding(MailFrom::Unset);
    scene.ses.fail([
        Fault::Refuse(400, "Throttling"),
        Fault::CannotConnect,
        Fault::Refuse(500, "InternalFailure"),
        Fault::LoseAnswer,
    ]);
    let (made, sent) = scene.sends().await;
    assert!(is_pending(&made), "{made:?}");
    assert_eq!(sent.unwrap().setting, Some(setting()));
    assert_eq!(scene.held(), set("bounce.example.com"));
    let gaps = scene.ses.gaps();
    assert!(gaps.iter().all(|gap| *gap >= 1.0199), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn set_that_is_refused_ends_at_once_and_nothing_was_sent() {
    let scene = Scene::holding(MailFrom::Unset);
    let refused = Fault::Refuse(400, "InvalidParameterValue");
    scene.ses.fail([refused]);
    let (made, sent) = scene.sends().await;
    assert!(matches!(&made, Set::NotMade(error) if error.invalid_parameter()));
    assert_eq!(sent, None);
    assert_eq!(scene.ses.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn set_throttled_for_good_ends_with_the_deadline() {
    let scene = Scene::holding(MailFrom::Unset);
    let throttled = Fault::Refuse(400, "Throttling");
    scene.ses.fail(std::iter::repeat_n(throttled, 1000));
    let started = Instant::now();
    let Set::NotMade(error) = scene.set().await else {
        panic!()
    };
    assert!(matches!(error, Error::TimedOut { .. }));
    assert_eq!(error.last().unwrap().remedy(), Remedy::SlowDown);
    assert_eq!(started.elapsed(), Duration::from_secs(300));
}

#[tokio::test(start_paused = true)]
async fn stop_ends_the_wait_for_a_turn_but_not_a_set_in_flight() {
    let scene = Scene::holding(MailFrom::Unset);
    scene.ses.fail([Fault::Slow(Duration::from_secs(4))]);
    let started = Instant::now();
    let (in_flight, waiting, ()) = tokio::join!(
        async { (scene.set().await, started.elapsed()) },
        async { (scene.sibling_sets().await, started.elapsed()) },
        scene.stop_after(0.5),
    );
    // It is made; what its status is, nobody reads any more.
    assert!(matches!(in_flight.0, Set::NotShown(_)), "{:?}", in_flight.0);
    assert_eq!(in_flight.1, Duration::from_secs(4));
    assert!(matches!(waiting.0, Set::NotMade(Error::Stopped { .. })));
    assert_eq!(waiting.1, Duration::from_millis(500));
    assert_eq!(scene.changes(), ["set"], "nothing new is begun");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_decided_by_what_ses_holds() {
    let scene = Scene::holding(MailFrom::Unset);
    scene.ses.fail([Fault::LoseAnswer, denied()]);
    assert!(is_pending(&scene.set().await));

    let scene = Scene::holding(MailFrom::Unset);
    let failure = Fault::Refuse(500, "InternalFailure");
    scene.ses.fail([failure.clone(), denied()]);
    let started = Instant::now();
    let (made, sent) = scene.sends().await;
    assert!(matches!(&made, Set::NotMade(error) if error.access_denied().is_some()));
    assert!(sent.is_some(), "it may have been made");
    // "Not there" is a proof after a while only.
    assert!(started.elapsed() >= Duration::from_secs(15));

    // A stop leaves no time for the proof.
    let scene = Scene::holding(MailFrom::Unset);
    scene
        .ses
        .fail([failure, Fault::Slow(Duration::from_secs(5))]);
    let (made, ()) = tokio::join!(scene.set(), scene.stop_after(0.05));
    assert!(matches!(made, Set::InDoubt(_)), "{made:?}");
}

#[tokio::test(start_paused = true)]
async fn a_status_that_only_the_rate_keeps_back_is_waited_for() {
    let scene = Scene::holding(set("old.example.com"));
    let throttled = Fault::Refuse(400, "Throttling");
    (0..8).for_each(|_| scene.ses.fail_get(throttled.clone()));
    let started = Instant::now();
    let made = scene.set().await;
    assert!(matches!(made, Set::Shown(_)), "{made:?}");
    assert!(started.elapsed() > look::ANSWERED_WITHIN);

    // Another fault is told soon.
    let scene = Scene::holding(set("old.example.com"));
    let failure = Fault::Refuse(500, "InternalFailure");
    (0..200).for_each(|_| scene.ses.fail_get(failure.clone()));
    let started = Instant::now();
    let made = scene.set().await;
    assert!(matches!(made, Set::NotShown(Some(_))), "{made:?}");
    assert!(started.elapsed() <= Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_set_is_waited_for_while_ses_may_show_what_was_before() {
    let scene = Scene::holding(MailFrom::Unset);
    scene.ses.shows(set("old.example.com"));
    let started = Instant::now();
    let made = scene.set().await;
    assert!(matches!(made, Set::Overtaken), "{made:?}");
    let waited = started.elapsed().as_secs();
    assert!((14..=17).contains(&waited), "{waited} s");
}
