//! What goes wrong between the provider and SES is ridden out where it passes,
//! told where it stays, and taints nothing that SES has accepted.

use std::fs;
use std::time::Duration;

use simulator::ses::{Fault, FaultKind};

use crate::harness::{
    GET, LIST, REGION, Run, SET, THIS, Workspace, basic, fleet, mail_from, pause,
};

/// Each fault that passes, with the identity that it strikes.
fn passing() -> Vec<(String, FaultKind)> {
    let error = |status, code: &str| FaultKind::Error {
        status,
        code: code.to_owned(),
        message: "Try again.".to_owned(),
    };
    let kinds = [
        ("throttle", FaultKind::Throttle),
        ("too-many", error(429, "TooManyRequestsException")),
        ("unavailable", FaultKind::ServiceUnavailable),
        ("internal", FaultKind::InternalFailure),
        ("unknown-500", error(500, "SomethingElse")),
        ("request-timeout", error(400, "RequestTimeout")),
        ("html-500", FaultKind::Html { status: 500 }),
        ("html-502", FaultKind::Html { status: 502 }),
        ("html-503", FaultKind::Html { status: 503 }),
        ("reset-before", FaultKind::ResetBefore),
        ("reset-after", FaultKind::ResetAfter),
        ("slow-before", FaultKind::SlowBefore { delay_ms: 1500 }),
        ("slow-after", FaultKind::SlowAfter { delay_ms: 1500 }),
        ("garbage", FaultKind::Garbage),
        ("page-200", FaultKind::Html { status: 200 }),
        ("empty-200", FaultKind::Empty),
        ("other-answer", FaultKind::OtherAnswer),
        ("truncated", FaultKind::Truncated),
    ];
    kinds
        .map(|(name, kind)| (format!("{name}.example"), kind))
        .into()
}

/// The identities of [`passing`], each verified, and nothing else.
fn struck_fleet() -> (Workspace, Vec<String>) {
    let ws = Workspace::new();
    let (names, _): (Vec<_>, Vec<_>) = passing().into_iter().unzip();
    ws.ses().add_identities(REGION, &names, true);
    ws.config(&fleet("bounce", &names));
    (ws, names)
}

/// Runs Terraform while each identity's fault strikes its first calls of each
/// of `operations`. Afterwards every fault has struck, and the state is what
/// SES holds.
#[track_caller]
fn run_struck(ws: &Workspace, operations: &[&str], args: &[&str]) -> Run {
    for operation in operations {
        for (name, kind) in passing() {
            ws.ses().inject(Fault::new(kind).on(operation).of(&name));
        }
    }
    // One after the other: a Get for several identities would meet the fault
    // of only one of them.
    let run = ws
        .terraform(&[args, &["-parallelism=1"]].concat())
        .succeeds();
    let mut left = ws.ses().faults();
    left.retain(|fault| {
        fault
            .operation
            .as_deref()
            .is_some_and(|o| operations.contains(&o))
    });
    assert_eq!(left, [], "every fault has struck");
    ws.state_is_what_ses_holds();
    run
}

const APPLY: [&str; 2] = ["apply", "-auto-approve"];

#[test]
fn create_rides_out_each_fault_of_its_calls() {
    let (ws, names) = struck_fleet();
    run_struck(&ws, &[SET, GET], &APPLY)
        .says(&format!("{} added, 0 changed, 0 destroyed", names.len()))
        .does_not_say("Warning");
    ws.ends_with(&names.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn update_rides_out_each_fault_of_its_set_and_of_the_read_after_it() {
    let (ws, names) = struck_fleet();
    ws.apply().succeeds();
    ws.config(&fleet("mail", &names));
    // The refresh would meet the faults before the update does.
    let update = ["apply", "-auto-approve", "-refresh=false"];
    run_struck(&ws, &[SET, GET], &update)
        .says(&format!("0 added, {} changed, 0 destroyed", names.len()))
        .does_not_say("Warning");
    for name in &names {
        let held = ws.held(name).mail_from_domain;
        assert_eq!(held, Some(format!("mail.{name}")));
    }
    ws.ends_with(&names.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn refresh_rides_out_each_fault() {
    let (ws, _) = struck_fleet();
    ws.apply().succeeds();
    // Without a list, nothing is read ahead: each identity meets its own fault.
    let list = Fault::new(FaultKind::AccessDenied).on(LIST);
    ws.ses().inject(list.forever());
    run_struck(&ws, &[GET], &["plan", "-detailed-exitcode"]);
}

#[test]
fn destroy_rides_out_each_fault_of_its_set() {
    let (ws, names) = struck_fleet();
    ws.apply().succeeds();
    let destroy = ["destroy", "-auto-approve", "-refresh=false"];
    run_struck(&ws, &[SET], &destroy).says(&format!("{} destroyed", names.len()));
    for held in ws.ses().identities() {
        assert_eq!(held.mail_from_domain, None, "{held:?}");
    }
}

/// A workspace with [`basic`] applied, and nothing yet in the log of calls.
fn applied() -> Workspace {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ses().clear_calls();
    ws
}

/// The calls of SET and GET, in order.
fn operations(ws: &Workspace) -> Vec<String> {
    let calls = ws.ses().calls().into_iter();
    let actions = calls.map(|call| call.action);
    actions
        .filter(|action| [SET, GET].contains(&action.as_str()))
        .collect()
}

#[test]
fn destroy_looks_before_it_unsets_again() {
    let internal = FaultKind::Html { status: 500 };
    for (situation, fault, unset_already, expected) in [
        // As moto answers whenever there is nothing to unset.
        ("unset already", internal.clone(), true, &[SET, GET][..]),
        ("answer lost", FaultKind::ResetAfter, false, &[SET, GET]),
        ("not carried out", internal, false, &[SET, GET, SET]),
    ] {
        let ws = applied();
        // From now on, that there is nothing is no older state.
        pause(Duration::from_secs(16));
        if unset_already {
            ws.ses().clear_mail_from(REGION, "example.com").unwrap();
        }
        ws.ses().inject(Fault::new(fault).on(SET));
        ws.terraform(&["destroy", "-auto-approve", "-refresh=false"])
            .succeeds()
            .says("1 destroyed");
        assert_eq!(operations(&ws), expected, "{situation}");
        ws.state_is_what_ses_holds();
    }
}

#[test]
fn destroy_of_what_is_unset_survives_a_server_that_answers_500_for_ever() {
    let ws = applied();
    ws.ses().clear_mail_from(REGION, "example.com").unwrap();
    let internal = FaultKind::Html { status: 500 };
    ws.ses().inject(Fault::new(internal).on(SET).forever());
    ws.terraform(&["destroy", "-auto-approve", "-refresh=false"])
        .succeeds();
    ws.state_is_what_ses_holds();
}

/// Asserts that each command that calls `operation` fails with `texts` while
/// `kind` strikes it, changes nothing in the state, and works again after it.
#[track_caller]
fn stays_until_it_is_cleared(kind: &FaultKind, operation: &str, texts: &[&str]) {
    let strike = |ws: &Workspace| {
        let fault = Fault::new(kind.clone()).on(operation);
        ws.ses().inject(fault.forever());
    };
    let ws = Workspace::new();
    ws.config(&basic());
    if operation == SET {
        strike(&ws);
        ws.apply().fails_with(texts);
        ws.state_is_what_ses_holds();
        assert_eq!(ws.sets().len(), 1, "what stays is not tried again");
        ws.ses().clear_faults();
    }
    ws.apply().succeeds();

    strike(&ws);
    ws.config(&mail_from("example.com", "mail.example.com", ""));
    for args in [&APPLY[..], &["destroy", "-auto-approve"]] {
        ws.terraform(args).fails_with(texts);
        ws.state_is_what_ses_holds();
    }
    ws.ses().clear_faults();
    ws.apply().succeeds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn denied_access_names_the_iam_action() {
    for operation in [SET, GET] {
        stays_until_it_is_cleared(
            &FaultKind::AccessDenied,
            operation,
            &[
                "AccessDenied",
                "is not authorized to perform",
                "request id 00000000-",
                &format!("Allow the IAM action `ses:{operation}`"),
            ],
        );
    }
}

#[test]
fn page_of_a_proxy_is_no_lost_answer() {
    // It would taint what was never made, after five minutes of trying.
    for operation in [SET, GET] {
        stays_until_it_is_cleared(
            &FaultKind::Html { status: 403 },
            operation,
            &[
                "answered with HTTP status 403 and an answer that is not SES's",
                "HTTPS_PROXY",
            ],
        );
    }
}

#[test]
fn expired_credentials_say_how_to_renew_them() {
    for operation in [SET, GET] {
        stays_until_it_is_cleared(
            &FaultKind::ExpiredToken,
            operation,
            &[
                "ExpiredToken: The security token included in the request is expired",
                "Renew the credentials",
            ],
        );
    }
}

/// Creates and then changes the domain while `kind` strikes every read after
/// the Set: both are applied with a warning that says `reason`, are not tainted
/// and are Pending in the state. Once reads work again, nothing is planned.
#[track_caller]
fn applied_with_a_warning(kind: &FaultKind, summary: &str, reason: &str) {
    let ws = Workspace::new();
    for domain in ["bounce.example.com", "mail.example.com"] {
        ws.config(&mail_from("example.com", domain, ""));
        // The refresh before the update is let through.
        let refreshes = u64::from(ws.resource(THIS).is_some());
        let fault = Fault::new(kind.clone()).on(GET).after(refreshes);
        ws.ses().inject(fault.forever());
        ws.apply()
            .succeeds()
            .says(summary)
            .says(&format!(
                "SES has accepted {domain} as the MAIL FROM domain"
            ))
            .says(reason);
        ws.ses().clear_faults();
        assert!(!ws.is_tainted(THIS));
        let state = ws.resource(THIS).unwrap();
        assert_eq!(state["mail_from_domain"], domain);
        assert_eq!(state["verification_status"], "Pending");
        ws.state_is_what_ses_holds();
        ws.plans_nothing();
    }
    assert_eq!(ws.sets().len(), 2);
    ws.ends_with(&["example.com"]);
}

const NOT_READ: &str = "MAIL FROM domain set, its status not read yet";
const NOT_SHOWN: &str = "MAIL FROM domain set, and SES shows something else";

#[test]
fn set_is_applied_when_its_status_may_not_be_read() {
    let action = format!("Allow the IAM action `ses:{GET}`");
    applied_with_a_warning(&FaultKind::AccessDenied, NOT_READ, &action);
}

#[test]
fn set_is_applied_when_its_status_is_throttled_for_ever() {
    applied_with_a_warning(&FaultKind::Throttle, NOT_READ, "Throttling: Rate exceeded");
}

#[test]
fn set_is_applied_when_ses_shows_what_held_before() {
    applied_with_a_warning(&FaultKind::StaleRead, NOT_SHOWN, "SES is slow to show it");
}

#[test]
fn set_is_applied_when_ses_does_not_show_the_identity() {
    applied_with_a_warning(&FaultKind::AbsentRead, NOT_SHOWN, "SES is slow to show it");
}

#[test]
fn set_is_applied_when_ses_shows_it_after_a_while() {
    let ws = applied();
    ws.config(&mail_from("example.com", "mail.example.com", ""));
    ws.ses().inject(Fault::new(FaultKind::AbsentRead).times(2));
    ws.ses().inject(Fault::new(FaultKind::StaleRead));
    ws.terraform(&["apply", "-auto-approve", "-refresh=false"])
        .succeeds()
        .does_not_say("Warning");
    assert_eq!(operations(&ws), [SET, GET, GET, GET, GET]);
    ws.state_is_what_ses_holds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn change_that_was_not_made_is_none_of_the_objects() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.config(&mail_from("example.com", "mail.example.com", ""));
    ws.ses().inject(Fault::new(FaultKind::ResetBefore).on(SET));
    let denied = Fault::new(FaultKind::AccessDenied).on(SET);
    ws.ses().inject(denied.forever());
    ws.apply().fails_with(&["ses:SetIdentityMailFromDomain"]);
    ws.ses().clear_faults();
    // Planned here and applied on another host, which knows the object's private state
    // alone, what the object has set is unset.
    ws.terraform(&["plan", "-destroy", "-out=plan"]).succeeds();
    for entry in fs::read_dir(ws.folder().parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name
            .to_string_lossy()
            .starts_with("terraform-provider-ses-")
        {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    ws.terraform(&["apply", "plan"]).succeeds();
    assert_eq!(ws.held("example.com").mail_from_domain, None);
}
