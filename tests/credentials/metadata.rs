//! The instance metadata service: whether it is asked, and where.

use crate::Expected::{Assumed, Fails, Signed};
use crate::hold;
use crate::world::case;

const REGION: &str = "us-east-1";

const NOT_ASKED: &[&str] = &[
    "There are no AWS credentials",
    "the instance metadata service is not to be asked (`skip_metadata_api_check`",
];

#[tokio::test]
async fn it_is_asked_unless_the_block_or_the_environment_says_no() {
    let skip = |name, text: &str| {
        let skip = case(name).block("skip_metadata_api_check", text);
        skip.on_an_instance()
    };
    let disabled = "AWS_EC2_METADATA_DISABLED";
    hold(vec![
        (skip("block: true", "true"), Fails(NOT_ASKED)),
        (
            skip("block: false", "false"),
            Signed("ASIAINSTANCE", REGION),
        ),
        (skip("block: empty", ""), Signed("ASIAINSTANCE", REGION)),
        (
            case("environment: true")
                .env(disabled, "True")
                .on_an_instance(),
            Fails(NOT_ASKED),
        ),
        (
            case("environment: false")
                .env(disabled, "false")
                .on_an_instance(),
            Signed("ASIAINSTANCE", REGION),
        ),
        (
            skip("block over environment: false", "false").env(disabled, "true"),
            Signed("ASIAINSTANCE", REGION),
        ),
        (
            skip("block over environment: true", "true").env(disabled, "false"),
            Fails(NOT_ASKED),
        ),
        (
            skip("junk", "yes"),
            Fails(&[
                "Invalid skip_metadata_api_check",
                "neither `false` nor `true`",
            ]),
        ),
        (
            case("environment: junk")
                .env(disabled, "yes")
                .on_an_instance(),
            Signed("ASIAINSTANCE", REGION),
        ),
        (
            skip("nor its region", "true").without_region(),
            Fails(&["No AWS region"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn it_is_asked_where_the_block_says() {
    let mode = "ec2_metadata_service_endpoint_mode";
    let endpoint = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    hold(vec![
        (
            case("block").on_an_instance_of_the_block(),
            Signed("ASIAINSTANCE", REGION),
        ),
        (
            case("block over environment")
                .on_an_instance_of_the_block()
                .env(endpoint, "http://127.0.0.1:9"),
            Signed("ASIAINSTANCE", REGION),
        ),
        (
            case("its region")
                .on_an_instance_of_the_block()
                .without_region()
                .beyond_the_peer("the service that has the credentials knows the region"),
            Signed("ASIAINSTANCE", "eu-west-3"),
        ),
        (
            case("an endpoint beside a mode")
                .on_an_instance_of_the_block()
                .block(mode, "IPv6"),
            Signed("ASIAINSTANCE", REGION),
        ),
        (
            case("a mode that is none")
                .env_keys()
                .block(mode, "IPv5")
                .beyond_the_peer("what is set and never used is a mistake"),
            Fails(&[
                "Invalid ec2_metadata_service_endpoint_mode",
                "`IPv5` is neither",
            ]),
        ),
        (
            case("a place that is none, not asked")
                .env_keys()
                .env(endpoint, "here"),
            Signed("AKIAENV", REGION),
        ),
        (
            case("the same of the profile")
                .env_keys()
                .config("[default]\nec2_metadata_service_endpoint = here\n"),
            Signed("AKIAENV", REGION),
        ),
        (
            case("the same, asked")
                .block("skip_metadata_api_check", "false")
                .env(endpoint, "here"),
            Fails(&[
                "the instance metadata service: AWS_EC2_METADATA_SERVICE_ENDPOINT is `here`, not \
                 the URL",
            ]),
        ),
        (
            case("a mode of the environment that is none")
                .env_keys()
                .env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5"),
            Fails(&["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is `IPv5`, neither"]),
        ),
        (
            case("a mode of the profile that is none")
                .env_keys()
                .config("[default]\nec2_metadata_service_endpoint_mode = IPv5\n"),
            Fails(&["c2_metadata_service_endpoint_mode of the profile `default` is `IPv5`"]),
        ),
        (
            case("400 is no credentials").on_an_instance_that_answers(400),
            Fails(&[
                "There are no AWS credentials",
                "the instance metadata service",
            ]),
        ),
        (
            case("500 is told after some attempts").on_an_instance_that_answers(500),
            Fails(&[
                "the instance metadata service: ",
                "HTTP status 500",
                "`skip_metadata_api_check = \"true\"`",
                "SES was not called",
            ]),
        ),
        (
            case("403 is no credentials").on_an_instance_that_answers(403),
            Fails(&["There are no AWS credentials", "IMDS is disabled"]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn sts_is_asked_in_the_region_that_is_named() {
    let role = |name| case(name).env_keys().assume("a", &serde_json::json!({}));
    hold(vec![
        (
            role("the region itself"),
            Assumed("ASIA1", &[&["/us-east-1/sts/"]]),
        ),
        (
            role("sts_region").block("sts_region", "eu-west-2"),
            Assumed("ASIA1", &[&["/eu-west-2/sts/"]]),
        ),
    ])
    .await;
}
