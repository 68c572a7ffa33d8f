//! What will be: the planned state, whether it takes a replacement, and whether
//! SES will be called. Pure and deterministic: Terraform plans more than once.

use tf_provider::AttributePath;
use tf_provider::value::Value;

use super::cut_over::{Prior, behavior, is_given_up};
use super::model::Model;
use super::validate::Meaning;
use crate::attributes::{NameValues, changed, changed_region};
use crate::dns_records::dns_records;
use crate::mail_from::{BehaviorOnMxFailure, Place, Region};

/// A plan for one resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) planned: Model,
    /// Attributes whose change cannot be made in place.
    pub(super) requires_replace: Vec<AttributePath>,
    /// What becomes of a verification that SES has given up.
    pub(super) given_up: Option<GivenUp>,
    /// What SES is to do on MX failure; `None` while that is not known.
    pub(super) behavior: Option<BehaviorOnMxFailure>,
}

impl Plan {
    /// What is planned for; `None` while that is not known. `meaning` is what the
    /// configuration says.
    pub(super) fn place(&self, meaning: &Meaning) -> Option<Place> {
        Some(Place {
            identity: meaning.names.identity.clone()?,
            region: known_region(&self.planned.region)?,
        })
    }
}

fn known_region(region: &Value<String>) -> Option<Region> {
    Region::parse_any(region.as_ref_option()?).ok()
}

/// What becomes of a MAIL FROM domain that stays, and that SES has stopped
/// looking for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GivenUp {
    /// Its verification is started again.
    Restarted,
    /// It stays as it is, by `restart_failed_verification = false`.
    Left,
}

/// Plans a create (`prior` is `None`) or an update. `meaning` is what `config`
/// says; `region` is the provider's, `None` while that is unknown, or not needed;
/// `is_cut_over` is from the private state.
pub(super) fn plan(
    prior: Option<&Model>,
    config: &Model,
    meaning: &Meaning,
    region: Option<&Region>,
    is_cut_over: bool,
) -> Plan {
    let names = NameValues::planned(
        prior.map(Model::names).as_ref(),
        &config.names(),
        &meaning.names,
        region,
    );
    // Never the prior value that core proposes: not configured means the default.
    let behavior_on_mx_failure = match &config.behavior_on_mx_failure {
        Value::Null => Value::Value(BehaviorOnMxFailure::default().as_str().to_owned()),
        configured => configured.clone(),
    };
    let requires_replace = prior.map_or_else(Vec::new, |prior| {
        let mut changed = changed(&[("identity", &prior.identity, &names.identity)]);
        changed.extend(changed_region(&prior.region, &names.region));
        changed
    });

    let stays = prior.filter(|prior| {
        requires_replace.is_empty() && prior.mail_from_domain == names.mail_from_domain
    });
    let restarts = config.restarts_failed_verification();
    let goes_on = Prior::of(stays, is_cut_over, &names.mail_from_domain, restarts);
    let behavior = behavior(meaning, goes_on);
    let is_held = |(prior, behavior): (Prior<'_>, _)| prior.holds(behavior);
    let unchanged = stays.filter(|_| goes_on.zip(behavior).is_some_and(is_held));
    let given_up = match stays.filter(|prior| is_given_up(prior)) {
        Some(_) if restarts => Some(GivenUp::Restarted),
        Some(_) if unchanged.is_some() => Some(GivenUp::Left),
        _ => None,
    };
    let (verification_status, dns) = match unchanged {
        None => (Value::Unknown, Value::Unknown),
        Some(prior) if prior.dns_check != config.dns_check => {
            (prior.verification_status.clone(), Value::Unknown)
        }
        Some(prior) => (prior.verification_status.clone(), prior.dns.clone()),
    };

    let planned = Model {
        dns_records: dns_records(
            meaning.names.mail_from_domain.as_ref(),
            known_region(&names.region).as_ref(),
            &Value::Unknown,
        ),
        id: names.id,
        identity: names.identity,
        mail_from_domain: names.mail_from_domain,
        region: names.region,
        behavior_on_mx_failure,
        verification_status,
        dns,
        // The rest is as configured.
        ..config.clone()
    };
    Plan {
        planned,
        requires_replace,
        given_up,
        behavior,
    }
}

/// Whether carrying out `planned` takes a Set. Whatever a Set may change is
/// planned unknown exactly then, the status first of all.
pub(super) fn sets(planned: &Model) -> bool {
    planned.verification_status.is_unknown()
}

#[cfg(test)]
mod tests;
