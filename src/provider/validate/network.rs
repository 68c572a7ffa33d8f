//! What is wrong with what a provider block says about the way to AWS.

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::Parsed;
use crate::diagnostics::invalid;
use crate::mail_from::visible;
use crate::provider::config::Config;
use crate::ses::{RetryMode, check_proxy, is_endpoint, is_product};

/// More attempts than anybody waits for.
const MOST_RETRIES: u64 = 1000;

pub(super) fn validate(diags: &mut Diagnostics, config: &Config, parsed: &mut Parsed) {
    for (name, proxy) in [
        ("http_proxy", &config.http_proxy),
        ("https_proxy", &config.https_proxy),
    ] {
        if let Value::Value(proxy) = proxy
            && let Err(error) = check_proxy(proxy)
        {
            // Not quoted: there may be a password in it.
            let remedy = "Write a URL such as `http://proxy.example.com:3128`, or \"\" for none. \
                          Characters of a user name and a password that mean something in a URL \
                          are written as `%40` is for `@`.";
            diags.add_error(invalid(AttributePath::new(name), error, remedy));
        }
    }
    if let Value::Value(endpoints) = &config.endpoints {
        let path = |name| AttributePath::new("endpoints").attribute(name);
        endpoint(diags, path("ses"), &endpoints.ses);
        endpoint(diags, path("sts"), &endpoints.sts);
    }
    let metadata = "ec2_metadata_service_endpoint";
    endpoint(
        diags,
        AttributePath::new(metadata),
        &config.ec2_metadata_service_endpoint,
    );
    if let Value::Value(number) = &config.max_retries {
        let retries = number.as_u64().filter(|number| *number <= MOST_RETRIES);
        match retries.and_then(|retries| u32::try_from(retries).ok()) {
            // The first attempt is counted, as hashicorp/aws counts it.
            Some(retries) => parsed.max_attempts = Some(retries.max(1)),
            None => diags.add_error(invalid(
                AttributePath::new("max_retries"),
                format!("{} is no number of attempts", visible(&number.to_string())),
                format!("Write a whole number from 0 to {MOST_RETRIES}."),
            )),
        }
    }
    if let Value::Value(mode) = &config.retry_mode {
        parsed.retry_mode = RetryMode::parse(mode);
        if parsed.retry_mode.is_none() && !mode.is_empty() {
            diags.add_error(invalid(
                AttributePath::new("retry_mode"),
                format!("`{}` is neither `standard` nor `adaptive`", visible(mode)),
                "Write `standard` or `adaptive`, or leave it out.",
            ));
        }
    }
    if let Value::Value(products) = &config.user_agent {
        for (index, product) in (0_i64..).zip(products) {
            let problem = match product {
                Value::Unknown => continue,
                Value::Value(product) if is_product(product) => continue,
                Value::Value(product) => {
                    format!("`{}` cannot be said in a request", visible(product))
                }
                Value::Null => "a name is null".to_owned(),
            };
            diags.add_error(invalid(
                AttributePath::new("user_agent").index(index),
                problem,
                "Write `name`, `name/version` or `name/version (comment)`, in ASCII.",
            ));
        }
    }
}

fn endpoint(diags: &mut Diagnostics, path: AttributePath, url: &Value<String>) {
    let Value::Value(url) = url else {
        return;
    };
    if !url.is_empty() && !is_endpoint(url) {
        diags.add_error(invalid(
            path,
            format!("`{}` is not the URL of an endpoint", visible(url)),
            "Write a URL such as `https://email.eu-west-1.amazonaws.com` or \
             `http://127.0.0.1:5000`.",
        ));
    }
}
