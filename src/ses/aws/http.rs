//! HTTP to AWS: the SDK's client, with a limit for each phase of an exchange, its errors
//! told in words, and the proxies of the environment kept away from addresses that lie
//! before them.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ses::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::Uri;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::look_up::LookUps;
use super::obstacle::NotReached;
use super::phases::Exchange;
use crate::ses::error::{Error, Obstacle};

/// The HTTP client of all AWS clients of a process. Clones share connections and
/// look-ups.
#[derive(Clone, Debug)]
pub(super) struct Http {
    /// By the proxies of the environment.
    proxied: SharedHttpClient,
    /// By none.
    direct: SharedHttpClient,
    look_ups: LookUps,
    /// The status of the last answer goes here.
    last: Option<LastStatus>,
}

/// The HTTP status of the last answer that somebody was given.
#[derive(Clone, Debug, Default)]
pub(super) struct LastStatus(Arc<Mutex<Option<u16>>>);

impl LastStatus {
    pub(super) fn get(&self) -> Option<u16> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, status: Option<u16>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }
}

impl Http {
    /// A client that trusts the certificates of `ca_bundle` in place of the system's; it
    /// comes with what names it.
    pub(super) async fn new(
        ca_bundle: Option<(&str, PathBuf)>,
        look_ups: LookUps,
    ) -> Result<Self, Error> {
        let context = tls_context(ca_bundle).await?;
        let client = |proxies: ProxyConfig| {
            let (context, look_ups) = (context.clone(), look_ups.clone());
            Builder::new().build_with_connector_fn(move |settings, components| {
                let mut connector = Connector::builder()
                    .proxy_config(proxies.clone())
                    .tls_provider(tls::Provider::Rustls(
                        tls::rustls_provider::CryptoMode::AwsLc,
                    ))
                    .tls_context(context.clone());
                if let Some(settings) = settings {
                    connector = connector.connector_settings(settings.clone());
                }
                if let Some(sleep) = components.and_then(|components| components.sleep_impl()) {
                    connector = connector.sleep_impl(sleep);
                }
                connector.build_with_resolver(look_ups.clone())
            })
        };
        Ok(Self {
            proxied: client(ProxyConfig::from_env()),
            direct: client(ProxyConfig::disabled()),
            look_ups,
            last: None,
        })
    }

    /// The same client for somebody who wants to know how its last request went.
    pub(super) fn noting(&self, last: &LastStatus) -> Self {
        Self {
            last: Some(last.clone()),
            ..self.clone()
        }
    }
}

async fn tls_context(ca_bundle: Option<(&str, PathBuf)>) -> Result<TlsContext, Error> {
    let mut context = TlsContext::builder();
    if let Some((named_by, path)) = &ca_bundle {
        let unusable = |problem: &dyn std::fmt::Display| Error::Settings {
            reason: format!(
                "cannot use the certificate bundle {} that {named_by} names: {problem}",
                path.display()
            ),
        };
        let pem = tokio::fs::read(path).await;
        let pem = pem.map_err(|error| unusable(&error))?;
        // The HTTP client takes it for granted that all is well with them.
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| unusable(&error))?;
            roots.add(certificate).map_err(|error| unusable(&error))?;
        }
        if roots.is_empty() {
            return Err(unusable(&"it holds no certificate in PEM form"));
        }
        context = context.with_trust_store(TrustStore::empty().with_pem_certificate(pem));
    }
    context.build().map_err(|error| Error::Settings {
        reason: format!("TLS cannot be set up: {error}"),
    })
}

impl HttpClient for Http {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Exchanges {
            http: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

/// The connector of one request; which of the two clients it goes by is known when the
/// request is.
#[derive(Debug)]
struct Exchanges {
    http: Http,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Exchanges {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let uri: Option<Uri> = request.uri().parse().ok();
        let near = uri.as_ref().and_then(Uri::host).is_some_and(is_near);
        let client = if near {
            &self.http.direct
        } else {
            &self.http.proxied
        };
        let connector = client.http_connector(&self.settings, &self.components);
        let host = uri.as_ref().and_then(Uri::authority);
        let host = host.map_or_else(|| "AWS".to_owned(), ToString::to_string);
        let exchange = Exchange::new(request.body());
        let body = std::mem::replace(request.body_mut(), SdkBody::taken());
        *request.body_mut() = exchange.watched(body);
        let http = self.http.clone();
        HttpConnectorFuture::new(async move {
            let answer = exchange.drive(connector.call(request)).await;
            let answer = answer.unwrap_or_else(|phase| {
                let slow = NotReached::slow(&host, phase);
                Err(ConnectorError::timeout(slow.into()))
            });
            let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
            if let Some(last) = &http.last {
                last.set(status);
            }
            answer.map_err(|error| {
                let error = told(&host, error);
                if connects_elsewhere_next_time(&error) {
                    http.look_ups.forget();
                }
                error
            })
        })
    }
}

/// The HTTP client's error, of the same kind, in words.
fn told(host: &str, error: ConnectorError) -> ConnectorError {
    if super::obstacle::find::<NotReached>(&error).is_some() {
        return error;
    }
    let not_reached = NotReached::of(host, &error).into();
    if error.is_timeout() {
        ConnectorError::timeout(not_reached)
    } else if error.is_io() {
        ConnectorError::io(not_reached)
    } else if error.is_user() {
        ConnectorError::user(not_reached)
    } else {
        ConnectorError::other(not_reached, error.as_other())
    }
}

/// Whether another address of the host might do better.
fn connects_elsewhere_next_time(error: &ConnectorError) -> bool {
    let not_reached = super::obstacle::find::<NotReached>(error);
    not_reached.is_some_and(|not_reached| {
        matches!(
            not_reached.obstacle,
            Obstacle::Refused | Obstacle::Connection | Obstacle::Tls | Obstacle::Certificate
        )
    })
}

/// Whether `host` lies before every proxy: this machine, or what belongs to it, as a
/// container's and an instance's credentials do.
fn is_near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            // Of the metadata service: fd00:ec2::254, fd00:ec2::23.
            address.is_loopback() || address.segments()[..2] == [0xfd00, 0x0ec2]
        }
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
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
        let mut http = Http::new(None, LookUps::by(resolver)).await.unwrap();
        http.proxied = http.direct.clone();
        let timeouts = TimeoutConfig::builder().disable_connect_timeout().build();
        let config = aws_sdk_ses::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(format!("http://ses.test:{port}"))
            .credentials_provider(Credentials::from_keys("AKIA", "secret", None))
            .timeout_config(timeouts)
            .http_client(http);
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
        let not_reached = super::super::obstacle::find::<NotReached>(&error).unwrap();
        assert_eq!(not_reached.obstacle, Obstacle::LookUp);
        let told = "looking up the name of ses.test:1 took longer than 20 s";
        assert_eq!(not_reached.reason, told);
    }

    #[test]
    fn this_machine_and_what_belongs_to_it_lie_before_every_proxy() {
        for (host, near) in [
            ("127.0.0.1", true),
            ("localhost", true),
            ("[::1]", true),
            ("169.254.169.254", true),
            ("169.254.170.2", true),
            ("[fd00:ec2::254]", true),
            ("10.0.0.1", false),
            ("email.us-east-1.amazonaws.com", false),
            ("localhost.example.com", false),
        ] {
            assert_eq!(is_near(host), near, "{host}");
        }
    }

    #[tokio::test]
    async fn a_bundle_without_certificates_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundle.pem");
        for (holds, problem) in [
            ("", "no certificate in PEM form"),
            (
                "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
                "",
            ),
        ] {
            std::fs::write(&path, holds).unwrap();
            let bundle = Some(("`custom_ca_bundle`", path.clone()));
            let http = Http::new(bundle, LookUps::of_system()).await;
            let error = http.unwrap_err();
            let told = error.to_string();
            assert!(
                told.contains("bundle.pem that `custom_ca_bundle` names") && told.contains(problem),
                "{told}"
            );
        }
    }
}
