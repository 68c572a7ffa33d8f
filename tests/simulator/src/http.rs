//! HTTP on the SES port: requests to SES and to the control routes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, USER_AGENT};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::control::Control;
use crate::ses::{Answer, DEFAULT_REGION, Form, Reply, Request as SesRequest, Ses};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Accepts connections for ever.
pub(crate) async fn serve(listener: TcpListener, control: Control) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_connection(stream, control.clone()));
            }
            // Out of file descriptors, most likely: wait for some to be free again.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve_connection(stream: TcpStream, control: Control) {
    // Small answers must not wait for acknowledgements; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(Notify::new());
    let service = service_fn(|request| {
        let (control, reset) = (control.clone(), reset.clone());
        Box::pin(async move {
            match answer(request, control).await {
                Some(response) => Ok::<_, Infallible>(response),
                None => {
                    reset.notify_one();
                    std::future::pending().await
                }
            }
        })
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = &mut connection => {}
        () = reset.notified() => {
            let stream = connection.into_parts().io.into_inner();
            // Closing with no time to linger sends RST instead of FIN.
            let _ = stream.set_zero_linger();
        }
    }
}

/// The response to `request`; `None` if the connection is to be reset.
async fn answer(request: Request<Incoming>, control: Control) -> Option<Response<Full<Bytes>>> {
    let arrival = control.ses.clock().elapsed();
    let (head, body) = request.into_parts();
    // A client that went away while it was sending gets no answer.
    let body = body.collect().await.ok()?.to_bytes();
    if let Some(route) = head.uri.path().strip_prefix("/_simulator/") {
        let (status, body) = control.answer(&head.method, route, &body);
        return Some(response(status, "application/json", body));
    }
    if head.method != Method::POST {
        let body = "SES's Query API takes POST.\n".to_owned();
        return Some(response(StatusCode::METHOD_NOT_ALLOWED, "text/plain", body));
    }
    let request = ses_request(arrival, &head.headers, &body);
    let ses = control.accounts.of(request.access_key.as_deref());
    match in_its_own_task(ses, request).await {
        Reply::Answer(answer) => Some(ses_response(answer)),
        Reply::Reset => None,
    }
}

/// Answers in a task of its own: SES carries out what it has been sent, also if
/// the client has hung up by then.
async fn in_its_own_task(ses: Ses, request: SesRequest) -> Reply {
    tokio::spawn(async move { ses.answer(request).await })
        .await
        .unwrap_or(Reply::Reset)
}

fn ses_request(arrival: Duration, headers: &HeaderMap, body: &[u8]) -> SesRequest {
    let text = |name| headers.get(name)?.to_str().ok();
    let (access_key, region) = text(AUTHORIZATION).and_then(credential_scope).unzip();
    SesRequest {
        arrival,
        region: region.unwrap_or(DEFAULT_REGION).to_owned(),
        access_key: access_key.map(str::to_owned),
        user_agent: text(USER_AGENT).map(str::to_owned),
        form: Form::parse(body),
    }
}

/// Access key and region of a Signature Version 4
/// `Authorization: AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`.
fn credential_scope(authorization: &str) -> Option<(&str, &str)> {
    let (_, credential) = authorization.split_once("Credential=")?;
    let credential = credential.split([',', ' ']).next()?;
    // An access key may hold slashes, the rest may not: count from the end.
    let mut parts = credential.rsplitn(5, '/');
    let region = parts.nth(2)?;
    let access_key = parts.nth(1)?;
    Some((access_key, region))
}

fn ses_response(answer: Answer) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = response(status, answer.content_type, answer.body);
    if let Some(id) = answer.request_id.and_then(|id| id.try_into().ok()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let content_type = hyper::header::HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_in_the_credential_scope() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIA/20260102/eu-west-1/ses/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=00";
        assert_eq!(credential_scope(header), Some(("AKIA", "eu-west-1")));
        let slash = "AWS4-HMAC-SHA256 Credential=A/B/20260102/eu-west-1/ses/aws4_request,";
        assert_eq!(credential_scope(slash), Some(("A/B", "eu-west-1")));
        for other in ["Bearer x", "AWS4-HMAC-SHA256 Credential=AKIA", ""] {
            assert_eq!(credential_scope(other), None, "{other}");
        }
    }
}
