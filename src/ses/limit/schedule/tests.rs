//! The schedule, at times that are given.

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

fn at(schedule: &mut Schedule, now: f64, operation: &str) -> f64 {
    schedule.reserve(now, operation, 1.0).at
}

#[test]
fn each_operation_has_a_queue_of_its_own() {
    let mut schedule = Schedule::default();
    assert_eq!(at(&mut schedule, 100.0, SET), 100.0);
    assert_eq!(at(&mut schedule, 100.0, SET), 101.0);
    assert_eq!(at(&mut schedule, 100.0, GET), 100.0);
    assert_eq!(at(&mut schedule, 105.0, SET), 105.0);
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

/// Sends a request that SES accepts, or refuses.
fn accepts(schedule: &mut Schedule, sent: f64, operation: &str) {
    schedule.sent(sent, operation, 1.0);
    schedule.accepted(answer(operation, sent));
}

fn refuses(schedule: &mut Schedule, sent: f64, operation: &str) {
    schedule.sent(sent, operation, 1.0);
    schedule.throttled(sent + 0.05, answer(operation, sent));
}

/// A schedule of a host that knows since 102.1 that SES counts the account; its slice
/// has just begun.
fn account() -> Schedule {
    let mut schedule = Schedule::default();
    accepts(&mut schedule, 102.0, SET);
    refuses(&mut schedule, 102.1, GET);
    schedule
}

#[test]
fn a_refusal_right_behind_another_operation_puts_all_into_one_queue_for_a_while() {
    let mut schedule = account();
    assert_eq!(at(&mut schedule, 102.5, SET), 103.1);
    assert_eq!(at(&mut schedule, 102.5, GET), 104.1);
    assert_eq!(at(&mut schedule, 102.5, SET), 105.1);
    // Nothing renews it.
    assert_eq!(at(&mut schedule, 500.0, SET), 500.0);
    assert_eq!(at(&mut schedule, 500.0, GET), 500.0);
}

#[test]
fn refusals_that_another_host_explains_leave_operations_apart() {
    let mut schedule = Schedule::default();
    for sent in [100.0, 101.0, 102.0, 103.0] {
        refuses(&mut schedule, sent, SET);
        refuses(&mut schedule, sent, GET);
    }
    let later = 200.0;
    assert_eq!(at(&mut schedule, later, SET), later);
    assert_eq!(at(&mut schedule, later, GET), later);
}

#[test]
fn refusals_in_the_common_queue_do_not_prolong_it() {
    let mut schedule = account();
    for second in 103..390 {
        refuses(&mut schedule, f64::from(second), SET);
    }
    assert_eq!(schedule.evidence.scope(390.0), Scope::Account);
    assert_eq!(schedule.evidence.scope(403.0), Scope::Operation);
}

#[test]
fn operations_that_ses_counts_apart_keep_their_queues() {
    let mut schedule = Schedule::default();
    accepts(&mut schedule, 100.0, SET);
    accepts(&mut schedule, 100.5, GET);
    accepts(&mut schedule, 101.0, SET);
    refuses(&mut schedule, 101.5, GET);
    assert_eq!(schedule.evidence.scope(102.0), Scope::Operation);
    // That is long ago.
    accepts(&mut schedule, 200.0, SET);
    refuses(&mut schedule, 200.5, GET);
    assert_eq!(schedule.evidence.scope(201.0), Scope::Account);
}

/// When the next Get goes out behind a Set at `sent`, and whether that is a probe.
fn get_behind_set(schedule: &mut Schedule, sent: f64) -> f64 {
    accepts(schedule, sent, SET);
    let now = sent + 0.05;
    let mut get = schedule.reserve(now, GET, 1.0);
    let due = schedule.try_start(now, &mut get, GET, 1.0);
    assert!(due > now);
    assert_eq!(schedule.try_start(due, &mut get, GET, 1.0), due);
    due
}

#[test]
fn a_probe_now_and_then_tells_whether_the_common_queue_is_right() {
    let mut schedule = account();
    assert!(get_behind_set(&mut schedule, 103.5) >= 104.5, "none is due");
    let probe = get_behind_set(&mut schedule, 105.2);
    assert!(probe < 105.9, "{probe}");
    // SES refuses it: that costs no time, and says nothing of other hosts.
    schedule.throttled(probe + 0.05, answer(GET, probe));
    assert_eq!(at(&mut schedule, 105.7, SET), 106.2);
    assert!(get_behind_set(&mut schedule, 106.2) >= 107.2);
    // SES accepts one: that ends it at once.
    let probe = get_behind_set(&mut schedule, 112.0);
    assert!(probe < 112.7, "{probe}");
    schedule.accepted(answer(GET, probe));
    assert_eq!(schedule.evidence.scope(probe), Scope::Operation);
    assert_eq!(at(&mut schedule, 112.9, SET), 113.0);
    assert_eq!(at(&mut schedule, 112.9, GET), probe + 1.0);
}

#[test]
fn probes_become_rare_but_never_end() {
    let mut schedule = account();
    let mut probes = Vec::new();
    for number in 0..100 {
        let sent = 110.0 + 10.0 * f64::from(number);
        let due = get_behind_set(&mut schedule, sent);
        if due < sent + 0.9 {
            schedule.throttled(due + 0.05, answer(GET, due));
            probes.push(due);
        } else {
            schedule.accepted(answer(GET, due));
        }
    }
    let pauses: Vec<f64> = probes.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(pauses.is_sorted() && pauses[0] < 11.0, "{pauses:?}");
    assert!(pauses.iter().all(|pause| *pause < 131.0), "{pauses:?}");
    assert_eq!(schedule.evidence.scope(1101.0), Scope::Account);
}

#[test]
fn the_distance_counts_from_the_request_and_not_from_its_reservation() {
    let mut schedule = Schedule::default();
    let mut one = schedule.reserve(100.0, SET, 1.0);
    assert_eq!(schedule.try_start(100.0, &mut one, SET, 1.0), 100.0);
    schedule.sent(100.3, SET, 1.0);
    assert_eq!(at(&mut schedule, 100.4, SET), 101.3);
}

#[test]
fn a_request_that_went_out_late_keeps_back_those_behind_it() {
    let mut schedule = Schedule::default();
    let mut one = schedule.reserve(100.0, SET, 1.0);
    let mut two = schedule.reserve(100.0, SET, 1.0);
    assert_eq!(two.at, 101.0);
    let mut other = schedule.reserve(101.0, GET, 1.0);
    assert_eq!(schedule.try_start(100.3, &mut one, SET, 1.0), 100.3);
    assert_eq!(schedule.try_start(101.0, &mut two, SET, 1.0), 101.3);
    assert_eq!(
        schedule.try_start(101.0, &mut other, GET, 1.0),
        101.0,
        "another queue"
    );
    // Sent by a clock that was wrong.
    schedule.sent(9e9, SET, 1.0);
    assert_eq!(schedule.try_start(101.0, &mut two, SET, 1.0), 101.0);
}

#[test]
fn whoever_is_kept_back_keeps_the_others_back() {
    let mut schedule = Schedule::default();
    let mut one = schedule.reserve(98.2, SET, 1.0);
    let mut two = schedule.reserve(98.2, SET, 1.0);
    // Refused again and again, so that the rest of the slice is lost.
    for sent in [96.0, 97.0, 98.0] {
        refuses(&mut schedule, sent, SET);
    }
    let first = schedule.try_start(98.2, &mut one, SET, 1.0);
    assert!(first > 101.5, "{first}");
    assert_eq!(schedule.try_start(99.2, &mut two, SET, 1.0), first + 1.0);
    let late = first + 0.1;
    assert_eq!(schedule.try_start(late, &mut one, SET, 1.0), late);
    assert_eq!(
        schedule.try_start(late + 0.9, &mut two, SET, 1.0),
        late + 1.0
    );
}

#[test]
fn whoever_comes_after_a_while_does_not_wait_for_a_slice() {
    let mut schedule = Schedule::default();
    for sent in [98.0, 99.0, 99.9] {
        refuses(&mut schedule, sent, SET);
    }
    let turn = at(&mut schedule, 100.0, SET);
    assert!(turn > 101.5, "{turn}");
    // That one is waiting, or was sent a while ago.
    assert!(at(&mut schedule, 101.0, SET) > turn);
    let later = turn + 10.0;
    refuses(&mut schedule, later - 4.0, GET);
    assert_eq!(at(&mut schedule, later, SET), later);
}

#[test]
fn a_reservation_that_is_released_costs_nobody_anything() {
    let mut schedule = Schedule::default();
    let reserve = |schedule: &mut Schedule| schedule.reserve(102.0, SET, 1.0);
    let mut queue: Vec<_> = (0..4).map(|_| reserve(&mut schedule)).collect();
    let released = queue.remove(1);
    assert_eq!(released.at, 103.0);
    schedule.release(&released, SET);
    // Those behind move up, those before do not mind.
    assert_eq!(schedule.try_start(102.1, &mut queue[1], SET, 1.0), 103.0);
    assert_eq!(schedule.try_start(102.1, &mut queue[2], SET, 1.0), 104.0);
    assert_eq!(schedule.try_start(102.1, &mut queue[0], SET, 1.0), 102.1);
    assert_eq!(at(&mut schedule, 102.2, SET), 105.0);
    // Its time had come, and the request did not go out.
    schedule.release(&queue[0], SET);
    assert_eq!(schedule.try_start(102.3, &mut queue[1], SET, 1.0), 102.3);
}

#[test]
fn an_urgent_request_goes_out_whatever_is_reserved() {
    let mut schedule = Schedule::default();
    schedule.sent(102.0, SET, 1.0);
    let mut other = schedule.reserve(102.1, SET, 1.0);
    schedule.reserve_urgent(103.1, SET);
    assert_eq!(schedule.try_start(102.2, &mut other, SET, 1.0), 104.1);
    assert_eq!(schedule.try_start(103.05, &mut other, SET, 1.0), 104.1);
    schedule.sent(103.1, SET, 1.0);
    assert_eq!(schedule.try_start(104.2, &mut other, SET, 1.0), 104.2);
    // The other operations wait where SES counts the account.
    let mut schedule = account();
    schedule.reserve_urgent(103.1, SET);
    let mut get = schedule.reserve(102.6, GET, 1.0);
    assert_eq!(schedule.try_start(103.1, &mut get, GET, 1.0), 104.1);
}

#[test]
fn a_slow_process_does_not_starve_beside_a_fast_one() {
    let mut schedule = Schedule::default();
    let mut now = 100.0;
    let mut slow = schedule.reserve(now, SET, 3.0);
    let mut fast = schedule.reserve(now, SET, 1.0);
    let mut turns = Vec::new();
    while now < 130.0 {
        for (reservation, spacing) in [(&mut fast, 1.0), (&mut slow, 3.0)] {
            if schedule.try_start(now, reservation, SET, spacing) <= now {
                turns.push(spacing);
                *reservation = schedule.reserve(now, SET, spacing);
            }
        }
        now += 0.1;
    }
    let slows = turns.iter().filter(|turn| **turn == 3.0).count();
    assert!(slows >= 6, "{turns:?}");
}

#[test]
fn what_is_farther_off_than_the_queue_explains_is_not_believed() {
    for back in [3.0, 30.0, 101.0, 9e8] {
        let wrong = 1e9 + back;
        let mut schedule = Schedule::default();
        for _ in 0..4 {
            at(&mut schedule, wrong, SET);
        }
        for sent in [wrong + 1.0, wrong + 2.0, wrong + 3.0] {
            accepts(&mut schedule, sent, GET);
            refuses(&mut schedule, sent + 0.1, SET);
        }
        let mut one = schedule.reserve(1e9, SET, 1.0);
        let mut now = 1e9;
        loop {
            let due = schedule.try_start(now, &mut one, SET, 1.0);
            if due <= now {
                break;
            }
            now = due.min(now + 1.0);
        }
        assert!(now - 1e9 < 14.0, "{back} s back: {} s", now - 1e9);
    }
}

#[test]
fn a_long_queue_explains_what_is_far_off() {
    let mut schedule = Schedule::default();
    let mut times = (0..150).map(|_| at(&mut schedule, 1e9, SET));
    assert!(times.all(|time| time <= 1e9 + 149.0));
    assert_eq!(at(&mut schedule, 1e9 + 0.5, SET), 1e9 + 150.0);
}

#[test]
fn a_schedule_of_another_release_is_read() {
    let mut schedule = account();
    at(&mut schedule, 101.0, SET);
    let text = serde_json::to_string(&schedule).unwrap();
    assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
    assert_eq!(
        serde_json::from_str::<Schedule>("{}").unwrap(),
        Schedule::default()
    );
    let other = r#"{"operations":{"Set":{"last":{"from":100.0},"share":{"new":[1]},"other":{}}},
        "account":{},"evidence":{"more":null},"version":9}"#;
    let mut read = serde_json::from_str::<Schedule>(other).unwrap();
    assert_eq!(at(&mut read, 101.5, SET), 101.5);
}
