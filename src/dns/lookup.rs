//! One question to DNS, its answer, and why there is none.

use std::net::IpAddr;
use std::time::Duration;

use crate::mail_from::{Mx, Txt};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    /// Absolute, lower case, without final dot.
    pub(super) name: String,
    pub(super) record_type: RecordType,
}

impl Question {
    pub(super) fn new(name: &str, record_type: RecordType) -> Question {
        Question {
            name: name.to_owned(),
            record_type,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum RecordType {
    Mx,
    Txt,
    /// The name servers of a zone.
    Ns,
    /// Where a zone begins: asked for [`Answer::zone`].
    Soa,
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
}

/// What DNS says to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) records: Records,
    /// The names that the name is an alias of, one of the next, in lower case
    /// and without final dots.
    pub(super) aliases: Vec<String>,
    /// Whether there is such a name, with records of other types at least.
    pub(super) name_exists: bool,
    /// How long whoever gave the answer may go on giving it without asking.
    pub(super) ttl: Duration,
    /// Whether it may come out of a memory: its TTL is less than what the zone lets
    /// answers that there is nothing begin with.
    pub(super) aged: bool,
    /// The zone that holds the name, lower case, without final dot, where the
    /// answer tells by an SOA record: it does when there is no record.
    pub(super) zone: Option<String>,
    /// Whether it comes from a server of the zone itself, not out of a memory.
    pub(super) authoritative: bool,
}

impl Answer {
    /// Whether it says the same as another, however long that may be remembered.
    pub(super) fn says(&self, other: &Answer) -> bool {
        self.records == other.records && self.aliases == other.aliases
    }

    /// The MX records; none where something else was asked for, as below.
    pub(super) fn mx(self) -> Vec<Mx> {
        match self.records {
            Records::Mx(records) => records,
            _ => Vec::new(),
        }
    }

    pub(super) fn txt(self) -> Vec<Txt> {
        match self.records {
            Records::Txt(records) => records,
            _ => Vec::new(),
        }
    }

    pub(super) fn addresses(self) -> Vec<IpAddr> {
        match self.records {
            Records::Addresses(addresses) => addresses,
            _ => Vec::new(),
        }
    }
}

/// All records of the type that was asked for, without doubles, sorted; none is
/// an answer too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Records {
    Mx(Vec<Mx>),
    Txt(Vec<Txt>),
    /// The names of servers, lower case, without final dot.
    Ns(Vec<String>),
    Addresses(Vec<IpAddr>),
    /// The records that mark a zone: [`Answer::zone`] has what is wanted of them.
    Soa,
}

/// Whoever answers questions: the name servers, or a test.
pub(super) trait Lookup: Send + Sync {
    /// What they say.
    type Found: Clone + std::fmt::Debug + Send + Sync;

    /// Ends within a bound of its own.
    fn look_up(
        &self,
        question: &Question,
    ) -> impl Future<Output = Result<Self::Found, LookupError>> + Send;
}

/// Why DNS gave no answer. "No such record" is none of these. `Display` is a
/// clause in printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// No server answered in the time that the settings give.
    #[error("no name server answered within {0:?}")]
    Timeout(Duration),
    /// Not asked: the servers are silent.
    #[error(
        "the name servers answered nothing at all a moment ago, and are asked again after half a \
         minute"
    )]
    Suspended,
    /// SERVFAIL (RFC 1035, section 4.1.1), and what the server says of it
    /// (RFC 8914).
    #[error("the name server answered SERVFAIL{}", because(.0))]
    ServFail(Option<String>),
    /// SERVFAIL, but an answer where DNSSEC is not checked.
    #[error(
        "DNSSEC validation of {name} fails{}: the name server answered SERVFAIL, and answers when \
         it is asked not to validate", because(.reason)
    )]
    Dnssec {
        /// What was asked for.
        name: String,
        /// What the server says of it (RFC 8914).
        reason: Option<String>,
    },
    /// REFUSED (RFC 1035, section 4.1.1): the server does not serve us.
    #[error("the name server answered REFUSED")]
    Refused,
    /// The answer does not fit into UDP, and there is no TCP.
    #[error(
        "the answer is too long for UDP, and the name server cannot be asked over TCP, port \
         {port}: {cause}"
    )]
    NoTcp {
        /// The server's.
        port: u16,
        /// What the system says.
        cause: String,
    },
    /// CNAME records that nobody follows to their end.
    #[error("{0}")]
    Aliases(String),
    /// No server could be reached over the network.
    #[error("no name server can be reached: {0}")]
    NoConnection(String),
    /// The process could open no socket for the question.
    #[error("no name server could be asked: {0}")]
    NoFiles(String),
    /// The system's settings cannot be read.
    #[error("the name servers of this system are not known: {0}")]
    NoSystemConfig(String),
    /// Another response code, a name that DNS cannot hold, an answer that
    /// cannot be read.
    #[error("{0}")]
    Other(String),
}

fn because(reason: &Option<String>) -> String {
    reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(" ({reason})"))
}
