//! A resource from its first plan to its destroy.

use serde_json::{Value, json};
use simulator::ses::{Behavior, Status};

use crate::harness::{Feature, REGION, THIS, Workspace, basic, lacks, mail_from, wait_until};

/// The `dns_records` of bounce.example.com in the default region.
fn records() -> Value {
    json!([
        {
            "name": "bounce.example.com",
            "type": "MX",
            "priority": 10,
            "value": "feedback-smtp.us-east-1.amazonses.com",
            "rdata": "10 feedback-smtp.us-east-1.amazonses.com",
            "zone_rdata": "10 feedback-smtp.us-east-1.amazonses.com.",
        },
        {
            "name": "bounce.example.com",
            "type": "TXT",
            "priority": null,
            "value": "v=spf1 include:amazonses.com ~all",
            "rdata": "v=spf1 include:amazonses.com ~all",
            "zone_rdata": "\"v=spf1 include:amazonses.com ~all\"",
        },
    ])
}

#[test]
fn create_sends_all_three_parameters_and_keeps_what_ses_says() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply()
        .succeeds()
        .says("1 added, 0 changed, 0 destroyed")
        .does_not_say("Warning");
    let calls = ws.sets();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].region, REGION);
    assert_eq!(calls[0].identities, ["example.com"]);
    let domain = calls[0].mail_from_domain.as_deref();
    assert_eq!(domain, Some("bounce.example.com"));
    assert_eq!(calls[0].behavior.as_deref(), Some("UseDefaultValue"));
    let unchecked = json!({ "status": "unchecked", "records": [] });
    assert_eq!(
        ws.resource(THIS).unwrap(),
        json!({
            "identity": "example.com",
            "mail_from_domain": "bounce.example.com",
            "behavior_on_mx_failure": "UseDefaultValue",
            "behavior_until_verified": null,
            "region": REGION,
            "restart_failed_verification": null,
            "dns_check": null,
            "timeouts": null,
            "id": "example.com",
            "verification_status": "Pending",
            "dns_records": records(),
            "dns": { "mx": unchecked, "spf": unchecked, "dmarc": unchecked },
        })
    );
    ws.ends_with(&["example.com"]);
}

#[test]
fn plan_of_a_new_resource_changes_nothing_and_knows_the_dns_records() {
    let ws = Workspace::new();
    ws.config(&basic());
    let change = ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["create"]));
    assert_eq!(change["after"]["dns_records"], records());
    assert_eq!(change["after"]["id"], "example.com");
    assert_eq!(change["after"]["region"], REGION);
    assert_eq!(change["after"]["behavior_on_mx_failure"], "UseDefaultValue");
    let unknown = change["after_unknown"].as_object().unwrap();
    let unknown: Vec<_> = unknown.iter().filter(|(_, v)| **v == true).collect();
    assert_eq!(unknown.len(), 2, "{unknown:?}");
    assert_eq!(change["after_unknown"]["verification_status"], true);
    assert_eq!(change["after_unknown"]["dns"], true);
    assert_eq!(ws.sets(), []);
}

#[test]
fn dns_records_feed_a_for_each_in_the_first_plan_even_of_an_unknown_domain() {
    let ws = Workspace::new();
    ws.config(
        r#"
resource "terraform_data" "domain" {
  input = "bounce.example.com"
}

resource "ses_identity_mail_from" "this" {
  identity         = "example.com"
  mail_from_domain = terraform_data.domain.output
}

resource "terraform_data" "record" {
  for_each = { for r in ses_identity_mail_from.this.dns_records : r.type => r }
  input    = "${each.value.name} ${each.value.rdata}"
}
"#,
    );
    let change = ws.planned_change(THIS);
    let planned = &change["after"]["dns_records"];
    assert_eq!(planned[0]["type"], "MX");
    assert_eq!(planned[0]["priority"], 10);
    let exchange = "feedback-smtp.us-east-1.amazonses.com";
    assert_eq!(planned[0]["value"], exchange);
    assert_eq!(planned[1]["type"], "TXT");
    assert_eq!(change["after_unknown"]["dns_records"][0]["name"], true);
    ws.apply().succeeds().says("4 added");
    let record = ws.resource("terraform_data.record[\"MX\"]").unwrap();
    assert_eq!(
        record["output"],
        format!("bounce.example.com 10 {exchange}")
    );
    ws.ends_with(&["example.com"]);
}

#[test]
fn change_of_the_domain_updates_in_place() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.config(&mail_from("example.com", "mail.example.com", ""));
    let change = ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["update"]));
    assert_eq!(change["after_unknown"]["verification_status"], true);
    assert_eq!(
        change["after"]["dns_records"][0]["name"],
        "mail.example.com"
    );
    ws.ses().clear_calls();
    ws.apply()
        .succeeds()
        .says("0 added, 1 changed, 0 destroyed");
    let calls = ws.sets();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let domain = calls[0].mail_from_domain.as_deref();
    assert_eq!(domain, Some("mail.example.com"));
    assert_eq!(calls[0].behavior.as_deref(), Some("UseDefaultValue"));
    assert_eq!(ws.resource(THIS).unwrap()["id"], "example.com");
    ws.ends_with(&["example.com"]);
}

#[test]
fn behavior_is_set_changed_and_left_out() {
    let ws = Workspace::new();
    for (more, sent) in [
        (
            "behavior_on_mx_failure = \"RejectMessage\"",
            Behavior::RejectMessage,
        ),
        (
            "behavior_on_mx_failure = \"UseDefaultValue\"",
            Behavior::UseDefaultValue,
        ),
        (
            "behavior_on_mx_failure = \"RejectMessage\"",
            Behavior::RejectMessage,
        ),
        // Not the former value, which Terraform proposes.
        ("", Behavior::UseDefaultValue),
    ] {
        ws.config(&mail_from("example.com", "bounce.example.com", more));
        ws.ses().clear_calls();
        ws.apply().succeeds();
        let calls = ws.sets();
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert_eq!(calls[0].behavior.as_deref(), Some(sent.as_str()));
        let domain = calls[0].mail_from_domain.as_deref();
        assert_eq!(domain, Some("bounce.example.com"));
        assert_eq!(ws.held("example.com").behavior, sent);
        ws.plans_nothing();
    }
    ws.ends_with(&["example.com"]);
}

#[test]
fn change_of_the_identity_replaces() {
    let ws = Workspace::new();
    ws.ses().add_identity(REGION, "mail.example.com", true);
    ws.config(&mail_from("example.com", "bounce.mail.example.com", ""));
    ws.apply().succeeds();
    ws.config(&mail_from(
        "mail.example.com",
        "bounce.mail.example.com",
        "",
    ));
    let change = ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["delete", "create"]));
    assert_eq!(change["replace_paths"], json!([["identity"]]));
    ws.apply()
        .succeeds()
        .says("1 added, 0 changed, 1 destroyed");
    assert_eq!(ws.held("example.com").mail_from_domain, None);
    let held = ws.held("mail.example.com").mail_from_domain;
    assert_eq!(held.as_deref(), Some("bounce.mail.example.com"));
    assert_eq!(ws.resource(THIS).unwrap()["id"], "mail.example.com");
    ws.ends_with(&["mail.example.com"]);
}

#[test]
fn change_of_the_provider_region_replaces() {
    let mut ws = Workspace::new();
    ws.ses().add_identity("eu-west-1", "example.com", true);
    ws.config(&basic());
    ws.apply().succeeds();
    ws.provider.region = Some("\"eu-west-1\"".to_owned());
    ws.config(&basic());
    let change = ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["delete", "create"]));
    assert_eq!(change["replace_paths"], json!([["region"]]));
    ws.apply().succeeds();
    assert_eq!(ws.held("example.com").mail_from_domain, None);
    let held = ws.ses().get("eu-west-1", "example.com").unwrap();
    assert_eq!(held.mail_from_domain.as_deref(), Some("bounce.example.com"));
    let records = &ws.resource(THIS).unwrap()["dns_records"];
    assert_eq!(records[0]["value"], "feedback-smtp.eu-west-1.amazonses.com");
    ws.ends_with(&["example.com"]);
}

#[test]
fn several_identities_live_side_by_side() {
    let ws = Workspace::new();
    let names = ["a.example", "b.example", "c.example"];
    ws.ses().add_identities(REGION, names, true);
    ws.config(
        r#"
resource "ses_identity_mail_from" "all" {
  for_each         = toset(["a.example", "b.example", "c.example"])
  identity         = each.key
  mail_from_domain = "bounce.${each.key}"
}
"#,
    );
    ws.apply().succeeds().says("3 added");
    for name in names {
        let held = ws.held(name).mail_from_domain;
        assert_eq!(held, Some(format!("bounce.{name}")));
    }
    ws.ends_with(&names);
}

#[test]
fn records_that_are_published_as_told_bring_success() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    let records = &ws.resource(THIS).unwrap()["dns_records"];
    let (mx, txt) = (&records[0], &records[1]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    ws.dns()
        .set_mx(&text(&mx["name"]), &[(10, &text(&mx["value"]))])
        .unwrap();
    ws.dns()
        .set_txt(&text(&txt["name"]), &[text(&txt["value"])])
        .unwrap();
    wait_until("SES has found the record", || {
        ws.held("example.com").status == Some(Status::Success)
    });
    ws.plan().succeeds().does_not_say("Warning");
    ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    let state = ws.resource(THIS).unwrap();
    assert_eq!(state["verification_status"], "Success");
    assert_eq!(state["dns"]["mx"]["status"], "ok");
    assert_eq!(state["dns"]["mx"]["records"], json!([mx["rdata"]]));
    assert_eq!(state["dns"]["spf"]["status"], "ok");
    assert_eq!(state["dns"]["spf"]["records"], json!([txt["value"]]));
    ws.ends_with(&["example.com"]);
}

#[test]
fn tainted_resource_is_replaced() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.terraform(&["taint", THIS]).succeeds();
    assert!(ws.is_tainted(THIS));
    ws.ses().clear_calls();
    ws.apply()
        .succeeds()
        .says("1 added, 0 changed, 1 destroyed");
    let domains: Vec<_> = ws.sets().into_iter().map(|c| c.mail_from_domain).collect();
    assert_eq!(domains, [None, Some("bounce.example.com".to_owned())]);
    assert!(!ws.is_tainted(THIS));
    ws.ends_with(&["example.com"]);
}

#[test]
fn moved_resource_costs_no_set() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ses().clear_calls();
    let renamed = basic().replace("\"this\"", "\"that\"");
    let moved =
        "moved {\n  from = ses_identity_mail_from.this\n  to   = ses_identity_mail_from.that\n}\n";
    ws.config(&[&renamed, moved].concat());
    ws.apply()
        .succeeds()
        .says("0 added, 0 changed, 0 destroyed");
    assert_eq!(ws.sets(), []);
    ws.ends_with(&["example.com"]);
}

#[test]
fn forgotten_resource_costs_no_set() {
    if lacks(Feature::RemovedBlocks) {
        return;
    }
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ses().clear_calls();
    ws.config(
        "removed {\n  from = ses_identity_mail_from.this\n  lifecycle {\n    destroy = false\n  }\n}\n",
    );
    ws.apply().succeeds();
    assert_eq!(ws.resource(THIS), None);
    assert_eq!(ws.sets(), []);
    let held = ws.held("example.com").mail_from_domain;
    assert_eq!(held.as_deref(), Some("bounce.example.com"));
}

#[test]
fn saved_plan_is_applied_as_it_was_shown() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.terraform(&["plan", "-out=plan"]).succeeds();
    ws.terraform(&["apply", "plan"]).succeeds().says("1 added");
    ws.ends_with(&["example.com"]);
}

#[test]
fn create_for_an_identity_that_ses_does_not_know_leaves_no_state() {
    let ws = Workspace::new();
    ws.config(&mail_from("unknown.example", "bounce.unknown.example", ""));
    ws.apply().fails_with(&[
        "Identity <unknown.example> does not exist.",
        "request id",
        "SES has no such identity in this region",
    ]);
    assert_eq!(ws.resource(THIS), None);
}

#[test]
fn create_for_an_identity_that_is_not_verified_says_what_to_wait_for() {
    let ws = Workspace::new();
    ws.ses().add_identity(REGION, "new.example", false);
    ws.config(&mail_from("new.example", "bounce.new.example", ""));
    ws.apply()
        .fails_with(&["SES has not verified this identity yet"]);
    assert_eq!(ws.resource(THIS), None);
    ws.ses().add_identity(REGION, "new.example", true);
    ws.apply().succeeds();
    ws.ends_with(&["new.example"]);
}
