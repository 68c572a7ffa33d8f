//! One question to DNS, its answer, and why there is none.

use std::time::Duration;

use crate::mail_from::{Mx, Txt};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    /// Absolute, lower case, without final dot.
    pub(super) name: String,
    pub(super) record_type: RecordType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum RecordType {
    Mx,
    Txt,
    /// CNAME, asked for itself.
    Cname,
    /// IPv4 addresses.
    A,
}

/// All records of the type that was asked for; none is an answer too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Mx(Vec<Mx>),
    Txt(Vec<Txt>),
    /// The name that the name stands for, as [`Mx::exchange`] is written.
    Cname(Option<String>),
    /// Whether there is one.
    Address(bool),
}

impl Answer {
    /// The MX records; none where something else was asked for, as below.
    pub(super) fn mx(self) -> Vec<Mx> {
        match self {
            Self::Mx(records) => records,
            _ => Vec::new(),
        }
    }

    pub(super) fn txt(self) -> Vec<Txt> {
        match self {
            Self::Txt(records) => records,
            _ => Vec::new(),
        }
    }

    pub(super) fn cname(self) -> Option<String> {
        match self {
            Self::Cname(target) => target,
            _ => None,
        }
    }

    pub(super) fn has_address(self) -> bool {
        self == Self::Address(true)
    }
}

/// Whoever answers questions: the name servers, or a test.
pub(super) trait Lookup: Send + Sync {
    /// Ends within a bound of its own.
    fn look_up(
        &self,
        question: &Question,
    ) -> impl Future<Output = Result<Answer, LookupError>> + Send;
}

/// Why DNS gave no answer. "No such record" is none of these. `Display` is a
/// clause in printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// No server answered in the time that the settings give.
    #[error("no name server answered within {0:?}")]
    Timeout(Duration),
    /// Not asked: earlier look-ups in a row got no answer.
    #[error("the name servers did not answer several look-ups in a row and were not asked again")]
    Suspended,
    /// SERVFAIL (RFC 1035, section 4.1.1): the server could not resolve it.
    #[error("the name server answered SERVFAIL")]
    ServFail,
    /// REFUSED (RFC 1035, section 4.1.1): the server does not serve us.
    #[error("the name server answered REFUSED")]
    Refused,
    /// No server could be reached over the network.
    #[error("no name server can be reached: {0}")]
    NoConnection(String),
    /// The process could open no socket for the question.
    #[error("no name server could be asked: {0}")]
    NoFiles(String),
    /// The system's settings name no server.
    #[error("the name servers of this system are not known: {0}")]
    NoSystemConfig(String),
    /// Another response code, a name that DNS cannot hold, an answer that
    /// cannot be read.
    #[error("{0}")]
    Other(String),
}
