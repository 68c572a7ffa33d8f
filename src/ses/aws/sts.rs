//! STS: roles that are assumed with credentials, or with the token of a web identity.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::attributes::AccountId;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::{IdentityCache, Region, SharedCredentialsProvider};
use aws_sdk_sts::types::{AssumedRoleUser, Credentials as Answer, PolicyDescriptorType, Tag};

use super::accounts::is_account;
use super::endpoints::{Place, Service};
use super::http::Http;
use crate::mail_from;

/// The name of a session that is given none.
const SESSION: &str = "terraform-provider-ses";

/// Where STS is asked if no region is known: it has an endpoint in each.
const ANY_REGION: &str = "us-east-1";

/// A role to assume (`AssumeRole`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// `RoleArn`
    pub arn: String,
    /// `DurationSeconds`; STS's default if left out.
    pub duration: Option<Duration>,
    /// `ExternalId`
    pub external_id: Option<String>,
    /// `Policy`: a session policy, as JSON.
    pub policy: Option<String>,
    /// `PolicyArns`
    pub policy_arns: Vec<String>,
    /// `RoleSessionName`; a default if left out.
    pub session_name: Option<String>,
    /// `SourceIdentity`
    pub source_identity: Option<String>,
    /// `Tags`
    pub tags: Vec<(String, String)>,
    /// `TransitiveTagKeys`
    pub transitive_tag_keys: Vec<String>,
}

/// The token of a web identity. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum WebToken {
    /// The token itself.
    Inline(String),
    /// The file with the token.
    File(PathBuf),
}

impl fmt::Debug for WebToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("Inline(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// A role that the holder of a token may assume (`AssumeRoleWithWebIdentity`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentity {
    /// `WebIdentityToken`
    pub token: WebToken,
    /// `RoleArn`
    pub role_arn: String,
    /// `DurationSeconds`; STS's default if left out.
    pub duration: Option<Duration>,
    /// `Policy`: a session policy, as JSON.
    pub policy: Option<String>,
    /// `PolicyArns`
    pub policy_arns: Vec<String>,
    /// `RoleSessionName`; a default if left out.
    pub session_name: Option<String>,
}

impl WebIdentity {
    /// A role for who holds the token in a file.
    pub(super) fn of_file(token_file: PathBuf, role_arn: String) -> Self {
        Self::of(WebToken::File(token_file), role_arn)
    }

    /// A role for who holds the token.
    pub(super) fn of(token: WebToken, role_arn: String) -> Self {
        Self {
            token,
            role_arn,
            duration: None,
            policy: None,
            policy_arns: Vec::new(),
            session_name: None,
        }
    }
}

/// The first region in which SES is to be called. Clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct FirstRegion(Arc<OnceLock<mail_from::Region>>);

impl FirstRegion {
    pub(super) fn tell(&self, region: &mail_from::Region) {
        self.0.get_or_init(|| region.clone());
    }

    fn get(&self) -> Option<&str> {
        self.0.get().map(mail_from::Region::as_str)
    }
}

/// The way to STS.
#[derive(Clone, Debug)]
pub(super) struct Sts {
    pub(super) sdk: SdkConfig,
    pub(super) http: Http,
    /// An error, as a clause, where what is said of it is none.
    pub(super) place: Result<Place, String>,
    /// The region whose STS is asked; that of the SDK if left out, or else the first in
    /// which SES is to be called.
    pub(super) region: Option<String>,
    pub(super) first_region: FirstRegion,
}

impl Sts {
    fn region(&self) -> &str {
        let sdk = || self.sdk.region().map(AsRef::as_ref);
        let region = self.region.as_deref().or_else(sdk);
        region
            .or_else(|| self.first_region.get())
            .unwrap_or(ANY_REGION)
    }

    async fn client(&self, keys: Option<Keys>) -> Result<Client, CredentialsError> {
        let place = self.place.as_ref();
        let place =
            place.map_err(|wrong| CredentialsError::invalid_configuration(wrong.clone()))?;
        let mut config =
            aws_sdk_sts::config::Builder::from(&self.sdk).identity_cache(IdentityCache::no_cache());
        config.set_credentials_provider(keys.map(SharedCredentialsProvider::new));
        let region = self.region();
        let place = place.existing(Service::Sts, region, &self.http).await;
        config.set_endpoint_url(place.url);
        let config = config
            .region(Region::new(region.to_owned()))
            .use_fips(place.fips)
            .use_dual_stack(place.dual_stack);
        Ok(Client::from_conf(config.build()))
    }

    /// The credentials of `role`, which is assumed with `keys`.
    pub(super) async fn assume(&self, role: &Role, keys: Keys) -> Result<Keys, CredentialsError> {
        let list = |items: &[String]| (!items.is_empty()).then(|| items.to_vec());
        let tags = role.tags.iter();
        let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags = tags.collect::<Result<Vec<_>, _>>();
        let tags = tags.map_err(CredentialsError::invalid_configuration)?;
        let session = role.session_name.as_deref();
        let answer = self
            .client(Some(keys))
            .await?
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(session.unwrap_or(SESSION))
            .set_duration_seconds(seconds(role.duration))
            .set_external_id(role.external_id.clone())
            .set_policy(role.policy.clone())
            .set_policy_arns(policies(&role.policy_arns))
            .set_source_identity(role.source_identity.clone())
            .set_tags((!tags.is_empty()).then_some(tags))
            .set_transitive_tag_keys(list(&role.transitive_tag_keys))
            .send()
            .await;
        let answer = answer.map_err(CredentialsError::provider_error)?;
        of_answer(answer.credentials, answer.assumed_role_user)
    }

    /// The account that `keys` belong to: as they say, or as STS says.
    pub(super) async fn account(&self, keys: Keys) -> Result<String, CredentialsError> {
        if let Some(account) = keys.account_id() {
            return Ok(account.as_str().to_owned());
        }
        let client = self.client(Some(keys)).await?;
        let answer = client.get_caller_identity().send().await;
        let answer = answer.map_err(CredentialsError::provider_error)?;
        let account = answer.account.filter(|account| is_account(account));
        account.ok_or_else(|| {
            CredentialsError::unhandled("STS has answered GetCallerIdentity without an account")
        })
    }

    /// The credentials of the role that the holder of a token may assume.
    pub(super) async fn with_token(&self, web: &WebIdentity) -> Result<Keys, CredentialsError> {
        let token = match &web.token {
            WebToken::Inline(token) => token.clone(),
            WebToken::File(path) => read_token(path).await?,
        };
        let session = web.session_name.as_deref();
        let answer = self
            .client(None)
            .await?
            .assume_role_with_web_identity()
            .role_arn(&web.role_arn)
            .role_session_name(session.unwrap_or(SESSION))
            .web_identity_token(token.trim())
            .set_duration_seconds(seconds(web.duration))
            .set_policy(web.policy.clone())
            .set_policy_arns(policies(&web.policy_arns))
            .send()
            .await;
        let answer = answer.map_err(CredentialsError::provider_error)?;
        of_answer(answer.credentials, answer.assumed_role_user)
    }
}

/// The account in the ARN of an assumed role,
/// `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
fn account_of(user: Option<AssumedRoleUser>) -> Option<String> {
    let account = user?.arn.split(':').nth(4)?.to_owned();
    is_account(&account).then_some(account)
}

/// The token in a file.
pub(super) async fn read_token(path: &Path) -> Result<String, CredentialsError> {
    let token = tokio::fs::read_to_string(path).await;
    let problem = match token {
        Ok(token) if !token.trim().is_empty() => return Ok(token),
        Ok(_) => "the file is empty".to_owned(),
        Err(error) => error.to_string(),
    };
    let problem = format!("the token in {}: {problem}", path.display());
    Err(CredentialsError::invalid_configuration(problem))
}

fn seconds(duration: Option<Duration>) -> Option<i32> {
    i32::try_from(duration?.as_secs()).ok()
}

fn policies(arns: &[String]) -> Option<Vec<PolicyDescriptorType>> {
    let policies = arns.iter();
    let policies = policies.map(|arn| PolicyDescriptorType::builder().arn(arn).build());
    (!arns.is_empty()).then(|| policies.collect())
}

fn of_answer(
    answer: Option<Answer>,
    user: Option<AssumedRoleUser>,
) -> Result<Keys, CredentialsError> {
    let none = || CredentialsError::unhandled("STS has answered without credentials");
    let answer = answer.ok_or_else(none)?;
    let expires = SystemTime::try_from(answer.expiration);
    let mut keys = Keys::builder()
        .access_key_id(answer.access_key_id)
        .secret_access_key(answer.secret_access_key)
        .session_token(answer.session_token)
        .expiry(expires.map_err(CredentialsError::unhandled)?)
        .provider_name("Sts");
    keys.set_account_id(account_of(user).map(AccountId::from));
    Ok(keys.build())
}
