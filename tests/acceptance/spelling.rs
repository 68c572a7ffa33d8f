//! Names as they are written, sent and kept.

use serde_json::json;

use crate::harness::{REGION, THIS, Workspace, basic, fleet, mail_from};

/// Asserts how every call has spelled the identity; whether the domain is one
/// itself is asked, too.
#[track_caller]
fn sent_of(ws: &Workspace, identity: &str, domain: &str) {
    assert!(!ws.sets().is_empty());
    for call in ws.ses().calls() {
        let about = match call.action.as_str() {
            "GetIdentityVerificationAttributes" => domain,
            _ => identity,
        };
        assert_eq!(call.identities, [about], "{call:?}");
    }
}

#[test]
fn address_is_sent_and_kept_as_written() {
    let ws = Workspace::new();
    let address = "Sender@Example.com";
    ws.ses().add_identity(REGION, address, true);
    ws.config(&mail_from(address, "bounce.example.com", ""));
    ws.apply().succeeds();
    sent_of(&ws, address, "bounce.example.com");
    let state = ws.resource(THIS).unwrap();
    assert_eq!(state["id"], address);
    assert_eq!(state["identity"], address);
    ws.ends_with(&[address]);
}

#[test]
fn domain_that_ses_spells_as_it_was_registered_is_the_same() {
    let ws = Workspace::new();
    let others = (0..11).map(|number| format!("D{number}.Example"));
    let registered: Vec<String> = others.chain(["MiXed.Test".to_owned()]).collect();
    ws.ses().add_identities(REGION, &registered, true);
    let configured: Vec<String> = registered.iter().map(|name| name.to_lowercase()).collect();
    ws.config(&fleet("bounce", &configured));
    ws.apply().succeeds().does_not_say("Warning");
    // Enough of them to be read ahead, too.
    ws.plans_nothing();
    ws.state_is_what_ses_holds();
    let expected: Vec<&str> = configured.iter().map(String::as_str).collect();
    ws.ends_with(&expected);
}

#[test]
fn address_in_another_case_is_another_identity() {
    let ws = Workspace::new();
    for address in ["Sender@example.com", "sender@example.com"] {
        ws.ses().add_identity(REGION, address, true);
    }
    ws.config(&mail_from("Sender@example.com", "bounce.example.com", ""));
    ws.apply().succeeds();
    ws.config(&mail_from("sender@example.com", "bounce.example.com", ""));
    let change = ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["delete", "create"]));
    ws.apply().succeeds();
    assert_eq!(ws.held("Sender@example.com").mail_from_domain, None);
    ws.ends_with(&["sender@example.com"]);
}

#[test]
fn domain_is_sent_normalised_and_kept_as_written() {
    let ws = Workspace::new();
    ws.config(&mail_from("EXAMPLE.com.", "Bounce.EXAMPLE.com.", ""));
    ws.apply().succeeds();
    sent_of(&ws, "example.com", "bounce.example.com");
    let sent = ws.sets()[0].mail_from_domain.clone();
    assert_eq!(sent.as_deref(), Some("bounce.example.com"));
    let state = ws.resource(THIS).unwrap();
    assert_eq!(state["identity"], "EXAMPLE.com.");
    assert_eq!(state["mail_from_domain"], "Bounce.EXAMPLE.com.");
    assert_eq!(state["id"], "example.com");
    assert_eq!(state["dns_records"][0]["name"], "bounce.example.com");
    ws.ends_with(&["example.com"]);
}

#[test]
fn unicode_domain_goes_out_as_punycode() {
    let ws = Workspace::new();
    let punycode = "xn--bcher-kva.example";
    ws.ses().add_identity(REGION, punycode, true);
    ws.config(&mail_from("bücher.example", "bounce.bücher.example", ""));
    ws.apply().succeeds();
    let set = &ws.sets()[0];
    assert_eq!(set.identities, [punycode]);
    let sent = set.mail_from_domain.as_deref();
    assert_eq!(sent, Some("bounce.xn--bcher-kva.example"));
    assert_eq!(ws.resource(THIS).unwrap()["identity"], "bücher.example");
    ws.plans_nothing();
    // The other form of the same name.
    ws.config(&mail_from(punycode, "bounce.xn--bcher-kva.example", ""));
    ws.ends_with(&[punycode]);
}

#[test]
fn domain_that_is_only_written_differently_is_no_change() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ses().clear_calls();
    for (identity, domain) in [
        ("Example.com", "bounce.example.com"),
        ("example.com.", "bounce.example.com."),
        ("EXAMPLE.COM.", "BOUNCE.Example.Com"),
    ] {
        ws.config(&mail_from(identity, domain, ""));
        ws.plans_nothing();
        ws.apply()
            .succeeds()
            .says("0 added, 0 changed, 0 destroyed");
    }
    assert_eq!(ws.sets(), []);
    ws.ends_with(&["example.com"]);
}
