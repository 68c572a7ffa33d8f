//! What a change of the configuration does.

use serde_json::json;

use crate::harness::{REGION, THIS, basic, mail_from};
use crate::moto::MailFrom;
use crate::world::World;

#[test]
#[ignore = "needs moto: make conformance"]
fn apply_sets_and_then_plans_nothing() {
    let world = World::applied(&basic());
    let held = MailFrom::new("bounce.example.com", "UseDefaultValue");
    assert_eq!(world.moto.mail_from("example.com"), Some(held));
    let state = world.ws.resource(THIS).unwrap();
    assert_eq!(state["id"], "example.com");
    assert_eq!(state["region"], REGION);
    assert_eq!(state["verification_status"], "Success");
    world.ends_with(&["example.com"]);
}

#[test]
#[ignore = "needs moto: make conformance"]
fn address_keeps_its_spelling() {
    // moto, unlike SES, wants its domain in lower case.
    let address = "Sender@example.com";
    let world = World::new();
    world.moto.verify(address);
    let hcl = mail_from(address, "bounce.example.com", "");
    world.ws.config(&hcl);
    world.ws.apply().succeeds();
    let held = MailFrom::new("bounce.example.com", "UseDefaultValue");
    assert_eq!(world.moto.mail_from(address), Some(held));
    assert_eq!(world.ws.resource(THIS).unwrap()["id"], address);
    world.ends_with(&[address]);
}

#[test]
#[ignore = "needs moto: make conformance"]
fn domains_are_sent_normalised() {
    let world = World::applied(&mail_from("EXAMPLE.com.", "Bounce.EXAMPLE.com.", ""));
    let held = MailFrom::new("bounce.example.com", "UseDefaultValue");
    assert_eq!(world.moto.mail_from("example.com"), Some(held));
    world.ends_with(&["example.com"]);
}

#[test]
#[ignore = "needs moto: make conformance"]
fn change_of_the_domain_and_the_behavior_updates_in_place() {
    let world = World::applied(&basic());
    let reject = "behavior_on_mx_failure = \"RejectMessage\"";
    world
        .ws
        .config(&mail_from("example.com", "mail.example.com", reject));
    let change = world.ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["update"]));
    assert_eq!(change["after"]["id"], "example.com");
    world
        .ws
        .apply()
        .succeeds()
        .says("0 added, 1 changed, 0 destroyed");
    let held = MailFrom::new("mail.example.com", "RejectMessage");
    assert_eq!(world.moto.mail_from("example.com"), Some(held));
    world.ends_with(&["example.com"]);
}

#[test]
#[ignore = "needs moto: make conformance"]
fn change_of_the_identity_replaces() {
    let world = World::applied(&basic());
    world.moto.verify("example.org");
    world
        .ws
        .config(&mail_from("example.org", "bounce.example.org", ""));
    let change = world.ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["delete", "create"]));
    world
        .ws
        .apply()
        .succeeds()
        .says("1 added, 0 changed, 1 destroyed");
    assert_eq!(world.moto.mail_from("example.com"), None);
    let held = MailFrom::new("bounce.example.org", "UseDefaultValue");
    assert_eq!(world.moto.mail_from("example.org"), Some(held));
    world.ends_with(&["example.org"]);
}
