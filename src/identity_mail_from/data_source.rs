//! The data source `ses_identity_mail_from`: what SES holds of one identity, and on
//! request what DNS says.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{AttributeConstraint, AttributeType, Block, Description, Schema};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::TYPE_NAME;
use crate::attributes::{NameValues, attribute, configured_region, known, string};
use crate::clients::{Clients, Regions};
use crate::diagnostics::invalid;
use crate::dns_check;
use crate::dns_findings::Dns;
use crate::dns_records::Record;
use crate::held::{self, HeldValues};
use crate::mail_from::Identity;
use crate::plugin::{Call, DataSource, Told};
use crate::ses::{MailFrom, SetMailFrom};
use crate::target::{Target, checked_region};

use AttributeConstraint::{Computed, Optional, OptionalComputed, Required};

/// How long a read may take.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The data source `ses_identity_mail_from`.
pub(crate) struct IdentityMailFromData {
    regions: Regions,
}

impl IdentityMailFromData {
    /// `regions` is what the provider block says of their codes.
    pub(crate) fn new(regions: Regions) -> Self {
        Self { regions }
    }
}

/// Attributes by the names of the schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Model {
    identity: Value<String>,
    dns_check: Value<bool>,
    region: Value<String>,
    id: Value<String>,
    mail_from_domain: Value<String>,
    behavior_on_mx_failure: Value<String>,
    verification_status: Value<String>,
    dns_records: Value<Vec<Value<Record>>>,
    dns: Value<Dns>,
}

#[async_trait]
impl DataSource for IdentityMailFromData {
    type Configured = Clients;
    type Model = Model;

    fn schema(&self) -> Schema {
        let mut attributes = HashMap::from([
            string("identity", Required, IDENTITY),
            attribute("dns_check", Optional, AttributeType::Bool, DNS_CHECK),
            string("region", OptionalComputed, REGION),
            string("id", Computed, "The identity, normalised."),
        ]);
        attributes.extend(held::attributes());
        Schema {
            version: 0,
            block: Block {
                description: Description::markdown(DESCRIPTION),
                attributes,
                ..Block::default()
            },
        }
    }

    fn validate(&self, diags: &mut Diagnostics, config: &Model) {
        identity(diags, config);
        configured_region(diags, &config.region, self.regions.check());
    }

    async fn read(&self, call: &mut Call<Clients>, config: Model) -> Result<Model, Told> {
        let identity = identity(&mut call.diags, &config);
        checked_region(call, &config.region)?;
        let identity = identity.filter(|_| call.diags.errors.is_empty());
        let identity = identity.ok_or(Told)?;
        let names = NameValues {
            identity: config.identity.clone(),
            region: config.region.clone(),
            ..NameValues::default()
        };
        let target = Target::of(
            call,
            TYPE_NAME,
            &names,
            "read the MAIL FROM domain",
            TIMEOUT,
        )
        .await?
        .of_fixed_time();
        let held = target.ses.get(&target.deadline, &target.place.identity);
        let config = Model {
            region: target.region(),
            id: Value::Value(identity.as_str().to_owned()),
            ..config
        };
        match target.answered(&mut call.diags, held.await)? {
            MailFrom::Set(held) => Ok(read(&target, config, held).await),
            MailFrom::Unset => Ok(config),
            MailFrom::UnknownIdentity => {
                let problem = format!("SES knows no identity {}", target.place);
                let path = AttributePath::new("identity");
                call.diags.add_error(invalid(path, problem, UNKNOWN));
                Err(Told)
            }
        }
    }
}

fn identity(diags: &mut Diagnostics, config: &Model) -> Option<Identity> {
    known(
        diags,
        "identity",
        &config.identity,
        Identity::parse,
        |error| error.remedy(),
    )
}

/// `config` with what SES `held`, and what DNS says if it is to be asked.
async fn read(target: &Target, config: Model, held: SetMailFrom) -> Model {
    let (domain, place) = (held.domain.name(), &target.place);
    let (clients, deadline) = (&target.clients, &target.deadline);
    let findings = match config.dns_check {
        Value::Value(true) => {
            dns_check::look_up(clients, deadline, Some(true), domain, place).await
        }
        _ => dns_check::not_looked_up(clients, Some(false)),
    };
    let held = HeldValues::of(&place.region, &held, &findings);
    Model {
        mail_from_domain: held.mail_from_domain,
        behavior_on_mx_failure: held.behavior_on_mx_failure,
        verification_status: held.verification_status,
        dns_records: held.dns_records,
        dns: held.dns,
        ..config
    }
}

const DESCRIPTION: &str = "Reads the custom MAIL FROM domain of an Amazon SES identity that \
    something else manages: for `check` blocks, for scheduled audits, and for configurations that \
    keep the DNS records alone. It changes nothing and warns of nothing; what is amiss is in its \
    attributes.";

const IDENTITY: &str = "The SES identity: a domain or an e-mail address. One that SES does not \
    know in this account and region is an error.";

const REGION: &str =
    "The AWS region of the identity, such as `eu-west-1`. Default: the provider's.";

const DNS_CHECK: &str = "Whether to look the DNS records up. Default: `false`.";

const UNKNOWN: &str = "See that its name is written as in SES, and that region and account are \
    those of the identity.";
