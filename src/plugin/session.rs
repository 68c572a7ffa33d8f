//! Runs of Terraform: what each has configured, and its word to stop.
//!
//! A process that Terraform has started serves one run. One that is attached to
//! (`--debug`) serves many, several at a time: each connection is a run of its
//! own there, so that neither the settings nor the stop of one get into another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::CancellationToken;

/// One run.
#[derive(Debug)]
pub(super) struct Session<C>(Mutex<State<C>>);

#[derive(Debug)]
struct State<C> {
    configured: Option<Arc<C>>,
    /// Cancelled to stop what was begun since the last Configure.
    stop: CancellationToken,
    /// Nothing begins any more.
    ended: bool,
}

impl<C> Default for Session<C> {
    fn default() -> Self {
        Self(Mutex::new(State {
            configured: None,
            stop: CancellationToken::new(),
            ended: false,
        }))
    }
}

impl<C> Session<C> {
    /// Stops what was begun since the last Configure.
    pub(super) fn stop(&self) {
        self.state().stop.cancel();
    }

    /// Stops all that was begun and all that is to come.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.stop.cancel();
    }

    /// The token for a Configure and what follows it: a new one if an earlier
    /// one was cancelled.
    pub(super) fn begin(&self) -> CancellationToken {
        let mut state = self.state();
        if state.stop.is_cancelled() && !state.ended {
            state.stop = CancellationToken::new();
        }
        state.stop.clone()
    }

    /// The token for one call.
    pub(super) fn stop_of_call(&self) -> CancellationToken {
        self.state().stop.child_token()
    }

    pub(super) fn configured(&self) -> Option<Arc<C>> {
        self.state().configured.clone()
    }

    pub(super) fn set_configured(&self, configured: C) {
        self.state().configured = Some(Arc::new(configured));
    }

    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The runs that a process serves, and the connections that are open.
#[derive(Debug)]
pub(super) struct Sessions<C> {
    /// The one run of a process that Terraform has started.
    only: Option<Arc<Session<C>>>,
    /// Those of a process that is attached to.
    attached: Mutex<Vec<Weak<Session<C>>>>,
    open: TaskTracker,
    connected: Notify,
}

impl<C> Sessions<C> {
    /// Of a process that Terraform has started, or attaches to.
    pub(super) fn new(attached: bool) -> Self {
        let open = TaskTracker::new();
        // So that waiting for it ends when it is empty.
        open.close();
        Self {
            only: (!attached).then(Arc::default),
            attached: Mutex::default(),
            open,
            connected: Notify::new(),
        }
    }

    /// The run of a new connection.
    pub(super) fn connect(&self) -> Link<C> {
        let session = match &self.only {
            Some(only) => Arc::clone(only),
            None => {
                let session = Arc::default();
                let mut attached = self.attached();
                attached.retain(|session| session.strong_count() > 0);
                attached.push(Arc::downgrade(&session));
                session
            }
        };
        let link = Link {
            session,
            _open: Arc::new(self.open.token()),
        };
        self.connected.notify_one();
        link
    }

    /// Stops what was begun, in every run.
    pub(super) fn stop(&self) {
        self.each(Session::stop);
    }

    /// Stops all that was begun and all that is to come, in every run.
    pub(super) fn end(&self) {
        self.each(Session::end);
    }

    /// Whether a connection is open.
    pub(super) fn is_connected(&self) -> bool {
        !self.open.is_empty()
    }

    /// Returns when there was a connection; to be awaited once.
    pub(super) async fn connected(&self) {
        self.connected.notified().await;
    }

    /// Returns when no connection is open.
    pub(super) async fn disconnected(&self) {
        self.open.wait().await;
    }

    fn each(&self, act: impl Fn(&Session<C>)) {
        let attached: Vec<_> = self.attached().iter().filter_map(Weak::upgrade).collect();
        for session in self.only.iter().chain(&attached) {
            act(session);
        }
    }

    fn attached(&self) -> MutexGuard<'_, Vec<Weak<Session<C>>>> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's run; the connection counts as open until the last clone is
/// dropped.
#[derive(Debug)]
pub(super) struct Link<C> {
    pub(super) session: Arc<Session<C>>,
    _open: Arc<TaskTrackerToken>,
}

impl<C> Clone for Link<C> {
    fn clone(&self) -> Self {
        Self {
            session: Arc::clone(&self.session),
            _open: Arc::clone(&self._open),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_stopped_run_does_not_stop_the_next_and_an_ended_one_does() {
        let session = Session::<()>::default();
        let first = session.begin();
        let call = session.stop_of_call();
        session.stop();
        assert!(first.is_cancelled() && call.is_cancelled());
        assert!(session.stop_of_call().is_cancelled());
        let second = session.begin();
        assert!(!second.is_cancelled());
        session.end();
        assert!(second.is_cancelled() && session.begin().is_cancelled());
    }

    #[test]
    fn a_call_that_is_cancelled_stops_no_other() {
        let session = Session::<()>::default();
        let (one, other) = (session.stop_of_call(), session.stop_of_call());
        one.cancel();
        assert!(!other.is_cancelled() && !session.begin().is_cancelled());
    }

    #[test]
    fn attached_runs_share_nothing_but_the_end_of_the_process() {
        let sessions = Sessions::new(true);
        let (one, other) = (sessions.connect(), sessions.connect());
        one.session.set_configured(1);
        assert_eq!(other.session.configured(), None);
        one.session.stop();
        assert!(!other.session.stop_of_call().is_cancelled());
        sessions.stop();
        assert!(other.session.stop_of_call().is_cancelled());

        let sessions = Sessions::new(false);
        let (one, other) = (sessions.connect(), sessions.connect());
        one.session.set_configured(1);
        assert_eq!(other.session.configured().as_deref(), Some(&1));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_are_open_until_their_last_part_is_dropped() {
        let sessions = Sessions::<()>::new(false);
        sessions.disconnected().await;
        let link = sessions.connect();
        let request = link.clone();
        drop(link);
        assert!(sessions.is_connected());
        let waiting = tokio::time::timeout(Duration::from_secs(1), sessions.disconnected());
        assert!(waiting.await.is_err());
        drop(request);
        sessions.disconnected().await;
        assert!(!sessions.is_connected());
    }
}
