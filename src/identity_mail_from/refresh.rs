//! The state after a read: what SES holds, and what DNS says.

use tf_provider::Diagnostics;
use tf_provider::value::Value;

use super::cut_over::Seen;
use super::model::Model;
use super::report;
use crate::attributes::spelled_as_before;
use crate::dns_check;
use crate::dns_findings::Dns;
use crate::dns_records::dns_records;
use crate::mail_from::{DnsFindings, DomainName, VerificationStatus};
use crate::ses::SetMailFrom;
use crate::target::Target;

/// `state` with what SES `held` when it was asked, as it is `seen` by the cut-over, and
/// the findings of DNS. Local attributes stay as they were; warns of DNS records that are
/// not right, of a domain that SES is about to give up, and of mail that is refused.
pub(super) async fn refresh(
    diags: &mut Diagnostics,
    target: &Target,
    state: Model,
    held: SetMailFrom,
    seen: Seen,
) -> Model {
    // A domain that SES holds and we could not send (it was not set by us) has
    // no records that we could name, and is not asked for.
    let (domain, region) = (held.domain.name(), &target.place.region);
    let findings = look_up(target, &state, domain).await;
    let in_ses = Value::Value(held.domain.as_str().to_owned());
    let mail_from_domain = spelled_as_before(&in_ses, &state.mail_from_domain, |text| {
        DomainName::parse(text).ok()
    });
    let verified = held.status.is(VerificationStatus::Success);
    // To publish records for a domain that was set behind Terraform's back is
    // no advice: the plan is to change it back.
    if state.mail_from_domain.is_null() || state.mail_from_domain == mail_from_domain {
        dns_check::warn_of(diags, &findings, domain, &target.place, verified);
    }
    // Failed is told by the plan, which knows what becomes of it.
    target.warn_of_temporary_failure(diags, &held, Some(&findings.mx));
    if let (Some(amiss), Some(domain)) = (seen.amiss, domain) {
        report::warn_of_refused_mail(diags, &target.place, domain, amiss, &findings.mx);
    }
    Model {
        mail_from_domain,
        behavior_on_mx_failure: seen.behavior,
        behavior_until_verified: seen.until_verified,
        verification_status: Value::Value(held.status.as_str().to_owned()),
        dns_records: dns_records(domain, Some(region), &Value::Null),
        dns: Value::Value(Dns::from(&findings)),
        ..state
    }
}

/// What DNS says of `domain`, as far as `model` wants it to be asked.
pub(super) async fn look_up(
    target: &Target,
    model: &Model,
    domain: Option<&DomainName>,
) -> DnsFindings {
    let dns_check = model.dns_check.as_option();
    let (clients, place) = (&target.clients, &target.place);
    dns_check::look_up(clients, &target.deadline, dns_check, domain, place).await
}
