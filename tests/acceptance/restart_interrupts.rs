//! Terraform is interrupted while a domain that failed is set, unset and set
//! again, at SES's own limit: SES holds the domain in the end, and the next
//! apply gets to where this one was to get.

use std::time::Duration;

use simulator::ses::{Fault, FaultKind, Outcome, PATIENCE, Status};
use simulator::{Options, Rate};

use crate::harness::{REGION, Running, SET, Workspace, fleet, pause, wait_until};

/// To whom the signals go.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// Terraform and its providers, as Ctrl-C in a terminal.
    Group,
    /// Terraform alone, as a CI system does it.
    Alone,
}

/// What is sent, and how often.
#[derive(Clone, Copy, Debug)]
struct Strike {
    signal: &'static str,
    times: usize,
    target: Target,
}

impl Strike {
    /// One and two of each signal, to the group and to Terraform alone.
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for signal in ["INT", "TERM"] {
            for times in [1, 2] {
                for target in [Target::Group, Target::Alone] {
                    all.push(Self {
                        signal,
                        times,
                        target,
                    });
                }
            }
        }
        all
    }

    /// Sends them, unless the run is over. Terraform has taken the first before
    /// the second comes, as with a person who loses patience.
    fn at(self, running: &mut Running) {
        for time in 0..self.times {
            if time > 0 {
                wait_until("the first signal is taken", || {
                    running.stdout_so_far().contains("Interrupt received") || running.has_ended()
                });
            }
            match self.target {
                Target::Group => running.signal_group(self.signal),
                Target::Alone => running.signal_alone(self.signal),
            };
        }
    }
}

/// When it is sent, from the calls that SES has got. The restart of one domain
/// is a Set, which does not restart it; an unset; and a Set.
#[derive(Clone, Copy, Debug)]
enum Moment {
    FirstSetAnswered,
    UnsetSent,
    UnsetAnswered,
    LastSetSent,
    LastSetAnswered,
}

const OTHER_MOMENTS: [Moment; 4] = [
    Moment::FirstSetAnswered,
    Moment::UnsetAnswered,
    Moment::LastSetSent,
    Moment::LastSetAnswered,
];

impl Moment {
    /// Waits for it, and then for `offset`.
    #[track_caller]
    fn wait(self, ws: &Workspace, offset: Duration) {
        let (count, answered) = match self {
            Self::FirstSetAnswered => (1, true),
            Self::UnsetSent => (2, false),
            Self::UnsetAnswered => (2, true),
            Self::LastSetSent => (3, false),
            Self::LastSetAnswered => (3, true),
        };
        wait_until(&format!("{self:?}"), || {
            let sets = ws.sets();
            sets.len() >= count && (!answered || sets[count - 1].outcome != Outcome::InFlight)
        });
        pause(offset);
    }
}

/// A workspace where `names` have been applied. Nothing has been published for
/// them, and setting a failed domain again does not restart it.
fn applied(names: &[&str]) -> Workspace {
    let mut ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        identical_set_restarts: false,
        ..Options::default()
    });
    ws.ses().add_identities(REGION, names, true);
    ws.config(&fleet("bounce", names));
    ws.apply().succeeds();
    // From here on SES's own limit, and the provider's own pace.
    ws.ses().set_rate(Rate::PerOperation(1.0));
    ws.provider.requests_per_second = None;
    ws.config(&fleet("bounce", names));
    ws
}

/// Starts the restart of all, with an empty log of calls. Each answer takes a
/// little, as SES's do.
fn restart(ws: &Workspace) -> Running {
    ws.ses().advance_clock(PATIENCE);
    ws.ses().clear_calls();
    let slow = Fault::new(FaultKind::SlowBefore { delay_ms: 150 });
    ws.ses().inject(slow.on(SET).forever());
    ws.spawn(&["apply", "-auto-approve"])
}

/// Asserts that SES holds the domain of `name`, now that no process is left.
#[track_caller]
fn is_held(ws: &Workspace, name: &str, case: &str) {
    wait_until("SES has carried out what it was sent", || {
        ws.sets().iter().all(|set| set.outcome != Outcome::InFlight)
    });
    let sets: Vec<_> = ws
        .sets()
        .into_iter()
        .map(|set| set.mail_from_domain)
        .collect();
    let held = ws.held(name).mail_from_domain;
    assert_eq!(
        held,
        Some(format!("bounce.{name}")),
        "{case}; sent {sets:?}"
    );
}

/// Asserts that the next apply gets everything to its place.
#[track_caller]
fn next_apply_converges(ws: &Workspace, names: &[&str], case: &str) {
    ws.ses().clear_faults();
    ws.apply().succeeds();
    ws.plan().succeeds();
    for name in names {
        is_held(ws, name, case);
        assert_eq!(ws.held(name).status, Some(Status::Pending), "{case}");
    }
}

#[test]
fn restart_of_one_resource_leaves_mail_from_on_however_it_is_interrupted() {
    let name = "a.example";
    std::thread::scope(|scope| {
        for (number, strike) in Strike::all().into_iter().enumerate() {
            scope.spawn(move || {
                let ws = applied(&[name]);
                let mut random = fastrand::Rng::with_seed(number as u64);
                // MAIL FROM is off for a second, in which each signal comes twice.
                for (moment, within) in [
                    (Moment::UnsetSent, 1),
                    (Moment::UnsetSent, 1000),
                    (OTHER_MOMENTS[number % OTHER_MOMENTS.len()], 800),
                ] {
                    let offset = Duration::from_millis(random.u64(0..within));
                    let case = format!("{strike:?} at {moment:?} + {offset:?}");
                    let mut running = restart(&ws);
                    moment.wait(&ws, offset);
                    strike.at(&mut running);
                    running.wait();
                    is_held(&ws, name, &case);
                    next_apply_converges(&ws, &[name], &case);
                }
            });
        }
    });
}

#[test]
fn restart_of_several_resources_is_finished_by_the_next_apply() {
    let names = ["a.example", "b.example", "c.example"];
    let twice = Strike::all().into_iter().filter(|strike| strike.times == 2);
    std::thread::scope(|scope| {
        for (number, strike) in twice.enumerate() {
            scope.spawn(move || {
                let ws = applied(&names);
                let mut random = fastrand::Rng::with_seed(number as u64);
                let offset = Duration::from_millis(random.u64(0..800));
                let case = format!("{strike:?} + {offset:?}");
                let mut running = restart(&ws);
                wait_until("a domain has been unset", || {
                    ws.sets().iter().any(|set| set.mail_from_domain.is_none())
                });
                pause(offset);
                strike.at(&mut running);
                running.wait();
                next_apply_converges(&ws, &names, &case);
            });
        }
    });
}
