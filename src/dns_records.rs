//! `dns_records`: the two records that a MAIL FROM domain needs, as Terraform sees them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeConstraint, AttributeType, Type};
use tf_provider::value::Value;

use crate::attributes::{attribute, string};
use crate::mail_from::{DnsRecord, DomainName, Region, RequiredRecords};
use crate::plugin::Number;

use AttributeConstraint::Computed;

/// One element of `dns_records`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub(crate) name: Value<String>,
    #[serde(rename = "type")]
    pub(crate) record_type: Value<String>,
    pub(crate) priority: Value<Number>,
    pub(crate) value: Value<String>,
    pub(crate) rdata: Value<String>,
    pub(crate) zone_rdata: Value<String>,
}

/// `dns_records` of a MAIL FROM domain in a region. Where either is not known,
/// the fields that hang on it are `otherwise`.
pub fn dns_records(
    domain: Option<&DomainName>,
    region: Option<&Region>,
    otherwise: &Value<String>,
) -> Value<Vec<Value<Record>>> {
    let record = |record: DnsRecord| {
        let or = |field: Option<String>| field.map_or_else(|| otherwise.clone(), Value::Value);
        Value::Value(Record {
            name: or(record.name),
            record_type: Value::Value(record.record_type.to_owned()),
            priority: record.priority.map(u32::from).map(Number::from).into(),
            value: or(record.value),
            rdata: or(record.rdata),
            zone_rdata: or(record.zone_rdata),
        })
    };
    let RequiredRecords { mx, spf } = RequiredRecords::new(domain, region);
    Value::Value(vec![record(mx), record(spf)])
}

/// The type of `dns_records` as an attribute.
pub fn attribute_type() -> AttributeType {
    AttributeType::AttributeList(record_attributes())
}

/// The same type as that of a function's result.
pub fn result_type() -> Type {
    let fields = record_attributes().into_iter().map(|(name, attribute)| {
        let field = match attribute.attr_type {
            AttributeType::Number => Type::Number,
            _ => Type::String,
        };
        (name, field)
    });
    Type::List(Box::new(Type::Object(fields.collect())))
}

fn record_attributes() -> HashMap<String, Attribute> {
    HashMap::from([
        string(
            "name",
            Computed,
            "Name of the record: the MAIL FROM domain, normalised, without a final dot.",
        ),
        string("type", Computed, "`MX` or `TXT`."),
        attribute(
            "priority",
            Computed,
            AttributeType::Number,
            "Priority of the MX record; null for TXT.",
        ),
        string(
            "value",
            Computed,
            "The bare value: the mail host, or the text without quotes. For DNS providers that take the priority apart, such as Cloudflare's.",
        ),
        string(
            "rdata",
            Computed,
            "What Route 53 takes: `10 host` for MX, the text without quotes for TXT.",
        ),
        string(
            "zone_rdata",
            Computed,
            "As in a zone file: `10 host.` with the final dot for MX, the text in quotes for TXT.",
        ),
    ])
}
