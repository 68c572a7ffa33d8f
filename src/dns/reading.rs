//! What a response says to a question: by the names of its records, never by
//! their places, as a stub resolver reads it.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{self, DNSClass, Name, RData, Record};

use super::lookup::{Answer, LookupError, RecordType, Records};
use super::message::Response;
use crate::mail_from::{Mx, Txt, presentation};

/// Aliases in a row that are followed. Resolvers differ, and none goes much
/// further.
const ALIASES: usize = 8;

/// What a response says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Answer(Answer),
    /// The name is an alias of another, which the response does not speak of:
    /// the names on the way, the last of which is to be asked for.
    Alias(Vec<Name>),
    /// The server only knows who knows more.
    Referral(Referral),
}

/// The name servers of a zone below the one that was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Referral {
    pub(super) zone: String,
    /// Names, with those addresses that came along.
    pub(super) servers: Vec<(String, Vec<IpAddr>)>,
}

/// The number by which DNS calls the type.
pub(super) fn wire_type(record_type: RecordType) -> rr::RecordType {
    match record_type {
        RecordType::Mx => rr::RecordType::MX,
        RecordType::Txt => rr::RecordType::TXT,
        RecordType::Ns => rr::RecordType::NS,
        RecordType::Soa => rr::RecordType::SOA,
        RecordType::A => rr::RecordType::A,
        RecordType::Aaaa => rr::RecordType::AAAA,
    }
}

/// Reads a response to the question for `name`; `before` are the names whose
/// alias it was found to be so far.
pub(super) fn read(
    response: &Response,
    name: &Name,
    record_type: RecordType,
    before: &[Name],
) -> Result<Reading, LookupError> {
    match response.code {
        ResponseCode::NoError | ResponseCode::NXDomain => {}
        ResponseCode::ServFail => return Err(LookupError::ServFail(response.reason.clone())),
        ResponseCode::Refused => return Err(LookupError::Refused),
        ResponseCode::BADVERS => {
            let reason = "the name server answered with an error (BADVERS: it does not know \
                          version 0 of EDNS)";
            return Err(LookupError::Other(reason.to_owned()));
        }
        code => {
            let code = presentation(code.to_string().as_bytes());
            let reason = format!("the name server answered with an error ({code})");
            return Err(LookupError::Other(reason));
        }
    }
    let mut aliases = before.to_vec();
    let mut owner = name;
    let mut ttl = u32::MAX;
    while let Some(record) = alias(&response.answers, owner) {
        let RData::CNAME(target) = &record.data else {
            break;
        };
        ttl = ttl.min(record.ttl);
        check(&aliases, name, target)?;
        aliases.push(target.0.clone());
        owner = &target.0;
    }
    let records: Vec<&Record> = owned(&response.answers, owner, wire_type(record_type)).collect();
    let soa = zone(&response.answers, owner).or_else(|| zone(&response.authorities, owner));
    let missing = response.code == ResponseCode::NXDomain;
    if records.is_empty() && !missing && soa.is_none() {
        if aliases.len() > before.len() {
            return Ok(Reading::Alias(aliases));
        }
        if let Some(referral) = referral(response, name) {
            return Ok(Reading::Referral(referral));
        }
    }
    ttl = match (records.iter().map(|record| record.ttl).min(), &soa) {
        (Some(positive), _) => ttl.min(positive),
        (None, Some((_, left, _))) => ttl.min(*left),
        (None, None) => 0,
    };
    Ok(Reading::Answer(Answer {
        name_exists: !missing || !records.is_empty(),
        records: typed(record_type, &records),
        aliases: aliases
            .iter()
            .map(|alias| shown(&alias.to_lowercase()))
            .collect(),
        ttl: Duration::from_secs(ttl.into()),
        aged: soa.as_ref().is_some_and(|(_, left, begin)| left < begin),
        zone: soa.map(|(zone, ..)| zone),
        authoritative: response.authoritative,
    }))
}

/// Whether one more alias may be followed.
fn check(aliases: &[Name], name: &Name, target: &Name) -> Result<(), LookupError> {
    if target == name || aliases.contains(target) {
        let reason = format!(
            "its CNAME records lead in a circle, by way of {}",
            shown(target)
        );
        return Err(LookupError::Aliases(reason));
    }
    if aliases.len() == ALIASES {
        let reason = format!(
            "it is an alias of an alias, and so on: more than {ALIASES} CNAME records in a \
             row, which resolvers do not follow to their end"
        );
        return Err(LookupError::Aliases(reason));
    }
    Ok(())
}

fn alias<'r>(records: &'r [Record], owner: &'r Name) -> Option<&'r Record> {
    owned(records, owner, rr::RecordType::CNAME).next()
}

fn owned<'r>(
    records: &'r [Record],
    owner: &'r Name,
    record_type: rr::RecordType,
) -> impl Iterator<Item = &'r Record> {
    records.iter().filter(move |record| {
        record.name == *owner
            && record.dns_class == DNSClass::IN
            && record.record_type() == record_type
    })
}

/// The records' data without doubles (RFC 2181, section 5), sorted: servers give
/// them in any order.
fn typed(record_type: RecordType, records: &[&Record]) -> Records {
    fn each<T: Ord>(records: &[&Record], read: impl Fn(&RData) -> Option<T>) -> Vec<T> {
        let mut found: Vec<T> = records
            .iter()
            .filter_map(|record| read(&record.data))
            .collect();
        found.sort();
        found.dedup();
        found
    }
    match record_type {
        RecordType::Mx => Records::Mx(each(records, mx)),
        RecordType::Txt => Records::Txt(each(records, txt)),
        RecordType::Ns => Records::Ns(each(records, ns)),
        RecordType::A | RecordType::Aaaa => Records::Addresses(each(records, address)),
        RecordType::Soa => Records::Soa,
    }
}

fn mx(data: &RData) -> Option<Mx> {
    match data {
        RData::MX(mx) => Some(Mx {
            preference: mx.preference,
            // Case does not make another record of it.
            exchange: shown(&mx.exchange.to_lowercase()),
        }),
        _ => None,
    }
}

fn txt(data: &RData) -> Option<Txt> {
    match data {
        RData::TXT(txt) => Some(Txt::from_strings(&txt.txt_data)),
        _ => None,
    }
}

fn ns(data: &RData) -> Option<String> {
    match data {
        RData::NS(server) => Some(shown(&server.0.to_lowercase())),
        _ => None,
    }
}

fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(address) => Some(IpAddr::V4(address.0)),
        RData::AAAA(address) => Some(IpAddr::V6(address.0)),
        _ => None,
    }
}

/// The zone of `name` by its SOA record, and for how many seconds more its word
/// that something is missing may be kept; at most as long as the last (RFC 2308,
/// sections 3 and 5).
fn zone(records: &[Record], name: &Name) -> Option<(String, u32, u32)> {
    records.iter().find_map(|record| match &record.data {
        RData::SOA(soa) if record.name.zone_of(name) => {
            let apex = shown(&record.name.to_lowercase());
            Some((apex, record.ttl.min(soa.minimum), soa.minimum))
        }
        _ => None,
    })
}

fn referral(response: &Response, name: &Name) -> Option<Referral> {
    let servers: Vec<(&Name, &Name)> = response
        .authorities
        .iter()
        .filter_map(|record| match &record.data {
            RData::NS(server) if record.name.zone_of(name) => Some((&record.name, &server.0)),
            _ => None,
        })
        .collect();
    let (zone, _) = servers.first()?;
    let servers = servers.iter().map(|(_, server)| {
        let glue = response
            .additionals
            .iter()
            .filter(|record| record.name == **server)
            .filter_map(|record| address(&record.data));
        (shown(&server.to_lowercase()), glue.collect())
    });
    Some(Referral {
        zone: shown(&zone.to_lowercase()),
        servers: servers.collect(),
    })
}

/// The presentation form without final dot, in which a dot inside a label is no
/// separator; the root is `.`.
pub(super) fn shown(name: &Name) -> String {
    let labels = name
        .iter()
        .map(|label| presentation(label).replace('.', r"\."));
    match labels.collect::<Vec<_>>().join(".") {
        root if root.is_empty() => ".".to_owned(),
        name => name,
    }
}

#[cfg(test)]
mod tests;
