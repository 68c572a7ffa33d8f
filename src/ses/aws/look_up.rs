//! Look-up of the names of AWS's endpoints, by the system's resolver.
//!
//! It is no part of what a connection may take: a resolver whose first question is lost
//! answers after five seconds or ten, and that is no reason to call AWS unreachable. A
//! look-up that an attempt no longer waits for goes on, and its answer is there for the
//! next; an answer is kept for a minute.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::dns::{
    DnsFuture, ResolveDns, ResolveDnsError, SharedDnsResolver,
};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use hyper_util::client::legacy::connect::dns::Name;
use tokio::time::Instant;
use tower_service::Service;

use super::phases;

/// How long an answer is used again.
const KEPT: Duration = Duration::from_secs(60);

/// What C libraries and Windows say of a name that does not exist, as Rust hands it on.
const NO_SUCH_HOST: [&str; 5] = [
    "Name or service not known",
    "No address associated with hostname",
    "nodename nor servname provided",
    "Name does not resolve",
    "No such host is known",
];

/// A look-up that has failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct LookUpFailed {
    /// What was looked up.
    pub(super) name: String,
    /// What the resolver said.
    pub(super) reason: String,
    /// Whether it said that there is no such host.
    pub(super) no_such_host: bool,
}

/// The look-ups of a process. Clones share the answers.
#[derive(Clone)]
pub(super) struct LookUps(Arc<Inner>);

struct Inner {
    resolver: SharedDnsResolver,
    answers: Mutex<HashMap<String, Asked>>,
}

/// A look-up that is under way or answered.
type Asked = Shared<BoxFuture<'static, Answered>>;

#[derive(Clone)]
struct Answered {
    at: Instant,
    answer: Result<Vec<IpAddr>, LookUpFailed>,
}

impl fmt::Debug for LookUps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LookUps").field(&self.0.resolver).finish()
    }
}

impl LookUps {
    /// By the system's resolver.
    pub(super) fn of_system() -> Self {
        Self::by(System)
    }

    pub(super) fn by(resolver: impl ResolveDns + 'static) -> Self {
        Self(Arc::new(Inner {
            resolver: SharedDnsResolver::new(resolver),
            answers: Mutex::default(),
        }))
    }

    /// The kept answers are not used again: connecting to what they say has failed.
    pub(super) fn forget(&self) {
        self.answers().retain(|_, asked| asked.peek().is_none());
    }

    pub(super) async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, LookUpFailed> {
        let asked = {
            let mut answers = self.answers();
            let known = answers.get(name).filter(|asked| is_of_use(asked));
            match known {
                Some(asked) => asked.clone(),
                None => {
                    let asked = self.ask(name.to_owned());
                    answers.insert(name.to_owned(), asked.clone());
                    asked
                }
            }
        };
        asked.await.answer
    }

    /// Asks the resolver, whether anybody waits for it or not.
    fn ask(&self, name: String) -> Asked {
        let resolver = self.0.resolver.clone();
        let asked = async move {
            let answer = resolver.resolve_dns(&name).await;
            Answered {
                answer: answer.map_err(|error| failed(name, &error)),
                at: Instant::now(),
            }
        };
        let asked = asked.boxed().shared();
        tokio::spawn(asked.clone());
        asked
    }

    fn answers(&self) -> MutexGuard<'_, HashMap<String, Asked>> {
        let answers = self.0.answers.lock();
        answers.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a look-up is still under way, or has been answered not long ago.
fn is_of_use(asked: &Asked) -> bool {
    asked
        .peek()
        .is_none_or(|answered| answered.answer.is_ok() && answered.at.elapsed() < KEPT)
}

fn failed(name: String, error: &ResolveDnsError) -> LookUpFailed {
    let source = std::error::Error::source(error);
    let reason = source.map_or_else(|| error.to_string(), ToString::to_string);
    let no_such_host = NO_SUCH_HOST.iter().any(|said| reason.contains(said));
    // Rust says what it was doing in front of what the resolver said.
    let said = "failed to lookup address information: ";
    LookUpFailed {
        name,
        reason: reason.trim_start_matches(said).to_owned(),
        no_such_host,
    }
}

impl Service<Name> for LookUps {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = LookUpFailed;
    type Future = BoxFuture<'static, Result<Self::Response, LookUpFailed>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), LookUpFailed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let look_ups = self.clone();
        Box::pin(async move {
            let _looking_up = phases::looking_up();
            let addresses = look_ups.look_up(name.as_str()).await?;
            // The port is the connection's.
            let addresses = addresses.into_iter().map(|address| (address, 0).into());
            Ok(addresses.collect::<Vec<_>>().into_iter())
        })
    }
}

#[derive(Debug)]
struct System;

impl ResolveDns for System {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let found = tokio::net::lookup_host((name, 0)).await;
            let found = found.map_err(ResolveDnsError::new)?;
            let addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            if addresses.is_empty() {
                let none = io::Error::other(NO_SUCH_HOST[1]);
                return Err(ResolveDnsError::new(none));
            }
            Ok(addresses)
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A resolver that takes so long for each answer, and says what it was told to.
    #[derive(Clone, Debug)]
    pub(crate) struct Scripted {
        pub(crate) takes: Duration,
        pub(crate) says: Result<IpAddr, &'static str>,
        pub(crate) asked: Arc<AtomicUsize>,
    }

    impl Scripted {
        pub(crate) fn new(takes: u64, says: Result<IpAddr, &'static str>) -> Self {
            Self {
                takes: Duration::from_secs(takes),
                says,
                asked: Arc::default(),
            }
        }
    }

    impl ResolveDns for Scripted {
        fn resolve_dns<'a>(&'a self, _name: &'a str) -> DnsFuture<'a> {
            DnsFuture::new(async move {
                self.asked.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(self.takes).await;
                let said = self.says.map_err(io::Error::other);
                said.map(|address| vec![address])
                    .map_err(ResolveDnsError::new)
            })
        }
    }

    fn loopback() -> IpAddr {
        IpAddr::from([127, 0, 0, 1])
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_asked_for_once_and_kept_for_a_minute() {
        let scripted = Scripted::new(5, Ok(loopback()));
        let look_ups = LookUps::by(scripted.clone());
        let asked = || scripted.asked.load(Ordering::SeqCst);
        let impatient = tokio::time::timeout(Duration::from_secs(1), look_ups.look_up("a"));
        assert!(impatient.await.is_err());
        let (one, other) = tokio::join!(look_ups.look_up("a"), look_ups.look_up("a"));
        assert_eq!(one.unwrap(), other.unwrap());
        assert_eq!(asked(), 1, "the first look-up has gone on");

        tokio::time::sleep(KEPT - Duration::from_secs(1)).await;
        assert_eq!(look_ups.look_up("a").await.unwrap(), [loopback()]);
        assert_eq!(asked(), 1);
        tokio::time::sleep(Duration::from_secs(2)).await;
        look_ups.look_up("a").await.unwrap();
        assert_eq!(asked(), 2);
        look_ups.forget();
        look_ups.look_up("a").await.unwrap();
        assert_eq!(asked(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_look_up_is_tried_again_and_tells_whether_there_is_no_such_host() {
        for (says, no_such_host) in [
            ("Temporary failure in name resolution", false),
            ("Name or service not known", true),
        ] {
            let scripted = Scripted::new(1, Err(says));
            let look_ups = LookUps::by(scripted.clone());
            for asked in 1..3 {
                let failed = look_ups.look_up("email.test").await.unwrap_err();
                assert_eq!(
                    (failed.name.as_str(), &*failed.reason),
                    ("email.test", says)
                );
                assert_eq!(failed.no_such_host, no_such_host);
                assert_eq!(scripted.asked.load(Ordering::SeqCst), asked);
            }
        }
    }

    #[tokio::test]
    async fn the_system_knows_itself_and_no_host_of_a_reserved_name() {
        let system = LookUps::of_system();
        let local = system.look_up("localhost").await.unwrap();
        assert!(local.iter().all(IpAddr::is_loopback), "{local:?}");
    }
}
