//! Statuses that follow the MX record in DNS, on a clock that is sped up.

use std::time::Duration;

use simulator::dns::Mode;
use simulator::ses::{Behavior, PATIENCE, Status};
use simulator::{Lookups, Options, Rate, Simulator};

use crate::client::{quiet, set, start, wait_until};

const FEEDBACK: (u16, &str) = (10, "feedback-smtp.us-east-1.amazonses.com");

/// A simulator that looks up every 50 ms; two seconds of it are a minute.
fn lively() -> Simulator {
    let simulator = start(Options {
        rate: Rate::Unlimited,
        clock_speed: 30.0,
        ..Options::default()
    });
    simulator
        .ses()
        .add_identity("us-east-1", "example.com", true);
    set(&simulator, "example.com", "b.example.com").assert_ok();
    simulator
}

fn status(simulator: &Simulator) -> Status {
    let snapshot = simulator.ses().get("us-east-1", "example.com").unwrap();
    snapshot.status.unwrap()
}

fn await_status(simulator: &Simulator, expected: Status) {
    let what = format!("{expected:?}");
    wait_until(&what, || status(simulator) == expected);
}

/// Long enough for several rounds of look-ups.
fn rounds() {
    std::thread::sleep(Duration::from_millis(400));
}

#[test]
fn the_record_makes_success_and_its_loss_a_temporary_failure() {
    let simulator = lively();
    let dns = simulator.dns();
    rounds();
    assert_eq!(status(&simulator), Status::Pending);
    dns.set_mx("b.example.com", &[FEEDBACK]).unwrap();
    await_status(&simulator, Status::Success);
    dns.remove("b.example.com").unwrap();
    await_status(&simulator, Status::TemporaryFailure);
    dns.set_mx("b.example.com", &[FEEDBACK]).unwrap();
    await_status(&simulator, Status::Success);
    dns.remove("b.example.com").unwrap();
    await_status(&simulator, Status::TemporaryFailure);
    simulator.ses().advance_clock(PATIENCE);
    assert_eq!(status(&simulator), Status::Failed);
}

#[test]
fn pending_fails_after_72_hours_and_is_looked_up_no_more() {
    let simulator = lively();
    simulator.ses().advance_clock(PATIENCE);
    assert_eq!(status(&simulator), Status::Failed);
    simulator
        .dns()
        .set_mx("b.example.com", &[FEEDBACK])
        .unwrap();
    rounds();
    assert_eq!(status(&simulator), Status::Failed);
    set(&simulator, "example.com", "b.example.com").assert_ok();
    await_status(&simulator, Status::Success);
}

#[test]
fn a_clock_that_runs_fast_enough_fails_it_in_seconds() {
    let simulator = lively();
    simulator.ses().set_clock_speed(PATIENCE.as_secs_f64());
    await_status(&simulator, Status::Failed);
}

#[test]
fn only_a_single_record_of_a_feedback_host_counts() {
    let simulator = lively();
    let dns = simulator.dns();
    for wrong in [
        &[FEEDBACK, (20, "mx.example.com")][..],
        &[(10, "mx.example.com")][..],
    ] {
        dns.set_mx("b.example.com", wrong).unwrap();
        rounds();
        assert_eq!(status(&simulator), Status::Pending, "{wrong:?}");
    }
    let elsewhere = (10, "feedback-smtp.eu-west-1.amazonses.com");
    dns.set_mx("b.example.com", &[elsewhere]).unwrap();
    await_status(&simulator, Status::Success);
}

#[test]
fn dns_that_does_not_answer_leaves_success_alone() {
    let simulator = lively();
    simulator
        .dns()
        .set_mx("b.example.com", &[FEEDBACK])
        .unwrap();
    await_status(&simulator, Status::Success);
    simulator.dns().set_mode(Mode::ServFail);
    rounds();
    assert_eq!(status(&simulator), Status::Success);
}

#[test]
fn look_ups_of_ses_are_not_in_the_log_of_dns() {
    let simulator = lively();
    simulator
        .dns()
        .set_mx("b.example.com", &[FEEDBACK])
        .unwrap();
    await_status(&simulator, Status::Success);
    assert!(simulator.dns().queries().is_empty());
}

#[test]
fn ses_can_be_pointed_at_another_name_server() {
    let elsewhere = quiet();
    elsewhere
        .dns()
        .set_mx("b.example.com", &[FEEDBACK])
        .unwrap();
    let simulator = start(Options {
        rate: Rate::Unlimited,
        lookups: Lookups::At(elsewhere.dns_addr()),
        clock_speed: 30.0,
        ..Options::default()
    });
    simulator
        .ses()
        .add_identity("us-east-1", "example.com", true);
    set(&simulator, "example.com", "b.example.com").assert_ok();
    await_status(&simulator, Status::Success);
    assert!(elsewhere.dns().count("b.example.com", "MX") > 0);
}

#[test]
fn a_fleet_is_looked_up_in_turns() {
    let simulator = lively();
    let ses = simulator.ses();
    let names: Vec<_> = (0..1000).map(|n| format!("{n}.test")).collect();
    ses.add_identities("us-east-1", &names, true);
    for name in &names {
        let domain = format!("b.{name}");
        simulator.dns().set_mx(&domain, &[FEEDBACK]).unwrap();
        ses.set_mail_from("us-east-1", name, &domain, Behavior::UseDefaultValue)
            .unwrap();
    }
    wait_until("1000 successes", || {
        let all = ses.identities();
        let successes = all.iter().filter(|i| i.status == Some(Status::Success));
        successes.count() == 1000
    });
}
