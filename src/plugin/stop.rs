//! How calls are stopped, and what makes the process stop them.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::CancellationToken;

/// How often to look whether the parent process still lives.
#[cfg(unix)]
const PARENT_POLL: Duration = Duration::from_secs(1);

/// The token that ends the provider's waits.
#[derive(Debug, Default)]
pub(super) struct Stop(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    token: CancellationToken,
    interrupted: bool,
}

impl Stop {
    /// StopProvider: ends the waits of the run that is configured now.
    pub(super) fn cancel(&self) {
        self.state().token.cancel();
    }

    /// A signal: ends every wait from now on, because the process that started
    /// this one has been interrupted as well. Returns whether it is the first.
    pub(super) fn interrupt(&self) -> bool {
        let mut state = self.state();
        state.token.cancel();
        !std::mem::replace(&mut state.interrupted, true)
    }

    /// The token for a new Configure: a fresh one if an earlier run was stopped.
    pub(super) fn configured(&self) -> CancellationToken {
        let mut state = self.state();
        if state.token.is_cancelled() && !state.interrupted {
            state.token = CancellationToken::new();
        }
        state.token.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the calls that are being worked on; clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(watch::Sender<usize>);

/// A call in flight, until dropped.
#[derive(Debug)]
pub(super) struct Call(watch::Sender<usize>);

impl InFlight {
    pub(super) fn begin(&self) -> Call {
        self.0.send_modify(|calls| *calls += 1);
        Call(self.0.clone())
    }

    /// Waits until no call is left, or `limit` has passed.
    pub(super) async fn finish(&self, limit: Duration) {
        let mut calls = self.0.subscribe();
        let idle = calls.wait_for(|calls| *calls == 0);
        let _ = tokio::time::timeout(limit, idle).await;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.send_modify(|calls| *calls -= 1);
    }
}

/// Returns once the process that started this one is gone.
pub(super) async fn orphaned() {
    #[cfg(unix)]
    until_changed(std::os::unix::process::parent_id).await;
    #[cfg(not(unix))]
    std::future::pending().await
}

#[cfg(unix)]
async fn until_changed(parent: impl Fn() -> u32) {
    let original = parent();
    while parent() == original {
        tokio::time::sleep(PARENT_POLL).await;
    }
}

/// Calls `received` for every signal that asks to end, which from now on do
/// not end the process: Ctrl-C reaches Terraform's whole process group, and
/// what a plugin is changing must still get into the state.
pub(super) fn on_signals(received: impl Fn()) -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        Ok(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => received(),
                    _ = terminate.recv() => received(),
                    _ = hangup.recv() => received(),
                }
            }
        })
    }
    #[cfg(windows)]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(async move {
            while interrupt.recv().await.is_some() {
                received();
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_stopped_run_does_not_stop_the_next() {
        let stop = Stop::default();
        let first = stop.configured();
        let alias = stop.configured();
        stop.cancel();
        assert!(first.is_cancelled() && alias.is_cancelled());
        let second = stop.configured();
        assert!(!second.is_cancelled());
        stop.cancel();
        assert!(second.is_cancelled());
    }

    #[test]
    fn an_interrupted_process_stays_stopped() {
        let stop = Stop::default();
        assert!(stop.interrupt());
        assert!(stop.configured().is_cancelled());
        assert!(!stop.interrupt());
        stop.cancel();
        assert!(stop.configured().is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_waited_for_up_to_a_limit() {
        let calls = InFlight::default();
        let begun = tokio::time::Instant::now();
        calls.finish(Duration::from_secs(30)).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);

        let call = calls.begin();
        let other = calls.begin();
        drop(other);
        calls.finish(Duration::from_secs(30)).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(30));

        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            drop(call);
        });
        calls.finish(Duration::from_secs(30)).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(35));
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn another_parent_means_orphaned() {
        let polls = Cell::new(0);
        let begun = tokio::time::Instant::now();
        until_changed(|| {
            polls.set(polls.get() + 1);
            if polls.get() > 4 { 1 } else { 42 }
        })
        .await;
        assert_eq!(begun.elapsed(), PARENT_POLL * 3);
    }
}
