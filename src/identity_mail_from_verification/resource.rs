//! Terraform's calls on `ses_identity_mail_from_verification`.

use std::time::Duration;

use async_trait::async_trait;
use tf_provider::schema::Schema;
use tf_provider::value::{StructEmpty, Value};
use tf_provider::{AttributePath, Diagnostics, Resource};

use super::TYPE_NAME;
use super::model::Model;
use super::plan::{plan, validate, waits};
use super::progress::Seen;
use super::report::report;
use super::schema::schema;
use super::wait::{Unverified, wait};
use crate::attributes::Place;
use crate::clients::{Clients, ClientsHandle};
use crate::diagnostics::{diagnostic, or_tell, warn};
use crate::dns_check;
use crate::mail_from::{DnsFindings, DomainName, InPlace, VerificationStatus};
use crate::plugin::Private;
use crate::ses::SetMailFrom;

type State = Value<Model>;
type Meta = Value<StructEmpty>;

/// How long a refresh may take to read the status.
const READ_WITHIN: Duration = Duration::from_secs(5 * 60);

/// How long the look at DNS may hold up an error.
const DNS_WITHIN: Duration = Duration::from_secs(10);

/// The resource `ses_identity_mail_from_verification`.
pub(crate) struct IdentityMailFromVerification {
    clients: ClientsHandle,
}

impl IdentityMailFromVerification {
    /// The resource, with the clients that Configure leaves in `clients`.
    pub(crate) fn new(clients: ClientsHandle) -> Self {
        Self { clients }
    }
}

#[async_trait]
impl Resource for IdentityMailFromVerification {
    type State<'a> = State;
    type PrivateState<'a> = Private;
    type ProviderMetaState<'a> = Meta;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<Schema> {
        Some(schema())
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: State) -> Option<()> {
        if let Value::Value(config) = &config {
            validate(diags, config);
        }
        Some(())
    }

    async fn plan_create<'a>(
        &self,
        diags: &mut Diagnostics,
        _proposed: State,
        config: State,
        _meta: Meta,
    ) -> Option<(State, Private)> {
        let (planned, _) = self.plan(diags, None, config).await?;
        Some((planned, Private::default()))
    }

    async fn plan_update<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: State,
        _proposed: State,
        config: State,
        private: Private,
        _meta: Meta,
    ) -> Option<(State, Private, Vec<AttributePath>)> {
        let prior = prior.as_option();
        let (planned, requires_replace) = self.plan(diags, prior.as_ref(), config).await?;
        Some((planned, private, requires_replace))
    }

    async fn plan_destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: State,
        private: Private,
        _meta: Meta,
    ) -> Option<Private> {
        Some(private)
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        planned: State,
        _config: State,
        private: Private,
        _meta: Meta,
    ) -> Option<(State, Private)> {
        let created = self.verify(diags, planned.as_option()?).await?;
        Some((Value::Value(created), private))
    }

    /// A domain is named where none was: Terraform replaces no null.
    async fn update<'a>(
        &self,
        diags: &mut Diagnostics,
        _prior: State,
        planned: State,
        _config: State,
        private: Private,
        _meta: Meta,
    ) -> Option<(State, Private)> {
        let mut updated = planned.as_option()?;
        if waits(&updated) {
            updated = self.verify(diags, updated).await?;
        }
        Some((Value::Value(updated), private))
    }

    /// There is nothing in SES that this resource stands for.
    async fn destroy<'a>(
        &self,
        _diags: &mut Diagnostics,
        _prior: State,
        _private: Private,
        _meta: Meta,
    ) -> Option<()> {
        Some(())
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        state: State,
        private: Private,
        _meta: Meta,
    ) -> Option<(State, Private)> {
        let state = state.as_option()?;
        let place = place(diags, &state)?;
        let doing = format!(
            "Could not read the status of the MAIL FROM domain of {}",
            place.identity
        );
        let clients = or_tell(diags, &doing, self.clients.get())?;
        let client = or_tell(diags, &doing, clients.ses(&place.region))?;
        let deadline = clients.deadline(READ_WITHIN);
        let held = client.get(&deadline, &place.identity).await;
        let seen = Seen::new(or_tell(diags, &doing, held)?, asked(&state).as_ref());
        let read = match seen {
            Seen::Verified(held) => Value::Value(verified(state, held)),
            Seen::Sought(held) if is_missed(&held) => {
                warn_of_miss(diags, &place, &held);
                Value::Value(verified(state, held))
            }
            // The verification is lost, and is planned to be waited for again.
            _ => Value::Null,
        };
        Some((read, private))
    }

    async fn import<'a>(&self, diags: &mut Diagnostics, _id: String) -> Option<(State, Private)> {
        diags.add_error(diagnostic(
            format!("A {TYPE_NAME} cannot be imported"),
            "It stands for a wait and for nothing in SES, so there is nothing to import. Apply \
             the configuration without importing it: where SES says Success already, creating it \
             ends at once.",
            AttributePath::root(),
        ));
        None
    }
}

impl IdentityMailFromVerification {
    async fn plan(
        &self,
        diags: &mut Diagnostics,
        prior: Option<&Model>,
        config: State,
    ) -> Option<(State, Vec<AttributePath>)> {
        let config = config.as_option()?;
        let meaning = validate(diags, &config);
        if !diags.errors.is_empty() {
            return None;
        }
        let doing = "Could not plan the verification of a MAIL FROM domain";
        let clients = or_tell(diags, doing, self.clients.get())?;
        let region = or_tell(diags, doing, clients.region().await)?;
        let plan = plan(prior, &config, &meaning, region.as_ref());
        Some((Value::Value(plan.planned), plan.requires_replace))
    }

    /// Waits, and returns the state. `None`: there is none, and nothing to undo.
    async fn verify(&self, diags: &mut Diagnostics, planned: Model) -> Option<Model> {
        let place = place(diags, &planned)?;
        let doing = format!(
            "Could not wait for the MAIL FROM domain of {}",
            place.identity
        );
        let clients = or_tell(diags, &doing, self.clients.get())?;
        let client = or_tell(diags, &doing, clients.ses(&place.region))?;
        let deadline = clients.deadline(planned.wait());
        let (identity, asked) = (&place.identity, asked(&planned));
        let cadence = clients.cadence();
        match wait(&client, cadence, &deadline, identity, asked.as_ref()).await {
            Ok(held) => Some(verified(planned, held)),
            Err(unverified) => {
                let domain = sought(&unverified).or(asked);
                let dns = match &domain {
                    Some(domain) => look_up(&clients, &unverified, domain, &place).await,
                    None => None,
                };
                let error = report(&unverified, &place, domain.as_ref(), dns.as_ref());
                diags.add_error(error);
                None
            }
        }
    }
}

/// What DNS says of the domain, where it is that which SES waits for.
async fn look_up(
    clients: &Clients,
    unverified: &Unverified,
    domain: &DomainName,
    place: &Place,
) -> Option<DnsFindings> {
    match unverified {
        Unverified::TimedOut { .. } | Unverified::Over(Seen::GivenUp(_)) => {}
        Unverified::Over(_) | Unverified::Ses(_) => return None,
    }
    let asked = dns_check::look_up_fresh(clients, domain, &place.region);
    clients.deadline(DNS_WITHIN).bound(asked).await.ok()
}

/// The domain that SES holds at the end of a wait in vain.
fn sought(unverified: &Unverified) -> Option<DomainName> {
    let seen = match unverified {
        Unverified::Over(seen) => Some(seen),
        Unverified::TimedOut { last, .. } => last.as_ref(),
        Unverified::Ses(_) => None,
    };
    match seen {
        Some(Seen::Sought(held) | Seen::GivenUp(held)) => DomainName::parse(&held.domain).ok(),
        _ => None,
    }
}

fn verified(model: Model, held: SetMailFrom) -> Model {
    Model {
        verification_status: Value::Value(held.status),
        ..model
    }
}

fn is_missed(held: &SetMailFrom) -> bool {
    held.status == VerificationStatus::TemporaryFailure.as_str()
}

fn warn_of_miss(diags: &mut Diagnostics, place: &Place, held: &SetMailFrom) {
    let Ok(domain) = DomainName::parse(&held.domain) else {
        return;
    };
    let in_place = InPlace {
        identity: &place.identity,
        domain: &domain,
        region: &place.region,
    };
    let advice = in_place.temporary_failure(held.behavior.parse().unwrap_or_default());
    warn(diags, advice, AttributePath::new("verification_status"));
}

fn place(diags: &mut Diagnostics, model: &Model) -> Option<Place> {
    Place::of(diags, TYPE_NAME, &model.identity, &model.region)
}

/// The domain that must be verified, where one is named.
fn asked(model: &Model) -> Option<DomainName> {
    let text = model.mail_from_domain.as_ref_option()?;
    DomainName::parse(text).ok()
}
