//! What a practitioner may write in `ses_identities_mail_from`, and reads from it.

use std::collections::HashMap;

use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, Schema,
};

use crate::attributes::{attribute, string};
use crate::fleet;
use crate::held;

use AttributeConstraint::{Computed, Optional, OptionalComputed};

/// The schema of the data source.
pub(super) fn schema() -> Schema {
    let identities = AttributeType::AttributeList(identity());
    let mut attributes = HashMap::from([
        string("region", OptionalComputed, REGION),
        attribute("dns_check", Optional, AttributeType::Bool, DNS_CHECK),
        attribute("identities", Computed, identities, IDENTITIES),
    ]);
    attributes.extend(fleet::attributes());
    Schema {
        version: 0,
        block: Block {
            description: Description::markdown(DESCRIPTION),
            attributes,
            ..Block::default()
        },
    }
}

/// An element of `identities`.
fn identity() -> HashMap<String, Attribute> {
    let mut attributes = HashMap::from([
        string("identity", Computed, "The domain or the e-mail address."),
        string("kind", Computed, "`Domain` or `EmailAddress`."),
    ]);
    attributes.extend(held::attributes());
    attributes
}

const DESCRIPTION: &str = "Reads the custom MAIL FROM domains of all Amazon SES identities of a \
    region, whoever manages them: an audit of a fleet in one block, for `check` blocks and \
    scheduled drift detection. It changes nothing; what is amiss is in its attributes. It takes \
    one request for each 100 identities and one for each 1,000, at the provider's pace: a fleet \
    of 1,000 is read in ten seconds. Needs `ses:ListIdentities` and \
    `ses:GetIdentityMailFromDomainAttributes`.";

const REGION: &str = "The AWS region to read, such as `eu-west-1`. Default: the provider's.";

const DNS_CHECK: &str = "Whether to look the DNS records of each MAIL FROM domain up. Default: \
    `false`.";

const IDENTITIES: &str = "The identities that pass all filters, sorted by name.";
