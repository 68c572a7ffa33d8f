//! Processes with the real limiter, on paused time: what [`run`](super::run) makes of a
//! process is what it does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::Scope;
use crate::ses::error::{Error, Operation};
use crate::ses::fake::refused;
use crate::ses::limit::clock::Clock;
use crate::ses::limit::{OperationLimiter, RateLimiter, SharedSchedule};

const SET: Operation = Operation::SetIdentityMailFromDomain;
const GET: Operation = Operation::GetIdentityMailFromDomainAttributes;

/// How often each is repeated.
const TIMES: usize = 3;

/// Accepts a request a second after the last accepted one, and counts.
struct Ses {
    counts: Scope,
    last: [Option<Instant>; 2],
    accepted: usize,
    refused: usize,
}

impl Ses {
    fn counting(counts: Scope) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            counts,
            last: [None; 2],
            accepted: 0,
            refused: 0,
        }))
    }

    fn answer(&mut self, operation: Operation, now: Instant) -> Result<(), Error> {
        let bucket = usize::from(self.counts == Scope::Operation && operation == GET);
        let last = &mut self.last[bucket];
        if last.is_none_or(|last| now - last >= Duration::from_secs(1)) {
            *last = Some(now);
            self.accepted += 1;
            return Ok(());
        }
        self.refused += 1;
        Err(refused(operation, 400, "Throttling"))
    }
}

/// One call, tried until it is accepted; the way to SES takes 20 to 30 ms.
async fn call(ses: &Mutex<Ses>, limiter: &OperationLimiter, operation: Operation) {
    loop {
        let permit = limiter.permit().await;
        permit.sent();
        sleep(Duration::from_secs_f64(0.02 + fastrand::f64() * 0.01)).await;
        let answer = ses.lock().unwrap().answer(operation, Instant::now());
        sleep(Duration::from_millis(20)).await;
        permit.answered(&answer).await;
        if answer.is_ok() {
            return;
        }
    }
}

/// A process that makes `creates` creates, ten at a time as Terraform does, each
/// a Set and a Get. Returns how many seconds that took.
async fn process(ses: Arc<Mutex<Ses>>, limiter: RateLimiter, creates: u32) -> f64 {
    // Processes do not start in the same instant.
    sleep(Duration::from_secs_f64(fastrand::f64() * 0.5)).await;
    let started = Instant::now();
    let (set, get) = (limiter.operation(SET), limiter.operation(GET));
    let parallelism = tokio::sync::Semaphore::new(10);
    join_all((0..creates).map(|_| async {
        let _one = parallelism.acquire().await.unwrap();
        call(&ses, &set, SET).await;
        call(&ses, &get, GET).await;
    }))
    .await;
    started.elapsed().as_secs_f64()
}

/// A process on a host of its own, with its clock.
fn host(begin: f64) -> RateLimiter {
    RateLimiter::by_clock(1.0, SharedSchedule::of_process(), Clock::at(begin))
}

fn time_of_day() -> f64 {
    1.8e9 + fastrand::f64() * 1e5
}

#[tokio::test(start_paused = true)]
async fn hosts_take_turns() {
    fastrand::seed(17);
    for counts in [Scope::Account, Scope::Operation] {
        let (mut per_call, mut refused, mut unfair) = (0.0, 0.0, 0.0_f64);
        for _ in 0..TIMES {
            let (ses, begin) = (Ses::counting(counts), time_of_day());
            let started = Instant::now();
            let processes = (0..4).map(|_| process(Arc::clone(&ses), host(begin), 25));
            let took = join_all(processes).await;
            let ses = ses.lock().unwrap();
            assert_eq!(ses.accepted, 200, "all finish");
            let part = 1.0 / TIMES as f64;
            per_call += part * started.elapsed().as_secs_f64() / 200.0;
            refused += part * ses.refused as f64 / (200 + ses.refused) as f64;
            let slowest = took.iter().copied().fold(0.0, f64::max);
            let fastest = took.iter().copied().fold(f64::MAX, f64::min);
            unfair += part * slowest / fastest;
        }
        let most = match counts {
            Scope::Account => (1.2, 0.4, 1.4),
            Scope::Operation => (0.65, 0.3, 1.6),
        };
        let is_within = per_call < most.0 && refused < most.1 && unfair < most.2;
        assert!(is_within, "{counts:?}: {per_call} s, {refused}, {unfair}");
    }
}

#[tokio::test(start_paused = true)]
async fn processes_of_one_host_share_the_limit_in_the_order_of_asking() {
    fastrand::seed(17);
    for counts in [Scope::Account, Scope::Operation] {
        let (ses, begin) = (Ses::counting(counts), time_of_day());
        let schedule = SharedSchedule::of_process();
        let limiter = || RateLimiter::by_clock(1.0, schedule.clone(), Clock::at(begin));
        let processes = (0..4).map(|_| process(Arc::clone(&ses), limiter(), 25));
        let took = join_all(processes).await;
        let slowest = took.iter().copied().fold(0.0, f64::max);
        let fastest = took.iter().copied().fold(f64::MAX, f64::min);
        assert!(slowest < 1.1 * fastest, "{counts:?}: {took:?}");
        let calls = if counts == Scope::Account {
            200.0
        } else {
            100.0
        };
        assert!(slowest < 1.1 * calls, "{counts:?}: {slowest} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_does_not_wait_until_the_others_are_done() {
    fastrand::seed(17);
    for counts in [Scope::Account, Scope::Operation] {
        for _ in 0..TIMES {
            let (ses, begin) = (Ses::counting(counts), time_of_day());
            let (large, small) = (host(begin), host(begin));
            let large = tokio::spawn(process(Arc::clone(&ses), large, 500));
            sleep(Duration::from_secs(100)).await;
            let took = process(ses, small, 3).await;
            assert!(took < 45.0, "{counts:?}: {took} s");
            large.abort();
        }
    }
}
