//! Something before SES, a proxy or a captive portal, answers HTTP 200 in its stead:
//! nothing of that is believed, nothing is lost, and the next apply converges.

use simulator::ses::{Fault, FaultKind, PATIENCE, Status};
use simulator::{Options, Rate};

use crate::harness::{
    GET, LIST, REGION, Run, SET, THIS, Workspace, basic, fleet, mail_from, wait_until,
};

const GET_VERIFICATION: &str = "GetIdentityVerificationAttributes";

/// A page in place of the answer.
const PAGE: FaultKind = FaultKind::Html { status: 200 };

/// What is told about it.
const TOLD: [&str; 3] = [
    "was answered with HTTP status 200 and an answer that is not SES's",
    "a proxy or a captive portal",
    "It begins: <html> <head><title>200</title></head>",
];

/// Whatever comes with HTTP 200 and is no answer.
fn no_answers() -> [(&'static str, FaultKind); 5] {
    [
        ("page", PAGE),
        ("empty", FaultKind::Empty),
        ("other", FaultKind::OtherAnswer),
        ("truncated", FaultKind::Truncated),
        ("garbage", FaultKind::Garbage),
    ]
}

/// The resource of example.com, which gives up soon.
fn impatient(domain: &str) -> String {
    let timeouts = "timeouts {
    create = \"3s\"
    read   = \"3s\"
    update = \"3s\"
    delete = \"3s\"
  }";
    mail_from("example.com", domain, timeouts)
}

fn applied() -> Workspace {
    let ws = Workspace::new();
    ws.config(&impatient("bounce.example.com"));
    ws.apply().succeeds();
    ws.ses().clear_calls();
    ws
}

/// A page answers all operations.
fn block(ws: &Workspace) {
    ws.ses().inject(Fault::new(PAGE).forever());
}

/// Runs Terraform behind the page, which fails and says why; then the page is gone.
#[track_caller]
fn blocked(ws: &Workspace, args: &[&str]) -> Run {
    let run = ws.terraform(args).fails_with(&TOLD);
    ws.ses().clear_faults();
    run
}

/// The next apply puts right what is left, and says of how many resources.
#[track_caller]
fn converges(ws: &Workspace, says: &str) {
    ws.apply().succeeds().says(says);
    ws.state_is_what_ses_holds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn destroy_behind_a_page_keeps_the_state() {
    let ws = applied();
    block(&ws);
    blocked(&ws, &["destroy", "-auto-approve", "-refresh=false"]);
    ws.state_is_what_ses_holds();
    assert_eq!(ws.resources().len(), 1);
    ws.plans_nothing();
    ws.ends_with(&["example.com"]);
}

#[test]
fn create_behind_a_page_claims_nothing() {
    for operation in [Some(SET), None] {
        let ws = Workspace::new();
        ws.config(&impatient("bounce.example.com"));
        let mut fault = Fault::new(PAGE).forever();
        fault.operation = operation.map(str::to_owned);
        ws.ses().inject(fault);
        blocked(&ws, &["apply", "-auto-approve"]);
        assert_eq!(ws.held("example.com").mail_from_domain, None);
        // Where SES could not be asked, it may have been made for all that is known.
        assert_eq!(ws.resource(THIS).is_some(), operation.is_none());
        converges(&ws, "1 added, 0 changed, 0 destroyed");
    }
}

#[test]
fn update_behind_a_page_claims_nothing() {
    let ws = applied();
    ws.config(&impatient("mail.example.com"));
    block(&ws);
    blocked(&ws, &["apply", "-auto-approve", "-refresh=false"]);
    let held = ws.held("example.com").mail_from_domain;
    assert_eq!(held.as_deref(), Some("bounce.example.com"));
    converges(&ws, "0 added, 1 changed, 0 destroyed");
}

#[test]
fn refresh_that_a_cache_answers_loses_nothing() {
    let ws = applied();
    let cached = Fault::new(FaultKind::CachedAnswer);
    ws.ses().inject(cached.clone().times(2));
    ws.plans_nothing();
    ws.ses().inject(cached.forever());
    ws.plan()
        .fails_with(&["the answer is about cached.example, which was not asked for"]);
    ws.ses().clear_faults();
    ws.ends_with(&["example.com"]);
}

#[test]
fn refresh_behind_a_page_loses_nothing() {
    let ws = applied();
    let before = ws.state();
    block(&ws);
    blocked(&ws, &["plan"]);
    block(&ws);
    blocked(&ws, &["apply", "-refresh-only", "-auto-approve"]);
    assert_eq!(ws.state(), before);
    ws.ends_with(&["example.com"]);
}

#[test]
fn set_whose_status_a_page_hides_is_applied_with_a_warning() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.ses().inject(Fault::new(PAGE).on(GET).forever());
    ws.apply()
        .succeeds()
        .says("MAIL FROM domain set, its status not read yet")
        .says(TOLD[2]);
    ws.ses().clear_faults();
    ws.state_is_what_ses_holds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn advice_and_the_list_go_without_what_a_page_hides() {
    let names: Vec<String> = (0..15).map(|number| format!("d{number}.example")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ws = Workspace::new();
    ws.ses().add_identities(REGION, &names, true);
    ws.config(&fleet("bounce", &names));
    for (_, kind) in no_answers() {
        let fault = Fault::new(kind).on(GET_VERIFICATION);
        ws.ses().inject(fault.times(2));
    }
    ws.apply().succeeds().does_not_say("Warning");
    for (_, kind) in no_answers() {
        ws.ses().clear_faults();
        ws.ses().inject(Fault::new(kind).on(LIST).forever());
        ws.terraform(&["plan", "-detailed-exitcode"]).succeeds();
    }
    ws.state_is_what_ses_holds();
}

/// A world in which only an unset and a Set start again what has failed, with the
/// failed MAIL FROM domains of `hcl` for `identities`.
fn given_up(hcl: &str, identities: &[String]) -> Workspace {
    let ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        identical_set_restarts: false,
        ..Options::default()
    });
    ws.ses().add_identities(REGION, identities, true);
    ws.config(hcl);
    ws.apply().succeeds();
    ws.ses().advance_clock(PATIENCE);
    ws.ses().clear_calls();
    ws
}

#[test]
fn restart_rides_out_what_is_no_answer_at_each_of_its_calls() {
    // The Set, the unset, the Set; and the reads after the first and the last.
    let moments = [(SET, 0), (SET, 1), (SET, 2), (GET, 1), (GET, 2)];
    let struck = moments.iter().flat_map(|(operation, after)| {
        no_answers().map(|(what, kind)| {
            let name = format!("{what}-{}-{after}.example", operation[..3].to_lowercase());
            (
                name.clone(),
                Fault::new(kind).on(operation).of(&name).after(*after),
            )
        })
    });
    let (names, faults): (Vec<String>, Vec<Fault>) = struck.unzip();
    let ws = given_up(&fleet("bounce", &names), &names);
    // Read ahead, an identity would be in more Gets than those that are counted.
    let list = Fault::new(FaultKind::AccessDenied).on(LIST);
    ws.ses().inject(list.forever());
    for fault in faults {
        ws.ses().inject(fault);
    }
    ws.terraform(&["apply", "-auto-approve", "-parallelism=30"])
        .succeeds()
        .says(&format!("0 added, {} changed, 0 destroyed", names.len()))
        .does_not_say("not started again");
    ws.ses().clear_faults();
    for held in ws.ses().identities() {
        if names.contains(&held.identity) {
            assert_eq!(held.status, Some(Status::Pending), "{held:?}");
        }
    }
    ws.state_is_what_ses_holds();
    ws.terraform(&["plan", "-detailed-exitcode"]).succeeds();
}

#[test]
fn restart_behind_a_page_says_that_mail_from_may_be_off() {
    let ws = given_up(&impatient("bounce.example.com"), &[]);
    // From the unset on.
    ws.ses().inject(Fault::new(PAGE).on(SET).after(1).forever());
    let applying = ws.spawn(&["apply", "-auto-approve"]);
    wait_until("MAIL FROM is unset", || ws.sets().len() > 1);
    ws.ses().inject(Fault::new(PAGE).on(GET).forever());
    applying
        .wait()
        .fails_with(&TOLD)
        .fails_with(&["MAIL FROM of example.com may be off"]);
    ws.ses().clear_faults();
    converges(&ws, "0 added, 1 changed, 0 destroyed");
}

#[test]
fn wait_rides_out_what_is_no_answer_and_quotes_what_stays() {
    let wait = |more: &str| {
        format!(
            "{}
            resource \"ses_identity_mail_from_verification\" \"this\" {{
              identity = ses_identity_mail_from.this.identity
              {more}
            }}",
            basic()
        )
    };
    let ws = Workspace::new();
    let mx = (10, "feedback-smtp.us-east-1.amazonses.com");
    ws.dns().set_mx("bounce.example.com", &[mx]).unwrap();
    ws.config(&basic());
    ws.apply().succeeds();
    wait_until("SES has found the record", || {
        ws.held("example.com").status == Some(Status::Success)
    });
    ws.plan().succeeds();

    ws.config(&wait("timeouts { create = \"3s\" }"));
    ws.ses().inject(Fault::new(PAGE).on(GET).forever());
    blocked(&ws, &["apply", "-auto-approve", "-refresh=false"]);
    assert_eq!(ws.resources().len(), 1);

    ws.config(&wait(""));
    for (_, kind) in no_answers() {
        ws.ses().inject(Fault::new(kind).on(GET));
    }
    ws.terraform(&["apply", "-auto-approve", "-refresh=false"])
        .succeeds()
        .says("1 added, 0 changed, 0 destroyed");
    ws.plans_nothing();
}
