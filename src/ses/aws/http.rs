//! HTTP/1.1 to AWS, on hyper: by the proxies that are named, with a limit for each phase of
//! an exchange, and its errors told in words.
//!
//! The SDK's own client knows neither a proxy for each scheme nor `insecure`, and does not
//! tell what a proxy has answered.

mod connect;
mod last;
mod tls;

use std::sync::Arc;

use aws_sdk_ses::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use self::connect::Connect;
pub(super) use self::connect::{ProxyFailed, ProxyFault};
pub(super) use self::last::{Answered, LastAnswer};
pub(super) use self::tls::Trust;
use super::look_up::LookUps;
use super::obstacle::{NotReached, chain, find};
use super::phases::{Exchange, Impatience};
use super::proxies::{Proxies, Proxy};
use crate::ses::error::{Error, Obstacle};

type Client = legacy::Client<Connect, SdkBody>;

/// The HTTP client of all AWS clients of a process. Clones share connections and
/// look-ups.
#[derive(Clone, Debug)]
pub(super) struct Http {
    proxied: Client,
    direct: Client,
    proxies: Proxies,
    look_ups: LookUps,
    /// What is added to the names of the SDK in `User-Agent`.
    names: Option<Names>,
    /// The last answer goes here.
    last: Option<LastAnswer>,
}

/// What is said in `User-Agent` before and after the SDK's own names.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) before: String,
    pub(super) after: String,
}

impl Http {
    pub(super) async fn new(
        trust: &Trust,
        proxies: Proxies,
        names: Option<Names>,
        look_ups: LookUps,
    ) -> Result<Self, Error> {
        let tls = tls::client_config(trust).await?;
        let client = |proxies| {
            let connect = Connect::new(look_ups.clone(), Arc::clone(&tls), proxies);
            legacy::Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .build(connect)
        };
        Ok(Self {
            proxied: client(proxies.clone()),
            direct: client(Proxies::default()),
            proxies,
            look_ups,
            names,
            last: None,
        })
    }

    /// The same client for somebody who wants to know how its last request went.
    pub(super) fn noting(&self, last: &LastAnswer) -> Self {
        Self {
            last: Some(last.clone()),
            ..self.clone()
        }
    }

    /// The same client, by no proxy.
    pub(super) fn without_proxies(&self) -> Self {
        Self {
            proxied: self.direct.clone(),
            proxies: Proxies::default(),
            ..self.clone()
        }
    }

    /// Whether the host of a URL is known not to exist; what a proxy looks up is not.
    pub(super) async fn is_no_host(&self, url: &str) -> bool {
        let Ok(uri) = url.parse::<Uri>() else {
            return false;
        };
        let Some(host) = uri.host().filter(|_| self.proxies.before(&uri).is_none()) else {
            return false;
        };
        let found = self.look_ups.look_up(host).await;
        found.is_err_and(|failed| failed.no_such_host)
    }

    /// A request as hyper takes it.
    fn prepared(&self, request: HttpRequest) -> Result<Request<SdkBody>, ConnectorError> {
        let request = request.try_into_http1x();
        let mut request = request.map_err(|error| ConnectorError::user(error.into()))?;
        if let Some(names) = &self.names {
            let headers = request.headers_mut();
            let own = headers.get(header::USER_AGENT);
            let own = own.and_then(|own| own.to_str().ok()).unwrap_or_default();
            let Names { before, after } = names;
            let parts = [before, own, after].map(|part| part.trim());
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            if let Ok(all) = HeaderValue::try_from(parts.join(" ")) {
                headers.insert(header::USER_AGENT, all);
            }
        }
        if let Some(proxy) = forwarder(&self.proxies, request.uri())
            && let Some(authorization) = &proxy.authorization
        {
            let headers = request.headers_mut();
            headers.insert(header::PROXY_AUTHORIZATION, authorization.clone());
        }
        let captured = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || connection(&captured));
        }
        Ok(request)
    }
}

/// The proxy that is handed requests themselves, as those without TLS are.
fn forwarder<'a>(proxies: &'a Proxies, uri: &Uri) -> Option<&'a Arc<Proxy>> {
    let is_plain = uri.scheme_str() == Some("http");
    proxies.before(uri).filter(|_| is_plain)
}

/// A request's connection as the SDK sees it, which does not use it again after a failure.
fn connection(captured: &CaptureConnection) -> Option<ConnectionMetadata> {
    captured.connection_metadata().as_ref()?;
    let captured = captured.clone();
    let poison = move || {
        if let Some(connection) = captured.connection_metadata().as_ref() {
            connection.poison();
        }
    };
    let metadata = ConnectionMetadata::builder().proxied(false);
    Some(metadata.poison_fn(poison).build())
}

impl HttpClient for Http {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Exchanges {
            http: self.clone(),
            impatience: Impatience {
                connect: settings.connect_timeout(),
                answer: settings.read_timeout(),
            },
        })
    }
}

/// The connector of one request.
#[derive(Debug)]
struct Exchanges {
    http: Http,
    impatience: Impatience,
}

impl HttpConnector for Exchanges {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let exchange = Exchange::new(request.body(), self.impatience);
        let body = std::mem::replace(request.body_mut(), SdkBody::taken());
        *request.body_mut() = exchange.watched(body);
        let request = match self.http.prepared(request) {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(error)),
        };
        let http = self.http.clone();
        HttpConnectorFuture::new(async move {
            let host = request.uri().authority();
            let host = host.map_or_else(|| "AWS".to_owned(), ToString::to_string);
            let proxy = http.proxies.before(request.uri()).cloned();
            let forwarder = forwarder(&http.proxies, request.uri()).cloned();
            let answer = match exchange.drive(http.proxied.request(request)).await {
                Ok(answer) => answer.map_err(|error| told(&host, error)),
                Err(overdue) => {
                    let slow = NotReached::slow(&host, proxy.as_deref(), overdue);
                    Err(ConnectorError::timeout(slow.into()))
                }
            };
            let answer = answer.and_then(|answer| match forwarder {
                Some(proxy) if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                    let fault = ProxyFault::Refuses(answer.status().as_u16());
                    let failed = NotReached::by_proxy(&host, &ProxyFailed { proxy, fault });
                    Err(ConnectorError::other(failed.into(), None))
                }
                _ => Ok(answer),
            });
            if answer.as_ref().is_err_and(connects_elsewhere_next_time) {
                http.look_ups.forget();
            }
            let mut answer = answer.map(|answer| answer.map(SdkBody::from_body_1_x));
            if let Some(last) = &http.last {
                last.note(answer.as_mut().ok()).await;
            }
            let answer = answer?;
            HttpResponse::try_from(answer)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// hyper's error, in words, and of the kind by which the SDK tells whether to try again.
fn told(host: &str, error: legacy::Error) -> ConnectorError {
    let not_reached = NotReached::of(host, &error).into();
    let hyper: Option<&hyper::Error> = find(&error);
    let is_io = |cause: &(dyn std::error::Error + 'static)| cause.is::<std::io::Error>();
    let breaks = hyper.is_some_and(|hyper| hyper.is_closed() || hyper.is_canceled());
    if breaks || error.is_connect() || chain(&error).any(is_io) {
        ConnectorError::io(not_reached)
    } else if hyper.is_some_and(hyper::Error::is_user) {
        ConnectorError::user(not_reached)
    } else if hyper.is_some_and(hyper::Error::is_incomplete_message) {
        ConnectorError::other(not_reached, Some(ErrorKind::TransientError))
    } else {
        ConnectorError::other(not_reached, None)
    }
}

/// Whether another address of the host might do better.
fn connects_elsewhere_next_time(error: &ConnectorError) -> bool {
    find::<NotReached>(error).is_some_and(|not_reached| {
        matches!(
            not_reached.obstacle,
            Obstacle::Refused
                | Obstacle::Proxy
                | Obstacle::ProxyAuthentication
                | Obstacle::Connection
                | Obstacle::Tls
                | Obstacle::Certificate
        )
    })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use aws_credential_types::Credentials;
    use aws_sdk_ses::config::{BehaviorVersion, Region};
    use aws_smithy_types::timeout::TimeoutConfig;
    use simulator::{Options, Rate, Simulator};
    use tokio::time::Instant;

    use super::super::look_up::tests::Scripted;
    use super::*;

    /// A client of SES at `http://ses.test:PORT`, by a resolver of one's own, and by no
    /// proxy.
    async fn client(port: u16, resolver: Scripted) -> aws_sdk_ses::Client {
        let look_ups = LookUps::by(resolver);
        let http = Http::new(&Trust::System, Proxies::default(), None, look_ups).await;
        let timeouts = TimeoutConfig::builder().disable_connect_timeout().build();
        let config = aws_sdk_ses::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(format!("http://ses.test:{port}"))
            .credentials_provider(Credentials::from_keys("AKIA", "secret", None))
            .timeout_config(timeouts)
            .http_client(http.unwrap());
        aws_sdk_ses::Client::from_conf(config.build())
    }

    #[tokio::test]
    async fn a_resolver_that_answers_late_is_waited_for_and_asked_once() {
        let options = Options {
            rate: Rate::Unlimited,
            ..Options::default()
        };
        let simulator = Simulator::start(options).unwrap();
        let url: Uri = simulator.ses_url().parse().unwrap();
        // As long as glibc takes when its first question is lost.
        let resolver = Scripted::new(5, Ok(IpAddr::from([127, 0, 0, 1])));
        let client = client(url.port_u16().unwrap(), resolver.clone()).await;
        let began = Instant::now();
        for _ in 0..3 {
            client.list_identities().send().await.unwrap();
        }
        assert!(began.elapsed() >= Duration::from_secs(5));
        assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_does_not_answer_is_told_and_is_no_other_obstacle() {
        let resolver = Scripted::new(1000, Ok(IpAddr::from([127, 0, 0, 1])));
        let client = client(1, resolver).await;
        let error = client.list_identities().send().await.unwrap_err();
        let not_reached = find::<NotReached>(&error).unwrap();
        assert_eq!(not_reached.obstacle, Obstacle::LookUp);
        let told = "looking up the name of ses.test:1 took longer than 20 s";
        assert_eq!(not_reached.reason, told);
    }
}
