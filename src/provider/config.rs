//! The provider block as Rust types, and what becomes of it.

mod dns;
mod unknown;

use std::path::PathBuf;

use serde::Deserialize;
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::assume_role::{AssumeRole, AssumeRoleWithWebIdentity, Strings, is_set, text, texts};
use super::validate::Parsed;
use crate::clients::Clients;
use crate::diagnostics::warn;
use crate::mail_from::{Advice, visible};
use crate::plugin::{CancellationToken, Number};
use crate::ses::{
    AccessKeys, AwsEnvironment, Connection, ConnectionSettings, Member, MetadataSettings,
};

pub(super) use dns::DnsBlock;

/// What the process's environment says, beside what the AWS SDK reads itself.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Folders for what the provider processes of this host share, the best first.
    pub shared_folders: Vec<PathBuf>,
    /// Whether Terraform has started this process, for one run.
    pub is_started_by_terraform: bool,
    /// What it says to everybody who calls AWS.
    pub aws: AwsEnvironment,
}

/// The provider block.
#[derive(Clone, Default, Deserialize)]
pub struct Config {
    pub(super) region: Value<String>,
    pub(super) profile: Value<String>,
    pub(super) access_key: Value<String>,
    pub(super) secret_key: Value<String>,
    pub(super) token: Value<String>,
    pub(super) custom_ca_bundle: Value<String>,
    pub(super) shared_config_files: Value<Vec<Value<String>>>,
    pub(super) shared_credentials_files: Value<Vec<Value<String>>>,
    pub(super) skip_metadata_api_check: Value<String>,
    pub(super) ec2_metadata_service_endpoint: Value<String>,
    pub(super) ec2_metadata_service_endpoint_mode: Value<String>,
    pub(super) sts_region: Value<String>,
    pub(super) allowed_account_ids: Strings,
    pub(super) forbidden_account_ids: Strings,
    pub(super) skip_credentials_validation: Value<bool>,
    pub(super) skip_requesting_account_id: Value<bool>,
    pub(super) requests_per_second: Value<Number>,
    pub(super) endpoints: Value<Endpoints>,
    pub(super) assume_role: Value<Vec<Value<AssumeRole>>>,
    pub(super) assume_role_with_web_identity: Value<Vec<Value<AssumeRoleWithWebIdentity>>>,
    pub(super) dns: Value<DnsBlock>,
}

/// The `endpoints` block.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Endpoints {
    pub(super) ses: Value<String>,
    pub(super) sts: Value<String>,
}

/// SES's limit for each of its identity operations.
const REQUESTS_PER_SECOND: f64 = 1.0;

impl Config {
    /// The clients for a block that was found valid; `parsed` is what was found,
    /// `member` this process.
    pub(super) fn into_clients(
        self,
        parsed: Parsed,
        environment: &Environment,
        member: Member,
        stop: CancellationToken,
    ) -> Clients {
        let unknown = self.unknown();
        let accounts = self.accounts();
        let dns = dns::of(&self.dns, &parsed);
        let keys = text(self.access_key).zip(text(self.secret_key));
        let token = text(self.token);
        let keys = keys.map(|(access_key, secret_key)| AccessKeys {
            access_key,
            secret_key,
            token,
        });
        let endpoints = self.endpoints.unwrap_or_default();
        let roles = self.assume_role.as_option().unwrap_or_default();
        let roles = roles.into_iter().filter_map(Value::as_option);
        let web_identity = self.assume_role_with_web_identity.as_option();
        let web_identity = web_identity.unwrap_or_default().into_iter().next();
        let web_identity = web_identity.and_then(Value::as_option);
        let expand = |path: &str| environment.aws.expanded(path);
        let connection = Connection::new(ConnectionSettings {
            region: parsed.region,
            profile: text(self.profile),
            keys,
            ses_endpoint: endpoints.ses.as_option(),
            sts_endpoint: endpoints.sts.as_option(),
            sts_region: text(self.sts_region),
            metadata: MetadataSettings {
                skip: parsed.skip_metadata,
                endpoint: text(self.ec2_metadata_service_endpoint),
                is_ipv6: parsed.metadata_is_ipv6,
            },
            ca_bundle: text(self.custom_ca_bundle).map(|path| expand(&path)),
            config_files: paths(self.shared_config_files, expand),
            credentials_files: paths(self.shared_credentials_files, expand),
            shared_folders: environment.shared_folders.clone(),
            environment: environment.aws.clone(),
            web_identity: web_identity.map(|block| block.into_web_identity(expand)),
            roles: roles.map(AssumeRole::into_role).collect(),
            accounts,
            skips_account: matches!(self.skip_requesting_account_id, Value::Value(true)),
        });
        let rate = parsed.requests_per_second.unwrap_or(REQUESTS_PER_SECOND);
        Clients::new(connection, member, unknown, rate, dns, stop)
    }

    /// Warns of a profile where the environment has keys as well, which other tools would
    /// use.
    pub(super) fn warn_of_two_sources(&self, diags: &mut Diagnostics, environment: &Environment) {
        let Value::Value(profile) = &self.profile else {
            return;
        };
        if profile.is_empty()
            || is_set(&self.access_key) != Some(false)
            || environment.aws.keys.is_none()
        {
            return;
        }
        let advice = Advice {
            summary: "Credentials are set twice: `profile`, and keys in the environment",
            detail: format!(
                "The provider block names the profile `{}`, and the environment has \
                 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. The profile's credentials are used. \
                 Unset the variables, or leave `profile` out.",
                visible(profile)
            ),
        };
        warn(diags, advice, AttributePath::new("profile"));
    }
}

/// The paths of files, as far as any are set.
fn paths(paths: Value<Vec<Value<String>>>, expand: impl Fn(&str) -> PathBuf) -> Vec<PathBuf> {
    texts(paths).iter().map(|path| expand(path)).collect()
}
