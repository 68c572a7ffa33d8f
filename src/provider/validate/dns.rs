//! What is wrong with a `dns` block.

use std::net::SocketAddr;

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::Parsed;
use crate::diagnostics::invalid;
use crate::duration;
use crate::mail_from::visible;
use crate::provider::config::DnsBlock;

/// More than this only makes a plan slow.
const MOST_DNS_ATTEMPTS: u32 = 10;

pub(super) fn validate(diags: &mut Diagnostics, block: &DnsBlock, parsed: &mut Parsed) {
    let path = || AttributePath::new("dns");
    if let Value::Value(nameservers) = &block.nameservers {
        for (index, nameserver) in (0_i64..).zip(nameservers) {
            let path = path().attribute("nameservers").index(index);
            match nameserver_address(nameserver) {
                Ok(address) => parsed.nameservers.extend(address),
                Err(problem) => diags.add_error(invalid(
                    path,
                    problem,
                    "Write an IP address and a port, such as `1.1.1.1:53` or \
                     `[2606:4700:4700::1111]:53`.",
                )),
            }
        }
    }
    if let Value::Value(timeout) = &block.timeout {
        match duration::parse(timeout) {
            Ok(timeout) => parsed.dns_timeout = Some(timeout),
            Err(error) => {
                diags.add_error(invalid(path().attribute("timeout"), &error, error.remedy()));
            }
        }
    }
    if let Value::Value(number) = &block.attempts {
        let attempts = number.as_u64().and_then(|n| u32::try_from(n).ok());
        parsed.dns_attempts = attempts.filter(|n| (1..=MOST_DNS_ATTEMPTS).contains(n));
        if parsed.dns_attempts.is_none() {
            diags.add_error(invalid(
                path().attribute("attempts"),
                format!(
                    "a name server cannot be asked {} times",
                    visible(&number.to_string())
                ),
                format!("Write a whole number from 1 to {MOST_DNS_ATTEMPTS}."),
            ));
        }
    }
}

fn nameserver_address(nameserver: &Value<String>) -> Result<Option<SocketAddr>, String> {
    match nameserver {
        Value::Unknown => Ok(None),
        Value::Null => Err("a name server is null".to_owned()),
        Value::Value(text) => match text.parse::<SocketAddr>() {
            Ok(address) if address.port() != 0 => Ok(Some(address)),
            _ => Err(format!(
                "`{}` is not the address of a name server",
                visible(text)
            )),
        },
    }
}
