//! Terraform's calls on `ses_identity_mail_from`, by way of SES and DNS.

use std::time::Duration;

use async_trait::async_trait;
use tf_provider::schema::Schema;
use tf_provider::value::{StructEmpty, Value};
use tf_provider::{AttributePath, Diagnostics, Resource};

use super::TYPE_NAME;
use super::advise::NewDomain;
use super::import::{ImportId, imported};
use super::model::{Dns, Model};
use super::plan::{GivenUp, Plan, plan, sets};
use super::refresh::refresh;
use super::schema::schema;
use super::settle::{self, Settled, Wanted};
use super::validate::{Meaning, validate};
use crate::attributes::Place;
use crate::clients::ClientsHandle;
use crate::diagnostics::{diagnostic, explain, or_tell, ses as ses_failed, warn};
use crate::dns_check;
use crate::mail_from::{DnsFindings, InPlace, Region, VerificationStatus};
use crate::plugin::Private;
use crate::ses::{Error, MailFrom, Unset};

type State = Value<Model>;
type Meta = Value<StructEmpty>;

/// The resource `ses_identity_mail_from`.
pub(crate) struct IdentityMailFrom {
    clients: ClientsHandle,
}

impl IdentityMailFrom {
    /// The resource, with the clients that Configure leaves in `clients`.
    pub(crate) fn new(clients: ClientsHandle) -> Self {
        Self { clients }
    }
}

#[async_trait]
impl Resource for IdentityMailFrom {
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
        let planned = planned.as_option()?;
        let timeout = planned.timeout(|timeouts| &timeouts.create);
        let created = self.set(diags, planned, timeout, true).await?;
        Some((Value::Value(created), private))
    }

    async fn update<'a>(
        &self,
        diags: &mut Diagnostics,
        _prior: State,
        planned: State,
        _config: State,
        private: Private,
        _meta: Meta,
    ) -> Option<(State, Private)> {
        let planned = planned.as_option()?;
        let updated = if sets(&planned) {
            let timeout = planned.timeout(|timeouts| &timeouts.update);
            self.set(diags, planned, timeout, false).await?
        } else {
            self.update_locally(diags, planned).await?
        };
        Some((Value::Value(updated), private))
    }

    async fn destroy<'a>(
        &self,
        diags: &mut Diagnostics,
        prior: State,
        _private: Private,
        _meta: Meta,
    ) -> Option<()> {
        let prior = prior.as_option()?;
        let place = place(diags, &prior)?;
        let doing = format!("Could not unset the MAIL FROM domain of {}", place.identity);
        let clients = or_tell(diags, &doing, self.clients.get())?;
        let client = or_tell(diags, &doing, clients.ses(&place.region))?;
        let deadline = clients.deadline(prior.timeout(|timeouts| &timeouts.delete));
        let unset = client.unset(&deadline, &place.identity).await;
        if or_tell(diags, &doing, unset)? == Unset::LeftToSibling {
            diags.add_warning(diagnostic(
                "MAIL FROM domain left to another resource",
                format!(
                    "Another resource sets the MAIL FROM domain of {} in this apply, so deleting \
                     this one has changed nothing in SES. This is how it should be when a resource \
                     was renamed or is replaced with `create_before_destroy`; otherwise two \
                     resources are configured for one identity, and one of them has to go.",
                    place.identity
                ),
                AttributePath::root(),
            ));
        }
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
        let doing = format!("Could not read the MAIL FROM domain of {}", place.identity);
        let clients = or_tell(diags, &doing, self.clients.get())?;
        let client = or_tell(diags, &doing, clients.ses(&place.region))?;
        let deadline = clients.deadline(state.timeout(|timeouts| &timeouts.read));
        let held = client.get(&deadline, &place.identity).await;
        let read = match or_tell(diags, &doing, held)? {
            MailFrom::UnknownIdentity | MailFrom::Unset => Value::Null,
            MailFrom::Set(held) => {
                Value::Value(refresh(diags, &clients, &deadline, state, &place, held).await)
            }
        };
        Some((read, private))
    }

    async fn import<'a>(&self, diags: &mut Diagnostics, id: String) -> Option<(State, Private)> {
        let id = match ImportId::parse(&id) {
            Ok(id) => id,
            Err(error) => {
                diags.add_error(diagnostic(
                    "Invalid import id",
                    format!(
                        "{error}. {}\n\nThe id of a ses_identity_mail_from is the identity, such \
                         as `example.com` or `sender@example.com`, or identity and region, such \
                         as `example.com@eu-west-1`.",
                        error.remedy()
                    ),
                    AttributePath::root(),
                ));
                return None;
            }
        };
        let doing = format!("Could not import the MAIL FROM domain of {}", id.identity);
        let region = match id.region {
            Some(region) => region,
            None => {
                let clients = or_tell(diags, &doing, self.clients.get())?;
                let region = or_tell(diags, &doing, clients.region().await)?;
                let unknown = || Error::Settings {
                    reason: "the provider's region is not known until apply: import \
                             `IDENTITY@REGION`"
                        .to_owned(),
                };
                or_tell(diags, &doing, region.ok_or_else(unknown))?
            }
        };
        let imported = imported(&id.identity, &region);
        Some((Value::Value(imported), Private::default()))
    }
}

impl IdentityMailFrom {
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
        let doing = "Could not plan a MAIL FROM domain";
        let clients = or_tell(diags, doing, self.clients.get())?;
        let region = or_tell(diags, doing, clients.region().await)?;
        let plan = plan(prior, &config, &meaning, region.as_ref());
        warn_of_failed(diags, &plan, &meaning);
        if let Some(new) = NewDomain::of(prior, &plan, &meaning) {
            new.advise(diags, &clients).await;
        }
        Some((Value::Value(plan.planned), plan.requires_replace))
    }

    /// Sends the planned setting, and returns the state that SES will hold. `None`
    /// only where SES has made no change. `creating`: an error would taint, so
    /// there is none once SES has accepted the setting.
    async fn set(
        &self,
        diags: &mut Diagnostics,
        planned: Model,
        timeout: Duration,
        creating: bool,
    ) -> Option<Model> {
        let meaning = validate(diags, &planned);
        let place = place(diags, &planned)?;
        let (Some(domain), Some(behavior)) = (meaning.mail_from_domain, meaning.behavior) else {
            return None;
        };
        let wanted = Wanted {
            identity: &place.identity,
            domain: &domain,
            behavior,
            restart: planned.restarts_failed_verification(),
        };
        let doing = format!("Could not set the MAIL FROM domain of {}", place.identity);
        let clients = or_tell(diags, &doing, self.clients.get())?;
        let client = or_tell(diags, &doing, clients.ses(&place.region))?;
        let settled = settle::set(&client, &clients.deadline(timeout), &wanted).await;
        let status = match settled {
            Settled::Shown { status } => status,
            Settled::NotMade(error) => {
                diags.add_error(ses_failed(&doing, &error.error));
                return None;
            }
            Settled::NotShownYet { reason } => {
                diags.add_warning(diagnostic(
                    "MAIL FROM domain set, its status not read yet",
                    format!(
                        "SES has accepted {domain} as the MAIL FROM domain of {}, but its status \
                         could not be read: {reason}\n\nIt is taken for Pending; the next plan \
                         reads it again.",
                        place.identity
                    ),
                    AttributePath::new("verification_status"),
                ));
                VerificationStatus::Pending.as_str().to_owned()
            }
            Settled::InDoubt(error) => {
                diags.add_error(diagnostic(
                    doing,
                    format!(
                        "{}\n\nSES may have made the change all the same, so it is kept in the \
                         state; the next plan reads what SES holds.",
                        explain(&error)
                    ),
                    AttributePath::root(),
                ));
                VerificationStatus::Pending.as_str().to_owned()
            }
            Settled::NotRestarted(error) => {
                diags.add_warning(diagnostic(
                    "Verification of a MAIL FROM domain not started again",
                    format!(
                        "SES has accepted {domain} as the MAIL FROM domain of {}, but goes on to \
                         say Failed, and to unset it first was not possible. The next apply tries \
                         again.\n\n{}",
                        place.identity,
                        explain(&error)
                    ),
                    AttributePath::new("verification_status"),
                ));
                VerificationStatus::Failed.as_str().to_owned()
            }
            Settled::LeftOff { error, certain } => {
                let told = diagnostic(
                    format!(
                        "MAIL FROM of {} {} off",
                        place.identity,
                        if certain { "is" } else { "may be" }
                    ),
                    format!(
                        "To start its failed verification again, {domain} was unset as the MAIL \
                         FROM domain of {}, and could not be set again: mail goes out under a \
                         domain of Amazon's until it is. The next apply sets it.\n\n{}",
                        place.identity,
                        explain(&error)
                    ),
                    AttributePath::root(),
                );
                if creating {
                    diags.add_warning(told);
                } else {
                    diags.add_error(told);
                }
                // Whoever plans from this without a refresh sets it again, too.
                VerificationStatus::Failed.as_str().to_owned()
            }
        };
        Some(Model {
            verification_status: Value::Value(status),
            // Not asked here: the records cannot exist yet, and the question
            // would plant a negative answer in the resolver's cache.
            dns: Value::Value(Dns::from(&DnsFindings::unchecked())),
            ..planned
        })
    }

    /// A change of local attributes alone: SES is not called.
    async fn update_locally(&self, diags: &mut Diagnostics, planned: Model) -> Option<Model> {
        if !planned.dns.is_unknown() {
            return Some(planned);
        }
        let meaning = validate(diags, &planned);
        let place = place(diags, &planned)?;
        let clients = or_tell(diags, "Could not look up DNS", self.clients.get())?;
        let domain = meaning.mail_from_domain.as_ref();
        let dns_check = planned.dns_check.as_option();
        let deadline = clients.deadline(planned.timeout(|timeouts| &timeouts.update));
        let findings =
            dns_check::look_up(&clients, &deadline, dns_check, domain, &place.region).await;
        Some(Model {
            dns: Value::Value(Dns::from(&findings)),
            ..planned
        })
    }
}

fn place(diags: &mut Diagnostics, model: &Model) -> Option<Place> {
    Place::of(diags, TYPE_NAME, &model.identity, &model.region)
}

/// Says why a Set is planned where nothing is configured otherwise, or that
/// none is although SES has given up.
fn warn_of_failed(diags: &mut Diagnostics, plan: &Plan, meaning: &Meaning) {
    let region = plan.planned.region.as_ref_option();
    let region = region.and_then(|region| Region::parse(region).ok());
    let (Some(given_up), Some(identity), Some(domain), Some(region)) = (
        plan.given_up,
        &meaning.identity,
        &meaning.mail_from_domain,
        &region,
    ) else {
        return;
    };
    let in_place = InPlace {
        identity,
        domain,
        region,
    };
    let advice = match given_up {
        GivenUp::Restarted => in_place.to_be_restarted(),
        GivenUp::Left => in_place.left_failed(),
    };
    warn(diags, advice, AttributePath::new("verification_status"));
}
