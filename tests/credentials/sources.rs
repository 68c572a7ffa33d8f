//! Sources of credentials one by one: what each takes, and what is told where it fails.

use serde_json::json;

use crate::Expected::{Assumed, Fails, Refused, Signed};
use crate::hold;
use crate::world::{Case, case};

const REGION: &str = "us-east-1";

const KEYS: &str = "aws_access_key_id = AKIADEFAULT\naws_secret_access_key = hush\n";
const ROLE: &str = "role_arn = arn:aws:iam::111122223333:role/a\n";

/// The default profile with these lines in the configuration file.
fn profile(name: &'static str, lines: &str) -> Case {
    case(name).config(format!("[default]\n{lines}"))
}

#[tokio::test]
async fn aws_profile_and_the_default_profile_assume_roles_too() {
    let source = format!("[profile p]\n{ROLE}source_profile = s\n[profile s]\n{KEYS}");
    let by_environment = |name, source: &str| {
        let config = format!("[profile p]\n{ROLE}credential_source = {source}\n");
        case(name).env("AWS_PROFILE", "p").config(config)
    };
    let default = format!("{ROLE}source_profile = s\n[profile s]\n{KEYS}");
    hold(vec![
        (
            case("source_profile")
                .env("AWS_PROFILE", "p")
                .config(source),
            Assumed("ASIA1", &[&["Credential=AKIADEFAULT/", "role%2Fa"]]),
        ),
        (
            by_environment("an instance", "Ec2InstanceMetadata").on_an_instance(),
            Assumed("ASIA1", &[&["Credential=ASIAINSTANCE/", "role%2Fa"]]),
        ),
        (
            by_environment("a container", "EcsContainer").in_a_container(),
            Assumed("ASIA1", &[&["Credential=ASIACONTAINER/", "role%2Fa"]]),
        ),
        (
            profile("the default profile", &default),
            Assumed("ASIA1", &[&["Credential=AKIADEFAULT/", "role%2Fa"]]),
        ),
        (
            profile("block keys beside the default profile's role", &default)
                .block_keys()
                .assume("b", &json!({})),
            Assumed("ASIA1", &[&["Credential=AKIABLOCK/", "role%2Fb"]]),
        ),
        (
            profile("the credentials file comes first", KEYS).credentials(
                "[default]\naws_access_key_id = AKIAFIRST\naws_secret_access_key = hush\n",
            ),
            Signed("AKIAFIRST", REGION),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_profile_assumes_its_role_with_keys_of_its_own() {
    let other = ROLE.replace("role/a", "role/b");
    let of_own_keys: &[&[&str]] = &[&["Credential=AKIADEFAULT/", "role%2Fa"]];
    let one_by_one: &[&[&str]] = &[
        &["Credential=AKIADEFAULT/", "role%2Fb"],
        &["Credential=ASIA1/", "role%2Fa"],
    ];
    let source = format!("{ROLE}source_profile = s\n[profile s]\n{other}");
    hold(vec![
        (
            profile("without a source", &format!("{ROLE}{KEYS}")),
            Assumed("ASIA1", of_own_keys),
        ),
        (
            profile(
                "a duration that is none",
                &format!("{ROLE}{KEYS}duration_seconds = an hour\n"),
            ),
            Assumed("ASIA1", of_own_keys),
        ),
        (
            profile(
                "with credential_source",
                &format!("{ROLE}{KEYS}credential_source = Environment\n"),
            )
            .env_keys()
            .block("profile", "default"),
            Assumed("ASIA1", of_own_keys),
        ),
        (
            profile("role and keys in two files", ROLE).credentials(format!("[default]\n{KEYS}")),
            Assumed("ASIA1", of_own_keys),
        ),
        (
            profile(
                "its own source",
                &format!("{ROLE}source_profile = default\n{KEYS}"),
            ),
            Assumed("ASIA1", of_own_keys),
        ),
        (
            profile("a source with keys and a role", &format!("{source}{KEYS}")),
            Assumed("ASIA2", one_by_one),
        ),
        (
            profile(
                "keys at the end of a circle",
                &format!("{source}source_profile = default\n"),
            )
            .credentials(format!("[default]\n{KEYS}")),
            Assumed("ASIA2", one_by_one),
        ),
        (
            profile(
                "a circle without keys",
                &format!("{source}source_profile = default\n"),
            ),
            Fails(&[
                "the profiles `default`, `s`, `default` go round in a circle, and `default` has no \
                 credentials",
            ]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_profile_assumes_its_role_with_what_else_it_or_the_machine_has() {
    const PROGRAM: &str = "credential_process = sh ~HOME~/program.sh\n";
    let role = |name| profile(name, ROLE);
    let sso = format!(
        "{ROLE}sso_session = dev\nsso_account_id = 111122223333\nsso_role_name = mailer\n\
         [sso-session dev]\nsso_region = us-east-1\nsso_start_url = https://start.test\n"
    );
    let two = |other: &str| format!("{ROLE}{PROGRAM}{other}[profile s]\n{KEYS}");
    hold(vec![
        (
            profile("a program", &format!("{ROLE}{PROGRAM}")),
            Assumed("ASIA1", &[&["Credential=AKIAPROGRAM/", "role%2Fa"]]),
        ),
        (
            profile("SSO", &sso).logged_in(),
            Assumed("ASIA1", &[&["Credential=ASIASSO/", "role%2Fa"]]),
        ),
        (
            role("the instance").on_an_instance(),
            Assumed("ASIA1", &[&["Credential=ASIAINSTANCE/", "role%2Fa"]]),
        ),
        (
            role("the container").in_a_container().on_an_instance(),
            Assumed("ASIA1", &[&["Credential=ASIACONTAINER/", "role%2Fa"]]),
        ),
        (
            role("nothing"),
            Fails(&[
                "the profile `default`: the instance metadata service is not to be asked",
                "has role_arn, and neither source_profile nor credential_source",
            ]),
        ),
        (
            profile("a program and a source", &two("source_profile = s\n")),
            Fails(&["the profile `default` has both source_profile and credential_process"]),
        ),
        (
            profile(
                "a program and a web identity",
                &two("web_identity_token_file = ~HOME~/token\n"),
            ),
            Fails(&["has both credential_process and web_identity_token_file"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn tokens_go_along_with_their_keys() {
    let role = |case: Case| case.assume("a", &json!({}));
    let token = &[&["Credential=", "hush-session-token"] as &[&str]];
    hold(vec![
        (
            role(
                case("environment")
                    .env_keys()
                    .env("AWS_SESSION_TOKEN", "hush-session-token"),
            ),
            Assumed("ASIA1", token),
        ),
        (
            role(
                case("block")
                    .block_keys()
                    .block("token", "hush-session-token"),
            ),
            Assumed("ASIA1", token),
        ),
        (
            role(profile(
                "profile",
                &format!("{KEYS}aws_session_token = hush-session-token\n"),
            )),
            Assumed("ASIA1", token),
        ),
        (
            case("of another source")
                .block_keys()
                .env("AWS_SESSION_TOKEN", "hush"),
            Signed("AKIABLOCK", REGION),
        ),
    ])
    .await;
}

#[tokio::test]
async fn half_of_a_pair_is_none() {
    let default = || case("a secret alone").credentials(format!("[default]\n{KEYS}"));
    hold(vec![
        (
            default().env("AWS_SECRET_ACCESS_KEY", "hush"),
            Signed("AKIADEFAULT", REGION),
        ),
        (
            case("names of both kinds")
                .env("AWS_ACCESS_KEY_ID", "AKIANEW")
                .env("AWS_SECRET_KEY", "hush"),
            Signed("AKIANEW", REGION),
        ),
        (
            case("block: empty")
                .block("access_key", "")
                .block("secret_key", "")
                .env_keys(),
            Signed("AKIAENV", REGION),
        ),
        (
            case("block: a key alone")
                .block("access_key", "AKIABLOCK")
                .env_keys(),
            Fails(&[
                "Invalid secret_key",
                "`access_key` is set and `secret_key` is not",
            ]),
        ),
        (
            case("a token file without a role")
                .env("AWS_WEB_IDENTITY_TOKEN_FILE", "~HOME~/token")
                .credentials(format!("[default]\n{KEYS}"))
                .beyond_the_peer("the default profile is next in its own order too"),
            Signed("AKIADEFAULT", REGION),
        ),
        (
            profile(
                "profile",
                "aws_secret_access_key = hush\naws_access_key_id AKIA\n",
            ),
            Fails(&[
                "the profile `default` has aws_secret_access_key and no aws_access_key_id",
                "line 3 of ",
                ".aws/config cannot be read",
            ]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn keys_that_no_request_can_carry_are_told() {
    let block = |name, access: &str, token: &str| {
        let keys = case(name)
            .block("access_key", access)
            .block("secret_key", "hush");
        keys.block("token", token)
    };
    hold(vec![
        (
            case("a line break in the environment")
                .env("AWS_ACCESS_KEY_ID", "AKIAENV\n")
                .env("AWS_SECRET_ACCESS_KEY", "hush"),
            Fails(&["the environment's keys: the access key holds a space, a line break"]),
        ),
        (
            block("a line break in the block", "AKIA\nBLOCK", ""),
            Fails(&["provider block: the access key holds a space, a line break"]),
        ),
        (
            block("a line break in a token", "AKIABLOCK", "hush\n"),
            Fails(&["provider block: the session token holds"]),
        ),
        (
            block("no region for STS", "AKIABLOCK", "")
                .block("sts_region", "eu west 1")
                .beyond_the_peer("it would ask a host that is none"),
            Fails(&["Invalid sts_region", "Write `eu-west-1`"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn programs_are_run_as_a_shell_runs_them() {
    hold(vec![
        (
            profile(
                "quoted arguments",
                "credential_process = sh \"~HOME~/count arguments.sh\" 'a b' \"c d\" e\n",
            ),
            Signed("AKIA3", REGION),
        ),
        (
            profile(
                "slow",
                "credential_process = sleep 3; sh ~HOME~/program.sh\n",
            ),
            Signed("AKIAPROGRAM", REGION),
        ),
        (
            profile(
                "fails",
                "credential_process = echo the second factor was wrong >&2; exit 3\n",
            ),
            Fails(&[
                "the profile `default`",
                "the second factor was wrong",
                "SES was not called",
            ]),
        ),
        (
            profile("says nothing of use", "credential_process = echo hello\n"),
            Fails(&["the profile `default`", "SES was not called"]),
        ),
        (
            profile(
                "gives half a pair",
                "credential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"AKIA\", \
                 \"SecretAccessKey\": \"\"}'\n",
            ),
            Fails(&["the profile `default`: the secret key is empty"]),
        ),
        (
            profile("is not there", "credential_process = /no/such/program\n"),
            Fails(&[
                "the profile `default`",
                "/no/such/program",
                "SES was not called",
            ]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn containers_hand_out_credentials_to_who_brings_the_token() {
    let file = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    hold(vec![
        (
            case("EKS pod identity: a token file")
                .env(file, "~HOME~/pod-token")
                .in_a_container_that_asks_for("hush-pod-token"),
            Signed("ASIACONTAINER", REGION),
        ),
        (
            case("a token")
                .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hush-pod-token")
                .in_a_container_that_asks_for("hush-pod-token"),
            Signed("ASIACONTAINER", REGION),
        ),
        (
            case("a token file that is missing")
                .env(file, "~HOME~/missing")
                .in_a_container_that_asks_for("hush-token"),
            Fails(&[
                "the container's credentials: the token in /",
                "/missing: No such file",
            ]),
        ),
        (
            case("no token").in_a_container_that_asks_for("hush-token"),
            Fails(&["the container's credentials: it answers with HTTP status 401"]),
        ),
        (
            case("a refusal that says why").in_a_container_that_answers(
                403,
                r#"{"code":"AccessDeniedException","message":"no role for this pod\u001b[2J"}"#,
            ),
            Fails(&[
                "the container's credentials: it answers with AccessDeniedException: no role for \
                 this pod\\u{1b}[2J (HTTP status 403)",
            ]),
        ),
        (
            case("a refusal that quotes the token")
                .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer hush-pod-token")
                .in_a_container_that_answers(
                    401,
                    r#"{"code":"Unauthorized","message":"not hush-pod-token"}"#,
                ),
            Fails(&["it answers with Unauthorized: not … (HTTP status 401)"]),
        ),
        (
            case("an answer that is none").in_a_container_that_answers(200, "hello"),
            Fails(&["the container's credentials", "SES was not called"]),
        ),
        (
            case("not found, on an instance")
                .in_a_container_that_answers(404, "{}")
                .on_an_instance(),
            Fails(&["the container's credentials", "SES was not called"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn web_identities_come_from_block_environment_and_profile() {
    let role_and_session = |name| {
        case(name)
            .env_web_identity()
            .env("AWS_ROLE_SESSION_NAME", "the-session")
    };
    let of_profile = format!("{ROLE}web_identity_token_file = ~HOME~/token\n");
    let token = |name| case(name).env("TF_AWS_WEB_IDENTITY_TOKEN", "hush-inline-token");
    let web = |case: Case| {
        let role = "arn:aws:iam::111122223333:role/block";
        case.push("assume_role_with_web_identity", json!({ "role_arn": role }))
    };
    const WHY: &str = "hashicorp/aws reads it outside of its library";
    hold(vec![
        (
            role_and_session("AWS_ROLE_SESSION_NAME"),
            Assumed("ASIA1", &[&["role%2Fweb", "RoleSessionName=the-session"]]),
        ),
        (
            profile("environment over profile", &of_profile).env_web_identity(),
            Assumed("ASIA1", &[&["role%2Fweb"]]),
        ),
        (
            profile("profile", &of_profile),
            Assumed("ASIA1", &[&["role%2Fa", "WebIdentityToken=hush-token"]]),
        ),
        (
            token("TF_AWS_WEB_IDENTITY_TOKEN, with AWS_ROLE_ARN")
                .env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/web")
                .beyond_the_peer(WHY),
            Assumed(
                "ASIA1",
                &[&["role%2Fweb", "WebIdentityToken=hush-inline-token"]],
            ),
        ),
        (
            web(token("TF_AWS_WEB_IDENTITY_TOKEN, with a block")).beyond_the_peer(WHY),
            Assumed(
                "ASIA1",
                &[&["role%2Fblock", "WebIdentityToken=hush-inline-token"]],
            ),
        ),
        (
            case("no role").push(
                "assume_role_with_web_identity",
                json!({ "web_identity_token_file": "~HOME~/token" }),
            ),
            Fails(&[
                "Invalid assume_role_with_web_identity[0].role_arn",
                "which role to assume",
            ]),
        ),
        (
            case("refused").env_web_identity().sts_refuses(),
            Fails(&[
                "the role arn:aws:iam::111122223333:role/web, assumed by the web identity of \
                 AWS_WEB_IDENTITY_TOKEN_FILE: STS answered AssumeRoleWithWebIdentity with \
                 AccessDenied",
                "request id 7e6d",
                "SES was not called. See that the role exists, and that its trust policy lets the \
                 token's issuer",
            ]),
        ),
        (
            case("a file without a token")
                .env_web_identity()
                .env("AWS_WEB_IDENTITY_TOKEN_FILE", "/dev/null")
                .beyond_the_peer("STS would say no more than that it takes no such token"),
            Fails(&["the token in /dev/null: the file is empty"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_a_profile_asks_for_in_vain_is_told() {
    hold(vec![
        (
            profile(
                "source_profile without role_arn",
                "source_profile = other\n",
            ),
            Fails(&["the profile `default` has source_profile and no role_arn"]),
        ),
        (
            profile(
                "source_profile and keys without role_arn",
                &format!("source_profile = s\n{KEYS}[profile s]\n{KEYS}"),
            ),
            Fails(&["the profile `default` has source_profile and no role_arn"]),
        ),
        (
            profile(
                "credential_source alone",
                "credential_source = EcsContainer\n",
            )
            .in_a_container(),
            Fails(&["the profile `default` has credential_source and no role_arn"]),
        ),
        (
            profile(
                "an SSO session of another place",
                "sso_session = dev\nsso_account_id = 111122223333\nsso_role_name = mailer\n\
                 sso_start_url = https://other.test\n[sso-session dev]\nsso_region = us-east-1\n\
                 sso_start_url = https://start.test\n",
            )
            .logged_in(),
            Fails(&["sso_start_url of the profile `default` is not that of its sso-session"]),
        ),
        (
            profile(
                "SSO without its place",
                "sso_account_id = 111122223333\nsso_role_name = mailer\n",
            )
            .on_an_instance(),
            Fails(&["the profile `default` uses SSO and has no sso_start_url"]),
        ),
        (
            profile(
                "mfa_serial",
                &format!("{ROLE}source_profile = s\nmfa_serial = m\n[profile s]\n{KEYS}"),
            ),
            Fails(&["asks for a second factor (mfa_serial)", "nobody to ask"]),
        ),
        (
            profile(
                "login_session",
                "login_session = arn:aws:iam::111122223333:user/a\n",
            ),
            Fails(&["login_session, which this provider does not support", "SSO"]),
        ),
        (
            profile(
                "a source that does not exist",
                &format!("{ROLE}source_profile = other\n"),
            ),
            Fails(&["the profile `other`, which `default` names as its source, does not exist"]),
        ),
        (
            profile(
                "an SSO session that does not exist",
                "sso_session = dev\nsso_account_id = 111122223333\nsso_role_name = mailer\n",
            ),
            Fails(&["the sso-session `dev` of the profile `default` does not exist"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_refusal_of_ses_is_quoted_with_what_to_do() {
    let keys = |code| case(code).env_keys().ses_refuses(code);
    hold(vec![
        (
            keys("OptInRequired"),
            Refused(
                1,
                &[
                    "OptInRequired: The message of SES (HTTP 400, request id ",
                    "enable the region for the account",
                ],
            ),
        ),
        (
            keys("IncompleteSignature"),
            Refused(1, &["The message of SES", "see that the access key is one"]),
        ),
        (
            keys("UnrecognizedClientException"),
            Refused(
                1,
                &["The message of SES", "belong together and are still valid"],
            ),
        ),
        (
            keys("AccountSendingPausedException"),
            Refused(
                1,
                &["The message of SES", "Sending is paused for this account"],
            ),
        ),
        (
            keys("NobodyKnowsThis"),
            Refused(
                1,
                &[
                    "The message of SES",
                    "AWS Support finds the call by its request id",
                ],
            ),
        ),
    ])
    .await;
}

#[tokio::test]
async fn expired_credentials_are_renewed_once_where_their_source_renews_them() {
    let keys = |code| case(code).env_keys().ses_refuses(code);
    let role = |code| {
        case(code)
            .env_keys()
            .assume("a", &json!({}))
            .ses_refuses(code)
            .beyond_the_peer("a session that AWS calls expired may be renewed")
    };
    const TOLD: &[&str] = &["The message of SES", "Renew the credentials"];
    hold(vec![
        (keys("ExpiredToken"), Refused(1, TOLD)),
        (keys("ExpiredTokenException"), Refused(1, TOLD)),
        (keys("RequestExpired"), Refused(1, TOLD)),
        (role("ExpiredToken"), Refused(2, TOLD)),
        (role("ExpiredTokenException"), Refused(2, TOLD)),
        (role("RequestExpired"), Refused(2, TOLD)),
    ])
    .await;
}
