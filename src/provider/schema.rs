//! What a practitioner may write in the provider block.

use std::collections::HashMap;

use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, NestedBlock, Schema,
};

use super::assume_role::{ROLE, WEB_IDENTITY};

/// The schema of the provider block. The names are those that users of
/// hashicorp/aws know.
pub(super) fn schema() -> Schema {
    let mut root = block(
        "Manages the custom MAIL FROM domains of Amazon SES identities. Whatever is left out is \
         found as the AWS command line finds it: environment variables, shared files, SSO, a \
         container's or an instance's role.",
        [
            string(
                "region",
                "The AWS region. Default: `AWS_REGION`, or the region of the profile.",
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
        ("endpoints".to_owned(), NestedBlock::Single(endpoints())),
        ("dns".to_owned(), NestedBlock::Single(dns())),
        (ROLE.to_owned(), NestedBlock::List(assume_role())),
        (WEB_IDENTITY.to_owned(), NestedBlock::List(web_identity())),
    ]);
    Schema {
        version: 0,
        block: root,
    }
}

fn assume_role() -> Block {
    let strings = || AttributeType::Set(Box::new(AttributeType::String));
    block(
        "A role to assume with the credentials that were found. Several blocks are assumed one \
         after the other, in their order.",
        [
            string("role_arn", "The role's ARN."),
            string(
                "duration",
                "How long the session lasts, from `15m` to `12h`. Default: an hour.",
            ),
            string("external_id", "The external id that the role asks for."),
            string("policy", "A session policy, as JSON."),
            optional(
                "policy_arns",
                strings(),
                "The ARNs of session policies that IAM manages.",
            ),
            string(
                "session_name",
                "The session's name, which CloudTrail shows.",
            ),
            string(
                "source_identity",
                "The source identity, which CloudTrail shows.",
            ),
            optional(
                "tags",
                AttributeType::Map(Box::new(AttributeType::String)),
                "Session tags.",
            ),
            optional(
                "transitive_tag_keys",
                strings(),
                "The keys of the tags that are passed on to roles that are assumed from this one.",
            ),
        ],
    )
}

fn web_identity() -> Block {
    block(
        "A role to assume with the token of a web identity, in place of all other credentials. At \
         most one block.",
        [
            string("role_arn", "The role's ARN."),
            string(
                "duration",
                "How long the session lasts, from `15m` to `12h`. Default: an hour.",
            ),
            string("policy", "A session policy, as JSON."),
            optional(
                "policy_arns",
                AttributeType::Set(Box::new(AttributeType::String)),
                "The ARNs of session policies that IAM manages.",
            ),
            string(
                "session_name",
                "The session's name, which CloudTrail shows.",
            ),
            secret(
                "web_identity_token",
                "The token. Or `web_identity_token_file`.",
            ),
            string(
                "web_identity_token_file",
                "A file with the token, which is read again for each session.",
            ),
        ],
    )
}

fn endpoints() -> Block {
    block(
        "URLs in place of the AWS endpoints.",
        [
            string("ses", "URL in place of SES's endpoint."),
            string(
                "sts",
                "URL in place of STS's endpoint, for roles that are assumed.",
            ),
        ],
    )
}

fn dns() -> Block {
    block(
        "How the DNS records of MAIL FROM domains are looked up.",
        [
            optional(
                "enabled",
                AttributeType::Bool,
                "Whether to look them up. Default: `true`. A resource's `dns_check` comes before \
                 it.",
            ),
            optional(
                "nameservers",
                AttributeType::List(Box::new(AttributeType::String)),
                "The name servers to ask, each as `ip:port`. Default: the system's.",
            ),
            optional(
                "authoritative",
                AttributeType::Bool,
                "Whether to ask a zone's own name servers as well, by which a record shows that \
                 was published a moment ago, while the name servers still remember its absence. \
                 They are asked where a record is missing or wrong, and before a MAIL FROM domain \
                 is set. Default: `true` without `nameservers`, `false` with them.",
            ),
            string(
                "timeout",
                "How long to wait for an answer, as a duration such as `2s`. Default: the \
                 system's, or `2s`.",
            ),
            optional(
                "attempts",
                AttributeType::Number,
                "How often to ask before the name servers are taken for unreachable. Default: \
                 the system's, or `2`.",
            ),
        ],
    )
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
