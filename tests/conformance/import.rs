//! What exists is taken over, and then plans nothing.

use crate::harness::{THIS, mail_from};
use crate::world::World;

const REJECT: &str = "behavior_on_mx_failure = \"RejectMessage\"";

/// A world where moto holds what the resource asks for, and Terraform knows
/// nothing of it.
fn held() -> (World, String) {
    let world = World::new();
    let moto = &world.moto;
    moto.set("example.com", "bounce.example.com", "RejectMessage");
    (
        world,
        mail_from("example.com", "bounce.example.com", REJECT),
    )
}

#[test]
#[ignore = "needs moto: make conformance"]
fn import_by_command_plans_nothing() {
    let (world, hcl) = held();
    world.ws.config(&hcl);
    world
        .ws
        .terraform(&["import", THIS, "example.com"])
        .succeeds();
    world.ends_with(&["example.com"]);
}

#[test]
#[ignore = "needs moto: make conformance"]
fn import_by_block_plans_nothing_else() {
    let (world, hcl) = held();
    let import =
        "import {\n  to = ses_identity_mail_from.this\n  id = \"example.com@us-east-1\"\n}\n";
    world.ws.config(&format!("{import}{hcl}"));
    world
        .ws
        .plan()
        .exits(2)
        .says("1 to import, 0 to add, 0 to change, 0 to destroy");
    world.ws.apply().succeeds();
    world.ends_with(&["example.com"]);
}
