//! Which settings of the provider block are not known yet.

use tf_provider::value::Value;

use super::Config;
use crate::provider::assume_role::{self, AssumeRole, AssumeRoleWithWebIdentity, are_known};

impl Config {
    /// The settings that a call to AWS needs and that are not known yet.
    pub(super) fn unknown(&self) -> Vec<&'static str> {
        let (ses, sts) = match &self.endpoints {
            Value::Value(endpoints) => (endpoints.ses.is_unknown(), endpoints.sts.is_unknown()),
            endpoints => (endpoints.is_unknown(), endpoints.is_unknown()),
        };
        let roles = match &self.assume_role {
            Value::Value(roles) => !roles.iter().all(is_known(AssumeRole::is_known)),
            roles => roles.is_unknown(),
        };
        let web_identity = match &self.assume_role_with_web_identity {
            Value::Value(blocks) => !blocks
                .iter()
                .all(is_known(AssumeRoleWithWebIdentity::is_known)),
            blocks => blocks.is_unknown(),
        };
        [
            ("region", self.region.is_unknown()),
            ("profile", self.profile.is_unknown()),
            ("access_key", self.access_key.is_unknown()),
            ("secret_key", self.secret_key.is_unknown()),
            ("token", self.token.is_unknown()),
            ("endpoints.ses", ses),
            ("endpoints.sts", sts),
            (
                "skip_metadata_api_check",
                self.skip_metadata_api_check.is_unknown(),
            ),
            (
                "ec2_metadata_service_endpoint",
                self.ec2_metadata_service_endpoint.is_unknown(),
            ),
            (
                "ec2_metadata_service_endpoint_mode",
                self.ec2_metadata_service_endpoint_mode.is_unknown(),
            ),
            ("sts_region", self.sts_region.is_unknown()),
            ("http_proxy", self.http_proxy.is_unknown()),
            ("https_proxy", self.https_proxy.is_unknown()),
            ("no_proxy", self.no_proxy.is_unknown()),
            ("insecure", self.insecure.is_unknown()),
            ("use_fips_endpoint", self.use_fips_endpoint.is_unknown()),
            (
                "use_dualstack_endpoint",
                self.use_dualstack_endpoint.is_unknown(),
            ),
            ("max_retries", self.max_retries.is_unknown()),
            ("retry_mode", self.retry_mode.is_unknown()),
            ("user_agent", !are_known(&self.user_agent)),
            (
                "skip_region_validation",
                self.skip_region_validation.is_unknown(),
            ),
            ("custom_ca_bundle", self.custom_ca_bundle.is_unknown()),
            ("shared_config_files", !are_known(&self.shared_config_files)),
            (
                "shared_credentials_files",
                !are_known(&self.shared_credentials_files),
            ),
            (assume_role::ROLE, roles),
            (assume_role::WEB_IDENTITY, web_identity),
            ("requests_per_second", self.requests_per_second.is_unknown()),
        ]
        .into_iter()
        .chain(self.unknown_accounts())
        .filter_map(|(name, unknown)| unknown.then_some(name))
        .collect()
    }
}

/// Whether a block is known, and `inside` says so of what is in it.
fn is_known<T>(inside: fn(&T) -> bool) -> impl Fn(&Value<T>) -> bool {
    move |block| match block {
        Value::Value(block) => inside(block),
        block => !block.is_unknown(),
    }
}
