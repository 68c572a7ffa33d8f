//! Phases of an exchange by HTTP, each with a limit of its own, so that what took too
//! long can be told: the look-up of the name, connecting, the answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// What an exchange waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// The addresses of the endpoint, or of the proxy before it.
    LookUp,
    /// A connection: TCP, a proxy's tunnel and TLS.
    Connect,
    /// The answer to a request that has gone out.
    Answer,
    /// A connection and the answer: when a request without a body goes out, nobody sees.
    ConnectAndAnswer,
}

impl Phase {
    /// How long it may take. No shorter than what a healthy system needs: resolvers ask
    /// again after five seconds, and TCP after one, three and seven.
    pub(super) const fn limit(self) -> Duration {
        Duration::from_secs(match self {
            Self::LookUp => 20,
            Self::Connect => 10,
            Self::Answer => 20,
            Self::ConnectAndAnswer => 30,
        })
    }
}

/// The longest that all phases take.
pub(super) const LONGEST: Duration = Duration::from_secs(50);

#[derive(Clone, Copy, Debug)]
struct Now {
    phase: Phase,
    since: Instant,
}

tokio::task_local! {
    /// The exchange that is polled.
    static CURRENT: Exchange;
}

/// The phases of one exchange.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    now: watch::Sender<Now>,
    /// The phase in which there is no look-up and nothing was sent.
    connecting: Phase,
}

impl Exchange {
    /// An exchange that begins now; `body` is its request's.
    pub(super) fn new(body: &SdkBody) -> Self {
        let connecting = if body.is_end_stream() {
            Phase::ConnectAndAnswer
        } else {
            Phase::Connect
        };
        let since = Instant::now();
        Self {
            now: watch::Sender::new(Now {
                phase: connecting,
                since,
            }),
            connecting,
        }
    }

    /// The body, which tells when it goes out.
    pub(super) fn watched(&self, body: SdkBody) -> SdkBody {
        if self.connecting == Phase::ConnectAndAnswer {
            return body;
        }
        let exchange = self.clone();
        SdkBody::from_body_1_x(WatchedBody { body, exchange })
    }

    /// Drives `work` to its end, or to where a phase has taken too long: then says which.
    pub(super) async fn drive<T>(&self, work: impl Future<Output = T>) -> Result<T, Phase> {
        let work = CURRENT.scope(self.clone(), work);
        tokio::select! {
            biased;
            done = work => Ok(done),
            phase = self.overdue() => Err(phase),
        }
    }

    async fn overdue(&self) -> Phase {
        let mut phases = self.now.subscribe();
        loop {
            let Now { phase, since } = *phases.borrow_and_update();
            tokio::select! {
                biased;
                // The sender is this exchange's own: it is not dropped meanwhile.
                _ = phases.changed() => {}
                () = sleep_until(since + phase.limit()) => return phase,
            }
        }
    }

    fn enter(&self, phase: Phase) {
        self.now.send_if_modified(|now| {
            let enters = now.phase != phase;
            if enters {
                let since = Instant::now();
                *now = Now { phase, since };
            }
            enters
        });
    }
}

/// A look-up for the exchange that is polled, until dropped.
pub(super) struct LookingUp(Option<Exchange>);

/// A look-up begins.
pub(super) fn looking_up() -> LookingUp {
    // A connection that is made for nobody in particular has no exchange.
    let exchange = CURRENT.try_with(Clone::clone).ok();
    if let Some(exchange) = &exchange {
        exchange.enter(Phase::LookUp);
    }
    LookingUp(exchange)
}

impl Drop for LookingUp {
    fn drop(&mut self) {
        if let Some(exchange) = &self.0 {
            exchange.enter(exchange.connecting);
        }
    }
}

/// The HTTP client asks for a body's data once it has a connection.
struct WatchedBody {
    body: SdkBody,
    exchange: Exchange,
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = aws_sdk_ses::error::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.exchange.enter(Phase::Answer);
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    async fn seconds(seconds: u64) {
        sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_a_limit_of_its_own() {
        let body = SdkBody::from("Action=x");
        for (looks_up, connects, answers, ends) in [
            (19, 9, 19, Ok(())),
            (21, 0, 0, Err(Phase::LookUp)),
            (15, 11, 0, Err(Phase::Connect)),
            (0, 9, 21, Err(Phase::Answer)),
        ] {
            let exchange = Exchange::new(&body);
            let work = async {
                let looking_up = looking_up();
                seconds(looks_up).await;
                drop(looking_up);
                seconds(connects).await;
                exchange.enter(Phase::Answer);
                seconds(answers).await;
            };
            assert_eq!(exchange.drive(work).await, ends);
        }
        let exchange = Exchange::new(&SdkBody::empty());
        assert_eq!(exchange.drive(seconds(29)).await, Ok(()));
        let phase = Exchange::new(&SdkBody::empty()).drive(seconds(31)).await;
        assert_eq!(phase, Err(Phase::ConnectAndAnswer));
    }
}
