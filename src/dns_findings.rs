//! `dns`: what DNS says of a MAIL FROM domain, as Terraform sees it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tf_provider::schema::{AttributeConstraint, AttributeType};
use tf_provider::value::Value;

use crate::attributes::{attribute, string};
use crate::mail_from::{DmarcFinding, DnsFindings, Finding};

use AttributeConstraint::Computed;

/// `dns`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dns {
    pub(crate) mx: Value<RecordFinding>,
    pub(crate) spf: Value<RecordFinding>,
    pub(crate) dmarc: Value<RecordFinding>,
}

/// `dns.mx`, `dns.spf` or `dns.dmarc`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordFinding {
    pub(crate) status: Value<String>,
    pub(crate) records: Value<Vec<Value<String>>>,
}

/// The type of `dns` as an attribute.
pub fn attribute_type() -> AttributeType {
    let finding = |status| {
        HashMap::from([
            string("status", Computed, status),
            attribute(
                "records",
                Computed,
                AttributeType::List(Box::new(AttributeType::String)),
                "The records that were found, with control characters escaped.",
            ),
        ])
    };
    AttributeType::AttributeSingle(HashMap::from([
        attribute(
            "mx",
            Computed,
            AttributeType::AttributeSingle(finding(DNS_STATUS)),
            "The MX record of the MAIL FROM domain.",
        ),
        attribute(
            "spf",
            Computed,
            AttributeType::AttributeSingle(finding(DNS_STATUS)),
            "The SPF (TXT) record of the MAIL FROM domain.",
        ),
        attribute(
            "dmarc",
            Computed,
            AttributeType::AttributeSingle(finding(DMARC_STATUS)),
            "Whether SPF with the MAIL FROM domain can count for DMARC: the DMARC record at \
             `_dmarc` of the identity's domain, or of a domain above it.",
        ),
    ]))
}

/// Findings as `dns` holds them.
impl From<&DnsFindings> for Dns {
    fn from(findings: &DnsFindings) -> Self {
        Self {
            mx: Value::Value((&findings.mx).into()),
            spf: Value::Value((&findings.spf).into()),
            dmarc: Value::Value((&findings.dmarc).into()),
        }
    }
}

impl From<&Finding> for RecordFinding {
    fn from(finding: &Finding) -> Self {
        Self::new(finding.status.as_str(), &finding.found)
    }
}

impl From<&DmarcFinding> for RecordFinding {
    fn from(finding: &DmarcFinding) -> Self {
        Self::new(finding.status.as_str(), &finding.found)
    }
}

impl RecordFinding {
    fn new(status: &str, found: &[String]) -> Self {
        Self {
            status: Value::Value(status.to_owned()),
            records: Value::Value(found.iter().cloned().map(Value::Value).collect()),
        }
    }
}

const DNS_STATUS: &str = "`ok`; `other_region` (an MX that names SES in another region, which \
    serves as well); `missing`; `multiple` (more than one MX or SPF record); `wrong`; \
    `unreachable` (DNS did not answer); `disabled` (by `dns_check` or the provider); or \
    `unchecked` (not asked since the domain was set, or an SPF record that says something else for \
    each message).";

const DMARC_STATUS: &str = "`relaxed` (SPF can align, as a MAIL FROM domain needs it); `strict` \
    (`aspf=s`: SPF with a subdomain of the From domain never aligns, so DMARC passes by DKIM \
    alone); `none` (no record that receivers hold to: none, several, or a malformed one); \
    `unreachable` (DNS did not answer); `disabled` (by `dns_check` or the provider); or \
    `unchecked` (not asked since the domain was set).";
