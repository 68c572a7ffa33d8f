//! The name servers that the settings or the system name: asked one after the
//! other, so that the first good answer counts and none is waited for alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use hickory_proto::rr::Name;
use tokio::time::{Instant, sleep_until};

use super::exchange::Failure;
use super::failures::{Failures, explain};
use super::health::Admission;
use super::lookup::{Answer, Lookup, LookupError, Question, RecordType};
use super::message::Response;
use super::name::name_of;
use super::reading::{self, Reading};
use super::resolver::Settings;
use super::server::{PATIENCE, Query, Server};
use super::system::{self, System};

/// How long one try may take, where nobody says otherwise.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How many tries a look-up has, where nobody says otherwise.
const ATTEMPTS: u32 = 2;

/// No setting makes a look-up longer; keeps the arithmetic of time in bounds.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Asks the servers of the settings.
#[derive(Debug)]
pub(super) struct NameServers {
    settings: Settings,
    pool: OnceLock<Result<Pool, LookupError>>,
}

/// The servers, and how they are to be asked.
#[derive(Debug)]
struct Pool {
    servers: Vec<Arc<Server>>,
    timeout: Duration,
    attempts: u32,
    rotate: bool,
    /// The server to begin with: the one that answered last.
    first: AtomicUsize,
}

/// How a question is put to servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// They are to find the answer.
    Resolve,
    /// The same, and not to check DNSSEC.
    Unchecked,
    /// Only those that are the zone's own are to answer, out of what they hold.
    Authoritative,
}

impl NameServers {
    pub(super) fn new(settings: Settings) -> NameServers {
        NameServers {
            settings,
            pool: OnceLock::new(),
        }
    }

    fn pool(&self) -> Result<&Pool, LookupError> {
        let pool = match self.pool.get() {
            Some(pool) => pool,
            None => match Pool::new(&self.settings) {
                // Passes, so it is not remembered.
                Err(LookupError::NoFiles(cause)) => return Err(LookupError::NoFiles(cause)),
                pool => self.pool.get_or_init(|| pool),
            },
        };
        pool.as_ref().map_err(LookupError::clone)
    }

    /// What a server of the settings knows by itself, being one of the zone's own.
    /// Others are not made to look for it, so that they do not remember that it is
    /// missing. Aliases are looked up: somebody else's names.
    pub(super) async fn look_up_held(&self, question: &Question) -> Result<Answer, LookupError> {
        self.follow(question, Manner::Authoritative).await
    }

    /// Asks, and asks for the names that the name is an alias of.
    async fn follow(&self, question: &Question, first: Manner) -> Result<Answer, LookupError> {
        let pool = self.pool()?;
        let mut name = name_of(&question.name)?;
        let mut aliases = Vec::new();
        let mut manner = first;
        loop {
            match pool
                .ask(&name, question.record_type, manner, &aliases)
                .await?
            {
                Reading::Answer(answer) => return Ok(answer),
                Reading::Alias(names) => {
                    name = names.last().cloned().unwrap_or(name);
                    aliases = names;
                    manner = Manner::Resolve;
                }
                Reading::Referral(_) => return Err(refers()),
            }
        }
    }
}

impl Lookup for NameServers {
    type Found = Answer;

    async fn look_up(&self, question: &Question) -> Result<Answer, LookupError> {
        self.follow(question, Manner::Resolve).await
    }
}

impl Pool {
    fn new(settings: &Settings) -> Result<Pool, LookupError> {
        let system = match settings.nameservers.as_slice() {
            [] => system::read()?,
            servers => System {
                servers: servers.to_vec(),
                ..System::default()
            },
        };
        if system.servers.is_empty() {
            let reason = "none is configured".to_owned();
            return Err(LookupError::NoSystemConfig(reason));
        }
        let timeout = settings.timeout.or(system.timeout).unwrap_or(TIMEOUT);
        let attempts = settings.attempts.or(system.attempts).unwrap_or(ATTEMPTS);
        let servers = system.servers.iter();
        Ok(Pool {
            servers: servers
                .map(|&address| Server::new(address, system.tcp))
                .collect(),
            timeout: timeout.min(LONGEST),
            attempts: attempts.max(1),
            rotate: system.rotate,
            first: AtomicUsize::new(0),
        })
    }

    /// What the servers say of one name; `aliases` led to it.
    async fn ask(
        &self,
        name: &Name,
        record_type: RecordType,
        manner: Manner,
        aliases: &[Name],
    ) -> Result<Reading, LookupError> {
        let asking = Asking {
            pool: self,
            name,
            record_type,
            aliases,
            began: Instant::now(),
        };
        if manner == Manner::Authoritative {
            let servers: Vec<usize> = self.in_turn().collect();
            return asking
                .round(&servers, manner)
                .await
                .map_err(Failures::worst);
        }
        let mut servers = self.admitted(asking.began).await;
        if servers.is_empty() {
            return Err(LookupError::Suspended);
        }
        let mut failures = Failures::default();
        for _ in 0..self.attempts {
            match asking.round(&servers, manner).await {
                Ok(reading) => return Ok(reading),
                Err(round) => {
                    // What a server has said once, it would say again.
                    servers = round.silent();
                    failures.merge(round);
                }
            }
            if servers.is_empty() || asking.began.elapsed() >= LONGEST {
                break;
            }
        }
        match failures.servfail() {
            Some((server, reason)) => asking.explain_servfail(server, reason).await,
            None => Err(failures.worst()),
        }
    }

    /// The servers, the one to begin with in front.
    fn in_turn(&self) -> impl Iterator<Item = usize> {
        let first = match self.rotate {
            true => self.first.fetch_add(1, Ordering::Relaxed),
            false => self.first.load(Ordering::Relaxed),
        };
        let count = self.servers.len();
        (0..count).map(move |index| first.wrapping_add(index) % count)
    }

    /// Those that are not silent.
    async fn admitted(&self, began: Instant) -> Vec<usize> {
        let mut admitted = Vec::new();
        let mut on_trial = Vec::new();
        for index in self.in_turn() {
            match self.servers[index].admission() {
                Admission::Yes => admitted.push(index),
                Admission::OnTrial => on_trial.push(index),
                Admission::No => {}
            }
        }
        if admitted.is_empty() {
            // The only hope, so it is waited for.
            let trials = on_trial.iter().map(|&index| async move {
                let heard = self.servers[index].try_out(began, self.timeout).await;
                heard.then_some(index)
            });
            return join_all(trials).await.into_iter().flatten().collect();
        }
        for index in on_trial {
            let (server, within) = (Arc::clone(&self.servers[index]), self.timeout);
            tokio::spawn(async move { server.try_out(began, within).await });
        }
        admitted
    }
}

/// One name that is asked for.
#[derive(Clone, Copy)]
struct Asking<'a> {
    pool: &'a Pool,
    name: &'a Name,
    record_type: RecordType,
    aliases: &'a [Name],
    began: Instant,
}

impl Asking<'_> {
    /// Asks each of the servers once: the next when one fails, or has not answered
    /// for a while and goes on.
    async fn round(&self, servers: &[usize], manner: Manner) -> Result<Reading, Failures> {
        let pool = self.pool;
        let gap = PATIENCE.min(pool.timeout / u32::try_from(servers.len()).unwrap_or(u32::MAX));
        let begin = Instant::now();
        let mut next = begin;
        let mut waiting = servers.iter().copied();
        let mut under_way = FuturesUnordered::new();
        let mut failures = Failures::default();
        loop {
            tokio::select! {
                Some((server, result)) = under_way.next() => match result {
                    Ok(reading) => {
                        if !pool.rotate {
                            pool.first.store(server, Ordering::Relaxed);
                        }
                        return Ok(reading);
                    }
                    Err(failure) => {
                        failures.push(server, failure);
                        next = Instant::now();
                    }
                },
                () = sleep_until(next), if waiting.len() > 0 => {
                    let Some(server) = waiting.next() else { continue };
                    let now = Instant::now();
                    next = now + gap;
                    let within = pool.timeout.saturating_sub(now - begin).max(gap);
                    under_way.push(async move { (server, self.one(server, manner, within).await) });
                }
                else => return Err(failures),
            }
        }
    }

    async fn one(
        &self,
        server: usize,
        manner: Manner,
        within: Duration,
    ) -> Result<Reading, LookupError> {
        let server = &self.pool.servers[server];
        let query = Query {
            name: self.name,
            record_type: self.record_type,
            recursion: manner != Manner::Authoritative,
            checking_disabled: manner == Manner::Unchecked,
            began: self.began,
        };
        let result = match manner {
            Manner::Resolve => server.ask(query, within).await,
            Manner::Unchecked | Manner::Authoritative => server.ask_once(query, within).await,
        };
        let response = result.map_err(|failure| self.explain(server, failure))?;
        if manner == Manner::Authoritative && !response.authoritative {
            let reason = "the name server is none of the zone's own";
            return Err(LookupError::Other(reason.to_owned()));
        }
        self.read(&response)
    }

    fn read(&self, response: &Response) -> Result<Reading, LookupError> {
        match reading::read(response, self.name, self.record_type, self.aliases)? {
            // Another server may resolve names.
            Reading::Referral(_) => Err(refers()),
            reading => Ok(reading),
        }
    }

    fn explain(&self, server: &Server, failure: Failure) -> LookupError {
        let within = self.pool.timeout.saturating_mul(self.pool.attempts);
        explain(server, failure, within.min(LONGEST))
    }

    /// SERVFAIL is what a resolver says of a zone whose DNSSEC is broken too; then
    /// it answers who does not want to have it checked. It may as well have passed
    /// meanwhile.
    async fn explain_servfail(
        &self,
        server: usize,
        reason: Option<String>,
    ) -> Result<Reading, LookupError> {
        let within = self.pool.timeout;
        if self.one(server, Manner::Unchecked, within).await.is_err() {
            return Err(LookupError::ServFail(reason));
        }
        match self.one(server, Manner::Resolve, within).await {
            Err(LookupError::ServFail(_)) => Err(LookupError::Dnssec {
                name: reading::shown(self.name),
                reason,
            }),
            result => result,
        }
    }
}

fn refers() -> LookupError {
    let reason = "the name server only refers to others and does not resolve names";
    LookupError::Other(reason.to_owned())
}

#[cfg(test)]
mod tests;
