//! The list of MAIL FROM domains that SES holds in a region, whoever manages them: for
//! `terraform query`.

use std::collections::HashMap;
use std::pin::pin;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _};
use serde::Deserialize;
use tf_provider::schema::{AttributeConstraint, Block, Description, Schema};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostic, Diagnostics};

use super::import::imported;
use super::model::Model;
use super::resource::IdentityMailFrom;
use crate::attributes::{configured_region, string};
use crate::clients::Clients;
use crate::diagnostics::diagnostic;
use crate::dns_check;
use crate::fleet::{self, FilterValues, Filters, Identities, unread};
use crate::held::HeldValues;
use crate::mail_from::{Identity, IdentityError, Place, Region, visible};
use crate::plugin::{Call, ListResource, Listing, Told};
use crate::ses::Listed;
use crate::target::checked_region;

use AttributeConstraint::Optional;

/// MAIL FROM domains whose records are looked up at a time.
const LOOKED_UP_AT_A_TIME: usize = 100;

/// Which MAIL FROM domains are asked for, by the names of the schema.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Query {
    region: Value<String>,
    kind: Value<String>,
    status: Value<String>,
    mail_from_set: Value<bool>,
    name_regex: Value<String>,
}

#[async_trait]
impl ListResource for IdentityMailFrom {
    type Query = Query;

    fn list_schema(&self) -> Schema {
        let mut attributes = HashMap::from([string("region", Optional, REGION)]);
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

    fn validate_list(&self, diags: &mut Diagnostics, query: &Query) {
        configured_region(diags, &query.region, self.regions.check());
        query.filters(diags);
    }

    async fn list(
        &self,
        call: &mut Call<Clients>,
        query: Query,
        listing: &mut Listing<'_>,
    ) -> Result<(), Told> {
        let region = checked_region(call, &query.region)?;
        let filters = query.filters(&mut call.diags);
        if !call.diags.errors.is_empty() {
            return Err(Told);
        }
        // Validation has told the warnings.
        call.diags.warnings.clear();
        if query.mail_from_set == Value::Value(false) {
            return Ok(());
        }
        let mut identities = Identities::of(call, region, filters).await?;
        while let Some(some) = identities.next(&mut call.diags).await? {
            let wants_objects = listing.wants_objects();
            let objects = some.into_iter().map(|one| {
                let identities = &identities;
                async move {
                    let object = object(identities, &one, wants_objects).await;
                    (one.name, object)
                }
            });
            // Nothing is looked up for what will not be wanted.
            let at_a_time = listing
                .left()
                .unwrap_or(usize::MAX)
                .min(LOOKED_UP_AT_A_TIME);
            let mut objects = pin!(stream::iter(objects).buffered(at_a_time));
            while let Some((name, object)) = objects.next().await {
                let goes_on = match object {
                    Ok(object) => listing.found(&name, &object).await,
                    Err(warning) => listing.warn(warning).await,
                };
                if goes_on.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl Query {
    /// Only identities that have a MAIL FROM domain are objects of this type.
    fn filters(&self, diags: &mut Diagnostics) -> Filters {
        let mail_from_set = match self.mail_from_set {
            Value::Value(false) => Value::Value(false),
            _ => Value::Value(true),
        };
        if mail_from_set == Value::Value(false) {
            diags.add_warning(diagnostic(
                "Nothing will be listed",
                "An identity without a custom MAIL FROM domain is no ses_identity_mail_from. The \
                 data source `ses_identities_mail_from` lists those with `mail_from_set = false`.",
                AttributePath::new("mail_from_set"),
            ));
        }
        let values = FilterValues {
            kind: self.kind.clone(),
            status: self.status.clone(),
            mail_from_set,
            name_regex: self.name_regex.clone(),
        };
        Filters::parse(diags, &values)
    }
}

/// The state of a listed identity as an import of it would read it; less where it is not
/// wanted `whole`. A warning where there cannot be one.
async fn object(identities: &Identities, one: &Listed, whole: bool) -> Result<Model, Diagnostic> {
    let region = &identities.region;
    let held = one.held.as_ref();
    let held = held.map_err(|error| unread(&one.name, region, error))?;
    let identity = Identity::parse(&one.name);
    let identity = identity.map_err(|error| unmanageable(&one.name, region, &error))?;
    let state = imported(&identity, region);
    let Some(held) = held.as_ref().filter(|_| whole) else {
        return Ok(state);
    };
    let (clients, deadline) = (&identities.clients, identities.deadline.renewed());
    let (domain, region) = (held.domain.name(), region.clone());
    let place = Place { identity, region };
    let findings = dns_check::look_up(clients, &deadline, None, domain, &place).await;
    let held = HeldValues::of(&place.region, held, &findings);
    Ok(Model {
        mail_from_domain: held.mail_from_domain,
        behavior_on_mx_failure: held.behavior_on_mx_failure,
        verification_status: held.verification_status,
        dns_records: held.dns_records,
        dns: held.dns,
        ..state
    })
}

fn unmanageable(name: &str, region: &Region, error: &IdentityError) -> Diagnostic {
    diagnostic(
        "Identity that this provider cannot manage",
        format!(
            "SES holds a MAIL FROM domain for {} in {region}, which cannot be imported: {error}. It \
             is left out.",
            visible(name)
        ),
        AttributePath::root(),
    )
}

const DESCRIPTION: &str = "Lists the identities of a region that have a custom MAIL FROM domain, \
    whoever manages them: with `terraform query -generate-config-out` a fleet comes under \
    management at once. It takes one request for each 100 identities and one for each 1,000, at \
    the provider's pace. Needs `ses:ListIdentities` and \
    `ses:GetIdentityMailFromDomainAttributes`.";

const REGION: &str = "The AWS region to list, such as `eu-west-1`. Default: the provider's.";
