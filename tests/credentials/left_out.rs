//! What of hashicorp/aws's credentials is no row here, and why.

/// Each with the reason.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "iam:GetUser where credentials are not validated",
        "The provider never calls IAM: `sts:GetCallerIdentity` tells the account, and needs no \
         permission.",
    ),
    (
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "It is asked at 169.254.170.2, which no test can serve; the full URI leads to the same \
         source.",
    ),
    (
        "IPv6 of the instance metadata service",
        "It is asked at fd00:ec2::254, which no test can serve.",
    ),
    (
        "login_session that works",
        "The AWS SDK for Rust finds it only with a part that this provider is built without; that \
         it is not supported is told.",
    ),
    (
        "a result that is cached, and renewed before it expires",
        "It takes time: the unit tests of `credentials` hold it on a clock of their own, and an \
         acceptance test with a role that lasts for seconds.",
    ),
    (
        "limits of lengths, durations and JSON",
        "hashicorp/aws tells them outside of its library: the unit tests of `assume_role` hold \
         them.",
    ),
    (
        "legacy STS, S3 and EC2 settings, default_tags, ignore_tags",
        "They mean nothing for SES; the guide on authentication names them.",
    ),
];

#[test]
fn what_is_left_out_has_a_reason() {
    for (what, why) in LEFT_OUT {
        assert!(!what.is_empty() && why.ends_with('.'), "{what}: {why}");
    }
}
