//! One name server: asked at its pace, left alone while it is silent, and without
//! EDNS if it does not know it, or for a while if it is silent to that.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::select_ok;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{self, Name};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::exchange::{Exchange, Failure};
use super::health::{Admission, Health};
use super::lookup::RecordType;
use super::message::{Manner, Response};
use super::pace::{Pace, TurnedAway};
use super::reading::wire_type;

/// So many questions with EDNS that stay without an answer in a row, where those
/// without get one, are no loss of packets.
const SWALLOWED: u32 = 2;

/// How long a server that swallows EDNS is asked without.
const PLAIN: Duration = Duration::from_secs(5 * 60);

/// After so long without an answer, or a quarter of the time, something seems to
/// be wrong.
pub(super) const PATIENCE: Duration = Duration::from_millis(400);

#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    /// Not over UDP at all.
    tcp: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    health: Health,
    pace: Pace,
    /// Whether it speaks EDNS, once that is known.
    edns: Option<bool>,
    /// Questions with EDNS that it was silent to, in a row.
    swallowed: u32,
    /// Until when it is asked without EDNS, being silent to it.
    plain_until: Option<Instant>,
    /// The last question that it has answered.
    answered: Option<(Name, rr::RecordType)>,
}

/// A question to a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'a> {
    pub(super) name: &'a Name,
    pub(super) record_type: RecordType,
    /// The server is to find the answer, not only to look at what it holds.
    pub(super) recursion: bool,
    /// The server is not to check DNSSEC.
    pub(super) checking_disabled: bool,
    /// When the look-up began that needs it.
    pub(super) began: Instant,
}

impl Server {
    pub(super) fn new(address: SocketAddr, tcp: bool) -> Arc<Server> {
        Arc::new(Server {
            address,
            tcp,
            state: Mutex::default(),
        })
    }

    fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a look-up may ask it.
    pub(super) fn admission(&self) -> Admission {
        self.state(|state| state.health.admission(Instant::now()))
    }

    /// Asks as often as the server turns the question away under load, each time
    /// for `within` at most.
    pub(super) async fn ask(
        self: &Arc<Server>,
        query: Query<'_>,
        within: Duration,
    ) -> Result<Response, Failure> {
        for tries in 1.. {
            sleep_until(self.state(|state| state.pace.turn(Instant::now()))).await;
            let result = self.ask_once(query, within).await;
            let now = Instant::now();
            let again = self.state(|state| {
                let how = match &result {
                    Ok(response) if response.code == ResponseCode::Refused => TurnedAway::Refused,
                    Err(Failure::Silence) => TurnedAway::Lost,
                    Ok(_) => {
                        state.pace.answered(now);
                        return None;
                    }
                    Err(_) => return None,
                };
                state.pace.turned_away(how, tries, now)
            });
            match again {
                Some(wait) => sleep(wait).await,
                None => return result,
            }
        }
        Err(Failure::Silence)
    }

    /// Asks once, and lets the server be tried if nothing is heard of it.
    pub(super) async fn ask_once(
        self: &Arc<Server>,
        query: Query<'_>,
        within: Duration,
    ) -> Result<Response, Failure> {
        let record_type = wire_type(query.record_type);
        let manner = Manner {
            edns: self.state(|state| state.asks_with_edns(Instant::now())),
            recursion: query.recursion,
            checking_disabled: query.checking_disabled,
        };
        let exchange = self.exchange(query.name, record_type, manner);
        let mut exchange = std::pin::pin!(exchange.run(Instant::now() + within));
        let result = match timeout(PATIENCE.min(within / 4), &mut exchange).await {
            Ok(result) => result,
            Err(_) => {
                self.doubt(query.began, within);
                exchange.await
            }
        };
        if let Ok(response) = &result {
            let question = (query.name.clone(), record_type);
            self.state(|state| state.hear(response, question));
        }
        result
    }

    fn exchange<'a>(
        &self,
        name: &'a Name,
        record_type: rr::RecordType,
        manner: Manner,
    ) -> Exchange<'a> {
        Exchange {
            server: self.address,
            name,
            record_type,
            manner,
            tcp: self.tcp,
        }
    }

    /// Begins a trial, if nothing was heard since `began`.
    fn doubt(self: &Arc<Server>, began: Instant, within: Duration) {
        if self.state(|state| state.health.doubts(began)) {
            let server = Arc::clone(self);
            // Whoever waits for an answer may leave; the trial is for all.
            tokio::spawn(async move { server.try_out(began, within).await });
        }
    }

    /// A trial, which a doubt or an admission has called for: whether anything is
    /// heard since `began`. Takes less than `within`, so that those who wait for
    /// an answer know it before the next ones ask.
    pub(super) async fn try_out(&self, began: Instant, within: Duration) -> bool {
        // Some resolvers drop questions about the root, of which attackers are fond: what
        // this one has answered before, it answers again.
        let root = (Name::root(), rr::RecordType::NS);
        let answered = self.state(|state| state.answered.clone());
        let questions = [Some(root), answered];
        let end = Instant::now() + within * 5 / 8;
        let plain = Manner {
            edns: false,
            recursion: true,
            checking_disabled: false,
        };
        let asked = questions.iter().flatten().map(|(name, record_type)| {
            let exchange = self.exchange(name, *record_type, plain);
            Box::pin(exchange.run(end))
        });
        let heard = select_ok(asked).await.is_ok();
        let now = Instant::now();
        self.state(|state| {
            if heard {
                state.health.heard(now);
            }
            state.health.tried(began, now)
        })
    }
}

impl State {
    fn asks_with_edns(&self, now: Instant) -> bool {
        self.edns != Some(false) && self.plain_until.is_none_or(|until| now >= until)
    }

    fn hear(&mut self, response: &Response, question: (Name, rr::RecordType)) {
        let now = Instant::now();
        self.health.heard(now);
        if response.silent_to_edns && self.edns.is_none() {
            self.swallowed += 1;
            if self.swallowed >= SWALLOWED {
                self.plain_until = Some(now + PLAIN);
            }
        }
        let answered = matches!(
            response.code,
            ResponseCode::NoError | ResponseCode::NXDomain
        );
        if answered {
            self.answered = Some(question);
        }
        match response.edns {
            Some(true) => self.edns = Some(true),
            Some(false) if answered && self.edns.is_none() => self.edns = Some(false),
            _ => {}
        }
    }
}
