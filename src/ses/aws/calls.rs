//! [`Api`] by the AWS SDK.

mod attempt;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ses::config::retry::RetryConfig;
use aws_sdk_ses::config::{IdentityCache, Region};
use aws_sdk_ses::types::{
    BehaviorOnMxFailure, IdentityMailFromDomainAttributes, VerificationStatus,
};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::connection::Connection;
use super::contact::Contact;
use super::credentials::{Credentials, Effort};
use super::endpoints::Service;
use super::translate::without_credentials;
use crate::mail_from::{self, Reported, ReportedDomain};
use crate::ses::api::{Api, Departure, ListPage, MailFrom, SetMailFrom, SetRequest};
use crate::ses::deadline::Deadline;
use crate::ses::error::{Error, Operation, Reach};
use attempt::{Attempt, unreachable};

const SET: Operation = Operation::SetIdentityMailFromDomain;
const GET: Operation = Operation::GetIdentityMailFromDomainAttributes;
const LIST: Operation = Operation::ListIdentities;
const VERIFICATION: Operation = Operation::GetIdentityVerificationAttributes;

/// What the SDK gives for a word that an answer leaves out, although it is required.
const LEFT_OUT: &str = "no value was set";

/// The most that SES gives in one page of the list of identities.
const LIST_PAGE: i32 = 1000;

/// SES in one region. Credentials are looked for at the first call.
#[derive(Debug)]
pub(in crate::ses) struct AwsApi {
    connection: Connection,
    region: mail_from::Region,
    client: OnceCell<Client>,
    contact: Contact,
}

#[derive(Debug)]
struct Client {
    sdk: aws_sdk_ses::Client,
    credentials: Credentials,
}

impl AwsApi {
    pub(in crate::ses) fn new(connection: Connection, region: mail_from::Region) -> Self {
        connection.calls_in(&region);
        Self {
            connection,
            region,
            client: OnceCell::new(),
            contact: Contact::default(),
        }
    }

    async fn client(&self) -> Result<&Client, Error> {
        self.client
            .get_or_try_init(|| async {
                let aws = self.connection.aws().await?;
                let region = self.region.as_str();
                let place = &aws.endpoints.ses;
                let place = place.existing(Service::Ses, region, &aws.http).await;
                let mut config = aws_sdk_ses::config::Builder::from(&aws.sdk)
                    .use_fips(place.fips)
                    .use_dual_stack(place.dual_stack)
                    .region(Region::new(region.to_owned()))
                    // They are kept by their own, which knows when they are renewed.
                    .identity_cache(IdentityCache::no_cache())
                    // Retries are made above the limiter, so that each is paced.
                    .retry_config(RetryConfig::disabled());
                config.set_endpoint_url(place.url);
                Ok(Client {
                    sdk: aws_sdk_ses::Client::from_conf(config.build()),
                    credentials: aws.credentials.clone(),
                })
            })
            .await
    }

    async fn attempt<'a>(
        &'a self,
        operation: Operation,
        departure: &'a Arc<dyn Departure>,
    ) -> Result<Attempt<'a>, Error> {
        let client = self.client().await?;
        let may_send = self.contact.may_send(Instant::now());
        may_send.map_err(|lasting| unreachable(operation, lasting))?;
        let at_hand = client.credentials.at_hand();
        let (_, load) = at_hand.map_err(|failed| without_credentials(operation, failed))?;
        Ok(Attempt {
            operation,
            departure,
            client,
            contact: &self.contact,
            load,
        })
    }
}

#[async_trait]
impl Api for AwsApi {
    async fn ready(&self, operation: Operation, deadline: &Deadline) -> Result<(), Error> {
        if let Some(lasting) = self.contact.lasting(Instant::now()) {
            return Err(unreachable(operation, lasting));
        }
        let effort = match deadline.is_for_advice() {
            true => Effort::Little,
            false => Effort::Any,
        };
        let ready = async {
            let client = self.client().await?;
            let ready = client.credentials.ready(effort).await;
            ready.map_err(|failed| without_credentials(operation, failed))
        };
        let deadline = deadline.meanwhile();
        match deadline.bound(ready).await {
            Ok(ready) => ready,
            Err(interrupted) => {
                let absence = match self.client.get() {
                    Some(client) => client.credentials.absence().await,
                    None => None,
                };
                let last = absence.map(|failed| Arc::new(without_credentials(operation, failed)));
                Err(Error::interrupted(interrupted, operation, &deadline, last))
            }
        }
    }

    async fn set(&self, departure: &Arc<dyn Departure>, request: &SetRequest) -> Result<(), Error> {
        let (domain, behavior) = match &request.mail_from {
            Some((domain, behavior)) => (
                Some(domain.to_string()),
                Some(BehaviorOnMxFailure::from(behavior.as_str())),
            ),
            None => (None, None),
        };
        let attempt = self.attempt(SET, departure).await?;
        let call = attempt
            .client
            .sdk
            .set_identity_mail_from_domain()
            .identity(request.identity.as_str())
            .set_mail_from_domain(domain)
            .set_behavior_on_mx_failure(behavior);
        let answer = attempt.watched(call.customize()).send().await;
        attempt.ended(answer)?;
        Ok(())
    }

    async fn get(
        &self,
        departure: &Arc<dyn Departure>,
        identities: &[String],
    ) -> Result<HashMap<String, MailFrom>, Error> {
        let attempt = self.attempt(GET, departure).await?;
        let call = attempt
            .client
            .sdk
            .get_identity_mail_from_domain_attributes()
            .set_identities(Some(identities.to_vec()));
        let answer = attempt.watched(call.customize()).send().await;
        let answer = attempt.ended(answer)?;
        let attributes = answer.mail_from_domain_attributes.into_iter();
        let held: HashMap<_, _> = attributes
            .map(|(identity, attributes)| (one_spelling(identity), held(&attributes)))
            .collect();
        check_asked(GET, held.keys(), identities)?;
        Ok(held)
    }

    async fn list(
        &self,
        departure: &Arc<dyn Departure>,
        token: Option<String>,
    ) -> Result<ListPage, Error> {
        let attempt = self.attempt(LIST, departure).await?;
        let call = attempt
            .client
            .sdk
            .list_identities()
            .max_items(LIST_PAGE)
            .set_next_token(token);
        let answer = attempt.watched(call.customize()).send().await;
        let answer = attempt.ended(answer)?;
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
        let attempt = self.attempt(VERIFICATION, departure).await?;
        let call = attempt
            .client
            .sdk
            .get_identity_verification_attributes()
            .set_identities(Some(names.to_vec()));
        let answer = attempt.watched(call.customize()).send().await;
        let answer = attempt.ended(answer)?;
        let attributes = answer.verification_attributes.into_iter();
        let known: HashSet<_> = attributes
            .filter(|(_, attributes)| {
                attributes.verification_status != VerificationStatus::NotStarted
            })
            .map(|(name, _)| one_spelling(name))
            .collect();
        check_asked(VERIFICATION, known.iter(), names)?;
        Ok(known)
    }
}

/// What was not asked for shows that an answer is to another call: of what was asked for
/// it would say that SES does not know it.
fn check_asked<'a>(
    operation: Operation,
    mut answered: impl Iterator<Item = &'a String>,
    asked: &[String],
) -> Result<(), Error> {
    let asked: HashSet<String> = asked.iter().cloned().map(one_spelling).collect();
    match answered.find(|name| !asked.contains(*name)) {
        None => Ok(()),
        Some(other) => Err(Error::NoAnswer {
            operation,
            reason: format!("the answer is about {other}, which was not asked for"),
            reach: Reach::MaybeMade,
        }),
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
    use std::sync::Mutex;

    use aws_sdk_ses::config::interceptors::BeforeTransmitInterceptorContextRef;
    use aws_sdk_ses::config::{ConfigBag, Intercept, RuntimeComponents};
    use aws_sdk_ses::error::BoxError;

    use super::super::settings::{AccessKeys, ConnectionSettings};
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

    /// Keeps where a request would go, and for which region it is signed; none goes out.
    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Option<(String, String)>>>);

    impl Intercept for Kept {
        fn name(&self) -> &'static str {
            "Kept"
        }

        fn read_before_transmit(
            &self,
            context: &BeforeTransmitInterceptorContextRef<'_>,
            _runtime_components: &RuntimeComponents,
            _cfg: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            let request = context.request();
            let signed = request.headers().get("authorization").unwrap_or_default();
            // Credential=KEY/DAY/REGION/SERVICE/aws4_request
            let region = signed.split('/').nth(2).unwrap_or_default().to_owned();
            *self.0.lock().unwrap() = Some((request.uri().to_owned(), region));
            Err("it is kept back".into())
        }
    }

    #[tokio::test]
    async fn each_region_is_called_at_its_own_host_and_signed_for() {
        let connection = Connection::new(ConnectionSettings {
            region: mail_from::Region::parse("us-east-1").ok(),
            keys: Some(AccessKeys {
                access_key: "AKIAEXAMPLE".to_owned(),
                secret_key: "secret".to_owned(),
                token: None,
            }),
            ..ConnectionSettings::default()
        });
        for region in ["us-east-1", "eu-west-1", "us-gov-west-1", "xy-newest-9"] {
            let of = mail_from::Region::parse(region).unwrap();
            let api = AwsApi::new(connection.clone(), of);
            let client = api.client().await.unwrap();
            client.credentials.ready(Effort::Any).await.unwrap();
            let kept = Kept::default();
            let call = client.sdk.list_identities().customize();
            assert!(call.interceptor(kept.clone()).send().await.is_err());
            let kept = kept.0.lock().unwrap().take();
            let host = format!("https://email.{region}.amazonaws.com/");
            assert_eq!(kept, Some((host, region.to_owned())));
        }
    }
}
