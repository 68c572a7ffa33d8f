//! The state after a read: what SES holds, and what DNS says.

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::model::{Dns, Model, dns_records};
use crate::attributes::{Place, spelled_as_before};
use crate::clients::Clients;
use crate::diagnostics::warn;
use crate::dns_check;
use crate::mail_from::{BehaviorOnMxFailure, DomainName, InPlace, VerificationStatus};
use crate::ses::{Deadline, SetMailFrom};

/// `state` with what SES `held` when it was asked, and the findings of DNS.
/// Local attributes stay as they were; warns of DNS records that are not right,
/// and of a domain that SES is about to give up.
pub(super) async fn refresh(
    diags: &mut Diagnostics,
    clients: &Clients,
    deadline: &Deadline,
    state: Model,
    place: &Place,
    held: SetMailFrom,
) -> Model {
    // A domain that SES holds and we could not send (it was not set by us) has
    // no records that we could name, and is not asked for.
    let domain = DomainName::parse(&held.domain).ok();
    let (domain, region) = (domain.as_ref(), &place.region);
    let dns_check = state.dns_check.as_option();
    let findings = dns_check::look_up(clients, deadline, dns_check, domain, region).await;
    let in_ses = Value::Value(held.domain.clone());
    let mail_from_domain = spelled_as_before(&in_ses, &state.mail_from_domain, |text| {
        DomainName::parse(text).ok()
    });
    // To publish records for a domain that was set behind Terraform's back is
    // no advice: the plan is to change it back.
    if state.mail_from_domain.is_null() || state.mail_from_domain == mail_from_domain {
        dns_check::warn_of(diags, &findings, domain, region);
    }
    warn_of_status(diags, place, domain, &held);
    Model {
        mail_from_domain,
        behavior_on_mx_failure: Value::Value(if held.behavior.is_empty() {
            BehaviorOnMxFailure::default().as_str().to_owned()
        } else {
            held.behavior
        }),
        verification_status: Value::Value(held.status),
        dns_records: dns_records(domain, Some(region), &Value::Null),
        dns: Value::Value(Dns::from(&findings)),
        ..state
    }
}

/// Failed is told by the plan, which knows what becomes of it.
fn warn_of_status(
    diags: &mut Diagnostics,
    place: &Place,
    domain: Option<&DomainName>,
    held: &SetMailFrom,
) {
    let Some(domain) = domain else {
        return;
    };
    if held.status == VerificationStatus::TemporaryFailure.as_str() {
        let in_place = InPlace {
            identity: &place.identity,
            domain,
            region: &place.region,
        };
        let advice = in_place.temporary_failure(held.behavior.parse().unwrap_or_default());
        warn(diags, advice, AttributePath::new("verification_status"));
    }
}
