//! SES shows the state of some seconds ago: the same calls of change, and the same end.

use super::*;

/// Every second from none to ten.
fn delays() -> impl Iterator<Item = Duration> {
    (0..=10).map(Duration::from_secs)
}

/// What SES may hold before a Set that it does not hold after it.
fn befores() -> [MailFrom; 3] {
    [
        MailFrom::Unset,
        set("old.example.com"),
        failed("bounce.example.com"),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_set_is_made_once_however_late_it_shows() {
    for late in delays() {
        for before in befores() {
            let scene = Scene::holding(before);
            scene.ses.shows_late(late);
            let made = scene.set().await;
            assert!(is_pending(&made), "{late:?}: {made:?}");
            assert_eq!(scene.changes(), ["set"], "{late:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_made_once_however_late_it_shows() {
    for late in delays() {
        let scene = Scene::holding(failed("bounce.example.com"));
        scene.ses.identical_set_keeps_failed();
        scene.ses.shows_late(late);
        let made = scene.set().await;
        assert!(is_pending(&made), "{late:?}: {made:?}");
        assert_eq!(scene.changes(), ["set", "unset", "set"], "{late:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn not_there_right_after_a_send_is_no_proof() {
    for late in delays() {
        // Made, its answer lost, and what follows is refused.
        let scene = Scene::holding(MailFrom::Unset);
        scene.ses.shows_late(late);
        scene.ses.fail([Fault::LoseAnswer, denied()]);
        let made = scene.set().await;
        assert!(is_pending(&made), "{late:?}: {made:?}");

        // The same with a stop: kept in the state, or shown.
        let scene = Scene::holding(MailFrom::Unset);
        scene.ses.shows_late(late);
        scene.ses.fail([Fault::LoseAnswer, Fault::CannotConnect]);
        let (made, ()) = tokio::join!(scene.set(), scene.stop_after(0.05));
        assert!(
            matches!(made, Set::InDoubt(_) | Set::Shown(_)),
            "{late:?}: {made:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_unset_is_done_however_late_it_shows() {
    for late in delays() {
        let scene = Scene::holding(set("bounce.example.com"));
        scene.ses.shows_late(late);
        assert!(matches!(scene.unset().await, Unset::Done));
        assert_eq!(scene.changes(), ["unset"], "{late:?}");

        // "Not there" right after a Set does not make a refused unset good.
        let scene = Scene::holding(MailFrom::Unset);
        scene.ses.shows_late(late);
        scene.ses.fail([passes()]);
        scene.ses.fail_get(denied());
        let made = scene.set().await;
        assert!(matches!(made, Set::NotShown(Some(_))), "{made:?}");
        scene.ses.fail([denied()]);
        let unset = scene.unset().await;
        assert!(matches!(unset, Unset::NotDone(_)), "{late:?}: {unset:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn not_there_as_before_a_set_does_not_make_a_lost_unset_good() {
    for late in delays() {
        let scene = Scene::holding(MailFrom::Unset);
        scene.ses.shows_late(late);
        scene.ses.fail([passes()]);
        scene.ses.fail_get(denied());
        let made = scene.set().await;
        assert!(matches!(made, Set::NotShown(Some(_))), "{made:?}");
        // Not carried out, for all that is known.
        scene.ses.fail([Fault::Refuse(500, "InternalFailure")]);
        assert!(matches!(scene.unset().await, Unset::Done));
        assert_eq!(scene.held(), MailFrom::Unset, "{late:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_set_after_an_unset_does_not_have_the_status_of_before() {
    for late in delays() {
        for before in ["Success", "TemporaryFailure", "Failed", "Pending"] {
            let scene = Scene::holding(with_status("bounce.example.com", before));
            scene.ses.shows_late(late);
            assert!(matches!(scene.unset().await, Unset::Done));
            let made = scene.set().await;
            assert!(is_pending(&made), "{before}, {late:?}: {made:?}");
            assert_eq!(scene.changes(), ["unset", "set"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_in_another_process_waits_until_the_last_request_shows() {
    for late in delays() {
        for before in befores() {
            let scene = Scene::holding(before);
            scene.ses.shows_late(late);
            scene.ses.fail([passes()]);
            scene.ses.fail_get(denied());
            let (_, sent) = scene.sends().await;
            let next = scene.ses.client();
            next.recall(&identity(), &sent.unwrap());
            let read = next.get(&scene.deadline, &identity()).await.unwrap();
            assert_eq!(read, set("bounce.example.com"), "{late:?}");
        }
    }
}
