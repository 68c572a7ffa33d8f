//! Refreshes of many resources: each is read once, and the result is the same whatever
//! the list of identities says, or does not.
//!
//! In how many Gets is Terraform's doing as well: a Get holds what was asked for by the
//! time it goes out. `make bench` counts them on a machine that has nothing else to do.

use std::collections::BTreeSet;
use std::time::Duration;

use simulator::ses::{Behavior, Fault, FaultKind, Outcome};
use simulator::{Options, Rate};

use crate::harness::{GET, LIST, REGION, Run, SET, Workspace, fleet, names, of_fleet};

/// A workspace in which so many identities are applied, and no call counted yet.
fn applied(count: usize) -> Workspace {
    let mut ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        latency: Duration::from_millis(20),
        ..Options::default()
    });
    ws.ses().add_identities(REGION, names(count), true);
    ws.provider.requests_per_second = Some("20".to_owned());
    ws.provider.dns = Some("enabled = false".to_owned());
    ws.config(&fleet("bounce", &names(count)));
    ws.apply().succeeds();
    ws.ses().clear_calls();
    ws
}

/// Asserts that a plan finds nothing to change, and that of the so many identities each
/// is read once: no Get is sent for others alone, and none is too large for SES.
#[track_caller]
fn plans_nothing_reading_each_once(ws: &Workspace, count: usize) -> Run {
    let run = ws.plan().succeeds().does_not_say("Warning");
    let mut unread: BTreeSet<String> = names(count).into_iter().collect();
    let ours = unread.clone();
    for get in ws.calls_of(GET) {
        assert!(get.identities.len() <= 100, "{}", get.identities.len());
        if get.outcome != Outcome::Accepted {
            continue;
        }
        let asked = get.identities.iter();
        let asked: Vec<_> = asked.filter(|name| ours.contains(*name)).collect();
        assert!(!asked.is_empty(), "for others alone: {get:?}");
        for name in asked {
            assert!(unread.remove(name), "{name} is read twice");
        }
    }
    assert_eq!(unread, BTreeSet::new());
    run
}

#[test]
fn fleet_is_read_in_gets_of_a_hundred() {
    let mut ws = applied(150);
    // So slow that what Terraform asks for at a time has come before the next Get.
    ws.provider.requests_per_second = Some("0.1".to_owned());
    ws.config(&fleet("bounce", &names(150)));
    plans_nothing_reading_each_once(&ws, 150);
    // Those who came first, and then by the list.
    assert!(ws.calls_of(GET).len() <= 3);
    assert_eq!(ws.calls_of(LIST).len(), 1);
}

#[test]
fn list_that_cannot_be_had_changes_no_result() {
    let ws = applied(30);
    ws.set_env("TF_LOG_PROVIDER", "debug");
    let faults = [
        ("denied", FaultKind::AccessDenied, 1),
        ("failing", FaultKind::InternalFailure, 3),
        ("slow", FaultKind::SlowAfter { delay_ms: 60_000 }, 1),
        ("garbage", FaultKind::Garbage, 3),
        // Last, because the next command keeps back its own List.
        ("throttled", FaultKind::Throttle, 3),
    ];
    for (what, kind, times) in faults {
        ws.ses().inject(Fault::new(kind).on(LIST).times(times));
        let run = plans_nothing_reading_each_once(&ws, 30);
        let error = "[ERROR] provider.terraform-provider-ses";
        assert!(!run.stderr.contains(error), "{what}: {}", run.stderr);
        ws.ses().clear_faults();
        ws.ses().clear_calls();
    }
}

#[test]
fn list_that_is_denied_is_told_in_the_log() {
    // More than Terraform asks for at a time, and long enough between two Gets for the
    // answer to the List.
    let mut ws = applied(12);
    ws.provider.requests_per_second = Some("0.2".to_owned());
    ws.config(&fleet("bounce", &names(12)));
    ws.set_env("TF_LOG_PROVIDER", "debug");
    let denied = Fault::new(FaultKind::AccessDenied).on(LIST).forever();
    ws.ses().inject(denied);
    let run = plans_nothing_reading_each_once(&ws, 12);
    let says = "could not list identities to read ahead";
    assert!(run.stderr.contains(says), "{}", run.stderr);
}

#[test]
fn identities_that_are_gone_are_planned_anew_and_the_others_are_not() {
    let ws = applied(40);
    for gone in ["d7.example", "d33.example"] {
        ws.ses().remove_identity(REGION, gone);
    }
    ws.ses().clear_mail_from(REGION, "d20.example").unwrap();
    let plan = ws.terraform(&["plan", "-detailed-exitcode"]).exits(2);
    plan.says("3 to add, 0 to change, 0 to destroy");
}

#[test]
fn identities_of_others_cost_no_get_of_their_own() {
    let ws = applied(50);
    let others: Vec<String> = (0..10_000)
        .map(|number| format!("a{number}.test"))
        .collect();
    ws.ses().add_identities(REGION, &others, true);
    for other in &others[..1000] {
        let domain = format!("bounce.{other}");
        ws.ses()
            .set_mail_from(REGION, other, &domain, Behavior::UseDefaultValue)
            .unwrap();
    }
    ws.ses()
        .inject(Fault::new(FaultKind::AccessDenied).on(LIST).forever());
    plans_nothing_reading_each_once(&ws, 50);
    ws.ses().clear_faults();
    ws.ses().clear_calls();
    plans_nothing_reading_each_once(&ws, 50);
    // A page of the list holds a thousand, and the next one is asked for when the Gets
    // have used half of it.
    let gets = ws.calls_of(GET).len();
    let lists = ws.calls_of(LIST).len();
    assert!(lists <= 2 + gets / 10, "{lists} Lists for {gets} Gets");
}

#[test]
fn change_between_two_commands_is_seen_by_the_second() {
    let ws = applied(40);
    plans_nothing_reading_each_once(&ws, 40);
    ws.ses()
        .set_mail_from(
            REGION,
            "d31.example",
            "other.d31.example",
            Behavior::UseDefaultValue,
        )
        .unwrap();
    let plan = ws.plan().exits(2);
    plan.says("0 to add, 1 to change, 0 to destroy");
    assert_eq!(
        ws.planned_change(&of_fleet("d31.example"))["before"]["mail_from_domain"],
        "other.d31.example"
    );
}

#[test]
fn read_after_a_set_is_not_answered_from_before_it() {
    let ws = applied(40);
    ws.config(&fleet("mail", &names(40)));
    // The refresh of this apply reads all of them ahead.
    ws.apply().succeeds().does_not_say("Warning");
    assert_eq!(ws.calls_of(SET).len(), 40);
    ws.state_is_what_ses_holds();
    for identity in names(40) {
        let held = &ws.resource(&of_fleet(&identity)).unwrap()["mail_from_domain"];
        assert_eq!(*held, format!("mail.{identity}"));
    }
}

#[test]
fn domains_without_a_check_are_not_looked_up_in_a_fleet_either() {
    let mut ws = applied(120);
    ws.provider.dns = Some(format!("nameservers = [\"{}\"]", ws.simulator.dns_addr()));
    let unchecked = |number: usize| number.is_multiple_of(3);
    let mixed = fleet("bounce", &names(120)).replace(
        "  mail_from_domain = each.value\n",
        "  mail_from_domain = each.value\n  \
         dns_check        = tonumber(regex(\"[0-9]+\", each.key)) % 3 == 0 ? false : null\n",
    );
    ws.config(&mixed);
    ws.apply().succeeds();
    ws.dns().clear_queries();
    ws.apply().succeeds();
    let queries = ws.dns().queries();
    for number in 1..=120 {
        let domain = format!("bounce.d{number}.example");
        let asked = queries.iter().any(|query| query.name == domain);
        assert_eq!(asked, !unchecked(number), "{domain}");
    }
}
