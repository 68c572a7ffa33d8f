use tf_provider::Diagnostics;

use super::*;
use crate::attributes::value;
use crate::identity_mail_from::plan::{GivenUp, plan, sets};
use crate::identity_mail_from::validate::validate;
use crate::mail_from::{Region, Reported, ReportedDomain};

use Applied::{Locally, Nothing, Sent};
use BehaviorOnMxFailure::{RejectMessage, UseDefaultValue};

mod beginnings;
mod changes;

const USE_DEFAULT: &str = "UseDefaultValue";
const REJECT: &str = "RejectMessage";
const STATUSES: [&str; 5] = ["Pending", "Success", "TemporaryFailure", "Failed", "Novel"];
const DOMAIN: &str = "bounce.example.com";

/// A configuration with what is wanted, and until when not.
fn config(behavior: &str, until_verified: Option<&str>) -> Model {
    Model {
        behavior_on_mx_failure: value(behavior),
        behavior_until_verified: until_verified.map_or(Value::Null, value),
        ..Model::of("example.com", value(DOMAIN))
    }
}

/// What SES shows.
fn shown(domain: &str, behavior: &str, status: &str) -> SetMailFrom {
    SetMailFrom {
        domain: ReportedDomain::parse(domain),
        behavior: Some(Reported::parse(behavior)),
        status: Reported::parse(status),
    }
}

/// One object, and what SES holds of it.
#[derive(Clone, Debug, PartialEq)]
struct World {
    state: Option<Model>,
    is_cut_over: bool,
    domain: String,
    behavior: String,
    status: String,
}

/// What an apply has done.
#[derive(Clone, Debug, PartialEq)]
enum Applied {
    Nothing,
    Locally,
    Sent(BehaviorOnMxFailure),
}

impl World {
    /// Where nothing is created, and SES holds this.
    fn before(behavior: &str, status: &str) -> Self {
        Self {
            state: None,
            is_cut_over: false,
            domain: DOMAIN.to_owned(),
            behavior: behavior.to_owned(),
            status: status.to_owned(),
        }
    }

    /// Where `config` was created, and SES has answered with this status.
    fn created(config: &Model, status: &str) -> Self {
        let mut world = Self::before(USE_DEFAULT, status);
        world.apply(config);
        world
    }

    /// A refresh, and whether it changes anything.
    fn refresh(&mut self) -> (bool, Option<Amiss>) {
        let held = shown(&self.domain, &self.behavior, &self.status);
        let before = (self.state.clone(), self.is_cut_over);
        let Some(state) = self.state.take() else {
            return (false, None);
        };
        let seen = seen(&state, &held, self.is_cut_over);
        self.is_cut_over = seen.is_cut_over;
        self.state = Some(Model {
            mail_from_domain: value(&self.domain),
            behavior_on_mx_failure: seen.behavior,
            behavior_until_verified: seen.until_verified,
            verification_status: value(&self.status),
            ..state
        });
        (before != (self.state.clone(), self.is_cut_over), seen.amiss)
    }

    /// Plans `config`, and carries it out as an apply does.
    fn apply(&mut self, config: &Model) -> Applied {
        let meaning = validate(&mut Diagnostics::default(), config);
        let region = Region::parse("eu-west-1").unwrap();
        let prior = self.state.take();
        let plan = plan(
            prior.as_ref(),
            config,
            &meaning,
            Some(&region),
            self.is_cut_over,
        );
        let mut planned = plan.planned;
        planned.dns = Value::Null;
        if prior.as_ref() == Some(&planned) {
            self.state = prior;
            return Nothing;
        }
        // What apply works out by itself is what was planned.
        let restarts = planned.restarts_failed_verification();
        let domain = &planned.mail_from_domain;
        let goes_on = Prior::of(prior.as_ref(), self.is_cut_over, domain, restarts);
        let behavior = behavior(&meaning, goes_on).unwrap();
        assert_eq!(plan.behavior, Some(behavior));
        self.is_cut_over = is_cut_over_by(&meaning, behavior);
        let applied = match sets(&planned) {
            true => {
                self.domain = domain.as_ref_option().unwrap().clone();
                behavior.as_str().clone_into(&mut self.behavior);
                let begins = plan.given_up == Some(GivenUp::Restarted);
                let begins = begins || prior.is_some_and(|prior| prior.mail_from_domain != *domain);
                if begins {
                    "Pending".clone_into(&mut self.status);
                }
                planned.verification_status = value(&self.status);
                Sent(behavior)
            }
            false => Locally,
        };
        self.state = Some(planned);
        applied
    }

    /// A refresh and an apply.
    fn run(&mut self, config: &Model) -> Applied {
        self.refresh();
        self.apply(config)
    }
}

fn safe() -> Model {
    config(REJECT, Some(USE_DEFAULT))
}

#[test]
fn a_domain_is_cut_over_by_the_first_apply_after_success() {
    let mut world = World::before(USE_DEFAULT, "Pending");
    assert_eq!(world.run(&safe()), Sent(UseDefaultValue));
    for status in ["Pending", "Pending", "TemporaryFailure", "Novel"] {
        world.status = status.to_owned();
        let state = world.state.clone().unwrap();
        assert_eq!(world.run(&safe()), Nothing, "{status}");
        let after = world.state.clone().unwrap();
        assert_eq!(after.behavior_on_mx_failure, state.behavior_on_mx_failure);
    }
    world.status = "Success".to_owned();
    assert_eq!(world.refresh(), (true, None));
    let state = world.state.clone().unwrap();
    assert_eq!(state.behavior_on_mx_failure, value(USE_DEFAULT));
    assert_eq!(world.refresh(), (false, None));
    assert_eq!(world.run(&safe()), Sent(RejectMessage));
    assert_eq!(world.run(&safe()), Nothing);
}

#[test]
fn pending_is_no_difference_to_a_refresh() {
    let mut world = World::created(&safe(), "Pending");
    world.refresh();
    assert_eq!(world.refresh(), (false, None));
}

#[test]
fn a_status_that_is_lost_switches_nothing_back() {
    for status in STATUSES {
        let mut world = World::created(&safe(), "Success");
        assert_eq!(world.run(&safe()), Sent(RejectMessage));
        // SES may fall back to Pending with the very Set.
        world.status = status.to_owned();
        let pending = (status == "Pending").then_some(Amiss::PendingAgain);
        assert_eq!(world.refresh().1, pending);
        let left = Model {
            restart_failed_verification: Value::Value(false),
            ..safe()
        };
        assert!(matches!(world.run(&left), Locally), "{status}");
        assert_eq!(world.run(&left), Nothing);
        assert_eq!(world.behavior, REJECT);
        // Somebody else changes it, which is drift like any other.
        world.behavior = USE_DEFAULT.to_owned();
        assert_eq!(world.run(&left), Sent(RejectMessage), "{status}");
    }
}

#[test]
fn success_that_is_lost_before_the_apply_is_waited_for_again() {
    for status in ["Pending", "TemporaryFailure", "Novel"] {
        let mut world = World::created(&safe(), "Success");
        world.refresh();
        world.status = status.to_owned();
        assert_eq!(world.run(&safe()), Locally, "{status}");
        assert_eq!(world.run(&safe()), Nothing);
        world.status = "Success".to_owned();
        assert_eq!(world.run(&safe()), Sent(RejectMessage));
    }
}

/// Whatever SES shows of whatever state, one apply brings about what is to be.
#[test]
fn every_state_settles_and_refuses_mail_of_verified_domains_alone() {
    let mut seen = 0;
    let flags = [false, true];
    let behaviors = [USE_DEFAULT, REJECT];
    let untils = [None, Some(USE_DEFAULT)];
    let choices = |n: usize| (0..n).collect::<Vec<_>>();
    for choice in choices(5 * 2 * 2 * 2 * 2 * 2 * 2 * 2) {
        let bit = |n: usize| choice >> n & 1;
        let status = STATUSES[choice >> 7];
        let prior = config(behaviors[bit(0)], untils[bit(1)]);
        let mut world = World::created(&prior, status);
        behaviors[bit(2)].clone_into(&mut world.behavior);
        world.is_cut_over = flags[bit(3)];
        let wanted = Model {
            restart_failed_verification: Value::Value(flags[bit(4)]),
            ..config(behaviors[bit(5)], untils[bit(6)])
        };
        let case = (world.clone(), wanted.clone());
        world.refresh();
        let was_cut_over = world.is_cut_over;
        let applied = world.apply(&wanted);
        if applied == Sent(RejectMessage) && wanted.behavior_until_verified.is_value() {
            assert!(status == "Success" || was_cut_over, "{case:?}");
        }
        let (_, amiss) = world.refresh();
        assert_ne!(amiss, Some(Amiss::TooEarly), "{case:?}");
        assert_eq!(world.clone().apply(&wanted), Nothing, "{case:?}");
        let is_verified = world.status == "Success";
        let expected = match &wanted.behavior_until_verified {
            Value::Value(until) if !world.is_cut_over && !is_verified => until,
            _ => wanted.behavior_on_mx_failure.as_ref_option().unwrap(),
        };
        assert_eq!(world.behavior, *expected, "{case:?}");
        seen += 1;
    }
    assert_eq!(seen, 640);
}

#[test]
fn an_emulator_that_leaves_the_behavior_out_has_the_default() {
    let mut world = World::created(&safe(), "Pending");
    let held = SetMailFrom {
        behavior: None,
        ..shown(DOMAIN, "", "Pending")
    };
    let state = world.state.take().unwrap();
    let seen = seen(&state, &held, false);
    assert_eq!(seen.behavior, value(REJECT));
    assert_eq!(seen.until_verified, value(USE_DEFAULT));
}
