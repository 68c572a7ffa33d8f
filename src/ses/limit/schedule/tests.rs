//! The pace, at times that are given.

use super::*;

const SET: &str = "Set";
const GET: &str = "Get";

#[test]
fn spacing_is_two_percent_wider_than_the_rate_asks_for() {
    for (rate, seconds) in [(1.0, 1.02), (0.5, 2.04), (1e-3, 1020.0), (0.0, 0.0)] {
        assert_eq!(spacing(rate), seconds, "at {rate} a second");
    }
    assert!(spacing(f64::MIN_POSITIVE) < 1e8);
}

#[test]
fn each_operation_is_a_line_of_its_own() {
    let mut schedule = Schedule::default();
    let mut take = |now, operation| schedule.reserve(now, operation, 1.02).at;
    assert_eq!(take(100.0, SET), 100.0);
    assert_eq!(take(100.0, SET), 101.02);
    assert_eq!(take(100.0, GET), 100.0);
    assert_eq!(take(105.0, SET), 105.0);
}

/// The answer to a request of `operation` that went out at `sent`.
fn answer(operation: &str, sent: f64) -> Answer<'_> {
    Answer {
        operation,
        sent,
        spacing: 1.0,
        way: 0.0,
        chance: 0.5,
    }
}

fn throttled(schedule: &mut Schedule, at: f64) {
    schedule.throttled(at, answer("Other", at));
}

fn refuse(schedule: &mut Schedule, times: [f64; 3]) {
    for sent in times {
        schedule.sent(sent, SET, 1.0);
        schedule.throttled(sent, answer(SET, sent));
    }
}

#[test]
fn throttled_answers_put_all_operations_into_one_line_for_a_while() {
    let mut schedule = Schedule::default();
    throttled(&mut schedule, 10.0);
    throttled(&mut schedule, 99.0);
    assert!(!schedule.one_line(99.0), "each was alone");
    throttled(&mut schedule, 100.0);
    assert!(schedule.one_line(100.0));
    assert_eq!(schedule.reserve(200.0, SET, 1.0).at, 200.0);
    assert_eq!(schedule.reserve(200.0, GET, 1.0).at, 201.0);
    throttled(&mut schedule, 300.0);
    assert!(schedule.one_line(300.0 + ACCOUNT_SCOPE - 1.0), "once more");
    let later = 300.0 + ACCOUNT_SCOPE;
    assert_eq!(schedule.reserve(later, SET, 1.0).at, later);
    assert_eq!(schedule.reserve(later, GET, 1.0).at, later);
}

#[test]
fn operations_that_ses_counts_apart_keep_their_lines() {
    let mut schedule = Schedule::default();
    schedule.accepted(answer(SET, 100.0));
    schedule.accepted(answer(GET, 100.5));
    throttled(&mut schedule, 101.0);
    throttled(&mut schedule, 102.0);
    assert!(!schedule.one_line(102.0));
    let later = 100.5 + APART;
    throttled(&mut schedule, later);
    throttled(&mut schedule, later + 1.0);
    assert!(schedule.one_line(later + 1.0), "that was long ago");
    // By a clock that was wrong.
    schedule.apart_until = 9e9;
    schedule.account_until = 0.0;
    throttled(&mut schedule, later + 2.0);
    assert!(schedule.one_line(later + 2.0));
}

#[test]
fn the_distance_counts_from_the_request_and_not_from_its_slot() {
    let mut schedule = Schedule::default();
    schedule.reserve(100.0, SET, 1.0);
    schedule.sent(100.3, SET, 1.0);
    assert_eq!(schedule.reserve(100.4, SET, 1.0).at, 101.3);
}

#[test]
fn a_request_that_went_out_late_keeps_back_who_has_a_slot_already() {
    let mut schedule = Schedule::default();
    schedule.reserve(100.0, SET, 1.0);
    let mut reservation = schedule.reserve(100.0, SET, 1.0);
    assert_eq!(reservation.at, 101.0);
    let mut other = schedule.reserve(101.0, GET, 1.0);
    schedule.sent(100.3, SET, 1.0);
    assert_eq!(schedule.try_start(101.0, &mut reservation, SET, 1.0), 101.3);
    assert_eq!(
        schedule.try_start(101.0, &mut other, GET, 1.0),
        101.0,
        "another queue"
    );
    // Sent by a clock that was wrong.
    schedule.sent(9e9, SET, 1.0);
    assert_eq!(schedule.try_start(101.0, &mut reservation, SET, 1.0), 101.0);
}

#[test]
fn who_is_kept_back_keeps_the_others_back() {
    let mut schedule = Schedule::default();
    let mut one = schedule.reserve(100.0, SET, 1.0);
    let mut other = schedule.reserve(100.0, SET, 1.0);
    // Refused again and again, so that the rest of the slice is lost.
    refuse(&mut schedule, [98.0, 99.0, 99.9]);
    let first = schedule.try_start(100.0, &mut one, SET, 1.0);
    assert!(first > 101.5, "{first}");
    assert_eq!(schedule.try_start(101.0, &mut other, SET, 1.0), first + 1.0);
    assert_eq!(
        schedule.try_start(first + 0.1, &mut one, SET, 1.0),
        first + 0.1
    );
    let second = first + 1.0;
    assert_eq!(
        schedule.try_start(second, &mut other, SET, 1.0),
        second + 0.1
    );
}

#[test]
fn who_comes_after_a_pause_does_not_wait_for_a_turn() {
    let mut schedule = Schedule::default();
    refuse(&mut schedule, [98.0, 99.0, 99.9]);
    let permit = schedule.reserve(100.0, SET, 1.0).at;
    assert!(permit > 101.5, "{permit}");
    // That one is waiting, or was sent a while ago.
    assert!(schedule.reserve(101.0, SET, 1.0).at > permit);
    let later = permit + 10.0;
    schedule
        .all
        .share
        .throttled(later, later, answer(SET, 0.0).beat(), 0.5);
    assert_eq!(schedule.reserve(later, SET, 1.0).at, later);
}

#[test]
fn a_slot_that_is_given_back_costs_nobody_anything() {
    let mut schedule = Schedule::default();
    schedule.reserve(100.0, SET, 1.0);
    let mut unused = schedule.reserve(100.0, SET, 1.0);
    assert_eq!(unused.at, 101.0);
    schedule.release(&unused, SET, 1.0);
    unused = schedule.reserve(100.0, SET, 1.0);
    assert_eq!(unused.at, 101.0);
    // It was its permit, and the request did not go out.
    assert_eq!(schedule.try_start(101.2, &mut unused, SET, 1.0), 101.2);
    schedule.release(&unused, SET, 1.0);
    unused = schedule.reserve(101.3, SET, 1.0);
    assert_eq!(unused.at, 101.3);

    let mut behind = schedule.reserve(101.3, SET, 1.0);
    let mut last = schedule.reserve(101.3, SET, 1.0);
    schedule.release(&unused, SET, 1.0);
    assert_eq!(
        schedule.try_start(101.4, &mut behind, SET, 1.0),
        101.4,
        "moves up"
    );
    assert_eq!(
        schedule.try_start(101.4, &mut last, SET, 1.0),
        102.4,
        "as well"
    );
    assert_eq!(schedule.reserve(101.5, SET, 1.0).at, 103.3);
    // What lies behind somebody is left to others.
    let mut first = schedule.reserve(200.0, SET, 1.0);
    let second = schedule.reserve(200.0, SET, 1.0);
    let mut third = schedule.reserve(200.0, SET, 1.0);
    schedule.release(&second, SET, 1.0);
    assert_eq!(schedule.try_start(200.0, &mut first, SET, 1.0), 200.0);
    assert_eq!(schedule.try_start(200.1, &mut third, SET, 1.0), 201.0);
}

#[test]
fn a_clock_that_was_wrong_does_not_hold_anybody_up() {
    let mut schedule = Schedule::default();
    schedule.reserve(9e9, SET, 1.0);
    throttled(&mut schedule, 9e9);
    throttled(&mut schedule, 9e9);
    schedule.throttled(9e9, answer(SET, 9e9));
    assert_eq!(schedule.reserve(100.0, SET, 1.0).at, 100.0);
    assert_eq!(schedule.reserve(100.0, GET, 1.0).at, 100.0);
}

#[test]
fn pauses_grow_until_something_is_accepted() {
    let mut pause = Pause::default();
    let mut pauses = |jitter| {
        pause.throttled(100.0, jitter);
        pause.until() - 100.0
    };
    assert_eq!([pauses(1.0), pauses(1.0), pauses(1.0)], [1.0, 2.0, 4.0]);
    assert_eq!([pauses(1.0), pauses(1.0)], [8.0, 15.0]);
    pause.accepted();
    pause.throttled(200.0, 0.0);
    assert_eq!(pause.until(), 200.5);
}
