//! DNS messages: a question as octets, and octets as the answer to it.
//!
//! Read is what a stub resolver needs, and as leniently: the sections behind the
//! answers may hold what they like.

use hickory_proto::op::{Edns, Header, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{DNSClass, Name, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable as _, BinDecoder};

use super::sections::Sections;
use crate::mail_from::presentation;

/// What fits into one packet everywhere (DNS flag day 2020).
const PAYLOAD: u16 = 1232;

/// Extended DNS errors (RFC 8914).
const EXTENDED_ERROR: u16 = 15;

/// How a question is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    /// With EDNS (RFC 6891): longer answers over UDP, and reasons of failures.
    pub(super) edns: bool,
    /// The server is to find the answer, not only to look at what it holds.
    pub(super) recursion: bool,
    /// The server is not to check DNSSEC (RFC 4035, section 3.2.2).
    pub(super) checking_disabled: bool,
}

/// An answer as it came, before it is known what it says.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) code: ResponseCode,
    pub(super) authoritative: bool,
    pub(super) truncated: bool,
    /// Whether the server speaks EDNS, where the response tells.
    pub(super) edns: Option<bool>,
    /// Whether the question was put with EDNS first, and nothing came to that.
    pub(super) silent_to_edns: bool,
    /// What the server says of a failure, in printable ASCII.
    pub(super) reason: Option<String>,
    pub(super) answers: Vec<Record>,
    pub(super) authorities: Vec<Record>,
    pub(super) additionals: Vec<Record>,
}

/// The octets of a question, and the id that its answer has to bear.
pub(super) fn encode(
    name: &Name,
    record_type: RecordType,
    manner: Manner,
) -> Result<(u16, Vec<u8>), String> {
    let mut message = Message::query();
    message.add_query(Query::query(name.clone(), record_type));
    message.metadata.recursion_desired = manner.recursion;
    message.metadata.checking_disabled = manner.checking_disabled;
    if manner.edns {
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        message.set_edns(edns);
    }
    let octets = message.to_vec().map_err(|error| error.to_string())?;
    Ok((message.metadata.id, octets))
}

/// The answer with this id to this question. `None`: these octets are no such
/// thing, and it may still come. `Some(Err)`: they are, and cannot be read.
pub(super) fn decode(
    octets: &[u8],
    id: u16,
    name: &Name,
    record_type: RecordType,
) -> Option<Result<Response, String>> {
    let mut decoder = BinDecoder::new(octets);
    let header = Header::read(&mut decoder).ok()?;
    let metadata = header.metadata;
    if metadata.id != id
        || metadata.message_type != MessageType::Response
        || metadata.op_code != OpCode::Query
    {
        return None;
    }
    let asked = match header.counts.queries {
        // A server that cannot read the question need not repeat it.
        0 if metadata.response_code != ResponseCode::NoError => true,
        1 => Query::read(&mut decoder).is_ok_and(|query| {
            query.name() == name
                && query.query_type() == record_type
                && query.query_class() == DNSClass::IN
        }),
        _ => false,
    };
    asked.then(|| read(decoder, header, record_type))
}

fn read(
    decoder: BinDecoder<'_>,
    header: Header,
    record_type: RecordType,
) -> Result<Response, String> {
    let Header { metadata, counts } = header;
    let mut sections = Sections::new(decoder);
    let answers = match sections.read(counts.answers, Some(record_type)) {
        Ok(answers) => answers,
        // Cut where the packet ended.
        Err(_) if metadata.truncation => Vec::new(),
        Err(error) => return Err(format!("the answer cannot be read: {error}")),
    };
    let authorities = sections.read(counts.authorities, None);
    let additionals = match authorities.is_ok() {
        true => sections.read(counts.additionals, None).unwrap_or_default(),
        false => Vec::new(),
    };
    let edns = sections.edns();
    let code = match edns {
        Some(edns) => ResponseCode::from(edns.rcode_high(), metadata.response_code.low()),
        None => metadata.response_code,
    };
    // Of the two errors of this number, the other is about signatures, which we do not use.
    let code = match code {
        ResponseCode::BADSIG => ResponseCode::BADVERS,
        code => code,
    };
    Ok(Response {
        code,
        authoritative: metadata.authoritative,
        truncated: metadata.truncation,
        edns: (edns.is_some() && code != ResponseCode::BADVERS).then_some(true),
        silent_to_edns: false,
        reason: edns.and_then(extended_error),
        answers,
        authorities: authorities.unwrap_or_default(),
        additionals,
    })
}

/// What the server says of a failure: RFC 8914's name of it, and its own words.
fn extended_error(edns: &Edns) -> Option<String> {
    let errors = edns.options().get_all(EdnsCode::Unknown(EXTENDED_ERROR));
    let told: Vec<String> = errors
        .into_iter()
        .filter_map(|option| match option {
            EdnsOption::Unknown(_, octets) => {
                let (code, text) = octets.split_first_chunk::<2>()?;
                let name = extended_error_name(u16::from_be_bytes(*code));
                Some(match text {
                    [] => name,
                    text => format!("{name}: {}", presentation(text)),
                })
            }
            _ => None,
        })
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The names of the registry that RFC 8914, section 5.2, began.
fn extended_error_name(code: u16) -> String {
    const NAMES: [&str; 25] = [
        "Other Error",
        "Unsupported DNSKEY Algorithm",
        "Unsupported DS Digest Type",
        "Stale Answer",
        "Forged Answer",
        "DNSSEC Indeterminate",
        "DNSSEC Bogus",
        "Signature Expired",
        "Signature Not Yet Valid",
        "DNSKEY Missing",
        "RRSIGs Missing",
        "No Zone Key Bit Set",
        "NSEC Missing",
        "Cached Error",
        "Not Ready",
        "Blocked",
        "Censored",
        "Filtered",
        "Prohibited",
        "Stale NXDOMAIN Answer",
        "Not Authoritative",
        "Not Supported",
        "No Reachable Authority",
        "Network Error",
        "Invalid Data",
    ];
    match NAMES.get(usize::from(code)) {
        Some(name) => (*name).to_owned(),
        None => format!("extended error {code}"),
    }
}
