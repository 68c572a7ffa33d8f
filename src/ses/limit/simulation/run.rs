//! One simulated run: processes that create resources, tools that take no turns, and
//! SES, which accepts a request if the last accepted one came a second before it, or
//! earlier; exactly.
//!
//! Each process is what [`limiter`](super::super::limiter) makes of it: one reservation
//! for each operation, a refused call is the next of its operation, and one Get asks
//! for all that wait for it. The run goes from event to event; nobody sleeps.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::Range;

use super::super::latency::Latency;
use super::super::schedule::{Answer, NEGLIGIBLE, Reservation, Schedule, spacing};
use super::super::scope::Scope;
use super::{Case, Tool};

/// A create is a Set, and then a Get that reads what was set.
const OPERATIONS: [&str; 2] = ["Set", "Get"];
const SET: usize = 0;
const GET: usize = 1;

/// How many creates Terraform has under way, and seconds until it begins the next.
const PARALLELISM: usize = 10;
const TERRAFORM: f64 = 0.01;

/// How often a reservation is looked at, in seconds.
const LOOK: f64 = 1.0;

/// Seconds that an answer takes back, beside how much farther its host is off.
const BACK: f64 = 0.02;

/// What a run has come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// Seconds that all took, and that each process took.
    pub(super) took: f64,
    pub(super) processes: Vec<f64>,
    /// Seconds that each single create took.
    pub(super) creates: Vec<f64>,
    pub(super) accepted: usize,
    pub(super) refused: usize,
}

/// Runs `case` until all processes are done, or the newcomer.
pub(super) fn run(case: &Case, random: fastrand::Rng) -> Outcome {
    let mut run = Run::new(case, random);
    while !run.is_done() {
        let Some(Reverse((at, number))) = run.events.pop() else {
            break;
        };
        run.now = at as f64 / TICKS;
        run.happens(run.log[number]);
    }
    run.outcome()
}

/// Events are put in order by whole microseconds.
const TICKS: f64 = 1e6;

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A process, or one of its creates, begins.
    Starts(usize),
    Creates(usize),
    /// A process looks whether a request of an operation may go out; void if it has
    /// planned to look at another time since.
    Looks(usize, usize, u32),
    /// A request is there, and its answer is back.
    Arrives(usize),
    Answers(usize, bool),
    /// A tool sends; how often it was refused before.
    Tool(usize, u32),
}

struct Run<'a> {
    case: &'a Case,
    random: fastrand::Rng,
    began: f64,
    now: f64,
    events: BinaryHeap<Reverse<(u64, usize)>>,
    log: Vec<Event>,
    schedules: Vec<Schedule>,
    processes: Vec<Process>,
    requests: Vec<Request>,
    /// When the last request of each operation, or of the account, was accepted.
    counted: [f64; 2],
    arrived: usize,
    accepted: usize,
    refused: usize,
}

#[derive(Default)]
struct Process {
    host: usize,
    /// How far its clock is off, and how long its way to SES is beside the usual.
    clock: f64,
    way: f64,
    /// Creates that are to begin, and what waits to be sent for those that have.
    left: usize,
    waiting: [BTreeSet<usize>; 2],
    started: f64,
    ended: f64,
    /// When each create began, and how long those took that are done.
    began: Vec<f64>,
    creates: Vec<f64>,
    operations: [Operation; 2],
}

#[derive(Clone, Default)]
struct Operation {
    reservation: Option<Reservation>,
    /// Number of the next look, and when the process may send again.
    look: u32,
    next: f64,
    latency: Latency,
}

struct Request {
    process: usize,
    operation: usize,
    creates: BTreeSet<usize>,
    /// By the process's clock.
    sent: f64,
}

impl<'a> Run<'a> {
    fn new(case: &'a Case, mut random: fastrand::Rng) -> Self {
        let began = 1.8e9 + random.f64() * 1e5;
        let hosts = case.processes.iter().map(|process| process.host + 1).max();
        let hosts = hosts.unwrap_or_default();
        let clocks: Vec<f64> = (0..hosts)
            .map(|_| (random.f64() * 2.0 - 1.0) * case.clocks)
            .collect();
        let processes = case.processes.iter().map(|process| Process {
            host: process.host,
            clock: clocks[process.host],
            way: case.farther * process.host as f64,
            left: process.creates,
            ..Process::default()
        });
        let mut run = Self {
            case,
            began,
            now: began,
            events: BinaryHeap::new(),
            log: Vec::new(),
            schedules: vec![Schedule::default(); hosts],
            processes: processes.collect(),
            requests: Vec::new(),
            counted: [0.0; 2],
            arrived: 0,
            accepted: 0,
            refused: 0,
            random,
        };
        for (number, process) in case.processes.iter().enumerate() {
            let at = process.begins + run.random.f64() * process.within;
            run.after(at, Event::Starts(number));
        }
        for (number, tool) in case.tools.iter().enumerate() {
            let workers = match tool {
                Tool::Steady { .. } => 1,
                Tool::BacksOff { workers } => *workers,
            };
            for _ in 0..workers {
                let at = run.random.f64() * 3.0;
                run.after(at, Event::Tool(number, 0));
            }
        }
        run
    }

    /// The processes that the run is about.
    fn watched(&self) -> Range<usize> {
        let all = self.processes.len();
        if self.case.newcomer {
            all - 1..all
        } else {
            0..all
        }
    }

    fn is_done(&self) -> bool {
        self.watched()
            .all(|one| self.processes[one].creates.len() == self.case.processes[one].creates)
    }

    fn outcome(self) -> Outcome {
        let watched = &self.processes[self.watched()];
        Outcome {
            took: self.now - self.began,
            processes: watched.iter().map(|one| one.ended - one.started).collect(),
            creates: watched.iter().flat_map(|one| one.creates.clone()).collect(),
            accepted: self.accepted,
            refused: self.refused,
        }
    }

    fn after(&mut self, seconds: f64, event: Event) {
        let at = (self.now + seconds.max(0.0)) * TICKS;
        self.events
            .push(Reverse((at.ceil() as u64, self.log.len())));
        self.log.push(event);
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Starts(process) => {
                self.processes[process].started = self.now;
                (0..PARALLELISM).for_each(|_| self.create(process));
            }
            Event::Creates(process) => self.create(process),
            Event::Looks(process, operation, number) => {
                if self.processes[process].operations[operation].look == number {
                    self.look(process, operation);
                }
            }
            Event::Arrives(request) => self.arrive(request),
            Event::Answers(request, accepted) => self.answer(request, accepted),
            Event::Tool(tool, tries) => self.tool(tool, tries),
        }
    }

    fn create(&mut self, process: usize) {
        let one = &mut self.processes[process];
        if one.left > 0 {
            one.left -= 1;
            one.waiting[SET].insert(one.began.len());
            one.began.push(self.now);
            self.ask(process, SET);
        }
    }

    /// Something waits to be sent.
    fn ask(&mut self, process: usize, operation: usize) {
        let one = &self.processes[process];
        if one.operations[operation].reservation.is_none() && !one.waiting[operation].is_empty() {
            self.look_after(0.0, process, operation);
        }
    }

    fn look_after(&mut self, seconds: f64, process: usize, operation: usize) {
        let look = &mut self.processes[process].operations[operation].look;
        *look += 1;
        let event = Event::Looks(process, operation, *look);
        self.after(seconds, event);
    }

    /// Sends what waits, once its time has come.
    fn look(&mut self, process: usize, operation: usize) {
        let one = &mut self.processes[process];
        if one.waiting[operation].is_empty() {
            return;
        }
        let (now, name) = (self.now + one.clock, OPERATIONS[operation]);
        let own = &mut one.operations[operation];
        // Whoever has to wait anyway holds no place in a queue.
        if own.next - now > NEGLIGIBLE {
            let wait = own.next - now;
            return self.look_after(wait, process, operation);
        }
        let schedule = &mut self.schedules[one.host];
        let reservation = own
            .reservation
            .get_or_insert_with(|| schedule.reserve(now, name, spacing(1.0)));
        let due = schedule.try_start(now, reservation, name, spacing(1.0));
        if due - now > NEGLIGIBLE {
            return self.look_after((due - now).min(LOOK), process, operation);
        }
        schedule.sent(now, name, spacing(1.0));
        own.reservation = None;
        own.next = now + spacing(1.0);
        let creates = match operation {
            SET => one.waiting[SET].pop_first().into_iter().collect(),
            _ => std::mem::take(&mut one.waiting[operation]),
        };
        let (shortest, longest) = self.case.way;
        let way = one.way + shortest + self.random.f64() * (longest - shortest);
        let request = Event::Arrives(self.requests.len());
        self.requests.push(Request {
            process,
            operation,
            creates,
            sent: now,
        });
        self.after(way, request);
        self.ask(process, operation);
    }

    fn arrive(&mut self, request: usize) {
        let Request {
            process, operation, ..
        } = self.requests[request];
        self.arrived += 1;
        let accepts = !self.case.refuses.contains(&self.arrived) && self.count(operation);
        if accepts {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        // SES refuses sooner than it does what it is asked for.
        let works = if accepts { self.case.works } else { 0.0 };
        let back = works + BACK + self.processes[process].way;
        self.after(back, Event::Answers(request, accepts));
    }

    /// Whether SES accepts a request that arrives now.
    fn count(&mut self, operation: usize) -> bool {
        let last = match self.case.counts {
            Scope::Operation => &mut self.counted[operation],
            Scope::Account => &mut self.counted[SET],
        };
        let accepts = self.now - *last >= 1.0;
        if accepts {
            *last = self.now;
        }
        accepts
    }

    fn answer(&mut self, request: usize, accepted: bool) {
        let request = &mut self.requests[request];
        let (process, operation, sent) = (request.process, request.operation, request.sent);
        let creates = std::mem::take(&mut request.creates);
        let one = &mut self.processes[process];
        let now = self.now + one.clock;
        let own = &mut one.operations[operation];
        own.latency.learn(now - sent, accepted);
        own.next = own
            .next
            .max(sent + own.latency.lateness(now - sent) + spacing(1.0));
        let answer = Answer {
            operation: OPERATIONS[operation],
            sent,
            spacing: spacing(1.0),
            way: own.latency.way(),
            chance: self.random.f64(),
        };
        let schedule = &mut self.schedules[one.host];
        if !accepted {
            schedule.throttled(now, answer);
            one.waiting[operation].extend(creates);
            return self.ask(process, operation);
        }
        schedule.accepted(answer);
        if operation == SET {
            one.waiting[GET].extend(creates);
            return self.ask(process, GET);
        }
        one.ended = self.now;
        for create in creates {
            let one = &mut self.processes[process];
            one.creates.push(self.now - one.began[create]);
            self.after(TERRAFORM, Event::Creates(process));
        }
    }

    fn tool(&mut self, number: usize, tries: u32) {
        match self.case.tools[number] {
            Tool::Steady { operation, every } => {
                self.count(operation);
                self.after(every, Event::Tool(number, 0));
            }
            Tool::BacksOff { .. } if self.count(SET) => self.after(0.06, Event::Tool(number, 0)),
            Tool::BacksOff { .. } => {
                let most = f64::from(1_u32 << tries.min(8)).min(20.0);
                let pause = 0.05 + self.random.f64() * most;
                self.after(pause, Event::Tool(number, tries + 1));
            }
        }
    }
}
