//! Values that are known only once something else has been applied.

use serde_json::json;

use crate::harness::{REGION, THIS, Workspace, basic, mail_from};

const EVERYTHING_UNKNOWN: &str = r#"
resource "terraform_data" "later" {
  input = {
    identity  = "example.com"
    domain    = "Bounce.example.com"
    behavior  = "RejectMessage"
    dns_check = true
    timeouts  = ["10m"]
  }
}

resource "ses_identity_mail_from" "this" {
  identity               = terraform_data.later.output.identity
  mail_from_domain       = terraform_data.later.output.domain
  behavior_on_mx_failure = terraform_data.later.output.behavior
  dns_check              = terraform_data.later.output.dns_check

  dynamic "timeouts" {
    for_each = terraform_data.later.output.timeouts
    content {
      create = timeouts.value
    }
  }
}
"#;

#[test]
fn everything_unknown_is_validated_planned_and_applied() {
    let ws = Workspace::new();
    ws.config(EVERYTHING_UNKNOWN);
    ws.terraform(&["validate"]).succeeds();
    let change = ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["create"]));
    assert_eq!(change["after_unknown"]["id"], true);
    assert_eq!(change["after"]["region"], REGION);
    let records = change["after"]["dns_records"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    ws.apply().succeeds().says("2 added");
    let state = ws.resource(THIS).unwrap();
    assert_eq!(state["id"], "example.com");
    assert_eq!(state["mail_from_domain"], "Bounce.example.com");
    assert_eq!(state["behavior_on_mx_failure"], "RejectMessage");
    assert_eq!(state["timeouts"]["create"], "10m");
    assert_eq!(state["dns_records"][0]["name"], "bounce.example.com");
    ws.ends_with(&["example.com"]);
}

#[test]
fn unknown_region_leaves_unknown_what_follows_from_it_alone() {
    let ws = Workspace::new();
    ws.ses().add_identity("eu-west-1", "example.com", true);
    let later = "resource \"terraform_data\" \"later\" {\n  input = \"eu-west-1\"\n}\n";
    let more = "region = terraform_data.later.output";
    let resource = mail_from("example.com", "bounce.example.com", more);
    ws.config(&format!("{later}{resource}"));
    ws.terraform(&["validate"]).succeeds();
    let change = ws.planned_change(THIS);
    assert_eq!(change["after_unknown"]["region"], true);
    let unknown = change["after_unknown"]["dns_records"].as_array().unwrap();
    let mx = json!({ "value": true, "rdata": true, "zone_rdata": true });
    assert_eq!(unknown[0], mx);
    assert_eq!(unknown[1], json!({}));
    ws.apply().succeeds().says("2 added");
    let state = ws.resource(THIS).unwrap();
    assert_eq!(state["region"], "eu-west-1");
    let host = "feedback-smtp.eu-west-1.amazonses.com";
    assert_eq!(state["dns_records"][0]["value"], host);
    ws.ends_with(&["example.com"]);
}

#[test]
fn one_unknown_timeout_is_validated_planned_and_applied() {
    let ws = Workspace::new();
    let later = "resource \"terraform_data\" \"later\" {\n  input = \"90s\"\n}\n";
    let timeouts = "timeouts {\n    create = terraform_data.later.output\n  }";
    let resource = mail_from("example.com", "bounce.example.com", timeouts);
    ws.config(&format!("{later}{resource}"));
    ws.terraform(&["validate"]).succeeds();
    ws.apply().succeeds();
    assert_eq!(ws.resource(THIS).unwrap()["timeouts"]["create"], "90s");
    ws.ends_with(&["example.com"]);
}

#[test]
fn value_that_turns_out_bad_is_refused_before_anything_is_set() {
    for (attribute, value, advice) in [
        ("identity", "user@", "Write a domain, such as"),
        (
            "mail_from_domain",
            "evilexample.com",
            "Use a subdomain of `example.com`",
        ),
        ("behavior_on_mx_failure", "Reject", "Write `RejectMessage`"),
    ] {
        let ws = Workspace::new();
        let all = [
            ("identity", "example.com"),
            ("mail_from_domain", "bounce.example.com"),
            ("behavior_on_mx_failure", "UseDefaultValue"),
        ];
        let attributes = all.map(|(name, usual)| match name == attribute {
            true => format!("  {name} = terraform_data.later.output\n"),
            false => format!("  {name} = {usual:?}\n"),
        });
        ws.config(&format!(
            "resource \"terraform_data\" \"later\" {{\n  input = {value:?}\n}}\n\
             resource \"ses_identity_mail_from\" \"this\" {{\n{}}}\n",
            attributes.concat()
        ));
        ws.plan().exits(2);
        ws.apply()
            .fails_with(&[&format!("Invalid {attribute}"), advice]);
        assert_eq!(ws.sets(), []);
        assert_eq!(ws.resource(THIS), None);
    }
}

#[test]
fn domain_that_becomes_unknown_is_an_update_in_place() {
    let ws = Workspace::new();
    let config = |domain: &str| {
        let later = format!("resource \"terraform_data\" \"later\" {{\n  input = {domain:?}\n}}\n");
        let resource = r#"
resource "ses_identity_mail_from" "this" {
  identity         = "example.com"
  mail_from_domain = terraform_data.later.output
}
"#;
        format!("{later}{resource}")
    };
    ws.config(&config("bounce.example.com"));
    ws.apply().succeeds();
    ws.config(&config("mail.example.com"));
    let change = ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["update"]));
    assert_eq!(change["after"]["id"], "example.com");
    ws.apply()
        .succeeds()
        .says("0 added, 2 changed, 0 destroyed");
    let held = ws.held("example.com").mail_from_domain;
    assert_eq!(held.as_deref(), Some("mail.example.com"));
    ws.ends_with(&["example.com"]);
}

#[test]
fn dynamic_block_that_is_unknown_at_plan_becomes_one_at_apply() {
    let ws = Workspace::new();
    let later = "resource \"terraform_data\" \"later\" {\n  input = [\"10m\"]\n}\n";
    let dynamic = r#"
  dynamic "timeouts" {
    for_each = terraform_data.later.output
    content {
      create = timeouts.value
    }
  }
"#;
    let resource = mail_from("example.com", "bounce.example.com", dynamic);
    ws.config(&[later, &resource].concat());
    ws.terraform(&["validate"]).succeeds();
    ws.plan().exits(2);
    ws.apply().succeeds();
    assert_eq!(ws.resource(THIS).unwrap()["timeouts"]["create"], "10m");
    ws.ends_with(&["example.com"]);
}

#[test]
fn dynamic_block_of_known_elements_is_as_if_it_were_written() {
    let ws = Workspace::new();
    for (elements, timeout) in [("[\"10m\"]", json!("10m")), ("[]", json!(null))] {
        let dynamic = format!(
            "dynamic \"timeouts\" {{\n    for_each = {elements}\n    content {{\n      \
             create = timeouts.value\n    }}\n  }}"
        );
        ws.config(&mail_from("example.com", "bounce.example.com", &dynamic));
        ws.terraform(&["validate"]).succeeds();
        ws.apply().succeeds();
        assert_eq!(ws.resource(THIS).unwrap()["timeouts"]["create"], timeout);
        ws.plans_nothing();
    }
    ws.ends_with(&["example.com"]);
}

#[test]
fn dynamic_blocks_of_the_provider_may_be_unknown_at_plan() {
    let mut ws = Workspace::new();
    let dns = format!("nameservers = [{:?}]", ws.simulator.dns_addr().to_string());
    let ses = format!("ses = {:?}", ws.simulator.ses_url());
    let dynamic = |block: &str, content: &str| {
        format!(
            "  dynamic \"{block}\" {{\n    for_each = terraform_data.later.output\n    \
             content {{\n      {content}\n    }}\n  }}\n"
        )
    };
    let blocks = [dynamic("dns", &dns), dynamic("endpoints", &ses)].concat();
    (ws.provider.dns, ws.provider.ses_endpoint) = (None, None);
    // Written behind the region, as it is.
    ws.provider.region = Some(format!("{REGION:?}\n{blocks}"));
    let later = "resource \"terraform_data\" \"later\" {\n  input = [\"one\"]\n}\n";
    ws.config(&[later, &basic()].concat());
    ws.terraform(&["validate"]).succeeds();
    ws.plan().exits(2);
    assert_eq!(ws.ses().calls(), []);
    ws.apply().succeeds();
    assert_eq!(ws.sets().len(), 1);
    ws.ends_with(&["example.com"]);
}
