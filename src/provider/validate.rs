//! What is wrong with a provider block. Unknown values pass. Makes no call.

mod dns;
mod network;

use std::net::SocketAddr;
use std::time::Duration;

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::accounts;
use super::assume_role::{ROLE, WEB_IDENTITY, is_set, text};
use super::config::Config;
use crate::diagnostics::invalid;
use crate::mail_from::{Region, RegionCheck, visible};
use crate::plugin::Number;
use crate::ses::RetryMode;

/// The attributes that mean more than they say, where they are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Parsed {
    pub(super) region: Option<Region>,
    pub(super) region_check: RegionCheck,
    pub(super) skip_metadata: Option<bool>,
    pub(super) metadata_is_ipv6: Option<bool>,
    pub(super) max_attempts: Option<u32>,
    pub(super) retry_mode: Option<RetryMode>,
    pub(super) requests_per_second: Option<f64>,
    pub(super) nameservers: Vec<SocketAddr>,
    pub(super) dns_timeout: Option<Duration>,
    pub(super) dns_attempts: Option<u32>,
}

/// Parses a provider block, and tells what is wrong with it.
pub(super) fn validate(diags: &mut Diagnostics, config: &Config) -> Parsed {
    let region_check = match &config.skip_region_validation {
        Value::Null | Value::Value(false) => RegionCheck::Code,
        Value::Unknown | Value::Value(true) => RegionCheck::Label,
    };
    let mut parsed = Parsed {
        region: region(diags, region_check, "region", &config.region),
        region_check,
        ..Parsed::default()
    };
    region(diags, region_check, "sts_region", &config.sts_region);
    keys(diags, config);
    accounts::validate(diags, config);
    parsed.skip_metadata = one_of(
        diags,
        "skip_metadata_api_check",
        &config.skip_metadata_api_check,
        [("false", false), ("true", true)],
    );
    parsed.metadata_is_ipv6 = one_of(
        diags,
        "ec2_metadata_service_endpoint_mode",
        &config.ec2_metadata_service_endpoint_mode,
        [("IPv4", false), ("IPv6", true)],
    );
    if let Value::Value(number) = &config.requests_per_second {
        parsed.requests_per_second = rate(number);
        if parsed.requests_per_second.is_none() {
            diags.add_error(invalid(
                AttributePath::new("requests_per_second"),
                format!(
                    "{} requests a second cannot be sent",
                    visible(&number.to_string())
                ),
                "Write a positive number, such as `1` (SES's limit) or `0.5`; `0` for no limit.",
            ));
        }
    }
    network::validate(diags, config, &mut parsed);
    roles(diags, config);
    if let Value::Value(block) = &config.dns {
        dns::validate(diags, block, &mut parsed);
    }
    parsed
}

fn region(
    diags: &mut Diagnostics,
    check: RegionCheck,
    name: &'static str,
    region: &Value<String>,
) -> Option<Region> {
    let region = check.parse(&text(region.clone())?);
    let region = region.map_err(|error| {
        let path = AttributePath::new(name);
        diags.add_error(invalid(path, &error, error.remedy_by_block()));
    });
    region.ok()
}

/// What a text stands for, in whatever case it is written.
fn one_of(
    diags: &mut Diagnostics,
    name: &'static str,
    text: &Value<String>,
    meanings: [(&str, bool); 2],
) -> Option<bool> {
    let Value::Value(text) = text else {
        return None;
    };
    let meaning = meanings
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text));
    if meaning.is_none() && !text.is_empty() {
        let [(one, _), (other, _)] = meanings;
        diags.add_error(invalid(
            AttributePath::new(name),
            format!("`{}` is neither `{one}` nor `{other}`", visible(text)),
            format!("Write `{one}` or `{other}`, or leave it out."),
        ));
    }
    meaning.map(|(_, meaning)| *meaning)
}

/// Requests a second; `None` if so many cannot be sent. A number next to zero
/// must not become the zero that stands for no limit.
fn rate(number: &Number) -> Option<f64> {
    let rate = number.as_f64();
    let is_zero = *number == Number::from(0);
    (rate.is_finite() && !number.is_negative() && (rate > 0.0 || is_zero)).then_some(rate)
}

fn keys(diags: &mut Diagnostics, config: &Config) {
    let (access, secret) = (&config.access_key, &config.secret_key);
    let (missing, given) = match (is_set(access), is_set(secret), is_set(&config.token)) {
        (Some(false), Some(true), _) => ("access_key", "secret_key"),
        (Some(true), Some(false), _) => ("secret_key", "access_key"),
        (Some(false), Some(false), Some(true)) => ("access_key", "token"),
        _ => return,
    };
    diags.add_error(invalid(
        AttributePath::new(missing),
        format!("`{given}` is set and `{missing}` is not"),
        "Set both `access_key` and `secret_key`, or neither and let the AWS credential chain find \
         credentials.",
    ));
}

fn roles(diags: &mut Diagnostics, config: &Config) {
    if let Value::Value(blocks) = &config.assume_role {
        for (index, block) in (0_i64..).zip(blocks) {
            if let Value::Value(block) = block {
                block.validate(diags, &AttributePath::new(ROLE).index(index));
            }
        }
    }
    if let Value::Value(blocks) = &config.assume_role_with_web_identity {
        for (index, block) in (0_i64..).zip(blocks) {
            let path = AttributePath::new(WEB_IDENTITY).index(index);
            if index > 0 {
                let problem = "there is another block of this kind";
                diags.add_error(invalid(path, problem, "Write it once."));
            } else if let Value::Value(block) = block {
                block.validate(diags, &path);
            }
        }
    }
}

#[cfg(test)]
mod tests;
