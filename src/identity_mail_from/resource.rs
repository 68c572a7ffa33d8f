//! Terraform's calls on `ses_identity_mail_from`, by way of SES and DNS.

use async_trait::async_trait;
use tf_provider::schema::Schema;
use tf_provider::{AttributePath, Diagnostics};

use super::TYPE_NAME;
use super::advise::NewDomain;
use super::apply::{set, update_locally};
use super::claims::claim;
use super::cut_over::seen;
use super::import::{ImportId, import};
use super::model::Model;
use super::plan::{Plan, plan, sets};
use super::private::Private;
use super::refresh::refresh;
use super::report;
use super::schema::schema;
use super::validate::{Meaning, check_underscores, validate};
use crate::attributes::configured_region;
use crate::clients::{Clients, Regions};
use crate::diagnostics::diagnostic;
use crate::plugin::{Call, CouldNotRead, NothingChanged, Planned, Read, Resource, Told};
use crate::ses::{MailFrom, Unwanted};
use crate::target::{Target, checked_region, region_for};

/// The resource `ses_identity_mail_from`.
#[derive(Default)]
pub(crate) struct IdentityMailFrom {
    pub(super) regions: Regions,
}

impl IdentityMailFrom {
    /// `regions` is what the provider block says of their codes.
    pub(crate) fn new(regions: Regions) -> Self {
        Self { regions }
    }
}

#[async_trait]
impl Resource for IdentityMailFrom {
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
        check_underscores(&mut call.diags, prior, &meaning);
        if !call.diags.errors.is_empty() {
            return Err(Told);
        }
        let doing = "Could not plan a MAIL FROM domain";
        let regions = [Some(&config.region), prior.map(|prior| &prior.region)];
        let region = region_for(call, doing, regions).await?;
        let prior = prior.map(|prior| prior.placed(region.as_ref()));
        let prior = prior.as_ref();
        let is_cut_over = Private::of(call).is_some_and(|private| private.is_cut_over);
        let plan = plan(prior, config, &meaning, region.as_ref(), is_cut_over);
        report::warn_of_failed(&mut call.diags, &plan, &meaning);
        if let Some(prior) = prior {
            tell_managed(call.configured()?.as_ref(), prior);
        }
        claim(call, prior, &plan, &meaning)?;
        warn_of_rival(call, &plan, &meaning)?;
        if let Some(new) = NewDomain::of(prior, &plan, &meaning) {
            new.advise(call).await?;
        }
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
        let timeout = state.timeout(|timeouts| &timeouts.read);
        let target = Target::of(
            call,
            TYPE_NAME,
            &state.names(),
            "read the MAIL FROM domain",
            timeout,
        )
        .await?;
        let state = state.placed(Some(&target.place.region));
        tell_managed(&target.clients, &state);
        let identity = &target.place.identity;
        let private = Private::of(call).unwrap_or_else(|| {
            // An older release has made the object.
            let private = Private::begin();
            private.keep(call);
            private
        });
        if let Some(sent) = &private.sent {
            target.ses.recall(identity, sent);
        }
        let held = target.ses.get(&target.deadline, identity);
        let held = target.answered(&mut call.diags, held.await)?;
        match held {
            MailFrom::Set(held) => {
                let seen = seen(&state, &held, private.is_cut_over);
                if seen.is_cut_over != private.is_cut_over {
                    let is_cut_over = seen.is_cut_over;
                    let private = Private {
                        is_cut_over,
                        ..private
                    };
                    private.keep(call);
                }
                let read = refresh(&mut call.diags, &target, state, held, seen).await;
                Ok(Read::Is(read))
            }
            // Only an import has left it out so far.
            held if state.mail_from_domain.is_null() => {
                let is_identity = held == MailFrom::Unset;
                let told = report::nothing_to_import(&target.place, is_identity);
                call.diags.add_error(told);
                Err(CouldNotRead)
            }
            MailFrom::UnknownIdentity | MailFrom::Unset => {
                target.ses.gone(identity, &private.object);
                Ok(Read::Gone)
            }
        }
    }

    async fn create(
        &self,
        call: &mut Call<Clients>,
        planned: Model,
    ) -> Result<Model, NothingChanged> {
        let timeout = planned.timeout(|timeouts| &timeouts.create);
        // Of a replacement, what was planned with is that of the object which it replaces.
        Private::begin().keep(call);
        set(call, None, planned, timeout).await
    }

    async fn update(
        &self,
        call: &mut Call<Clients>,
        prior: &Model,
        planned: Model,
    ) -> Result<Model, NothingChanged> {
        let timeout = planned.timeout(|timeouts| &timeouts.update);
        if sets(&planned) {
            set(call, Some(prior), planned, timeout).await
        } else {
            Ok(update_locally(call, prior, planned, timeout).await?)
        }
    }

    async fn delete(&self, call: &mut Call<Clients>, prior: Model) -> Result<(), Told> {
        let timeout = prior.timeout(|timeouts| &timeouts.delete);
        let target = Target::of(
            call,
            TYPE_NAME,
            &prior.names(),
            "unset the MAIL FROM domain",
            timeout,
        )
        .await?;
        let prior = prior.placed(Some(&target.place.region));
        tell_managed(&target.clients, &prior);
        let private = Private::of(call);
        if let Some(sent) = private.as_ref().and_then(|private| private.sent.as_ref()) {
            target.ses.recall(&target.place.identity, sent);
        }
        let (object, own) = private.map(|private| (private.object, private.own)).unzip();
        let unwanted = Unwanted {
            identity: target.place.identity.clone(),
            object,
            own: own.flatten(),
        };
        let unset = target.ses.unset(&target.deadline, &unwanted).await;
        report::unset(&mut call.diags, &target, unset)
    }

    async fn import(&self, call: &mut Call<Clients>, id: &str) -> Result<Model, Told> {
        let check = call.configured()?.region_check();
        let id = ImportId::parse(id, check).map_err(|error| {
            call.diags.add_error(diagnostic(
                "Invalid import id",
                format!(
                    "{error}. {}\n\nThe id of a ses_identity_mail_from is the identity, such as \
                     `example.com` or `sender@example.com`, or identity and region, such as \
                     `example.com@eu-west-1`.",
                    error.remedy()
                ),
                AttributePath::root(),
            ));
            Told
        })?;
        import(call, &id.identity, id.region).await
    }
}

/// Warns where another resource of this provider configuration is planned to set the same
/// identity otherwise: each apply would undo the other.
fn warn_of_rival(call: &mut Call<Clients>, plan: &Plan, meaning: &Meaning) -> Result<(), Told> {
    if let (Some(place), Some(setting)) = (plan.place(meaning), meaning.setting(plan.behavior))
        && let Some(rival) = call.configured()?.managed().plan(&place, &setting)
    {
        report::warn_of_rival(&mut call.diags, &place, &setting, &rival);
    }
    Ok(())
}

/// A resource that is renamed or replaced has what `state` says, so that the plan of
/// the one in its place is not told that somebody else has.
fn tell_managed(clients: &Clients, state: &Model) {
    if let Some((place, domain)) = state.held() {
        clients.managed().tell(&place, domain);
    }
}
