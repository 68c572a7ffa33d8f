//! What SES has given up is unset and set again.

use futures_util::future::join_all;

use super::*;

/// What SES holds has failed, and stays so when it is set again.
fn given_up() -> Scene {
    let scene = Scene::holding(failed("bounce.example.com"));
    scene.ses.identical_set_keeps_failed();
    scene
}

/// The same, and the calls after the first Set and the look at it go so.
fn given_up_with(faults: impl IntoIterator<Item = Fault>) -> Scene {
    let scene = given_up();
    // The looks within the time in which SES may show the state of before.
    scene.ses.fail([passes()]);
    (0..16).for_each(|_| scene.ses.fail_get(passes()));
    scene.ses.fail(faults);
    scene
}

#[tokio::test(start_paused = true)]
async fn a_failed_verification_is_started_again_in_both_worlds() {
    for (scene, changes) in [
        (Scene::holding(failed("bounce.example.com")), vec!["set"]),
        (given_up(), vec!["set", "unset", "set"]),
    ] {
        let made = scene.set().await;
        assert!(is_pending(&made), "{made:?}");
        assert_eq!(scene.changes(), changes);
        assert_eq!(scene.held(), set("bounce.example.com"));
        let gaps = scene.ses.gaps();
        assert!(gaps.iter().all(|gap| *gap >= 1.02), "{gaps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_verification_is_left_where_that_is_wanted() {
    let scene = given_up();
    let wanted = scene.wanted(ObjectId::random(), false);
    let (made, _) = scene.client.set(&scene.deadline, &wanted).await;
    assert!(
        matches!(&made, Set::Shown(status) if status.is(VerificationStatus::Failed)),
        "{made:?}"
    );
    assert_eq!(scene.changes(), ["set"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_queued_comes_between_the_unset_and_the_set() {
    let scene = given_up();
    let others: Vec<Wanted> = (0..30)
        .map(|number| Wanted {
            identity: Identity::parse(&format!("i{number}.test")).unwrap(),
            ..scene.wanted(ObjectId::random(), true)
        })
        .collect();
    for other in &others {
        scene.ses.hold(other.identity.as_str(), MailFrom::Unset);
    }
    let sets = others
        .iter()
        .map(|other| scene.client.set(&scene.deadline, other));
    let (restarted, set) = tokio::join!(scene.set(), join_all(sets));
    assert!(is_pending(&restarted), "{restarted:?}");
    assert!(set.iter().all(|(set, _)| is_pending(set)));
    let changes = scene.changes();
    let unset = changes.iter().position(|change| *change == "unset");
    let calls = scene.ses.calls();
    let changes: Vec<&Call> = calls
        .iter()
        .filter(|call| matches!(call, Call::Set(_) | Call::Unset(_)))
        .collect();
    let next = changes[unset.unwrap() + 1];
    assert_eq!(*next, Call::Set("example.com".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn restart_rides_out_faults_of_both_calls() {
    let scene = given_up_with([
        Fault::Refuse(400, "Throttling"),
        Fault::LoseAnswer,
        passes(),
        Fault::CannotConnect,
        Fault::Refuse(500, "InternalFailure"),
    ]);
    let made = scene.set().await;
    assert!(is_pending(&made), "{made:?}");
    assert_eq!(scene.held(), set("bounce.example.com"));
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_breaks_off_says_where() {
    let scene = given_up_with([denied()]);
    let made = scene.set().await;
    assert!(
        matches!(&made, Set::NotRestarted(error) if error.access_denied().is_some()),
        "{made:?}"
    );
    assert_eq!(scene.held(), failed("bounce.example.com"));

    let scene = given_up_with([passes(), denied()]);
    let (made, sent) = scene.sends().await;
    assert!(matches!(made, Set::Off { certain: true, .. }), "{made:?}");
    assert_eq!(sent.unwrap().setting, None, "the unset was the last");
    assert_eq!(scene.held(), MailFrom::Unset);

    // Whether the unset was made, only a look tells.
    let scene = given_up_with([Fault::LoseAnswer, denied(), denied()]);
    let made = scene.set().await;
    assert!(matches!(made, Set::Off { certain: true, .. }), "{made:?}");
    assert_eq!(scene.changes(), ["set", "unset", "unset", "set"]);
}

#[tokio::test(start_paused = true)]
async fn stop_before_the_unset_starts_nothing_and_after_it_finishes_the_set() {
    let scene = given_up();
    let (made, ()) = tokio::join!(scene.set(), scene.stop_after(5.0));
    assert!(matches!(made, Set::NotShown(_)), "{made:?}");
    assert_eq!(scene.changes(), ["set"]);

    let scene = given_up_with([Fault::Slow(Duration::from_secs(4))]);
    let (made, ()) = tokio::join!(scene.set(), async {
        scene.unset_goes_out().await;
        scene.stop.cancel();
    });
    // Set again; what its status is, nobody reads any more.
    assert!(matches!(made, Set::NotShown(_)), "{made:?}");
    assert_eq!(scene.changes(), ["set", "unset", "set"]);
    assert_eq!(scene.held(), set("bounce.example.com"));
}

#[tokio::test(start_paused = true)]
async fn stop_leaves_a_set_that_is_throttled_only_so_much_time() {
    let scene = given_up_with([Fault::Slow(Duration::from_secs(2))]);
    let throttled = Fault::Refuse(400, "Throttling");
    scene.ses.fail(std::iter::repeat_n(throttled, 100));
    let (ended, stopped) = tokio::join!(scene.set(), async {
        scene.unset_goes_out().await;
        scene.stop.cancel();
        Instant::now()
    });
    assert!(
        matches!(
            ended,
            Set::Off {
                error: Error::Stopped { .. },
                certain: true
            }
        ),
        "{ended:?}"
    );
    assert!(stopped.elapsed() <= writer::FINISHED_WITHIN + Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn an_unset_of_a_sibling_does_not_come_between_or_after() {
    let scene = given_up();
    let (restarted, unset) = tokio::join!(scene.sibling_sets(), scene.unset());
    assert!(is_pending(&restarted), "{restarted:?}");
    assert!(matches!(unset, Unset::LeftToSibling), "{unset:?}");
    assert_eq!(scene.changes(), ["set", "unset", "set"]);
    assert_eq!(scene.held(), set("bounce.example.com"));
}
