//! Which source of credentials is used.

use serde_json::json;

use crate::Expected::{Assumed, Fails, Signed};
use crate::hold;
use crate::world::{Case, case};

const REGION: &str = "us-east-1";

/// A default profile and one called `mail`, both with keys.
const KEYS: &str = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = hush\n\
                    [mail]\naws_access_key_id = AKIAMAIL\naws_secret_access_key = hush\n";

/// Profiles that assume a role: with the keys of `mail`, with a source of their own.
const ROLES: &str = "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/a\n\
                     source_profile = mail\nrole_session_name = s1\nduration_seconds = 1800\n\
                     region = eu-west-2\n\
                     [profile chained]\nrole_arn = arn:aws:iam::111122223333:role/b\n\
                     source_profile = role\nexternal_id = hush-e1\n\
                     [profile of-environment]\nrole_arn = arn:aws:iam::111122223333:role/c\n\
                     credential_source = Environment\n\
                     [profile of-instance]\nrole_arn = arn:aws:iam::111122223333:role/d\n\
                     credential_source = Ec2InstanceMetadata\n\
                     [profile of-container]\nrole_arn = arn:aws:iam::111122223333:role/e\n\
                     credential_source = EcsContainer\n\
                     [profile web]\nrole_arn = arn:aws:iam::111122223333:role/f\n\
                     web_identity_token_file = ~HOME~/token\n\
                     [profile program]\ncredential_process = sh ~HOME~/program.sh\n\
                     [profile only-region]\nregion = eu-west-2\n";

/// Profiles of SSO.
pub(crate) const SSO: &str = "[profile session]\nsso_session = dev\nsso_account_id = 111122223333\n\
                   sso_role_name = mailer\n\
                   [profile written]\nsso_session = dev\nsso_account_id = 111122223333\n\
                   sso_role_name = mailer\nsso_region = us-east-1\n\
                   sso_start_url = https://start.test\n\
                   [profile legacy]\nsso_account_id = 111122223333\n\
                   sso_role_name = mailer\nsso_region = us-east-1\n\
                   sso_start_url = https://start.test\n\
                   [sso-session dev]\nsso_region = us-east-1\n\
                   sso_start_url = https://start.test\n";

const NONE: &[&str] = &[
    "There are no AWS credentials",
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
    "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not set",
    "the profile `default`",
    "the instance metadata service",
];

/// The profile `name`, which the block names, among all of the files.
pub(crate) fn profile(name: &'static str) -> Case {
    case(name)
        .block("profile", name)
        .config(ROLES)
        .credentials(KEYS)
}

#[tokio::test]
async fn the_first_source_that_has_credentials_signs() {
    hold(vec![
        (case("nothing"), Fails(NONE)),
        (
            case("nothing, looked for at length")
                .block("shared_config_files", json!(["~/x".repeat(250)])),
            Fails(NONE),
        ),
        (case("block keys").block_keys(), Signed("AKIABLOCK", REGION)),
        (
            case("block keys before all else")
                .block_keys()
                .env_keys()
                .env_web_identity()
                .credentials(KEYS)
                .in_a_container()
                .on_an_instance(),
            Signed("AKIABLOCK", REGION),
        ),
        (
            case("environment keys").env_keys(),
            Signed("AKIAENV", REGION),
        ),
        (
            case("environment keys of the older names")
                .env("AWS_ACCESS_KEY", "AKIAOLD")
                .env("AWS_SECRET_KEY", "hush")
                .credentials(KEYS),
            Signed("AKIAOLD", REGION),
        ),
        (
            case("half a key in the environment")
                .env("AWS_ACCESS_KEY_ID", "AKIAHALF")
                .credentials(KEYS),
            Signed("AKIADEFAULT", REGION),
        ),
        (
            case("empty keys in the environment")
                .env("AWS_ACCESS_KEY_ID", "")
                .env("AWS_SECRET_ACCESS_KEY", "")
                .credentials(KEYS),
            Signed("AKIADEFAULT", REGION),
        ),
        (
            case("environment keys before files, container and instance")
                .env_keys()
                .credentials(KEYS)
                .in_a_container()
                .on_an_instance(),
            Signed("AKIAENV", REGION),
        ),
        (
            case("environment keys before a web identity")
                .env_keys()
                .env_web_identity(),
            Signed("AKIAENV", REGION),
        ),
        (
            case("environment keys before a good AWS_PROFILE")
                .env_keys()
                .env("AWS_PROFILE", "mail")
                .credentials(KEYS),
            Signed("AKIAENV", REGION),
        ),
        (
            case("web identity of the environment, before the default profile")
                .env_web_identity()
                .credentials(KEYS),
            Assumed(
                "ASIA1",
                &[&[
                    "Action=AssumeRoleWithWebIdentity",
                    "role%2Fweb",
                    "hush-token",
                ]],
            ),
        ),
        (
            case("default profile").credentials(KEYS),
            Signed("AKIADEFAULT", REGION),
        ),
        (
            case("default profile of the configuration file").config(KEYS),
            Signed("AKIADEFAULT", REGION),
        ),
        (
            case("AWS_PROFILE")
                .env("AWS_PROFILE", "mail")
                .credentials(KEYS),
            Signed("AKIAMAIL", REGION),
        ),
        (
            case("AWS_DEFAULT_PROFILE")
                .env("AWS_DEFAULT_PROFILE", "mail")
                .credentials(KEYS),
            Signed("AKIAMAIL", REGION),
        ),
        (
            case("files before container and instance")
                .credentials(KEYS)
                .in_a_container()
                .on_an_instance(),
            Signed("AKIADEFAULT", REGION),
        ),
        (
            case("container before instance")
                .in_a_container()
                .on_an_instance(),
            Signed("ASIACONTAINER", REGION),
        ),
        (
            case("instance").on_an_instance(),
            Signed("ASIAINSTANCE", REGION),
        ),
        (
            case("AWS_PROFILE without credentials on an instance")
                .env("AWS_PROFILE", "only-region")
                .config(ROLES)
                .on_an_instance(),
            Signed("ASIAINSTANCE", REGION),
        ),
        (
            case("AWS_SHARED_CREDENTIALS_FILE")
                .env("AWS_SHARED_CREDENTIALS_FILE", "~HOME~/.aws/config")
                .config("[default]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = hush\n")
                .credentials(KEYS),
            Signed("AKIAOTHER", REGION),
        ),
    ])
    .await;
}

fn web_identity(case: Case) -> Case {
    let role = "arn:aws:iam::111122223333:role/web";
    let block = json!({ "role_arn": role, "web_identity_token": "hush-token" });
    case.push("assume_role_with_web_identity", block)
}

#[tokio::test]
async fn a_profile_that_is_named_is_used_or_is_an_error() {
    const MISSING: &[&str] = &["The profile `missing` does not exist", ".aws/credentials"];
    hold(vec![
        (profile("mail"), Signed("AKIAMAIL", REGION)),
        (profile("mail").env_keys(), Signed("AKIAMAIL", REGION)),
        (
            profile("mail")
                .env_keys()
                .env_web_identity()
                .on_an_instance(),
            Signed("AKIAMAIL", REGION),
        ),
        (
            profile("mail").env("AWS_PROFILE", "default"),
            Signed("AKIAMAIL", REGION),
        ),
        (profile("missing"), Fails(MISSING)),
        (profile("missing").env_keys(), Fails(MISSING)),
        (profile("missing").on_an_instance(), Fails(MISSING)),
        (profile("missing").block_keys(), Fails(MISSING)),
        (web_identity(profile("missing")), Fails(MISSING)),
        (
            case("AWS_PROFILE missing, beside block keys")
                .env("AWS_PROFILE", "missing")
                .block_keys(),
            Fails(&["The profile `missing` does not exist", "see AWS_PROFILE"]),
        ),
        (
            case("AWS_DEFAULT_PROFILE missing")
                .env("AWS_DEFAULT_PROFILE", "missing")
                .env_keys()
                .beyond_the_peer("it names a profile as AWS_PROFILE does"),
            Fails(&[
                "The profile `missing` does not exist",
                "see AWS_DEFAULT_PROFILE",
            ]),
        ),
        (
            web_identity(case("AWS_PROFILE missing").env("AWS_PROFILE", "missing")),
            Fails(MISSING),
        ),
        (
            case("AWS_PROFILE missing, beside keys")
                .env("AWS_PROFILE", "missing")
                .env_keys()
                .credentials(KEYS),
            Fails(MISSING),
        ),
        (
            case("AWS_PROFILE missing, on an instance")
                .env("AWS_PROFILE", "missing")
                .on_an_instance(),
            Fails(MISSING),
        ),
        (
            profile("only-region")
                .env_keys()
                .on_an_instance()
                .beyond_the_peer("who names a profile does not mean the instance's role"),
            Fails(&["the profile `only-region` has no credentials"]),
        ),
        (
            case("an empty profile is none")
                .block("profile", "")
                .env_keys(),
            Signed("AKIAENV", REGION),
        ),
    ])
    .await;
}

#[tokio::test]
async fn profiles_assume_their_roles() {
    hold(vec![
        (
            profile("role"),
            Assumed(
                "ASIA1",
                &[&[
                    "Action=AssumeRole&",
                    "Credential=AKIAMAIL/",
                    "role%2Fa",
                    "RoleSessionName=s1",
                    "DurationSeconds=1800",
                ]],
            ),
        ),
        (
            profile("role").env_keys(),
            Assumed("ASIA1", &[&["Credential=AKIAMAIL/", "role%2Fa"]]),
        ),
        (
            profile("chained"),
            Assumed(
                "ASIA2",
                &[
                    &["Credential=AKIAMAIL/", "role%2Fa"],
                    &["Credential=ASIA1/", "role%2Fb", "ExternalId=hush-e1"],
                ],
            ),
        ),
        (
            profile("of-environment").env_keys(),
            Assumed("ASIA1", &[&["Credential=AKIAENV/", "role%2Fc"]]),
        ),
        (
            profile("of-instance").on_an_instance(),
            Assumed("ASIA1", &[&["Credential=ASIAINSTANCE/", "role%2Fd"]]),
        ),
        (
            profile("of-container").in_a_container(),
            Assumed("ASIA1", &[&["Credential=ASIACONTAINER/", "role%2Fe"]]),
        ),
        (
            profile("web"),
            Assumed(
                "ASIA1",
                &[&["Action=AssumeRoleWithWebIdentity", "role%2Ff"]],
            ),
        ),
        (profile("program"), Signed("AKIAPROGRAM", REGION)),
        (
            profile("role").sts_refuses(),
            Fails(&[
                "the role arn:aws:iam::111122223333:role/a of the profile `role` in the provider \
                 block, assumed with the credentials of the profile `mail`: STS answered AssumeRole \
                 with AccessDenied: Not authorized",
                "(HTTP 403, request id 7e6d)",
                "SES was not called",
            ]),
        ),
        (
            profile("of-environment"),
            Fails(&["AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"]),
        ),
        (
            profile("of-container"),
            Fails(&["AWS_CONTAINER_CREDENTIALS_FULL_URI are not set"]),
        ),
        (
            profile("of-instance")
                .on_an_instance()
                .block("skip_metadata_api_check", "true"),
            Fails(&["the instance metadata service is not to be asked"]),
        ),
        (
            profile("of-instance")
                .on_an_instance()
                .env("AWS_EC2_METADATA_DISABLED", "true"),
            Fails(&["the instance metadata service is not to be asked"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn sso_signs_for_who_has_logged_in() {
    let profile = |name: &'static str| case(name).block("profile", name).config(SSO);
    let missing = &[
        "the profile `session` in the provider block",
        "SSO token; run `aws sso login --profile session`",
    ];
    hold(vec![
        (profile("session").logged_in(), Signed("ASIASSO", REGION)),
        (profile("written").logged_in(), Signed("ASIASSO", REGION)),
        (profile("legacy").logged_in(), Signed("ASIASSO", REGION)),
        (profile("session"), Fails(missing)),
        (
            case("a role that is not given")
                .block("profile", "legacy")
                .config(SSO.replace("mailer", "other"))
                .logged_in(),
            Fails(&[
                "an answer without a code (request id 7e6d) (HTTP status 401); run `aws sso login",
            ]),
        ),
        (
            case("an account that is not given")
                .block("profile", "legacy")
                .config(SSO.replace("111122223333", "444455556666"))
                .logged_in(),
            Fails(&["(HTTP status 403); see that whoever has logged in is assigned"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn this_machine_is_never_asked_by_way_of_a_proxy() {
    let proxied = |case: Case| {
        case.env("HTTP_PROXY", "http://127.0.0.1:9")
            .env("https_proxy", "http://127.0.0.1:9")
    };
    hold(vec![
        (proxied(case("SES").env_keys()), Signed("AKIAENV", REGION)),
        (
            proxied(case("instance").on_an_instance()),
            Signed("ASIAINSTANCE", REGION),
        ),
        (
            proxied(case("container").in_a_container()),
            Signed("ASIACONTAINER", REGION),
        ),
        (proxied(profile("role")), Assumed("ASIA1", &[&["role%2Fa"]])),
    ])
    .await;
}

#[tokio::test]
async fn a_profile_of_the_block_beside_keys_of_the_environment_is_warned_of() {
    let outcome = profile("mail").env_keys().run().await;
    let [warning] = outcome.warnings.as_slice() else {
        panic!("{outcome:#?}");
    };
    for text in [
        "`mail`",
        "AWS_ACCESS_KEY_ID",
        "profile's credentials are used",
    ] {
        assert!(warning.contains(text), "{warning}");
    }
    assert_eq!(profile("mail").run().await.warnings, [""; 0]);
}
