//! The state after a read: what SES holds, and what DNS says.

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::model::{Dns, Model, dns_records};
use crate::clients::{Clients, NotAsked};
use crate::diagnostics::diagnostic;
use crate::mail_from::{
    BehaviorOnMxFailure, DnsFindings, DomainName, Region, RequiredRecords, advice,
};
use crate::ses::SetMailFrom;

/// `state` with what SES `held` when it was asked, and the findings of DNS.
/// Local attributes stay as they were; warns of DNS records that are not right.
pub(super) async fn refresh(
    diags: &mut Diagnostics,
    clients: &Clients,
    state: Model,
    region: &Region,
    held: SetMailFrom,
) -> Model {
    // A domain that SES holds and we could not send (it was not set by us) has
    // no records that we could name, and is not asked for.
    let domain = DomainName::parse(&held.domain).ok();
    let findings = look_up(clients, &state, domain.as_ref(), region).await;
    warn(diags, &findings, domain.as_ref(), region);
    Model {
        mail_from_domain: spelled_as_before(held.domain, domain.as_ref(), state.mail_from_domain),
        behavior_on_mx_failure: Value::Value(if held.behavior.is_empty() {
            BehaviorOnMxFailure::default().as_str().to_owned()
        } else {
            held.behavior
        }),
        verification_status: Value::Value(held.status),
        dns_records: dns_records(domain.as_ref(), Some(region), &Value::Null),
        dns: Value::Value(Dns::from(&findings)),
        ..state
    }
}

/// Asks DNS, unless the resource or the provider says otherwise.
pub(super) async fn look_up(
    clients: &Clients,
    model: &Model,
    domain: Option<&DomainName>,
    region: &Region,
) -> DnsFindings {
    match (clients.dns(model.dns_check.as_option()), domain) {
        (Err(NotAsked::Disabled), _) => DnsFindings::disabled(),
        (Err(NotAsked::Unknown), _) | (Ok(_), None) => DnsFindings::unchecked(),
        (Ok(resolver), Some(domain)) => resolver.check(domain, region).await,
    }
}

fn warn(
    diags: &mut Diagnostics,
    findings: &DnsFindings,
    domain: Option<&DomainName>,
    region: &Region,
) {
    let required = RequiredRecords::new(domain, Some(region));
    for (finding, record) in [(&findings.mx, &required.mx), (&findings.spf, &required.spf)] {
        if let Some(advice) = advice(finding, record) {
            let path = AttributePath::new("mail_from_domain");
            diags.add_warning(diagnostic(advice.summary, advice.detail, path));
        }
    }
}

/// What SES holds, in the spelling of the state where that means the same.
fn spelled_as_before(
    held: String,
    domain: Option<&DomainName>,
    before: Value<String>,
) -> Value<String> {
    let same = before
        .as_ref_option()
        .and_then(|before| DomainName::parse(before).ok())
        .is_some_and(|before| Some(&before) == domain);
    if same { before } else { Value::Value(held) }
}
