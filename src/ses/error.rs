//! What can go wrong with a call to SES, as typed causes.

mod codes;
mod parts;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::deadline::{Deadline, Interrupted};
use codes::is_throttling;

pub(crate) use codes::EXPIRED_CODES;
pub use codes::{is_access_denied, passes};
pub use parts::{CredentialFault, Obstacle, Reach, Refusal};

/// The SES operations that this provider calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `SetIdentityMailFromDomain`
    SetIdentityMailFromDomain,
    /// `GetIdentityMailFromDomainAttributes`
    GetIdentityMailFromDomainAttributes,
    /// `GetIdentityVerificationAttributes`
    GetIdentityVerificationAttributes,
    /// `ListIdentities`
    ListIdentities,
}

impl Operation {
    /// The operation's name in the SES API; behind `ses:` it is the IAM action.
    pub fn name(self) -> &'static str {
        match self {
            Self::SetIdentityMailFromDomain => "SetIdentityMailFromDomain",
            Self::GetIdentityMailFromDomainAttributes => "GetIdentityMailFromDomainAttributes",
            Self::GetIdentityVerificationAttributes => "GetIdentityVerificationAttributes",
            Self::ListIdentities => "ListIdentities",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a call to SES failed. Cheap to clone, because one failed Get is the
/// answer to a hundred readers. Holds no credentials.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// SES answered with an error of its own.
    #[error("{operation}: {code}: {message}")]
    Refused {
        /// What was called.
        operation: Operation,
        /// The HTTP status.
        status: u16,
        /// SES's error code, such as `InvalidParameterValue`.
        code: String,
        /// SES's message, as it came from the network.
        message: String,
        /// SES's request id, where the answer carried one.
        request_id: Option<String>,
    },

    /// What has answered was not SES: a proxy, a captive portal, a load balancer.
    #[error("{operation}: HTTP status {status}, and an answer that is not SES's")]
    NotSes {
        /// What was called.
        operation: Operation,
        /// The HTTP status, which may be that of success.
        status: u16,
        /// How the answer begins, as it came from the network; empty if it is.
        begins: String,
    },

    /// There was no answer that can be understood: a connection that could not
    /// be made or broke, a timeout, an answer that breaks off.
    #[error("{operation}: {reason}")]
    NoAnswer {
        /// What was called.
        operation: Operation,
        /// What happened instead.
        reason: String,
        /// How far the request has come.
        reach: Reach,
    },

    /// What stands between this process and SES lasts: all further calls end with it,
    /// until one finds that it does not stand any more.
    #[error("{operation}: {reason}")]
    Unreachable {
        /// What was to be called.
        operation: Operation,
        /// What it is.
        obstacle: Obstacle,
        /// The same in words, with what the system said of it.
        reason: String,
    },

    /// No credentials, or credentials that could not be loaded.
    #[error("{operation}: {reason}")]
    Credentials {
        /// What was to be called.
        operation: Operation,
        /// Why there are none.
        fault: CredentialFault,
        /// Which sources have none or failed, and what they said.
        reason: String,
        /// What STS has refused, where it has.
        refusal: Option<Refusal>,
    },

    /// The credentials could not be found to be of an account that the settings allow,
    /// before anything was called.
    #[error("{reason}")]
    Account {
        /// Why they could not.
        fault: CredentialFault,
        /// What was found, or what went wrong.
        reason: String,
        /// What STS has refused, where it has.
        refusal: Option<Refusal>,
    },

    /// The provider's settings do not allow a call yet, or at all.
    #[error("{reason}")]
    Settings {
        /// Which setting, and what is wrong with it.
        reason: String,
    },

    /// A part of the provider does not work: a bug.
    #[error("{what}")]
    Internal {
        /// Which part, and what it does not do.
        what: &'static str,
    },

    /// The operation's timeout has passed.
    #[error("{operation}: gave up after {}", humantime::format_duration(*after))]
    TimedOut {
        /// What was called.
        operation: Operation,
        /// How long was waited, in whole seconds.
        after: Duration,
        /// What went wrong the last time it was tried.
        last: Option<Arc<Error>>,
    },

    /// Terraform asked the provider to stop.
    #[error("{operation}: stopped")]
    Stopped {
        /// What was to be called.
        operation: Operation,
        /// What went wrong the last time it was tried.
        last: Option<Arc<Error>>,
    },
}

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing helps but another request or other settings.
    GiveUp,
    /// SES counts too many requests: try again, slower.
    SlowDown,
    /// A fault that passes: try again.
    TryAgain,
}

impl Error {
    /// Whether to try again, and how. By SES's code, or else the HTTP status
    /// (AWS SDK retry behaviour, "transient" and "throttling" errors).
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Refused { status, code, .. } => {
                if is_throttling(*status, code) {
                    Remedy::SlowDown
                } else if passes(*status, code) {
                    Remedy::TryAgain
                } else {
                    Remedy::GiveUp
                }
            }
            Self::NotSes { status: 429, .. } => Remedy::SlowDown,
            Self::NotSes { status, .. } if turns_away(*status) => Remedy::GiveUp,
            Self::NotSes { .. } | Self::NoAnswer { .. } => Remedy::TryAgain,
            Self::Credentials {
                fault: CredentialFault::Passing | CredentialFault::Expired,
                ..
            } => Remedy::TryAgain,
            Self::Credentials { .. }
            | Self::Account { .. }
            | Self::Unreachable { .. }
            | Self::Settings { .. }
            | Self::Internal { .. }
            | Self::TimedOut { .. }
            | Self::Stopped { .. } => Remedy::GiveUp,
        }
    }

    /// How far the request of this one attempt has come.
    pub fn reach(&self) -> Reach {
        match self {
            // A server error says nothing about whether the change was made.
            Self::Refused { status, .. } if *status >= 500 => Reach::MaybeMade,
            Self::Refused { .. } => Reach::Refused,
            // Somebody before SES did not let the request pass.
            Self::NotSes { status, .. } if turns_away(*status) => Reach::Refused,
            Self::NotSes { .. } => Reach::MaybeMade,
            Self::NoAnswer { reach, .. } => *reach,
            Self::Credentials {
                fault: CredentialFault::Expired,
                ..
            } => Reach::Refused,
            Self::Credentials { .. }
            | Self::Account { .. }
            | Self::Unreachable { .. }
            | Self::Settings { .. }
            | Self::Internal { .. }
            | Self::TimedOut { .. }
            | Self::Stopped { .. } => Reach::NotSent,
        }
    }

    /// Whether SES or IAM refused the caller the right to call `operation`.
    pub fn access_denied(&self) -> Option<Operation> {
        match self {
            Self::Refused {
                operation, code, ..
            } if is_access_denied(code) => Some(*operation),
            _ => None,
        }
    }

    /// What STS has refused, where that is why there are no credentials.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Credentials { refusal, .. } | Self::Account { refusal, .. } => refusal.as_ref(),
            _ => None,
        }
    }

    /// Whether SES says that the credentials have expired.
    pub(super) fn says_expired(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if EXPIRED_CODES.contains(&code.as_str()))
    }

    /// Whether SES found a parameter at fault, and so did nothing.
    pub fn invalid_parameter(&self) -> bool {
        matches!(self, Self::Refused { code, .. }
            if matches!(code.as_str(), "InvalidParameterValue" | "ValidationError" | "InvalidParameterCombination"))
    }

    /// Whether the time was up before anything but the rate limit stood in the way.
    pub fn is_for_rate_alone(&self) -> bool {
        match self {
            Self::TimedOut { last, .. } => last
                .as_ref()
                .is_none_or(|last| last.remedy() == Remedy::SlowDown),
            _ => false,
        }
    }

    /// What the last attempt died of, where this error ended a row of them.
    pub fn last(&self) -> Option<&Error> {
        match self {
            Self::TimedOut { last, .. } | Self::Stopped { last, .. } => last.as_deref(),
            _ => None,
        }
    }

    pub(super) fn interrupted(
        interrupted: Interrupted,
        operation: Operation,
        deadline: &Deadline,
        last: Option<Arc<Error>>,
    ) -> Self {
        match interrupted {
            Interrupted::Stopped => Self::Stopped { operation, last },
            Interrupted::TimedOut => Self::TimedOut {
                operation,
                after: Duration::from_secs(deadline.elapsed().as_secs_f64().round() as u64),
                last,
            },
        }
    }
}

/// Whether an HTTP status says that the request was understood and not let through.
/// (408 says that it may be tried again.)
fn turns_away(status: u16) -> bool {
    (300..500).contains(&status) && status != 408
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn refused(status: u16, code: &str) -> Error {
        Error::Refused {
            operation: Operation::SetIdentityMailFromDomain,
            status,
            code: code.to_owned(),
            message: "Rate exceeded".to_owned(),
            request_id: None,
        }
    }

    #[test]
    fn remedy_goes_by_code_then_by_status() {
        for (status, code, remedy) in [
            (400, "Throttling", Remedy::SlowDown),
            (400, "ThrottlingException", Remedy::SlowDown),
            (429, "", Remedy::SlowDown),
            (503, "ServiceUnavailable", Remedy::TryAgain),
            (500, "InternalFailure", Remedy::TryAgain),
            (502, "", Remedy::TryAgain),
            (400, "RequestTimeout", Remedy::TryAgain),
            (400, "InvalidParameterValue", Remedy::GiveUp),
            (403, "AccessDenied", Remedy::GiveUp),
            (403, "ExpiredToken", Remedy::GiveUp),
            (404, "", Remedy::GiveUp),
        ] {
            assert_eq!(refused(status, code).remedy(), remedy, "{status} {code}");
        }
    }

    #[test]
    fn reach_of_an_answered_request_is_certain_unless_the_server_failed() {
        assert_eq!(refused(400, "Throttling").reach(), Reach::Refused);
        assert_eq!(refused(403, "AccessDenied").reach(), Reach::Refused);
        assert_eq!(refused(502, "").reach(), Reach::MaybeMade);
    }

    #[test]
    fn an_answer_that_is_not_ses_s_is_lost_unless_it_turns_the_request_away() {
        for (status, remedy, reach) in [
            (200, Remedy::TryAgain, Reach::MaybeMade),
            (204, Remedy::TryAgain, Reach::MaybeMade),
            (302, Remedy::GiveUp, Reach::Refused),
            (403, Remedy::GiveUp, Reach::Refused),
            (408, Remedy::TryAgain, Reach::MaybeMade),
            (429, Remedy::SlowDown, Reach::Refused),
            (502, Remedy::TryAgain, Reach::MaybeMade),
        ] {
            let error = Error::NotSes {
                operation: Operation::SetIdentityMailFromDomain,
                status,
                begins: String::new(),
            };
            assert_eq!((error.remedy(), error.reach()), (remedy, reach), "{status}");
        }
    }
}
