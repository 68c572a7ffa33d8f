//! What is right and wrong in a provider block.

use super::super::config::Endpoints;
use super::*;
use crate::provider::config::DnsBlock;

fn value(text: &str) -> Value<String> {
    Value::Value(text.to_owned())
}

/// The paths of the errors that a block has.
fn errors(config: &Config) -> Vec<String> {
    let mut diags = Diagnostics::default();
    validate(&mut diags, config);
    let paths = diags.errors.iter().map(|error| error.attribute.to_string());
    paths.collect()
}

#[test]
fn an_empty_block_and_an_unknown_one_are_valid() {
    assert!(errors(&Config::default()).is_empty());
    let unknown = Config {
        region: Value::Unknown,
        access_key: Value::Unknown,
        secret_key: value("secret"),
        requests_per_second: Value::Unknown,
        endpoints: Value::Unknown,
        dns: Value::Unknown,
        ..Config::default()
    };
    assert!(errors(&unknown).is_empty());
}

#[test]
fn rates_are_zero_or_more() {
    for (rate, valid) in [
        ("0", true),
        ("0.0", true),
        ("1e-3", true),
        ("0.1", true),
        ("0.9", true),
        ("100", true),
        ("-1", false),
        ("-1e-400", false),
        ("1e-400", false),
        ("1e400", false),
    ] {
        let config = Config {
            requests_per_second: Value::Value(rate.parse().unwrap()),
            ..Config::default()
        };
        assert_eq!(errors(&config).is_empty(), valid, "{rate}");
    }
}

#[test]
fn keys_come_in_pairs() {
    let config = |access: &str, secret: &str, token: &str| {
        let set = |text: &str| match text {
            "" => Value::Null,
            text => value(text),
        };
        Config {
            access_key: set(access),
            secret_key: set(secret),
            token: set(token),
            ..Config::default()
        }
    };
    assert!(errors(&config("a", "s", "t")).is_empty());
    assert_eq!(errors(&config("", "s", "")), ["access_key"]);
    assert_eq!(errors(&config("a", "", "t")), ["secret_key"]);
    assert_eq!(errors(&config("", "", "t")), ["access_key"]);
}

#[test]
fn endpoints_are_urls() {
    for (url, valid) in [
        ("http://127.0.0.1:5000", true),
        ("https://email.eu-west-1.amazonaws.com/", true),
        ("email.eu-west-1.amazonaws.com", false),
        ("ftp://example.com", false),
        ("", false),
    ] {
        let config = Config {
            endpoints: Value::Value(Endpoints {
                ses: value(url),
                sts: Value::Null,
            }),
            ..Config::default()
        };
        assert_eq!(errors(&config).is_empty(), valid, "{url}");
    }
}

#[test]
fn dns_settings_are_told_apart_by_their_paths() {
    let nameservers = [
        "1.1.1.1:53",
        "[::1]:53",
        "1.1.1.1",
        "dns.example:53",
        "1.1.1.1:0",
    ];
    let config = Config {
        dns: Value::Value(DnsBlock {
            nameservers: Value::Value(nameservers.map(value).into()),
            timeout: value("soon"),
            attempts: Value::Value("1.5".parse().unwrap()),
            ..DnsBlock::default()
        }),
        ..Config::default()
    };
    assert_eq!(
        errors(&config),
        [
            "dns.nameservers[2]",
            "dns.nameservers[3]",
            "dns.nameservers[4]",
            "dns.timeout",
            "dns.attempts",
        ]
    );
}
