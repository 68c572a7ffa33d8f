//! Terraform's calls on `ses_identity_mail_from_verification`.

use std::time::Duration;

use async_trait::async_trait;
use tf_provider::schema::Schema;
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::TYPE_NAME;
use super::model::Model;
use super::plan::{plan, waits};
use super::progress::Seen;
use super::report::report;
use super::schema::schema;
use super::validate::validate;
use super::wait::{Unverified, wait};
use crate::attributes::configured_region;
use crate::clients::{Clients, Regions};
use crate::diagnostics::diagnostic;
use crate::dns_check;
use crate::mail_from::{DnsFindings, DomainName, VerificationStatus};
use crate::plugin::{
    Call, CancellationToken, CouldNotRead, NothingChanged, Planned, Read, Resource, Told,
};
use crate::ses::{Deadline, SetMailFrom};
use crate::target::{Target, checked_region, region_for};

/// How long a refresh may take to read the status.
const READ_WITHIN: Duration = Duration::from_secs(5 * 60);

/// How long the look at DNS may hold up an error.
const DNS_WITHIN: Duration = Duration::from_secs(10);

/// The resource `ses_identity_mail_from_verification`.
pub(crate) struct IdentityMailFromVerification {
    regions: Regions,
}

impl IdentityMailFromVerification {
    /// `regions` is what the provider block says of their codes.
    pub(crate) fn new(regions: Regions) -> Self {
        Self { regions }
    }
}

#[async_trait]
impl Resource for IdentityMailFromVerification {
    type Configured = Clients;
    type Model = Model;

    fn schema(&self) -> Schema {
        schema()
    }

    fn validate(&self, diags: &mut Diagnostics, config: &Model) {
        validate(diags, config);
        configured_region(diags, &config.region, self.regions.check());
    }

    async fn plan(
        &self,
        call: &mut Call<Clients>,
        prior: Option<&Model>,
        config: &Model,
    ) -> Result<Planned<Model>, Told> {
        let meaning = validate(&mut call.diags, config);
        checked_region(call, &config.region)?;
        if !call.diags.errors.is_empty() {
            return Err(Told);
        }
        let doing = "Could not plan the verification of a MAIL FROM domain";
        let regions = [Some(&config.region), prior.map(|prior| &prior.region)];
        let region = region_for(call, doing, regions).await?;
        let prior = prior.map(|prior| prior.placed(region.as_ref()));
        let plan = plan(prior.as_ref(), config, &meaning, region.as_ref());
        Ok(Planned {
            state: plan.planned,
            requires_replace: plan.requires_replace,
        })
    }

    async fn read(
        &self,
        call: &mut Call<Clients>,
        state: Model,
    ) -> Result<Read<Model>, CouldNotRead> {
        let to = "read the status of the MAIL FROM domain";
        let target = Target::of(call, TYPE_NAME, &state.names(), to, READ_WITHIN).await?;
        // Its `timeouts` block has `create` alone.
        let target = target.of_fixed_time();
        let state = state.placed(Some(&target.place.region));
        let held = target.ses.get(&target.deadline, &target.place.identity);
        let held = target.answered(&mut call.diags, held.await)?;
        match Seen::new(held, asked(&state).as_ref(), false) {
            Seen::Verified(held) => Ok(Read::Is(verified(state, held))),
            Seen::Sought(held) if is_missed(&held) => {
                target.warn_of_temporary_failure(&mut call.diags, &held, None);
                Ok(Read::Is(verified(state, held)))
            }
            // The verification is lost, and is planned to be waited for again.
            _ => Ok(Read::Gone),
        }
    }

    async fn create(
        &self,
        call: &mut Call<Clients>,
        planned: Model,
    ) -> Result<Model, NothingChanged> {
        Ok(verify(call, planned).await?)
    }

    /// A domain is named where none was: Terraform replaces no null.
    async fn update(
        &self,
        call: &mut Call<Clients>,
        _prior: &Model,
        planned: Model,
    ) -> Result<Model, NothingChanged> {
        if waits(&planned) {
            return Ok(verify(call, planned).await?);
        }
        Ok(planned)
    }

    /// There is nothing in SES that this resource stands for.
    async fn delete(&self, _call: &mut Call<Clients>, _prior: Model) -> Result<(), Told> {
        Ok(())
    }

    async fn import(&self, call: &mut Call<Clients>, _id: &str) -> Result<Model, Told> {
        call.diags.add_error(diagnostic(
            format!("A {TYPE_NAME} cannot be imported"),
            "It stands for a wait and for nothing in SES, so there is nothing to import. Apply \
             the configuration without importing it: where SES says Success already, creating it \
             ends at once.",
            AttributePath::root(),
        ));
        Err(Told)
    }
}

/// Waits, and returns the state. `Err`: there is none, and nothing to undo.
async fn verify(call: &mut Call<Clients>, planned: Model) -> Result<Model, Told> {
    let (names, to) = (planned.names(), "wait for the MAIL FROM domain");
    let target = Target::of(call, TYPE_NAME, &names, to, planned.wait()).await?;
    let asked = asked(&planned);
    let waited = wait(
        &target.ses,
        target.clients.cadence(),
        &target.deadline,
        &target.place.identity,
        asked.as_ref(),
    );
    let unverified = match waited.await {
        Ok(held) => return Ok(verified(planned, held)),
        Err(unverified) => unverified,
    };
    let domain = sought(&unverified).or(asked);
    let dns = match &domain {
        Some(domain) => look_up(&target, call.stop(), &unverified, domain).await,
        None => None,
    };
    let error = report(&unverified, &target.place, domain.as_ref(), dns.as_ref());
    call.diags.add_error(error);
    Err(Told)
}

/// What DNS says of the domain, where it is that which SES waits for.
async fn look_up(
    target: &Target,
    stop: &CancellationToken,
    unverified: &Unverified,
    domain: &DomainName,
) -> Option<DnsFindings> {
    match unverified {
        Unverified::TimedOut { .. } | Unverified::Over(Seen::GivenUp(_)) => {}
        Unverified::Over(_) | Unverified::Ses(_) => return None,
    }
    let asked = dns_check::look_up_fresh(&target.clients, domain, &target.place);
    let deadline = Deadline::after(DNS_WITHIN, stop.clone());
    deadline.bound(asked).await.ok()
}

/// The domain that SES holds at the end of a wait in vain.
fn sought(unverified: &Unverified) -> Option<DomainName> {
    let seen = match unverified {
        Unverified::Over(seen) => Some(seen),
        Unverified::TimedOut { last, .. } => last.as_ref(),
        Unverified::Ses(_) => None,
    };
    match seen {
        Some(Seen::Sought(held) | Seen::GivenUp(held)) => held.domain.name().cloned(),
        _ => None,
    }
}

fn verified(model: Model, held: SetMailFrom) -> Model {
    Model {
        verification_status: Value::Value(held.status.as_str().to_owned()),
        ..model
    }
}

fn is_missed(held: &SetMailFrom) -> bool {
    held.status.is(VerificationStatus::TemporaryFailure)
}

/// The domain that must be verified, where one is named.
fn asked(model: &Model) -> Option<DomainName> {
    let text = model.mail_from_domain.as_ref_option()?;
    DomainName::parse(text).ok()
}
