//! Time that plans may be held up by advice.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// A store of time that all plans of a process draw on together: while several
/// wait at once, it is spent once. Nothing that is needed may depend on it.
#[derive(Debug)]
pub(super) struct Allowance(Mutex<State>);

#[derive(Debug)]
struct State {
    left: Duration,
    /// How many wait now, and since when anybody has.
    waiting: usize,
    since: Instant,
}

impl Allowance {
    pub(super) fn new(left: Duration) -> Self {
        Self(Mutex::new(State {
            left,
            waiting: 0,
            since: Instant::now(),
        }))
    }

    /// Awaits `work` as long as time is left; `None` if it runs out.
    pub(super) async fn spend<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let spending = Spending::begin(self)?;
        timeout_at(spending.until, work).await.ok()
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Somebody who waits, until dropped.
struct Spending<'a> {
    allowance: &'a Allowance,
    until: Instant,
}

impl<'a> Spending<'a> {
    fn begin(allowance: &'a Allowance) -> Option<Self> {
        let now = Instant::now();
        let until = allowance.with(|state| {
            if state.waiting == 0 {
                state.since = now;
            }
            let until = state.since + state.left;
            let any_left = until > now;
            state.waiting += usize::from(any_left);
            any_left.then_some(until)
        })?;
        Some(Self { allowance, until })
    }
}

impl Drop for Spending<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        self.allowance.with(|state| {
            state.waiting -= 1;
            if state.waiting == 0 {
                state.left = state.left.saturating_sub(now - state.since);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    async fn spend(allowance: &Allowance, seconds: u64) -> Option<()> {
        allowance.spend(sleep(Duration::from_secs(seconds))).await
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_is_spent_together_counts_once_and_idle_time_not_at_all() {
        let allowance = Allowance::new(Duration::from_secs(3));
        let (one, other) = tokio::join!(spend(&allowance, 1), spend(&allowance, 2));
        assert!(one.is_some() && other.is_some());
        sleep(Duration::from_secs(100)).await;

        let start = Instant::now();
        let (early, late) = tokio::join!(spend(&allowance, 5), async {
            sleep(Duration::from_millis(900)).await;
            spend(&allowance, 5).await
        });
        assert!(early.is_none() && late.is_none());
        assert_eq!(start.elapsed(), Duration::from_secs(1));

        assert!(spend(&allowance, 0).await.is_none(), "nothing is left");
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }
}
