//! Chain of the sources of credentials: the first that has any gives them.
//!
//! Each load asks anew, so that a first failure is told as often as it happens, and files
//! that have changed meanwhile are read again.

use std::path::PathBuf;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials};
use aws_runtime::env_config::file::EnvConfigFiles;

use super::source_error::failed;
use super::{LoadFailed, Loaded, Source};
use crate::ses::aws::connection::ConnectionSettings;
use crate::ses::aws::http::{Http, LastStatus};
use crate::ses::aws::owner::profiles;
use crate::ses::error::CredentialFault;

/// How many profiles may stand behind one another.
const MOST_PROFILES: usize = 10;

/// A role that the holder of a token may assume (`AssumeRoleWithWebIdentity`).
#[derive(Clone, Debug)]
pub struct WebIdentity {
    /// The file with the token.
    pub token_file: PathBuf,
    /// The role's ARN.
    pub role_arn: String,
    /// The session's name; a default if left out.
    pub session_name: Option<String>,
}

/// The sources, by what the practitioner and the environment say.
#[derive(Debug)]
pub(in crate::ses::aws) struct Chain {
    pub(in crate::ses::aws) settings: ConnectionSettings,
    pub(in crate::ses::aws) http: Http,
    /// The way to STS.
    pub(in crate::ses::aws) sdk: SdkConfig,
    /// The configuration files, and the endpoint of STS laid over them.
    pub(in crate::ses::aws) files: EnvConfigFiles,
}

/// One source, and what it is called.
enum Link {
    Block,
    Profile(Option<String>),
    Environment,
    WebIdentity(WebIdentity),
    Container,
    Instance,
}

impl Link {
    fn name(&self) -> String {
        match self {
            Self::Block => "`access_key` and `secret_key` in the provider block".to_owned(),
            Self::Profile(Some(name)) => format!("the AWS profile `{name}`"),
            Self::Profile(None) => "the default AWS profile".to_owned(),
            Self::Environment => "the environment variables".to_owned(),
            Self::WebIdentity(WebIdentity { token_file, .. }) => {
                format!("the web identity in {}", token_file.display())
            }
            Self::Container => "the container's credentials".to_owned(),
            Self::Instance => "the instance metadata service".to_owned(),
        }
    }

    /// Whether another load may give other credentials.
    fn renews(&self) -> bool {
        !matches!(self, Self::Block | Self::Environment)
    }
}

impl Chain {
    /// In the order in which they are asked.
    fn links(&self) -> Vec<Link> {
        let settings = &self.settings;
        if settings.keys.is_some() {
            return vec![Link::Block];
        }
        let mut links = vec![Link::Environment];
        let profile = settings.profile.as_ref().or(settings.env_profile.as_ref());
        links.push(Link::Profile(profile.cloned()));
        links.extend(settings.web_identity.clone().map(Link::WebIdentity));
        links.extend([Link::Container, Link::Instance]);
        links
    }

    async fn ask(&self, link: &Link, last: &LastStatus) -> provider::Result {
        let config = self.provider_config(last);
        match link {
            Link::Block => self.keys(),
            Link::Environment => {
                EnvironmentVariableCredentialsProvider::new()
                    .provide_credentials()
                    .await
            }
            Link::Profile(name) => {
                let mut profile = ProfileFileCredentialsProvider::builder()
                    .configure(&config)
                    .profile_files(self.files.clone());
                if let Some(name) = name {
                    profile = profile.profile_name(name);
                }
                profile.build().provide_credentials().await
            }
            Link::WebIdentity(identity) => self.with_token(identity).await,
            Link::Container => {
                let container = EcsCredentialsProvider::builder().configure(&config);
                container.build().provide_credentials().await
            }
            Link::Instance => {
                let instance = ImdsCredentialsProvider::builder().configure(&config);
                instance.build().provide_credentials().await
            }
        }
    }

    fn keys(&self) -> provider::Result {
        let keys = self.settings.keys.as_ref();
        let keys = keys.ok_or_else(|| CredentialsError::not_loaded("not set"))?;
        Ok(Keys::from_keys(
            &keys.access_key,
            &keys.secret_key,
            keys.token.clone(),
        ))
    }

    fn provider_config(&self, last: &LastStatus) -> ProviderConfig {
        let mut config = ProviderConfig::without_region()
            .with_region(self.sdk.region().cloned())
            .with_use_fips(self.sdk.use_fips())
            .with_use_dual_stack(self.sdk.use_dual_stack())
            .with_http_client(self.http.noting(last));
        if let Some(timeouts) = self.sdk.timeout_config() {
            config = config.with_timeout_config(timeouts.clone());
        }
        config
    }

    async fn with_token(&self, identity: &WebIdentity) -> provider::Result {
        let token = tokio::fs::read_to_string(&identity.token_file).await;
        let token = token.map_err(CredentialsError::invalid_configuration)?;
        let mut config = aws_sdk_sts::config::Builder::from(&self.sdk);
        if let Some(endpoint) = &self.settings.sts_endpoint {
            config = config.endpoint_url(endpoint);
        }
        let session = identity.session_name.as_deref();
        let answer = aws_sdk_sts::Client::from_conf(config.build())
            .assume_role_with_web_identity()
            .role_arn(&identity.role_arn)
            .role_session_name(session.unwrap_or("terraform-provider-ses"))
            .web_identity_token(token.trim())
            .send()
            .await;
        let answer = answer.map_err(CredentialsError::provider_error)?;
        let keys = answer.credentials;
        let keys = keys.ok_or_else(|| CredentialsError::unhandled("STS gave no credentials"))?;
        let expires = std::time::SystemTime::try_from(keys.expiration);
        Ok(Keys::new(
            keys.access_key_id,
            keys.secret_access_key,
            Some(keys.session_token),
            Some(expires.map_err(CredentialsError::unhandled)?),
            "WebIdentityToken",
        ))
    }
}

#[async_trait]
impl Source for Chain {
    async fn load(&self) -> Result<Loaded, LoadFailed> {
        let mut without = Vec::new();
        for link in self.links() {
            let last = LastStatus::default();
            match self.ask(&link, &last).await {
                Ok(keys) => {
                    let renews = link.renews();
                    tracing::debug!(source = link.name(), "credentials were loaded");
                    return Ok(Loaded { keys, renews });
                }
                Err(error) => {
                    let failed = failed(&link.name(), &error, last.get());
                    if failed.fault != CredentialFault::Absent {
                        return Err(failed);
                    }
                    without.push(failed.reason);
                }
            }
        }
        Err(LoadFailed {
            fault: CredentialFault::Absent,
            reason: without.join("; "),
        })
    }

    /// Only profiles start programs.
    async fn is_quiet(&self) -> bool {
        let settings = &self.settings;
        if settings.keys.is_some() || settings.environment.access_key.is_some() {
            return true;
        }
        let Some(profiles) = profiles(settings.profile.clone()).await else {
            return true;
        };
        let mut name = Some(profiles.selected_profile());
        for _ in 0..MOST_PROFILES {
            let Some(profile) = name.and_then(|name| profiles.get_profile(name)) else {
                break;
            };
            if profile.get("credential_process").is_some() {
                return false;
            }
            let source = profile.get("source_profile");
            name = source.filter(|source| *source != profile.name());
        }
        true
    }
}
