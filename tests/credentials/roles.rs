//! Roles that the provider block assumes.

use serde_json::{Value as Json, json};

use crate::Expected::{Assumed, Fails};
use crate::hold;
use crate::world::{Case, case};

const KEYS: &str = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = hush\n\
                    [mail]\naws_access_key_id = AKIAMAIL\naws_secret_access_key = hush\n";

const ROLE: &str = "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/of-file\n\
                    source_profile = mail\n";

/// A block `assume_role` with nothing but the role.
fn assume(case: Case, role: &str) -> Case {
    case.assume(role, &json!({}))
}

/// A block `assume_role_with_web_identity`.
fn web(case: Case, more: &Json) -> Case {
    let mut block = json!({ "role_arn": "arn:aws:iam::111122223333:role/web-block" });
    for (name, value) in more.as_object().unwrap() {
        block[name] = value.clone();
    }
    case.push("assume_role_with_web_identity", block)
}

#[tokio::test]
async fn a_role_is_assumed_with_whatever_credentials_there_are() {
    let of_file = case("role of a profile")
        .block("profile", "role")
        .config(ROLE)
        .credentials(KEYS);
    let profile = case("block profile")
        .block("profile", "mail")
        .credentials(KEYS);
    let two = assume(case("two, in their order").env_keys(), "a");
    hold(vec![
        (
            assume(case("block keys").block_keys(), "a"),
            Assumed("ASIA1", &[&["Credential=AKIABLOCK/", "role%2Fa"]]),
        ),
        (
            assume(profile, "a"),
            Assumed("ASIA1", &[&["Credential=AKIAMAIL/", "role%2Fa"]]),
        ),
        (
            assume(case("environment keys").env_keys(), "a"),
            Assumed("ASIA1", &[&["Credential=AKIAENV/", "role%2Fa"]]),
        ),
        (
            assume(case("default profile").credentials(KEYS), "a"),
            Assumed("ASIA1", &[&["Credential=AKIADEFAULT/", "role%2Fa"]]),
        ),
        (
            assume(of_file, "a"),
            Assumed(
                "ASIA2",
                &[
                    &["Credential=AKIAMAIL/", "role%2Fof-file"],
                    &["Credential=ASIA1/", "role%2Fa"],
                ],
            ),
        ),
        (
            assume(
                case("web identity of the environment").env_web_identity(),
                "a",
            ),
            Assumed(
                "ASIA2",
                &[
                    &["Action=AssumeRoleWithWebIdentity", "role%2Fweb"],
                    &["Credential=ASIA1/", "role%2Fa"],
                ],
            ),
        ),
        (
            assume(case("container").in_a_container(), "a"),
            Assumed("ASIA1", &[&["Credential=ASIACONTAINER/", "role%2Fa"]]),
        ),
        (
            assume(case("instance").on_an_instance(), "a"),
            Assumed("ASIA1", &[&["Credential=ASIAINSTANCE/", "role%2Fa"]]),
        ),
        (
            assume(two, "b"),
            Assumed(
                "ASIA2",
                &[
                    &["Credential=AKIAENV/", "role%2Fa"],
                    &["Credential=ASIA1/", "role%2Fb"],
                ],
            ),
        ),
    ])
    .await;
}

#[tokio::test]
async fn arguments_go_to_sts_by_its_names() {
    let all = json!({
        "duration": "1h30m",
        "external_id": "hush-e-1",
        "policy": "{\"Sid\":\"hush\"}",
        "policy_arns": ["arn:aws:iam::aws:policy/x"],
        "session_name": "session",
        "source_identity": "somebody",
        "tags": { "team": "mail" },
        "transitive_tag_keys": ["team"],
    });
    let empty = json!({
        "duration": "", "external_id": "", "policy": "", "policy_arns": [], "session_name": "",
        "source_identity": "", "tags": {}, "transitive_tag_keys": [],
    });
    let of_web = json!({
        "duration": "15m",
        "policy": "{\"Sid\":\"hush\"}",
        "policy_arns": ["arn:aws:iam::aws:policy/x"],
        "session_name": "session",
        "web_identity_token": "hush-inline-token",
    });
    hold(vec![
        (
            case("assume_role").env_keys().assume("a", &all),
            Assumed(
                "ASIA1",
                &[&[
                    "DurationSeconds=5400",
                    "ExternalId=hush-e-1",
                    "Policy=%7B%22Sid%22%3A%22hush%22%7D",
                    "PolicyArns.member.1.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2Fx",
                    "RoleSessionName=session",
                    "SourceIdentity=somebody",
                    "Tags.member.1.Key=team",
                    "Tags.member.1.Value=mail",
                    "TransitiveTagKeys.member.1=team",
                ]],
            ),
        ),
        (
            case("what is empty is not set")
                .env_keys()
                .assume("a", &empty),
            Assumed("ASIA1", &[&["RoleArn=arn%3Aaws", "role%2Fa"]]),
        ),
        (
            web(case("web identity"), &of_web),
            Assumed(
                "ASIA1",
                &[&[
                    "Action=AssumeRoleWithWebIdentity",
                    "DurationSeconds=900",
                    "Policy=%7B%22Sid%22%3A%22hush%22%7D",
                    "PolicyArns.member.1.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2Fx",
                    "RoleSessionName=session",
                    "WebIdentityToken=hush-inline-token",
                ]],
            ),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_web_identity_of_the_block_replaces_all_other_credentials() {
    let file = json!({ "web_identity_token_file": "~/token" });
    let beside_keys = case("beside keys of the block")
        .block_keys()
        .beyond_the_peer("it drops the role without a word, which a warning tells of here");
    let before_all = case("before all else")
        .env_keys()
        .env_web_identity()
        .credentials(KEYS)
        .on_an_instance();
    hold(vec![
        (
            web(before_all, &file),
            Assumed(
                "ASIA1",
                &[&["role%2Fweb-block", "WebIdentityToken=hush-token"]],
            ),
        ),
        (
            web(beside_keys, &file),
            Assumed("ASIA1", &[&["role%2Fweb-block"]]),
        ),
        (
            assume(web(case("and a role on top of it"), &file), "a"),
            Assumed(
                "ASIA2",
                &[&["role%2Fweb-block"], &["Credential=ASIA1/", "role%2Fa"]],
            ),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_web_identity_beside_keys_of_the_block_is_warned_of() {
    let both = case("both").block_keys();
    let both = web(both, &json!({ "web_identity_token": "hush-token" }));
    let outcome = both.run().await;
    assert_eq!(outcome.signed.unwrap().0, "ASIA1");
    let [warning] = outcome.warnings.as_slice() else {
        panic!("{:?}", outcome.warnings);
    };
    assert!(warning.contains("The web identity is used"), "{warning}");
}

#[tokio::test]
async fn what_cannot_be_assumed_is_told() {
    let both = json!({ "web_identity_token_file": "~/token", "web_identity_token": "token" });
    let missing = json!({ "web_identity_token_file": "~/missing" });
    let several = assume(case("an empty one among several").env_keys(), "a");
    hold(vec![
        (
            assume(case("refused").env_keys().sts_refuses(), "a"),
            Fails(&[
                "the role arn:aws:iam::111122223333:role/a of the provider block, assumed with the \
                 environment's keys: STS answered AssumeRole with AccessDenied: Not authorized",
                "request id 7e6d",
                "SES was not called. See that the role exists, that its trust policy lets the \
                 caller assume it",
            ]),
        ),
        (
            assume(case("no credentials to assume it with"), "a"),
            Fails(&["There are no AWS credentials"]),
        ),
        (
            case("an empty block")
                .env_keys()
                .push("assume_role", json!({}))
                .beyond_the_peer("without the role, another account may be changed"),
            Fails(&["Invalid assume_role[0].role_arn", "which role to assume"]),
        ),
        (
            several.push("assume_role", json!({})),
            Fails(&["Invalid assume_role[1].role_arn"]),
        ),
        (
            web(case("two tokens"), &both),
            Fails(&["Set one of `web_identity_token` and `web_identity_token_file`"]),
        ),
        (
            web(case("no token"), &json!({})),
            Fails(&[
                "here is neither a token nor a file",
                "web_identity_token_file",
            ]),
        ),
        (
            web(case("a token file that is missing"), &missing),
            Fails(&[
                "`assume_role_with_web_identity`",
                "the token in /",
                "/missing: No such file",
            ]),
        ),
    ])
    .await;
}
