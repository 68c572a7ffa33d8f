//! Changes of the configuration, and by somebody else, while SES waits.

use super::*;

#[test]
fn what_somebody_else_has_set_too_early_is_changed_back() {
    for status in ["Pending", "Novel"] {
        let mut world = World::created(&safe(), status);
        world.run(&safe());
        world.behavior = REJECT.to_owned();
        assert_eq!(world.refresh(), (true, Some(Amiss::TooEarly)));
        assert_eq!(world.refresh(), (false, None));
        assert_eq!(world.run(&safe()), Sent(UseDefaultValue), "{status}");
        assert_eq!(world.run(&safe()), Nothing);
    }
    // Where SES has verified the domain, it is not too early.
    for status in ["Success", "TemporaryFailure"] {
        let mut world = World::created(&safe(), "Pending");
        world.behavior = REJECT.to_owned();
        world.status = status.to_owned();
        assert_eq!(world.run(&safe()), Nothing, "{status}");
        world.status = "Pending".to_owned();
        assert_eq!(world.run(&safe()), Nothing, "{status}");
        assert_eq!(world.behavior, REJECT);
    }
}

#[test]
fn the_attribute_may_come_and_go() {
    let at_once = config(REJECT, None);
    for (status, added, removed) in [
        ("Pending", Sent(UseDefaultValue), Sent(RejectMessage)),
        ("Novel", Sent(UseDefaultValue), Sent(RejectMessage)),
        ("Success", Locally, Locally),
        ("TemporaryFailure", Locally, Locally),
    ] {
        let mut world = World::created(&at_once, status);
        world.refresh();
        assert_eq!(world.run(&safe()), added, "{status}");
        assert_eq!(world.run(&safe()), Nothing);
        assert_eq!(world.run(&at_once), removed, "{status}");
        assert_eq!(world.run(&at_once), Nothing);
        assert_eq!(world.behavior, REJECT);
    }
    for (restarts, status) in [(true, "Pending"), (false, "Failed")] {
        let with = |config: Model| Model {
            restart_failed_verification: Value::Value(restarts),
            ..config
        };
        let mut world = World::created(&with(at_once.clone()), "Failed");
        assert_eq!(world.run(&with(safe())), Sent(UseDefaultValue));
        assert_eq!(world.status, status);
        world.status = "Failed".to_owned();
        let at_once = with(at_once.clone());
        assert_eq!(world.run(&at_once), Sent(RejectMessage));
        assert_eq!(world.run(&at_once), Nothing);
    }
}

#[test]
fn what_is_wanted_may_change_while_ses_waits() {
    let mut world = World::created(&safe(), "Pending");
    let usual = config(USE_DEFAULT, Some(USE_DEFAULT));
    for _ in 0..2 {
        assert_eq!(world.run(&usual), Locally);
        assert_eq!(world.run(&usual), Nothing);
        assert_eq!(world.run(&safe()), Locally);
        assert_eq!(world.run(&safe()), Nothing);
    }
    world.status = "Success".to_owned();
    // What SES holds is wanted by now.
    assert_eq!(world.run(&usual), Nothing);
    assert_eq!(world.run(&safe()), Sent(RejectMessage));
    assert_eq!(world.run(&usual), Sent(UseDefaultValue));
    // What was cut over once, and back, waits anew where the record is lost meanwhile.
    world.status = "TemporaryFailure".to_owned();
    assert_eq!(world.run(&safe()), Locally);
    assert_eq!(world.behavior, USE_DEFAULT);
}

#[test]
fn values_that_are_not_known_yet_are_planned_for() {
    let waiting = World::created(&safe(), "Pending").state.unwrap();
    let region = Region::parse("eu-west-1").unwrap();
    let planned = |prior: &Model, config: &Model, is_cut_over| {
        let meaning = validate(&mut Diagnostics::default(), config);
        plan(Some(prior), config, &meaning, Some(&region), is_cut_over)
    };
    let unknown_until = Model {
        behavior_until_verified: Value::Unknown,
        ..safe()
    };
    let unknown_behavior = Model {
        behavior_on_mx_failure: Value::Unknown,
        ..safe()
    };
    for config in [&unknown_until, &unknown_behavior] {
        let plan = planned(&waiting, config, false);
        assert_eq!((sets(&plan.planned), plan.behavior), (true, None));
    }
    let plan = planned(&waiting, &unknown_until, false);
    assert!(plan.planned.behavior_until_verified.is_unknown());
    // Where it makes no difference, nothing is sent.
    let plan = planned(&waiting, &unknown_until, true);
    assert!(!sets(&plan.planned));
    let usual = Model {
        behavior_on_mx_failure: value(USE_DEFAULT),
        ..unknown_until
    };
    assert!(!sets(&planned(&waiting, &usual, false).planned));
}

#[test]
fn private_state_that_is_lost_costs_no_mail() {
    for (status, applied) in [
        ("Success", Nothing),
        ("TemporaryFailure", Nothing),
        ("Pending", Sent(UseDefaultValue)),
    ] {
        let mut world = World::created(&safe(), "Success");
        assert_eq!(world.run(&safe()), Sent(RejectMessage));
        world.refresh();
        world.is_cut_over = false;
        world.status = status.to_owned();
        assert_eq!(world.run(&safe()), applied, "{status}");
        assert_eq!(world.run(&safe()), Nothing);
    }
}
