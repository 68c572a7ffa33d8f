//! `ses_identity_mail_from_verification` as Rust types: a configuration, a plan
//! or a state.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tf_provider::value::Value;

use crate::attributes::{NameValues, region_or, timeout_or};
use crate::mail_from::Region;

/// Attributes by the names of the schema. Strings are as the practitioner or SES
/// writes them; nothing here is checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Model {
    pub(super) identity: Value<String>,
    /// Null: whatever domain the identity has.
    pub(super) mail_from_domain: Value<String>,
    pub(super) region: Value<String>,
    pub(super) timeouts: Value<Timeouts>,
    pub(super) id: Value<String>,
    pub(super) verification_status: Value<String>,
}

/// The `timeouts` block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Timeouts {
    pub(super) create: Value<String>,
}

/// How long to wait where nothing else is configured: SES usually finds a new
/// MX record within minutes, and DNS shows it within the time that resolvers
/// remember its absence.
const DEFAULT_WAIT: Duration = Duration::from_secs(45 * 60);

impl Model {
    /// The attributes that every resource has in common.
    pub(super) fn names(&self) -> NameValues {
        NameValues {
            identity: self.identity.clone(),
            mail_from_domain: self.mail_from_domain.clone(),
            region: self.region.clone(),
            id: self.id.clone(),
        }
    }

    /// A state with its region: null is the provider's.
    pub(super) fn placed(&self, provider_region: Option<&Region>) -> Self {
        Self {
            region: region_or(&self.region, provider_region),
            ..self.clone()
        }
    }

    /// How long to wait for SES.
    pub(super) fn wait(&self) -> Duration {
        let timeouts = self.timeouts.as_ref_option();
        timeout_or(timeouts.map(|timeouts| &timeouts.create), DEFAULT_WAIT)
    }
}

#[cfg(test)]
impl Model {
    /// A configuration of these two alone, for tests.
    pub(super) fn of(identity: &str, mail_from_domain: Value<String>) -> Self {
        Self {
            identity: Value::Value(identity.to_owned()),
            mail_from_domain,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_is_the_configured_one_or_45_minutes() {
        let mut model = Model::default();
        assert_eq!(model.wait(), Duration::from_secs(2700));
        model.timeouts = Value::Value(Timeouts {
            create: Value::Value("5s".to_owned()),
        });
        assert_eq!(model.wait(), Duration::from_secs(5));
    }
}
