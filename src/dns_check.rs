//! What DNS says of a MAIL FROM domain, and what is told about it.

use tf_provider::{AttributePath, Diagnostics};

use crate::clients::{Clients, NotAsked};
use crate::diagnostics::warn;
use crate::mail_from::{
    Advice, DnsFindings, DomainName, Place, Region, RequiredRecords, advice, dmarc_advice,
};
use crate::ses::{Deadline, Interrupted};

/// Asks DNS for the records of `domain`, unless a resource's `dns_check` or the
/// provider says otherwise. A domain that is not known is not asked for. What is
/// not answered by the deadline is unreachable, after a stop unchecked.
pub async fn look_up(
    clients: &Clients,
    deadline: &Deadline,
    dns_check: Option<bool>,
    domain: Option<&DomainName>,
    place: &Place,
) -> DnsFindings {
    if dns_check == Some(false) {
        clients.end_dns_ahead();
    }
    match (clients.dns(dns_check), domain) {
        (Ok(resolver), Some(domain)) => {
            // Where SES is not asked, nothing has begun it.
            deadline.begin();
            match deadline.bound(resolver.check(domain, place)).await {
                Ok(findings) => findings,
                Err(Interrupted::Stopped) => DnsFindings::unchecked(),
                Err(Interrupted::TimedOut) => DnsFindings::unreachable("the time was up"),
            }
        }
        (Ok(_), None) => DnsFindings::unchecked(),
        (Err(reason), _) => not_asked(reason),
    }
}

/// The same by the provider's setting alone, and without the memory of earlier
/// answers: for whoever has waited for the records to change.
pub async fn look_up_fresh(clients: &Clients, domain: &DomainName, place: &Place) -> DnsFindings {
    match clients.dns(None) {
        Ok(resolver) => resolver.check_fresh(domain, place).await,
        Err(reason) => not_asked(reason),
    }
}

/// What is known without asking: that DNS is not to be asked, or that it was not.
pub fn not_looked_up(clients: &Clients, dns_check: Option<bool>) -> DnsFindings {
    match clients.dns(dns_check) {
        Ok(_) => DnsFindings::unchecked(),
        Err(reason) => not_asked(reason),
    }
}

fn not_asked(reason: NotAsked) -> DnsFindings {
    match reason {
        NotAsked::Disabled => DnsFindings::disabled(),
        NotAsked::Unknown => DnsFindings::unchecked(),
    }
}

/// What is to be said about the two records, MX first.
pub fn advise(
    findings: &DnsFindings,
    domain: Option<&DomainName>,
    region: &Region,
) -> impl Iterator<Item = Advice> {
    let required = RequiredRecords::new(domain, Some(region));
    let mx = advice(&findings.mx, &required.mx);
    let spf = advice(&findings.spf, &required.spf);
    [mx, spf].into_iter().flatten()
}

/// Warns of what is not right, DMARC included, at `mail_from_domain`. Where SES has
/// `verified` the domain and DNS contradicts it, that is told as well.
pub fn warn_of(
    diags: &mut Diagnostics,
    findings: &DnsFindings,
    domain: Option<&DomainName>,
    place: &Place,
    verified: bool,
) {
    let doubted = domain.filter(|_| verified && findings.mx.is_amiss());
    let dmarc = domain.and_then(|domain| dmarc_advice(&findings.dmarc, domain, place));
    let records = advise(findings, domain, &place.region).map(|advice| match doubted {
        Some(domain) => advice.doubted(domain),
        None => advice,
    });
    for advice in records.chain(dmarc) {
        warn(diags, advice, AttributePath::new("mail_from_domain"));
    }
}
