use super::*;
use crate::attributes::value;
use crate::dns_findings::Dns;
use crate::identity_mail_from::model::Timeouts;
use crate::identity_mail_from::validate::validate;
use crate::mail_from::DnsFindings;
use tf_provider::Diagnostics;

fn config(identity: &str, domain: &str) -> Model {
    Model::of(identity, value(domain))
}

fn planned(prior: Option<&Model>, config: &Model, region: Option<&str>) -> Plan {
    let mut diags = Diagnostics::default();
    let meaning = validate(&mut diags, config);
    assert!(diags.errors.is_empty(), "{:?}", diags.errors);
    let region = region.map(|region| Region::parse(region).unwrap());
    let first = plan(prior, config, &meaning, region.as_ref(), false);
    assert_eq!(first, plan(prior, config, &meaning, region.as_ref(), false));
    first
}

/// The state after `config` was applied in eu-west-1.
fn applied(config: &Model) -> Model {
    Model {
        verification_status: value("Success"),
        dns: Value::Value(Dns::from(&DnsFindings::unchecked())),
        ..planned(None, config, Some("eu-west-1")).planned
    }
}

fn replaced(plan: &Plan) -> Vec<String> {
    plan.requires_replace
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn create_knows_all_but_what_only_ses_and_dns_can_tell() {
    let Plan { planned, .. } = planned(
        None,
        &config("EXAMPLE.com.", "Bounce.Example.com."),
        Some("eu-west-1"),
    );
    assert_eq!(planned.identity, value("EXAMPLE.com."));
    assert_eq!(planned.mail_from_domain, value("Bounce.Example.com."));
    assert_eq!(planned.id, value("example.com"));
    assert_eq!(planned.behavior_on_mx_failure, value("UseDefaultValue"));
    assert_eq!(planned.region, value("eu-west-1"));
    assert!(sets(&planned) && planned.dns.is_unknown());
    let records = planned.dns_records.unwrap();
    let mx = records[0].as_ref().unwrap();
    assert_eq!(mx.name, value("bounce.example.com"));
    assert_eq!(mx.rdata, value("10 feedback-smtp.eu-west-1.amazonses.com"));
    assert_eq!(mx.priority, Value::Value(10.into()));
    let txt = records[1].as_ref().unwrap();
    assert_eq!(txt.record_type, value("TXT"));
    assert_eq!(txt.priority, Value::Null);
}

#[test]
fn create_of_an_unknown_domain_knows_the_number_and_types_of_its_records() {
    let mut config = config("example.com", "bounce.example.com");
    config.mail_from_domain = Value::Unknown;
    let Plan { planned, .. } = planned(None, &config, None);
    assert_eq!(
        (planned.region, planned.mail_from_domain),
        (Value::Unknown, Value::Unknown)
    );
    let records = planned.dns_records.unwrap();
    let types: Vec<_> = records
        .iter()
        .map(|record| record.as_ref().unwrap().record_type.clone().unwrap())
        .collect();
    assert_eq!(types, ["MX", "TXT"]);
    let (mx, txt) = (records[0].as_ref().unwrap(), records[1].as_ref().unwrap());
    assert!(mx.name.is_unknown() && mx.value.is_unknown() && txt.name.is_unknown());
    assert_eq!(txt.rdata, value("v=spf1 include:amazonses.com ~all"));
}

#[test]
fn nothing_changed_plans_the_prior_state() {
    let config = config("example.com", "bounce.example.com");
    let prior = applied(&config);
    let plan = planned(Some(&prior), &config, Some("eu-west-1"));
    assert_eq!(plan.planned, prior);
    assert!(plan.requires_replace.is_empty());
}

#[test]
fn another_spelling_is_no_change() {
    let prior = applied(&config("bücher.example", "bounce.bücher.example"));
    for (identity, domain) in [
        ("xn--bcher-kva.example", "bounce.xn--bcher-kva.example"),
        ("BÜCHER.example.", "Bounce.Bücher.Example."),
    ] {
        let plan = planned(Some(&prior), &config(identity, domain), Some("eu-west-1"));
        assert_eq!(plan.planned, prior, "{identity}");
        assert!(plan.requires_replace.is_empty());
    }
}

#[test]
fn the_case_of_an_address_is_a_change() {
    let prior = applied(&config("Sender@Example.com", "bounce.example.com"));
    let config = config("sender@example.com", "bounce.example.com");
    let plan = planned(Some(&prior), &config, Some("eu-west-1"));
    assert_eq!(replaced(&plan), ["identity"]);
    assert!(sets(&plan.planned));
}

#[test]
fn identity_and_region_replace_and_domain_and_behavior_do_not() {
    let before = config("example.com", "bounce.example.com");
    let prior = applied(&before);
    let mut behavior = before.clone();
    behavior.behavior_on_mx_failure = value("RejectMessage");
    let other_identity = config("example.org", "bounce.example.org");
    let other_domain = config("example.com", "mail.example.com");
    for (config, region, replaces) in [
        (&other_identity, "eu-west-1", vec!["identity"]),
        (&before, "us-east-1", vec!["region"]),
        (&other_domain, "eu-west-1", vec![]),
        (&behavior, "eu-west-1", vec![]),
    ] {
        let plan = planned(Some(&prior), config, Some(region));
        assert_eq!(replaced(&plan), replaces);
        assert!(sets(&plan.planned), "a Set will be sent");
        assert!(plan.planned.dns.is_unknown());
    }
    let moved = planned(Some(&prior), &other_domain, Some("eu-west-1")).planned;
    let records = moved.dns_records.unwrap();
    assert_eq!(records[0].as_ref().unwrap().name, value("mail.example.com"));
    assert_eq!(moved.id, value("example.com"), "same id");
}

#[test]
fn a_behavior_that_is_not_configured_is_the_default_and_not_the_prior_one() {
    let mut with_behavior = config("example.com", "bounce.example.com");
    with_behavior.behavior_on_mx_failure = value("RejectMessage");
    let prior = applied(&with_behavior);
    let without = config("example.com", "bounce.example.com");
    let plan = planned(Some(&prior), &without, Some("eu-west-1"));
    assert_eq!(
        plan.planned.behavior_on_mx_failure,
        value("UseDefaultValue")
    );
    assert!(sets(&plan.planned));
}

#[test]
fn local_attributes_take_no_set() {
    let before = config("example.com", "bounce.example.com");
    let prior = applied(&before);
    let mut timeouts = before.clone();
    timeouts.timeouts = Value::Value(Timeouts {
        read: value("10s"),
        ..Timeouts::default()
    });
    let plan = planned(Some(&prior), &timeouts, Some("eu-west-1"));
    assert!(!sets(&plan.planned));
    assert_eq!(plan.planned.dns, prior.dns);

    let mut restart = before.clone();
    restart.restart_failed_verification = Value::Value(false);
    let plan = planned(Some(&prior), &restart, Some("eu-west-1"));
    assert_eq!(plan.planned.verification_status, prior.verification_status);
    assert_eq!(plan.planned.dns, prior.dns);

    let mut dns_check = before;
    dns_check.dns_check = Value::Value(false);
    let plan = planned(Some(&prior), &dns_check, Some("eu-west-1"));
    assert!(!sets(&plan.planned) && plan.planned.dns.is_unknown());
    assert_eq!(plan.planned.verification_status, prior.verification_status);
}

#[test]
fn a_verification_that_was_given_up_takes_a_set_unless_that_is_refused() {
    let before = config("example.com", "bounce.example.com");
    let mut prior = applied(&before);
    prior.verification_status = value("Failed");
    for (restart, given_up) in [
        (Value::Null, GivenUp::Restarted),
        (Value::Value(true), GivenUp::Restarted),
        (Value::Unknown, GivenUp::Restarted),
        (Value::Value(false), GivenUp::Left),
    ] {
        let config = Model {
            restart_failed_verification: restart,
            ..before.clone()
        };
        let plan = planned(Some(&prior), &config, Some("eu-west-1"));
        assert_eq!(plan.given_up, Some(given_up), "{restart:?}");
        assert_eq!(plan.planned.restart_failed_verification, restart);
        let restarts = given_up == GivenUp::Restarted;
        assert_eq!(sets(&plan.planned), restarts, "{restart:?}");
        assert_eq!(plan.planned.dns.is_unknown(), restarts);
        assert!(plan.requires_replace.is_empty());
    }
    // A changed domain begins anew by itself.
    let moved = config("example.com", "mail.example.com");
    let plan = planned(Some(&prior), &moved, Some("eu-west-1"));
    assert_eq!(plan.given_up, None);
    assert!(sets(&plan.planned));
}

#[test]
fn only_failed_is_given_up() {
    let config = config("example.com", "bounce.example.com");
    for status in ["Pending", "Success", "TemporaryFailure"] {
        let mut prior = applied(&config);
        prior.verification_status = value(status);
        let plan = planned(Some(&prior), &config, Some("eu-west-1"));
        assert_eq!((plan.planned, plan.given_up), (prior, None), "{status}");
    }
}

#[test]
fn an_unknown_provider_region_leaves_what_exists_alone() {
    let config = config("example.com", "bounce.example.com");
    let prior = applied(&config);
    assert_eq!(planned(Some(&prior), &config, None).planned, prior);
}

fn configured(region: Value<String>) -> Model {
    Model {
        region,
        ..config("example.com", "bounce.example.com")
    }
}

#[test]
fn a_resource_is_in_the_region_that_it_names_or_else_in_the_providers() {
    let provider = Some("us-east-1");
    for (config, was, becomes) in [
        (Value::Null, "us-east-1", value("us-east-1")),
        (Value::Null, "eu-west-1", value("us-east-1")),
        (value("eu-west-1"), "eu-west-1", value("eu-west-1")),
        (value("eu-west-1"), "us-east-1", value("eu-west-1")),
        (Value::Unknown, "eu-west-1", Value::Unknown),
    ] {
        let config = configured(config);
        let prior = applied(&configured(value(was)));
        // A provider whose region is not needed is not asked for one.
        let provider = provider.filter(|_| config.region.is_null());
        let plan = planned(Some(&prior), &config, provider);
        assert_eq!(plan.planned.region, becomes, "{config:?}");
        let moves = becomes != value(was);
        assert_eq!(!replaced(&plan).is_empty(), moves, "{was} {config:?}");
        assert_eq!(sets(&plan.planned), moves);
    }
}

#[test]
fn a_region_that_only_an_emulator_knows_is_planned_as_any_other() {
    let config = config("example.com", "bounce.example.com");
    let mut diags = Diagnostics::default();
    let meaning = validate(&mut diags, &config);
    let local = Region::parse_any("local").unwrap();
    let plan = plan(None, &config, &meaning, Some(&local), false);
    let place = plan.place(&meaning).unwrap();
    assert_eq!(
        (&place.region, plan.planned.place()),
        (&local, Some(place.clone()))
    );
    let records = plan.planned.dns_records.unwrap();
    let mx = records[0].as_ref().unwrap();
    assert_eq!(mx.value, value("feedback-smtp.local.amazonses.com"));
}

#[test]
fn an_unknown_region_leaves_unknown_what_follows_from_it_alone() {
    for (config, provider) in [(Value::Unknown, Some("us-east-1")), (Value::Null, None)] {
        let Plan { planned, .. } = planned(None, &configured(config), provider);
        assert_eq!(planned.region, Value::Unknown);
        let records = planned.dns_records.unwrap();
        let [mx, txt] = records.as_slice() else {
            panic!("{records:?}");
        };
        let (mx, txt) = (mx.as_ref().unwrap(), txt.as_ref().unwrap());
        assert_eq!(mx.name, value("bounce.example.com"));
        assert_eq!(mx.priority, Value::Value(10.into()));
        assert!(mx.value.is_unknown() && mx.rdata.is_unknown() && mx.zone_rdata.is_unknown());
        assert_eq!(txt.value, value("v=spf1 include:amazonses.com ~all"));
    }
}

#[test]
fn a_state_without_region_is_the_providers_and_is_not_replaced() {
    let of = |region| applied(&configured(region));
    let none = Model {
        region: Value::Null,
        ..of(value("eu-west-1"))
    };
    let region = Region::parse("eu-west-1").unwrap();
    assert_eq!(none.placed(Some(&region)), of(value("eu-west-1")));
    assert_eq!(none.placed(None), none);
    for config in [Value::Null, value("eu-west-1")] {
        for provider in [Some("eu-west-1"), None] {
            let plan = planned(Some(&none), &configured(config.clone()), provider);
            assert!(plan.requires_replace.is_empty(), "{config:?} {provider:?}");
            assert!(!sets(&plan.planned), "{config:?} {provider:?}");
        }
    }
    let moved = none.placed(Some(&region));
    let plan = planned(Some(&moved), &configured(value("us-east-1")), None);
    assert_eq!(replaced(&plan), ["region"]);
}
