//! Until when a caller is willing to wait.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// What a last attempt should have for its permit and its answer.
const LAST_ATTEMPT: Duration = Duration::from_secs(2);

/// The end of an operation: its timeout, or Terraform's word to stop. Clones share when
/// the timeout begins to run.
#[derive(Clone, Debug)]
pub struct Deadline {
    timeout: Duration,
    begun: watch::Sender<Option<Instant>>,
    stop: CancellationToken,
    /// Whether only advice is waited for.
    for_advice: bool,
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
        let deadline = Self::queued(timeout, stop);
        deadline.begin();
        deadline
    }

    /// `timeout` from when the operation's first call is the oldest of its queue, or has
    /// its first permit: the time that it spends behind calls of its own process is not
    /// SES's. Or when `stop` is cancelled.
    pub fn queued(timeout: Duration, stop: CancellationToken) -> Self {
        Self {
            // What is farther off than this would overflow the clock.
            timeout: timeout.min(Duration::from_secs(365 * 24 * 3600)),
            begun: watch::Sender::new(None),
            stop,
            for_advice: false,
        }
    }

    /// As [`after`](Self::after), for what only advice hangs on: not worth starting a
    /// program, or asking a person.
    pub fn for_advice(timeout: Duration, stop: CancellationToken) -> Self {
        Self {
            for_advice: true,
            ..Self::after(timeout, stop)
        }
    }

    /// Whether only advice is waited for.
    pub(super) fn is_for_advice(&self) -> bool {
        self.for_advice
    }

    /// The same deadline for a wait that comes before the first call's turn, and is not
    /// to count against it: its time runs from now on, if it does not run yet.
    pub(super) fn meanwhile(&self) -> Self {
        if self.begun.borrow().is_some() {
            return self.clone();
        }
        let meanwhile = self.afresh(self.timeout);
        meanwhile.begin();
        meanwhile
    }

    /// The timeout runs from now on, if it does not run yet.
    pub fn begin(&self) {
        self.begun.send_if_modified(|begun| {
            let begins = begun.is_none();
            begun.get_or_insert_with(Instant::now);
            begins
        });
    }

    /// The same word to stop, but a timeout of its own, which does not run yet.
    pub fn afresh(&self, timeout: Duration) -> Self {
        Self::queued(timeout, self.stop.clone())
    }

    /// The same timeout again, which does not run yet, and the same word to stop.
    pub fn renewed(&self) -> Self {
        self.afresh(self.timeout)
    }

    /// How long the timeout has been running.
    pub fn elapsed(&self) -> Duration {
        let begun = *self.begun.borrow();
        begun.map_or(Duration::ZERO, |begun| begun.elapsed())
    }

    /// How much of the timeout is left.
    pub fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.elapsed())
    }

    /// Resolves when the timeout has passed.
    async fn passed(&self) {
        let mut begun = self.begun.subscribe();
        // The sender is this deadline's own: it is not dropped meanwhile.
        if let Ok(begun) = begun.wait_for(Option::is_some).await.map(|begun| *begun)
            && let Some(begun) = begun
        {
            sleep_until(begun + self.timeout).await;
        }
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
            () = self.passed() => Err(Interrupted::TimedOut),
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
    async fn a_queued_timeout_runs_from_when_it_begins() {
        let stop = CancellationToken::new();
        let deadline = Deadline::queued(Duration::from_secs(5), stop.clone());
        let waiting = tokio::spawn({
            let deadline = deadline.clone();
            async move { deadline.bound(std::future::pending::<()>()).await }
        });
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert!(!waiting.is_finished());
        assert_eq!(deadline.left(), Duration::from_secs(5));
        deadline.begin();
        tokio::time::sleep(Duration::from_secs(2)).await;
        deadline.begin();
        assert_eq!(waiting.await.unwrap(), Err(Interrupted::TimedOut));
        assert_eq!(deadline.elapsed(), Duration::from_secs(5));

        let stopped = Deadline::queued(Duration::from_secs(5), stop.clone());
        stop.cancel();
        let ended = stopped.bound(std::future::pending::<()>()).await;
        assert_eq!(ended, Err(Interrupted::Stopped));
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
