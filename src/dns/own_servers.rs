//! The name servers of a zone itself: what they hold now, whatever resolvers
//! remember of what was.
//!
//! Resolvers find them: where the zone begins (its SOA), its servers (NS), their
//! addresses. They are then asked directly, without anybody remembering that.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::cache::{Cache, Freshness};
use super::failures::explain;
use super::gate::in_flight;
use super::health::Admission;
use super::lookup::{Answer, Lookup, LookupError, Question, RecordType, Records};
use super::name::name_of;
use super::reading::{self, Reading, Referral};
use super::server::{Query, Server};

/// How long an own server may take: half around the world, twice.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The most servers of a zone that are asked. Few zones have more than four.
const SERVERS: usize = 6;

/// The most addresses of one server that are tried, one after the other.
const ADDRESSES: usize = 2;

/// What one of a zone's own servers says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opinion {
    /// Its name, without final dot.
    pub(super) server: String,
    pub(super) answer: Answer,
}

/// What all that answer say; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opinions {
    /// The zone, without final dot.
    pub(super) zone: String,
    pub(super) servers: Vec<Opinion>,
}

/// Asks the own servers of zones, which `R` finds.
#[derive(Debug)]
pub(super) struct OwnServers<R: Lookup> {
    resolver: Arc<Cache<R>>,
    port: u16,
    places: Semaphore,
    servers: Mutex<HashMap<SocketAddr, Arc<Server>>>,
    /// Whether any of them has ever answered.
    heard: AtomicBool,
    /// The zones whose servers were all silent before any of another one has answered:
    /// from two on, the network lets no question through to such servers.
    silent: Mutex<HashSet<String>>,
}

/// A server of a zone, by its name, and where it is.
type Located = (String, Vec<IpAddr>);

impl<R: Lookup<Found = Answer>> OwnServers<R> {
    /// `port` is where they listen.
    pub(super) fn new(resolver: Arc<Cache<R>>, port: u16) -> OwnServers<R> {
        OwnServers {
            resolver,
            port,
            places: Semaphore::new(in_flight().div_ceil(4)),
            servers: Mutex::default(),
            heard: AtomicBool::new(false),
            silent: Mutex::default(),
        }
    }

    /// What they hold, the zone being found without asking resolvers for the name:
    /// `above` is a name that the name is under and that exists.
    pub(super) async fn look_up_below(
        &self,
        question: &Question,
        above: &str,
    ) -> Result<Opinions, LookupError> {
        let apex = self.apex(above).await?;
        self.ask(question, apex).await
    }

    /// The zone that holds `name`, as far as resolvers know.
    async fn apex(&self, name: &str) -> Result<String, LookupError> {
        let mut name = name;
        loop {
            let soa = Question::new(name, RecordType::Soa);
            let answer = self.resolver.look_up(soa, Freshness::Cached).await?;
            match answer.zone {
                Some(zone) if answer.aliases.is_empty() => return Ok(zone),
                _ => {}
            }
            // A resolver that tells no SOA of what is missing.
            (_, name) = name.split_once('.').ok_or_else(unknown)?;
        }
    }

    /// The zone of a question that a resolver has been asked.
    async fn apex_of(&self, question: &Question) -> Result<String, LookupError> {
        let answer = self
            .resolver
            .look_up(question.clone(), Freshness::Cached)
            .await?;
        match (answer.zone, answer.aliases.is_empty()) {
            (Some(zone), true) => Ok(zone),
            (None, true) => self.apex(&question.name).await,
            // The zone is that of the alias's target.
            (_, false) => {
                let (_, parent) = question.name.split_once('.').ok_or_else(unknown)?;
                self.apex(parent).await
            }
        }
    }

    async fn ask(&self, question: &Question, apex: String) -> Result<Opinions, LookupError> {
        // Everybody's servers know nothing of a domain.
        if apex == "." {
            return Err(unknown());
        }
        let zone = Question::new(&apex, RecordType::Ns);
        let names = match self
            .resolver
            .look_up(zone, Freshness::Cached)
            .await?
            .records
        {
            Records::Ns(names) => names,
            _ => Vec::new(),
        };
        let servers: Vec<Located> = join_all(names.into_iter().take(SERVERS).map(|name| async {
            let addresses = self.addresses(&name).await;
            (name, addresses)
        }))
        .await;
        let readings = self.readings(question, &apex, servers).await?;
        let referred = readings.iter().find_map(|(_, reading)| match reading {
            Reading::Referral(referral) => Some(referral),
            _ => None,
        });
        let readings = match referred {
            Some(referral) if is_below(&referral.zone, &apex) => {
                let servers = self.located(referral).await;
                self.readings(question, &referral.zone, servers).await?
            }
            _ => readings,
        };
        let opinions = readings.into_iter().map(|(server, reading)| async {
            let answer = self.whole(question, reading).await?;
            Some(Opinion { server, answer })
        });
        let servers: Vec<Opinion> = join_all(opinions).await.into_iter().flatten().collect();
        match servers.is_empty() {
            true => Err(unknown()),
            false => Ok(Opinions {
                zone: apex,
                servers,
            }),
        }
    }

    /// The answer, with what resolvers know of a name in somebody else's zone.
    async fn whole(&self, question: &Question, reading: Reading) -> Option<Answer> {
        match reading {
            Reading::Answer(answer) => Some(answer),
            Reading::Alias(names) => {
                let names: Vec<String> = names.iter().map(reading::shown).collect();
                let target = Question::new(names.last()?, question.record_type);
                let mut answer = self
                    .resolver
                    .look_up(target, Freshness::Cached)
                    .await
                    .ok()?;
                answer.aliases.splice(..0, names);
                Some(answer)
            }
            Reading::Referral(_) => None,
        }
    }

    /// The servers of a referral: with the addresses that came along, or those that
    /// resolvers know.
    async fn located(&self, referral: &Referral) -> Vec<Located> {
        let servers = referral.servers.iter().take(SERVERS);
        join_all(servers.map(|(name, along)| async move {
            let addresses = match along.is_empty() {
                true => self.addresses(name).await,
                false => along.clone(),
            };
            (name.clone(), addresses)
        }))
        .await
    }

    /// Its addresses, IPv4 first: where one of the two is out of reach, that is
    /// known at once.
    async fn addresses(&self, server: &str) -> Vec<IpAddr> {
        let types = [RecordType::A, RecordType::Aaaa];
        let answers = types.map(|record_type| {
            let question = Question::new(server, record_type);
            self.resolver.look_up(question, Freshness::Cached)
        });
        let answers = join_all(answers).await.into_iter().flatten();
        answers.flat_map(Answer::addresses).collect()
    }

    /// What each server of a zone says. An error where none can be reached; and for
    /// good, where none of any zone ever was.
    async fn readings(
        &self,
        question: &Question,
        zone: &str,
        servers: Vec<Located>,
    ) -> Result<Vec<(String, Reading)>, LookupError> {
        let name = name_of(&question.name)?;
        // The semaphore is never closed; without a place it is still bounded by
        // the callers.
        let _place = self.places.acquire().await.ok();
        if self.is_closed() {
            return Err(LookupError::Suspended);
        }
        let query = Query {
            name: &name,
            record_type: question.record_type,
            recursion: false,
            checking_disabled: false,
            began: Instant::now(),
        };
        let asked = servers
            .iter()
            .map(|(_, addresses)| self.one(query, addresses));
        let results: Vec<_> = join_all(asked).await;
        let mut readings = Vec::new();
        let mut failure = None;
        for ((server, _), result) in servers.into_iter().zip(results) {
            match result {
                Ok(Some(reading)) => readings.push((server, reading)),
                // It serves other zones, as far as it is concerned.
                Ok(None) => failure = Some(unknown()),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(LookupError::Timeout(_) | LookupError::NoConnection(_)) = failure
            && readings.is_empty()
        {
            self.silent().insert(zone.to_owned());
        }
        match failure {
            Some(failure) if readings.is_empty() => Err(failure),
            _ => Ok(readings),
        }
    }

    /// What one server says; `None`: nothing that it would know by itself.
    async fn one(
        &self,
        query: Query<'_>,
        addresses: &[IpAddr],
    ) -> Result<Option<Reading>, LookupError> {
        let mut failure = unknown();
        for address in addresses.iter().take(ADDRESSES) {
            let server = self.server((*address, self.port).into());
            if server.admission() == Admission::No {
                failure = LookupError::Suspended;
                continue;
            }
            match server.ask_once(query, TIMEOUT).await {
                Ok(response) => {
                    self.heard.store(true, Ordering::Relaxed);
                    let reading = reading::read(&response, query.name, query.record_type, &[]);
                    let own = response.authoritative;
                    return Ok(reading
                        .ok()
                        .filter(|reading| own || matches!(reading, Reading::Referral(_))));
                }
                Err(error) => failure = explain(&server, error, TIMEOUT),
            }
            if !matches!(failure, LookupError::NoConnection(_)) {
                break;
            }
        }
        Err(failure)
    }

    /// Whether the network seems to let no question through.
    fn is_closed(&self) -> bool {
        !self.heard.load(Ordering::Relaxed) && self.silent().len() > 1
    }

    fn silent(&self) -> MutexGuard<'_, HashSet<String>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn server(&self, address: SocketAddr) -> Arc<Server> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let server = servers.entry(address);
        Arc::clone(server.or_insert_with(|| Server::new(address, false)))
    }
}

impl<R: Lookup<Found = Answer>> Lookup for OwnServers<R> {
    type Found = Opinions;

    /// What they hold of a question that resolvers were asked before.
    async fn look_up(&self, question: &Question) -> Result<Opinions, LookupError> {
        let apex = self.apex_of(question).await?;
        self.ask(question, apex).await
    }
}

/// Whether a zone begins below another.
fn is_below(zone: &str, apex: &str) -> bool {
    zone.strip_suffix(apex)
        .is_some_and(|labels| labels.ends_with('.'))
}

fn unknown() -> LookupError {
    LookupError::Other("the zone's own name servers are not known".to_owned())
}

#[cfg(test)]
mod tests;
