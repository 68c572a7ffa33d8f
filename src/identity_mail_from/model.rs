//! `ses_identity_mail_from` as Rust types: a configuration, a plan or a state.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tf_provider::value::Value;

use crate::attributes::{NameValues, region_or, timeout_or};
use crate::dns_findings::Dns;
use crate::dns_records::Record;
use crate::mail_from::{DomainName, Identity, Place, Region};

/// Attributes by the names of the schema. Strings are as the practitioner or SES
/// writes them; nothing here is checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Model {
    pub(super) identity: Value<String>,
    pub(super) mail_from_domain: Value<String>,
    pub(super) behavior_on_mx_failure: Value<String>,
    pub(super) behavior_until_verified: Value<String>,
    pub(super) region: Value<String>,
    pub(super) restart_failed_verification: Value<bool>,
    pub(super) dns_check: Value<bool>,
    pub(super) timeouts: Value<Timeouts>,
    pub(super) id: Value<String>,
    pub(super) verification_status: Value<String>,
    pub(super) dns_records: Value<Vec<Value<Record>>>,
    pub(super) dns: Value<Dns>,
}

/// The `timeouts` block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Timeouts {
    pub(super) create: Value<String>,
    pub(super) read: Value<String>,
    pub(super) update: Value<String>,
    pub(super) delete: Value<String>,
}

/// How long an operation may take where nothing else is configured.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

impl Model {
    /// The configured timeout that `of` picks, or five minutes. What cannot be
    /// parsed was refused by validation.
    pub(super) fn timeout(&self, of: impl Fn(&Timeouts) -> &Value<String>) -> Duration {
        let timeouts = self.timeouts.as_ref_option();
        timeout_or(timeouts.map(of), DEFAULT_TIMEOUT)
    }

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

    /// What a state says that SES holds: a domain, and where; `None` where it does not
    /// say so.
    pub(super) fn held(&self) -> Option<(Place, DomainName)> {
        let domain = DomainName::parse(self.mail_from_domain.as_ref_option()?).ok()?;
        Some((self.place()?, domain))
    }

    /// Which identity a state is about, and where; `None` where it does not say so.
    pub(super) fn place(&self) -> Option<Place> {
        Some(Place {
            identity: Identity::parse(self.identity.as_ref_option()?).ok()?,
            region: Region::parse_any(self.region.as_ref_option()?).ok()?,
        })
    }

    /// Whether a verification that SES has given up is to be started again.
    /// While that is not known, it has to be planned for.
    pub(super) fn restarts_failed_verification(&self) -> bool {
        !matches!(self.restart_failed_verification, Value::Value(false))
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
    fn timeout_is_the_configured_one_or_five_minutes() {
        let mut model = Model::default();
        assert_eq!(model.timeout(|t| &t.create), Duration::from_secs(300));
        model.timeouts = Value::Value(Timeouts {
            create: Value::Value("1h30m".to_owned()),
            ..Timeouts::default()
        });
        assert_eq!(model.timeout(|t| &t.create), Duration::from_secs(5400));
        assert_eq!(model.timeout(|t| &t.delete), Duration::from_secs(300));
    }
}
