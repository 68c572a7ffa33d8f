//! How often STS is asked.

use serde_json::json;

use crate::Expected::{Fails, Signed};
use crate::hold;
use crate::world::case;

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
            Fails(&["AWS_MAX_ATTEMPTS is `many`, not a whole number from 1"]),
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
