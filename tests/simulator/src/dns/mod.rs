//! An authoritative DNS server whose one zone is the root: every name asked for
//! is answered from what has been set, and from what Amazon publishes, as existing
//! or as not. Wildcards work.

mod amazon;
mod limit;
mod responder;
mod zone;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_server::Server;
use hickory_server::proto::rr::{Name, RData, RecordType, rdata};
use hickory_server::proto::serialize::txt::Parser;
use hickory_server::server::RequestHandler;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::clock::Clock;
use responder::Responder;
use zone::Zone;

/// The simulator's DNS. Clones share it; every change takes effect with the
/// next query. A name is taken with or without its final dot.
#[derive(Clone, Debug)]
pub struct Dns {
    zone: Arc<Mutex<Zone>>,
}

/// How a name, or the whole server, answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// From the zone.
    #[default]
    Normal,
    /// With SERVFAIL.
    #[serde(rename = "servfail")]
    ServFail,
    /// With REFUSED.
    Refused,
    /// Not at all, neither over UDP nor over TCP.
    Silent,
    /// From the zone, after a while.
    Delay {
        /// The while, in milliseconds.
        delay_ms: u64,
    },
    /// Truncated and empty over UDP, from the zone over TCP.
    TruncateUdp,
}

/// The types of records that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are DNS's own")]
pub enum RecordKind {
    Mx,
    Txt,
    Cname,
    A,
}

/// A query that reached the server. SES's own look-ups are not among them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Query {
    /// When it arrived, in milliseconds since the start.
    pub at_ms: f64,
    /// The name in lower case, without its final dot.
    pub name: String,
    /// The type, such as `MX`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it came over TCP.
    pub tcp: bool,
}

/// A record set as it was set, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordSet {
    /// The name, without its final dot.
    pub name: String,
    /// The type, such as `MX`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The records' data in zone-file form.
    pub records: Vec<String>,
}

/// A record cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// Not a domain name.
    #[error("{name:?} is not a domain name: {reason}")]
    Name {
        /// What was given.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A character-string of a TXT record holds at most 255 octets (RFC 1035, 3.3).
    #[error("a character-string of {0} octets is too long: 255 at most")]
    CharacterString(usize),
    /// Not the text of a zone file (RFC 1035, section 5).
    #[error("this is no zone file: {0}")]
    ZoneFile(String),
}

impl Dns {
    pub(crate) fn new() -> Self {
        Self {
            zone: Arc::default(),
        }
    }

    fn zone(&self) -> MutexGuard<'_, Zone> {
        self.zone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the MX records of `name`: preferences and exchanges. An exchange may
    /// hold what no host name has, such as a space.
    pub fn set_mx(&self, name: &str, records: &[(u16, &str)]) -> Result<(), RecordError> {
        let records = records
            .iter()
            .map(|(preference, exchange)| {
                Ok(RData::MX(rdata::MX::new(*preference, parse_any(exchange)?)))
            })
            .collect::<Result<_, RecordError>>()?;
        self.set(name, RecordType::MX, records)
    }

    /// Replaces the TXT records of `name`. A text longer than 255 octets is
    /// split into character-strings.
    pub fn set_txt<T: AsRef<[u8]>>(&self, name: &str, records: &[T]) -> Result<(), RecordError> {
        let records: Vec<_> = records
            .iter()
            .map(|text| character_strings(text.as_ref()))
            .collect();
        self.set_txt_strings(name, &records)
    }

    /// Replaces the TXT records of `name`, each given by its character-strings
    /// of any bytes.
    pub fn set_txt_strings<S: AsRef<[u8]>>(
        &self,
        name: &str,
        records: &[Vec<S>],
    ) -> Result<(), RecordError> {
        let records = records
            .iter()
            .map(|strings| {
                let strings: Vec<&[u8]> = strings.iter().map(AsRef::as_ref).collect();
                match strings.iter().find(|string| string.len() > 255) {
                    Some(string) => Err(RecordError::CharacterString(string.len())),
                    None => Ok(RData::TXT(rdata::TXT::from_bytes(strings))),
                }
            })
            .collect::<Result<_, RecordError>>()?;
        self.set(name, RecordType::TXT, records)
    }

    /// Makes `name` an alias. Other records of it, if any, still answer their
    /// own type.
    pub fn set_cname(&self, name: &str, target: &str) -> Result<(), RecordError> {
        let target = rdata::CNAME(parse(target)?);
        self.set(name, RecordType::CNAME, vec![RData::CNAME(target)])
    }

    /// Replaces the A records of `name`.
    pub fn set_a(&self, name: &str, addresses: &[Ipv4Addr]) -> Result<(), RecordError> {
        let records = addresses
            .iter()
            .map(|address| RData::A((*address).into()))
            .collect();
        self.set(name, RecordType::A, records)
    }

    /// Replaces the records that the text of a zone file is about; its names are absolute.
    pub fn load(&self, zone_file: &str) -> Result<(), RecordError> {
        let parsed = Parser::new(zone_file, None, Some(Name::root())).parse();
        let (_, sets) = parsed.map_err(|error| RecordError::ZoneFile(error.to_string()))?;
        for set in sets.into_values() {
            let records = set.records_without_rrsigs();
            let data = records.map(|record| record.data.clone()).collect();
            self.zone().set(set.name(), set.record_type(), data);
        }
        Ok(())
    }

    /// Lets a zone begin at `name`: its own servers, by their names and addresses,
    /// and for how many seconds resolvers may remember that something is missing.
    pub fn set_zone(
        &self,
        name: &str,
        negative_ttl: u32,
        servers: &[(&str, Ipv4Addr)],
    ) -> Result<(), RecordError> {
        let apex = parse(name)?;
        let mut records = Vec::new();
        for (server, address) in servers {
            records.push(RData::NS(rdata::NS(parse(server)?)));
            self.set_a(server, &[*address])?;
        }
        let mut zone = self.zone();
        zone.set(&apex, RecordType::NS, records);
        zone.set_apex(&apex, negative_ttl);
        Ok(())
    }

    /// How many queries a second it takes; it refuses those above. `None`: all.
    pub fn set_limit(&self, a_second: Option<u32>) {
        self.zone().set_limit(a_second);
    }

    fn set(&self, name: &str, kind: RecordType, data: Vec<RData>) -> Result<(), RecordError> {
        let name = parse(name)?;
        self.zone().set(&name, kind, data);
        Ok(())
    }

    /// Removes the records of one type of `name`.
    pub fn remove_type(&self, name: &str, kind: RecordKind) -> Result<(), RecordError> {
        let kind = match kind {
            RecordKind::Mx => RecordType::MX,
            RecordKind::Txt => RecordType::TXT,
            RecordKind::Cname => RecordType::CNAME,
            RecordKind::A => RecordType::A,
        };
        self.set(name, kind, Vec::new())
    }

    /// Removes all records of `name`.
    pub fn remove(&self, name: &str) -> Result<(), RecordError> {
        let name = parse(name)?;
        self.zone().remove(&name);
        Ok(())
    }

    /// Removes all records of all names.
    pub fn clear(&self) {
        self.zone().clear();
    }

    /// All records that are set.
    pub fn records(&self) -> Vec<RecordSet> {
        self.zone().record_sets()
    }

    /// How every name answers that has no mode of its own.
    pub fn set_mode(&self, mode: Mode) {
        self.zone().set_mode(mode);
    }

    /// How `name` answers; `None` makes it answer as the others do.
    pub fn set_mode_of(&self, name: &str, mode: Option<Mode>) -> Result<(), RecordError> {
        let name = parse(name)?;
        self.zone().set_mode_of(&name, mode);
        Ok(())
    }

    /// The queries since the start or the last clearing, in order.
    pub fn queries(&self) -> Vec<Query> {
        self.zone().queries().to_vec()
    }

    /// How often `name` was asked for records of type `kind`, such as `MX`.
    pub fn count(&self, name: &str, kind: &str) -> usize {
        let name = name.trim_end_matches('.');
        self.zone()
            .queries()
            .iter()
            .filter(|query| query.name.eq_ignore_ascii_case(name) && query.kind == kind)
            .count()
    }

    /// Empties the log of queries.
    pub fn clear_queries(&self) {
        self.zone().clear_queries();
    }

    /// Serves on `sockets`; what is asked there is logged if a clock is given.
    /// Has to be called within a runtime.
    pub(crate) fn serve(
        &self,
        sockets: Sockets,
        log: Option<Clock>,
    ) -> io::Result<Server<impl RequestHandler + use<>>> {
        let mut server = Server::new(Responder::new(self.zone.clone(), log));
        server.register_socket(tokio::net::UdpSocket::from_std(sockets.udp)?);
        server.register_listener(
            tokio::net::TcpListener::from_std(sockets.tcp)?,
            Duration::from_secs(30),
            16,
        );
        Ok(server)
    }
}

/// A text as character-strings, full ones first (RFC 7208, 3.3: they are read
/// as if joined without a space).
pub(crate) fn character_strings(text: &[u8]) -> Vec<&[u8]> {
    if text.is_empty() {
        vec![text]
    } else {
        text.chunks(255).collect()
    }
}

fn parse(name: &str) -> Result<Name, RecordError> {
    let mut parsed = Name::from_str_relaxed(name).map_err(|error| RecordError::Name {
        name: name.to_owned(),
        reason: error.to_string(),
    })?;
    parsed.set_fqdn(true);
    Ok(parsed)
}

/// A name of labels of any octets, separated by dots.
fn parse_any(name: &str) -> Result<Name, RecordError> {
    let labels = name.trim_end_matches('.').split('.').map(str::as_bytes);
    parse(name).or_else(|error| {
        let mut parsed = Name::from_labels(labels).map_err(|_| error)?;
        parsed.set_fqdn(true);
        Ok(parsed)
    })
}

/// UDP and TCP on one port.
#[derive(Debug)]
pub(crate) struct Sockets {
    udp: UdpSocket,
    tcp: TcpListener,
}

impl Sockets {
    /// Binds both to `address`, whose port 0 stands for any that is free for both.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        const ATTEMPTS: usize = 32;
        let mut attempts = if address.port() == 0 { ATTEMPTS } else { 1 };
        loop {
            let tcp = TcpListener::bind(address)?;
            match UdpSocket::bind(tcp.local_addr()?) {
                Ok(udp) => {
                    udp.set_nonblocking(true)?;
                    tcp.set_nonblocking(true)?;
                    return Ok(Self { udp, tcp });
                }
                Err(error) if attempts == 1 || error.kind() != io::ErrorKind::AddrInUse => {
                    return Err(error);
                }
                Err(_) => attempts -= 1,
            }
        }
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
