//! SetIdentityMailFromDomain and GetIdentityMailFromDomainAttributes.

use simulator::ses::{Behavior, Status};

use crate::client::{call, call_in, get, quiet, set};

const SET: &str = "SetIdentityMailFromDomain";
const GET: &str = "GetIdentityMailFromDomainAttributes";

#[test]
fn set_then_get_shows_all_three_fields() {
    let simulator = quiet();
    simulator
        .ses()
        .add_identity("us-east-1", "example.com", true);
    let parameters = [
        ("Identity", "EXAMPLE.com"),
        ("MailFromDomain", "bounce.example.com"),
        ("BehaviorOnMXFailure", "RejectMessage"),
    ];
    call(&simulator, SET, &parameters).unwrap().assert_ok();

    let answer = get(&simulator, "Example.com");
    answer.assert_ok();
    assert!(answer.head.contains("content-type: text/xml"));
    assert!(answer.head.contains("x-amzn-requestid: 00000000-"));
    // Keyed as it was asked for.
    assert_eq!(answer.text("key").unwrap(), "Example.com");
    assert_eq!(answer.text("MailFromDomain").unwrap(), "bounce.example.com");
    assert_eq!(answer.text("MailFromDomainStatus").unwrap(), "Pending");
    assert_eq!(answer.text("BehaviorOnMXFailure").unwrap(), "RejectMessage");
}

#[test]
fn an_identity_without_mail_from_shows_only_the_behavior() {
    let simulator = quiet();
    simulator
        .ses()
        .add_identity("us-east-1", "example.com", true);
    let answer = get(&simulator, "example.com");
    assert_eq!(
        answer.text("BehaviorOnMXFailure").unwrap(),
        "UseDefaultValue"
    );
    assert_eq!(answer.text("MailFromDomain"), None);
    assert_eq!(answer.text("MailFromDomainStatus"), None);
}

#[test]
fn identities_that_ses_does_not_know_are_absent() {
    let simulator = quiet();
    simulator
        .ses()
        .add_identity("us-east-1", "example.com", true);
    simulator
        .ses()
        .add_identity("us-east-1", "A@Example.com", true);
    let asked = [
        ("Identities.member.1", "example.com"),
        ("Identities.member.2", "unknown.test"),
        ("Identities.member.3", "a@example.com"),
        ("Identities.member.4", "A@Example.com"),
        ("Identities.member.5", "example.com"),
    ];
    let answer = call(&simulator, GET, &asked).unwrap();
    assert_eq!(answer.body.matches("<entry>").count(), 2);
    assert!(answer.body.contains("<key>example.com</key>"));
    assert!(answer.body.contains("<key>A@Example.com</key>"));
}

#[test]
fn no_mail_from_domain_unsets_it_and_the_behavior_again_and_again() {
    let simulator = quiet();
    let ses = simulator.ses();
    ses.add_identity("us-east-1", "example.com", true);
    let domain = "bounce.example.com";
    ses.set_mail_from("us-east-1", "example.com", domain, Behavior::RejectMessage)
        .unwrap();
    for _ in 0..2 {
        let answer = call(&simulator, SET, &[("Identity", "example.com")]).unwrap();
        answer.assert_ok();
        let snapshot = ses.get("us-east-1", "example.com").unwrap();
        assert_eq!(snapshot.mail_from_domain, None);
        assert_eq!(snapshot.status, None);
        assert_eq!(snapshot.behavior, Behavior::UseDefaultValue);
    }
}

#[test]
fn a_behavior_left_out_stays_as_it_was_or_is_the_default() {
    let simulator = quiet();
    let ses = simulator.ses();
    ses.add_identity("us-east-1", "example.com", true);
    let behavior = || ses.get("us-east-1", "example.com").unwrap().behavior;
    set(&simulator, "example.com", "a.example.com").assert_ok();
    assert_eq!(behavior(), Behavior::UseDefaultValue);
    let domain = "b.example.com";
    ses.set_mail_from("us-east-1", "example.com", domain, Behavior::RejectMessage)
        .unwrap();
    set(&simulator, "example.com", "c.example.com").assert_ok();
    assert_eq!(behavior(), Behavior::RejectMessage);
}

#[test]
fn errors_of_set_have_the_texts_of_ses() {
    let simulator = quiet();
    let ses = simulator.ses();
    ses.add_identity("us-east-1", "example.com", true);
    ses.add_identity("us-east-1", "new.test", false);
    ses.add_identity("us-east-1", "a@mail.test", true);
    let long_label = format!("{}.example.com", "a".repeat(64));
    let long_name = format!("{}example.com", "a.".repeat(122));
    let not_subdomain = |domain: &str, identity: &str| {
        format!(
            "Provided MAIL-FROM domain <{domain}> is not subdomain of the domain of the \
             identity <{identity}>."
        )
    };
    let invalid = |domain: &str| format!("Invalid domain name {domain}.");
    for (identity, domain, message) in [
        (
            "no.test",
            "b.no.test",
            "Identity <no.test> does not exist.".to_owned(),
        ),
        // Its domain is verified, the address itself is not.
        (
            "u@example.com",
            "b.example.com",
            "Identity <u@example.com> does not exist.".to_owned(),
        ),
        (
            "A@mail.test",
            "b.mail.test",
            "Identity <A@mail.test> does not exist.".to_owned(),
        ),
        (
            "example.com",
            "example.com",
            not_subdomain("example.com", "example.com"),
        ),
        (
            "example.com",
            "evilexample.com",
            not_subdomain("evilexample.com", "example.com"),
        ),
        (
            "a@mail.test",
            "b.example.com",
            not_subdomain("b.example.com", "a@mail.test"),
        ),
        ("example.com", "b.example.com.", invalid("b.example.com.")),
        ("example.com", "", invalid("")),
        ("example.com", "bounce", invalid("bounce")),
        ("example.com", "-b.example.com", invalid("-b.example.com")),
        ("example.com", "b..example.com", invalid("b..example.com")),
        ("example.com", "ü.example.com", invalid("ü.example.com")),
        ("example.com", &long_label, invalid(&long_label)),
        ("example.com", &long_name, invalid(&long_name)),
        (
            "new.test",
            "b.new.test",
            "Provided MAIL-FROM domain <b.new.test> or its parents are not verified for \
             identity <new.test>."
                .to_owned(),
        ),
    ] {
        let answer = set(&simulator, identity, domain);
        assert_eq!(answer.status, 400);
        let expected = ("InvalidParameterValue".to_owned(), message);
        assert_eq!(answer.error(), expected, "{identity} {domain}");
    }
    assert!(
        ses.identities()
            .iter()
            .all(|i| i.mail_from_domain.is_none())
    );
}

#[test]
fn a_domain_of_253_characters_is_taken() {
    let simulator = quiet();
    simulator
        .ses()
        .add_identity("us-east-1", "example.com", true);
    let longest = format!("{}example.com", "a.".repeat(121));
    assert_eq!(longest.len(), 253);
    set(&simulator, "example.com", &longest).assert_ok();
}

#[test]
fn parameters_that_are_missing_or_not_of_the_set_are_refused() {
    let simulator = quiet();
    simulator
        .ses()
        .add_identity("us-east-1", "example.com", true);
    let (code, message) = call(&simulator, SET, &[]).unwrap().error();
    assert_eq!(code, "ValidationError");
    assert!(message.contains("Value null at 'identity'"), "{message}");
    let parameters = [
        ("Identity", "example.com"),
        ("BehaviorOnMXFailure", "Reject"),
    ];
    let (code, message) = call(&simulator, SET, &parameters).unwrap().error();
    assert_eq!(code, "ValidationError");
    assert!(
        message.contains("[RejectMessage, UseDefaultValue]"),
        "{message}"
    );
    let (code, _) = call(&simulator, "SetMailFrom", &[]).unwrap().error();
    assert_eq!(code, "InvalidAction");
}

#[test]
fn a_get_takes_one_to_a_hundred_identities() {
    let simulator = quiet();
    let names: Vec<_> = (1..=101).map(|n| format!("{n}.test")).collect();
    simulator.ses().add_identities("us-east-1", &names, true);
    let keys: Vec<_> = (1..=101)
        .map(|n| format!("Identities.member.{n}"))
        .collect();
    let all: Vec<_> = keys
        .iter()
        .zip(&names)
        .map(|(k, n)| (k.as_str(), n.as_str()))
        .collect();
    for operation in [GET, "GetIdentityVerificationAttributes"] {
        let hundred = call(&simulator, operation, &all[..100]).unwrap();
        hundred.assert_ok();
        assert_eq!(hundred.body.matches("<entry>").count(), 100);
        let (code, message) = call(&simulator, operation, &all).unwrap().error();
        assert_eq!(code, "InvalidParameterValue");
        assert!(message.contains("101"), "{message}");
        assert_eq!(call(&simulator, operation, &[]).unwrap().status, 400);
    }
}

#[test]
fn each_region_is_by_itself() {
    let simulator = quiet();
    let ses = simulator.ses();
    ses.add_identity("eu-west-1", "example.com", true);
    let parameters = [
        ("Identity", "example.com"),
        ("MailFromDomain", "b.example.com"),
    ];
    assert_eq!(call(&simulator, SET, &parameters).unwrap().status, 400);
    call_in(&simulator, "eu-west-1", SET, &parameters)
        .unwrap()
        .assert_ok();
    let snapshot = ses.get("eu-west-1", "example.com").unwrap();
    assert_eq!(snapshot.status, Some(Status::Pending));
    assert_eq!(ses.get("us-east-1", "example.com"), None);
}

#[test]
fn setting_the_same_domain_again_follows_the_rules_chosen() {
    use crate::client::start;
    use simulator::{Lookups, Options, Rate};
    let (failed, success) = (Status::Failed, Status::Success);
    for (restarts, resets, before, after) in [
        (true, false, failed, Status::Pending),
        (false, false, failed, Status::Failed),
        (true, false, success, Status::Success),
        (true, true, success, Status::Pending),
        (
            true,
            true,
            Status::TemporaryFailure,
            Status::TemporaryFailure,
        ),
    ] {
        let simulator = start(Options {
            rate: Rate::Unlimited,
            lookups: Lookups::Off,
            identical_set_restarts: restarts,
            identical_set_resets_success: resets,
            ..Options::default()
        });
        let ses = simulator.ses();
        ses.add_identity("us-east-1", "example.com", true);
        set(&simulator, "example.com", "b.example.com").assert_ok();
        ses.set_status("us-east-1", "example.com", before).unwrap();
        set(&simulator, "example.com", "B.example.com").assert_ok();
        let status = || ses.get("us-east-1", "example.com").unwrap().status.unwrap();
        assert_eq!(status(), after, "{restarts} {resets} {before:?}");
        // Unset and set, or another domain, begins anew in every world.
        ses.set_status("us-east-1", "example.com", before).unwrap();
        set(&simulator, "example.com", "c.example.com").assert_ok();
        assert_eq!(status(), Status::Pending);
        ses.set_status("us-east-1", "example.com", before).unwrap();
        call(&simulator, SET, &[("Identity", "example.com")])
            .unwrap()
            .assert_ok();
        set(&simulator, "example.com", "c.example.com").assert_ok();
        assert_eq!(status(), Status::Pending);
    }
}
