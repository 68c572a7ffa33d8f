//! The provider block as Rust types, and what becomes of it.

mod dns;
mod unknown;
mod warnings;

use std::path::PathBuf;

use serde::Deserialize;
use tf_provider::value::Value;

use super::assume_role::{AssumeRole, AssumeRoleWithWebIdentity, Strings, text, texts};
use super::validate::Parsed;
use crate::clients::Clients;
use crate::plugin::{CancellationToken, Number};
use crate::ses::{
    AccessKeys, AwsEnvironment, Connection, ConnectionSettings, Member, MetadataSettings,
    ProxySettings,
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

/// The run of Terraform's that a block is for.
pub(super) struct Run {
    /// This process.
    pub(super) member: Member,
    /// The version of Terraform.
    pub(super) terraform_version: String,
    /// Cancelled when the run is to stop.
    pub(super) stop: CancellationToken,
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
    pub(super) http_proxy: Value<String>,
    pub(super) https_proxy: Value<String>,
    pub(super) no_proxy: Value<String>,
    pub(super) insecure: Value<bool>,
    pub(super) use_fips_endpoint: Value<bool>,
    pub(super) use_dualstack_endpoint: Value<bool>,
    pub(super) max_retries: Value<Number>,
    pub(super) retry_mode: Value<String>,
    pub(super) user_agent: Strings,
    pub(super) skip_region_validation: Value<bool>,
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
    /// The clients for a block that was found valid; `parsed` is what was found.
    pub(super) fn into_clients(
        self,
        parsed: Parsed,
        environment: &Environment,
        run: Run,
    ) -> Clients {
        let unknown = self.unknown();
        let Run {
            member,
            terraform_version,
            stop,
        } = run;
        let proxies = self.proxies();
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
            proxies,
            insecure: is_true(&self.insecure),
            use_fips: is_true(&self.use_fips_endpoint),
            use_dual_stack: is_true(&self.use_dualstack_endpoint),
            max_attempts: parsed.max_attempts,
            retry_mode: parsed.retry_mode,
            user_agent: texts(self.user_agent),
            terraform_version,
            region_check: parsed.region_check,
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

    /// The block with what the environment says in the place of its own arguments.
    pub(super) fn with_environment(mut self, environment: &Environment) -> Self {
        let blocks = &mut self.assume_role_with_web_identity;
        if let (Value::Value(blocks), Some(token)) = (blocks, environment.aws.web_token()) {
            for block in blocks {
                if let Value::Value(block) = block {
                    block.use_token(token);
                }
            }
        }
        self
    }

    /// What the block says about proxies; `""` is none.
    fn proxies(&self) -> ProxySettings {
        let said = |proxy: &Value<String>| proxy.clone().as_option();
        ProxySettings {
            http: said(&self.http_proxy),
            https: said(&self.https_proxy),
            no: said(&self.no_proxy),
        }
    }
}

/// Whether a switch is on. One that is off counts as not set, as in hashicorp/aws.
fn is_true(switch: &Value<bool>) -> bool {
    matches!(switch, Value::Value(true))
}

/// The paths of files, as far as any are set.
fn paths(paths: Value<Vec<Value<String>>>, expand: impl Fn(&str) -> PathBuf) -> Vec<PathBuf> {
    texts(paths).iter().map(|path| expand(path)).collect()
}
