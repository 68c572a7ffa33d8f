//! Until when a caller is willing to wait.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// What a last attempt should have for its permit and its answer.
const LAST_ATTEMPT: Duration = Duration::from_secs(2);

/// The end of an operation: its timeout, or Terraform's word to stop.
#[derive(Clone, Debug)]
pub struct Deadline {
    start: Instant,
    at: Instant,
    stop: CancellationToken,
}

/// Why a wait ended before what was waited for came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// Terraform asked to stop (StopProvider, SIGINT).
    Stopped,
    /// The operation's time is up.
    TimedOut,
}

impl Deadline {
    /// `timeout` from now, or when `stop` is cancelled.
    pub fn after(timeout: Duration, stop: CancellationToken) -> Self {
        let start = Instant::now();
        let far = Duration::from_secs(365 * 24 * 3600);
        Self {
            start,
            at: start + timeout.min(far),
            stop,
        }
    }

    /// The same word to stop, but `timeout` from now.
    pub fn afresh(&self, timeout: Duration) -> Self {
        Self::after(timeout, self.stop.clone())
    }

    /// How long this has been waited for.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// How long it is until then.
    pub fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Resolves when Terraform asks to stop.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Awaits `work`, but no longer than this deadline.
    pub async fn bound<T>(&self, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Interrupted::Stopped),
            done = work => Ok(done),
            () = sleep_until(self.at) => Err(Interrupted::TimedOut),
        }
    }

    /// The pause before another attempt: `pause`, or less where that leaves
    /// time for a last one. `None`: there is no time for another.
    pub fn shortened(&self, pause: Duration) -> Option<Duration> {
        let left = self.left();
        let longest = match left.checked_sub(LAST_ATTEMPT) {
            None | Some(Duration::ZERO) => left,
            Some(longest) => longest,
        };
        let pause = pause.min(longest);
        (pause < left).then_some(pause)
    }

    /// Pauses before another attempt. Without time for one, lasts until the
    /// deadline, so that nobody gives up before it.
    pub async fn pause(&self, pause: Duration) -> Result<(), Interrupted> {
        match self.shortened(pause) {
            Some(pause) => self.bound(tokio::time::sleep(pause)).await,
            None => self.bound(std::future::pending()).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bound_ends_with_the_work_the_time_or_the_stop() {
        let stop = CancellationToken::new();
        let deadline = Deadline::after(Duration::from_secs(5), stop.clone());
        assert_eq!(deadline.bound(async { 1 }).await, Ok(1));
        assert_eq!(
            deadline.bound(std::future::pending::<()>()).await,
            Err(Interrupted::TimedOut)
        );
        assert_eq!(deadline.elapsed(), Duration::from_secs(5));

        let deadline = Deadline::after(Duration::MAX, stop.clone());
        let waiting =
            tokio::spawn(async move { deadline.bound(std::future::pending::<()>()).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.cancel();
        assert_eq!(waiting.await.unwrap(), Err(Interrupted::Stopped));
    }

    #[tokio::test(start_paused = true)]
    async fn pause_leaves_time_for_a_last_attempt_and_then_lasts_to_the_end() {
        let deadline = Deadline::after(Duration::from_secs(10), CancellationToken::new());
        for (pause, elapsed) in [(3, 3), (8, 8)] {
            let paused = deadline.pause(Duration::from_secs(pause)).await;
            assert_eq!(paused, Ok(()));
            assert_eq!(deadline.elapsed(), Duration::from_secs(elapsed));
        }
        assert_eq!(
            deadline.pause(Duration::from_secs(8)).await,
            Err(Interrupted::TimedOut)
        );
        assert_eq!(deadline.elapsed(), Duration::from_secs(10));
    }
}
