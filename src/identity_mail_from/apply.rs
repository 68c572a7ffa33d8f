//! What a create or an update sends to SES, and the state that comes of it.

use std::time::Duration;

use tf_provider::value::Value;

use super::TYPE_NAME;
use super::cut_over::{Prior, behavior, is_cut_over_by};
use super::model::Model;
use super::private::Private;
use super::refresh::look_up;
use super::report;
use super::validate::validate;
use crate::clients::Clients;
use crate::dns_check;
use crate::dns_findings::Dns;
use crate::mail_from::{BehaviorOnMxFailure, VerificationStatus};
use crate::plugin::{Call, NothingChanged, Told};
use crate::ses::{MailFrom, Set, Setting, Wanted};
use crate::target::Target;

/// Sends the planned setting, and returns the state that SES will hold. Without `prior`
/// it is a create: an error would taint, so there is none once SES has accepted the setting.
pub(super) async fn set(
    call: &mut Call<Clients>,
    prior: Option<&Model>,
    planned: Model,
    timeout: Duration,
) -> Result<Model, NothingChanged> {
    let meaning = validate(&mut call.diags, &planned);
    let target = Target::of(
        call,
        TYPE_NAME,
        &planned.names(),
        "set the MAIL FROM domain",
        timeout,
    )
    .await?;
    let mut private = Private::of(call).unwrap_or_else(Private::begin);
    let goes_on = prior_of(prior, &planned, &private);
    let Some(mut setting) = meaning.setting(behavior(&meaning, goes_on)) else {
        return Err(NothingChanged);
    };
    let was_cut_over = goes_on.is_some_and(Prior::is_cut_over);
    if let Value::Value(until) = meaning.until_verified
        && until != setting.behavior
        && !was_cut_over
    {
        setting = if_still_verified(call, &target, &private, setting, until).await?;
    }
    let cuts_over = is_cut_over_by(&meaning, setting.behavior);
    let domain = setting.domain.clone();
    let wanted = Wanted {
        identity: target.place.identity.clone(),
        object: private.object.clone(),
        setting,
        // A failed one begins anew, with the next apply.
        restarts: planned.restarts_failed_verification() && !cuts_over,
    };
    let (set, sent) = target.ses.set(&target.deadline, &wanted).await;
    // What was sent, and not made for certain, is none of the object's.
    if sent.is_some() && !matches!(set, Set::NotMade(_)) {
        let is_made = matches!(set, Set::Shown(_) | Set::NotShown(_) | Set::Overtaken);
        private.is_cut_over = cuts_over && (was_cut_over || is_made);
        private.own = Some(wanted.setting);
        private.sent = sent;
    }
    private.keep(call);
    let creating = prior.is_none();
    let status = report::set(&mut call.diags, &target, &domain, set, creating)?;
    // DNS is not asked here: the records cannot exist yet, and the question would
    // plant a negative answer in the resolver's cache.
    let dns_check = planned.dns_check.as_option();
    let dns = dns_check::not_looked_up(&target.clients, dns_check);
    Ok(Model {
        verification_status: Value::Value(status),
        dns: Value::Value(Dns::from(&dns)),
        ..planned
    })
}

/// The state from which the change to `planned` goes on.
fn prior_of<'a>(prior: Option<&'a Model>, planned: &Model, private: &Private) -> Option<Prior<'a>> {
    let restarts = planned.restarts_failed_verification();
    Prior::of(
        prior,
        private.is_cut_over,
        &planned.mail_from_domain,
        restarts,
    )
}

/// `wanted`, which was planned because SES had verified the domain, if it still says so;
/// else with the behaviour `until` it does. A plan may be applied days later.
async fn if_still_verified(
    call: &mut Call<Clients>,
    target: &Target,
    private: &Private,
    wanted: Setting,
    until: BehaviorOnMxFailure,
) -> Result<Setting, Told> {
    let identity = &target.place.identity;
    if let Some(sent) = &private.sent {
        target.ses.recall(identity, sent);
    }
    let held = target.ses.get(&target.deadline, identity);
    let held = target.answered(&mut call.diags, held.await)?;
    if let MailFrom::Set(held) = &held
        && held.domain.is(&wanted.domain)
        && held.status.is(VerificationStatus::Success)
    {
        return Ok(wanted);
    }
    let setting = Setting {
        behavior: until,
        ..wanted
    };
    let (diags, place) = (&mut call.diags, &target.place);
    report::warn_of_late_cut_over(diags, place, &setting, wanted.behavior, &held);
    Ok(setting)
}

/// A change for which SES holds already what it is to hold: it is not called.
pub(super) async fn update_locally(
    call: &mut Call<Clients>,
    prior: &Model,
    planned: Model,
    timeout: Duration,
) -> Result<Model, Told> {
    let meaning = validate(&mut call.diags, &planned);
    let mut private = Private::of(call).unwrap_or_else(Private::begin);
    let held = behavior(&meaning, prior_of(Some(prior), &planned, &private));
    private.is_cut_over = held.is_some_and(|held| is_cut_over_by(&meaning, held));
    if !planned.dns.is_unknown() {
        private.keep(call);
        return Ok(planned);
    }
    let target = Target::of(
        call,
        TYPE_NAME,
        &planned.names(),
        "look up the DNS records",
        timeout,
    )
    .await?;
    let domain = meaning.names.mail_from_domain.as_ref();
    let dns = look_up(&target, &planned, domain).await;
    private.keep(call);
    Ok(Model {
        dns: Value::Value(Dns::from(&dns)),
        ..planned
    })
}
