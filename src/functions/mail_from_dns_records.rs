//! `mail_from_dns_records(mail_from_domain, region)`

use tf_provider::Diagnostics;
use tf_provider::schema::{Description, FunctionSchema, Parameter};
use tf_provider::value::Value;

use super::{domain_and_region, parse_domain_and_region};
use crate::dns_records::{Record, dns_records, result_type};
use crate::plugin::{Function, Told};

/// The two DNS records of a MAIL FROM domain, as `dns_records` of the resource has them.
pub(crate) struct MailFromDnsRecords;

impl Function for MailFromDnsRecords {
    type Arguments = (Value<String>, Value<String>);
    type Result = Value<Vec<Value<Record>>>;

    fn schema(&self) -> FunctionSchema {
        // Which records there are is known even so, for a `for_each` over them.
        let parameters = domain_and_region().into_iter().map(|parameter| Parameter {
            allow_unknown: true,
            ..parameter
        });
        FunctionSchema {
            parameters: parameters.collect(),
            return_type: result_type(),
            summary: "The DNS records of a custom MAIL FROM domain".to_owned(),
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
        Ok(dns_records(
            domain.as_ref(),
            region.as_ref(),
            &Value::Unknown,
        ))
    }
}

const DESCRIPTION: &str = "Returns the two DNS records that a custom MAIL FROM domain needs, first \
    MX, then TXT (SPF), just as `dns_records` of the resource `ses_identity_mail_from` has them: \
    each with `name`, `type`, `priority` (null for TXT), `value` (bare), `rdata` (as Route 53 takes \
    it) and `zone_rdata` (as in a zone file). For configurations that keep DNS, where another one \
    keeps SES. While an argument is not known, only the fields that hang on it are unknown.";
