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
fn keys_that_are_empty_are_not_set() {
    let config = |access: &str, secret: &str| Config {
        access_key: value(access),
        secret_key: value(secret),
        token: value(""),
        ..Config::default()
    };
    assert!(errors(&config("", "")).is_empty());
    assert_eq!(errors(&config("a", "")), ["secret_key"]);
}

#[test]
fn accounts_are_twelve_digits_in_one_list_that_is_asked_for() {
    let list = |accounts: &[&str]| {
        let accounts = accounts.iter().map(|account| value(account));
        Value::Value(accounts.collect::<Vec<_>>())
    };
    let of = |allowed: &[&str], forbidden: &[&str], skips: bool| {
        errors(&Config {
            allowed_account_ids: list(allowed),
            forbidden_account_ids: list(forbidden),
            skip_credentials_validation: Value::Value(skips),
            skip_requesting_account_id: Value::Value(skips),
            ..Config::default()
        })
    };
    let one = "111122223333";
    assert!(of(&[one], &[], false).is_empty());
    assert!(of(&[], &[], true).is_empty());
    for odd in [
        "",
        "11112222333",
        "1111222233334",
        "11112222333x",
        "1111-2222-3333",
    ] {
        assert_eq!(
            of(&[odd, one], &[], false),
            ["allowed_account_ids"],
            "{odd}"
        );
    }
    assert_eq!(of(&[one], &[one], false), ["forbidden_account_ids"]);
    assert_eq!(of(&[one], &[], true), ["skip_requesting_account_id"]);
    assert_eq!(of(&[], &[one], true), ["skip_requesting_account_id"]);
    let unknown = Config {
        allowed_account_ids: Value::Value(vec![Value::Unknown]),
        forbidden_account_ids: Value::Unknown,
        ..Config::default()
    };
    assert!(errors(&unknown).is_empty());
}

#[test]
fn endpoints_are_urls() {
    for (url, valid) in [
        ("http://127.0.0.1:5000", true),
        ("https://email.eu-west-1.amazonaws.com/", true),
        ("email.eu-west-1.amazonaws.com", false),
        ("ftp://example.com", false),
        ("http://", false),
        // It is not set.
        ("", true),
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
