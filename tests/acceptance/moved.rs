//! MAIL FROM domains that come from hashicorp/aws by a `moved` block, or change their own
//! address: nothing is changed for it.

use std::fs;

use serde_json::{Value, json};
use simulator::ses::Behavior;

use crate::harness::{Feature, REGION, Workspace, lacks, provider_address};

const DOMAIN: &str = "aws_ses_domain_mail_from";
const EMAIL: &str = "aws_sesv2_email_identity_mail_from_attributes";

/// A resource of hashicorp/aws: its name, its type, and how identity and domain are spelt
/// in state and configuration.
const KEPT: [(&str, &str, &str, &str); 6] = [
    ("plain", DOMAIN, "example.com", "bounce.example.com"),
    ("capital", DOMAIN, "Example.NET", "Bounce.Example.net"),
    ("dotted", DOMAIN, "example.org.", "bounce.example.org."),
    (
        "address",
        DOMAIN,
        "Someone@example.com",
        "someone.example.com",
    ),
    ("email", EMAIL, "sender@example.com", "sender.example.com"),
    ("domain", EMAIL, "EXAMPLE.edu.", "bounce.example.edu"),
];

/// As SES has it.
fn in_ses(identity: &str) -> String {
    match identity.contains('@') {
        true => identity.to_owned(),
        false => identity.trim_end_matches('.').to_lowercase(),
    }
}

fn write_state(ws: &Workspace, resources: &[Value]) {
    let state = json!({
        "version": 4,
        "terraform_version": "1.8.0",
        "serial": 1,
        "lineage": "3f0b8a1e-7a53-5f0d-9d5c-0d1f3a9c2b11",
        "outputs": {},
        "resources": resources,
    });
    fs::write(ws.folder().join("terraform.tfstate"), state.to_string()).unwrap();
}

/// One resource of a state, as it is written.
fn written(provider: &str, type_name: &str, name: &str, attributes: &Value) -> Value {
    let ours = provider_address();
    let (host, _) = ours.split_once('/').unwrap();
    json!({
        "mode": "managed",
        "type": type_name,
        "name": name,
        "provider": format!("provider[\"{host}/{provider}\"]"),
        "instances": [{ "schema_version": 0, "attributes": attributes, "sensitive_attributes": [] }],
    })
}

/// What hashicorp/aws has written of one of [`KEPT`].
fn kept(type_name: &str, identity: &str, domain: &str, region: Option<Value>) -> Value {
    let (name, behavior) = match type_name {
        EMAIL => ("email_identity", "REJECT_MESSAGE"),
        _ => ("domain", "UseDefaultValue"),
    };
    let mut attributes = json!({
        "id": identity,
        name: identity,
        "mail_from_domain": domain,
        "behavior_on_mx_failure": behavior,
    });
    if let Some(region) = region {
        attributes["region"] = region;
    }
    attributes
}

/// A resource with two instances, each of which has a `moved` block of its own.
const COUNTED: [&str; 2] = ["one.example", "two.example"];
const BY_KEY: &str = r#"
resource "ses_identity_mail_from" "keyed" {
  for_each         = { one = "one.example", two = "two.example" }
  identity         = each.value
  mail_from_domain = "bounce.${each.value}"
}

moved {
  from = aws_ses_domain_mail_from.counted[0]
  to   = ses_identity_mail_from.keyed["one"]
}

moved {
  from = aws_ses_domain_mail_from.counted[1]
  to   = ses_identity_mail_from.keyed["two"]
}
"#;

/// What hashicorp/aws has written of [`COUNTED`].
fn counted(region: Option<&Value>) -> Value {
    let mut all = written("hashicorp/aws", DOMAIN, "counted", &Value::Null);
    let instances = COUNTED.iter().enumerate().map(|(index, identity)| {
        let domain = format!("bounce.{identity}");
        json!({
            "index_key": index,
            "schema_version": 0,
            "attributes": kept(DOMAIN, identity, &domain, region.cloned()),
        })
    });
    all["instances"] = instances.collect();
    all
}

#[test]
fn moved_from_hashicorp_aws_changes_nothing() {
    if lacks(Feature::MovesAcrossTypes) {
        return;
    }
    let ws = Workspace::new();
    let mut hcl = String::new();
    for (name, type_name, identity, domain) in KEPT {
        let (behavior, configured) = match type_name {
            EMAIL => (Behavior::RejectMessage, "RejectMessage"),
            _ => (Behavior::UseDefaultValue, "UseDefaultValue"),
        };
        let held = in_ses(identity);
        ws.ses().add_identity(REGION, &held, true);
        let domain_in_ses = domain.trim_end_matches('.').to_lowercase();
        ws.ses()
            .set_mail_from(REGION, &held, &domain_in_ses, behavior)
            .unwrap();
        hcl.push_str(&format!(
            r#"
resource "ses_identity_mail_from" "{name}" {{
  identity               = "{identity}"
  mail_from_domain       = "{domain}"
  behavior_on_mx_failure = "{configured}"
}}

moved {{
  from = {type_name}.{name}
  to   = ses_identity_mail_from.{name}
}}
"#
        ));
    }
    for identity in COUNTED {
        let domain = format!("bounce.{identity}");
        ws.ses().add_identity(REGION, identity, true);
        ws.ses()
            .set_mail_from(REGION, identity, &domain, Behavior::UseDefaultValue)
            .unwrap();
    }
    hcl.push_str(BY_KEY);
    ws.config(&hcl);
    for (version, region) in [
        ("4.67.0", None),
        ("5.100.0", None),
        ("6.20.0", Some(json!(REGION))),
    ] {
        let states = KEPT.map(|(name, type_name, identity, domain)| {
            let attributes = kept(type_name, identity, domain, region.clone());
            written("hashicorp/aws", type_name, name, &attributes)
        });
        let states = [&states[..], &[counted(region.as_ref())]].concat();
        write_state(&ws, &states);
        ws.add_stand_in("hashicorp/aws", version);
        ws.terraform(&["init", "-upgrade"]).succeeds();
        if region.is_some() {
            // All that a plan needs is in the state that was moved.
            ws.terraform(&["plan", "-refresh=false"])
                .succeeds()
                .says("0 to add, 0 to change, 0 to destroy");
        }
        ws.terraform(&["plan", "-out=plan"])
            .succeeds()
            .says("0 to add, 0 to change, 0 to destroy")
            .says("has moved to ses_identity_mail_from.plain");
        ws.terraform(&["apply", "plan"])
            .succeeds()
            .says("0 added, 0 changed, 0 destroyed");
        ws.plans_nothing();
        for (name, _, identity, domain) in KEPT {
            let state = ws
                .resource(&format!("ses_identity_mail_from.{name}"))
                .unwrap();
            assert_eq!(state["identity"], identity, "{version}");
            assert_eq!(state["mail_from_domain"], domain, "{version}");
            assert_eq!(state["region"], REGION, "{version}");
        }
        let count = KEPT.len() + COUNTED.len();
        assert_eq!(ws.resources().len(), count, "{version}");
        assert_eq!(ws.sets(), [], "{version}");
    }
    let kept = KEPT.map(|(_, _, identity, _)| in_ses(identity));
    let identities = kept.iter().map(String::as_str).chain(COUNTED);
    ws.ends_with(&identities.collect::<Vec<_>>());
}

#[test]
fn moved_without_a_mail_from_domain_is_told_and_changes_nothing() {
    if lacks(Feature::MovesAcrossTypes) {
        return;
    }
    let ws = Workspace::new();
    let unset = kept(EMAIL, "example.com", "", None);
    write_state(&ws, &[written("hashicorp/aws", EMAIL, "this", &unset)]);
    ws.add_stand_in("hashicorp/aws", "5.100.0");
    ws.config(&format!(
        "resource \"ses_identity_mail_from\" \"this\" {{\n  identity = \"example.com\"\n  \
         mail_from_domain = \"bounce.example.com\"\n}}\n\
         moved {{\n  from = {EMAIL}.this\n  to = ses_identity_mail_from.this\n}}\n"
    ));
    ws.terraform(&["init"]).succeeds();
    ws.plan().fails_with(&[
        "Cannot be moved",
        "example.com has no MAIL FROM domain in its state",
        "Leave the `moved` block out",
    ]);
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn moved_between_own_addresses_keeps_the_state() {
    if lacks(Feature::MovesAcrossTypes) {
        return;
    }
    let ws = Workspace::new();
    ws.ses()
        .set_mail_from(
            REGION,
            "example.com",
            "bounce.example.com",
            Behavior::UseDefaultValue,
        )
        .unwrap();
    let attributes = json!({
        "id": "example.com",
        "identity": "example.com",
        "mail_from_domain": "bounce.example.com",
        "behavior_on_mx_failure": "UseDefaultValue",
        "region": REGION,
        "timeouts": { "create": "7m", "read": null, "update": null, "delete": null },
    });
    // OpenTofu's registry is another, so that it asks the provider to move the state.
    let mut own = written(
        "terraform-provider-ses/ses",
        "ses_identity_mail_from",
        "old",
        &attributes,
    );
    own["provider"] = json!("provider[\"registry.terraform.io/terraform-provider-ses/ses\"]");
    write_state(&ws, &[own]);
    ws.config(
        r#"
resource "ses_identity_mail_from" "new" {
  identity         = "example.com"
  mail_from_domain = "bounce.example.com"

  timeouts {
    create = "7m"
  }
}

moved {
  from = ses_identity_mail_from.old
  to   = ses_identity_mail_from.new
}
"#,
    );
    ws.terraform(&["init"]).succeeds();
    ws.apply()
        .succeeds()
        .says("0 added, 0 changed, 0 destroyed");
    let state = ws.resource("ses_identity_mail_from.new").unwrap();
    assert_eq!(state["timeouts"]["create"], "7m");
    assert_eq!(ws.sets(), []);
    ws.ends_with(&["example.com"]);
}
