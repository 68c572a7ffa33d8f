//! `terraform query`: what SES holds in a region, and how it comes under management.

use std::fs;

use simulator::Options;
use simulator::ses::{Behavior, Fault, FaultKind, Outcome};

use crate::harness::{Feature, GET, LIST, REGION, Workspace, lacks, names};

/// The file that `terraform query` reads. `body` goes into the list's block as it is.
fn query(ws: &Workspace, body: &str) {
    let list =
        format!("list \"ses_identity_mail_from\" \"all\" {{\n  provider = ses\n  {body}\n}}\n");
    fs::write(ws.folder().join("fleet.tfquery.hcl"), list).unwrap();
}

/// So many identities with MAIL FROM domains, and one without.
fn fill(ws: &Workspace, count: usize) {
    let names = names(count);
    ws.ses().add_identities(REGION, &names, true);
    for name in &names {
        let domain = format!("bounce.{name}");
        ws.ses()
            .set_mail_from(REGION, name, &domain, Behavior::RejectMessage)
            .unwrap();
    }
}

#[test]
fn fleet_that_nobody_manages_comes_under_management_and_plans_nothing() {
    if lacks(Feature::Queries) {
        return;
    }
    let mut ws = Workspace::new();
    ws.provider.dns = Some("enabled = false".to_owned());
    ws.config("");
    fill(&ws, 12);
    query(&ws, "include_resource = true");
    ws.terraform(&["query"])
        .succeeds()
        .says("identity=d12.example,region=us-east-1");
    ws.terraform(&["query", "-generate-config-out=found.tf"])
        .succeeds();
    let apply = ws.apply().succeeds();
    apply.says("12 imported, 0 added, 0 changed, 0 destroyed");
    assert_eq!(ws.sets(), []);
    ws.plans_nothing();

    // Few of them, and what cannot be meant.
    query(
        &ws,
        "limit = 2\n  config {\n    name_regex = \"^d[0-9]+\\\\.example$\"\n  }",
    );
    let few = ws.terraform(&["query"]).succeeds();
    assert_eq!(few.stdout.matches("region=us-east-1").count(), 2);
    query(&ws, "config {\n    kind = \"domain\"\n  }");
    ws.terraform(&["query"]).fails_with(&["Write `Domain`"]);
    query(&ws, "");
    let denied = Fault::new(FaultKind::AccessDenied).on(LIST).times(1);
    ws.ses().inject(denied);
    ws.terraform(&["query"]).fails_with(&["ses:ListIdentities"]);
}

#[test]
fn thousand_are_listed_in_ten_gets_and_one_list_and_none_is_throttled() {
    if lacks(Feature::Queries) {
        return;
    }
    let mut ws = Workspace::with(Options::default());
    ws.provider.requests_per_second = None;
    ws.provider.dns = Some("enabled = false".to_owned());
    ws.config("");
    fill(&ws, 999);
    query(&ws, "include_resource = true\n  limit = 2000");
    let all = ws.terraform(&["query"]).succeeds();
    assert_eq!(all.stdout.matches("region=us-east-1").count(), 999);
    let (gets, lists) = (ws.calls_of(GET), ws.calls_of(LIST));
    assert!(gets.len() <= 10 && lists.len() == 1, "{} Gets", gets.len());
    let mut calls = gets.iter().chain(&lists);
    assert!(calls.all(|call| call.outcome == Outcome::Accepted));
}
