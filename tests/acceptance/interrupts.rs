//! Terraform is interrupted: it exits by itself, soon, and the state holds what
//! SES holds in the end.

use std::time::Duration;

use simulator::dns::Mode;
use simulator::ses::{Fault, FaultKind};
use tokio::time::Instant;

use crate::harness::{
    GET, REGION, Run, Running, SET, Workspace, basic, fleet, mail_from, wait_for_calls, wait_until,
};

/// How long an interrupted run may take where nothing is in flight: a second
/// of the provider's and what Terraform itself needs to end, on a busy machine.
const SOON: Duration = Duration::from_secs(5);

/// How long SES takes where it is slow.
const SLOW: Duration = Duration::from_secs(3);

/// How Terraform is interrupted.
#[derive(Clone, Copy, Debug)]
enum Interrupt {
    /// Ctrl-C in a terminal: the provider gets the signal too.
    Group,
    /// As a CI system does it.
    Alone,
}

const INTERRUPTS: [Interrupt; 2] = [Interrupt::Group, Interrupt::Alone];

impl Interrupt {
    fn strike(self, running: &Running) {
        match self {
            Self::Group => running.interrupt_group(),
            Self::Alone => running.interrupt_alone(),
        }
    }
}

/// What Terraform is doing when it is interrupted, from [`Operation::prepared`].
#[derive(Clone, Copy, Debug)]
enum Operation {
    Create,
    Update,
    Destroy,
}

const OPERATIONS: [Operation; 3] = [Operation::Create, Operation::Update, Operation::Destroy];
const SETS: [Operation; 2] = [Operation::Create, Operation::Update];

impl Operation {
    /// A workspace where this is what comes next, with an empty log of calls.
    fn prepared(self) -> Workspace {
        let ws = Workspace::new();
        ws.config(&basic());
        if !matches!(self, Self::Create) {
            ws.apply().succeeds();
        }
        if matches!(self, Self::Update) {
            ws.config(&mail_from("example.com", "mail.example.com", ""));
        }
        ws.ses().clear_calls();
        ws
    }

    /// The MAIL FROM domain that SES holds once this is done.
    fn outcome(self) -> Option<&'static str> {
        match self {
            Self::Create => Some("bounce.example.com"),
            Self::Update => Some("mail.example.com"),
            Self::Destroy => None,
        }
    }

    fn start(self, ws: &Workspace) -> Running {
        match self {
            Self::Create | Self::Update => ws.spawn(&["apply", "-auto-approve"]),
            // The refresh before it would be another place to be interrupted.
            Self::Destroy => ws.spawn(&["destroy", "-auto-approve", "-refresh=false"]),
        }
    }
}

/// Interrupts `running`, and waits for its end: within `limit`.
#[track_caller]
fn interrupted(running: Running, interrupt: Interrupt, limit: Duration) -> Run {
    let start = Instant::now();
    interrupt.strike(&running);
    let run = running.wait();
    let took = start.elapsed();
    assert!(
        took <= limit,
        "ended {took:?} after {interrupt:?}:\n{run:?}"
    );
    run
}

/// Waits until SES has been asked `count` times what it holds after a Set.
#[track_caller]
fn wait_for_reads_after_set(ws: &Workspace, count: usize) {
    wait_until(&format!("there are {count} reads after the Set"), || {
        let calls = ws.ses().calls().into_iter();
        let after_set = calls.skip_while(|call| call.action != SET);
        after_set.filter(|call| call.action == GET).count() >= count
    });
}

/// Runs `check` for each of `operations` and each interrupt, at the same time:
/// they do little but wait.
fn for_each_case(operations: &[Operation], check: impl Fn(Operation, Interrupt) + Sync) {
    std::thread::scope(|scope| {
        for operation in operations {
            for interrupt in INTERRUPTS {
                let check = &check;
                scope.spawn(move || check(*operation, interrupt));
            }
        }
    });
}

/// Asserts that Terraform can go on where it was interrupted.
#[track_caller]
fn goes_on(ws: &Workspace, operation: Operation) {
    ws.state_is_what_ses_holds();
    ws.ses().clear_faults();
    operation.start(ws).wait().succeeds();
    ws.state_is_what_ses_holds();
    if !matches!(operation, Operation::Destroy) {
        ws.ends_with(&["example.com"]);
    }
}

#[test]
fn call_in_flight_is_awaited_whether_the_change_comes_first_or_last() {
    let delay_ms = SLOW.as_millis() as u64;
    for kind in [
        FaultKind::SlowBefore { delay_ms },
        FaultKind::SlowAfter { delay_ms },
    ] {
        for_each_case(&OPERATIONS, |operation, interrupt| {
            let ws = operation.prepared();
            ws.ses().inject(Fault::new(kind.clone()).on(SET));
            let running = operation.start(&ws);
            wait_for_calls(&ws, SET, 1);
            interrupted(running, interrupt, SLOW + SOON);
            assert_eq!(ws.sets().len(), 1, "nothing new is begun");
            goes_on(&ws, operation);
        });
    }
}

#[test]
fn change_whose_answer_was_lost_is_looked_up() {
    for lost in [FaultKind::ResetAfter, FaultKind::ResetBefore] {
        for_each_case(&OPERATIONS, |operation, interrupt| {
            let ws = operation.prepared();
            ws.ses().inject(Fault::new(lost.clone()).on(SET));
            // Keeps the provider from finding out by itself.
            ws.ses()
                .inject(Fault::new(FaultKind::Throttle).on(SET).forever());
            let look = Fault::new(FaultKind::SlowBefore { delay_ms: 1000 }).on(GET);
            ws.ses().inject(look.forever());
            let running = operation.start(&ws);
            match operation {
                Operation::Create | Operation::Update => wait_for_calls(&ws, SET, 2),
                // It looks before it tries again.
                Operation::Destroy => wait_for_calls(&ws, GET, 1),
            }
            let run = interrupted(running, interrupt, SOON);
            // "Not there" proves nothing for some seconds after a Set: kept in the state.
            match (operation, &lost) {
                (Operation::Create | Operation::Update, FaultKind::ResetBefore) => {
                    run.fails_with(&["SES may have made the change all the same"]);
                    next_run_repairs(&ws, operation);
                    ws.ends_with(&["example.com"]);
                }
                (Operation::Destroy, FaultKind::ResetAfter) => next_run_repairs(&ws, operation),
                _ => goes_on(&ws, operation),
            }
        });
    }
}

#[test]
fn wait_of_the_throttled_ends_at_once() {
    for_each_case(&OPERATIONS, |operation, interrupt| {
        let ws = operation.prepared();
        ws.ses()
            .inject(Fault::new(FaultKind::Throttle).on(SET).forever());
        let running = operation.start(&ws);
        // The third has a pause of seconds behind it.
        wait_for_calls(&ws, SET, 3);
        interrupted(running, interrupt, SOON).exits(1);
        assert_eq!(ws.sets().len(), 3, "nothing new is begun");
        goes_on(&ws, operation);
    });
}

#[test]
fn call_that_is_still_out_when_its_time_is_up_is_kept_in_the_state() {
    // An attempt has 20 s. A destroy keeps its resource for the next run.
    let late = FaultKind::SlowBefore { delay_ms: 24_000 };
    for_each_case(&SETS, |operation, interrupt| {
        let ws = operation.prepared();
        ws.ses().inject(Fault::new(late.clone()).on(SET));
        let running = operation.start(&ws);
        wait_for_calls(&ws, SET, 1);
        interrupted(running, interrupt, Duration::from_secs(20) + SOON)
            .fails_with(&["SES may have made the change all the same"]);
        ws.state_is_what_ses_holds();
    });
}

#[test]
fn wait_until_ses_shows_a_change_ends_at_once() {
    for_each_case(&SETS, |operation, interrupt| {
        let ws = operation.prepared();
        let refreshes = match operation {
            Operation::Update => 1,
            _ => 0,
        };
        let absent = Fault::new(FaultKind::AbsentRead).after(refreshes);
        ws.ses().inject(absent.forever());
        let running = operation.start(&ws);
        wait_for_reads_after_set(&ws, 2);
        interrupted(running, interrupt, SOON).says("MAIL FROM domain set, its status not read");
        goes_on(&ws, operation);
    });
}

#[test]
fn wait_for_a_turn_ends_at_once() {
    for_each_case(&[Operation::Create], |operation, interrupt| {
        let mut ws = operation.prepared();
        let names = ["a.example", "b.example", "c.example"];
        ws.ses().add_identities(REGION, names, true);
        ws.provider.requests_per_second = Some("0.02".to_owned());
        ws.config(&fleet("bounce", &names));
        let running = operation.start(&ws);
        wait_for_calls(&ws, SET, 1);
        interrupted(running, interrupt, SOON).exits(1);
        assert_eq!(ws.sets().len(), 1, "nothing new is begun");
        ws.state_is_what_ses_holds();

        ws.provider.requests_per_second = Some("0".to_owned());
        ws.config(&fleet("bounce", &names));
        ws.apply().succeeds();
        ws.ends_with(&names);
    });
}

#[test]
fn refresh_of_a_plan_ends_at_once() {
    // Within an apply, Terraform does not pass on what reaches it alone before
    // the plan is there.
    for (args, interrupts) in [
        (&["plan"][..], &INTERRUPTS[..]),
        (&["apply", "-auto-approve"], &[Interrupt::Group]),
    ] {
        for interrupt in interrupts {
            let ws = Operation::Update.prepared();
            let throttle = Fault::new(FaultKind::Throttle).on(GET);
            ws.ses().inject(throttle.forever());
            let running = ws.spawn(args);
            wait_for_calls(&ws, GET, 3);
            interrupted(running, *interrupt, SOON).exits(1);
            assert_eq!(ws.sets(), []);
            ws.state_is_what_ses_holds();
        }
    }
}

#[test]
fn wait_for_a_silent_name_server_ends_at_once() {
    for interrupt in INTERRUPTS {
        let mut ws = Operation::Update.prepared();
        ws.dns().set_mode(Mode::Silent);
        let dns = ws.provider.dns.as_mut().unwrap();
        dns.push_str("\n    timeout = \"30s\"");
        ws.config(&basic());
        ws.dns().clear_queries();
        let running = ws.spawn(&["plan"]);
        wait_until("DNS is asked", || !ws.dns().queries().is_empty());
        interrupted(running, interrupt, SOON).exits(1);
    }
}

/// Asserts that the next run gets to where an abandoned one was to get.
#[track_caller]
fn next_run_repairs(ws: &Workspace, operation: Operation) {
    ws.ses().clear_faults();
    let refreshed = match operation {
        Operation::Destroy => ws.destroy(),
        Operation::Create | Operation::Update => ws.apply(),
    };
    refreshed.succeeds();
    ws.state_is_what_ses_holds();
}

#[test]
fn second_interrupt_leaves_no_process_behind() {
    // Terraform itself then drops what the call in flight comes to.
    for_each_case(&OPERATIONS, |operation, interrupt| {
        let ws = operation.prepared();
        let slow = FaultKind::SlowBefore { delay_ms: 15_000 };
        ws.ses().inject(Fault::new(slow).on(SET));
        let running = operation.start(&ws);
        wait_for_calls(&ws, SET, 1);
        interrupt.strike(&running);
        wait_until("the first interrupt is taken", || {
            running.stdout_so_far().contains("Interrupt received")
        });
        interrupted(running, interrupt, SOON).exits(1);
        wait_until("SES has carried the call out", || {
            ws.held("example.com").mail_from_domain.as_deref() == operation.outcome()
        });
        next_run_repairs(&ws, operation);
    });
}

#[test]
fn provider_ends_by_itself_when_terraform_is_killed() {
    for_each_case(&OPERATIONS, |operation, _| {
        for (kind, limit) in [
            (FaultKind::Throttle, SOON),
            (
                FaultKind::SlowBefore {
                    delay_ms: SLOW.as_millis() as u64,
                },
                SLOW + SOON,
            ),
        ] {
            let ws = operation.prepared();
            ws.ses().inject(Fault::new(kind).on(SET).forever());
            let running = operation.start(&ws);
            wait_for_calls(&ws, SET, 1);
            running.kill_alone(limit);
            next_run_repairs(&ws, operation);
        }
    });
}
