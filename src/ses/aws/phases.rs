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
    /// The answer to a request without a body, or a connection before: nobody sees it go
    /// out on a connection that is left from before.
    ConnectAndAnswer,
}

impl Phase {
    /// How long it may take by default. No shorter than what a healthy system needs:
    /// resolvers ask again after five seconds, and TCP after one, three and seven.
    const fn limit(self) -> Duration {
        Duration::from_secs(match self {
            Self::LookUp => 20,
            Self::Connect => 10,
            Self::Answer => 20,
            Self::ConnectAndAnswer => 30,
        })
    }
}

/// A phase that has taken longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overdue {
    pub(super) phase: Phase,
    pub(super) limit: Duration,
}

/// Limits that somebody sets who does not want to wait as long, as for a metadata service
/// that may not be there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Impatience {
    pub(super) connect: Option<Duration>,
    pub(super) answer: Option<Duration>,
}

impl Impatience {
    fn limit(self, phase: Phase) -> Duration {
        let limit = match phase {
            Phase::LookUp => None,
            Phase::Connect => self.connect,
            Phase::Answer => self.answer,
            Phase::ConnectAndAnswer => match (self.connect, self.answer) {
                (Some(connect), Some(answer)) => Some(connect + answer),
                _ => None,
            },
        };
        limit.unwrap_or(phase.limit())
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
    /// Whether the request has a body, which tells when it goes out.
    has_body: bool,
    impatience: Impatience,
}

impl Exchange {
    /// An exchange that begins now; `body` is its request's.
    pub(super) fn new(body: &SdkBody, impatience: Impatience) -> Self {
        let has_body = !body.is_end_stream();
        let phase = match has_body {
            true => Phase::Connect,
            false => Phase::ConnectAndAnswer,
        };
        let since = Instant::now();
        Self {
            now: watch::Sender::new(Now { phase, since }),
            has_body,
            impatience,
        }
    }

    /// The body, which tells when it goes out.
    pub(super) fn watched(&self, body: SdkBody) -> SdkBody {
        if !self.has_body {
            return body;
        }
        let exchange = self.clone();
        SdkBody::from_body_1_x(WatchedBody { body, exchange })
    }

    /// Drives `work` to its end, or to where a phase has taken too long: then says which.
    pub(super) async fn drive<T>(&self, work: impl Future<Output = T>) -> Result<T, Overdue> {
        let work = CURRENT.scope(self.clone(), work);
        tokio::select! {
            biased;
            done = work => Ok(done),
            overdue = self.overdue() => Err(overdue),
        }
    }

    async fn overdue(&self) -> Overdue {
        let mut phases = self.now.subscribe();
        loop {
            let Now { phase, since } = *phases.borrow_and_update();
            let limit = self.impatience.limit(phase);
            tokio::select! {
                biased;
                // The sender is this exchange's own: it is not dropped meanwhile.
                _ = phases.changed() => {}
                () = sleep_until(since + limit) => return Overdue { phase, limit },
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
            exchange.enter(Phase::Connect);
        }
    }
}

/// A connection that is being made for the exchange that is polled.
pub(super) struct Connecting(Option<Exchange>);

/// A connection is begun, where none is left from before.
pub(super) fn connecting() -> Connecting {
    let exchange = CURRENT.try_with(Clone::clone).ok();
    if let Some(exchange) = &exchange {
        exchange.enter(Phase::Connect);
    }
    Connecting(exchange)
}

impl Connecting {
    /// It is there: a request without a body goes out now.
    pub(super) fn done(self) {
        if let Some(exchange) = self.0.filter(|exchange| !exchange.has_body) {
            exchange.enter(Phase::Answer);
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
            let exchange = Exchange::new(&body, Impatience::default());
            let work = async {
                let looking_up = looking_up();
                seconds(looks_up).await;
                drop(looking_up);
                seconds(connects).await;
                exchange.enter(Phase::Answer);
                seconds(answers).await;
            };
            let ended = exchange.drive(work).await;
            assert_eq!(ended.map_err(|overdue| overdue.phase), ends);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_without_a_body_goes_out_with_its_connection() {
        let second = Some(Duration::from_secs(1));
        let impatient = Impatience {
            connect: second,
            answer: second,
        };
        let patient = Impatience::default();
        for (impatience, connects, answers, ends) in [
            (patient, None, 29, Ok(())),
            (patient, None, 31, Err((Phase::ConnectAndAnswer, 30))),
            (patient, Some(9), 19, Ok(())),
            (patient, Some(11), 0, Err((Phase::Connect, 10))),
            (patient, Some(9), 21, Err((Phase::Answer, 20))),
            (impatient, None, 3, Err((Phase::ConnectAndAnswer, 2))),
            (impatient, Some(2), 0, Err((Phase::Connect, 1))),
            (impatient, Some(0), 2, Err((Phase::Answer, 1))),
        ] {
            let exchange = Exchange::new(&SdkBody::empty(), impatience);
            let work = async {
                if let Some(connects) = connects {
                    let connecting = connecting();
                    seconds(connects).await;
                    connecting.done();
                }
                seconds(answers).await;
            };
            let ended = exchange.drive(work).await;
            let ended = ended.map_err(|overdue| (overdue.phase, overdue.limit.as_secs()));
            assert_eq!(ended, ends);
        }
    }
}
