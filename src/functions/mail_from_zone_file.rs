//! `mail_from_zone_file(mail_from_domain, region)`

use tf_provider::Diagnostics;
use tf_provider::schema::{Description, FunctionSchema, Type};
use tf_provider::value::Value;

use super::{domain_and_region, parse_domain_and_region};
use crate::mail_from::RequiredRecords;
use crate::plugin::{Function, Told};

/// The two DNS records of a MAIL FROM domain as text.
pub(crate) struct MailFromZoneFile;

impl Function for MailFromZoneFile {
    type Arguments = (Value<String>, Value<String>);
    type Result = Value<String>;

    fn schema(&self) -> FunctionSchema {
        FunctionSchema {
            parameters: domain_and_region(),
            return_type: Type::String,
            summary: "The DNS records of a custom MAIL FROM domain as lines of a zone file"
                .to_owned(),
            description: Description::markdown(DESCRIPTION),
            ..FunctionSchema::default()
        }
    }

    fn call(
        &self,
        diags: &mut Diagnostics,
        arguments: Self::Arguments,
    ) -> Result<Self::Result, Told> {
        let (domain, region) = parse_domain_and_region(diags, &arguments)?;
        let records = RequiredRecords::new(domain.as_ref(), region.as_ref());
        Ok(records.zone_file().map_or(Value::Unknown, Value::Value))
    }
}

const DESCRIPTION: &str = "Returns the two DNS records that a custom MAIL FROM domain needs, MX and \
    TXT (SPF), as two lines of a zone file (RFC 1035) with absolute names and a TTL of 600 seconds: \
    text to hand to whoever holds the zone. It can be included into a zone file of any origin.";
