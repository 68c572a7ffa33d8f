//! How often STS is asked.

use serde_json::json;

use crate::Expected::{Assumed, Fails, Signed};
use crate::world::case;
use crate::{Expected, hold};

#[tokio::test]
async fn no_attempts_at_all_are_as_many_as_without_a_word() {
    let attempts = "AWS_MAX_ATTEMPTS";
    let keys = |name| case(name).env_keys();
    const SIGNED: Expected = Signed("AKIAENV", "us-east-1");
    hold(vec![
        (keys("environment: 0").env(attempts, "0"), SIGNED),
        (keys("environment: -1").env(attempts, "-1"), SIGNED),
        (
            keys("profile").config("[default]\nmax_attempts = 0\n"),
            SIGNED,
        ),
        (
            keys("of a role").env(attempts, "0").assume("a", &json!({})),
            Assumed("ASIA1", &[&["role%2Fa"]]),
        ),
        (
            case("of the metadata service")
                .env(attempts, "0")
                .on_an_instance(),
            Signed("ASIAINSTANCE", "us-east-1"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_of_retries_is_told_with_its_name() {
    let keys = |name| case(name).env_keys();
    let ours = |name| keys(name).of_ours_alone();
    hold(vec![
        (
            keys("block")
                .block("max_retries", 1)
                .block("retry_mode", "adaptive"),
            Signed("AKIAENV", "us-east-1"),
        ),
        (
            ours("block over junk")
                .block("max_retries", 2)
                .block("retry_mode", "standard")
                .env("AWS_MAX_ATTEMPTS", "many")
                .env("AWS_RETRY_MODE", "fast"),
            Signed("AKIAENV", "us-east-1"),
        ),
        (
            keys("attempts of the environment").env("AWS_MAX_ATTEMPTS", "many"),
            Fails(&["AWS_MAX_ATTEMPTS is `many`, not a whole number"]),
        ),
        (
            keys("mode of the environment").env("AWS_RETRY_MODE", "fast"),
            Fails(&["AWS_RETRY_MODE is `fast`, neither `standard` nor `adaptive`"]),
        ),
        (
            ours("attempts of the profile").config("[default]\nmax_attempts = many\n"),
            Fails(&["Max_attempts of the profile `default` is `many`"]),
        ),
        (
            ours("attempts of the block").block("max_retries", -1),
            Fails(&["Invalid max_retries"]),
        ),
        (
            ours("part of an attempt").block("max_retries", json!(1.5)),
            Fails(&["Invalid max_retries"]),
        ),
        (
            ours("mode of the block").block("retry_mode", "fast"),
            Fails(&["Invalid retry_mode", "`fast` is neither"]),
        ),
    ])
    .await;
}
