//! Simulations of what shares one limit of SES's, in both worlds: SES counts each
//! operation by itself, or all operations of the account together.
//!
//! Each case is run many times ([`run`]), with other chances each time; what is asserted
//! is the worst single create of all runs beside the means. The table of all cases is in
//! the performance guide; `cargo test --lib simulation -- --ignored` writes it.
//! [`limiter`] runs some of it by the real limiter, on paused time.

mod limiter;
mod run;
mod table;

use run::{Outcome, run};

use super::scope::Scope;

/// What takes part.
#[derive(Clone, Debug)]
struct Case {
    /// What SES counts together.
    counts: Scope,
    processes: Vec<Process>,
    tools: Vec<Tool>,
    /// Whether the last process is the newcomer that the case is about.
    newcomer: bool,
    /// By how many seconds the clocks of hosts differ from the true time at most.
    clocks: f64,
    /// Seconds that a request takes to SES: the shortest and the longest.
    way: (f64, f64),
    /// How many seconds farther off each host is than the one before.
    farther: f64,
    /// Seconds that SES takes for what it accepts.
    works: f64,
    /// Which requests SES refuses in any case, counted from 1.
    refuses: Vec<usize>,
}

/// A provider process that makes so many creates.
#[derive(Clone, Copy, Debug)]
struct Process {
    host: usize,
    creates: usize,
    /// When it starts, in seconds, and within how many.
    begins: f64,
    within: f64,
}

/// A tool that takes no turns.
#[derive(Clone, Copy, Debug)]
enum Tool {
    /// Sends a request of this operation each so many seconds, and does not repeat it.
    Steady { operation: usize, every: f64 },
    /// So many workers that call all the time, and back off as AWS documents it.
    BacksOff { workers: usize },
}

impl Case {
    /// Processes on these hosts, with so many creates each.
    fn new(counts: Scope, hosts: impl IntoIterator<Item = usize>, creates: usize) -> Self {
        let processes = hosts.into_iter().map(|host| Process {
            host,
            creates,
            begins: 0.0,
            within: 0.5,
        });
        Self {
            counts,
            processes: processes.collect(),
            tools: Vec::new(),
            newcomer: false,
            clocks: 0.0,
            way: (0.02, 0.03),
            farther: 0.0,
            works: 0.0,
            refuses: Vec::new(),
        }
    }

    fn hosts(counts: Scope, hosts: usize, creates: usize) -> Self {
        Self::new(counts, 0..hosts, creates)
    }

    fn on_one_host(counts: Scope, processes: usize, creates: usize) -> Self {
        Self::new(counts, std::iter::repeat_n(0, processes), creates)
    }

    /// Beside them, a process on another host that starts later and makes few creates.
    fn with_newcomer(mut self, creates: usize) -> Self {
        self.processes.push(Process {
            host: self.processes.len(),
            creates,
            begins: 40.0,
            within: 20.0,
        });
        self.newcomer = true;
        self
    }

    fn with(mut self, tool: Tool) -> Self {
        self.tools.push(tool);
        self
    }
}

/// What many runs of a case have come to.
#[derive(Clone, Debug, Default)]
struct Summary {
    /// Seconds for each accepted request, and the part that SES refused: means.
    per_call: f64,
    refused: f64,
    /// Seconds that the processes took: the mean of the slowest.
    took: f64,
    /// The slowest process's time over the fastest's: the mean, and the worst.
    unfair: f64,
    most_unfair: f64,
    /// Seconds of the longest create of each run: the mean, and the worst.
    longest: f64,
    longest_of_all: f64,
}

impl Case {
    fn runs(&self, times: usize) -> Summary {
        // Chances, but the same in each run of a test.
        let mut random = fastrand::Rng::with_seed(17);
        let outcomes: Vec<Outcome> = (0..times).map(|_| run(self, random.fork())).collect();
        Summary::of(&outcomes)
    }
}

impl Summary {
    fn of(outcomes: &[Outcome]) -> Self {
        let mut all = Self::default();
        let part = 1.0 / outcomes.len() as f64;
        for one in outcomes {
            let most = |times: &[f64]| times.iter().copied().fold(0.0, f64::max);
            let least = one.processes.iter().copied().fold(f64::MAX, f64::min);
            let (slowest, longest) = (most(&one.processes), most(&one.creates));
            let sent = (one.accepted + one.refused) as f64;
            all.per_call += part * one.took / one.accepted as f64;
            all.refused += part * one.refused as f64 / sent;
            all.took += part * slowest;
            all.unfair += part * slowest / least;
            all.most_unfair = all.most_unfair.max(slowest / least);
            all.longest += part * longest;
            all.longest_of_all = all.longest_of_all.max(longest);
        }
        all
    }
}

/// How often a case is run in a test; the table is made of many more runs.
const TIMES: usize = 8;

#[track_caller]
fn assert_within(case: &Case, holds: impl Fn(&Summary) -> bool) {
    let summary = case.runs(TIMES);
    assert!(holds(&summary), "{case:?}: {summary:#?}");
}

const BOTH: [Scope; 2] = [Scope::Account, Scope::Operation];

/// Seconds that so many creates take at least, each a Set and a Get.
fn floor(counts: Scope, creates: usize) -> f64 {
    match counts {
        Scope::Account => 2.0 * creates as f64,
        Scope::Operation => creates as f64,
    }
}

#[test]
fn a_host_alone_has_the_limit_to_itself() {
    for counts in BOTH {
        for creates in [30, 60, 400] {
            let floor = floor(counts, creates);
            let case = Case::hosts(counts, 1, creates);
            assert_within(&case, |all| {
                all.took < 1.035 * floor && all.longest_of_all < 25.0
            });
        }
    }
}

#[test]
fn hosts_share_the_limit_evenly_and_no_create_waits_for_long() {
    let account = Scope::Account;
    for (hosts, creates, longest, unfair) in [
        (2, 100, 80.0, 1.1),
        (4, 25, 130.0, 1.4),
        (4, 100, 140.0, 1.2),
        (8, 25, 250.0, 1.6),
    ] {
        assert_within(&Case::hosts(account, hosts, creates), |all| {
            all.longest_of_all < longest && all.unfair < unfair && all.per_call < 1.25
        });
        // The first one has made many of its few creates before the others get in.
        assert_within(&Case::hosts(Scope::Operation, hosts, creates), |all| {
            all.longest_of_all < longest && all.unfair < 1.5 * unfair && all.per_call < 0.7
        });
    }
}

#[test]
fn processes_of_one_host_share_the_limit_in_the_order_of_asking() {
    for counts in BOTH {
        for processes in [4, 8] {
            let case = Case::on_one_host(counts, processes, 25);
            let floor = floor(counts, 25 * processes);
            assert_within(&case, |all| {
                all.took < 1.05 * floor && all.unfair < 1.1 && all.longest_of_all < 1.2 * floor
            });
        }
        let two_each = Case::new(counts, [0, 0, 1, 1], 50);
        assert_within(&two_each, |all| {
            all.unfair < 1.2 && all.longest_of_all < 150.0
        });
    }
}

#[test]
fn clocks_that_differ_cost_fairness_and_time() {
    for counts in BOTH {
        for (clocks, longest, unfair) in [(0.02, 160.0, 1.5), (0.05, 220.0, 1.8)] {
            let case = Case {
                clocks,
                ..Case::hosts(counts, 4, 50)
            };
            assert_within(&case, |all| {
                all.longest_of_all < longest && all.unfair < unfair && all.per_call < 1.25
            });
        }
    }
}

#[test]
fn a_newcomer_gets_in_beside_those_that_are_busy() {
    for counts in BOTH {
        for (hosts, creates) in [(1, 110), (1, 500), (2, 250), (4, 120)] {
            let case = Case::hosts(counts, hosts, creates).with_newcomer(3);
            assert_within(&case, |all| all.longest_of_all < 45.0 && all.took < 35.0);
        }
    }
}

#[test]
fn beside_a_tool_that_takes_no_turns_all_finish() {
    for counts in BOTH {
        for operation in [0, 1] {
            let every = 3.0;
            let steady = Case::hosts(counts, 1, 60).with(Tool::Steady { operation, every });
            assert_within(&steady, |all| all.longest_of_all < 130.0);
        }
        let backs_off = Case::hosts(counts, 1, 60).with(Tool::BacksOff { workers: 1 });
        assert_within(&backs_off, |all| all.longest_of_all < 200.0);
    }
}

#[test]
fn refusals_that_no_other_host_is_the_reason_of_cost_little() {
    for counts in BOTH {
        for refuses in [vec![1, 2], vec![2, 3], vec![20, 21]] {
            let case = Case {
                refuses,
                ..Case::hosts(counts, 1, 30)
            };
            assert_within(&case, |all| all.took < 1.3 * floor(counts, 30));
        }
        // SES answers that it refuses before it has done what it accepts.
        let case = Case {
            works: 0.05,
            refuses: vec![1],
            ..Case::hosts(counts, 1, 60)
        };
        assert_within(&case, |all| all.took < 1.1 * floor(counts, 60));
    }
}
