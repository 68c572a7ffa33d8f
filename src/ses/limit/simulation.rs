//! Simulations on paused time: several provider processes on one limit of SES's
//! that counts all operations of the account together.
//!
//! What was tried before hosts took turns ([`slices`](super::slices)), for four
//! hosts, in the same simulation: pauses that double after each throttled answer and
//! end with the first accepted one (1.08 s a call, 17 % throttled, but the slowest
//! host took four times as long as the fastest); a lasting slow-down, additive
//! increase and multiplicative decrease (1.2 to 2.3 s a call, 22 to 58 % throttled,
//! three to six times as long).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use super::clock::Clock;
use super::limiter::{OperationLimiter, RateLimiter};
use super::shared::SharedSchedule;
use crate::ses::error::{Error, Operation};
use crate::ses::fake::refused;

const SET: Operation = Operation::SetIdentityMailFromDomain;
const GET: Operation = Operation::GetIdentityMailFromDomainAttributes;

/// How often a simulation is repeated; what is asserted is the mean.
const TIMES: usize = 40;

/// Accepts a request once a second, and counts.
#[derive(Default)]
struct Account {
    last: Option<Instant>,
    accepted: u32,
    throttled: u32,
}

impl Account {
    fn answer(&mut self, now: Instant) -> Result<(), Error> {
        let accepts = self
            .last
            .is_none_or(|last| now.duration_since(last) >= Duration::from_secs(1));
        if accepts {
            self.last = Some(now);
            self.accepted += 1;
            return Ok(());
        }
        self.throttled += 1;
        Err(refused(SET, 400, "Throttling"))
    }
}

/// One call, tried until it is accepted; the way to SES takes 20 to 30 ms.
async fn call(account: &Mutex<Account>, limiter: &OperationLimiter) {
    loop {
        let permit = limiter.permit().await;
        permit.sent();
        sleep(Duration::from_secs_f64(0.02 + fastrand::f64() * 0.01)).await;
        let answer = account.lock().unwrap().answer(Instant::now());
        sleep(Duration::from_millis(20)).await;
        permit.answered(&answer).await;
        if answer.is_ok() {
            return;
        }
    }
}

/// A process that makes `creates` creates, ten at a time as Terraform does, each
/// a Set and a Get. Returns how many seconds that took.
async fn process(account: Arc<Mutex<Account>>, limiter: RateLimiter, creates: u32) -> f64 {
    // Processes do not start in the same instant.
    sleep(Duration::from_secs_f64(fastrand::f64() * 0.5)).await;
    let started = Instant::now();
    let (set, get) = (limiter.operation(SET), limiter.operation(GET));
    let reservations = tokio::sync::Semaphore::new(10);
    join_all((0..creates).map(|_| async {
        let _slot = reservations.acquire().await.unwrap();
        call(&account, &set).await;
        call(&account, &get).await;
    }))
    .await;
    started.elapsed().as_secs_f64()
}

#[derive(Debug, Default)]
struct Outcome {
    /// Seconds for each accepted call.
    per_call: f64,
    /// The share of calls that were throttled.
    throttled: f64,
    /// The slowest process's time over the fastest's.
    unfairness: f64,
}

/// The mean of simulations of so many processes with 25 creates each: `host` makes
/// what those of one run share, `limiter` the pace of each that begins at a time of the
/// day.
async fn simulate<T>(
    processes: usize,
    host: impl Fn() -> T,
    limiter: impl Fn(&T, f64) -> RateLimiter,
) -> Outcome {
    // Chances, but the same in each run of a test.
    fastrand::seed(17);
    let mut mean = Outcome::default();
    for _ in 0..TIMES {
        let (host, begin) = (host(), time_of_day());
        let account = Arc::<Mutex<Account>>::default();
        let started = Instant::now();
        let running =
            (0..processes).map(|_| process(Arc::clone(&account), limiter(&host, begin), 25));
        let times = join_all(running).await;
        let account = account.lock().unwrap();
        assert_eq!(account.accepted as usize, processes * 50, "all finish");
        let share = 1.0 / TIMES as f64;
        let calls = f64::from(account.accepted + account.throttled);
        let slowest = times.iter().copied().fold(0.0, f64::max);
        let fastest = times.iter().copied().fold(f64::MAX, f64::min);
        mean.per_call += share * started.elapsed().as_secs_f64() / f64::from(account.accepted);
        mean.throttled += share * f64::from(account.throttled) / calls;
        mean.unfairness += share * slowest / fastest;
    }
    mean
}

async fn on_one_host(processes: usize) -> Outcome {
    let limiter = |schedule: &SharedSchedule, begin| {
        RateLimiter::by_clock(1.0, schedule.clone(), Clock::at(begin))
    };
    simulate(processes, SharedSchedule::of_process, limiter).await
}

/// Each process on a host of its own, whose clocks differ from the true time by up
/// to `skew` seconds.
async fn on_hosts(hosts: usize, skew: f64) -> Outcome {
    simulate(hosts, || (), |(), begin| host(begin, skew)).await
}

fn host(begin: f64, skew: f64) -> RateLimiter {
    let clock = Clock::at(begin + (fastrand::f64() * 2.0 - 1.0) * skew);
    RateLimiter::by_clock(1.0, SharedSchedule::of_process(), clock)
}

fn time_of_day() -> f64 {
    1.8e9 + fastrand::f64() * 1e5
}

impl Outcome {
    #[track_caller]
    fn is_within(&self, per_call: f64, throttled: f64, unfairness: f64) {
        let within =
            self.per_call < per_call && self.throttled < throttled && self.unfairness < unfairness;
        assert!(within, "{self:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_alone_has_the_limit_to_itself() {
    on_one_host(1).await.is_within(1.2, 0.05, 1.01);
}

#[tokio::test(start_paused = true)]
async fn processes_of_one_host_share_the_limit_in_the_order_of_asking() {
    on_one_host(2).await.is_within(1.15, 0.05, 1.1);
    on_one_host(4).await.is_within(1.1, 0.05, 1.1);
}

#[tokio::test(start_paused = true)]
async fn hosts_take_turns() {
    for hosts in [2, 3, 4] {
        on_hosts(hosts, 0.0).await.is_within(1.2, 0.23, 1.3);
    }
    on_hosts(8, 0.0).await.is_within(1.2, 0.35, 1.3);
}

#[tokio::test(start_paused = true)]
async fn clocks_that_differ_cost_fairness_and_time_but_all_finish() {
    on_hosts(4, 0.02).await.is_within(1.25, 0.23, 1.6);
    on_hosts(4, 0.1).await.is_within(1.6, 0.23, 2.6);
    on_hosts(4, 10.0).await.is_within(1.9, 0.25, 7.0);
}

#[tokio::test(start_paused = true)]
async fn who_comes_later_does_not_wait_until_the_others_are_done() {
    fastrand::seed(17);
    for _ in 0..TIMES {
        let account = Arc::<Mutex<Account>>::default();
        let begin = time_of_day();
        let (large, small) = (host(begin, 0.0), host(begin, 0.0));
        let large = tokio::spawn(process(Arc::clone(&account), large, 500));
        sleep(Duration::from_secs(100)).await;
        let took = process(account, small, 3).await;
        assert!(took < 60.0, "{took} s");
        large.abort();
    }
}
