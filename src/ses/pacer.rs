//! The pacer: when the next request of one SES operation may go out.
//!
//! [`Pace`] is the arithmetic, [`Pacer`] the queue before it. A caller awaits
//! [`Pacer::turn`], starts its request, and the [`Turn`] is passed on when the
//! request has gone out on a ready connection ([`Turn::sent`]): were it passed
//! on any earlier, the time that the first request spends on connecting would
//! bring the second one to SES less than a second behind it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep};

/// Sends are spaced this much wider than the rate asks for, because the way to
/// SES does not take each request the same time.
const MARGIN: f64 = 1.02;

/// How far throttled answers widen the spacing at most, as a multiple of it.
const SLOWEST: f64 = 4.0;

/// The spacing of requests: given the time, how long to wait.
#[derive(Debug)]
pub(super) struct Pace {
    /// Seconds between two requests when nothing is wrong; 0 without a limit.
    spacing: f64,
    /// At least 1: how much wider the spacing is after throttled answers.
    slowdown: f64,
    next: Option<Instant>,
}

impl Pace {
    /// A pace of `rate` requests a second; 0 stands for no limit.
    pub(super) fn new(rate: f64) -> Self {
        let spacing = if rate > 0.0 { MARGIN / rate } else { 0.0 };
        Self {
            spacing,
            slowdown: 1.0,
            next: None,
        }
    }

    /// How long from `now` until the next request may go out.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.next
            .map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }

    /// A request went out at `now`.
    pub(super) fn sent(&mut self, now: Instant) {
        self.next = Some(now + self.interval());
    }

    /// SES accepted a request: come half of the way back to the usual spacing.
    pub(super) fn accepted(&mut self) {
        self.slowdown = 1.0 + (self.slowdown - 1.0) / 2.0;
    }

    /// SES throttled a request, so somebody else is using the limit too: widen
    /// the spacing, and count it from `now`.
    pub(super) fn throttled(&mut self, now: Instant) {
        self.slowdown = (self.slowdown * 1.5).min(SLOWEST);
        let next = now + self.interval();
        self.next = Some(self.next.map_or(next, |earlier| earlier.max(next)));
    }

    fn interval(&self) -> Duration {
        // A rate next to nothing must not overflow the clock.
        Duration::try_from_secs_f64(self.spacing * self.slowdown)
            .unwrap_or(Duration::MAX)
            .min(Duration::from_secs(30 * 24 * 3600))
    }
}

/// A queue of callers, first come, first served, before one [`Pace`].
#[derive(Clone, Debug)]
pub(super) struct Pacer {
    gate: Arc<tokio::sync::Mutex<()>>,
    pace: Arc<Mutex<Pace>>,
}

impl Pacer {
    /// A pacer for `rate` requests a second; 0 stands for no limit.
    pub(super) fn new(rate: f64) -> Self {
        Self {
            gate: Arc::default(),
            pace: Arc::new(Mutex::new(Pace::new(rate))),
        }
    }

    /// Waits until the caller may send one request. A caller that stops waiting
    /// leaves the queue.
    pub(super) async fn turn(&self) -> Turn {
        let gate = Arc::clone(&self.gate).lock_owned().await;
        loop {
            let wait = lock(&self.pace).wait(Instant::now());
            if wait.is_zero() {
                break;
            }
            sleep(wait).await;
        }
        Turn(Arc::new(TurnState {
            gate: Mutex::new(Some(gate)),
            pace: Arc::clone(&self.pace),
        }))
    }
}

/// The right to send one request. The last clone that is dropped passes the
/// turn on; one that was never [`sent`](Turn::sent) costs nothing.
#[derive(Clone, Debug)]
pub(super) struct Turn(Arc<TurnState>);

#[derive(Debug)]
struct TurnState {
    /// Held until the request has gone out.
    gate: Mutex<Option<OwnedMutexGuard<()>>>,
    pace: Arc<Mutex<Pace>>,
}

impl Turn {
    /// The request goes out on a ready connection now. Only the first call counts.
    pub(super) fn sent(&self) {
        let mut gate = lock(&self.0.gate);
        if gate.is_some() {
            lock(&self.0.pace).sent(Instant::now());
            *gate = None;
        }
    }

    /// Whether the request has gone out.
    pub(super) fn was_sent(&self) -> bool {
        lock(&self.0.gate).is_none()
    }

    /// SES accepted the request.
    pub(super) fn accepted(&self) {
        lock(&self.0.pace).accepted();
    }

    /// SES throttled the request.
    pub(super) fn throttled(&self) {
        lock(&self.0.pace).throttled(Instant::now());
    }
}

/// The state behind these locks is valid after every statement, so a panic
/// elsewhere while one was held has broken nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(duration: Duration) -> f64 {
        (duration.as_secs_f64() * 1000.0).round() / 1000.0
    }

    #[tokio::test(start_paused = true)]
    async fn pace_spaces_two_percent_wider_than_the_rate() {
        for (rate, spacing) in [(1.0, 1.02), (0.5, 2.04), (10.0, 0.102), (1e-3, 1020.0)] {
            let mut pace = Pace::new(rate);
            let now = Instant::now();
            assert_eq!(pace.wait(now), Duration::ZERO);
            pace.sent(now);
            assert_eq!(seconds(pace.wait(now)), spacing, "at {rate} a second");
            assert_eq!(pace.wait(now + pace.wait(now)), Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pace_without_limit_never_waits() {
        let mut pace = Pace::new(0.0);
        pace.sent(Instant::now());
        pace.throttled(Instant::now());
        assert_eq!(pace.wait(Instant::now()), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn pace_survives_a_rate_next_to_nothing() {
        let mut pace = Pace::new(f64::MIN_POSITIVE);
        pace.sent(Instant::now());
        assert!(pace.wait(Instant::now()) > Duration::from_secs(3600));
    }

    #[tokio::test(start_paused = true)]
    async fn pace_slows_down_when_throttled_and_recovers() {
        let mut pace = Pace::new(1.0);
        let now = Instant::now();
        for _ in 0..10 {
            pace.throttled(now);
        }
        assert_eq!(seconds(pace.wait(now)), 4.08);
        for _ in 0..10 {
            pace.accepted();
        }
        pace.sent(now);
        assert!(seconds(pace.wait(now)) < 1.03);
    }

    #[tokio::test(start_paused = true)]
    async fn turns_come_in_order_and_a_second_apart() {
        let pacer = Pacer::new(1.0);
        let start = Instant::now();
        let mut callers = Vec::new();
        for caller in 0..4 {
            let pacer = pacer.clone();
            callers.push(tokio::spawn(async move {
                // Queue in the order of the numbers.
                sleep(Duration::from_millis(caller)).await;
                let turn = pacer.turn().await;
                turn.sent();
                seconds(start.elapsed())
            }));
        }
        let mut times = Vec::new();
        for caller in callers {
            times.push(caller.await.unwrap());
        }
        assert_eq!(times, [0.0, 1.02, 2.04, 3.06]);
    }

    #[tokio::test(start_paused = true)]
    async fn spacing_counts_from_the_send_and_not_from_the_turn() {
        let pacer = Pacer::new(1.0);
        let start = Instant::now();
        let first = pacer.turn().await;
        let second = tokio::spawn({
            let pacer = pacer.clone();
            async move {
                pacer.turn().await.sent();
                seconds(start.elapsed())
            }
        });
        // Connecting takes a while.
        sleep(Duration::from_millis(300)).await;
        first.sent();
        assert_eq!(second.await.unwrap(), 1.32);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_not_used_costs_nothing() {
        let pacer = Pacer::new(1.0);
        let start = Instant::now();
        drop(pacer.turn().await);
        let waiting = tokio::spawn({
            let pacer = pacer.clone();
            async move {
                pacer.turn().await.sent();
                pacer.turn().await
            }
        });
        sleep(Duration::from_millis(10)).await;
        // A caller that goes away while it waits leaves the queue.
        waiting.abort();
        pacer.turn().await.sent();
        assert_eq!(seconds(start.elapsed()), 1.02);
    }
}
