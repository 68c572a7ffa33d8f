//! The blocks within the provider block.

use tf_provider::schema::{AttributeType, Block};

use super::{block, optional, secret, string};

pub(super) fn assume_role() -> Block {
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

pub(super) fn web_identity() -> Block {
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
                "The token. Or `web_identity_token_file`. Default, where that is left out as well: \
                 `TF_AWS_WEB_IDENTITY_TOKEN`.",
            ),
            string(
                "web_identity_token_file",
                "A file with the token, which is read again for each session.",
            ),
        ],
    )
}

pub(super) fn endpoints() -> Block {
    block(
        "URLs in place of the AWS endpoints.",
        [
            string(
                "ses",
                "URL in place of SES's endpoint. Default: `AWS_ENDPOINT_URL_SES` or \
                 `AWS_ENDPOINT_URL`, or `endpoint_url` of `ses` in the profile's `services`, or of \
                 the profile. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` leaves these aside.",
            ),
            string(
                "sts",
                "URL in place of STS's endpoint, for roles that are assumed. Default: \
                 `AWS_ENDPOINT_URL_STS` or `AWS_ENDPOINT_URL`, or `endpoint_url` of `sts` in the \
                 profile's `services`, or of the profile; the deprecated `TF_AWS_STS_ENDPOINT` and \
                 `AWS_STS_ENDPOINT` are read as well.",
            ),
        ],
    )
}

pub(super) fn dns() -> Block {
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
