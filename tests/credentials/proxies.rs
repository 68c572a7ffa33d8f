//! Proxies of the block and of the environment.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::Expected::{Fails, Through, Warns};
use crate::hold;
use crate::world::{Case, case};

const SES: &str = "CONNECT email.us-east-1.amazonaws.com:443";
const PROXY: &str = "http://~PROXY~";
/// Nobody listens there.
const OTHER: &str = "http://127.0.0.1:9";

/// SES where AWS has it, and nobody asks for the account.
fn aws(name: &'static str) -> Case {
    case(name)
        .env_keys()
        .trusting()
        .block("endpoints", serde_json::Value::Null)
        .block("skip_credentials_validation", true)
        .block("skip_requesting_account_id", true)
}

#[tokio::test]
async fn a_proxy_is_named_by_the_block_or_by_the_environment() {
    let https = |name| aws(name).block("https_proxy", PROXY);
    hold(vec![
        (https("block"), Through(&[SES])),
        (
            https("block over environment").env("HTTPS_PROXY", OTHER),
            Through(&[SES]),
        ),
        (
            aws("environment").env("HTTPS_PROXY", PROXY),
            Through(&[SES]),
        ),
        (
            aws("environment, lower case").env("https_proxy", PROXY),
            Through(&[SES]),
        ),
        (
            aws("upper case first")
                .env("https_proxy", OTHER)
                .env("HTTPS_PROXY", PROXY),
            Through(&[SES]),
        ),
        (
            aws("an empty one is none")
                .env("HTTPS_PROXY", "")
                .env("https_proxy", PROXY),
            Through(&[SES]),
        ),
        (
            aws("http_proxy serves both").block("http_proxy", PROXY),
            Through(&[SES]),
        ),
        (
            aws("and this is told").block("http_proxy", PROXY),
            Warns(&[
                "`http_proxy` is used for HTTPS as well",
                "Set `https_proxy`",
            ]),
        ),
        (
            https("http_proxy beside https_proxy").block("http_proxy", OTHER),
            Through(&[SES]),
        ),
        (
            aws("http_proxy beside HTTPS_PROXY")
                .block("http_proxy", OTHER)
                .env("HTTPS_PROXY", PROXY),
            Through(&[SES]),
        ),
        (
            aws("without a scheme").env("HTTPS_PROXY", "~PROXY~"),
            Through(&[SES]),
        ),
        (
            aws("user and password").block("https_proxy", "http://user:p%40ss@~PROXY~"),
            Through(&["CONNECT email.us-east-1.amazonaws.com:443 Basic dXNlcjpwQHNz"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_exempt_is_reached_without_a_proxy() {
    // It leads to this machine, and is none of its names.
    let any = |name| {
        case(name)
            .env_keys()
            .block(
                "endpoints",
                json!({ "ses": "http://0.0.0.0:~SES-PORT~", "sts": "~STS~" }),
            )
            .block("skip_credentials_validation", true)
            .block("skip_requesting_account_id", true)
            .env("HTTP_PROXY", OTHER)
    };
    let no = |name: &'static str, list: &str| any(name).block("no_proxy", list);
    const DIRECT: crate::Expected = Through(&[]);
    hold(vec![
        (no("*", "*"), DIRECT),
        (no("address", "0.0.0.0"), DIRECT),
        (no("address and port", "a.test,0.0.0.0:~SES-PORT~"), DIRECT),
        (no("network", "0.0.0.0/8"), DIRECT),
        (no("spaces", "a.test , 0.0.0.0 "), DIRECT),
        (
            no("over the environment", "0.0.0.0").env("NO_PROXY", "a.test"),
            DIRECT,
        ),
        (any("environment").env("NO_PROXY", "0.0.0.0"), DIRECT),
        (
            any("environment, lower case").env("no_proxy", "0.0.0.0"),
            DIRECT,
        ),
        (
            no("an empty one is none", "").env("NO_PROXY", "0.0.0.0"),
            DIRECT,
        ),
        (any("no proxy of the block").block("http_proxy", ""), DIRECT),
        (
            case("this machine")
                .env_keys()
                .env("HTTP_PROXY", OTHER)
                .env("HTTPS_PROXY", OTHER),
            DIRECT,
        ),
        (
            case("HTTP_PROXY is not for HTTPS")
                .env_keys()
                .trusting()
                .by_https()
                .env("HTTP_PROXY", OTHER),
            DIRECT,
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_proxy_is_told_without_its_password() {
    let named = |name: &'static str, proxy: &str| aws(name).block("https_proxy", proxy);
    hold(vec![
        (
            named("no URL", "http://user:hush@"),
            Fails(&["Invalid https_proxy", "It is not the URL of a proxy"]),
        ),
        (
            named("no proxy by HTTP", "socks5://p.test"),
            Fails(&["Invalid https_proxy", "spoken to by HTTP"]),
        ),
        (
            aws("no URL in the environment").env("HTTPS_PROXY", "http://p.test:x"),
            Fails(&["HTTPS_PROXY cannot be used: it is not the URL of a proxy"]),
        ),
    ])
    .await;
    if crate::peer::program().is_some() {
        return;
    }
    let refuses = |status| named("refuses", "http://user:hush@~PROXY~").proxy_refuses(status);
    let (unauthorized, forbidden) = (refuses(407), refuses(403));
    let role = refuses(407).assume("a", &json!({}));
    let begun = Instant::now();
    let of_sts = role.run().await;
    let told = of_sts.errors.join("\n");
    for says in [
        "the role arn:aws:iam::111122223333:role/a",
        "407",
        "`https_proxy`",
    ] {
        assert!(told.contains(says), "{told}");
    }
    let unauthorized = unauthorized.run().await;
    // A proxy that only forbids is asked again for half a minute.
    assert!(
        begun.elapsed() < Duration::from_secs(25),
        "{:?}",
        begun.elapsed()
    );
    let forbidden = forbidden.run().await;
    for (outcome, says) in [
        (
            unauthorized,
            "does not take the user name and the password that it is given (HTTP status 407)",
        ),
        (
            forbidden,
            "does not let the connection to email.us-east-1.amazonaws.com through",
        ),
    ] {
        let told = outcome.errors.join("\n");
        assert!(outcome.signed.is_none() && told.contains(says), "{told}");
        assert!(told.contains("the proxy http://127.0.0.1:"), "{told}");
        assert!(told.contains("that `https_proxy` names"), "{told}");
        assert!(
            outcome.leaks.is_empty() && !told.contains("hush") && !told.contains("dXNl"),
            "{told}"
        );
    }
}
