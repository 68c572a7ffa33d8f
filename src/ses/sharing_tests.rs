//! Simulations on paused time: several provider processes on one limit of SES's
//! that counts all operations of the account together.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::error::Operation;
use super::host::SharedLines;
use super::pacer::{Pacer, Pacing};

const SET: Operation = Operation::SetIdentityMailFromDomain;
const GET: Operation = Operation::GetIdentityMailFromDomainAttributes;

/// Accepts a request once a second, and counts.
#[derive(Default)]
struct Account {
    last: Option<Instant>,
    accepted: u32,
    throttled: u32,
}

impl Account {
    fn accepts(&mut self, now: Instant) -> bool {
        let accepts = self
            .last
            .is_none_or(|last| now.duration_since(last) >= Duration::from_secs(1));
        if accepts {
            self.last = Some(now);
            self.accepted += 1;
        } else {
            self.throttled += 1;
        }
        accepts
    }
}

/// One call, tried until it is accepted; the way to SES takes up to 20 ms.
async fn call(account: &Mutex<Account>, pacer: &Pacer) {
    loop {
        let turn = pacer.turn().await;
        turn.sent();
        sleep(Duration::from_secs_f64(0.01 + fastrand::f64() * 0.01)).await;
        if account.lock().unwrap().accepts(Instant::now()) {
            turn.accepted();
            return;
        }
        turn.throttled().await;
    }
}

/// A process that makes `creates` creates, ten at a time as Terraform does, each
/// a Set and a Get. Returns how many seconds that took.
async fn process(account: Arc<Mutex<Account>>, lines: SharedLines, creates: u32) -> f64 {
    // Its clock is set by the system's, which is not paused: first of all.
    let pacing = Pacing::new(1.0, lines);
    let started = Instant::now();
    // Processes do not start in the same instant.
    sleep(Duration::from_secs_f64(fastrand::f64() * 0.5)).await;
    let (set, get) = (pacing.pacer(SET), pacing.pacer(GET));
    let slots = tokio::sync::Semaphore::new(10);
    join_all((0..creates).map(|_| async {
        let _slot = slots.acquire().await.unwrap();
        call(&account, &set).await;
        call(&account, &get).await;
    }))
    .await;
    started.elapsed().as_secs_f64()
}

struct Outcome {
    /// Seconds for each accepted call.
    per_call: f64,
    /// The share of calls that were throttled.
    throttled: f64,
    /// The slowest process's time over the fastest's.
    unfairness: f64,
}

async fn simulate(lines: impl Fn() -> SharedLines) -> Outcome {
    let account = Arc::default();
    let started = Instant::now();
    let times = join_all((0..4).map(|_| process(Arc::clone(&account), lines(), 25))).await;
    let account = account.lock().unwrap();
    let calls = account.accepted + account.throttled;
    assert_eq!(account.accepted, 200, "all finish");
    let (fastest, slowest) = times
        .iter()
        .fold((f64::MAX, 0.0), |(low, high): (f64, f64), time| {
            (low.min(*time), high.max(*time))
        });
    Outcome {
        per_call: started.elapsed().as_secs_f64() / f64::from(account.accepted),
        throttled: f64::from(account.throttled) / f64::from(calls),
        unfairness: slowest / fastest,
    }
}

#[tokio::test(start_paused = true)]
async fn processes_of_one_host_share_the_limit_fairly_and_to_the_full() {
    for _ in 0..20 {
        let shared = SharedLines::of_process();
        let outcome = simulate(|| shared.clone()).await;
        assert!(outcome.per_call < 1.05, "{} s a call", outcome.per_call);
        assert!(outcome.throttled < 0.05, "{} throttled", outcome.throttled);
        assert!(outcome.unfairness < 1.4, "{} times", outcome.unfairness);
    }
}

#[tokio::test(start_paused = true)]
async fn processes_of_several_hosts_use_most_of_the_limit_and_all_finish() {
    let (mut per_call, mut throttled) = (0.0, 0.0);
    for _ in 0..20 {
        let outcome = simulate(SharedLines::of_process).await;
        per_call += outcome.per_call / 20.0;
        throttled += outcome.throttled / 20.0;
    }
    assert!(per_call < 1.15, "{per_call} s a call");
    assert!(throttled < 0.3, "{throttled} throttled");
}
