//! The pace at which SES is called, seen from SES, whatever else the machine does.
//!
//! A busy machine may hold a request up on its way, so that the next one comes close
//! behind it and is throttled. What holds all the same: no request goes out early, and
//! nothing is lost. That nothing is throttled either where nothing is held up, and how
//! many requests a fleet costs then, `make bench` shows.

use std::collections::BTreeSet;

use simulator::ses::{Call, Outcome};
use simulator::{Options, Rate};

use crate::harness::{GET, REGION, SET, Workspace, fleet, names};

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

/// Asserts that no call of `action` arrived before its time: `seconds` lie between any
/// two that go out, and none goes out before `begun`.
#[track_caller]
fn none_is_early(begun: f64, calls: &[Call], action: &str, seconds: f64) {
    let arrivals = calls.iter().filter(|call| call.action == action);
    for (number, call) in arrivals.enumerate() {
        let earliest = begun + 1000.0 * seconds * number as f64;
        assert!(
            call.at_ms >= earliest,
            "number {number} before {earliest}: {call:?}"
        );
    }
}

/// The time of the simulator's log, in milliseconds.
fn now(ws: &Workspace) -> f64 {
    1000.0 * ws.ses().now().as_secs_f64()
}

#[test]
fn creates_keep_the_pace_and_none_is_lost() {
    // More than Terraform works on at a time.
    const CREATES: usize = 20;
    // The default is SES's own rate.
    let ws = paced(Rate::PerOperation(1.0), None, CREATES);
    let begun = now(&ws);
    ws.apply()
        .succeeds()
        .says("20 added")
        .does_not_say("Warning");
    let calls = ws.ses().calls();
    for action in [SET, GET] {
        none_is_early(begun, &calls, action, 1.0);
    }
    let (accepted, refused): (Vec<_>, Vec<_>) = ws
        .sets()
        .into_iter()
        .partition(|set| set.outcome == Outcome::Accepted);
    assert_eq!(accepted.len(), CREATES, "each is sent until it is accepted");
    for set in refused {
        assert_eq!(set.outcome, Outcome::Throttled, "{set:?}");
    }
    let set: BTreeSet<_> = accepted
        .into_iter()
        .flat_map(|set| set.identities)
        .collect();
    assert_eq!(set, names(CREATES).into_iter().collect());
    ws.state_is_what_ses_holds();
}

#[test]
fn fraction_of_a_request_a_second_is_kept() {
    // SES allows all: the pace is the provider's own.
    let ws = paced(Rate::Unlimited, Some("0.5"), 4);
    let begun = now(&ws);
    ws.apply().succeeds();
    let calls = ws.ses().calls();
    for action in [SET, GET] {
        none_is_early(begun, &calls, action, 2.0);
    }
    assert_eq!(ws.sets().len(), 4);
    ws.state_is_what_ses_holds();
}

#[test]
fn refresh_of_a_fleet_asks_for_many_at_a_time() {
    let mut ws = paced(Rate::Unlimited, Some("0"), 60);
    ws.apply().succeeds();
    ws.ses().clear_calls();
    // So slow that what Terraform asks for at a time has come before the next Get.
    ws.provider.requests_per_second = Some("0.1".to_owned());
    ws.config(&fleet("bounce", &names(60)));
    ws.plan().succeeds();
    let calls = ws.ses().calls();
    let gets = calls.iter().filter(|call| call.action == GET);
    // Those who came first, and with the others whoever is in the list.
    assert!((1..=2).contains(&gets.count()), "{calls:?}");
}
