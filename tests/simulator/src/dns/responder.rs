//! Answers queries from the zone, in the mode asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_server::net::runtime::Time;
use hickory_server::net::xfer::Protocol;
use hickory_server::proto::op::{Edns, Header, HeaderCounts, Metadata, OpCode, ResponseCode};
use hickory_server::proto::rr::Name;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;

use super::Mode;
use super::zone::{Finding, Zone};
use crate::clock::Clock;
use crate::ses::milliseconds;

#[derive(Debug)]
pub(crate) struct Responder {
    zone: Arc<Mutex<Zone>>,
    log: Option<Clock>,
}

/// What is sent to one query.
struct Response {
    truncated: bool,
    finding: Finding,
}

impl Response {
    fn code(code: ResponseCode) -> Self {
        Self {
            truncated: false,
            finding: Finding::code(code),
        }
    }
}

impl Responder {
    /// Logs the queries, by the time of `log`, if it is given.
    pub(crate) fn new(zone: Arc<Mutex<Zone>>, log: Option<Clock>) -> Self {
        Self { zone, log }
    }

    fn zone(&self) -> MutexGuard<'_, Zone> {
        self.zone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The response to `request`, or none at all.
    async fn respond(&self, request: &Request) -> Option<Response> {
        if request.metadata.op_code != OpCode::Query {
            return Some(Response::code(ResponseCode::NotImp));
        }
        let Ok(info) = request.request_info() else {
            return Some(Response::code(ResponseCode::FormErr));
        };
        let tcp = info.protocol == Protocol::Tcp;
        let (name, kind) = (info.query.name(), info.query.query_type());
        let mode = {
            let mut zone = self.zone();
            if let Some(clock) = &self.log {
                zone.log(milliseconds(clock.elapsed()), name, kind, tcp);
                if !zone.takes(clock.elapsed()) {
                    return Some(Response::code(ResponseCode::Refused));
                }
            }
            zone.mode_of(name)
        };
        match mode {
            Mode::Silent => return None,
            Mode::ServFail => return Some(Response::code(ResponseCode::ServFail)),
            Mode::Refused => return Some(Response::code(ResponseCode::Refused)),
            Mode::TruncateUdp if !tcp => {
                return Some(Response {
                    truncated: true,
                    finding: Finding::code(ResponseCode::NoError),
                });
            }
            Mode::Delay { delay_ms } => tokio::time::sleep(Duration::from_millis(delay_ms)).await,
            Mode::TruncateUdp | Mode::Normal => {}
        }
        let asked: &Name = info.query.original().name();
        Some(Response {
            truncated: false,
            finding: self.zone().find(asked, kind),
        })
    }
}

#[async_trait::async_trait]
impl RequestHandler for Responder {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut handle: R,
    ) -> ResponseInfo {
        let mut metadata = Metadata::response_from_request(&request.metadata);
        let Some(response) = self.respond(request).await else {
            return unsent(metadata);
        };
        let finding = response.finding;
        metadata.response_code = finding.code;
        metadata.truncation = response.truncated;
        metadata.authoritative =
            matches!(finding.code, ResponseCode::NoError | ResponseCode::NXDomain);
        let edns = request.edns.as_ref().map(|asked| {
            let mut edns = Edns::new();
            edns.set_max_payload(asked.max_payload().max(512));
            edns
        });
        let mut builder = MessageResponseBuilder::from_message_request(request);
        if let Some(edns) = &edns {
            builder.edns(edns);
        }
        let message = builder.build(metadata, &finding.answers, [], &finding.soa, []);
        match handle.send_response(message).await {
            Ok(info) => info,
            // The resolver has gone; nobody is left to tell.
            Err(_) => unsent(metadata),
        }
    }
}

/// What the server is told of a response that was not sent.
fn unsent(metadata: Metadata) -> ResponseInfo {
    ResponseInfo::from(Header {
        metadata,
        counts: HeaderCounts::default(),
    })
}
