//! Settings: what the practitioner says about the way to AWS.

use std::fmt;
use std::path::PathBuf;

use super::accounts::Accounts;
use super::environment::AwsEnvironment;
use super::files::Files;
use super::http::Trust;
use super::instance::MetadataSettings;
use super::proxies::ProxySettings;
use super::retries::RetryMode;
use super::sts::{Role, WebIdentity};
use crate::mail_from::{Region, RegionCheck};

/// What the practitioner says about the way to AWS. Whatever is left out, the
/// AWS chain finds: environment, files, SSO, container, instance.
#[derive(Clone, Debug, Default)]
pub struct ConnectionSettings {
    /// The region, already checked.
    pub region: Option<Region>,
    /// A profile of the shared configuration and credentials files.
    pub profile: Option<String>,
    /// Access keys, in place of the credential chain.
    pub keys: Option<AccessKeys>,
    /// A URL in place of SES's endpoint.
    pub ses_endpoint: Option<String>,
    /// A URL in place of STS's endpoint, for profiles that assume a role.
    pub sts_endpoint: Option<String>,
    /// The region whose STS is asked; the region itself if left out.
    pub sts_region: Option<String>,
    /// How the metadata service of an instance is asked.
    pub metadata: MetadataSettings,
    /// A PEM file with the certificates to trust in place of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// AWS's configuration files in place of the environment's; empty: the environment's.
    pub config_files: Vec<PathBuf>,
    /// AWS's credentials files in place of the environment's; empty: the environment's.
    pub credentials_files: Vec<PathBuf>,
    /// Proxies on the way.
    pub proxies: ProxySettings,
    /// Whether all certificates are trusted.
    pub insecure: bool,
    /// Whether endpoints are FIPS's where none is named; if not, the environment's word.
    pub use_fips: bool,
    /// Whether endpoints are dual-stack's where none is named; if not, the environment's
    /// word.
    pub use_dual_stack: bool,
    /// How often a call to STS or to the metadata service is made at most.
    pub max_attempts: Option<u32>,
    /// How its attempts follow one another.
    pub retry_mode: Option<RetryMode>,
    /// What is added to `User-Agent`.
    pub user_agent: Vec<String>,
    /// The version of Terraform, for `User-Agent`.
    pub terraform_version: String,
    /// What is taken for the code of a region.
    pub region_check: RegionCheck,
    /// The folders below which the provider processes of this host share SES's limit:
    /// the first that lets them.
    pub shared_folders: Vec<PathBuf>,
    /// What the environment says.
    pub environment: AwsEnvironment,
    /// A role for who holds a token, in place of all other credentials.
    pub web_identity: Option<WebIdentity>,
    /// Roles that are assumed one after the other, with whatever credentials there are.
    pub roles: Vec<Role>,
    /// The accounts that the credentials may belong to.
    pub accounts: Accounts,
    /// Whether AWS is not to be asked for the account where that only helps
    /// (`skip_requesting_account_id`).
    pub skips_account: bool,
}

impl ConnectionSettings {
    /// The profile that is selected.
    pub(super) fn profile_name(&self) -> &str {
        let named = self.profile.as_ref().or(self.environment.profile.as_ref());
        named.map_or("default", String::as_str)
    }

    /// AWS's configuration files as they are now.
    pub(super) async fn files(&self) -> Files {
        let AwsEnvironment {
            config_file,
            credentials_file,
            ..
        } = &self.environment;
        let config = chosen(&self.config_files, config_file);
        Files::read(config, chosen(&self.credentials_files, credentials_file)).await
    }

    /// Where the credentials come from, as far as the settings say it, and no part of them
    /// that is secret.
    pub(super) fn of_credentials(&self) -> String {
        // All of them are named, so that none is forgotten.
        let ConnectionSettings {
            region: _,
            profile,
            keys,
            ses_endpoint: _,
            sts_endpoint,
            sts_region: _,
            metadata,
            ca_bundle: _,
            config_files,
            credentials_files,
            proxies: _,
            insecure: _,
            use_fips: _,
            use_dual_stack: _,
            max_attempts: _,
            retry_mode: _,
            user_agent: _,
            terraform_version: _,
            region_check: _,
            shared_folders: _,
            // The same for all processes of a run.
            environment: _,
            web_identity,
            roles,
            accounts: _,
            skips_account: _,
        } = self;
        let keys = keys.as_ref();
        let key = keys.map(|keys| (&keys.access_key, keys.token.is_some()));
        let web_identity = web_identity.as_ref().map(|web| &web.role_arn);
        let roles: Vec<&String> = roles.iter().map(|role| &role.arn).collect();
        let sources = (sts_endpoint, metadata, config_files, credentials_files);
        format!("{:?}", (key, profile, sources, web_identity, roles))
    }

    /// Whether the metadata service is not to be asked.
    pub(super) fn skips_metadata(&self) -> bool {
        let skip = self.metadata.skip;
        skip.unwrap_or(self.environment.skip_metadata)
    }

    /// Whose certificates are trusted.
    pub(super) fn trust(&self, files: &Files) -> Trust {
        if self.insecure {
            return Trust::Anybody;
        }
        let block = self.ca_bundle.clone();
        let block = block.map(|path| ("`custom_ca_bundle`", path));
        let environment = || {
            let path = self.environment.ca_bundle.clone();
            path.map(|path| ("AWS_CA_BUNDLE", path))
        };
        let profile = || {
            let path = files.profile(self.profile_name())?.get("ca_bundle")?;
            let path = self.environment.expanded(path);
            (!path.as_os_str().is_empty()).then_some(("the profile's ca_bundle", path))
        };
        let bundle = block.or_else(environment).or_else(profile);
        bundle.map_or(Trust::System, |(by, path)| Trust::Bundle(by, path))
    }
}

/// The files of the block, or else the environment's.
fn chosen<'a>(block: &'a [PathBuf], environment: &'a Option<PathBuf>) -> &'a [PathBuf] {
    if block.is_empty() {
        environment.as_slice()
    } else {
        block
    }
}

/// Static credentials. Never printed.
#[derive(Clone)]
pub struct AccessKeys {
    /// The access key id.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: String,
    /// The session token of temporary credentials.
    pub token: Option<String>,
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKeys(…)")
    }
}
