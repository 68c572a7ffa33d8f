//! Files that the provider block, the environment or a profile names.

use serde_json::json;

use crate::Expected::{Fails, Signed};
use crate::hold;
use crate::world::{Case, case};

const REGION: &str = "us-east-1";

/// Default keys in each of the two places.
const OTHER: &str = "[default]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = hush\n\
                     region = eu-north-1\n";
const USUAL: &str = "[default]\naws_access_key_id = AKIAUSUAL\naws_secret_access_key = hush\n";

#[tokio::test]
async fn files_of_the_block_come_before_those_of_the_environment() {
    let both = |name| case(name).config(OTHER).credentials(USUAL);
    hold(vec![
        (both("neither"), Signed("AKIAUSUAL", REGION)),
        (
            both("credentials, with ~").block("shared_credentials_files", json!(["~/.aws/config"])),
            Signed("AKIAOTHER", REGION),
        ),
        (
            both("credentials, with a variable")
                .block("shared_credentials_files", json!(["$HOME/.aws/config"])),
            Signed("AKIAOTHER", REGION),
        ),
        (
            both("credentials, the last of several").block(
                "shared_credentials_files",
                json!(["~/.aws/credentials", "~/.aws/config"]),
            ),
            Signed("AKIAOTHER", REGION),
        ),
        (
            both("before AWS_SHARED_CREDENTIALS_FILE")
                .block("shared_credentials_files", json!(["~/.aws/config"]))
                .env("AWS_SHARED_CREDENTIALS_FILE", "~HOME~/.aws/credentials"),
            Signed("AKIAOTHER", REGION),
        ),
        (
            case("configuration")
                .without_region()
                .credentials(OTHER)
                .block("shared_config_files", json!(["~/.aws/credentials"])),
            Signed("AKIAOTHER", "eu-north-1"),
        ),
        (
            case("a folder")
                .env_keys()
                .env("AWS_CONFIG_FILE", "~HOME~")
                .beyond_the_peer("it says as little as a file that may not be read"),
            Signed("AKIAENV", REGION),
        ),
        (
            case("named like those of the other file")
                .block("profile", "p")
                .config(OTHER.replace("default", "p")),
            Fails(&[
                "The profile `p` does not exist",
                "has [p], which would have to be [profile p]",
            ]),
        ),
        (
            both("one that is missing").block("shared_credentials_files", json!(["~/missing"])),
            // What the configuration file says is still there.
            Signed("AKIAOTHER", REGION),
        ),
    ])
    .await;
}

#[tokio::test]
async fn lines_mean_what_they_mean_to_hashicorp_aws() {
    let keys =
        |access: &str| format!("aws_access_key_id = {access}\naws_secret_access_key = hush\n");
    let plain = format!("[default]\n{}region = eu-west-1\n", keys("AKIAPLAIN"));
    let named = format!("[profile default]\n{}", keys("AKIANAMED"));
    hold(vec![
        (
            case("[profile default] before [default]").config(format!("{named}{plain}")),
            Signed("AKIANAMED", REGION),
        ),
        (
            case("[profile default] behind [default]")
                .without_region()
                .config(format!("{plain}{named}region = eu-west-2\n")),
            Signed("AKIANAMED", "eu-west-2"),
        ),
        (
            case("nothing of [default] is left")
                .without_region()
                .config(format!("{plain}{named}")),
            Fails(&["No AWS region"]),
        ),
        (
            case("quotes")
                .without_region()
                .credentials(keys("'AKIAQUOTED'").replace("aws_access", "[default]\naws_access"))
                .config("[default]\nregion = \"eu-west-2\"\n"),
            Signed("AKIAQUOTED", "eu-west-2"),
        ),
        (
            case("colons").config(plain.replace(" =", ":")),
            Signed("AKIAPLAIN", REGION),
        ),
        (
            case("half a pair before a pair")
                .config(&plain)
                .credentials("[default]\naws_access_key_id = AKIAHALF\n"),
            Fails(&["the profile `default` has aws_access_key_id and no aws_secret_access_key"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_is_named() {
    const TRUSTED: Expected = Signed("AKIAENV", REGION);
    use crate::Expected;
    let ses = |name| case(name).env_keys().by_https();
    let profile =
        |name, bundle: &str| ses(name).config(format!("[default]\nca_bundle = {bundle}\n"));
    let block = |case: Case, path: &str| case.block("custom_ca_bundle", path);
    hold(vec![
        (
            ses("nowhere"),
            Fails(&["is not trusted: this machine does not trust who has issued it"]),
        ),
        (block(ses("block"), "~/authority.pem"), TRUSTED),
        (
            block(ses("block, with a variable"), "${HOME}/authority.pem"),
            TRUSTED,
        ),
        (
            ses("environment").env("AWS_CA_BUNDLE", "~HOME~/authority.pem"),
            TRUSTED,
        ),
        (profile("file", "~HOME~/authority.pem"), TRUSTED),
        (
            block(ses("block over environment"), "~/authority.pem").env("AWS_CA_BUNDLE", "/x"),
            TRUSTED,
        ),
        (
            profile("environment over file", "/x").env("AWS_CA_BUNDLE", "~HOME~/authority.pem"),
            TRUSTED,
        ),
        (
            block(ses("missing"), "~/missing.pem"),
            Fails(&["missing.pem that `custom_ca_bundle` names", "No such file"]),
        ),
        (
            block(ses("without certificates"), "~/token"),
            Fails(&[
                "token that `custom_ca_bundle` names",
                "no certificate in PEM form",
            ]),
        ),
        (
            profile("missing of the file", "/missing.pem"),
            Fails(&["/missing.pem that the profile's ca_bundle names"]),
        ),
    ])
    .await;
}
