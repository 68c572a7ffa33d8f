//! What a practitioner may write in `ses_identity_mail_from`, and reads from it.

use std::collections::HashMap;

use tf_provider::schema::{
    AttributeConstraint, AttributeType, Block, Description, NestedBlock, Schema,
};

use crate::attributes::{attribute, string};
use crate::dns_findings;
use crate::dns_records;

use AttributeConstraint::{Computed, Optional, OptionalComputed, Required};

/// Raised when a state of the former version has to be rewritten to be read.
const VERSION: i64 = 1;

/// The schema of the resource.
pub(super) fn schema() -> Schema {
    Schema {
        version: VERSION,
        block: Block {
            version: VERSION,
            description: Description::markdown(
                "Sets the custom MAIL FROM domain of an Amazon SES identity (a domain or an \
                 e-mail address), and tells whether the DNS records that it needs are there.",
            ),
            attributes: HashMap::from([
                string("identity", Required, IDENTITY),
                string("mail_from_domain", Required, MAIL_FROM_DOMAIN),
                string("behavior_on_mx_failure", OptionalComputed, BEHAVIOR),
                string("behavior_until_verified", Optional, UNTIL_VERIFIED),
                string("region", OptionalComputed, REGION),
                attribute(
                    "restart_failed_verification",
                    Optional,
                    AttributeType::Bool,
                    RESTART,
                ),
                attribute("dns_check", Optional, AttributeType::Bool, DNS_CHECK),
                string("id", Computed, ID),
                string("verification_status", Computed, VERIFICATION_STATUS),
                attribute(
                    "dns_records",
                    Computed,
                    dns_records::attribute_type(),
                    DNS_RECORDS,
                ),
                attribute("dns", Computed, dns_findings::attribute_type(), DNS),
            ]),
            blocks: HashMap::from([("timeouts".to_owned(), NestedBlock::Single(timeouts()))]),
            deprecated: false,
        },
    }
}

fn timeouts() -> Block {
    let timeout = |name: &str, doing: &str| {
        let description = format!(
            "How long to try {doing}, as a duration such as `90s`, `5m` or `1h30m`. Default: `5m`."
        );
        string(name, Optional, &description)
    };
    Block {
        version: VERSION,
        description: Description::markdown(
            "How long each operation may take. The time that it waits behind other requests of the \
             same Terraform run does not count: it runs from when the operation's first request is \
             the next of its kind.",
        ),
        attributes: HashMap::from([
            timeout("create", "to set the MAIL FROM domain"),
            timeout("read", "to read what SES holds"),
            timeout("update", "to change the MAIL FROM domain"),
            timeout("delete", "to unset the MAIL FROM domain"),
        ]),
        blocks: HashMap::new(),
        deprecated: false,
    }
}

const IDENTITY: &str = "The SES identity: a domain or an e-mail address that is verified in this \
    account and region. A domain may be written in any case, with a final dot or in Unicode; an \
    e-mail address is sent as written, because SES tells its case apart. A change replaces the \
    resource.";

const MAIL_FROM_DOMAIN: &str = "The custom MAIL FROM domain: a subdomain of the identity's domain \
    that neither receives mail nor is used in From addresses.";

const BEHAVIOR: &str = "What SES does with a message while it cannot find the MX record: \
    `UseDefaultValue` (send it under a domain of Amazon's) or `RejectMessage` (refuse it). \
    Default: `UseDefaultValue`.";

const UNTIL_VERIFIED: &str = "What SES does instead of `behavior_on_mx_failure` until it first says \
    `Success` of this MAIL FROM domain: `UseDefaultValue`. So no mail is refused while the MX \
    record is not there yet. Once SES has said `Success`, the plan shows the change to \
    `behavior_on_mx_failure`, and the next apply makes it. Another MAIL FROM domain, or a failed \
    one that is started again, begins anew; a record that is lost later changes nothing in SES. \
    Default: none, `behavior_on_mx_failure` from the start.";

const REGION: &str = "The AWS region of the identity, such as `eu-west-1`. Default: the provider's. \
    A change replaces the resource; so does a change of the provider's, where none is named here.";

const RESTART: &str = "Whether a verification that SES has given up (`verification_status` is \
    `Failed`) is a difference that the next apply repairs: it sets the MAIL FROM domain again, and \
    where that is not enough unsets and sets it, so that SES looks for the MX record for another \
    72 hours. `false`: only a warning. Default: `true`.";

const DNS_CHECK: &str = "Whether to look the DNS records up when the resource is read. Default: \
    the `dns` block of the provider.";

const ID: &str = "The identity, normalised.";

const VERIFICATION_STATUS: &str = "What SES says of the MX record: `Pending` (it is looking, for \
    72 hours), `Success`, `Failed` (it has stopped looking) or `TemporaryFailure` (it was there, \
    and is missed for less than 72 hours).";

const DNS_RECORDS: &str = "The two DNS records that the MAIL FROM domain needs, known at plan: \
    first MX, then TXT (SPF).";

const DNS: &str = "What DNS says of the two records and of the DMARC policy, as of the last read.";
