//! The `dns` block.

use serde::Deserialize;
use tf_provider::value::Value;

use crate::clients::Dns;
use crate::dns::{Resolver, Settings};
use crate::plugin::Number;
use crate::provider::validate::Parsed;

/// The `dns` block.
#[derive(Clone, Default, Deserialize)]
pub(in crate::provider) struct DnsBlock {
    pub(in crate::provider) enabled: Value<bool>,
    pub(in crate::provider) nameservers: Value<Vec<Value<String>>>,
    pub(in crate::provider) timeout: Value<String>,
    pub(in crate::provider) attempts: Value<Number>,
    pub(in crate::provider) authoritative: Value<bool>,
}

/// How DNS is asked, by the block and by what was found in it.
pub(super) fn of(block: &Value<DnsBlock>, parsed: &Parsed) -> Dns {
    let block = match block {
        Value::Unknown => return Dns::Unknown,
        Value::Null => &DnsBlock::default(),
        Value::Value(block) => block,
    };
    let nameservers_unknown = match &block.nameservers {
        Value::Value(nameservers) => nameservers.iter().any(Value::is_unknown),
        nameservers => nameservers.is_unknown(),
    };
    if nameservers_unknown || block.enabled.is_unknown() || block.authoritative.is_unknown() {
        return Dns::Unknown;
    }
    let resolver = Resolver::new(Settings {
        nameservers: parsed.nameservers.clone(),
        timeout: parsed.dns_timeout,
        attempts: parsed.dns_attempts,
        authoritative: block.authoritative.as_option(),
    });
    match block.enabled {
        Value::Value(false) => Dns::Disabled(resolver),
        _ => Dns::Enabled(resolver),
    }
}
