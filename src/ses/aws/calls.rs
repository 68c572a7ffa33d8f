//! [`Api`] by the AWS SDK.

use std::collections::{HashMap, HashSet};
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ses::config::Region;
use aws_sdk_ses::config::http::HttpResponse;
use aws_sdk_ses::config::retry::RetryConfig;
use aws_sdk_ses::config::timeout::TimeoutConfig;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ses::operation::RequestId;
use aws_sdk_ses::types::{
    BehaviorOnMxFailure, IdentityMailFromDomainAttributes, VerificationStatus,
};
use tokio::sync::OnceCell;

use super::connection::Connection;
use super::stamp::Stamp;
use crate::machine;
use crate::mail_from;
use crate::ses::api::{Api, Departure, ListPage, MailFrom, SetMailFrom, SetRequest};
use crate::ses::error::{Error, Operation, Reach};

/// How long one attempt may take, credentials and connecting included. Also how
/// long a Set in flight is awaited once Terraform has asked to stop.
pub(in crate::ses) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

/// The most that SES gives in one page of the list of identities.
const LIST_PAGE: i32 = 1000;

/// The one status below 500 that says that the request may be tried again.
const REQUEST_TIMEOUT: u16 = 408;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// SES in one region. Credentials are looked for at the first call.
#[derive(Debug)]
pub(in crate::ses) struct AwsApi {
    connection: Connection,
    region: mail_from::Region,
    client: OnceCell<aws_sdk_ses::Client>,
}

impl AwsApi {
    pub(in crate::ses) fn new(connection: Connection, region: mail_from::Region) -> Self {
        Self {
            connection,
            region,
            client: OnceCell::new(),
        }
    }

    async fn client(&self) -> Result<&aws_sdk_ses::Client, Error> {
        self.client
            .get_or_try_init(|| async {
                let shared = self.connection.sdk_config().await?;
                let mut config = aws_sdk_ses::config::Builder::from(shared)
                    .region(Region::new(self.region.as_str().to_owned()))
                    // Retries are made above the limiter, so that each is paced.
                    .retry_config(RetryConfig::disabled())
                    .timeout_config(
                        TimeoutConfig::builder()
                            .connect_timeout(CONNECT_TIMEOUT)
                            .operation_timeout(ATTEMPT_TIMEOUT)
                            .build(),
                    );
                if let Some(endpoint) = self.connection.ses_endpoint() {
                    config = config.endpoint_url(endpoint);
                }
                Ok(aws_sdk_ses::Client::from_conf(config.build()))
            })
            .await
    }
}

#[async_trait]
impl Api for AwsApi {
    async fn set(&self, departure: &Arc<dyn Departure>, request: &SetRequest) -> Result<(), Error> {
        let (domain, behavior) = match &request.mail_from {
            Some((domain, behavior)) => (
                Some(domain.clone()),
                Some(BehaviorOnMxFailure::from(*behavior)),
            ),
            None => (None, None),
        };
        self.client()
            .await?
            .set_identity_mail_from_domain()
            .identity(&request.identity)
            .set_mail_from_domain(domain)
            .set_behavior_on_mx_failure(behavior)
            .customize()
            .interceptor(Stamp(Arc::clone(departure)))
            .send()
            .await
            .map_err(|error| translate(Operation::SetIdentityMailFromDomain, departure, &error))?;
        Ok(())
    }

    async fn get(
        &self,
        departure: &Arc<dyn Departure>,
        identities: &[String],
    ) -> Result<HashMap<String, MailFrom>, Error> {
        let answer = self
            .client()
            .await?
            .get_identity_mail_from_domain_attributes()
            .set_identities(Some(identities.to_vec()))
            .customize()
            .interceptor(Stamp(Arc::clone(departure)))
            .send()
            .await
            .map_err(|error| {
                translate(
                    Operation::GetIdentityMailFromDomainAttributes,
                    departure,
                    &error,
                )
            })?;
        Ok(answer
            .mail_from_domain_attributes
            .into_iter()
            .map(|(identity, attributes)| (identity, held(&attributes)))
            .collect())
    }

    async fn list(
        &self,
        departure: &Arc<dyn Departure>,
        token: Option<String>,
    ) -> Result<ListPage, Error> {
        let answer = self
            .client()
            .await?
            .list_identities()
            .max_items(LIST_PAGE)
            .set_next_token(token)
            .customize()
            .interceptor(Stamp(Arc::clone(departure)))
            .send()
            .await
            .map_err(|error| translate(Operation::ListIdentities, departure, &error))?;
        Ok(ListPage {
            identities: answer.identities,
            next: answer.next_token.filter(|token| !token.is_empty()),
        })
    }

    async fn get_verification(
        &self,
        departure: &Arc<dyn Departure>,
        names: &[String],
    ) -> Result<HashSet<String>, Error> {
        let answer = self
            .client()
            .await?
            .get_identity_verification_attributes()
            .set_identities(Some(names.to_vec()))
            .customize()
            .interceptor(Stamp(Arc::clone(departure)))
            .send()
            .await
            .map_err(|error| {
                translate(
                    Operation::GetIdentityVerificationAttributes,
                    departure,
                    &error,
                )
            })?;
        let identities = answer.verification_attributes.into_iter();
        Ok(identities
            .filter(|(_, attributes)| {
                attributes.verification_status != VerificationStatus::NotStarted
            })
            .map(|(name, _)| name)
            .collect())
    }
}

/// An identity without MAIL FROM has an entry without a domain, which the SDK
/// gives as the empty string.
fn held(attributes: &IdentityMailFromDomainAttributes) -> MailFrom {
    if attributes.mail_from_domain.is_empty() {
        return MailFrom::Unset;
    }
    let behavior = match &attributes.behavior_on_mx_failure {
        known @ (BehaviorOnMxFailure::RejectMessage | BehaviorOnMxFailure::UseDefaultValue) => {
            known.as_str()
        }
        // Left out, or not known to this SDK.
        _ => "",
    };
    MailFrom::Set(SetMailFrom {
        domain: attributes.mail_from_domain.clone(),
        behavior: behavior.to_owned(),
        status: attributes.mail_from_domain_status.as_str().to_owned(),
    })
}

/// The SDK's error as ours. SES's operations model no errors, so that code,
/// message and request id come from the metadata.
fn translate<E>(
    operation: Operation,
    departure: &Arc<dyn Departure>,
    error: &SdkError<E, HttpResponse>,
) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    let no_answer = |reason: String, reach: Reach| Error::NoAnswer {
        operation,
        reason,
        reach,
    };
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            match service.err().code() {
                Some(code) => Error::Refused {
                    operation,
                    status,
                    code: code.to_owned(),
                    message: without_token(service.err().message().unwrap_or_default()),
                    request_id: error.request_id().map(str::to_owned),
                },
                // Somebody before SES, a proxy say, did not let the request pass.
                None if (300..500).contains(&status) && status != REQUEST_TIMEOUT => {
                    Error::Refused {
                        operation,
                        status,
                        code: String::new(),
                        message: "an answer that is not SES's".to_owned(),
                        request_id: None,
                    }
                }
                // A load balancer's page instead of SES's XML.
                None => no_answer(
                    format!("HTTP status {status} without an error code"),
                    Reach::MaybeDone,
                ),
            }
        }
        SdkError::ResponseError(response) => no_answer(
            format!(
                "an answer of HTTP status {} that could not be read",
                response.raw().status()
            ),
            Reach::MaybeDone,
        ),
        _ if credentials_at_fault(error) => Error::Credentials {
            operation,
            reason: causes(error),
        },
        SdkError::TimeoutError(_) => {
            let reason = format!("no answer within {} s", ATTEMPT_TIMEOUT.as_secs());
            no_answer(reason, reach(departure, Reach::MaybeLater))
        }
        SdkError::DispatchFailure(_) => {
            no_answer(causes(error), reach(departure, Reach::MaybeDone))
        }
        _ => Error::Settings {
            reason: causes(error),
        },
    }
}

/// To a signature that it does not take, AWS answers with the signed headers
/// that it has computed its own from: the session token is one of them.
fn without_token(message: &str) -> String {
    const HEADER: &str = "x-amz-security-token:";
    let mut parts = message.split(HEADER);
    let mut safe = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(char::is_whitespace).unwrap_or(part.len());
        safe.extend([HEADER, "(not shown)", &part[end..]]);
    }
    safe
}

fn reach(departure: &Arc<dyn Departure>, if_sent: Reach) -> Reach {
    if departure.is_sent() {
        if_sent
    } else {
        Reach::NotSent
    }
}

/// The SDK wraps what its credential providers say in several layers of its own.
fn credentials_at_fault(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|cause| cause.is::<CredentialsError>())
}

/// What an error and its causes say, each once, and whose limit it was. (Their `Debug` form, which the
/// SDK's own display appends, is no text for a practitioner.)
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in chain(error) {
        let says = cause.to_string();
        if !said.iter().any(|earlier| earlier.contains(&says)) {
            said.push(says);
        }
    }
    said.extend(machine::file_shortage(error));
    said.join(": ")
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_lack_of_open_files_is_told_with_its_limit() {
        #[derive(Debug, thiserror::Error)]
        #[error("dispatch failure")]
        struct Outer(#[source] std::io::Error);
        let told = causes(&Outer(std::io::Error::from_raw_os_error(24)));
        assert!(told.starts_with("dispatch failure: "), "{told}");
        assert!(told.ends_with("(ulimit -n)"), "{told}");
    }

    #[test]
    fn messages_lose_the_session_token_and_nothing_else() {
        for (message, safe) in [
            ("Rate exceeded", "Rate exceeded"),
            (
                "'POST\n/\nx-amz-security-token:Fwo+/==\n\nhost;x-amz-security-token\n0'",
                "'POST\n/\nx-amz-security-token:(not shown)\n\nhost;x-amz-security-token\n0'",
            ),
            (
                "x-amz-security-token:Fwo",
                "x-amz-security-token:(not shown)",
            ),
        ] {
            assert_eq!(without_token(message), safe);
        }
    }
}
