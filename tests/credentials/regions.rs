//! Which region is used.

use serde_json::json;

use crate::Expected::{Assumed, Fails, Signed};
use crate::chain::profile;
use crate::hold;
use crate::world::case;

const REGION: &str = "us-east-1";

#[tokio::test]
async fn regions_are_found_where_users_put_them() {
    const REGIONS: &str = "[default]\nregion = eu-central-1\n[profile mail]\nregion = eu-north-1\n";
    let keys = |name| case(name).without_region().block_keys();
    let profile = |name: &'static str| profile(name).without_region();
    hold(vec![
        (
            keys("none"),
            Fails(&[
                "No AWS region",
                "`region`",
                "AWS_REGION",
                "`default`",
                ".aws/config",
            ]),
        ),
        (
            keys("AWS_REGION").env("AWS_REGION", "eu-west-1"),
            Signed("AKIABLOCK", "eu-west-1"),
        ),
        (
            keys("AWS_DEFAULT_REGION").env("AWS_DEFAULT_REGION", "eu-west-1"),
            Signed("AKIABLOCK", "eu-west-1"),
        ),
        (
            keys("AWS_REGION first")
                .env("AWS_DEFAULT_REGION", "eu-west-2")
                .env("AWS_REGION", "eu-west-1")
                .config(REGIONS),
            Signed("AKIABLOCK", "eu-west-1"),
        ),
        (
            keys("file").config(REGIONS),
            Signed("AKIABLOCK", "eu-central-1"),
        ),
        (
            keys("file, by AWS_PROFILE")
                .env("AWS_PROFILE", "mail")
                .config(REGIONS),
            Signed("AKIABLOCK", "eu-north-1"),
        ),
        (
            keys("one that is empty in the block")
                .block("region", "")
                .env("AWS_REGION", "eu-west-1"),
            Signed("AKIABLOCK", "eu-west-1"),
        ),
        (
            keys("none by AWS_REGION").env("AWS_REGION", "EU-West-1"),
            Fails(&[
                "AWS_REGION cannot be used: `EU-West-1` is not",
                "Write `eu-west-1`",
            ]),
        ),
        (
            keys("none by the profile").config("[default]\nregion = ireland\n"),
            Fails(&["egion of the profile `default` cannot be used: `ireland` is not"]),
        ),
        (
            case("block before all")
                .block_keys()
                .env("AWS_REGION", "eu-west-1")
                .config(REGIONS),
            Signed("AKIABLOCK", REGION),
        ),
        (
            profile("role"),
            Assumed("ASIA1", &[&["role%2Fa", "/eu-west-2/sts/"]]),
        ),
        (
            // A role's profile has no region of its source's.
            profile("chained"),
            Fails(&["No AWS region"]),
        ),
        (
            case("instance").without_region().on_an_instance(),
            Signed("ASIAINSTANCE", "eu-west-3"),
        ),
        (
            // A profile's role is no instance's, whatever it is assumed with.
            profile("of-instance").on_an_instance(),
            Fails(&["No AWS region"]),
        ),
        (
            keys("an instance's region with other keys").on_an_instance(),
            Fails(&["No AWS region"]),
        ),
        (
            case("an instance's region with environment keys")
                .without_region()
                .env_keys()
                .on_an_instance(),
            Fails(&["No AWS region"]),
        ),
        (
            keys("missing profile")
                .block("access_key", serde_json::Value::Null)
                .block("secret_key", serde_json::Value::Null)
                .block("profile", "missing"),
            Fails(&["The profile `missing` does not exist"]),
        ),
        (
            keys("a stray line").config("[default]\nstray\nregion = eu-central-1\n"),
            Signed("AKIABLOCK", "eu-central-1"),
        ),
        (
            keys("indented lines").config("  [default]\n    region = eu-central-1\n"),
            Signed("AKIABLOCK", "eu-central-1"),
        ),
        (
            keys("a stray line that matters").config("[default]\nregion eu-central-1\n"),
            Fails(&["No AWS region", "line 2 of", ".aws/config cannot be read"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_resource_may_name_its_region() {
    let role = |name| case(name).block_keys().assume("a", &json!({}));
    hold(vec![
        (
            case("another than the provider's")
                .block_keys()
                .of_region("eu-west-1"),
            Signed("AKIABLOCK", "eu-west-1"),
        ),
        (
            case("where the provider has none")
                .block_keys()
                .without_region()
                .of_region("eu-west-1"),
            Signed("AKIABLOCK", "eu-west-1"),
        ),
        (
            case("one that an emulator has")
                .block_keys()
                .block("skip_region_validation", true)
                .of_region("local"),
            Signed("AKIABLOCK", "local"),
        ),
        (
            case("one that AWS has not").block_keys().of_region("local"),
            Fails(&["Invalid import id", "set `skip_region_validation = true`"]),
        ),
        (
            role("STS stays in the provider's region").of_region("eu-west-1"),
            Assumed("ASIA1", &[&["role%2Fa", "/us-east-1/sts/"]]),
        ),
        (
            role("sts_region")
                .without_region()
                .block("sts_region", "eu-west-2")
                .of_region("eu-west-1"),
            Assumed("ASIA1", &[&["role%2Fa", "/eu-west-2/sts/"]]),
        ),
        (
            role("STS where the provider has no region")
                .without_region()
                .of_region("us-gov-west-1"),
            Assumed("ASIA1", &[&["role%2Fa", "/us-gov-west-1/sts/"]]),
        ),
    ])
    .await;
}
