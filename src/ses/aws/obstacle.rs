//! Obstacles on the way to an endpoint of AWS, told in words.
//!
//! What the HTTP client says of a request without an answer is several layers of its own
//! names around a cause. Here the cause is found, and said so that somebody can act on it.

use std::error::Error as StdError;
use std::io;

use http::uri::Authority;
use rustls::CertificateError;

use super::http::{ProxyFailed, ProxyFault};
use super::look_up::LookUpFailed;
use super::phases::{Overdue, Phase};
use super::proxies::Proxy;
use crate::machine;
use crate::ses::error::Obstacle;

/// Why a request to AWS has no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct NotReached {
    /// What stood in the way.
    pub(super) obstacle: Obstacle,
    /// The same as a clause, with what the system said of it.
    pub(super) reason: String,
}

impl NotReached {
    /// A phase of the exchange with `host` took too long.
    pub(super) fn slow(host: &str, proxy: Option<&Proxy>, overdue: Overdue) -> Self {
        let limit = overdue.limit.as_secs();
        let by = proxy.map_or_else(String::new, |proxy| format!(" by {proxy}"));
        let (obstacle, reason) = match overdue.phase {
            Phase::LookUp => {
                let of = proxy.map_or_else(|| host.to_owned(), ToString::to_string);
                (
                    Obstacle::LookUp,
                    format!("looking up the name of {of} took longer than {limit} s"),
                )
            }
            Phase::Connect => (
                Obstacle::Connection,
                format!("connecting to {host}{by} (TCP, TLS) took longer than {limit} s"),
            ),
            Phase::Answer => (
                Obstacle::Answer,
                format!("no answer within {limit} s of sending the request to {host}{by}"),
            ),
            Phase::ConnectAndAnswer => (
                Obstacle::Connection,
                format!("no answer of {host}{by} within {limit} s"),
            ),
        };
        Self { obstacle, reason }
    }

    /// A proxy before `host` does not do what it is there for.
    pub(super) fn by_proxy(host: &str, failed: &ProxyFailed) -> Self {
        let ProxyFailed { proxy, fault } = failed;
        let (obstacle, reason) = match fault {
            ProxyFault::Away(error) => {
                let place = proxy.uri.authority().map_or("it", Authority::as_str);
                let Self { obstacle, reason } = Self::of(place, error.as_ref());
                let obstacle = match obstacle {
                    Obstacle::Certificate => Obstacle::Certificate,
                    _ => Obstacle::Proxy,
                };
                (obstacle, format!("{proxy} cannot be used: {reason}"))
            }
            ProxyFault::Refuses(407) => {
                let wants = match proxy.authorization {
                    Some(_) => "does not take the user name and the password that it is given",
                    None => "asks for a user name and a password",
                };
                let reason = format!("{proxy}, before {host}, {wants} (HTTP status 407)");
                (Obstacle::ProxyAuthentication, reason)
            }
            ProxyFault::Refuses(status) => {
                let reason = format!(
                    "{proxy} does not let the connection to {host} through (HTTP status {status})"
                );
                (Obstacle::Proxy, reason)
            }
        };
        Self { obstacle, reason }
    }

    /// What the HTTP client's error about a request to `host` comes of.
    pub(super) fn of(host: &str, error: &(dyn StdError + 'static)) -> Self {
        if let Some(failed) = find::<ProxyFailed>(error) {
            return Self::by_proxy(host, failed);
        }
        let (obstacle, reason) = Self::known(host, error).unwrap_or_else(|| {
            // What is innermost says what happened.
            let said = chain(error).last().unwrap_or(error).to_string();
            let shortage = chain(error).find_map(machine::file_shortage);
            let said = [Some(said), shortage];
            let said: Vec<String> = said.into_iter().flatten().collect();
            let reason = format!("the connection to {host} failed: {}", said.join(": "));
            (Obstacle::Connection, reason)
        });
        Self { obstacle, reason }
    }

    fn known(host: &str, error: &(dyn StdError + 'static)) -> Option<(Obstacle, String)> {
        if let Some(failed) = find::<LookUpFailed>(error) {
            let LookUpFailed { name, reason, .. } = failed;
            let (obstacle, what) = if failed.no_such_host {
                (Obstacle::NoSuchHost, "is not known")
            } else {
                (Obstacle::LookUp, "could not be looked up")
            };
            return Some((obstacle, format!("the host {name} {what}: {reason}")));
        }
        if let Some(error) = find::<rustls::Error>(error) {
            return Some(match error {
                rustls::Error::InvalidCertificate(problem) => {
                    let problem = distrust(problem);
                    let reason = format!("the certificate of {host} is not trusted: {problem}");
                    (Obstacle::Certificate, reason)
                }
                other => (
                    Obstacle::Tls,
                    format!("TLS with {host} could not be agreed on: {other}"),
                ),
            });
        }
        let refused = chain(error).any(|cause| {
            let cause = cause.downcast_ref::<io::Error>();
            cause.is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionRefused)
        });
        refused.then(|| {
            let reason = format!("{host} refused the connection");
            (Obstacle::Refused, reason)
        })
    }
}

fn distrust(problem: &CertificateError) -> String {
    match problem {
        CertificateError::UnknownIssuer => {
            "this machine does not trust who has issued it".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired, by this machine's clock".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, by this machine's clock".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        other => other.to_string(),
    }
}

/// The first error of a type in a chain of causes.
pub(super) fn find<'a, E: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a E> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// An error and its causes. An [`io::Error`] hides what it is made of behind its causes.
pub(super) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the HTTP client wraps a cause.
    #[derive(Debug, thiserror::Error)]
    #[error("client error (Connect)")]
    struct Wrapped(#[source] Box<dyn StdError + Send + Sync>);

    fn told(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> NotReached {
        NotReached::of("ses.test:443", &Wrapped(cause.into()))
    }

    #[test]
    fn each_cause_is_found_in_its_wrapping_and_told_in_words() {
        let certificate = |problem| {
            let error = rustls::Error::InvalidCertificate(problem);
            io::Error::other(io::Error::other(error))
        };
        let look_up = |no_such_host| LookUpFailed {
            name: "ses.test".to_owned(),
            reason: "what the resolver said".to_owned(),
            no_such_host,
        };
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for (told, obstacle, reason) in [
            (
                told(certificate(CertificateError::UnknownIssuer)),
                Obstacle::Certificate,
                "the certificate of ses.test:443 is not trusted: this machine does not trust who \
                 has issued it",
            ),
            (
                told(certificate(CertificateError::Expired)),
                Obstacle::Certificate,
                "the certificate of ses.test:443 is not trusted: it has expired, by this \
                 machine's clock",
            ),
            (
                told(rustls::Error::HandshakeNotComplete),
                Obstacle::Tls,
                "TLS with ses.test:443 could not be agreed on: handshake not complete",
            ),
            (
                told(look_up(true)),
                Obstacle::NoSuchHost,
                "the host ses.test is not known: what the resolver said",
            ),
            (
                told(look_up(false)),
                Obstacle::LookUp,
                "the host ses.test could not be looked up: what the resolver said",
            ),
            (
                told(refused()),
                Obstacle::Refused,
                "ses.test:443 refused the connection",
            ),
            (
                told(io::Error::other("unexpected end of file")),
                Obstacle::Connection,
                "the connection to ses.test:443 failed: unexpected end of file",
            ),
        ] {
            assert_eq!((told.obstacle, told.reason.as_str()), (obstacle, reason));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_lack_of_open_files_is_told_with_its_limit() {
        let reason = told(io::Error::from_raw_os_error(24)).reason;
        assert!(
            reason.contains("the connection to ses.test:443 failed: "),
            "{reason}"
        );
        assert!(reason.ends_with("(ulimit -n)"), "{reason}");
    }
}
