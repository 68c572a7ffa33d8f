//! Where SES and STS are.

use serde_json::{Value as Json, json};

use crate::Expected::{Assumed, Fails, Signed, Through, Warns};
use crate::hold;
use crate::world::{Case, case};

const REGION: &str = "us-east-1";
/// Nobody listens there.
const OTHER: &str = "http://127.0.0.1:9";

fn quiet(name: &'static str) -> Case {
    case(name)
        .env_keys()
        .block("skip_credentials_validation", true)
        .block("skip_requesting_account_id", true)
}

#[tokio::test]
async fn ses_is_where_block_environment_or_profile_say() {
    const SIGNED: crate::Expected = Signed("AKIAENV", REGION);
    let none = |name| quiet(name).block("endpoints", json!({ "sts": "~STS~" }));
    let profile = |name, text: &str| none(name).config(format!("[default]\n{text}"));
    let section = "services = s\nendpoint_url = http://127.0.0.1:9\n[services s]\nses =\n  \
                   endpoint_url = ~SES~\n";
    hold(vec![
        (quiet("block").env("AWS_ENDPOINT_URL_SES", OTHER), SIGNED),
        (
            none("its variable")
                .env("AWS_ENDPOINT_URL_SES", "~SES~")
                .env("AWS_ENDPOINT_URL", OTHER),
            SIGNED,
        ),
        (
            profile("the variable for all", &format!("endpoint_url = {OTHER}\n"))
                .env("AWS_ENDPOINT_URL", "~SES~"),
            SIGNED,
        ),
        (profile("the profile's services", section), SIGNED),
        (profile("the profile", "endpoint_url = ~SES~\n"), SIGNED),
        (
            quiet("the block is not ignored").env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
            SIGNED,
        ),
        (
            quiet("no URL of STS, which is not asked")
                .block("endpoints", json!({ "ses": "~SES~" }))
                .env("AWS_ENDPOINT_URL_STS", "sts.test"),
            SIGNED,
        ),
        (
            quiet("the same, asked")
                .block("endpoints", json!({ "ses": "~SES~" }))
                .env("AWS_ENDPOINT_URL_STS", "sts.test")
                .assume("a", &json!({})),
            Fails(&["AWS_ENDPOINT_URL_STS is `sts.test`, not the URL of an endpoint"]),
        ),
        (
            none("no URL").env("AWS_ENDPOINT_URL_SES", "ses.test"),
            Fails(&["AWS_ENDPOINT_URL_SES is `ses.test`, not the URL of an endpoint"]),
        ),
        (
            profile("no URL in the profile", "endpoint_url = ses.test\n"),
            Fails(&["Endpoint_url of the profile `default` is `ses.test`"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn sts_is_where_block_environment_or_profile_say() {
    const ASSUMED: crate::Expected = Assumed("ASIA1", &[&["role%2Fa"]]);
    let none = |name| {
        let none = quiet(name).block("endpoints", json!({ "ses": "~SES~" }));
        none.assume("a", &json!({}))
    };
    let section = "services = s\n[services s]\nsts =\n  endpoint_url = ~STS~\n";
    hold(vec![
        (
            none("its variable")
                .env("AWS_ENDPOINT_URL_STS", "~STS~")
                .env("AWS_ENDPOINT_URL", OTHER),
            ASSUMED,
        ),
        (
            none("the variable for all").env("AWS_ENDPOINT_URL", "~STS~"),
            ASSUMED,
        ),
        (
            none("services").config(format!("[default]\n{section}")),
            ASSUMED,
        ),
        (
            none("profile").config("[default]\nendpoint_url = ~STS~\n"),
            ASSUMED,
        ),
        (
            none("deprecated")
                .env("TF_AWS_STS_ENDPOINT", "~STS~")
                .env("AWS_STS_ENDPOINT", OTHER),
            ASSUMED,
        ),
        (
            none("more deprecated").env("AWS_STS_ENDPOINT", "~STS~"),
            ASSUMED,
        ),
        (
            none("deprecated, over all")
                .env("AWS_STS_ENDPOINT", "~STS~")
                .env("AWS_ENDPOINT_URL", OTHER),
            ASSUMED,
        ),
        (
            none("no URL").env("AWS_ENDPOINT_URL_STS", "sts.test"),
            Fails(&["AWS_ENDPOINT_URL_STS is `sts.test`"]),
        ),
    ])
    .await;
    let old = |name, variable| {
        let old = quiet(name).block("endpoints", json!({ "ses": "~SES~" }));
        old.env(variable, OTHER)
    };
    hold(vec![
        (
            old("told of STS", "TF_AWS_STS_ENDPOINT"),
            Warns(&["TF_AWS_STS_ENDPOINT is deprecated. Set AWS_ENDPOINT_URL_STS instead"]),
        ),
        (
            old("told of metadata", "AWS_METADATA_URL"),
            Warns(&["AWS_METADATA_URL is deprecated. Set AWS_EC2_METADATA_SERVICE_ENDPOINT"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn own_endpoints_are_by_fips_and_dual_stack_where_they_are_asked_for() {
    const PLAIN: &[&str] = &["CONNECT email.us-east-1.amazonaws.com:443"];
    const FIPS: &[&str] = &["CONNECT email-fips.us-east-1.amazonaws.com:443"];
    const DUAL: &[&str] = &["CONNECT email.us-east-1.api.aws:443"];
    const BOTH: &[&str] = &["CONNECT email-fips.us-east-1.api.aws:443"];
    let aws = |name| quiet(name).at_aws();
    let (fips, dual) = ("use_fips_endpoint", "use_dualstack_endpoint");
    let (env_fips, env_dual) = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT");
    hold(vec![
        (aws("neither"), Through(PLAIN)),
        (aws("FIPS: block").block(fips, true), Through(FIPS)),
        (
            aws("FIPS: environment").env(env_fips, "true"),
            Through(FIPS),
        ),
        (
            aws("FIPS: profile").config("[default]\nuse_fips_endpoint = true\n"),
            Through(FIPS),
        ),
        (aws("dual-stack: block").block(dual, true), Through(DUAL)),
        (
            aws("dual-stack: environment").env(env_dual, "true"),
            Through(DUAL),
        ),
        (
            aws("dual-stack: profile").config("[default]\nuse_dualstack_endpoint = true\n"),
            Through(DUAL),
        ),
        (
            aws("both").block(fips, true).block(dual, true),
            Through(BOTH),
        ),
        (
            aws("both, from two places")
                .block(fips, true)
                .env(env_dual, "true"),
            Through(BOTH),
        ),
        (
            aws("false is not set")
                .block(fips, false)
                .env(env_fips, "true"),
            Through(FIPS),
        ),
        (
            aws("environment over profile")
                .env(env_fips, "false")
                .config("[default]\nuse_fips_endpoint = true\n"),
            Through(PLAIN),
        ),
        (
            quiet("FIPS beside an endpoint")
                .block(fips, true)
                .beyond_the_peer("hashicorp/aws sets it aside as well, and not by its library"),
            Signed("AKIAENV", REGION),
        ),
        (
            quiet("dual-stack beside an endpoint")
                .block(dual, true)
                .beyond_the_peer("whoever names an endpoint knows by what it is reached"),
            Signed("AKIAENV", REGION),
        ),
        (
            aws("junk of the profile").config(format!("[default]\n{fips} = yes\n{dual} = 1\n")),
            Through(PLAIN),
        ),
        (
            aws("junk").env(env_fips, "yes"),
            Fails(&["AWS_USE_FIPS_ENDPOINT is `yes`, neither `true` nor `false`"]),
        ),
        (
            case("STS and FIPS")
                .env_keys()
                .at_aws()
                .block(fips, true)
                .assume("a", &json!({}))
                .of_ours_alone(),
            Assumed("ASIA1", &[&["host: sts-fips.us-east-1.amazonaws.com"]]),
        ),
        (
            case("STS and dual-stack")
                .env_keys()
                .at_aws()
                .block(dual, true)
                .assume("a", &json!({}))
                .of_ours_alone(),
            Assumed("ASIA1", &[&["host: sts.us-east-1.api.aws"]]),
        ),
        (
            quiet("any region")
                .block("region", "local")
                .block("skip_region_validation", true),
            Signed("AKIAENV", "local"),
        ),
        (
            quiet("no region of AWS's").block("region", "local"),
            Fails(&["Invalid region", "`local` is not the code of an AWS region"]),
        ),
        (
            quiet("any region of the environment")
                .without_region()
                .env("AWS_REGION", "local")
                .block("region", Json::Null)
                .block("skip_region_validation", true),
            Signed("AKIAENV", "local"),
        ),
    ])
    .await;
}
