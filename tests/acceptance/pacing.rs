//! The pace at which SES is called, seen from SES.
//!
//! These tests measure time, so the test runner leaves them alone on the machine.

use simulator::ses::{Call, Outcome};
use simulator::{Options, Rate};

use crate::harness::{GET, REGION, SET, Workspace, fleet};

/// The identities `d1.example` to `dCOUNT.example`.
fn names(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("d{n}.example")).collect()
}

/// A workspace with a simulator that takes `rate`, and in it `count` identities
/// and the resources for them.
fn paced(rate: Rate, requests_per_second: Option<&str>, count: usize) -> Workspace {
    let mut ws = Workspace::with(Options {
        rate,
        ..Options::default()
    });
    ws.ses().add_identities(REGION, names(count), true);
    ws.provider.requests_per_second = requests_per_second.map(str::to_owned);
    ws.config(&fleet("bounce", &names(count)));
    ws
}

/// Milliseconds between the arrivals of calls of `action`.
fn gaps(calls: &[Call], action: &str) -> Vec<f64> {
    let arrivals: Vec<_> = calls
        .iter()
        .filter(|call| call.action == action)
        .map(|call| call.at_ms)
        .collect();
    arrivals.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn sixty_creates_are_never_throttled() {
    const CREATES: usize = 60;
    // The default is SES's own rate.
    let ws = paced(Rate::PerOperation(1.0), None, CREATES);
    ws.apply()
        .succeeds()
        .says("60 added")
        .does_not_say("Warning");
    let calls = ws.ses().calls();
    for call in &calls {
        assert_eq!(call.outcome, Outcome::Accepted, "{call:?}");
    }
    assert_eq!(ws.sets().len(), CREATES);
    for action in [SET, GET] {
        let gaps = gaps(&calls, action);
        assert!(gaps.iter().all(|gap| *gap >= 1000.0), "{action}: {gaps:?}");
    }
    ws.state_is_what_ses_holds();
}

#[test]
fn fraction_of_a_request_a_second_is_kept() {
    // SES allows more: the pace is the provider's own.
    let ws = paced(Rate::PerOperation(1.0), Some("0.5"), 4);
    ws.apply().succeeds();
    let calls = ws.ses().calls();
    for call in &calls {
        assert_eq!(call.outcome, Outcome::Accepted, "{call:?}");
    }
    let gaps = gaps(&calls, SET);
    assert_eq!(gaps.len(), 3);
    assert!(gaps.iter().all(|gap| *gap >= 2000.0), "{gaps:?}");
    ws.state_is_what_ses_holds();
}

#[test]
fn refresh_of_a_fleet_asks_for_many_at_a_time() {
    let mut ws = paced(Rate::Unlimited, Some("0"), 60);
    ws.apply().succeeds();
    ws.ses().set_rate(Rate::PerOperation(1.0));
    ws.ses().clear_calls();
    ws.provider.requests_per_second = None;
    ws.config(&fleet("bounce", &names(60)));
    ws.plan().succeeds();
    let calls = ws.ses().calls();
    let gets = calls.iter().filter(|call| call.action == GET).count();
    // Terraform asks for ten at a time.
    assert!(gets <= 8, "{gets} Gets for 60 identities");
    for call in &calls {
        assert_eq!(call.outcome, Outcome::Accepted, "{call:?}");
    }
}
