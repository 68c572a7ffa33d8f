//! The cut-over: until SES first says Success of a MAIL FROM domain, the identity has
//! `behavior_until_verified`, and from then on `behavior_on_mx_failure`. Pure.
//!
//! The state says all the while which `behavior_on_mx_failure` is wanted, so that what SES
//! holds hangs on two things more:
//!
//! | `behavior_until_verified` in the state | cut over | SES holds |
//! |---|---|---|
//! | null | | `behavior_on_mx_failure` |
//! | set | no | `behavior_until_verified` |
//! | set | yes | `behavior_on_mx_failure` |
//!
//! Whether it is cut over is kept in the private state. The status does not tell: SES may
//! fall back to Pending with the very Set by which it is cut over.
//!
//! | a Set, or none, because | SES is to hold |
//! |---|---|
//! | the domain begins anew: created, another domain, a failed one started again | until verified |
//! | it is cut over, or SES says Success | on MX failure |
//! | SES says TemporaryFailure | on MX failure if it holds that, else until verified |
//! | SES says anything else | until verified |

use tf_provider::value::Value;

use super::model::Model;
use super::validate::Meaning;
use crate::mail_from::{BehaviorOnMxFailure, DomainName, VerificationStatus};
use crate::ses::SetMailFrom;

use VerificationStatus::{Failed, Success, TemporaryFailure};

/// The state from which a change goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prior<'a> {
    state: &'a Model,
    is_cut_over: bool,
}

impl<'a> Prior<'a> {
    /// `state`, and whether it is cut over by the private state; `None` where the domain
    /// begins anew: as another `mail_from_domain`, or because the change `restarts` a
    /// failed one.
    pub(super) fn of(
        state: Option<&'a Model>,
        is_cut_over: bool,
        mail_from_domain: &Value<String>,
        restarts: bool,
    ) -> Option<Self> {
        let state = state.filter(|state| state.mail_from_domain == *mail_from_domain)?;
        if is_given_up(state) && restarts {
            return None;
        }
        Some(Self {
            state,
            is_cut_over: is_cut_over && state.behavior_until_verified.is_value(),
        })
    }

    pub(super) fn is_cut_over(self) -> bool {
        self.is_cut_over
    }

    /// Whether SES holds `behavior`, as far as the state knows.
    pub(super) fn holds(self, behavior: BehaviorOnMxFailure) -> bool {
        let held = match &self.state.behavior_until_verified {
            Value::Value(until) if !self.is_cut_over => Some(until),
            _ => self.state.behavior_on_mx_failure.as_ref_option(),
        };
        held.is_some_and(|held| held == behavior.as_str())
    }

    fn is(self, status: VerificationStatus) -> bool {
        is(self.state, status)
    }
}

/// Whether SES has given up the verification of what `state` says.
pub(super) fn is_given_up(state: &Model) -> bool {
    is(state, Failed)
}

fn is(state: &Model, status: VerificationStatus) -> bool {
    let said = state.verification_status.as_ref_option();
    said.is_some_and(|said| said == status.as_str())
}

/// What SES is to do on MX failure by a configuration that means `meaning`; `None` while
/// that is not known. `prior` is `None` where the domain begins anew.
pub(super) fn behavior(meaning: &Meaning, prior: Option<Prior<'_>>) -> Option<BehaviorOnMxFailure> {
    let wanted = meaning.behavior?;
    let is_due = prior.is_some_and(|prior| {
        prior.is_cut_over
            || prior.is(Success)
            || (prior.is(TemporaryFailure) && prior.holds(wanted))
    });
    match &meaning.until_verified {
        _ if is_due => Some(wanted),
        Value::Null => Some(wanted),
        Value::Value(until) => Some(*until),
        // It is null or the default.
        Value::Unknown => (wanted == BehaviorOnMxFailure::default()).then_some(wanted),
    }
}

/// Whether SES, once it has `behavior`, has what is wanted of a verified domain alone.
pub(super) fn is_cut_over_by(meaning: &Meaning, behavior: BehaviorOnMxFailure) -> bool {
    let until = meaning.until_verified.as_ref_option();
    until.is_some_and(|until| *until != behavior)
}

/// What a read makes of the state.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    /// `behavior_on_mx_failure`
    pub(super) behavior: Value<String>,
    /// `behavior_until_verified`
    pub(super) until_verified: Value<String>,
    /// For the private state.
    pub(super) is_cut_over: bool,
    /// What is wrong with it.
    pub(super) amiss: Option<Amiss>,
}

/// What a read may find wrong with a behaviour that refuses mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amiss {
    /// Somebody has set it before the domain was verified.
    TooEarly,
    /// SES looks again for the MX record of a domain that is cut over.
    PendingAgain,
}

/// The state after SES has shown what it `held`:
///
/// | SES shows | and says | cut over | the state says | |
/// |---|---|---|---|---|
/// | until verified | Success | | what SES shows | the plan cuts over |
/// | until verified | else | no | what is wanted, as before | no drift |
/// | until verified | else | yes | what SES shows | drift |
/// | other | Success, TemporaryFailure | | what SES shows | cut over from now on |
/// | other | else | yes | what SES shows | a status that was lost |
/// | other | else | no | what SES shows, and that `behavior_until_verified` is not in force | drift |
pub(super) fn seen(state: &Model, held: &SetMailFrom, is_cut_over: bool) -> Seen {
    let shown = held.behavior_or_default();
    let shown = shown.as_str();
    let seen = Seen {
        behavior: Value::Value(shown.to_owned()),
        until_verified: state.behavior_until_verified.clone(),
        is_cut_over,
        amiss: None,
    };
    let Value::Value(until) = &state.behavior_until_verified else {
        return seen;
    };
    let domain = state.mail_from_domain.as_ref_option();
    let domain = domain.and_then(|domain| DomainName::parse(domain).ok());
    // Another domain, set behind Terraform's back, begins anew.
    let is_cut_over = is_cut_over && domain.is_some_and(|domain| held.domain.is(&domain));
    let is_verified = held.status.is(Success);
    let was_verified = is_verified || held.status.is(TemporaryFailure);
    let seen = Seen {
        is_cut_over,
        ..seen
    };
    match shown == until {
        true if is_verified || is_cut_over => seen,
        true => Seen {
            behavior: state.behavior_on_mx_failure.clone(),
            ..seen
        },
        false if was_verified => Seen {
            is_cut_over: true,
            ..seen
        },
        false if is_cut_over => {
            let is_pending = held.status.is(VerificationStatus::Pending);
            Seen {
                amiss: is_pending.then_some(Amiss::PendingAgain),
                ..seen
            }
        }
        false => Seen {
            until_verified: Value::Null,
            amiss: Some(Amiss::TooEarly),
            ..seen
        },
    }
}

#[cfg(test)]
mod tests;
