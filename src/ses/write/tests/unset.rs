//! MAIL FROM is unset, once and no more than is needed, and never what another object
//! wants.

use super::*;

#[tokio::test(start_paused = true)]
async fn unset_is_done_when_there_is_nothing_to_unset() {
    // moto answers HTTP 500, SES an invalid parameter.
    for (held, status, code) in [
        (MailFrom::Unset, 500, ""),
        (MailFrom::UnknownIdentity, 400, "InvalidParameterValue"),
    ] {
        let scene = Scene::holding(held);
        scene.ses.fail([Fault::Refuse(status, code)]);
        let unset = scene.unset().await;
        assert!(matches!(unset, Unset::Done), "{unset:?}");
        let calls = [
            Call::Unset("example.com".to_owned()),
            Call::Get(vec!["example.com".to_owned()]),
        ];
        assert_eq!(scene.ses.calls(), calls);
    }
}

#[tokio::test(start_paused = true)]
async fn unset_looks_after_a_lost_answer_and_tries_again_where_needed() {
    let scene = Scene::holding(set("bounce.example.com"));
    scene.ses.fail([Fault::LoseAnswer]);
    assert!(matches!(scene.unset().await, Unset::Done));
    assert_eq!(scene.ses.calls().len(), 2, "one unset and one read");

    let scene = Scene::holding(set("bounce.example.com"));
    let failure = Fault::Refuse(500, "InternalFailure");
    scene.ses.fail([Fault::CannotConnect, failure]);
    assert!(matches!(scene.unset().await, Unset::Done));
    assert_eq!(scene.changes(), ["unset", "unset"]);
    assert_eq!(scene.held(), MailFrom::Unset);
}

#[tokio::test(start_paused = true)]
async fn unset_that_is_refused_and_still_set_is_an_error() {
    let scene = Scene::holding(set("bounce.example.com"));
    scene.ses.fail([denied()]);
    let unset = scene.unset().await;
    assert!(matches!(unset, Unset::NotDone(error) if error.access_denied().is_some()));
}

#[tokio::test(start_paused = true)]
async fn unset_leaves_alone_what_a_sibling_may_have_set() {
    let scene = Scene::holding(MailFrom::Unset);
    let later = Fault::Slow(Duration::from_secs(4));
    scene.ses.fail([Fault::LoseAnswer, later]);
    let (made, ()) = tokio::join!(scene.sibling_sets(), scene.stop_after(0.05));
    assert!(matches!(made, Set::Shown(_) | Set::NotShown(_)), "{made:?}");
    let fresh = Scene {
        stop: CancellationToken::new(),
        deadline: Deadline::after(Duration::from_secs(300), CancellationToken::new()),
        ..scene
    };
    let unset = fresh.unset().await;
    assert!(matches!(unset, Unset::LeftToSibling), "{unset:?}");
    assert_eq!(fresh.held(), set("bounce.example.com"));
}

#[tokio::test(start_paused = true)]
async fn unset_waits_for_what_becomes_of_a_sibling() {
    // The sibling's Set came first.
    let scene = Scene::holding(MailFrom::Unset);
    scene.sibling_sets().await;
    assert!(matches!(scene.unset().await, Unset::LeftToSibling));
    assert_eq!(scene.held(), set("bounce.example.com"));

    // It is throttled and refused at last, while the unset waits: nobody else would
    // remember what SES holds.
    for refused in [denied(), Fault::Refuse(400, "InvalidParameterValue")] {
        let scene = Scene::holding(set("bounce.example.com"));
        let throttled = Fault::Refuse(400, "Throttling");
        scene.ses.fail([throttled.clone(), throttled, refused]);
        let (sibling, unset) = tokio::join!(scene.sibling_sets(), scene.unset());
        assert!(matches!(sibling, Set::NotMade(_)), "{sibling:?}");
        assert!(matches!(unset, Unset::Done), "{unset:?}");
        assert_eq!(scene.held(), MailFrom::Unset);
        assert_eq!(scene.changes().last(), Some(&"unset"));
    }

    // A stop ends both: the state keeps what was to be unset.
    let scene = Scene::holding(set("bounce.example.com"));
    let throttled = Fault::Refuse(400, "Throttling");
    scene.ses.fail(std::iter::repeat_n(throttled, 100));
    let (sibling, unset, ()) =
        tokio::join!(scene.sibling_sets(), scene.unset(), scene.stop_after(20.0));
    assert!(matches!(sibling, Set::NotMade(_)), "{sibling:?}");
    assert!(
        matches!(unset, Unset::NotDone(Error::Stopped { .. })),
        "{unset:?}"
    );
    assert_eq!(scene.held(), set("bounce.example.com"));
}

#[tokio::test(start_paused = true)]
async fn unset_waits_for_a_sibling_until_ses_has_accepted_and_not_until_ses_shows_it() {
    let scene = Scene::holding(set("old.example.com"));
    scene.ses.shows_late(Duration::from_secs(10));
    let unset = async {
        sleep(Duration::from_secs(1)).await;
        let impatient = Deadline::after(Duration::from_secs(3), CancellationToken::new());
        let unwanted = Unwanted {
            identity: identity(),
            object: Some(scene.object.clone()),
            own: None,
        };
        scene.client.unset(&impatient, &unwanted).await
    };
    let (sibling, unset) = tokio::join!(scene.sibling_sets(), unset);
    assert!(is_pending(&sibling), "{sibling:?}");
    assert!(matches!(unset, Unset::LeftToSibling), "{unset:?}");
    assert_eq!(scene.changes(), ["set"]);
}

#[tokio::test(start_paused = true)]
async fn an_unset_that_was_sent_before_comes_before_the_sibling() {
    let scene = Scene::holding(set("bounce.example.com"));
    scene.ses.fail([Fault::Slow(Duration::from_secs(5))]);
    let (unset, set_again) = tokio::join!(scene.unset(), async {
        sleep(Duration::from_secs(2)).await;
        scene.sibling_sets().await
    });
    assert!(matches!(unset, Unset::Done), "{unset:?}");
    assert!(is_pending(&set_again));
    assert_eq!(scene.held(), set("bounce.example.com"));
}

#[tokio::test(start_paused = true)]
async fn an_object_is_no_sibling_of_its_own() {
    let scene = Scene::holding(MailFrom::Unset);
    scene.set().await;
    let unset = scene.unset().await;
    assert!(matches!(unset, Unset::Done), "{unset:?}");
    assert_eq!(scene.held(), MailFrom::Unset);
}

#[tokio::test(start_paused = true)]
async fn unset_that_is_stopped_with_its_answer_lost_is_looked_up() {
    for (first, unset) in [
        // Carried out, and so must not stay in the state.
        (Fault::LoseAnswer, true),
        (Fault::Refuse(500, "InternalFailure"), false),
    ] {
        let scene = Scene::holding(set("bounce.example.com"));
        let slow = Fault::Slow(Duration::from_secs(4));
        scene.ses.fail([first, slow]);
        let (ended, ()) = tokio::join!(scene.unset(), scene.stop_after(1.0));
        assert_eq!(matches!(ended, Unset::Done), unset, "{ended:?}");
        let calls = scene.ses.calls();
        assert!(matches!(calls[0], Call::Unset(_)), "{calls:?}");
        assert!(
            calls[1..].iter().all(|call| matches!(call, Call::Get(_))),
            "nothing but reads after the stop: {calls:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_was_planned_elsewhere_leaves_what_the_object_has_not_set() {
    for (held, is_left) in [
        (set("bounce.example.com"), false),
        (failed("bounce.example.com"), false),
        (set("other.example.com"), true),
        (MailFrom::Unset, false),
    ] {
        let scene = Scene::holding(held.clone());
        let unset = scene.unset_of(Some(setting())).await;
        let expected = match is_left {
            true => matches!(unset, Unset::LeftToOther),
            false => matches!(unset, Unset::Done),
        };
        assert!(expected, "{held:?}: {unset:?}");
        let left = if is_left { held } else { MailFrom::Unset };
        assert_eq!(scene.held(), left);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_plan_goes_on_with_stays_on() {
    let scene = Scene::holding(set("bounce.example.com"));
    scene.client.keeps(&identity(), Some(&ObjectId::random()));
    assert!(matches!(scene.unset().await, Unset::LeftToSibling));
    assert!(scene.changes().is_empty());
}
