use super::super::line::{Event, Line, Says};
use super::*;

/// One process of a test: its lines come in the order of the whole test's time.
#[derive(Default)]
struct Scene {
    at: u64,
    own: Told,
    others: Vec<(Told, bool)>,
    earlier: Vec<Vec<Told>>,
}

/// Which process says something.
#[derive(Clone, Copy, Debug)]
enum Who {
    Own,
    Other(usize),
    /// Of an earlier run.
    Earlier(usize, usize),
}

use Who::{Earlier, Other, Own};

fn site() -> Site {
    site_of("example.com")
}

fn site_of(identity: &str) -> Site {
    Site {
        endpoint: None,
        region: "eu-west-1".to_owned(),
        identity: identity.to_owned(),
    }
}

fn object(number: u8) -> ObjectId {
    ObjectId::parse(&format!("{number:016x}")).unwrap()
}

/// What is deleted in these tests; all others are another object.
const DELETED: u8 = 0;

impl Scene {
    /// This process and one other of the same account, and an earlier run of the two.
    fn of_one_account() -> Self {
        let mut scene = Self::default();
        for who in [Own, Other(0), Earlier(0, 0), Earlier(0, 1)] {
            scene.knows(who, None, &["key"]);
        }
        scene
    }

    /// This process and another of which it cannot tell whether the account is the same.
    fn of_two_keys() -> Self {
        let mut scene = Self::default();
        scene.knows(Own, None, &["own"]);
        scene.knows(Other(0), None, &["other"]);
        scene
    }

    fn told(&mut self, who: Who) -> &mut Told {
        match who {
            Own => &mut self.own,
            Other(number) => {
                let count = self.others.len().max(number + 1);
                self.others.resize_with(count, || (Told::default(), true));
                &mut self.others[number].0
            }
            Earlier(run, number) => {
                let count = self.earlier.len().max(run + 1);
                self.earlier.resize_with(count, Vec::new);
                let run = &mut self.earlier[run];
                run.resize_with(run.len().max(number + 1), Told::default);
                &mut run[number]
            }
        }
    }

    fn line(&mut self, who: Who, says: Says) {
        self.at += 1;
        let at = self.at;
        self.told(who).take(Line { at, says });
    }

    fn says(&mut self, who: Who, event: Event, number: u8) {
        self.line(who, Says::Object(event, site(), object(number)));
    }

    fn knows(&mut self, who: Who, account: Option<&str>, marks: &[&str]) {
        let whose = Whose {
            account: account.map(str::to_owned),
            marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
            is_known: true,
            unknown: None,
        };
        self.line(who, Says::Whose(whose));
    }

    fn dies(&mut self, number: usize) {
        self.others[number].1 = false;
    }

    fn register<T>(&self, read: impl FnOnce(&Register<'_>) -> T) -> T {
        let others = self.others.iter();
        read(&Register {
            own: &self.own,
            others: others
                .map(|(told, lives)| Process {
                    told,
                    lives: *lives,
                })
                .collect(),
            earlier: self
                .earlier
                .iter()
                .map(|run| run.iter().collect())
                .collect(),
        })
    }

    fn answer(&self) -> Answer {
        self.register(|register| register.answer(&site(), &object(DELETED)))
    }
}

#[test]
fn a_set_is_a_claim_from_when_it_is_queued_until_it_is_refused() {
    for who in [Own, Other(0)] {
        let mut scene = Scene::of_one_account();
        assert_eq!(scene.answer(), Answer::Nobody);
        scene.says(who, Event::Queued, 1);
        scene.says(who, Event::Queued, 1);
        assert_eq!(scene.answer(), Answer::Queued);
        scene.says(who, Event::Ended, 1);
        assert_eq!(scene.answer(), Answer::Queued, "one of two is left");
        scene.says(who, Event::Ended, 1);
        assert_eq!(scene.answer(), Answer::Nobody);
        scene.says(who, Event::Ended, 1);
        scene.says(who, Event::Queued, 1);
        assert_eq!(scene.answer(), Answer::Queued);
        scene.says(who, Event::Stands, 1);
        assert_eq!(scene.answer(), Answer::Stands);
        scene.says(who, Event::Ended, 1);
        assert_eq!(scene.answer(), Answer::Stands);
        let elsewhere = site_of("example.org");
        let answer = scene.register(|register| register.answer(&elsewhere, &object(DELETED)));
        assert_eq!(answer, Answer::Nobody);
    }
}

#[test]
fn what_is_queued_of_the_dead_counts_no_more_and_what_stands_does() {
    let mut scene = Scene::of_one_account();
    scene.says(Other(0), Event::Queued, 1);
    scene.dies(0);
    assert_eq!(scene.answer(), Answer::Nobody);
    scene.says(Other(0), Event::Stands, 1);
    assert_eq!(scene.answer(), Answer::Stands);
}

#[test]
fn an_object_is_no_sibling_of_itself() {
    for who in [Own, Other(0)] {
        for event in [Event::Queued, Event::Stands, Event::Keeps] {
            let mut scene = Scene::of_one_account();
            scene.says(who, event, DELETED);
            assert_eq!(scene.answer(), Answer::Nobody, "{event:?}");
        }
    }
}

#[test]
fn what_a_plan_of_this_run_keeps_counts_whatever_the_order() {
    for kept_first in [true, false] {
        let mut scene = Scene::of_one_account();
        let mut events = [(Event::Keeps, 1), (Event::Destroys, DELETED)];
        if !kept_first {
            events.reverse();
        }
        for (event, number) in events {
            scene.says(Other(0), event, number);
        }
        scene.dies(0);
        assert_eq!(scene.answer(), Answer::Stands);
    }
}

#[test]
fn a_claim_ends_when_its_object_is_destroyed_by_a_plan_or_gone() {
    for release in [Event::Destroys, Event::Gone] {
        for claim in [Event::Keeps, Event::Stands] {
            for (claimer, releaser) in [(Own, Own), (Other(0), Own), (Own, Other(0))] {
                let mut scene = Scene::of_one_account();
                scene.says(claimer, claim, 1);
                scene.says(releaser, release, 1);
                assert_eq!(scene.answer(), Answer::Nobody, "{release:?} {claim:?}");
                scene.says(claimer, claim, 1);
                assert_eq!(scene.answer(), Answer::Stands, "claimed anew");
                scene.says(releaser, release, 2);
                assert_eq!(scene.answer(), Answer::Stands, "another is gone");
            }
        }
    }
}

#[test]
fn a_saved_plan_counts_where_no_plan_of_this_run_destroys_the_object() {
    let saved = || {
        let mut scene = Scene::of_one_account();
        scene.says(Earlier(0, 1), Event::Keeps, 1);
        scene.says(Earlier(0, 0), Event::Destroys, DELETED);
        scene
    };
    let mut scene = saved();
    assert_eq!(scene.answer(), Answer::Stands);
    // An apply plans the destroy of a deposed object itself.
    scene.says(Own, Event::Destroys, DELETED);
    assert_eq!(scene.answer(), Answer::Stands);
    // But then a plan of this run has read what is there, and does not keep it.
    scene.says(Other(0), Event::Destroys, DELETED);
    assert_eq!(scene.answer(), Answer::Nobody);

    // What was kept is released in that run, or later.
    for releaser in [Earlier(0, 0), Earlier(1, 0), Other(0), Own] {
        for release in [Event::Destroys, Event::Gone] {
            let mut scene = saved();
            scene.says(releaser, release, 1);
            assert_eq!(scene.answer(), Answer::Nobody, "{releaser:?} {release:?}");
        }
    }
    // What it was about to set is not what it has set.
    let mut scene = Scene::of_one_account();
    scene.says(Earlier(0, 1), Event::Stands, 1);
    scene.says(Earlier(0, 0), Event::Destroys, DELETED);
    assert_eq!(scene.answer(), Answer::Nobody);
}

#[test]
fn the_latest_plan_that_destroys_the_object_is_the_saved_one() {
    let mut scene = Scene::of_one_account();
    scene.knows(Earlier(1, 0), None, &["key"]);
    scene.knows(Earlier(2, 0), None, &["key"]);
    scene.says(Earlier(1, 0), Event::Destroys, DELETED);
    scene.says(Earlier(1, 0), Event::Keeps, 1);
    scene.says(Earlier(0, 0), Event::Destroys, DELETED);
    scene.says(Earlier(2, 0), Event::Keeps, 2);
    assert_eq!(scene.answer(), Answer::Nobody);
    scene.says(Earlier(1, 0), Event::Destroys, DELETED);
    assert_eq!(scene.answer(), Answer::Stands);
}

#[test]
fn a_plan_is_known_by_the_destroy_of_the_object() {
    let known =
        |scene: &Scene| scene.register(|register| register.is_destroy_planned(&object(DELETED)));
    for (who, expected) in [(Own, false), (Other(0), true), (Earlier(0, 0), true)] {
        let mut scene = Scene::of_one_account();
        scene.says(who, Event::Destroys, 1);
        assert!(!known(&scene));
        scene.says(who, Event::Destroys, DELETED);
        assert_eq!(known(&scene), expected, "{who:?}");
    }
}

#[test]
fn another_account_has_nothing_to_do_with_it() {
    for event in [Event::Queued, Event::Stands, Event::Keeps] {
        let mut scene = Scene::of_two_keys();
        scene.says(Other(0), event, 1);
        scene.knows(Own, Some("1"), &["own"]);
        scene.knows(Other(0), Some("2"), &["other"]);
        assert_eq!(scene.answer(), Answer::Nobody, "{event:?}");
        scene.knows(Other(0), Some("1"), &["other"]);
        assert_ne!(scene.answer(), Answer::Nobody, "{event:?}");
    }
}

#[test]
fn an_account_that_is_not_known_is_asked_for_first_here_then_there() {
    let mut scene = Scene::of_two_keys();
    scene.says(Other(0), Event::Queued, 1);
    assert_eq!(scene.answer(), Answer::Open(Open::Own));
    scene.knows(Own, Some("1"), &["own"]);
    let theirs = Answer::Open(Open::Theirs { is_new: false });
    assert_eq!(scene.answer(), theirs);
    scene.others[0].0.whose.unknown = Some("STS is down".to_owned());
    assert_eq!(
        scene.answer(),
        Answer::Queued,
        "if it fails, it is nobody's"
    );
    scene.says(Other(0), Event::Stands, 1);
    let failed = Answer::Open(Open::Failed("STS is down".to_owned()));
    assert_eq!(scene.answer(), failed);
    scene.dies(0);
    assert_eq!(scene.answer(), failed);
    scene.others[0].1 = true;
    scene.others[0].0.whose.unknown = None;
    assert_eq!(scene.answer(), theirs);
    scene.dies(0);
    assert_eq!(scene.answer(), Answer::Open(Open::Gone));
    // Another process of the same block lives, and tells.
    scene.knows(Other(1), None, &["other"]);
    assert_eq!(scene.answer(), theirs);
    scene.knows(Other(1), Some("2"), &["other"]);
    assert_eq!(scene.answer(), Answer::Nobody);

    let mut scene = Scene::of_two_keys();
    scene.says(Other(0), Event::Stands, 1);
    scene.others[0].0.whose.is_known = false;
    let new = Answer::Open(Open::Theirs { is_new: true });
    assert_eq!(scene.answer(), new, "nobody is asked too early");
    scene.says(Own, Event::Keeps, 2);
    assert_eq!(scene.answer(), Answer::Stands, "nobody is asked in vain");
}

#[test]
fn in_a_saved_plan_accounts_are_compared_with_whoever_planned_the_destroy() {
    let planned = |planner: &[&str], keeper: &[&str]| {
        let mut scene = Scene::default();
        scene.knows(Own, None, &["temporary"]);
        scene.knows(Earlier(0, 0), None, planner);
        scene.knows(Earlier(0, 1), None, keeper);
        scene.says(Earlier(0, 0), Event::Destroys, DELETED);
        scene.says(Earlier(0, 1), Event::Keeps, 1);
        scene
    };
    assert_eq!(planned(&["a"], &["a"]).answer(), Answer::Stands);
    let mut scene = planned(&["a"], &["b"]);
    assert_eq!(scene.answer(), Answer::Open(Open::Saved));
    scene.knows(Earlier(0, 0), Some("1"), &["a"]);
    scene.knows(Earlier(0, 1), Some("2"), &["b"]);
    assert_eq!(scene.answer(), Answer::Nobody);
    scene.knows(Earlier(0, 1), Some("1"), &["b"]);
    assert_eq!(scene.answer(), Answer::Stands);
}

#[test]
fn two_processes_meet_where_one_deletes_what_the_other_wants() {
    let met = |scene: &Scene| scene.register(|register| register.is_met());
    for (wanting, deleting) in [(Own, Other(0)), (Other(0), Own)] {
        for event in [Event::Queued, Event::Stands, Event::Keeps] {
            let mut scene = Scene::of_two_keys();
            scene.says(wanting, event, 1);
            assert!(!met(&scene));
            let elsewhere = site_of("example.org");
            let destroys = Says::Object(Event::Destroys, elsewhere, object(2));
            scene.line(deleting, destroys);
            assert!(!met(&scene));
            scene.says(deleting, Event::Destroys, DELETED);
            assert!(met(&scene), "{wanting:?} {event:?}");
            // There is nothing to ask any more.
            scene.knows(Own, Some("1"), &["own"]);
            scene.knows(Other(0), Some("2"), &["other"]);
            assert!(!met(&scene));
        }
        let mut scene = Scene::of_two_keys();
        scene.says(wanting, Event::Stands, 1);
        scene.line(deleting, Says::Asks(site()));
        assert!(met(&scene));
        let mut scene = Scene::of_one_account();
        scene.says(wanting, Event::Stands, 1);
        scene.says(deleting, Event::Destroys, DELETED);
        assert!(!met(&scene));
    }
    // The plan of the same block has kept it.
    let mut scene = Scene::of_two_keys();
    scene.knows(Other(1), None, &["own"]);
    scene.says(Other(1), Event::Keeps, 1);
    scene.dies(1);
    scene.says(Other(0), Event::Destroys, DELETED);
    assert!(met(&scene));
}
