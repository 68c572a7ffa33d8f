//! The functions of the provider, called as `provider::ses::NAME`. Pure: they ask neither
//! SES nor DNS, and need no configured provider.

mod mail_from_dns_records;
mod mail_from_zone_file;
mod spf_merge;

use std::fmt::Display;

use tf_provider::Diagnostics;
use tf_provider::schema::{Description, Parameter, Type};
use tf_provider::value::Value;

use crate::diagnostics::invalid_argument;
use crate::mail_from::{DomainName, Region};
use crate::plugin::Told;

pub(crate) use mail_from_dns_records::MailFromDnsRecords;
pub(crate) use mail_from_zone_file::MailFromZoneFile;
pub(crate) use spf_merge::SpfMerge;

/// A string that has to be given. Terraform refuses a null itself; while the string is not
/// known, it does not call, and the result is not known.
fn parameter(name: &str, description: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        param_type: Type::String,
        description: Description::markdown(description),
        ..Parameter::default()
    }
}

/// The parameters of what is about a MAIL FROM domain in a region.
fn domain_and_region() -> Vec<Parameter> {
    vec![
        parameter("mail_from_domain", MAIL_FROM_DOMAIN),
        parameter("region", REGION),
    ]
}

const MAIL_FROM_DOMAIN: &str = "The custom MAIL FROM domain, in any case, with or without a final \
    dot, in Unicode or in Punycode.";

const REGION: &str = "The code of the AWS region in which SES has the identity, such as \
    `eu-west-1`.";

/// What [`domain_and_region`] mean; `None` for what is not known.
fn parse_domain_and_region(
    diags: &mut Diagnostics,
    (domain, region): &(Value<String>, Value<String>),
) -> Result<(Option<DomainName>, Option<Region>), Told> {
    let domain = parse(diags, 0, domain, DomainName::parse, |error| error.remedy())?;
    let region = parse(diags, 1, region, Region::parse, |error| error.remedy())?;
    Ok((domain, region))
}

/// What an argument means; `None` while it is not known. What it cannot mean is an error
/// at the argument.
fn parse<T, E: Display>(
    diags: &mut Diagnostics,
    index: i64,
    value: &Value<String>,
    parse: impl Fn(&str) -> Result<T, E>,
    remedy: impl Fn(&E) -> String,
) -> Result<Option<T>, Told> {
    let told = match value {
        Value::Unknown => return Ok(None),
        Value::Null => invalid_argument(index, "it is null", "Give a string."),
        Value::Value(text) => match parse(text) {
            Ok(parsed) => return Ok(Some(parsed)),
            Err(error) => invalid_argument(index, &error, remedy(&error)),
        },
    };
    diags.add_error(told);
    Err(Told)
}
