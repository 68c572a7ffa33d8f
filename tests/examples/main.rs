//! What the documentation shows works: a real Terraform runs the files in
//! examples/ against the simulator.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use serde_json::Value;
use simulator::ses::{Behavior, Status};

use harness::{Feature, REGION, Workspace, lacks};

mod cut_over;
#[path = "../acceptance/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "other tests use the rest of it")]
mod harness;

const ADDRESS: &str = "ses_identity_mail_from.example";

/// The text of a file in examples/.
fn example(path: &str) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    fs::read_to_string(examples.join(path)).unwrap()
}

fn resource() -> String {
    example("resources/ses_identity_mail_from/resource.tf")
}

/// A workspace where SES holds what the example of the resource asks for.
fn held() -> Workspace {
    let ws = Workspace::new();
    ws.ses()
        .set_mail_from(
            REGION,
            "example.com",
            "bounce.example.com",
            Behavior::RejectMessage,
        )
        .unwrap();
    ws
}

#[test]
fn provider_example_plans_without_credentials() {
    let ws = Workspace::new();
    let hcl = example("provider/provider.tf") + &resource();
    fs::write(ws.folder().join("main.tf"), hcl).unwrap();
    ws.plan()
        .exits(2)
        .says("10 feedback-smtp.eu-west-1.amazonses.com")
        .says("1 to add, 0 to change, 0 to destroy");
}

#[test]
fn resource_example_applies_and_tells_its_records() {
    let ws = Workspace::new();
    ws.config(&resource());
    ws.apply()
        .succeeds()
        .says("1 added, 0 changed, 0 destroyed")
        .says(r#""rdata" = "v=spf1 include:amazonses.com ~all""#);
    ws.ends_with(&["example.com"]);
}

#[test]
fn import_command_example_takes_over_what_ses_holds() {
    let ws = held();
    ws.config(&resource());
    let script = example("resources/ses_identity_mail_from/import.sh");
    let command = script.lines().find(|line| !line.starts_with('#')).unwrap();
    let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    ws.terraform(&arguments).succeeds();
    assert_eq!(ws.resource(ADDRESS).unwrap()["id"], "example.com");
    assert_eq!(ws.sets(), []);
}

#[test]
fn import_block_example_takes_over_what_ses_holds() {
    if lacks(Feature::ImportBlocks) {
        return;
    }
    let ws = held();
    let import = example("resources/ses_identity_mail_from/import-by-string-id.tf");
    ws.config(&(import + &resource()));
    ws.apply()
        .succeeds()
        .says("1 imported, 0 added, 0 changed, 0 destroyed");
    assert_eq!(ws.sets(), []);
    ws.ends_with(&["example.com"]);
}

#[test]
fn import_identity_example_takes_over_what_ses_holds() {
    if lacks(Feature::ImportByIdentity) {
        return;
    }
    let (mut ws, region) = (Workspace::new(), "eu-west-1");
    let (identity, domain) = ("example.com", "bounce.example.com");
    ws.ses().add_identity(region, identity, true);
    ws.ses()
        .set_mail_from(region, identity, domain, Behavior::RejectMessage)
        .unwrap();
    ws.provider.region = Some(format!("{region:?}"));
    let import = example("resources/ses_identity_mail_from/import-identity.tf");
    ws.config(&(import + &resource()));
    ws.apply()
        .succeeds()
        .says("1 imported, 0 added, 0 changed, 0 destroyed");
    assert_eq!(ws.sets(), []);
}

#[test]
fn verification_example_waits_for_what_the_resource_example_sets() {
    let ws = Workspace::new();
    let wait = example("resources/ses_identity_mail_from_verification/resource.tf");
    let record = "feedback-smtp.us-east-1.amazonses.com";
    ws.dns()
        .set_mx("bounce.example.com", &[(10, record)])
        .unwrap();
    ws.config(&(resource() + &wait));
    ws.apply()
        .succeeds()
        .says("2 added, 0 changed, 0 destroyed");
    let verified = ws.resource("ses_identity_mail_from_verification.example");
    assert_eq!(verified.unwrap()["verification_status"], "Success");
    ws.ends_with(&["example.com"]);
}

#[test]
fn data_source_example_warns_of_what_is_amiss_until_it_is_right() {
    if lacks(Feature::Checks) {
        return;
    }
    let ws = held();
    ws.config(&example(
        "data-sources/ses_identity_mail_from/data-source.tf",
    ));
    ws.apply()
        .succeeds()
        .says("SES has not verified the MAIL FROM domain of example.com.")
        .says("The SPF record of the MAIL FROM domain is not as it should be.");
    let record = "feedback-smtp.us-east-1.amazonses.com";
    let (dns, domain) = (ws.dns(), "bounce.example.com");
    dns.set_mx(domain, &[(10, record)]).unwrap();
    dns.set_txt(domain, &["v=spf1 include:amazonses.com ~all"])
        .unwrap();
    ws.ses()
        .set_status(REGION, "example.com", Status::Success)
        .unwrap();
    ws.apply()
        .succeeds()
        .does_not_say("has not verified")
        .does_not_say("is not as it should be");
    assert_eq!(ws.sets(), []);
}

#[test]
fn fleet_data_source_example_warns_of_each_that_is_amiss() {
    if lacks(Feature::Checks) {
        return;
    }
    let ws = held();
    ws.ses().add_identity(REGION, "unset.example", true);
    ws.config(&example(
        "data-sources/ses_identities_mail_from/data-source.tf",
    ));
    ws.apply()
        .succeeds()
        .says("SES has not verified the MAIL FROM domain of example.com.")
        .says("The SPF record is not as it should be for example.com.");
    assert_eq!(ws.sets(), []);
}

#[test]
fn list_example_finds_what_ses_has_and_what_it_writes_plans_nothing() {
    if lacks(Feature::Queries) {
        return;
    }
    let ws = held();
    ws.ses().add_identity(REGION, "unset.example.com", true);
    let list = "list-resources/ses_identity_mail_from/list-resource.tfquery.hcl";
    fs::write(ws.folder().join("fleet.tfquery.hcl"), example(list)).unwrap();
    ws.terraform(&["query", "-generate-config-out=found.tf"])
        .succeeds()
        .says("identity=example.com,region=us-east-1")
        .does_not_say("unset.example.com");
    ws.apply()
        .succeeds()
        .says("1 imported, 0 added, 0 changed, 0 destroyed");
    assert_eq!(ws.sets(), []);
    ws.plans_nothing();
}

/// What a function's example comes to, and the comment that it ends with.
fn shown_and_evaluated(function: &str, output: &str) -> (String, Value) {
    let ws = Workspace::new();
    let hcl = example(&format!("functions/{function}/function.tf"));
    ws.config(&hcl);
    ws.apply().succeeds();
    let lines: Vec<&str> = hcl.lines().collect();
    let comment = lines.rsplit(|line| !line.starts_with('#')).next().unwrap();
    let shown: Vec<&str> = comment.iter().map(|line| &line[2..]).collect();
    let outputs = &ws.state()["values"]["outputs"];
    (shown.join("\n"), outputs[output]["value"].clone())
}

#[test]
fn function_examples_come_to_what_they_say() {
    if lacks(Feature::ProviderFunctions) {
        return;
    }
    let (shown, spf) = shown_and_evaluated("spf_merge", "spf");
    assert_eq!(shown, spf.to_string());

    let (shown, zone_file) = shown_and_evaluated("mail_from_zone_file", "zone_file");
    assert_eq!(zone_file, shown + "\n");

    let (shown, records) = shown_and_evaluated("mail_from_dns_records", "records");
    let records = records.as_object().unwrap();
    let lines: Vec<String> = records
        .iter()
        .map(|(record_type, record)| format!("  {:<5} = {record}", format!("{record_type:?}")))
        .collect();
    assert_eq!(shown, format!("{{\n{}\n}}", lines.join("\n")));
}
