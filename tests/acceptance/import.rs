//! What exists is taken over, and then plans nothing.

use std::fs;

use serde_json::{Value, json};
use simulator::ses::Behavior;

use crate::harness::{Feature, REGION, THIS, Workspace, basic, lacks, mail_from};

/// A workspace where SES holds bounce.example.com for example.com already.
fn held(behavior: Behavior) -> Workspace {
    let ws = Workspace::new();
    ws.ses()
        .set_mail_from(REGION, "example.com", "bounce.example.com", behavior)
        .unwrap();
    ws
}

#[test]
fn import_by_command_plans_nothing() {
    for id in ["example.com", "example.com@us-east-1", "EXAMPLE.com."] {
        let ws = held(Behavior::UseDefaultValue);
        ws.config(&basic());
        ws.terraform(&["import", THIS, id]).succeeds();
        let state = ws.resource(THIS).unwrap();
        assert_eq!(state["id"], "example.com", "{id}");
        assert_eq!(state["mail_from_domain"], "bounce.example.com", "{id}");
        assert_eq!(ws.sets(), [], "{id}");
        ws.ends_with(&["example.com"]);
    }
}

#[test]
fn import_by_block_plans_nothing_else() {
    if lacks(Feature::ImportBlocks) {
        return;
    }
    let ws = held(Behavior::RejectMessage);
    let import = "import {\n  to = ses_identity_mail_from.this\n  id = \"example.com\"\n}\n";
    let more = "behavior_on_mx_failure = \"RejectMessage\"";
    let resource = mail_from("example.com", "bounce.example.com", more);
    ws.config(&format!("{import}{resource}"));
    ws.plan()
        .exits(2)
        .says("1 to import, 0 to add, 0 to change, 0 to destroy");
    ws.apply()
        .succeeds()
        .says("1 imported, 0 added, 0 changed, 0 destroyed");
    assert_eq!(ws.sets(), []);
    ws.ends_with(&["example.com"]);
}

#[test]
fn import_by_identity_plans_nothing_else() {
    if lacks(Feature::ImportByIdentity) {
        return;
    }
    let ws = held(Behavior::UseDefaultValue);
    for (region, written) in [
        ("", "EXAMPLE.com."),
        ("region = \"us-east-1\"", "example.com"),
    ] {
        let import = format!(
            "import {{\n  to = {THIS}\n  identity = {{\n    identity = {written:?}\n    {region}\n  }}\n}}\n"
        );
        ws.config(&format!("{import}{}", basic()));
        ws.apply()
            .succeeds()
            .says("1 imported, 0 added, 0 changed, 0 destroyed");
        let path = ws.folder().join("terraform.tfstate");
        let state: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let identity = &state["resources"][0]["instances"][0]["identity"];
        let completed = json!({ "identity": "example.com", "region": REGION });
        assert_eq!(identity, &completed, "{state}");
        ws.plans_nothing();
        ws.terraform(&["state", "rm", THIS]).succeeds();
    }
    assert_eq!(ws.sets(), []);

    let import =
        format!("import {{\n  to = {THIS}\n  identity = {{ region = \"us-east-1\" }}\n}}\n");
    ws.config(&format!("{import}{}", basic()));
    ws.plan().exits(1);
    let nowhere = import.replace(
        "region = \"us-east-1\"",
        "identity = \"example.com\", region = \"x\"",
    );
    ws.config(&format!("{nowhere}{}", basic()));
    ws.plan()
        .fails_with(&["Invalid region", "Without it, the provider's is meant"]);
}

#[test]
fn import_in_another_spelling_plans_nothing() {
    let ws = held(Behavior::UseDefaultValue);
    ws.config(&mail_from("Example.COM.", "BOUNCE.example.com.", ""));
    ws.terraform(&["import", THIS, "example.com"]).succeeds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn import_of_an_address_keeps_its_spelling() {
    let ws = Workspace::new();
    let address = "Sender@Example.com";
    ws.ses().add_identity(REGION, address, true);
    ws.ses()
        .set_mail_from(
            REGION,
            address,
            "bounce.example.com",
            Behavior::UseDefaultValue,
        )
        .unwrap();
    ws.config(&mail_from(address, "bounce.example.com", ""));
    for id in ["Sender@Example.com", "Sender@Example.com@us-east-1"] {
        ws.terraform(&["import", THIS, id]).succeeds();
        assert_eq!(ws.resource(THIS).unwrap()["identity"], address);
        ws.plans_nothing();
        ws.terraform(&["state", "rm", THIS]).succeeds();
    }
}

#[test]
fn generated_configuration_plans_nothing() {
    if lacks(Feature::ImportBlocks) {
        return;
    }
    let ws = held(Behavior::RejectMessage);
    ws.config("import {\n  to = ses_identity_mail_from.this\n  id = \"example.com\"\n}\n");
    ws.terraform(&["plan", "-generate-config-out=generated.tf", "-out=plan"])
        .succeeds()
        .says("1 to import, 0 to add, 0 to change, 0 to destroy");
    ws.terraform(&["apply", "plan"])
        .succeeds()
        .says("1 imported, 0 added, 0 changed, 0 destroyed");
    assert_eq!(ws.sets(), []);
    ws.ends_with(&["example.com"]);
}

/// Ids of what cannot be imported: identity and region, what is wrong there, and
/// what helps.
const NOT_THERE: [(&str, &str, &str); 3] = [
    (
        "example.com",
        "example.com in us-east-1 has no custom MAIL FROM domain",
        "leave the import out",
    ),
    (
        "unknown.example",
        "unknown.example in us-east-1 is not an identity that SES knows",
        "region and account",
    ),
    (
        "example.com@eu-west-1",
        "example.com in eu-west-1 is not an identity that SES knows",
        "region and account",
    ),
];

#[test]
fn import_of_what_is_not_there_says_which_and_where_and_what_to_do() {
    let ws = Workspace::new();
    ws.config(&basic());
    for (id, problem, remedy) in NOT_THERE {
        let run = ws.terraform(&["import", THIS, id]);
        let run = run.fails_with(&[problem, remedy]);
        assert!(
            !run.stderr.contains("non-existent remote object"),
            "{run:?}"
        );
        assert_eq!(ws.resource(THIS), None, "{id}");
    }
    assert_eq!(ws.sets(), []);
}

#[test]
fn import_block_of_what_is_not_there_says_which_and_where_and_what_to_do() {
    if lacks(Feature::ImportBlocks) {
        return;
    }
    let ws = Workspace::new();
    for (id, problem, remedy) in NOT_THERE {
        let import = format!("import {{\n  to = {THIS}\n  id = {id:?}\n}}\n");
        ws.config(&[import, basic()].concat());
        let run = ws.plan().fails_with(&[problem, remedy]);
        assert!(
            !run.stderr.contains("non-existent remote object"),
            "{run:?}"
        );
    }
    assert_eq!(ws.sets(), []);
}

#[test]
fn malformed_import_id_is_told_with_the_form_it_takes() {
    let ws = Workspace::new();
    ws.config(&basic());
    for id in [
        "example",
        "@us-east-1",
        "a@b@c@us-east-1",
        "user@",
        "*.example.com",
    ] {
        ws.terraform(&["import", THIS, id])
            .fails_with(&["Invalid import id", "such as `example.com@eu-west-1`"]);
    }
    assert_eq!(ws.ses().calls(), []);
}
