//! The providers that the tests play themselves are worth what they show: Terraform
//! keeps MAIL FROM domains and records with them as with those that they stand in for.

use std::fs;

use crate::harness::{REGION, Workspace};

const AWS: &str = r#"
provider "aws" {
  region = "us-east-1"
}

resource "aws_ses_domain_mail_from" "this" {
  domain           = "example.com"
  mail_from_domain = "bounce.example.com"
}

resource "aws_sesv2_email_identity_mail_from_attributes" "this" {
  email_identity         = "someone@example.net"
  mail_from_domain       = "bounce.example.net"
  behavior_on_mx_failure = "REJECT_MESSAGE"
}
"#;

#[test]
fn played_aws_keeps_mail_from_domains_as_its_versions_do() {
    let ws = Workspace::new();
    ws.ses().add_identity(REGION, "someone@example.net", true);
    fs::write(ws.folder().join("main.tf"), AWS).unwrap();
    ws.add_stand_in("hashicorp/aws", "5.100.0");
    ws.terraform(&["init"]).succeeds();
    ws.apply().succeeds().says("2 added");
    ws.plans_nothing();
    let domain = ws.resource("aws_ses_domain_mail_from.this").unwrap();
    assert_eq!(domain["id"], "example.com");
    assert_eq!(domain["behavior_on_mx_failure"], "UseDefaultValue");
    assert_eq!(domain.get("region"), None);
    let held = ws.held("someone@example.net");
    assert_eq!(held.mail_from_domain.unwrap(), "bounce.example.net");
    assert_eq!(held.behavior.as_str(), "RejectMessage");

    ws.add_stand_in("hashicorp/aws", "6.20.0");
    ws.terraform(&["init", "-upgrade"]).succeeds();
    ws.apply().succeeds();
    let domain = ws.resource("aws_ses_domain_mail_from.this").unwrap();
    assert_eq!(domain["region"], REGION);
    ws.plans_nothing();
    assert_eq!(ws.ses().calls(), [], "it goes by the back door");
    ws.destroy().succeeds();
    assert_eq!(ws.held("example.com").mail_from_domain, None);
}

#[test]
fn played_dns_vendors_refuse_records_in_the_form_of_the_other() {
    let ws = Workspace::new();
    ws.add_stand_in("hashicorp/aws", "6.20.0");
    ws.add_stand_in("cloudflare/cloudflare", "5.0.0");
    let hcl = r#"
terraform {
  required_providers {
    cloudflare = { source = "cloudflare/cloudflare" }
  }
}

resource "aws_route53_record" "text" {
  zone_id = "Z1"
  name    = "bounce.example.com"
  type    = "TXT"
  ttl     = 600
  records = ["\"v=spf1 include:amazonses.com ~all\""]
}

resource "cloudflare_dns_record" "text" {
  zone_id = "Z1"
  name    = "bounce.example.com"
  type    = "TXT"
  ttl     = 600
  content = "v=spf1 include:amazonses.com ~all"
}

resource "cloudflare_dns_record" "mx" {
  zone_id = "Z1"
  name    = "bounce.example.com"
  type    = "MX"
  ttl     = 600
  content = "10 feedback-smtp.us-east-1.amazonses.com"
}
"#;
    fs::write(ws.folder().join("main.tf"), hcl).unwrap();
    ws.terraform(&["init"]).succeeds();
    ws.apply().fails_with(&[
        "InvalidChangeBatch",
        "content of a TXT record must be in quotation marks",
        "priority is a required data field",
    ]);
    assert_eq!(ws.dns().records(), []);
}
