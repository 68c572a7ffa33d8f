//! What is changed behind Terraform's back is planned, and repaired.

use serde_json::json;

use crate::harness::{THIS, basic};
use crate::moto::MailFrom;
use crate::world::World;

impl World {
    /// Asserts that a plan shows `actions` for the resource, and exits with 2.
    #[track_caller]
    fn plans(&self, actions: &[&str]) {
        self.ws.plan().exits(2);
        assert_eq!(self.ws.planned_change(THIS)["actions"], json!(actions));
    }

    /// Asserts that an apply brings back what [`basic`] asks for.
    #[track_caller]
    fn repairs(&self) {
        self.ws.apply().succeeds();
        let held = MailFrom::new("bounce.example.com", "UseDefaultValue");
        assert_eq!(self.moto.mail_from("example.com"), Some(held));
        self.ends_with(&["example.com"]);
    }
}

#[test]
#[ignore = "needs moto: make conformance"]
fn another_domain_is_planned_and_repaired() {
    let world = World::applied(&basic());
    let moto = &world.moto;
    moto.set("example.com", "mail.example.com", "UseDefaultValue");
    world.plans(&["update"]);
    let change = world.ws.planned_change(THIS);
    assert_eq!(change["before"]["mail_from_domain"], "mail.example.com");
    assert_eq!(change["after"]["mail_from_domain"], "bounce.example.com");
    world.repairs();
}

#[test]
#[ignore = "needs moto: make conformance"]
fn another_behavior_is_planned_and_repaired() {
    let world = World::applied(&basic());
    let moto = &world.moto;
    moto.set("example.com", "bounce.example.com", "RejectMessage");
    world.plans(&["update"]);
    let change = world.ws.planned_change(THIS);
    assert_eq!(change["before"]["behavior_on_mx_failure"], "RejectMessage");
    assert_eq!(change["after"]["behavior_on_mx_failure"], "UseDefaultValue");
    world.repairs();
}

#[test]
#[ignore = "needs moto: make conformance"]
fn unset_domain_is_planned_and_repaired() {
    let world = World::applied(&basic());
    world.moto.unset("example.com");
    world.plans(&["create"]);
    world.repairs();
}

#[test]
#[ignore = "needs moto: make conformance"]
fn deleted_identity_is_planned_told_and_repaired_once_it_is_back() {
    let world = World::applied(&basic());
    world.moto.delete("example.com");
    world.plans(&["create"]);
    // moto's words; SES writes <example.com>.
    let told = ["InvalidParameterValue", "'example.com' does not exist"];
    world.ws.apply().fails_with(&told);
    world.moto.verify("example.com");
    world.repairs();
}
