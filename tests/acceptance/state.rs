//! States that other releases, or people, have written.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{REGION, THIS, Workspace, basic, mail_from};

/// A workspace with [`basic`] applied, and then `attributes` in its state.
fn with_state(attributes: Value) -> Workspace {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    edit_state(&ws, attributes);
    ws
}

/// Puts `attributes` into the state of the one resource.
fn edit_state(ws: &Workspace, attributes: Value) {
    let path = ws.folder().join("terraform.tfstate");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    state["resources"][0]["instances"][0]["attributes"] = attributes;
    fs::write(&path, state.to_string()).unwrap();
}

#[test]
fn state_of_an_older_release_lacks_attributes_and_plans_nothing() {
    let ws = with_state(json!({
        "id": "example.com",
        "identity": "example.com",
        "mail_from_domain": "bounce.example.com",
        "region": REGION,
    }));
    ws.plan().succeeds();
    ws.apply()
        .succeeds()
        .says("0 added, 0 changed, 0 destroyed");
    let state = ws.resource(THIS).unwrap();
    assert_eq!(state["verification_status"], "Pending");
    assert_eq!(state["dns_records"][0]["type"], "MX");
    ws.ends_with(&["example.com"]);
}

#[test]
fn state_of_another_release_holds_more_attributes_and_plans_nothing() {
    let ws = with_state(json!({
        "id": "example.com",
        "identity": "example.com",
        "mail_from_domain": "bounce.example.com",
        "behavior_on_mx_failure": "UseDefaultValue",
        "region": REGION,
        "verification_status": "Pending",
        "of_another_release": { "kept": ["for", 1] },
    }));
    ws.plan().succeeds();
    ws.apply().succeeds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn state_without_region_is_the_providers() {
    let attributes = |region: Value| {
        json!({
            "id": "example.com",
            "identity": "example.com",
            "mail_from_domain": "bounce.example.com",
            "behavior_on_mx_failure": "UseDefaultValue",
            "verification_status": "Pending",
            "region": region,
        })
    };
    let ws = with_state(attributes(Value::Null));
    ws.ses().clear_calls();
    ws.plan().succeeds();
    // Without a refresh, it is filled in where it is, and SES is not called.
    let more = format!("region = {REGION:?}");
    for config in [
        basic(),
        mail_from("example.com", "bounce.example.com", &more),
    ] {
        ws.config(&config);
        let args = ["plan", "-refresh=false", "-out=plan"];
        ws.terraform(&args)
            .succeeds()
            .says("0 to add, 1 to change, 0 to destroy");
    }
    ws.terraform(&["apply", "-refresh=false", "plan"])
        .succeeds();
    assert_eq!(ws.resource(THIS).unwrap()["region"], REGION);
    assert_eq!(ws.sets(), []);

    // It is not where it is configured to be now.
    edit_state(&ws, attributes(Value::Null));
    ws.ses().add_identity("eu-west-1", "example.com", true);
    let more = "region = \"eu-west-1\"";
    ws.config(&mail_from("example.com", "bounce.example.com", more));
    for refresh in ["-refresh=true", "-refresh=false"] {
        ws.terraform(&["plan", refresh])
            .succeeds()
            .says("1 to add, 0 to change, 1 to destroy");
    }

    // A delete finds it where it is.
    ws.config("");
    ws.terraform(&["apply", "-auto-approve", "-refresh=false"])
        .succeeds()
        .says("1 destroyed");
    assert_eq!(ws.held("example.com").mail_from_domain, None);
}

#[test]
fn state_that_names_no_identity_is_told_with_the_way_out() {
    let ws = with_state(json!({
        "identity": "",
        "mail_from_domain": "bounce.example.com",
        "region": REGION,
    }));
    ws.plan()
        .fails_with(&["Unusable state", "`terraform state rm`"]);
    ws.terraform(&["state", "rm", THIS]).succeeds();
    ws.terraform(&["import", THIS, "example.com"]).succeeds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn number_of_any_size_in_the_state_is_read_and_refreshed() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    let path = ws.folder().join("terraform.tfstate");
    let usual = "\"priority\":10,";
    for number in [
        "11",
        "-1",
        "10.5",
        "0.1",
        "10.000",
        "9007199254740993",
        "18446744073709551616",
        "1e30",
        "1E-7",
        "123456789012345678901234567890.123456789",
        // Terraform 1.5 itself crashes where it shows numbers beyond 64-bit floats.
        "1e300",
    ] {
        // Terraform writes a space there, and OpenTofu none.
        let text = fs::read_to_string(&path).unwrap().replace("\": ", "\":");
        assert!(text.contains(usual), "{text}");
        let edited = text.replace(usual, &format!("\"priority\":{number},"));
        fs::write(&path, edited).unwrap();
        let plan = ws.plan();
        assert_eq!(plan.code, Some(0), "{number}: {plan:?}");
        ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
            .succeeds();
        let records = &ws.resource(THIS).unwrap()["dns_records"];
        assert_eq!(records[0]["priority"], 10, "{number}");
    }
    ws.ends_with(&["example.com"]);
}
