//! Asks the name servers. The only place of hickory.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{self, Name, RData, Record};
use hickory_resolver::system_conf::read_system_conf;
use tokio::time::{Instant, sleep, timeout_at};

use super::lookup::{Answer, Lookup, LookupError, Question, RecordType};
use super::resolver::Settings;
use crate::machine;
use crate::mail_from::{Mx, Txt, presentation};

/// No setting makes a look-up longer; keeps the arithmetic of time in bounds.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Between attempts to open a socket while the process has too many files open.
const FILES_RETRY: Duration = Duration::from_millis(50);

/// The servers of the settings, each with a resolver of its own: hickory takes
/// the first answer of any, also a refusal, where another would know better.
#[derive(Debug)]
pub(super) struct NameServers {
    settings: Settings,
    servers: OnceLock<Result<Vec<Server>, LookupError>>,
    /// The server to begin with: the one after the last that failed.
    first: AtomicUsize,
}

struct Server(TokioResolver);

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

impl NameServers {
    pub(super) fn new(mut settings: Settings) -> NameServers {
        settings.timeout = settings.timeout.min(LONGEST);
        settings.attempts = settings.attempts.max(1);
        NameServers {
            settings,
            servers: OnceLock::new(),
            first: AtomicUsize::new(0),
        }
    }

    fn servers(&self) -> Result<&[Server], LookupError> {
        let servers = match self.servers.get() {
            Some(servers) => servers,
            None => match connect(&self.settings) {
                // Passes, so it is not remembered.
                Err(LookupError::NoFiles(cause)) => return Err(LookupError::NoFiles(cause)),
                servers => self.servers.get_or_init(|| servers),
            },
        };
        servers.as_deref().map_err(LookupError::clone)
    }
}

impl Lookup for NameServers {
    async fn look_up(&self, question: &Question) -> Result<Answer, LookupError> {
        let mut name = Name::from_ascii(&question.name).map_err(other)?;
        name.set_fqdn(true);
        let servers = self.servers()?;
        let Settings {
            timeout, attempts, ..
        } = self.settings;
        let within = timeout.saturating_mul(attempts).min(LONGEST);
        let end = Instant::now() + within;
        let tries = servers.len().max(attempts as usize);
        let first = self.first.load(Ordering::Relaxed);
        let mut silent = false;
        let mut failure = None;
        for index in (first..first + tries).map(|index| index % servers.len()) {
            let try_end = end.min(Instant::now() + timeout);
            let asked = servers[index].ask(&name, question.record_type, try_end);
            match timeout_at(try_end, asked).await {
                Ok(Ok(answer)) => return Ok(answer),
                Err(_) | Ok(Err(NetError::Timeout)) => silent = true,
                Ok(Err(error)) => failure = Some(explain(error)),
            }
            // The next look-up shall not wait for the same server first.
            let next = (index + 1) % servers.len();
            self.first.store(next, Ordering::Relaxed);
            if Instant::now() >= end {
                break;
            }
        }
        // Silence is what costs the time, so it is what the gate must know of.
        match failure {
            Some(failure) if !silent => Err(failure),
            _ => Err(LookupError::Timeout(within)),
        }
    }
}

impl Server {
    /// Asks as soon as the process may open a socket, unless that is not before
    /// `end`: the look-ups under way give theirs back.
    async fn ask(
        &self,
        name: &Name,
        record_type: RecordType,
        end: Instant,
    ) -> Result<Answer, NetError> {
        loop {
            match self.ask_now(name, record_type).await {
                Err(error)
                    if file_shortage(&error).is_some() && Instant::now() + FILES_RETRY < end =>
                {
                    sleep(FILES_RETRY).await;
                }
                result => return result,
            }
        }
    }

    /// The name is absolute, so no search domain is tried.
    async fn ask_now(&self, name: &Name, record_type: RecordType) -> Result<Answer, NetError> {
        let asked_for = match record_type {
            RecordType::Mx => rr::RecordType::MX,
            RecordType::Txt => rr::RecordType::TXT,
            RecordType::Cname => rr::RecordType::CNAME,
            RecordType::A => rr::RecordType::A,
        };
        // "No such name" and "no such record" are answers; a mere referral to
        // other servers is none.
        let lookup = match self.0.lookup(name.clone(), asked_for).await {
            Ok(lookup) => Some(lookup),
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) if !is_referral(&none) => None,
            Err(error) => return Err(error),
        };
        let mut records = lookup.iter().flat_map(|lookup| lookup.answers());
        Ok(match record_type {
            RecordType::Mx => Answer::Mx(records.filter_map(mx).collect()),
            RecordType::Txt => Answer::Txt(records.filter_map(txt).collect()),
            RecordType::Cname => Answer::Cname(records.find_map(cname)),
            RecordType::A => {
                Answer::Address(records.any(|record| matches!(record.data, RData::A(_))))
            }
        })
    }
}

fn connect(settings: &Settings) -> Result<Vec<Server>, LookupError> {
    let configs = match settings.nameservers.as_slice() {
        [] => {
            let (config, _) = read_system_conf().map_err(|error| match file_shortage(&error) {
                Some(cause) => LookupError::NoFiles(cause),
                None => LookupError::NoSystemConfig(printable(&error)),
            })?;
            config.name_servers().to_vec()
        }
        addresses => addresses.iter().copied().map(udp_and_tcp).collect(),
    };
    if configs.is_empty() {
        let reason = "none is configured".to_owned();
        return Err(LookupError::NoSystemConfig(reason));
    }
    let mut options = ResolverOpts::default();
    options.attempts = 0; // Retries are ours.
    options.cache_size = 0; // So is the cache.
    options.edns0 = true; // Answers over 512 octets without a turn to TCP.
    options.max_active_requests = 256; // Above what the gate lets through.
    options.timeout = settings.timeout;
    options.use_hosts_file = ResolveHosts::Never;
    let servers = configs.into_iter().map(|server| {
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options.clone())
            .build()
            .map(Server)
            .map_err(other)
    });
    servers.collect()
}

/// UDP, and TCP for what is truncated.
fn udp_and_tcp(address: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.to_vec())
}

fn is_referral(none: &NoRecords) -> bool {
    none.soa.is_none() && none.ns.is_some() && none.response_code == ResponseCode::NoError
}

// The answers hold the CNAME records on the way too, which these pass over.

fn mx(record: &Record) -> Option<Mx> {
    match &record.data {
        RData::MX(mx) => Some(Mx {
            preference: mx.preference,
            exchange: shown(&mx.exchange),
        }),
        _ => None,
    }
}

fn txt(record: &Record) -> Option<Txt> {
    match &record.data {
        RData::TXT(txt) => Some(Txt::from_strings(&txt.txt_data)),
        _ => None,
    }
}

fn cname(record: &Record) -> Option<String> {
    match &record.data {
        RData::CNAME(target) => Some(shown(&target.0)),
        _ => None,
    }
}

/// The presentation form, in which a dot inside a label is no separator.
fn shown(name: &Name) -> String {
    let labels = name
        .iter()
        .map(|label| presentation(label).replace('.', r"\."));
    match labels.collect::<Vec<_>>().join(".") {
        root if root.is_empty() => ".".to_owned(),
        name => name,
    }
}

/// hickory does not name an error of the system as its source.
fn file_shortage(error: &NetError) -> Option<String> {
    match error {
        NetError::Io(error) => machine::file_shortage(&**error),
        _ => None,
    }
}

fn explain(error: NetError) -> LookupError {
    if let Some(cause) = file_shortage(&error) {
        return LookupError::NoFiles(cause);
    }
    match error {
        NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail)) => LookupError::ServFail,
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => LookupError::Refused,
        NetError::Dns(DnsError::NoRecordsFound(_)) => {
            let reason = "the name server only refers to others and does not resolve names";
            LookupError::Other(reason.to_owned())
        }
        NetError::Io(error) => LookupError::NoConnection(printable(&error)),
        NetError::NoConnections => LookupError::NoConnection(printable(&error)),
        error => other(error),
    }
}

fn other(error: impl std::fmt::Display) -> LookupError {
    LookupError::Other(printable(&error))
}

fn printable(error: &impl std::fmt::Display) -> String {
    presentation(error.to_string().as_bytes())
}
