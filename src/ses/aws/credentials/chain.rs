//! Chain of the sources of credentials, in hashicorp/aws's order: the first that has any
//! gives them, and the provider block's roles are assumed with them.
//!
//! 1. The provider block's web identity, else its keys, else its profile. What is set
//!    stands alone.
//! 2. Keys of the environment.
//! 3. A web identity of the environment.
//! 4. The profile that AWS_PROFILE names, or the default one. One that is named and does
//!    not exist is an error, whatever else there is.
//! 5. A container's credentials.
//! 6. An instance's role.
//!
//! Each load asks anew, so that a failure is told as often as it happens, and files that
//! have changed meanwhile are read again.

use async_trait::async_trait;
use aws_config::Region;
use aws_config::credential_process::CredentialProcessProvider;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sso::SsoCredentialsProvider;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials};

use super::keys::{not_sendable, of_account, of_keys};
use super::links::{Link, NO_CONTAINER, NOT_ASKED, find};
use super::source_error::{failed, without};
use super::{LoadFailed, Loaded, Source};
use crate::ses::aws::files::Files;
use crate::ses::aws::http::{Http, LastAnswer};
use crate::ses::aws::instance::{Instance, Metadata};
use crate::ses::aws::profile::{Base, Sso};
use crate::ses::aws::settings::ConnectionSettings;
use crate::ses::aws::sts::{Role, Sts, read_token};
use crate::ses::error::CredentialFault;

/// What is said of a metadata service that does not work.
const METADATA: &str = "; AWS_EC2_METADATA_SERVICE_ENDPOINT or `ec2_metadata_service_endpoint` says \
                        where the metadata service is, and AWS_EC2_METADATA_DISABLED=true or \
                        `skip_metadata_api_check = \"true\"` that it is not to be asked";

/// The sources, by what the practitioner, the environment and the files say.
#[derive(Debug)]
pub(in crate::ses::aws) struct Chain {
    pub(in crate::ses::aws) settings: ConnectionSettings,
    pub(in crate::ses::aws) http: Http,
    pub(in crate::ses::aws) metadata: Metadata,
    pub(in crate::ses::aws) sts: Sts,
}

impl Chain {
    async fn files(&self) -> Files {
        self.settings.files().await
    }

    async fn ask(&self, link: &Link, last: &LastAnswer) -> provider::Result {
        let base = self.asked(link);
        let config = match base {
            // They belong to this machine.
            Base::Container | Base::Instance => {
                self.provider_config(self.http.without_proxies().noting(last))
            }
            _ => self.provider_config(self.http.noting(last)),
        };
        match base {
            Base::Keys(keys) => Ok(of_keys(keys)),
            Base::Environment => {
                let keys = self.settings.environment.keys.as_ref();
                let none = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set";
                let keys = keys.ok_or_else(|| CredentialsError::invalid_configuration(none))?;
                Ok(of_keys(keys))
            }
            Base::Program(program) => {
                let program = CredentialProcessProvider::new(program.clone());
                // What it says about the account is no more than its word.
                let keys = program.provide_credentials().await?;
                Ok(of_account(&keys, None))
            }
            Base::Sso(sso) => by_sso(sso, &config).provide_credentials().await,
            Base::WebIdentity(web) => self.sts.with_token(web).await,
            Base::Container => {
                if !self.settings.environment.is_container {
                    return Err(CredentialsError::not_loaded(NO_CONTAINER));
                }
                if let Some(path) = self.settings.environment.container_token_file() {
                    read_token(&path).await?;
                }
                let container = EcsCredentialsProvider::builder().configure(&config);
                let keys = container.build().provide_credentials().await?;
                Ok(of_account(&keys, None))
            }
            Base::Instance if self.settings.skips_metadata() => {
                Err(CredentialsError::not_loaded(NOT_ASKED))
            }
            Base::Instance => {
                let instance = Instance::new(&self.metadata, &config);
                let instance = instance.map_err(CredentialsError::invalid_configuration)?;
                instance.keys().await
            }
            Base::Machine => Err(CredentialsError::not_loaded(NO_CONTAINER)),
        }
    }

    /// The source itself, where the machine's is meant.
    fn asked<'a>(&self, link: &'a Link) -> &'a Base {
        match &link.base {
            Base::Machine if self.settings.environment.is_container => &Base::Container,
            Base::Machine => &Base::Instance,
            base => base,
        }
    }

    /// The failure of a source, with what may help in its case.
    async fn failed(&self, link: &Link, error: &CredentialsError, last: &LastAnswer) -> LoadFailed {
        let last = last.get();
        let what = match &link.base {
            Base::WebIdentity(web) => {
                format!("the role {}, assumed by {}", web.role_arn, link.name)
            }
            _ => link.name.clone(),
        };
        let mut failed = failed(&what, error, last.as_ref());
        match self.asked(link) {
            Base::Sso(_) if failed.fault == CredentialFault::Lasting => {
                let status = last.as_ref().map(|last| last.status);
                let advice = sso_advice(status, self.settings.profile_name());
                failed.reason.push_str(&advice);
            }
            // The SDK has tried some times. Where it has given any before, it will again.
            Base::Instance if last.is_some_and(|last| last.status >= 500) => {
                failed.fault = CredentialFault::Passing;
                failed.tried_enough = true;
                failed.reason.push_str(METADATA);
            }
            Base::Container => failed.reason = self.without_token(failed.reason).await,
            _ => {}
        }
        if matches!(link.base, Base::Machine) {
            let unsaid = "; the profile has role_arn, and neither source_profile nor \
                          credential_source";
            failed.reason.push_str(unsaid);
        }
        failed
    }

    /// A text without the token that a container's credentials are asked for with.
    async fn without_token(&self, mut text: String) -> String {
        let environment = &self.settings.environment;
        let mut tokens = Vec::from_iter(environment.container_token().map(str::to_owned));
        if let Some(path) = environment.container_token_file() {
            tokens.extend(read_token(&path).await);
        }
        for token in &tokens {
            text = without(&text, token.trim());
            // Of `Bearer TOKEN`, the token alone.
            text = without(&text, token.split_whitespace().last().unwrap_or_default());
        }
        text
    }

    fn provider_config(&self, http: Http) -> ProviderConfig {
        let sdk = &self.sts.sdk;
        let mut config = ProviderConfig::without_region()
            .with_region(sdk.region().cloned())
            .with_http_client(http);
        if let Some(retries) = sdk.retry_config() {
            config = config.with_retry_config(retries.clone());
        }
        if let Some(timeouts) = sdk.timeout_config() {
            config = config.with_timeout_config(timeouts.clone());
        }
        config
    }

    /// Assumes roles, each with the credentials of the one before.
    async fn assume(
        &self,
        of: &str,
        roles: &[Role],
        mut keys: Keys,
        mut whose: String,
    ) -> Result<Keys, LoadFailed> {
        for role in roles {
            let assumed = self.sts.assume(role, keys).await;
            keys = assumed.map_err(|error| {
                let what = format!("the role {} of {of}, assumed with {whose}", role.arn);
                failed(&what, &error, None)
            })?;
            whose = format!("the role {}", role.arn);
        }
        Ok(keys)
    }

    /// The credentials of `whose`, where they are of an account that is allowed. No others
    /// are given to anybody.
    async fn allowed(&self, whose: &str, keys: Keys) -> Result<Keys, LoadFailed> {
        let accounts = &self.settings.accounts;
        if !accounts.are_limited() {
            return Ok(keys);
        }
        let account = self.sts.account(keys.clone()).await;
        let account =
            account.map_err(|error| failed(&format!("the account of {whose}"), &error, None))?;
        let allowed = accounts.check(&account, whose);
        allowed.map_err(|reason| LoadFailed::new(CredentialFault::NotAllowed, reason))?;
        Ok(of_account(&keys, Some(account)))
    }
}

/// What to do about SSO that gives none, as the end of a sentence. A login is no help to
/// whom the role is not assigned.
fn sso_advice(status: Option<u16>, profile: &str) -> String {
    let answer = status.map_or_else(String::new, |status| format!(" (HTTP status {status})"));
    match status {
        Some(403) => format!(
            "{answer}; see that whoever has logged in is assigned the sso_role_name in the \
             sso_account_id of the profile"
        ),
        _ => format!("{answer}; run `aws sso login --profile {profile}`"),
    }
}

fn by_sso(sso: &Sso, config: &ProviderConfig) -> SsoCredentialsProvider {
    let mut provider = SsoCredentialsProvider::builder()
        .configure(config)
        .account_id(&sso.account_id)
        .role_name(&sso.role_name)
        .start_url(&sso.start_url)
        .region(Region::new(sso.region.clone()));
    if let Some(session) = &sso.session {
        provider = provider.session_name(session);
    }
    provider.build()
}

#[async_trait]
impl Source for Chain {
    async fn load(&self) -> Result<Loaded, LoadFailed> {
        let found = find(&self.settings, &self.files().await);
        let found = found.map_err(|reason| LoadFailed::new(CredentialFault::Lasting, reason))?;
        let mut without = found.without;
        for link in &found.links {
            let last = LastAnswer::default();
            let keys = match self.ask(link, &last).await {
                Ok(keys) => keys,
                Err(error) => {
                    let failed = self.failed(link, &error, &last).await;
                    if failed.fault != CredentialFault::Absent {
                        return Err(failed);
                    }
                    without.push(failed.reason);
                    continue;
                }
            };
            if let Some(part) = not_sendable(&keys) {
                let reason = format!("{}: the {part}", link.name);
                return Err(LoadFailed::new(CredentialFault::Lasting, reason));
            }
            tracing::debug!(source = link.name, "credentials were loaded");
            let source = link.source.clone();
            let keys = self.assume(&link.name, &link.roles, keys, source).await?;
            let (block, roles) = ("the provider block", &self.settings.roles);
            let keys = self.assume(block, roles, keys, link.whose(&[])).await?;
            let keys = self.allowed(&link.whose(roles), keys).await?;
            return Ok(Loaded {
                keys,
                renews: link.renews || !roles.is_empty(),
            });
        }
        let reason = without.join("; ");
        Err(LoadFailed::new(CredentialFault::Absent, reason))
    }

    async fn name(&self) -> String {
        let found = find(&self.settings, &self.files().await);
        let first = found.ok().and_then(|found| found.links.into_iter().next());
        first.map_or_else(|| "their source".to_owned(), |link| link.name)
    }

    /// Only programs of profiles are none.
    async fn is_quiet(&self) -> bool {
        let found = find(&self.settings, &self.files().await);
        let is_program = |link: &Link| matches!(link.base, Base::Program(_));
        found.is_ok_and(|found| !found.links.first().is_some_and(is_program))
    }
}
