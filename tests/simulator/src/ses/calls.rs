//! The log of the calls that SES was sent.

use std::time::Duration;

use serde::Serialize;

/// One request to SES.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// Counts from 1, in the order in which SES took the calls up.
    pub seq: u64,
    /// When the request's headers had arrived, in milliseconds since the start.
    pub at_ms: f64,
    /// From the signature's credential scope.
    pub region: String,
    /// The operation, such as `SetIdentityMailFromDomain`.
    pub action: String,
    /// `Identity`, or the `Identities` asked for.
    pub identities: Vec<String>,
    /// `MailFromDomain`; `None` if the parameter was left out.
    pub mail_from_domain: Option<String>,
    /// `BehaviorOnMXFailure`; `None` if the parameter was left out.
    pub behavior: Option<String>,
    /// From the signature's credential scope; `None` if unsigned.
    pub access_key: Option<String>,
    /// The request's `User-Agent`.
    pub user_agent: Option<String>,
    /// The id that the answer carries.
    pub request_id: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The kind of the fault that struck it, as in the JSON of a fault.
    pub fault: Option<String>,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not answered yet.
    InFlight,
    /// Carried out, and answered or about to be.
    Accepted,
    /// Refused for its rate.
    Throttled,
    /// Refused with this code.
    Error(String),
    /// The connection was reset.
    Reset,
    /// Answered with something that is not SES's XML.
    Unreadable,
}

/// All calls since the start or the last clearing.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    entries: Vec<Call>,
    cleared: u64,
}

impl Calls {
    /// The number that the next call gets.
    pub(crate) fn next_seq(&self) -> u64 {
        self.cleared + self.entries.len() as u64 + 1
    }

    pub(crate) fn push(&mut self, call: Call) {
        self.entries.push(call);
    }

    /// Notes what came of call `seq`, unless the log was cleared meanwhile.
    pub(crate) fn finish(&mut self, seq: u64, outcome: Outcome) {
        let index = seq
            .checked_sub(self.cleared + 1)
            .and_then(|index| usize::try_from(index).ok());
        if let Some(call) = index.and_then(|index| self.entries.get_mut(index)) {
            call.outcome = outcome;
        }
    }

    pub(crate) fn all(&self) -> Vec<Call> {
        self.entries.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.cleared += self.entries.len() as u64;
        self.entries.clear();
    }
}

/// Milliseconds, to the microsecond.
pub(crate) fn milliseconds(elapsed: Duration) -> f64 {
    elapsed.as_micros() as f64 / 1000.0
}
