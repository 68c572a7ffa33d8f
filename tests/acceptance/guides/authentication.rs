//! `docs/guides/authentication.md`

use std::collections::BTreeSet;

use serde_json::Value;
use simulator::ses::{Fault, FaultKind, Status};

use crate::harness::{ACCOUNT, Fares, REGION, Sts, THIS, Workspace, basic, mail_from, wait_until};

use super::{EUROPE, Guide, at_simulator};

const OPTIONAL: [&str; 3] = [
    "ListIdentities",
    "GetIdentityVerificationAttributes",
    "GetCallerIdentity",
];

/// The actions that a policy allows.
fn actions(policy: &str) -> BTreeSet<String> {
    let policy: Value = serde_json::from_str(policy).unwrap();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap();
    let actions = actions.iter().map(|action| action.as_str().unwrap());
    actions.map(str::to_owned).collect()
}

/// What a policy has to allow for the calls that SES and STS have seen so far.
fn called(ws: &Workspace) -> BTreeSet<String> {
    let calls = ws.ses().calls().into_iter();
    let action = |action: String| match action.as_str() {
        "GetCallerIdentity" => format!("sts:{action}"),
        _ => format!("ses:{action}"),
    };
    calls.map(|call| action(call.action)).collect()
}

/// A MAIL FROM domain from its creation to its end, with all that reads it.
fn lives(ws: &mut Workspace) {
    // STS is at the same port.
    ws.provider.sts_endpoint = ws.provider.ses_endpoint.clone();
    let rest = |domain: &str| {
        format!(
            "{}
             resource \"ses_identity_mail_from_verification\" \"this\" {{
               identity         = ses_identity_mail_from.this.identity
               mail_from_domain = ses_identity_mail_from.this.mail_from_domain
             }}
             data \"ses_identity_mail_from\" \"this\" {{
               identity   = \"example.com\"
               dns_check  = true
               depends_on = [{THIS}]
             }}
             ",
            mail_from("example.com", domain, "")
        )
    };
    for domain in ["bounce.example.com", "mail.example.com"] {
        let host = "feedback-smtp.us-east-1.amazonses.com";
        ws.dns().set_mx(domain, &[(10, host)]).unwrap();
        ws.config(&rest(domain));
        ws.apply().succeeds();
    }
    // What SES has given up is set again.
    ws.ses()
        .set_status(REGION, "example.com", Status::Failed)
        .unwrap();
    ws.config(&mail_from("example.com", "mail.example.com", ""));
    ws.apply().succeeds();
    let restarted = || ws.held("example.com").status == Some(Status::Success);
    wait_until("SES looks again", restarted);
    ws.terraform(&["state", "rm", THIS]).succeeds();
    ws.terraform(&["import", THIS, "example.com"]).succeeds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn no_call_exceeds_the_policy_and_all_works_with_the_least() {
    let ws = Workspace::new();
    ws.ses().add_identity(EUROPE, "example.com", true);
    let mut guide = Guide::open(&ws, "authentication");
    guide.writes("main.tf");
    let told = guide.shows();
    let (whole, least) = (
        actions(&guide.writes("policy.json")),
        actions(&guide.writes("least.json")),
    );
    guide.ends();

    // What the guide shows is told.
    let sts = Sts::new(Fares::Well(3600));
    let mut block = ws.provider.clone();
    block.region = None;
    block.sts_endpoint = Some(format!("{:?}", sts.url()));
    block.allowed_account_ids = Some("[\"111111111111\"]".to_owned());
    let mut named = Workspace::new();
    named.provider = block;
    named.provider.region = Some(format!("{REGION:?}"));
    named.config(&basic());
    named
        .plan()
        .fails_with(&[&told.replace("999988887777", ACCOUNT)]);
    at_simulator(&ws);

    let mut all = Workspace::new();
    lives(&mut all);
    let called_by_all = called(&all);
    let beyond: Vec<&String> = called_by_all.difference(&whole).collect();
    assert!(beyond.is_empty(), "{beyond:?}");
    let missing: Vec<&String> = least.difference(&called_by_all).collect();
    assert!(
        missing.is_empty(),
        "the guide asks for too much: {missing:?}"
    );

    let optional: BTreeSet<&String> = whole.difference(&least).collect();
    assert!(
        optional
            .iter()
            .all(|action| { OPTIONAL.iter().any(|optional| action.ends_with(optional)) })
    );
    let mut few = Workspace::new();
    for action in OPTIONAL {
        let denied = Fault::new(FaultKind::AccessDenied).on(action);
        few.ses().inject(denied.forever());
    }
    lives(&mut few);
}
