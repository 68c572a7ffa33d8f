//! The data source `ses_identity_mail_from`.

use serde_json::{Value, json};
use simulator::ses::{Behavior, Status};

use crate::harness::{Feature, GET, LIST, REGION, THIS, Workspace, basic, lacks, names};

const DATA: &str = "data.ses_identity_mail_from.this";

/// The data source [`DATA`]; `more` goes into its block as it is.
fn data(identity: &str, more: &str) -> String {
    format!(
        "data \"ses_identity_mail_from\" \"this\" {{\n  identity = {identity:?}\n  {more}\n}}\n\
         output \"data\" {{\n  value = data.ses_identity_mail_from.this\n}}\n"
    )
}

/// What was read, once that was applied.
#[track_caller]
fn read(ws: &Workspace) -> Value {
    ws.apply().succeeds().does_not_say("Warning");
    ws.state()["values"]["outputs"]["data"]["value"].clone()
}

/// SES holds bounce.example.com for example.com, with this status.
fn held(ws: &Workspace, status: Status) {
    let (identity, domain) = ("example.com", "bounce.example.com");
    ws.ses()
        .set_mail_from(REGION, identity, domain, Behavior::RejectMessage)
        .unwrap();
    ws.ses().set_status(REGION, identity, status).unwrap();
}

#[test]
fn identity_is_read_as_the_resource_reads_it() {
    let ws = Workspace::new();
    let after = format!("dns_check = true\n  depends_on = [{THIS}]");
    ws.config(&(basic() + &data("EXAMPLE.com.", &after)));
    ws.apply().succeeds();
    ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    let (resource, data) = (ws.resource(THIS).unwrap(), ws.resource(DATA).unwrap());
    assert_eq!(data["identity"], "EXAMPLE.com.");
    for attribute in [
        "id",
        "region",
        "mail_from_domain",
        "behavior_on_mx_failure",
        "verification_status",
        "dns_records",
        "dns",
    ] {
        assert_eq!(data[attribute], resource[attribute], "{attribute}");
    }
    assert_eq!(data["dns"]["mx"]["status"], "missing");
    ws.ends_with(&["example.com"]);
}

#[test]
fn dns_is_asked_on_request_alone_and_never_warned_of() {
    let ws = Workspace::new();
    held(&ws, Status::Failed);
    for (more, mx) in [
        ("", "disabled"),
        ("dns_check = null", "disabled"),
        ("dns_check = false", "disabled"),
        ("dns_check = true", "missing"),
    ] {
        ws.dns().clear_queries();
        ws.config(&data("example.com", more));
        let read = read(&ws);
        assert_eq!(read["verification_status"], "Failed");
        assert_eq!(read["behavior_on_mx_failure"], "RejectMessage");
        assert_eq!(read["dns"]["mx"]["status"], mx, "{more}");
        let asked = ws.dns().count("bounce.example.com", "MX") > 0;
        assert_eq!(asked, mx != "disabled", "{more}");
    }
    assert_eq!(ws.sets(), []);
    ws.plan().succeeds();
}

#[test]
fn identity_without_mail_from_domain_has_none_and_an_unknown_one_is_an_error() {
    let ws = Workspace::new();
    ws.config(&data("example.com", "dns_check = true"));
    let read = read(&ws);
    assert_eq!(
        (&read["id"], &read["region"]),
        (&json!("example.com"), &json!(REGION))
    );
    for attribute in [
        "mail_from_domain",
        "verification_status",
        "dns_records",
        "dns",
    ] {
        assert_eq!(read[attribute], Value::Null, "{attribute}");
    }
    ws.config(&data("other.example", ""));
    ws.plan().fails_with(&[
        "Invalid identity",
        "SES knows no identity other.example in us-east-1",
        "region and account",
    ]);
}

#[test]
fn check_block_warns_of_what_cannot_be_read() {
    if lacks(Feature::Checks) {
        return;
    }
    let ws = Workspace::new();
    let condition = "data.ses_identity_mail_from.this.mail_from_domain != null";
    ws.config(&format!(
        "check \"mail_from\" {{\n  \
         data \"ses_identity_mail_from\" \"this\" {{\n    identity = \"other.example\"\n  }}\n  \
         assert {{\n    condition     = {condition}\n    error_message = \"unset\"\n  }}\n}}\n"
    ));
    ws.apply()
        .succeeds()
        .says("SES knows no identity other.example in us-east-1");
}

#[test]
fn configuration_that_cannot_be_meant_is_refused_at_validate() {
    let ws = Workspace::new();
    ws.config(&data("user@", ""));
    ws.terraform(&["validate"])
        .fails_with(&["Invalid identity", "Write a domain, such as"]);
    ws.config(&data("example.com", "region = \"EU-WEST-1\""));
    ws.terraform(&["validate"])
        .fails_with(&["Invalid region", "Write `eu-west-1`"]);
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn region_that_is_not_known_at_plan_is_named() {
    let mut ws = Workspace::new();
    ws.provider.region = Some("terraform_data.later.output".to_owned());
    let later = format!("resource \"terraform_data\" \"later\" {{\n  input = {REGION:?}\n}}\n");
    ws.config(&(later + &data("example.com", "")));
    ws.plan().fails_with(&[
        "Could not read the MAIL FROM domain of example.com",
        "The provider's region is not known until apply",
        "a value that is known at plan",
    ]);
}

#[test]
fn many_are_read_in_few_requests() {
    let ws = Workspace::new();
    let names = names(60);
    ws.ses().add_identities(REGION, &names, true);
    ws.config(&format!(
        "data \"ses_identity_mail_from\" \"all\" {{\n  for_each = toset({names:?})\n  \
         identity = each.key\n}}\n"
    ));
    ws.plan().succeeds();
    let (gets, lists) = (ws.calls_of(GET).len(), ws.calls_of(LIST).len());
    assert!(gets <= 3 && lists <= 1, "{gets} Gets, {lists} Lists");
}
