//! What is right in a provider block and its environment, and may still surprise.

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::{Config, Environment, is_true};
use crate::diagnostics::warn;
use crate::mail_from::{Advice, visible};
use crate::provider::assume_role::is_set;

impl Config {
    /// Tells what may surprise.
    pub(in crate::provider) fn warn(&self, diags: &mut Diagnostics, environment: &Environment) {
        self.warn_of_two_sources(diags, environment);
        self.warn_of_web_identity(diags);
        self.warn_of_one_proxy(diags, environment);
        self.warn_of_no_check(diags);
        self.warn_of_old_variables(diags, environment);
    }

    /// A profile where the environment has keys as well, which other tools would use.
    fn warn_of_two_sources(&self, diags: &mut Diagnostics, environment: &Environment) {
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
                 Unset the variables, unless the profile itself takes them (`credential_source = \
                 Environment`), or leave `profile` out.",
                visible(profile)
            ),
        };
        warn(diags, advice, AttributePath::new("profile"));
    }

    /// A web identity beside keys, which hashicorp/aws would use.
    fn warn_of_web_identity(&self, diags: &mut Diagnostics) {
        let web = &self.assume_role_with_web_identity;
        let has_web = matches!(web, Value::Value(blocks) if !blocks.is_empty());
        if !has_web || is_set(&self.access_key) != Some(true) {
            return;
        }
        let advice = Advice {
            summary: "Credentials are set twice: `access_key`, and \
                      `assume_role_with_web_identity`",
            detail: "The provider block has both. The web identity is used, and `access_key` and \
                     `secret_key` are not. Leave one of them out."
                .to_owned(),
        };
        warn(diags, advice, AttributePath::new("access_key"));
    }

    /// A proxy for HTTP that serves HTTPS as well.
    fn warn_of_one_proxy(&self, diags: &mut Diagnostics, environment: &Environment) {
        if !self.proxies().serves_https_by_http(&environment.aws) || self.https_proxy.is_unknown() {
            return;
        }
        let advice = Advice {
            summary: "`http_proxy` is used for HTTPS as well",
            detail:
                "The provider block sets `http_proxy`, and neither it nor HTTPS_PROXY says how \
                     HTTPS is to go out. So requests by HTTPS, which all of AWS's are, go by \
                     `http_proxy`, as with hashicorp/aws. Set `https_proxy`: to the same, or to \
                     \"\" for no proxy."
                    .to_owned(),
        };
        warn(diags, advice, AttributePath::new("http_proxy"));
    }

    fn warn_of_no_check(&self, diags: &mut Diagnostics) {
        if !is_true(&self.insecure) {
            return;
        }
        let advice = Advice {
            summary: "Certificates are not checked",
            detail: "With `insecure`, whoever stands between this machine and AWS can read and \
                     change all requests, and the credentials of roles with them. Where AWS is \
                     reached by a private certificate authority, name its certificate in \
                     `custom_ca_bundle` instead."
                .to_owned(),
        };
        warn(diags, advice, AttributePath::new("insecure"));
    }

    /// Variables of the environment that AWS's tools have given up.
    fn warn_of_old_variables(&self, diags: &mut Diagnostics, environment: &Environment) {
        let sts = match &self.endpoints {
            Value::Value(endpoints) => is_set(&endpoints.sts) != Some(false),
            endpoints => endpoints.is_unknown(),
        };
        let metadata = is_set(&self.ec2_metadata_service_endpoint) != Some(false);
        let aws = &environment.aws;
        let old = [
            (sts, aws.deprecated_sts_endpoint()),
            (metadata, aws.deprecated_metadata_endpoint()),
        ];
        let old = old.into_iter().filter(|(is_moot, _)| !is_moot);
        for (old, current) in old.filter_map(|(_, old)| old) {
            let advice = Advice {
                summary: "Deprecated environment variable",
                detail: format!("{old} is deprecated. Set {current} instead."),
            };
            warn(diags, advice, AttributePath::root());
        }
    }
}
