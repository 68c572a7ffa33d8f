//! The end of the process, and what brings it about.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use super::CancellationToken;
use super::session::Sessions;

/// How long calls in flight may take to end once Terraform has said Shutdown:
/// go-plugin kills the process 2 seconds after that.
pub(super) const AFTER_SHUTDOWN: Duration = Duration::from_millis(1500);

/// How long they may take where nobody kills the process.
pub(super) const AT_LAST: Duration = Duration::from_secs(30);

/// How long Terraform may take to connect, as it gives a plugin that long to start.
const FIRST_CONNECTION: Duration = Duration::from_secs(60);

/// How long Terraform may be without a connection: gRPC waits for about a second
/// before it connects again. Terraform's streams to the plugin stay open for as long
/// as it lives, so that no connection ends by being idle.
const BETWEEN_CONNECTIONS: Duration = Duration::from_secs(2);

/// Brings the process to its end.
#[derive(Debug)]
pub(super) struct Ending<C> {
    pub(super) sessions: Arc<Sessions<C>>,
    pub(super) in_flight: TaskTracker,
    /// Cancelled when the process is to exit.
    pub(super) exit: CancellationToken,
}

impl<C> Clone for Ending<C> {
    fn clone(&self) -> Self {
        Self {
            sessions: Arc::clone(&self.sessions),
            in_flight: self.in_flight.clone(),
            exit: self.exit.clone(),
        }
    }
}

impl<C> Ending<C> {
    /// Stops what waits, and asks to exit once no call is in flight, or when
    /// `limit` has passed: what is being changed is brought to its end.
    pub(super) async fn end(&self, limit: Duration) {
        self.sessions.end();
        self.in_flight.close();
        let _ = tokio::time::timeout(limit, self.in_flight.wait()).await;
        self.exit.cancel();
    }
}

/// Returns once Terraform is gone. Its connections tell: in a container it may
/// have any process id, and so may whoever inherits its children.
pub(super) async fn abandoned<C>(sessions: &Sessions<C>) {
    let connected = sessions.connected();
    if tokio::time::timeout(FIRST_CONNECTION, connected)
        .await
        .is_err()
    {
        return;
    }
    loop {
        sessions.disconnected().await;
        tokio::time::sleep(BETWEEN_CONNECTIONS).await;
        if !sessions.is_connected() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    fn ending() -> Ending<()> {
        Ending {
            sessions: Arc::new(Sessions::new(false)),
            in_flight: TaskTracker::new(),
            exit: CancellationToken::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_calls_in_flight_up_to_a_limit() {
        let begun = Instant::now();
        let idle = ending();
        idle.end(AT_LAST).await;
        assert!(idle.exit.is_cancelled());
        assert_eq!(begun.elapsed(), Duration::ZERO);

        for (takes, waited) in [(5, 5), (500, 30)] {
            let begun = Instant::now();
            let busy = ending();
            busy.in_flight.spawn(sleep(Duration::from_secs(takes)));
            let stopped = busy.sessions.connect().session.stop_of_call();
            let (_, ()) = tokio::join!(busy.end(AT_LAST), async {
                stopped.cancelled().await;
                assert_eq!(begun.elapsed(), Duration::ZERO);
            });
            assert!(busy.exit.is_cancelled());
            assert_eq!(begun.elapsed(), Duration::from_secs(waited));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn terraform_is_gone_when_it_does_not_connect_in_time() {
        let begun = Instant::now();
        abandoned(&Sessions::<()>::new(false)).await;
        assert_eq!(begun.elapsed(), FIRST_CONNECTION);
    }

    #[tokio::test(start_paused = true)]
    async fn terraform_is_gone_when_its_connections_are() {
        let sessions = Arc::new(Sessions::<()>::new(false));
        let first = sessions.connect();
        let begun = Instant::now();
        let waiting = tokio::spawn({
            let sessions = Arc::clone(&sessions);
            async move { abandoned(&sessions).await }
        });
        sleep(Duration::from_secs(3600)).await;
        drop(first);
        sleep(BETWEEN_CONNECTIONS / 2).await;
        let second = sessions.connect();
        sleep(Duration::from_secs(3600)).await;
        assert!(!waiting.is_finished());
        drop(second);
        waiting.await.unwrap();
        assert!(begun.elapsed() > Duration::from_secs(7200));
    }
}
