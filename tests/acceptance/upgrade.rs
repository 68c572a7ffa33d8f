//! States of version 0.1.0, whose findings of DNS were called `found`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use simulator::ses::{Behavior, Status};
use simulator::{Lookups, Options, Rate};

use crate::harness::{REGION, Workspace};

const FEEDBACK: &str = "feedback-smtp.us-east-1.amazonses.com";
const SPF: &str = "v=spf1 include:amazonses.com ~all";

/// A file in fixtures/.
fn fixture(name: &str) -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance/fixtures");
    fs::read_to_string(fixtures.join(name)).unwrap()
}

/// The state that 0.1.0 has written.
fn state() -> Value {
    serde_json::from_str(&fixture("state-0.1.0.tfstate")).unwrap()
}

/// SES and DNS as they were when 0.1.0 wrote its state, its configuration, and
/// `state`.
fn world(state: &Value) -> Workspace {
    let ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        lookups: Lookups::Off,
        ..Options::default()
    });
    let (usual, reject) = (Behavior::UseDefaultValue, Behavior::RejectMessage);
    let ses = ws.ses();
    for (identity, domain, behavior, status) in [
        ("example.com", "bounce.example.com", reject, Status::Success),
        ("example.net", "bounce.example.net", usual, Status::Pending),
        (
            "user@example.org",
            "bounce.example.org",
            usual,
            Status::Pending,
        ),
        ("example.org", "mail.example.org", usual, Status::Pending),
    ] {
        ses.add_identity(REGION, identity, true);
        ses.set_mail_from(REGION, identity, domain, behavior)
            .unwrap();
        ses.set_status(REGION, identity, status).unwrap();
    }
    let dns = ws.dns();
    dns.set_mx("bounce.example.com", &[(10, FEEDBACK)]).unwrap();
    dns.set_txt("bounce.example.com", &[SPF]).unwrap();
    let two = [(10, FEEDBACK), (20, "mail.example.net")];
    dns.set_mx("bounce.example.net", &two).unwrap();
    let two = ["v=spf1 -all", SPF];
    dns.set_txt("bounce.example.net", &two).unwrap();

    ws.config(&fixture("state-0.1.0.tf"));
    fs::write(ws.folder().join("terraform.tfstate"), state.to_string()).unwrap();
    // OpenTofu wants the provider that the state names as well.
    ws.terraform(&["init"]).succeeds();
    ws
}

/// The instances of `ses_identity_mail_from` in a state file's JSON, by name.
fn instances(state: &mut Value) -> impl Iterator<Item = (String, &mut Value)> {
    let resources = state["resources"].as_array_mut().unwrap().iter_mut();
    resources
        .filter(|resource| resource["type"] == "ses_identity_mail_from")
        .map(|resource| {
            let name = resource["name"].as_str().unwrap().to_owned();
            (name, &mut resource["instances"][0])
        })
}

#[test]
fn state_of_0_1_0_is_upgraded_and_plans_nothing() {
    let ws = world(&state());
    let upgrade = ws.terraform(&["plan", "-detailed-exitcode", "-refresh=false", "-out=plan"]);
    upgrade.succeeds();
    let plan = ws.terraform(&["show", "-json", "plan"]).succeeds();
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let changes = plan["resource_changes"].as_array().unwrap();
    let dns = |name: &str| {
        let address = format!("ses_identity_mail_from.{name}");
        let change = changes.iter().find(|found| found["address"] == address);
        let change = &change.unwrap()["change"];
        assert_eq!(change["actions"], json!(["no-op"]), "{name}");
        change["after"]["dns"].clone()
    };
    let mx = format!("10 {FEEDBACK}");
    let finding = |status: &str, records: &[&str]| json!({ "status": status, "records": records });
    let published = dns("published");
    assert_eq!(published["mx"], finding("ok", &[&mx]));
    assert_eq!(published["spf"], finding("ok", &[SPF]));
    let several = dns("several");
    let two = [mx.as_str(), "20 mail.example.net"];
    assert_eq!(several["mx"], finding("multiple", &two));
    assert_eq!(several["spf"], finding("multiple", &["v=spf1 -all", SPF]));
    assert_eq!(dns("unchecked")["mx"], finding("disabled", &[]));
    assert_eq!(dns("fresh")["spf"], finding("unchecked", &[]));

    ws.plan().succeeds();
    ws.apply()
        .succeeds()
        .says("0 added, 0 changed, 0 destroyed");
    ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    let written = fs::read(ws.folder().join("terraform.tfstate")).unwrap();
    let mut written: Value = serde_json::from_slice(&written).unwrap();
    for (name, instance) in instances(&mut written) {
        assert_eq!(instance["schema_version"], 1, "{name}");
        let dns = &instance["attributes"]["dns"];
        for record in ["mx", "spf"] {
            assert!(dns[record]["records"].is_array(), "{name}: {dns}");
            assert_eq!(dns[record].get("found"), None, "{name}: {dns}");
        }
        if name == "fresh" {
            assert_eq!(dns["mx"], finding("missing", &[]));
        }
    }
    assert_eq!(ws.sets(), []);
    let names = [
        "example.com",
        "example.net",
        "example.org",
        "user@example.org",
    ];
    ws.ends_with(&names);
}

#[test]
fn state_that_0_1_0_has_not_written_so_is_upgraded_or_told() {
    let finding = json!({ "status": "ok", "found": ["10 feedback-smtp.us-east-1.amazonses.com"] });
    for (dns, usable) in [
        (json!(null), true),
        (json!({ "mx": null, "spf": finding }), true),
        (json!({ "mx": { "status": "ok" }, "spf": finding }), true),
        (
            json!({ "mx": { "status": "ok", "found": null }, "spf": finding }),
            true,
        ),
        (
            json!({ "mx": { "status": null, "found": null }, "spf": null }),
            true,
        ),
        (json!({ "mx": finding }), true),
        (json!({}), true),
        // As a later version writes it, under the former number.
        (
            json!({ "mx": { "status": "ok", "records": [] }, "spf": finding }),
            true,
        ),
        (
            json!({ "mx": finding, "spf": finding, "dmarc": finding }),
            true,
        ),
        // Of another shape.
        (json!("ok"), false),
        (json!([finding]), false),
        (json!({ "mx": "ok", "spf": 1 }), false),
        (
            json!({ "mx": { "status": 1, "found": "one" }, "spf": finding }),
            false,
        ),
        (
            json!({ "mx": { "status": "ok", "found": [1, null, []] }, "spf": finding }),
            false,
        ),
    ] {
        let mut state = state();
        for (_, instance) in instances(&mut state) {
            instance["attributes"]["dns"] = dns.clone();
        }
        let ws = world(&state);
        let plan = ws.plan();
        for text in [&plan.stdout, &plan.stderr] {
            for crash in ["crash", "panic", "did not respond", "bug in the provider"] {
                assert!(!text.contains(crash), "{dns}: {text}");
            }
        }
        match plan.code {
            Some(0) => {}
            Some(1) if !usable => {
                plan.fails_with(&[
                    "with ses_identity_mail_from.published",
                    "`terraform state rm`",
                ]);
                continue;
            }
            _ => panic!("{dns}: {plan:?}"),
        }
        ws.plans_nothing();
    }
}

#[test]
fn state_without_the_findings_is_upgraded() {
    let mut state = state();
    for (_, instance) in instances(&mut state) {
        let attributes = instance["attributes"].as_object_mut().unwrap();
        attributes.remove("dns").unwrap();
        attributes.remove("dns_records").unwrap();
    }
    let ws = world(&state);
    ws.plan().succeeds();
    ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    let published = ws.resource("ses_identity_mail_from.published").unwrap();
    assert_eq!(published["dns"]["mx"]["status"], "ok");
    assert_eq!(published["dns_records"][0]["type"], "MX");
    ws.plans_nothing();
}
