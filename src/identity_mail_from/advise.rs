//! Advice on a MAIL FROM domain that is new or changes: what SES does not
//! refuse, and the practitioner may regret. Warnings alone: what is planned
//! never hangs on an answer, and what cannot be answered soon is left unsaid.
//!
//! The MX record may not exist yet, and resolvers that are asked for it would
//! remember its absence for as long as the zone says. So the zone's own servers
//! alone are asked, and nothing is said where none of them answers.

use tf_provider::AttributePath;

use super::model::Model;
use super::plan::Plan;
use super::validate::Meaning;
use crate::clients::Clients;
use crate::diagnostics::warn;
use crate::mail_from::{
    Advice, BehaviorOnMxFailure, DomainName, Finding, Identity, Mx, Place, RecordStatus,
    RequiredRecords, advice, receiving,
};
use crate::plugin::{Call, CancellationToken, Told};
use crate::ses::{Client, Error, MailFrom, SetMailFrom};

/// A MAIL FROM domain that an identity is to get.
#[derive(Clone, Debug)]
pub(super) struct NewDomain<'a> {
    place: Place,
    domain: &'a DomainName,
    behavior: Option<BehaviorOnMxFailure>,
    dns_check: Option<bool>,
    /// Whether the resource is created, so that nothing may be there yet.
    creates: bool,
}

/// What SES and DNS said, as far as they did.
#[derive(Clone, Debug, Default)]
struct Answers {
    /// Whether the domain is an identity itself.
    is_identity: bool,
    /// What the identity has before the resource is created, if no resource of this
    /// state has set it.
    held: Option<SetMailFrom>,
    /// Whether the identity is an address that SES does not know, of a domain that it
    /// knows.
    only_domain_known: bool,
    /// The MX records of the domain, and the verdict on them.
    mx: Option<(Vec<Mx>, Finding)>,
}

impl<'a> NewDomain<'a> {
    /// `None` where the domain stays or is not known yet.
    pub(super) fn of(prior: Option<&Model>, plan: &Plan, meaning: &'a Meaning) -> Option<Self> {
        let planned = &plan.planned;
        let stays = prior.is_some_and(|prior| prior.mail_from_domain == planned.mail_from_domain);
        // A replacement is planned once more, as a create.
        if stays || !plan.requires_replace.is_empty() {
            return None;
        }
        Some(Self {
            place: plan.place(meaning)?,
            domain: meaning.names.mail_from_domain.as_ref()?,
            behavior: plan.behavior,
            dns_check: planned.dns_check.as_option(),
            creates: prior.is_none(),
        })
    }

    /// Asks SES and DNS, and warns.
    pub(super) async fn advise(&self, call: &mut Call<Clients>) -> Result<(), Told> {
        let clients = call.configured()?;
        let stop = call.stop();
        let (is_identity, held, mx) = tokio::join!(
            self.is_identity(self.domain, &clients, stop),
            self.held(&clients, stop),
            self.mx(&clients, stop)
        );
        let (mut others, mut only_domain_known) = (None, false);
        match held {
            Some(MailFrom::Set(held)) => {
                if !self.is_managed(&held, &clients, stop).await {
                    others = Some(held);
                }
            }
            Some(MailFrom::UnknownIdentity) => {
                if let Identity::Address(address) = &self.place.identity {
                    let known = self.is_identity(address.domain(), &clients, stop).await;
                    only_domain_known = known.unwrap_or(false);
                }
            }
            Some(MailFrom::Unset) | None => {}
        }
        let answers = Answers {
            is_identity: is_identity.unwrap_or(false),
            held: others,
            only_domain_known,
            mx,
        };
        let undocumented = self.has_undocumented_records();
        for (attribute, advice) in undocumented.into_iter().chain(self.warnings(&answers)) {
            warn(&mut call.diags, advice, AttributePath::new(attribute));
        }
        Ok(())
    }

    async fn is_identity(
        &self,
        domain: &DomainName,
        clients: &Clients,
        stop: &CancellationToken,
    ) -> Option<bool> {
        let client = self.client(clients)?;
        said(clients.advice(stop, client.is_identity(domain)).await?)
    }

    /// What SES holds before a resource is created.
    async fn held(&self, clients: &Clients, stop: &CancellationToken) -> Option<MailFrom> {
        if !self.creates {
            return None;
        }
        let client = self.client(clients)?;
        let deadline = clients.advice_deadline(stop);
        let held = client.get(&deadline, &self.place.identity);
        said(clients.advice(stop, held).await?)
    }

    /// Whether it is what a resource of this state has set: one that is replaced by
    /// this one, or renamed. What is planned already needs no further look.
    async fn is_managed(
        &self,
        held: &SetMailFrom,
        clients: &Clients,
        stop: &CancellationToken,
    ) -> bool {
        match held.domain.name() {
            Some(domain) if domain == self.domain => true,
            Some(domain) => {
                let has = clients.managed().has(&self.place, domain);
                clients.advice(stop, has).await.unwrap_or(false)
            }
            None => false,
        }
    }

    async fn mx(&self, clients: &Clients, stop: &CancellationToken) -> Option<(Vec<Mx>, Finding)> {
        let resolver = clients.dns(self.dns_check).ok()?;
        let check = resolver.check_mx_before(self.domain, &self.place);
        let (records, finding) = said(clients.advice(stop, check).await?)?;
        if self.behavior != Some(BehaviorOnMxFailure::RejectMessage) {
            return Some((records, finding));
        }
        // All mail hangs on it, so the region that it names has to exist.
        let check = resolver.check_region(&records, &self.place.region);
        let amiss = clients.advice(stop, check).await.flatten();
        Some((records, amiss.unwrap_or(finding)))
    }

    fn client(&self, clients: &Clients) -> Option<Client> {
        said(clients.ses(&self.place.region).map_err(Error::from))
    }

    /// Each warning with the attribute that it is about.
    fn warnings(&self, answers: &Answers) -> Vec<(&'static str, Advice)> {
        let mut warnings = Vec::new();
        if let Some(held) = &answers.held {
            warnings.push(self.overwrites(held));
        }
        if answers.only_domain_known {
            warnings.push(("identity", self.is_not_registered()));
        }
        if answers.is_identity {
            warnings.push(("mail_from_domain", self.is_an_identity()));
        }
        if let Some((records, finding)) = &answers.mx {
            let receives = self.receives_mail(records, finding);
            warnings.extend(receives.or_else(|| self.is_mistaken(finding)));
            warnings.extend(self.rejects(finding));
        }
        warnings
    }

    fn overwrites(&self, held: &SetMailFrom) -> (&'static str, Advice) {
        let Self { place, domain, .. } = self;
        let Place { identity, region } = place;
        let other = &held.domain;
        let advice = Advice {
            summary: "Identity has another MAIL FROM domain already",
            detail: format!(
                "{identity} in {region} has the MAIL FROM domain {other} ({}). Applying this plan \
                 puts {domain} in its place. If a resource that this one replaces has set {other} \
                 (`create_before_destroy`), nothing has to be done. If something else manages \
                 {other}, the two undo each other. To manage what is there instead, set `mail_from_domain = \"{other}\"`, and \
                 run `terraform import ses_identity_mail_from.NAME {identity}@{region}` or write \
                 an `import` block with `id = \"{identity}@{region}\"`.",
                held.status
            ),
        };
        ("mail_from_domain", advice)
    }

    fn is_not_registered(&self) -> Advice {
        let Place { identity, region } = &self.place;
        let domain = identity.domain();
        Advice {
            summary: "SES does not know an e-mail address, and knows its domain",
            detail: format!(
                "{identity} is no identity of this account in {region}, and {domain} is: SES \
                 refuses to set a MAIL FROM domain for {identity}, until the address is registered \
                 itself. The MAIL FROM domain of {domain} holds for all addresses at {domain} that \
                 are not: set `identity = \"{domain}\"`, or register {identity} with SES first."
            ),
        }
    }

    fn has_undocumented_records(&self) -> Option<(&'static str, Advice)> {
        let Place { region, .. } = &self.place;
        if region.has_documented_records() {
            return None;
        }
        let advice = Advice {
            summary: "DNS records of a MAIL FROM domain have to be compared with the console",
            detail: format!(
                "AWS documents the MX host and the SPF include of the commercial regions and of \
                 GovCloud, and {region} is neither. `dns_records` has what would be right there, \
                 and the findings in `dns` are measured by it. Compare the records with those that \
                 the SES console shows for {} before you publish them.",
                self.domain
            ),
        };
        Some(("mail_from_domain", advice))
    }

    fn is_an_identity(&self) -> Advice {
        let Self { place, domain, .. } = self;
        let Place { identity, region } = place;
        Advice {
            summary: "MAIL FROM domain is itself an identity of SES",
            detail: format!(
                "{domain} is an identity of this account in {region}, so mail may be sent from \
                 it. A MAIL FROM domain takes the bounces of {identity} and must not be used in \
                 From addresses: bounces that are forwarded to them would come back as bounces. \
                 Use a subdomain of {} that sends no mail.",
                identity.domain()
            ),
        }
    }

    /// Of a domain that has mail of its own; a wildcard's or an alias's mail is none.
    fn receives_mail(&self, mx: &[Mx], finding: &Finding) -> Option<(&'static str, Advice)> {
        let receiving = receiving(mx, &self.place.region, self.domain);
        if receiving.is_empty() || finding.elsewhere.is_some() {
            return None;
        }
        let records: Vec<String> = receiving.iter().map(|mx| format!("`{mx}`")).collect();
        let advice = Advice {
            summary: "MAIL FROM domain receives mail",
            detail: format!(
                "{} has the MX records {}, so it receives mail. SES takes a MAIL FROM domain only \
                 if its own host is the one MX record, and then that mail is lost. Use a subdomain \
                 of {} that receives no mail.",
                self.domain,
                records.join(", "),
                self.place.identity.domain()
            ),
        };
        Some(("mail_from_domain", advice))
    }

    /// Of records that are there and have to be mended.
    fn is_mistaken(&self, finding: &Finding) -> Option<(&'static str, Advice)> {
        if finding.found.is_empty() {
            return None;
        }
        let required = RequiredRecords::new(Some(self.domain), Some(&self.place.region));
        Some(("mail_from_domain", advice(finding, &required.mx)?))
    }

    fn rejects(&self, found: &Finding) -> Option<(&'static str, Advice)> {
        if self.behavior != Some(BehaviorOnMxFailure::RejectMessage) {
            return None;
        }
        if matches!(found.status, RecordStatus::Ok | RecordStatus::OtherRegion) {
            return None;
        }
        let Self { place, domain, .. } = self;
        let identity = &place.identity;
        let advice = Advice {
            summary: "All mail will be rejected until the MX record is found (RejectMessage)",
            detail: format!(
                "With `behavior_on_mx_failure = \"RejectMessage\"`, SES refuses all mail of \
                 {identity} from this apply until it says Success of {domain}, and the MX record \
                 is not in place ({}). Set `behavior_until_verified = \"UseDefaultValue\"` as \
                 well: SES gets `RejectMessage` with the first apply after it has said Success. \
                 {}.",
                found.status,
                place.publish(domain)
            ),
        };
        Some(("behavior_on_mx_failure", advice))
    }
}

/// The answer, or `None` once it is noted why there is none.
fn said<T, E: std::fmt::Display>(answer: Result<T, E>) -> Option<T> {
    answer
        .inspect_err(|error| tracing::debug!(%error, "no answer for the advice of a plan"))
        .ok()
}

#[cfg(test)]
mod tests;
