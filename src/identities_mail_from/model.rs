//! `ses_identities_mail_from` as Rust types: a configuration, or what was read.

use serde::{Deserialize, Serialize};
use tf_provider::value::Value;

use crate::dns_findings::Dns;
use crate::dns_records::Record;
use crate::fleet::FilterValues;
use crate::held::HeldValues;
use crate::mail_from::{DnsFindings, IdentityKind, Region};
use crate::ses::SetMailFrom;

/// Attributes by the names of the schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Model {
    pub(super) region: Value<String>,
    pub(super) kind: Value<String>,
    pub(super) status: Value<String>,
    pub(super) mail_from_set: Value<bool>,
    pub(super) name_regex: Value<String>,
    pub(super) dns_check: Value<bool>,
    pub(super) identities: Value<Vec<Value<Audited>>>,
}

/// An element of `identities`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Audited {
    pub(super) identity: Value<String>,
    pub(super) kind: Value<String>,
    pub(super) mail_from_domain: Value<String>,
    pub(super) behavior_on_mx_failure: Value<String>,
    pub(super) verification_status: Value<String>,
    pub(super) dns_records: Value<Vec<Value<Record>>>,
    pub(super) dns: Value<Dns>,
}

impl Model {
    /// Which identities are asked for.
    pub(super) fn filters(&self) -> FilterValues {
        FilterValues {
            kind: self.kind.clone(),
            status: self.status.clone(),
            mail_from_set: self.mail_from_set,
            name_regex: self.name_regex.clone(),
        }
    }
}

impl Audited {
    /// The identity `name`, which has no custom MAIL FROM domain.
    pub(super) fn without_mail_from(name: &str) -> Self {
        Self {
            identity: Value::Value(name.to_owned()),
            kind: Value::Value(IdentityKind::of(name).as_str().to_owned()),
            ..Self::default()
        }
    }

    /// The same with what SES holds for it in `region`, and what DNS says of that.
    pub(super) fn with(self, region: &Region, held: &SetMailFrom, findings: &DnsFindings) -> Self {
        let held = HeldValues::of(region, held, findings);
        Self {
            mail_from_domain: held.mail_from_domain,
            behavior_on_mx_failure: held.behavior_on_mx_failure,
            verification_status: held.verification_status,
            dns_records: held.dns_records,
            dns: held.dns,
            ..self
        }
    }
}
