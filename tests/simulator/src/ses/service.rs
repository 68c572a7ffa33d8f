//! One request to SES from arrival to answer: limit, fault, effect, latency.

use std::time::Duration;

use tokio::time::sleep;

use super::Ses;
use super::calls::{Call, Outcome, milliseconds};
use super::error::ApiError;
use super::faults::{Fault, FaultKind};
use super::form::Form;
use super::operations::{Operation, View, ViewKind};
use super::xml;

/// The one operation of STS.
pub(super) const CALLER_IDENTITY: &str = "GetCallerIdentity";

/// A request whose body has been read.
#[derive(Debug)]
pub(crate) struct Request {
    /// When its headers had arrived, since the start.
    pub(crate) arrival: Duration,
    pub(crate) region: String,
    pub(crate) access_key: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) form: Form,
}

impl Request {
    fn action(&self) -> &str {
        self.form.get("Action").unwrap_or_default()
    }
}

/// What the connection does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Answer(Answer),
    /// It is reset, with nothing sent.
    Reset,
}

/// An HTTP answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) request_id: Option<String>,
    pub(crate) body: String,
}

/// A request that has been logged, and what was decided of it.
struct Ticket {
    seq: u64,
    request_id: String,
    latency: Duration,
    verdict: Verdict,
}

enum Verdict {
    Throttled,
    Proceed,
    Struck(Fault),
}

impl Ses {
    /// Answers `request`.
    pub(crate) async fn answer(&self, request: Request) -> Reply {
        let ticket = self.admit(&request);
        let (before, after) = match &ticket.verdict {
            Verdict::Struck(fault) => (fault.kind.delay_before(), fault.kind.delay_after()),
            Verdict::Throttled | Verdict::Proceed => (Duration::ZERO, Duration::ZERO),
        };
        sleep(before).await;
        let (reply, outcome) = self.carry_out(&request, &ticket);
        self.state().calls.finish(ticket.seq, outcome);
        sleep(ticket.latency + after).await;
        reply
    }

    /// Decides, under one lock, whether the request is within the limit and
    /// which fault strikes it, and logs it.
    fn admit(&self, request: &Request) -> Ticket {
        let mut state = self.state();
        let action = request.action();
        let identities = request.form.identities();
        // STS has no such limit.
        let is_limited = action != CALLER_IDENTITY;
        let limits = &state.limits;
        let verdict = if !is_limited || limits.admits(&request.region, action, request.arrival) {
            let fault = state.faults.strike(action, &identities);
            let throttles = fault.as_ref().map(|fault| &fault.kind) == Some(&FaultKind::Throttle);
            if is_limited && !throttles {
                state.limits.count(&request.region, action, request.arrival);
            }
            fault.map_or(Verdict::Proceed, Verdict::Struck)
        } else {
            Verdict::Throttled
        };
        let fault = match &verdict {
            Verdict::Struck(fault) => Some(fault.kind.name().to_owned()),
            Verdict::Throttled | Verdict::Proceed => None,
        };
        let seq = state.calls.next_seq();
        let request_id = format!("00000000-0000-4000-8000-{seq:012x}");
        state.calls.push(Call {
            seq,
            at_ms: milliseconds(request.arrival),
            region: request.region.clone(),
            action: action.to_owned(),
            identities,
            mail_from_domain: request.form.get("MailFromDomain").map(str::to_owned),
            behavior: request.form.get("BehaviorOnMXFailure").map(str::to_owned),
            access_key: request.access_key.clone(),
            user_agent: request.user_agent.clone(),
            request_id: request_id.clone(),
            outcome: Outcome::InFlight,
            fault,
        });
        Ticket {
            seq,
            request_id,
            latency: state.latency,
            verdict,
        }
    }

    fn carry_out(&self, request: &Request, ticket: &Ticket) -> (Reply, Outcome) {
        let id = &ticket.request_id;
        let fault = match &ticket.verdict {
            Verdict::Throttled => return refuse(&ApiError::throttling(), id),
            Verdict::Proceed => return self.perform(request, &View::default(), id),
            Verdict::Struck(fault) => fault,
        };
        let view = |kind| View {
            kind,
            of: fault.identity.clone(),
        };
        match &fault.kind {
            FaultKind::Throttle => refuse(&ApiError::throttling(), id),
            FaultKind::ServiceUnavailable => refuse(
                &ApiError::new(
                    503,
                    "ServiceUnavailable",
                    "The service is temporarily unavailable.",
                ),
                id,
            ),
            FaultKind::InternalFailure => refuse(
                &ApiError::new(
                    500,
                    "InternalFailure",
                    "The request processing has failed because of an unknown error.",
                ),
                id,
            ),
            FaultKind::Html { status } => (Reply::page(*status), Outcome::Unreadable),
            FaultKind::ResetBefore => (Reply::Reset, Outcome::Reset),
            FaultKind::ResetAfter => {
                self.perform(request, &View::default(), id);
                (Reply::Reset, Outcome::Reset)
            }
            FaultKind::SlowBefore { .. } | FaultKind::SlowAfter { .. } => {
                self.perform(request, &View::default(), id)
            }
            FaultKind::AccessDenied => refuse(&ApiError::access_denied(request.action()), id),
            FaultKind::ExpiredToken => refuse(&ApiError::expired_token(), id),
            FaultKind::StaleRead => self.perform(request, &view(ViewKind::BeforeLastChange), id),
            FaultKind::AbsentRead => self.perform(request, &view(ViewKind::Absent), id),
            FaultKind::Error {
                status,
                code,
                message,
            } => refuse(&ApiError::new(*status, code, message), id),
            FaultKind::Garbage => {
                self.perform(request, &View::default(), id);
                (Reply::garbage(id), Outcome::Unreadable)
            }
            FaultKind::Empty => (Reply::empty(), Outcome::Unreadable),
            FaultKind::OtherAnswer => (Reply::other_answer(id), Outcome::Unreadable),
            FaultKind::CachedAnswer => (Reply::cached_answer(id), Outcome::Unreadable),
            FaultKind::Truncated => {
                let (reply, outcome) = self.perform(request, &View::default(), id);
                (reply.truncated(), outcome)
            }
        }
    }

    fn perform(&self, request: &Request, view: &View, request_id: &str) -> (Reply, Outcome) {
        let now = self.clock.now();
        let mut state = self.state();
        let rules = state.rules;
        let operation = Operation {
            account: &mut state.account,
            region: &request.region,
            form: &request.form,
            rules,
            now,
        };
        let action = request.action();
        let performed = match action {
            CALLER_IDENTITY => Ok(caller_identity(&self.number)),
            _ => operation.perform(action, view),
        };
        match performed {
            Ok(result) => {
                let body = xml::response(action, &result, request_id);
                (Reply::xml(200, body, request_id), Outcome::Accepted)
            }
            Err(error) => refuse(&error, request_id),
        }
    }
}

/// What the result element of `GetCallerIdentity` holds.
fn caller_identity(account: &str) -> String {
    [
        xml::element("Arn", &format!("arn:aws:iam::{account}:user/simulated")),
        xml::element("UserId", "AIDASIMULATED"),
        xml::element("Account", account),
    ]
    .concat()
}

fn refuse(error: &ApiError, request_id: &str) -> (Reply, Outcome) {
    let body = xml::error(error.kind(), &error.code, &error.message, request_id);
    let outcome = if error.code == "Throttling" {
        Outcome::Throttled
    } else {
        Outcome::Error(error.code.clone())
    };
    (Reply::xml(error.status, body, request_id), outcome)
}

impl Reply {
    fn xml(status: u16, body: String, request_id: &str) -> Self {
        Self::Answer(Answer {
            status,
            content_type: "text/xml",
            request_id: Some(request_id.to_owned()),
            body,
        })
    }

    /// What a load balancer answers in SES's stead.
    fn page(status: u16) -> Self {
        Self::Answer(Answer {
            status,
            content_type: "text/html",
            request_id: None,
            body: format!(
                "<html>\r\n<head><title>{status}</title></head>\r\n\
                 <body>\r\n<center><h1>{status}</h1></center>\r\n</body>\r\n</html>\r\n"
            ),
        })
    }

    fn garbage(request_id: &str) -> Self {
        Self::xml(200, "<<<\u{0}not xml".to_owned(), request_id)
    }

    fn empty() -> Self {
        Self::Answer(Answer {
            status: 200,
            content_type: "text/plain",
            request_id: None,
            body: String::new(),
        })
    }

    /// To an operation that no client of the simulator calls.
    fn other_answer(request_id: &str) -> Self {
        let body = xml::response(
            "GetAccountSendingEnabled",
            "<Enabled>true</Enabled>",
            request_id,
        );
        Self::xml(200, body, request_id)
    }

    /// To a Get of an identity that nobody asks for.
    fn cached_answer(request_id: &str) -> Self {
        let body = xml::response(
            "GetIdentityMailFromDomainAttributes",
            "<MailFromDomainAttributes><entry><key>cached.example</key><value>\
             <BehaviorOnMXFailure>UseDefaultValue</BehaviorOnMXFailure></value></entry>\
             </MailFromDomainAttributes>",
            request_id,
        );
        Self::xml(200, body, request_id)
    }

    /// As if the answer had been all but its second half.
    fn truncated(self) -> Self {
        match self {
            Self::Answer(mut answer) => {
                let half = answer.body.floor_char_boundary(answer.body.len() / 2);
                answer.body.truncate(half);
                Self::Answer(answer)
            }
            Self::Reset => Self::Reset,
        }
    }
}
