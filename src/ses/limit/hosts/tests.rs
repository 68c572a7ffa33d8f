//! The turns of one host, at times that are given; `simulation` runs several.

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
        share.accepted(at, BEAT, 0.3);
        times.push(at);
        at += BEAT.spacing;
    }
    times
}

/// Is refused at its turn so many times in a row.
fn loses(share: &mut Share, times: u32) {
    for _ in 0..times {
        let sent = share.opens;
        share.refused(sent, sent + 0.05, BEAT, 0.5);
        share.others();
    }
}

/// The share of a host that knows of others and has just held a slice.
fn held() -> Share {
    let mut share = Share::default();
    share.others();
    sends(&mut share, BEAT.start(1000) + 0.1, 6);
    share
}

#[test]
fn a_slice_takes_six_requests_and_leaves_the_last_second_to_the_next() {
    let mut share = Share::default();
    share.others();
    let start = BEAT.start(1000) + 0.1;
    let times = sends(&mut share, start, 8);
    assert!(times[5] <= BEAT.start(1001) - 1.0 - LEEWAY);
    assert!((times[5] - start - 5.0 * 1.02).abs() < 1e-6);
    // Last in the order of the next.
    assert!(times[6] - BEAT.start(1001) > 0.8 * ORDER);
    assert!((times[7] - times[6] - 1.02).abs() < 1e-6);
}

/// Seconds that a host loses that sends so many requests and meets nobody.
fn lost(begin: f64, count: usize) -> (f64, Vec<f64>) {
    let times = sends(&mut Share::default(), begin, count + 1);
    (times[count] - times[0] - 1.02 * count as f64, times)
}

#[test]
fn a_host_alone_loses_little() {
    for phase in [0.0, 0.1, 0.3, 0.5, 0.7, 0.9] {
        let begin = BEAT.start(1000) + phase;
        assert!(lost(begin, 9).0 < 1e-6, "{phase}: {:?}", lost(begin, 9));
        assert!(lost(begin, 24).0 < 1.3, "{phase}: {:?}", lost(begin, 24));
        assert!(lost(begin, 59).0 < 1.9, "{phase}: {:?}", lost(begin, 59));
        assert!(lost(begin, 599).0 < 9.0, "{phase}: {:?}", lost(begin, 599));
    }
}

#[test]
fn a_gap_is_left_often_and_nobody_sends_within_a_second_of_the_slice_behind_it() {
    for phase in 0..20 {
        let begin = BEAT.start(1000) + f64::from(phase) / 20.0;
        let (_, times) = lost(begin, 600);
        let mut last = 1000;
        for pair in times.windows(2) {
            let slice = BEAT.slice(pair[1]);
            if pair[1] - pair[0] > 1.02 + 1e-6 {
                // Whoever arrives at the start of the slice is accepted.
                assert!(pair[0] + 1.0 + LEEWAY <= BEAT.start(slice) + 1e-6);
                last = slice;
            }
            assert!(slice - last <= GAP_AFTER.1, "{phase}: {slice} after {last}");
        }
    }
}

#[test]
fn a_request_in_the_gap_takes_the_slice_behind_it() {
    let late = BEAT.start(1001) - 0.5;
    assert_eq!(BEAT.slice(late), 1001);
    assert_eq!(BEAT.slice(BEAT.end(1000) - 1e-3), 1000);
    // So its host goes on in that slice, and knows that it holds it.
    let mut share = Share::default();
    share.others();
    let times = sends(&mut share, late, 6);
    assert!((times[5] - late - 5.0 * 1.02).abs() < 1e-6);
    assert_eq!(share.held, 1001);
}

#[test]
fn the_longer_a_host_has_waited_the_earlier_it_comes() {
    let mut order = Vec::new();
    for lost in 0..5 {
        let mut share = held();
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
    let newcomer = Share::default().turn(1001, BEAT, 1.0) - BEAT.start(1001);
    assert!(newcomer < order[4], "{newcomer} before {order:?}");
}

#[test]
fn slices_are_left_to_as_many_hosts_as_there_are() {
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
    assert_eq!(waits, [2; 6], "comes back two slices early");
    // The others are done.
    let begin = share.opens;
    sends(&mut share, begin, 12);
    assert_eq!(share.away, 1);
}

#[test]
fn an_intruder_costs_a_second_and_the_next_refusal_the_slice() {
    let mut share = held();
    let begin = share.opens;
    sends(&mut share, begin, 2);
    let sent = begin + 2.04;
    share.refused(sent, sent + 0.05, BEAT, 0.5);
    let soon = share.opens;
    assert!((soon - sent - 0.8).abs() < 1e-6, "{}", soon - sent);
    share.refused(soon, soon + 0.05, BEAT, 0.5);
    assert_eq!(BEAT.slice(share.opens), share.held + 1);
}

#[test]
fn slices_are_told_by_when_requests_arrive() {
    let far = Beat { way: 0.2, ..BEAT };
    assert_eq!(far.slice(BEAT.end(999) - 0.1), 1000);
    assert_eq!(BEAT.slice(BEAT.end(999) - 0.1), 999);
}

#[test]
fn a_clock_that_was_wrong_does_not_hold_anybody_up() {
    let mut share = held();
    let turn = share.opens;
    assert_eq!(share.opens(turn - 6.0, BEAT.spacing), turn);
    // A minute back.
    assert_eq!(share.opens(turn - 60.0, BEAT.spacing), turn - 60.0);
    share.opens = 9e9;
    assert_eq!(share.opens(100.0, BEAT.spacing), 100.0);
}
