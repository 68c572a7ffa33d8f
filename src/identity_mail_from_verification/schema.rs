//! What a practitioner may write in `ses_identity_mail_from_verification`, and
//! reads from it.

use std::collections::HashMap;

use tf_provider::schema::{AttributeConstraint, Block, Description, NestedBlock, Schema};

use crate::attributes::string;

use AttributeConstraint::{Computed, Optional, OptionalComputed, Required};

/// Raised when a state of the former version has to be rewritten to be read.
const VERSION: i64 = 0;

/// The schema of the resource.
pub(super) fn schema() -> Schema {
    Schema {
        version: VERSION,
        block: Block {
            version: VERSION,
            description: Description::markdown(DESCRIPTION),
            attributes: HashMap::from([
                string("identity", Required, IDENTITY),
                string("mail_from_domain", Optional, MAIL_FROM_DOMAIN),
                string("region", OptionalComputed, REGION),
                string("id", Computed, "The identity, normalised."),
                string("verification_status", Computed, VERIFICATION_STATUS),
            ]),
            blocks: HashMap::from([("timeouts".to_owned(), NestedBlock::Single(timeouts()))]),
            deprecated: false,
        },
    }
}

fn timeouts() -> Block {
    Block {
        version: VERSION,
        description: Description::markdown("How long to wait."),
        attributes: HashMap::from([string("create", Optional, CREATE)]),
        blocks: HashMap::new(),
        deprecated: false,
    }
}

const DESCRIPTION: &str = "Waits until SES has verified the custom MAIL FROM domain of an \
    identity, so that what depends on this resource is made after it. It stands for nothing in \
    SES: creating it waits, and ends at once with an error if SES gives the domain up; destroying \
    it does nothing. A verification that is lost later shows as one to be created again.\n\n\
    Name the DNS records in `depends_on`, or the wait begins before they are there. Each wait \
    holds one of the ten operations that Terraform carries out at a time (`-parallelism`).";

const IDENTITY: &str = "The SES identity whose MAIL FROM domain is to be verified: a domain or an \
    e-mail address. A change replaces the resource.";

const MAIL_FROM_DOMAIN: &str = "The MAIL FROM domain that must be verified, usually \
    `ses_identity_mail_from.NAME.mail_from_domain`: a change replaces the resource, so that the \
    new domain is waited for in the same apply. Default: whatever domain the identity has.";

const REGION: &str = "The AWS region of the identity, usually `ses_identity_mail_from.NAME.region`. \
    Default: the provider's. A change replaces the resource.";

const VERIFICATION_STATUS: &str = "What SES says of the domain, as of the last read: `Success`, \
    or `TemporaryFailure` while SES misses the MX record for less than 72 hours.";

const CREATE: &str = "How long to wait for SES, as a duration such as `90s`, `45m` or `1h30m`. \
    Default: `45m`.";
