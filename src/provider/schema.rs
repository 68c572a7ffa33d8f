//! What a practitioner may write in the provider block.

mod blocks;

use std::collections::HashMap;

use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, NestedBlock, Schema,
};

use super::accounts::{ALLOWED, FORBIDDEN, SKIP_REQUESTING, SKIP_VALIDATION};
use super::assume_role::{ROLE, WEB_IDENTITY};

/// The schema of the provider block. The names are those that users of
/// hashicorp/aws know.
pub(super) fn schema() -> Schema {
    let mut root = block(
        "Manages the custom MAIL FROM domains of Amazon SES identities. Whatever is left out is \
         found as hashicorp/aws finds it: environment variables, shared files, SSO, a \
         container's or an instance's role.",
        [
            string(
                "region",
                "The AWS region. Default: `AWS_REGION` or `AWS_DEFAULT_REGION`, or the region of \
                 the profile. Resources may name another.",
            ),
            string(
                "profile",
                "A profile of the shared AWS configuration and credentials files. Default: \
                 `AWS_PROFILE`.",
            ),
            secret(
                "access_key",
                "An AWS access key id, together with `secret_key`.",
            ),
            secret(
                "secret_key",
                "The secret access key that belongs to `access_key`.",
            ),
            secret("token", "The session token of temporary credentials."),
            string(
                "ec2_metadata_service_endpoint",
                "A URL in place of the address of the instance metadata service. Default: \
                 `AWS_EC2_METADATA_SERVICE_ENDPOINT`.",
            ),
            string(
                "ec2_metadata_service_endpoint_mode",
                "`IPv4` or `IPv6`: by which the instance metadata service is asked. Default: \
                 `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE`, or `IPv4`.",
            ),
            string(
                "skip_metadata_api_check",
                "`true`: the instance metadata service is not asked. Default: \
                 `AWS_EC2_METADATA_DISABLED`.",
            ),
            string(
                "sts_region",
                "The region whose STS is asked for roles. Default: the region itself.",
            ),
            optional(
                ALLOWED,
                AttributeType::Set(Box::new(AttributeType::String)),
                "The AWS accounts that may be worked in, each by its twelve digits. Credentials of \
                 another account are an error before SES is called, in a plan as well. Not \
                 together with `forbidden_account_ids`.",
            ),
            optional(
                FORBIDDEN,
                AttributeType::Set(Box::new(AttributeType::String)),
                "The AWS accounts that may not be worked in, each by its twelve digits. Not \
                 together with `allowed_account_ids`.",
            ),
            optional(
                SKIP_VALIDATION,
                AttributeType::Bool,
                "Taken for the sake of configurations that set it: credentials are not validated \
                 by a call of their own in any case.",
            ),
            optional(
                SKIP_REQUESTING,
                AttributeType::Bool,
                "`true`: AWS is not asked for the account (`sts:GetCallerIdentity`) to tell the \
                 provider blocks of one run apart. With `skip_credentials_validation = true`, \
                 neither for `allowed_account_ids` and `forbidden_account_ids`, which are refused \
                 then. Default: `false`.",
            ),
            string(
                "http_proxy",
                "URL of a proxy for requests by HTTP, and by HTTPS where nothing names one for it. \
                 User and password may be part of it (`http://USER:PASSWORD@HOST:PORT`). `\"\"`: no \
                 proxy, whatever the environment says. This machine, and the addresses of \
                 instance metadata and of a container's credentials, are reached without one. \
                 Default: `HTTP_PROXY` or `http_proxy`, which do not serve HTTPS.",
            ),
            string(
                "https_proxy",
                "URL of a proxy for requests by HTTPS, as AWS's all are. `\"\"`: no proxy. Default: \
                 `HTTPS_PROXY` or `https_proxy`.",
            ),
            string(
                "no_proxy",
                "What is reached without a proxy, separated by commas: host names (`example.com`, \
                 with all below it; `.example.com` or `*.example.com`, what is below it), IP \
                 addresses and networks (`10.0.0.0/8`), each with a port if need be, or `*`. \
                 Default: `NO_PROXY` or `no_proxy`.",
            ),
            optional(
                "insecure",
                AttributeType::Bool,
                "`true`: the certificates of AWS's endpoints are not checked. Default: `false`. \
                 Name a private authority in `custom_ca_bundle` instead.",
            ),
            optional(
                "use_fips_endpoint",
                AttributeType::Bool,
                "`true`: SES and STS are reached at their FIPS endpoints, where they have one in \
                 the region. Set aside for a service whose endpoint is named. Default: \
                 `AWS_USE_FIPS_ENDPOINT`, or `use_fips_endpoint` of the profile.",
            ),
            optional(
                "use_dualstack_endpoint",
                AttributeType::Bool,
                "`true`: SES and STS are reached at their endpoints for IPv4 and IPv6. Set aside \
                 for a service whose endpoint is named. Default: `AWS_USE_DUALSTACK_ENDPOINT`, or \
                 `use_dualstack_endpoint` of the profile.",
            ),
            optional(
                "max_retries",
                AttributeType::Number,
                "How often at most a call to STS or to the instance metadata service is tried. \
                 Default: `AWS_MAX_ATTEMPTS`, or `max_attempts` of the profile, or the AWS SDK's \
                 number. A call to SES is tried until its operation's timeout has passed (see \
                 `timeouts` of the resources).",
            ),
            string(
                "retry_mode",
                "`standard` or `adaptive`: how the calls to STS and to the instance metadata \
                 service are tried again. Default: `AWS_RETRY_MODE`, or `retry_mode` of the \
                 profile, or `standard`.",
            ),
            optional(
                "user_agent",
                AttributeType::List(Box::new(AttributeType::String)),
                "Names to add to the `User-Agent` of all requests to AWS, each as `name`, \
                 `name/version` or `name/version (comment)`. What `TF_APPEND_USER_AGENT` holds \
                 follows them.",
            ),
            optional(
                "skip_region_validation",
                AttributeType::Bool,
                "`true`: regions, also those that resources, data sources and imports name, may be \
                 ones that AWS has not, such as an emulator's `local`. Default: `false`.",
            ),
            string(
                "custom_ca_bundle",
                "A PEM file with the certificates of the authorities to trust in place of the \
                 system's. Default: `AWS_CA_BUNDLE`, or `ca_bundle` of the profile.",
            ),
            optional(
                "shared_config_files",
                AttributeType::List(Box::new(AttributeType::String)),
                "The AWS configuration files. Default: `AWS_CONFIG_FILE`, or `~/.aws/config`.",
            ),
            optional(
                "shared_credentials_files",
                AttributeType::List(Box::new(AttributeType::String)),
                "The AWS credentials files. Default: `AWS_SHARED_CREDENTIALS_FILE`, or \
                 `~/.aws/credentials`.",
            ),
            optional(
                "requests_per_second",
                AttributeType::Number,
                "How many requests a second to send for each SES operation. Default: `1`, which \
                 is SES's limit. Fractions are allowed; `0` sends as fast as it can, for emulators.",
            ),
        ],
    );
    root.blocks = HashMap::from([
        (
            "endpoints".to_owned(),
            NestedBlock::Single(blocks::endpoints()),
        ),
        ("dns".to_owned(), NestedBlock::Single(blocks::dns())),
        (ROLE.to_owned(), NestedBlock::List(blocks::assume_role())),
        (
            WEB_IDENTITY.to_owned(),
            NestedBlock::List(blocks::web_identity()),
        ),
    ]);
    Schema {
        version: 0,
        block: root,
    }
}

fn block<const N: usize>(description: &str, attributes: [(String, Attribute); N]) -> Block {
    Block {
        version: 0,
        description: Description::markdown(description),
        attributes: HashMap::from(attributes),
        blocks: HashMap::new(),
        deprecated: false,
    }
}

fn string(name: &str, description: &str) -> (String, Attribute) {
    optional(name, AttributeType::String, description)
}

fn secret(name: &str, description: &str) -> (String, Attribute) {
    let (name, attribute) = string(name, description);
    let attribute = Attribute {
        sensitive: true,
        ..attribute
    };
    (name, attribute)
}

fn optional(name: &str, attr_type: AttributeType, description: &str) -> (String, Attribute) {
    let attribute = Attribute {
        attr_type,
        description: Description::markdown(description),
        constraint: AttributeConstraint::Optional,
        sensitive: false,
        deprecated: false,
    };
    (name.to_owned(), attribute)
}
