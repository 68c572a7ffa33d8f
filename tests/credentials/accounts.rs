//! Which account the credentials may belong to.

use serde_json::{Value as Json, json};

use crate::Expected::{Assumed, Fails, Signed};
use crate::hold;
use crate::sts::{ACCOUNT, ROLES_ACCOUNT};
use crate::world::{Case, case};

const REGION: &str = "us-east-1";
const ALLOWED: &str = "allowed_account_ids";
const FORBIDDEN: &str = "forbidden_account_ids";

/// Another account than any that STS names.
const OTHER: &str = "999999999999";

fn list(name: &'static str, list: &'static str, accounts: impl Into<Json>) -> Case {
    case(name).env_keys().block(list, accounts)
}

fn skips(case: Case, validation: bool, account: bool) -> Case {
    case.block("skip_credentials_validation", validation)
        .block("skip_requesting_account_id", account)
}

#[tokio::test]
async fn credentials_of_an_account_that_is_ruled_out_are_not_used() {
    let signed = || Signed("AKIAENV", REGION);
    let role = |case: Case| case.assume("a", &json!({}));
    let assumed = || Assumed("ASIA1", &[&["Credential=AKIAENV/", "role%2Fa"]]);
    hold(vec![
        (list("allowed: none", ALLOWED, json!([])), signed()),
        (list("allowed: in", ALLOWED, json!([ACCOUNT])), signed()),
        (
            list("allowed: among others", ALLOWED, json!([OTHER, ACCOUNT])),
            signed(),
        ),
        (
            list("allowed: not in", ALLOWED, json!([OTHER])),
            Fails(&[
                "AWS account ID not allowed: 123456789012\n",
                "`allowed_account_ids` has 999999999999 alone",
                "the account of the environment's keys",
                "SES was not called",
            ]),
        ),
        (list("forbidden: none", FORBIDDEN, json!([])), signed()),
        (
            list("forbidden: in", FORBIDDEN, json!([OTHER, ACCOUNT])),
            Fails(&[
                "AWS account ID not allowed: 123456789012\n",
                "`forbidden_account_ids` has it",
            ]),
        ),
        (
            list("forbidden: not in", FORBIDDEN, json!([OTHER])),
            signed(),
        ),
        (
            list("both", ALLOWED, json!([ACCOUNT]))
                .block(FORBIDDEN, json!([OTHER]))
                .beyond_the_peer("hashicorp/aws refuses it as well, and not by its library"),
            Fails(&[
                "Invalid forbidden_account_ids",
                "`allowed_account_ids` is set as well",
            ]),
        ),
        (
            list("no account ID", ALLOWED, json!(["12345678901"])),
            Fails(&[
                "Invalid allowed_account_ids",
                "`12345678901` is no AWS account ID",
            ]),
        ),
        // The role's account counts, and not that of whoever assumes it.
        (
            role(list("role: in", ALLOWED, json!([ROLES_ACCOUNT]))),
            assumed(),
        ),
        (
            role(list(
                "role: its source is not in",
                FORBIDDEN,
                json!([ACCOUNT]),
            )),
            assumed(),
        ),
        (
            role(list("role: not in", ALLOWED, json!([ACCOUNT]))),
            Fails(&[
                "AWS account ID not allowed: 111122223333\n",
                "the role arn:aws:iam::111122223333:role/a, assumed with the environment's keys",
            ]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn aws_is_asked_for_the_account_unless_both_settings_say_not_to() {
    let allowed = |name| list(name, ALLOWED, json!([ACCOUNT]));
    let not_allowed = |name| list(name, ALLOWED, json!([OTHER]));
    const NEVER_ASKED: &[&str] = &[
        "Invalid skip_requesting_account_id",
        "AWS is never asked for the account",
    ];
    hold(vec![
        (
            skips(case("neither list").env_keys(), true, true),
            Signed("AKIAENV", REGION),
        ),
        (
            skips(allowed("validation alone"), true, false),
            Signed("AKIAENV", REGION),
        ),
        (
            skips(not_allowed("validation alone: not in"), true, false),
            Fails(&["AWS account ID not allowed: 123456789012\n"]),
        ),
        (
            skips(allowed("account alone"), false, true),
            Signed("AKIAENV", REGION),
        ),
        (
            skips(not_allowed("account alone: not in"), false, true),
            Fails(&["AWS account ID not allowed: 123456789012\n"]),
        ),
        (skips(allowed("both"), true, true), Fails(NEVER_ASKED)),
        (
            skips(
                list("both, forbidden", FORBIDDEN, json!([ACCOUNT])),
                true,
                true,
            )
            .beyond_the_peer("a list that never forbids anything is a trap"),
            Fails(NEVER_ASKED),
        ),
        (
            case("credentials that say it themselves")
                .block("profile", "session")
                .config(crate::chain::SSO)
                .logged_in()
                .block(ALLOWED, json!([ACCOUNT])),
            Fails(&["AWS account ID not allowed: 111122223333\n"]),
        ),
        (
            case("a program that says another account")
                .config(
                    "[default]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \
                     \"AKIALIAR\", \"SecretAccessKey\": \"hush\", \"AccountId\": \
                     \"999999999999\"}'\n",
                )
                .block(ALLOWED, json!([OTHER])),
            Fails(&["AWS account ID not allowed: 123456789012\n"]),
        ),
        (
            case("no credentials").block(ALLOWED, json!([ACCOUNT])),
            Fails(&[
                "The AWS account could not be checked",
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
            ]),
        ),
    ])
    .await;
}
