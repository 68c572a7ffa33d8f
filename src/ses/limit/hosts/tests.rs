//! The turns of one host, at times that are given; `sharing_tests` simulates several.

use super::*;

const BEAT: Beat = Beat {
    spacing: 1.02,
    interval: 1.0,
    way: 0.0,
};

/// Sends as often as `share` allows from `start` on, and is accepted; returns
/// the times.
fn sends(share: &mut Share, start: f64, count: usize) -> Vec<f64> {
    let mut at = start;
    let mut times = Vec::new();
    for _ in 0..count {
        at = at.max(share.opens(at, BEAT.spacing));
        share.accepted(at, BEAT, 0.4);
        times.push(at);
        at += BEAT.spacing;
    }
    times
}

/// Loses so many contests in a row.
fn loses(share: &mut Share, times: u32) {
    for _ in 0..times {
        let sent = share.opens;
        share.throttled(sent, sent + 0.05, BEAT, 0.5);
    }
}

/// The share of a host that knows of others and has just held a slice.
fn held() -> Share {
    let mut share = Share {
        throttled: BEAT.start(1000),
        ..Share::default()
    };
    sends(&mut share, BEAT.start(1000) + 0.1, 6);
    share
}

#[test]
fn a_slice_takes_six_requests_and_leaves_the_last_second_to_the_next() {
    let mut share = Share {
        throttled: BEAT.start(1000),
        ..Share::default()
    };
    let start = BEAT.start(1000) + 0.1;
    let times = sends(&mut share, start, 8);
    assert!(times[5] <= BEAT.start(1001) - 1.0 - MARGIN);
    assert!((times[5] - start - 5.0 * 1.02).abs() < 1e-6);
    // Last in the order of the next.
    assert!(times[6] - BEAT.start(1001) > 0.8 * ORDER);
    assert!((times[7] - times[6] - 1.02).abs() < 1e-6);
}

#[test]
fn who_is_alone_loses_little() {
    for phase in [0.0, 0.1, 0.3, 0.5, 0.7, 0.9] {
        let begin = BEAT.start(1000) + phase;
        let times = sends(&mut Share::default(), begin, 600);
        let lost = |count: usize| times[count] - times[0] - 1.02 * count as f64;
        assert!(lost(24) < 1e-6, "{} at first", lost(24));
        assert!(lost(59) < 1.1, "{} of a minute", lost(59));
        assert!(lost(599) < 9.0, "{}", lost(599));
        assert!(lost(599) > 3.0, "gaps are left");
    }
}

#[test]
fn who_has_lost_oftener_goes_first_and_who_has_held_goes_last() {
    let mut order = Vec::new();
    for lost in 1..5 {
        let mut share = held();
        // The first refusal of a holder may be an intruder's work.
        share.refused = true;
        loses(&mut share, lost);
        let slice = BEAT.slice(share.opens);
        assert_eq!(
            slice,
            1001 + i64::from(lost),
            "the next after the lost ones"
        );
        order.push(share.opens - BEAT.start(slice));
    }
    assert!(order.is_sorted_by(|one, other| one > other), "{order:?}");
    let last = held().contest(1001, BEAT, 0.0) - BEAT.start(1001);
    assert!(last > order[0] + 0.05, "{last} after {order:?}");
}

#[test]
fn waits_approach_the_number_of_those_who_share() {
    let mut share = held();
    assert_eq!(share.away, 1);
    let mut waits = Vec::new();
    for _ in 0..6 {
        // Three others hold a slice each, before it is this one's turn again.
        let turn = share.held + 4;
        while BEAT.slice(share.opens) < turn {
            loses(&mut share, 1);
        }
        assert_eq!(BEAT.slice(share.opens), turn);
        let begin = share.opens;
        sends(&mut share, begin, 6);
        waits.push(share.away);
    }
    assert_eq!(waits[1..], [3; 5], "comes back one slice early");
    // The others are done.
    let begin = share.opens;
    sends(&mut share, begin, 36);
    assert_eq!(share.away, 1);
}

#[test]
fn an_intruder_costs_a_second_and_the_next_refusal_the_slice() {
    let mut share = held();
    let begin = share.opens;
    sends(&mut share, begin, 2);
    let sent = begin + 2.04;
    share.throttled(sent, sent + 0.05, BEAT, 0.5);
    let soon = share.opens;
    assert!((soon - sent - 0.8).abs() < 1e-6, "{}", soon - sent);
    share.throttled(soon, soon + 0.05, BEAT, 0.5);
    assert_eq!(BEAT.slice(share.opens), share.held + 1);
}

#[test]
fn slices_are_told_by_when_requests_arrive() {
    let far = Beat { way: 0.2, ..BEAT };
    assert_eq!(far.slice(BEAT.start(1000) - 0.1), 1000);
    assert_eq!(BEAT.slice(BEAT.start(1000) - 0.1), 999);
}

#[test]
fn a_clock_that_was_wrong_does_not_hold_anybody_up() {
    let share = Share {
        opens: 9e9,
        ..Share::default()
    };
    assert_eq!(share.opens(100.0, BEAT.spacing), 100.0);
}
