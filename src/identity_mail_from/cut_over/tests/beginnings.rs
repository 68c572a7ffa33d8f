//! What begins anew, and what is there already.

use super::*;

#[test]
fn what_is_verified_already_takes_two_applies_as_well() {
    for held in [USE_DEFAULT, REJECT] {
        let mut world = World::before(held, "Success");
        assert_eq!(world.apply(&safe()), Sent(UseDefaultValue), "{held}");
        let state = world.state.clone().unwrap();
        assert_eq!(state.behavior_on_mx_failure, value(REJECT));
        // Without a refresh, too.
        assert_eq!(world.clone().apply(&safe()), Sent(RejectMessage));
        assert_eq!(world.run(&safe()), Sent(RejectMessage));
        assert_eq!(world.run(&safe()), Nothing);
    }
}

#[test]
fn a_failed_domain_that_is_started_again_begins_anew() {
    for cut_over in [false, true] {
        let status = if cut_over { "Success" } else { "Pending" };
        let mut world = World::created(&safe(), status);
        world.run(&safe());
        assert_eq!(world.is_cut_over, cut_over);
        world.status = "Failed".to_owned();
        assert_eq!(world.run(&safe()), Sent(UseDefaultValue));
        assert_eq!(world.run(&safe()), Nothing);
        world.status = "Success".to_owned();
        assert_eq!(world.run(&safe()), Sent(RejectMessage));
    }
}

#[test]
fn a_failed_domain_that_is_left_is_left_with_what_it_has() {
    let left = Model {
        restart_failed_verification: Value::Value(false),
        ..safe()
    };
    let mut world = World::created(&left, "Failed");
    assert_eq!(world.run(&left), Nothing);
    assert_eq!(world.behavior, USE_DEFAULT);
    world.status = "Success".to_owned();
    assert_eq!(world.run(&left), Sent(RejectMessage));
    world.status = "Failed".to_owned();
    assert_eq!(world.run(&left), Nothing);
    assert_eq!(world.behavior, REJECT);
}

#[test]
fn another_domain_begins_anew_in_the_same_apply() {
    let mut world = World::created(&safe(), "Success");
    world.run(&safe());
    let other = Model {
        mail_from_domain: value("mail.example.com"),
        ..safe()
    };
    assert_eq!(world.run(&other), Sent(UseDefaultValue));
    assert_eq!(world.run(&other), Nothing);
    world.status = "Success".to_owned();
    assert_eq!(world.run(&other), Sent(RejectMessage));
    assert_eq!(world.run(&other), Nothing);
}

#[test]
fn a_domain_that_somebody_else_has_set_begins_anew_however_it_is_settled() {
    let theirs = Model {
        mail_from_domain: value("theirs.example.com"),
        ..safe()
    };
    for cut_over in [false, true] {
        for behavior in [USE_DEFAULT, REJECT] {
            for config in [safe(), theirs.clone()] {
                let status = if cut_over { "Success" } else { "Pending" };
                let mut world = World::created(&safe(), status);
                world.run(&safe());
                world.domain = "theirs.example.com".to_owned();
                world.behavior = behavior.to_owned();
                world.status = "Pending".to_owned();
                world.run(&config);
                assert_eq!(world.behavior, USE_DEFAULT, "{cut_over} {behavior}");
                assert_eq!(world.run(&config), Nothing);
            }
        }
    }
}

#[test]
fn what_was_imported_is_cut_over_or_waits() {
    for (held, status, applied) in [
        (REJECT, "Success", Locally),
        (REJECT, "TemporaryFailure", Locally),
        (REJECT, "Pending", Sent(UseDefaultValue)),
        (USE_DEFAULT, "Pending", Locally),
        (USE_DEFAULT, "TemporaryFailure", Locally),
        (USE_DEFAULT, "Success", Sent(RejectMessage)),
        (USE_DEFAULT, "Failed", Sent(UseDefaultValue)),
    ] {
        let mut world = World::created(&config(held, None), status);
        // An import has no attribute that is configured, and no private state but a mark.
        assert_eq!(world.run(&safe()), applied, "{held} {status}");
        assert_eq!(world.run(&safe()), Nothing, "{held} {status}");
    }
}
