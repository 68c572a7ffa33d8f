//! Simulations of what shares one limit of SES's, in both worlds: SES counts each
//! operation by itself, or all operations of the account together.
//!
//! Each case is run many times ([`run`]), with other chances each time; what is asserted
//! is the worst single create of all runs beside the means. The table of all cases is in
//! the performance guide; `cargo test --release --lib simulation -- --ignored` writes it.
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
