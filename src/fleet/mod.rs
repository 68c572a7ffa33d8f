//! The identities of a region, for the entities that read them all.
//!
//! [`filters`] says which of them are asked for.

mod filters;

use std::sync::Arc;
use std::time::Duration;

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostic, Diagnostics};

use crate::clients::Clients;
use crate::diagnostics::{TimeLimit, diagnostic, explain_within, or_tell_within};
use crate::mail_from::{Region, visible};
use crate::plugin::{Call, Told};
use crate::ses::{Deadline, Error, Fleet, Listed};
use crate::target::{known_region, ses};

pub use filters::{FilterValues, Filters, attributes};

/// How long a List or a Get may be tried.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The identities of a region that filters let pass, as they come.
pub struct Identities {
    /// Where they are.
    pub region: Region,
    /// What Configure has set up.
    pub clients: Arc<Clients>,
    /// How long a single step may take, and when Terraform stops it. It does not run.
    pub deadline: Deadline,
    fleet: Fleet,
    filters: Filters,
    /// What errors begin with.
    doing: String,
}

impl Identities {
    /// Those that `filters` let pass in `region`; null is the provider's. Where a setting of
    /// the provider is unknown, the call is deferred if the host takes that.
    pub async fn of(
        call: &mut Call<Clients>,
        region: Option<Region>,
        filters: Filters,
    ) -> Result<Self, Told> {
        let region = match region {
            Some(region) => region,
            None => known_region(call, "Could not read the identities", REGION_UNKNOWN).await?,
        };
        let doing = format!("Could not read the identities in {region}");
        let clients = call.configured()?;
        let ses = ses(call, &region, &doing)?;
        let deadline = Deadline::queued(TIMEOUT, call.stop().clone());
        let names = filters.clone();
        Ok(Self {
            fleet: ses.fleet(&deadline, move |name| names.name_passes(name)),
            region,
            clients,
            deadline,
            filters,
            doing,
        })
    }

    /// The region, as an attribute.
    pub fn region(&self) -> Value<String> {
        Value::Value(self.region.as_str().to_owned())
    }

    /// Some more of them; `None`: these were all. An error is told.
    pub async fn next(&mut self, diags: &mut Diagnostics) -> Result<Option<Vec<Listed>>, Told> {
        let some = or_tell_within(
            diags,
            &self.doing,
            self.fleet.next().await,
            TimeLimit::Fixed,
        )?;
        Ok(some.map(|some| {
            let passing = some.into_iter().filter(|one| match &one.held {
                Ok(held) => self.filters.held_passes(held.as_ref()),
                Err(_) => true,
            });
            passing.collect()
        }))
    }
}

/// SES lists an identity, and does not answer about it.
pub fn unread(name: &str, region: &Region, error: &Error) -> Diagnostic {
    diagnostic(
        "Identity could not be read",
        format!(
            "SES lists {} in {region}, and does not say what its MAIL FROM domain is, so it is \
             left out. {}",
            visible(name),
            explain_within(error, TimeLimit::Fixed)
        ),
        AttributePath::root(),
    )
}

const REGION_UNKNOWN: &str = ": name it by `region`, or in the provider block by a value that is \
    known at plan";
