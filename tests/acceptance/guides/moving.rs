//! `docs/guides/moving.md`

use std::fs;

use serde_json::Value;

use crate::harness::{Feature, Workspace, lacks};

use super::{EUROPE, Guide, at_simulator};

#[test]
fn domains_of_hashicorp_aws_move_there_and_back_without_a_change() {
    if lacks(Feature::MovesAcrossTypes) {
        return;
    }
    let ws = Workspace::new();
    for identity in ["example.com", "news@example.net", "example.org"] {
        ws.ses().add_identity(EUROPE, identity, true);
    }
    ws.add_stand_in("hashicorp/aws", "5.100.0");

    let mut guide = Guide::open(&ws, "moving");
    guide.writes("main.tf");
    guide.runs().succeeds();
    let (held, records) = (ws.ses().identities(), ws.dns().records());
    guide.runs_and_prints();
    let before = ws.state();

    at_simulator(&ws);
    guide.writes("main.tf");
    guide
        .runs_and_prints()
        .says(&guide.shows())
        .says(&guide.shows());
    ws.plans_nothing();
    let moved = ws.resource("ses_identity_mail_from.news").unwrap();
    assert_eq!(moved["region"], EUROPE);
    assert_eq!(moved["id"], "news@example.net");

    modules_move_all_instances(&ws, &guide.writes("mail/main.tf"));

    guide.runs().succeeds();
    ws.plans_nothing();

    guide.writes("main.tf");
    guide.runs_and_prints();
    ws.plans_nothing();
    guide.ends();
    // The last way back.
    let pushed = ws.shell("terraform state push -force before.tfstate");
    pushed.succeeds();
    assert_eq!(resources(&ws.state()), resources(&before));

    let mut now = ws.ses().identities();
    now.retain(|identity| identity.identity != "example.org");
    let mut then = held;
    then.retain(|identity| identity.identity != "example.org");
    // SES verifies what is published.
    for identity in now.iter_mut().chain(&mut then) {
        identity.status = None;
    }
    assert_eq!(now, then);
    assert_eq!(ws.dns().records(), records);
    assert_eq!(ws.sets(), []);
}

fn resources(state: &Value) -> &Value {
    &state["values"]["root_module"]["resources"]
}

/// What the guide says of modules, in a folder of its own: a state of hashicorp/aws in a
/// module, which `module` hands over.
fn modules_move_all_instances(ws: &Workspace, module: &str) {
    let folder = ws.folder().join("modules");
    fs::create_dir_all(folder.join("mail")).unwrap();
    let root = r#"
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
    ses = { source = "terraform-provider-ses/ses" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

provider "ses" {
  region = "eu-west-1"
}

module "mail" {
  source    = "./mail"
  mail_from = { "example.org" = "bounce.example.org" }
}
"#;
    fs::write(folder.join("main.tf"), root).unwrap();
    let before = r#"
variable "mail_from" {
  type = map(string)
}

resource "aws_ses_domain_mail_from" "all" {
  for_each = var.mail_from

  domain           = each.key
  mail_from_domain = each.value
}
"#;
    fs::write(folder.join("mail/main.tf"), before).unwrap();
    let run = |script: &str| ws.shell(&format!("cd modules\n{script}")).succeeds();
    run("terraform init\nterraform apply -auto-approve");
    fs::copy(
        ws.folder().join("ses_override.tf"),
        folder.join("ses_override.tf"),
    )
    .unwrap();
    fs::write(folder.join("mail/main.tf"), module).unwrap();
    run("terraform init\nterraform apply -auto-approve")
        .says(r#"module.mail.aws_ses_domain_mail_from.all["example.org"] has moved to"#)
        .says("0 added, 0 changed, 0 destroyed");
    run("terraform plan -detailed-exitcode");
}
