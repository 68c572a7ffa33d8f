//! [`Api`] by the AWS SDK.

use std::collections::{HashMap, HashSet};
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ses::client::customize::CustomizableOperation;
use aws_sdk_ses::config::Region;
use aws_sdk_ses::config::http::HttpResponse;
use aws_sdk_ses::config::retry::RetryConfig;
use aws_sdk_ses::config::timeout::TimeoutConfig;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ses::types::{
    BehaviorOnMxFailure, IdentityMailFromDomainAttributes, VerificationStatus,
};
use tokio::sync::OnceCell;

use super::answer::AnswerCheck;
use super::connection::Connection;
use super::stamp::Stamp;
use super::translate::translate;
use crate::mail_from::{self, Reported, ReportedDomain};
use crate::ses::api::{Api, Departure, ListPage, MailFrom, SetMailFrom, SetRequest};
use crate::ses::error::{Error, Operation};

const SET: Operation = Operation::SetIdentityMailFromDomain;
const GET: Operation = Operation::GetIdentityMailFromDomainAttributes;
const LIST: Operation = Operation::ListIdentities;
const VERIFICATION: Operation = Operation::GetIdentityVerificationAttributes;

/// What the SDK gives for a word that an answer leaves out, although it is required.
const LEFT_OUT: &str = "no value was set";

/// How long one attempt may take, credentials and connecting included. Also how
/// long a Set in flight is awaited once Terraform has asked to stop.
pub(in crate::ses) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

/// The most that SES gives in one page of the list of identities.
const LIST_PAGE: i32 = 1000;

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
                Some(domain.to_string()),
                Some(BehaviorOnMxFailure::from(behavior.as_str())),
            ),
            None => (None, None),
        };
        let attempt = Attempt::at(SET, departure);
        let client = self.client().await?;
        let call = client
            .set_identity_mail_from_domain()
            .identity(request.identity.as_str())
            .set_mail_from_domain(domain)
            .set_behavior_on_mx_failure(behavior);
        let answer = attempt.watched(call.customize()).send().await;
        answer.map_err(|error| attempt.failed(&error))?;
        Ok(())
    }

    async fn get(
        &self,
        departure: &Arc<dyn Departure>,
        identities: &[String],
    ) -> Result<HashMap<String, MailFrom>, Error> {
        let attempt = Attempt::at(GET, departure);
        let client = self.client().await?;
        let call = client
            .get_identity_mail_from_domain_attributes()
            .set_identities(Some(identities.to_vec()));
        let answer = attempt.watched(call.customize()).send().await;
        let answer = answer.map_err(|error| attempt.failed(&error))?;
        Ok(answer
            .mail_from_domain_attributes
            .into_iter()
            .map(|(identity, attributes)| (one_spelling(identity), held(&attributes)))
            .collect())
    }

    async fn list(
        &self,
        departure: &Arc<dyn Departure>,
        token: Option<String>,
    ) -> Result<ListPage, Error> {
        let attempt = Attempt::at(LIST, departure);
        let client = self.client().await?;
        let call = client
            .list_identities()
            .max_items(LIST_PAGE)
            .set_next_token(token);
        let answer = attempt.watched(call.customize()).send().await;
        let answer = answer.map_err(|error| attempt.failed(&error))?;
        Ok(ListPage {
            identities: answer.identities.into_iter().map(one_spelling).collect(),
            next: answer.next_token.filter(|token| !token.is_empty()),
        })
    }

    async fn get_verification(
        &self,
        departure: &Arc<dyn Departure>,
        names: &[String],
    ) -> Result<HashSet<String>, Error> {
        let attempt = Attempt::at(VERIFICATION, departure);
        let client = self.client().await?;
        let call = client
            .get_identity_verification_attributes()
            .set_identities(Some(names.to_vec()));
        let answer = attempt.watched(call.customize()).send().await;
        let answer = answer.map_err(|error| attempt.failed(&error))?;
        let identities = answer.verification_attributes.into_iter();
        Ok(identities
            .filter(|(_, attributes)| {
                attributes.verification_status != VerificationStatus::NotStarted
            })
            .map(|(name, _)| one_spelling(name))
            .collect())
    }
}

/// One attempt at a call of an operation.
struct Attempt<'a> {
    operation: Operation,
    departure: &'a Arc<dyn Departure>,
}

impl<'a> Attempt<'a> {
    fn at(operation: Operation, departure: &'a Arc<dyn Departure>) -> Self {
        Self {
            operation,
            departure,
        }
    }

    /// The call, which tells when it goes out, and whose answer has to be SES's.
    fn watched<T, E, B>(
        &self,
        call: CustomizableOperation<T, E, B>,
    ) -> CustomizableOperation<T, E, B> {
        call.interceptor(Stamp(Arc::clone(self.departure)))
            .interceptor(AnswerCheck(self.operation))
    }

    fn failed<E>(&self, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    {
        translate(self.operation, self.departure, error)
    }
}

/// A domain in lower case, although SES may spell it as it was registered; an address,
/// which is another identity in another case, as it is.
fn one_spelling(mut identity: String) -> String {
    if !identity.contains('@') {
        identity.make_ascii_lowercase();
    }
    identity
}

/// An identity without MAIL FROM has an entry without a domain, which the SDK
/// gives as the empty string.
fn held(attributes: &IdentityMailFromDomainAttributes) -> MailFrom {
    if attributes.mail_from_domain.is_empty() {
        return MailFrom::Unset;
    }
    let behavior = attributes.behavior_on_mx_failure.as_str();
    MailFrom::Set(SetMailFrom {
        domain: ReportedDomain::parse(&attributes.mail_from_domain),
        behavior: (behavior != LEFT_OUT).then(|| Reported::parse(behavior)),
        status: Reported::parse(attributes.mail_from_domain_status.as_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_have_one_spelling_and_addresses_their_own() {
        for (spelled, sent) in [
            ("MiXed.Test", "mixed.test"),
            ("mixed.test", "mixed.test"),
            ("Sender@MiXed.Test", "Sender@MiXed.Test"),
        ] {
            assert_eq!(one_spelling(spelled.to_owned()), sent);
        }
    }

    #[test]
    fn what_an_answer_leaves_out_is_not_made_up() {
        let attributes = |behavior: &str| {
            IdentityMailFromDomainAttributes::builder()
                .mail_from_domain("Bounce.Example.com")
                .mail_from_domain_status("Novel".into())
                .behavior_on_mx_failure(behavior.into())
                .build()
                .unwrap()
        };
        let behavior = |text: &str| match held(&attributes(text)) {
            MailFrom::Set(held) => held.behavior.map(|held| held.as_str().to_owned()),
            unset => panic!("{unset:?}"),
        };
        assert_eq!(behavior(LEFT_OUT), None);
        for text in ["RejectMessage", "Novel"] {
            assert_eq!(behavior(text), Some(text.to_owned()));
        }
    }
}
