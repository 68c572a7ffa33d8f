//! Faults on demand: what goes wrong, for which calls, how often.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A fault that waits for its calls. Build it with [`Fault::new`] and narrow it
/// down; it strikes the first matching call, once, unless told otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Strikes calls of this operation alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Strikes calls that name this identity alone, spelled as in the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Lets this many matching calls pass first.
    #[serde(default)]
    pub skip: u64,
    /// Strikes this many calls, then is used up. `None` in Rust and `null` in
    /// JSON: strikes for ever. Left out in JSON: once.
    #[serde(default = "once")]
    pub times: Option<u64>,
    /// What goes wrong.
    pub kind: FaultKind,
}

fn once() -> Option<u64> {
    Some(1)
}

impl Fault {
    /// A fault that strikes the next call, once.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            operation: None,
            identity: None,
            skip: 0,
            times: once(),
            kind,
        }
    }

    /// Only calls of `operation`, such as `SetIdentityMailFromDomain`.
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Only calls that name `identity`.
    pub fn of(mut self, identity: &str) -> Self {
        self.identity = Some(identity.to_owned());
        self
    }

    /// Only after `calls` matching calls have passed.
    pub fn after(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// `times` times instead of once.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// For ever instead of once.
    pub fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    fn matches(&self, operation: &str, identities: &[String]) -> bool {
        self.kind.concerns(operation)
            && self.operation.as_deref().is_none_or(|o| o == operation)
            && self
                .identity
                .as_ref()
                .is_none_or(|identity| identities.contains(identity))
    }
}

/// What goes wrong. In JSON a kind without fields is its name in snake case,
/// one with fields an object: `"reset_after"`, `{"html": {"status": 502}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 400 `Throttling`. Does not count against the limit.
    Throttle,
    /// 503 `ServiceUnavailable`, as SES's XML. Nothing is changed.
    ServiceUnavailable,
    /// 500 `InternalFailure`, as SES's XML. Nothing is changed.
    InternalFailure,
    /// A page with this HTTP status, as of a load balancer, a proxy or a captive portal
    /// (200). Nothing is changed.
    Html {
        /// The HTTP status.
        status: u16,
    },
    /// The connection is reset (TCP RST) before anything is changed.
    ResetBefore,
    /// The call is carried out, and the connection reset (TCP RST) instead of an answer.
    ResetAfter,
    /// The call is carried out after a while, and answered then.
    SlowBefore {
        /// The while, in milliseconds.
        delay_ms: u64,
    },
    /// The call is carried out at once, and answered after a while.
    SlowAfter {
        /// The while, in milliseconds.
        delay_ms: u64,
    },
    /// 403 `AccessDenied`, naming the operation as IAM does.
    AccessDenied,
    /// 403 `ExpiredToken`.
    ExpiredToken,
    /// GetIdentityMailFromDomainAttributes answers what held before the last
    /// change of each identity, or of the fault's identity alone. Passes over
    /// calls of other operations.
    StaleRead,
    /// GetIdentityMailFromDomainAttributes answers as if SES knew none of the
    /// identities, or not the fault's identity. Passes over calls of other
    /// operations.
    AbsentRead,
    /// Any error as SES's XML. Nothing is changed.
    Error {
        /// The HTTP status.
        status: u16,
        /// The error code.
        code: String,
        /// The message.
        message: String,
    },
    /// The call is carried out, and answered 200 with bytes that are not XML.
    Garbage,
    /// 200 with an empty body, without a request id. Nothing is changed.
    Empty,
    /// 200 with SES's answer to another operation, request id and all, as of a proxy
    /// that mixes up answers. Nothing is changed.
    OtherAnswer,
    /// GetIdentityMailFromDomainAttributes answers with what was once asked of another
    /// identity, as of a cache. Passes over calls of other operations.
    CachedAnswer,
    /// The call is carried out, and answered 200 with the first half of the answer.
    Truncated,
}

impl FaultKind {
    /// The kind's name, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::ServiceUnavailable => "service_unavailable",
            Self::InternalFailure => "internal_failure",
            Self::Html { .. } => "html",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
            Self::SlowBefore { .. } => "slow_before",
            Self::SlowAfter { .. } => "slow_after",
            Self::AccessDenied => "access_denied",
            Self::ExpiredToken => "expired_token",
            Self::StaleRead => "stale_read",
            Self::AbsentRead => "absent_read",
            Self::Error { .. } => "error",
            Self::Garbage => "garbage",
            Self::Empty => "empty",
            Self::OtherAnswer => "other_answer",
            Self::CachedAnswer => "cached_answer",
            Self::Truncated => "truncated",
        }
    }

    fn concerns(&self, operation: &str) -> bool {
        match self {
            Self::StaleRead | Self::AbsentRead | Self::CachedAnswer => {
                operation == "GetIdentityMailFromDomainAttributes"
            }
            _ => true,
        }
    }

    /// How long the call waits before it is carried out.
    pub(crate) fn delay_before(&self) -> Duration {
        match self {
            Self::SlowBefore { delay_ms } => Duration::from_millis(*delay_ms),
            _ => Duration::ZERO,
        }
    }

    /// How long the answer waits after the call has been carried out.
    pub(crate) fn delay_after(&self) -> Duration {
        match self {
            Self::SlowAfter { delay_ms } => Duration::from_millis(*delay_ms),
            _ => Duration::ZERO,
        }
    }
}

/// The faults that wait, in the order in which they were injected.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.0.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that strikes this call: of those that match, the first that
    /// lets no more calls pass. Those before it count the call as passed.
    pub(crate) fn strike(&mut self, operation: &str, identities: &[String]) -> Option<Fault> {
        let mut struck = None;
        for (index, fault) in self.0.iter_mut().enumerate() {
            if !fault.matches(operation, identities) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            struck = Some(index);
            break;
        }
        let index = struck?;
        let fault = self.0[index].clone();
        match &mut self.0[index].times {
            None => {}
            Some(left @ 2..) => *left -= 1,
            Some(_) => {
                self.0.remove(index);
            }
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(faults: &mut Faults, operation: &str, identity: &str) -> Option<&'static str> {
        faults
            .strike(operation, &[identity.to_owned()])
            .map(|fault| fault.kind.name())
    }

    #[test]
    fn a_fault_passes_calls_strikes_and_is_used_up() {
        let mut faults = Faults::default();
        faults.push(
            Fault::new(FaultKind::Throttle)
                .on("Set")
                .of("a.example")
                .after(1)
                .times(2),
        );
        assert_eq!(strikes(&mut faults, "Get", "a.example"), None);
        assert_eq!(strikes(&mut faults, "Set", "b.example"), None);
        assert_eq!(strikes(&mut faults, "Set", "a.example"), None);
        assert_eq!(strikes(&mut faults, "Set", "a.example"), Some("throttle"));
        assert_eq!(strikes(&mut faults, "Set", "a.example"), Some("throttle"));
        assert_eq!(strikes(&mut faults, "Set", "a.example"), None);
        assert!(faults.all().is_empty());
    }

    #[test]
    fn faults_strike_in_order_and_some_for_ever() {
        let mut faults = Faults::default();
        faults.push(Fault::new(FaultKind::ResetAfter));
        faults.push(Fault::new(FaultKind::ExpiredToken).forever());
        assert_eq!(strikes(&mut faults, "Set", "a"), Some("reset_after"));
        for _ in 0..5 {
            assert_eq!(strikes(&mut faults, "Get", "a"), Some("expired_token"));
        }
    }

    #[test]
    fn faults_of_reading_pass_over_other_calls() {
        let get = "GetIdentityMailFromDomainAttributes";
        let mut faults = Faults::default();
        faults.push(Fault::new(FaultKind::StaleRead));
        assert_eq!(strikes(&mut faults, "SetIdentityMailFromDomain", "a"), None);
        assert_eq!(strikes(&mut faults, get, "a"), Some("stale_read"));
    }

    #[test]
    fn the_name_of_each_kind_is_its_name_in_json() {
        let error = FaultKind::Error {
            status: 400,
            code: "C".to_owned(),
            message: "m".to_owned(),
        };
        for kind in [
            FaultKind::Throttle,
            FaultKind::ServiceUnavailable,
            FaultKind::InternalFailure,
            FaultKind::Html { status: 502 },
            FaultKind::ResetBefore,
            FaultKind::ResetAfter,
            FaultKind::SlowBefore { delay_ms: 1 },
            FaultKind::SlowAfter { delay_ms: 1 },
            FaultKind::AccessDenied,
            FaultKind::ExpiredToken,
            FaultKind::StaleRead,
            FaultKind::AbsentRead,
            error,
            FaultKind::Garbage,
            FaultKind::Empty,
            FaultKind::OtherAnswer,
            FaultKind::CachedAnswer,
            FaultKind::Truncated,
        ] {
            let json = serde_json::to_value(&kind).unwrap();
            let tag = match &json {
                serde_json::Value::String(tag) => tag.clone(),
                other => other.as_object().unwrap().keys().next().unwrap().clone(),
            };
            assert_eq!(tag, kind.name());
        }
    }

    #[test]
    fn json_that_leaves_times_out_strikes_once_and_null_for_ever() {
        let once: Fault = serde_json::from_str(r#"{"kind":"throttle"}"#).unwrap();
        assert_eq!(once, Fault::new(FaultKind::Throttle));
        let forever: Fault = serde_json::from_str(r#"{"kind":"throttle","times":null}"#).unwrap();
        assert_eq!(forever, Fault::new(FaultKind::Throttle).forever());
    }
}
