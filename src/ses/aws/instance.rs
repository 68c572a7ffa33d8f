//! The metadata service of an instance: its role's credentials, and its region.

use std::time::SystemTime;

use aws_config::imds::client::Client;
use aws_config::imds::client::error::ImdsError;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::Deserialize;

use super::obstacle::chain;

const ROLE: &str = "/latest/meta-data/iam/security-credentials/";
const REGION: &str = "/latest/meta-data/placement/region";

/// What is said about the metadata service.
#[derive(Clone, Debug, Default)]
pub struct MetadataSettings {
    /// Whether it is not to be asked; the environment's word if left out.
    pub skip: Option<bool>,
    /// A URL in place of its address.
    pub endpoint: Option<String>,
    /// Whether its address is IPv6's; the environment's word if left out.
    pub is_ipv6: Option<bool>,
}

/// Where the metadata service is, and how often it is asked.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    /// An error, as a clause, where what is said is none.
    pub(super) url: Result<String, String>,
    /// The SDK's number if left out.
    pub(super) max_attempts: Option<u32>,
}

/// The metadata service.
#[derive(Debug)]
pub(super) struct Instance(Client);

/// What it answers about a role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    code: String,
    #[serde(default)]
    message: String,
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    token: Option<String>,
    expiration: Option<String>,
}

impl Instance {
    /// An error, as a clause, where the endpoint is none.
    pub(super) fn new(metadata: &Metadata, config: &ProviderConfig) -> Result<Self, String> {
        let Metadata { url, max_attempts } = metadata;
        let url = url.as_ref().map_err(String::clone)?;
        let client = Client::builder().configure(config).endpoint(url);
        let mut client = client.map_err(|error| format!("{url} is no URL: {error}"))?;
        if let Some(attempts) = max_attempts {
            client = client.max_attempts(*attempts);
        }
        Ok(Self(client.build()))
    }

    /// The credentials of the instance's role.
    pub(super) async fn keys(&self) -> Result<Keys, CredentialsError> {
        let role = self.0.get(ROLE).await.map_err(of)?;
        let role = role.as_ref().lines().next().unwrap_or_default();
        let answer = self.0.get(format!("{ROLE}{role}")).await.map_err(of)?;
        let answer: Answer = serde_json::from_str(answer.as_ref())
            .map_err(|_| CredentialsError::unhandled("an answer that cannot be read"))?;
        let (Some(access_key), Some(secret_key)) = (answer.access_key_id, answer.secret_access_key)
        else {
            let Answer { code, message, .. } = answer;
            let problem = format!("it has none for the role {role}: {code} {message}");
            return Err(CredentialsError::provider_error(problem));
        };
        let expires = answer.expiration.as_deref();
        let expires = expires.and_then(|text| DateTime::from_str(text, Format::DateTime).ok());
        let expires = expires.and_then(|expires| SystemTime::try_from(expires).ok());
        let keys = Keys::new(access_key, secret_key, answer.token, expires, "Instance");
        Ok(keys)
    }

    /// The region that the instance is in.
    pub(super) async fn region(&self) -> Option<String> {
        let region = self.0.get(REGION).await;
        let region =
            region.inspect_err(|error| tracing::debug!(%error, "no region of an instance"));
        Some(region.ok()?.as_ref().trim().to_owned())
    }
}

/// Whoever cannot be reached is not there, and so is a role that it does not know.
fn of(error: ImdsError) -> CredentialsError {
    // Its own display holds the whole answer.
    if let ImdsError::ErrorResponse(response) = &error {
        let status = response.response().status().as_u16();
        let problem = format!("it answers with HTTP status {status}");
        return match status {
            400..=404 => CredentialsError::not_loaded(problem),
            _ => CredentialsError::provider_error(problem),
        };
    }
    let is_away = match &error {
        ImdsError::FailedToLoadToken(token) => token.is_dispatch_failure(),
        _ => false,
    };
    let said = |text: &str| chain(&error).any(|cause| cause.to_string().starts_with(text));
    if is_away || said("request forbidden") || said("invalid request parameters") {
        CredentialsError::not_loaded(error)
    } else {
        CredentialsError::provider_error(error)
    }
}
