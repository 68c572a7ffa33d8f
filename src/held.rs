//! What SES holds of an identity and what DNS says of that, as whoever only reads it sees
//! it: data sources and lists.

use tf_provider::schema::{Attribute, AttributeConstraint};
use tf_provider::value::Value;

use crate::attributes::{attribute, string};
use crate::dns_findings::{self, Dns};
use crate::dns_records::{self, Record, dns_records};
use crate::mail_from::{DnsFindings, Region};
use crate::ses::SetMailFrom;

use AttributeConstraint::Computed;

/// The values of [`attributes`].
#[derive(Clone, Debug, PartialEq)]
pub struct HeldValues {
    /// `mail_from_domain`
    pub mail_from_domain: Value<String>,
    /// `behavior_on_mx_failure`
    pub behavior_on_mx_failure: Value<String>,
    /// `verification_status`
    pub verification_status: Value<String>,
    /// `dns_records`
    pub dns_records: Value<Vec<Value<Record>>>,
    /// `dns`
    pub dns: Value<Dns>,
}

impl HeldValues {
    /// Those of what SES `held` in `region`, and of the findings of DNS.
    pub fn of(region: &Region, held: &SetMailFrom, findings: &DnsFindings) -> Self {
        let behavior = held.behavior_or_default();
        Self {
            mail_from_domain: Value::Value(held.domain.as_str().to_owned()),
            behavior_on_mx_failure: Value::Value(behavior.as_str().to_owned()),
            verification_status: Value::Value(held.status.as_str().to_owned()),
            dns_records: dns_records(held.domain.name(), Some(region), &Value::Null),
            dns: Value::Value(Dns::from(findings)),
        }
    }
}

/// The attributes of a data source for what SES holds.
pub fn attributes() -> [(String, Attribute); 5] {
    let (records, dns) = (
        dns_records::attribute_type(),
        dns_findings::attribute_type(),
    );
    [
        string("mail_from_domain", Computed, MAIL_FROM_DOMAIN),
        string("behavior_on_mx_failure", Computed, BEHAVIOR),
        string("verification_status", Computed, VERIFICATION_STATUS),
        attribute("dns_records", Computed, records, DNS_RECORDS),
        attribute("dns", Computed, dns, DNS),
    ]
}

const MAIL_FROM_DOMAIN: &str = "The custom MAIL FROM domain as SES holds it. It and all that \
    follows from it is null where the identity has none.";

const BEHAVIOR: &str = "What SES does with a message while it cannot find the MX record: \
    `UseDefaultValue` or `RejectMessage`.";

const VERIFICATION_STATUS: &str = "What SES says of the MX record: `Pending`, `Success`, `Failed` \
    or `TemporaryFailure`.";

const DNS_RECORDS: &str = "The two DNS records that the MAIL FROM domain needs: first MX, then TXT \
    (SPF).";

const DNS: &str = "What DNS says of the two records and of the DMARC policy; `disabled` without \
    `dns_check`.";
