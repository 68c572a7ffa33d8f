//! Advice on a new MAIL FROM domain, given what SES and DNS said.

use tf_provider::Diagnostics;
use tf_provider::value::Value;

use super::*;
use crate::attributes::value;
use crate::identity_mail_from::plan::plan;
use crate::identity_mail_from::validate::validate;
use crate::mail_from::{Elsewhere, Region, Reported, ReportedDomain, VerificationStatus, judge_mx};

fn config(domain: &str, behavior: &str) -> Model {
    Model {
        behavior_on_mx_failure: value(behavior),
        ..Model::of("example.com", value(domain))
    }
}

fn planned(prior: Option<&Model>, config: &Model, region: &str) -> (Plan, Meaning) {
    let meaning = validate(&mut Diagnostics::default(), config);
    let region = Region::parse(region).unwrap();
    (plan(prior, config, &meaning, Some(&region), false), meaning)
}

/// The attributes and details of the warnings for a create.
fn warnings(behavior: &str, answers: &Answers) -> Vec<(&'static str, String)> {
    let (plan, meaning) = planned(None, &config("bounce.example.com", behavior), "eu-west-1");
    let new = NewDomain::of(None, &plan, &meaning).unwrap();
    let warnings = new.warnings(answers).into_iter();
    warnings
        .map(|(attribute, advice)| {
            assert!(!advice.summary.contains("example.com"), "it has to fold");
            (attribute, advice.detail)
        })
        .collect()
}

fn held(domain: &str) -> Option<SetMailFrom> {
    Some(SetMailFrom {
        domain: ReportedDomain::parse(domain),
        behavior: Some(Reported::Known(BehaviorOnMxFailure::UseDefaultValue)),
        status: Reported::Known(VerificationStatus::Success),
    })
}

fn judged(records: Vec<Mx>) -> Option<(Vec<Mx>, Finding)> {
    let region = Region::parse("eu-west-1").unwrap();
    let domain = DomainName::parse("bounce.example.com").unwrap();
    let finding = judge_mx(&records, &region, &domain);
    Some((records, finding))
}

fn mx(exchange: &str) -> Option<(Vec<Mx>, Finding)> {
    judged(vec![Mx {
        preference: 10,
        exchange: exchange.to_owned(),
    }])
}

#[test]
fn only_a_domain_that_is_new_or_changes_is_advised_on() {
    let before = config("bounce.example.com", "UseDefaultValue");
    let (created, meaning) = planned(None, &before, "eu-west-1");
    assert!(NewDomain::of(None, &created, &meaning).unwrap().creates);
    let mut prior = created.planned;
    prior.verification_status = Value::Value("Failed".to_owned());

    let moved = config("mail.example.com", "UseDefaultValue");
    let other_behavior = config("bounce.example.com", "RejectMessage");
    for (config, region, advised) in [
        (&before, "eu-west-1", false),
        (&other_behavior, "eu-west-1", false),
        (&moved, "eu-west-1", true),
        // Planned once more, as a create.
        (&moved, "us-east-1", false),
    ] {
        let (plan, meaning) = planned(Some(&prior), config, region);
        let new = NewDomain::of(Some(&prior), &plan, &meaning);
        assert_eq!(new.is_some(), advised, "{config:?} {region}");
        assert!(new.is_none_or(|new| !new.creates));
    }
    let mut unknown = config("bounce.example.com", "UseDefaultValue");
    unknown.mail_from_domain = Value::Unknown;
    let (plan, meaning) = planned(None, &unknown, "eu-west-1");
    assert!(NewDomain::of(None, &plan, &meaning).is_none());
}

#[test]
fn nothing_known_and_nothing_wrong_are_silent() {
    assert!(warnings("RejectMessage", &Answers::default()).is_empty());
    for host in ["eu-west-1", "us-east-1"] {
        let fine = Answers {
            mx: mx(&format!("feedback-smtp.{host}.amazonses.com.")),
            ..Answers::default()
        };
        assert!(warnings("RejectMessage", &fine).is_empty());
    }
    let absent = Answers {
        mx: judged(Vec::new()),
        ..Answers::default()
    };
    assert!(warnings("UseDefaultValue", &absent).is_empty());
}

#[test]
fn each_danger_is_told_with_its_particulars() {
    let all = Answers {
        is_identity: true,
        held: held("old.example.com"),
        only_domain_known: false,
        mx: mx("mail.example.com."),
    };
    let told = warnings("RejectMessage", &all);
    let expected = [
        ("mail_from_domain", "mail_from_domain = \"old.example.com\""),
        ("mail_from_domain", "is an identity of this account"),
        ("mail_from_domain", "`10 mail.example.com`"),
        ("behavior_on_mx_failure", "`behavior_until_verified = "),
    ];
    assert_eq!(told.len(), expected.len());
    for ((attribute, detail), (path, text)) in told.iter().zip(expected) {
        assert_eq!(*attribute, path);
        assert!(detail.contains(text), "{detail}");
    }
    assert!(told[0].1.contains("terraform import"), "{}", told[0].1);
    let absent = Answers {
        mx: judged(Vec::new()),
        ..Answers::default()
    };
    let told = warnings("RejectMessage", &absent);
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("missing"), "{}", told[0].1);
}
#[test]
fn address_of_a_known_domain_is_told_what_holds_for_it() {
    let config = Model::of("a@example.com", value("bounce.example.com"));
    let (plan, meaning) = planned(None, &config, "eu-west-1");
    let new = NewDomain::of(None, &plan, &meaning).unwrap();
    let answers = Answers {
        only_domain_known: true,
        ..Answers::default()
    };
    let told = new.warnings(&answers);
    let [(attribute, Advice { detail, .. })] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(*attribute, "identity");
    for text in [
        "`identity = \"example.com\"`",
        "register a@example.com",
        "in eu-west-1",
    ] {
        assert!(detail.contains(text), "{detail}");
    }
}

#[test]
fn records_without_a_source_are_told_for_regions_of_other_partitions() {
    for (region, told) in [("eu-west-1", false), ("cn-north-1", true)] {
        let config = config("bounce.example.com", "UseDefaultValue");
        let (plan, meaning) = planned(None, &config, region);
        let new = NewDomain::of(None, &plan, &meaning).unwrap();
        let advice = new.has_undocumented_records();
        assert_eq!(advice.is_some(), told, "{region}");
        if let Some((_, Advice { detail, .. })) = advice {
            assert!(detail.contains("the SES console"), "{detail}");
            assert!(detail.contains(region), "{detail}");
        }
    }
}

#[test]
fn what_was_meant_for_ses_does_not_receive_mail() {
    for (host, told) in [
        (
            "feedback-smtp.eu-west-1.amazonses.com.example.com.",
            "End the host with a dot",
        ),
        ("inbound-smtp.eu-west-1.amazonaws.com.", "receives mail"),
        (".", "a null MX"),
    ] {
        let answers = Answers {
            mx: mx(host),
            ..Answers::default()
        };
        let warnings = warnings("UseDefaultValue", &answers);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let (attribute, detail) = &warnings[0];
        assert_eq!(*attribute, "mail_from_domain");
        assert!(detail.contains(told), "{detail}");
        assert!(!detail.contains("Use a subdomain"), "{detail}");
    }
}

#[test]
fn a_wildcards_mail_is_no_reason_for_another_domain() {
    let (records, finding) = mx("mail.example.com.").unwrap();
    let elsewhere = Some(Elsewhere::Wildcard("*.example.com".to_owned()));
    let finding = Finding {
        elsewhere,
        ..finding
    };
    let answers = Answers {
        mx: Some((records, finding)),
        ..Answers::default()
    };
    let warnings = warnings("UseDefaultValue", &answers);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let (_, detail) = &warnings[0];
    assert!(detail.contains("itself takes its place"), "{detail}");
    assert!(!detail.contains("Use a subdomain"), "{detail}");
}
