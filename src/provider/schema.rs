//! What a practitioner may write in the provider block.

use std::collections::HashMap;

use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, NestedBlock, Schema,
};

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
    ]);
    Schema {
        version: 0,
        block: root,
    }
}

fn endpoints() -> Block {
    block(
        "URLs in place of the AWS endpoints.",
        [
            string("ses", "URL in place of SES's endpoint."),
            string(
                "sts",
                "URL in place of STS's endpoint, for profiles that assume a role.",
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
