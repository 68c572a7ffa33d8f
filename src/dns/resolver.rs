//! From the records that DNS holds to the verdicts on a MAIL FROM domain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::cache::{Cache, Freshness};
use super::check::Check;
use super::gate::Gate;
use super::lookup::{Answer, LookupError, Question, RecordType};
use super::name_servers::NameServers;
use super::own_servers::{Opinions, OwnServers};
use super::system;
use crate::mail_from::{
    DnsFindings, DomainName, Finding, Mx, Place, Region, Txt, no_such_region, presentation,
};

/// Whom to ask, and how patiently.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The servers, in order; none means those of the system.
    pub nameservers: Vec<SocketAddr>,
    /// How long one try may take. `None`: what the system says, or 2 s.
    pub timeout: Option<Duration>,
    /// How many tries a look-up has, one at least. `None`: what the system says,
    /// or two.
    pub attempts: Option<u32>,
    /// Whether the own name servers of zones are asked too. `None`: unless other
    /// servers than those of the system are to be asked.
    pub authoritative: Option<bool>,
}

/// Asks DNS, remembers the answers for as long as it lives, and judges them.
/// A look-up takes `timeout` times `attempts` at most, but for the time in which
/// servers are too loaded to be asked; servers that are silent are left alone for
/// half a minute. Clones share the memory.
#[derive(Clone, Debug)]
pub struct Resolver {
    cache: Arc<Cache<Gate<NameServers>>>,
    /// `None`: not to be asked.
    own: Option<Arc<Cache<OwnServers<Gate<NameServers>>>>>,
}

impl Resolver {
    /// Cheap: the system's settings are read when something is asked.
    pub fn new(settings: Settings) -> Resolver {
        let asks_own = settings
            .authoritative
            .unwrap_or(settings.nameservers.is_empty());
        let cache = Arc::new(Cache::new(Gate::new(NameServers::new(settings))));
        let own = || {
            Arc::new(Cache::new(OwnServers::new(
                Arc::clone(&cache),
                system::PORT,
            )))
        };
        Resolver {
            own: asks_own.then(own),
            cache,
        }
    }

    /// The verdicts on the records of a MAIL FROM domain, and on the DMARC policy of
    /// its identity's domain. Never fails: what cannot be looked up is `unreachable`.
    pub async fn check(&self, mail_from: &DomainName, place: &Place) -> DnsFindings {
        let check = self.check_as(mail_from, place, Freshness::Cached);
        check.findings().await
    }

    /// The same without the memory of earlier answers, for waits that poll.
    pub async fn check_fresh(&self, mail_from: &DomainName, place: &Place) -> DnsFindings {
        let check = self.check_as(mail_from, place, Freshness::Fresh);
        check.findings().await
    }

    /// All MX records of a MAIL FROM domain that is about to be set, and the verdict
    /// on them. They may not be published yet: nobody is asked who would remember for
    /// a while that they are missing. An error, where no server of the zone itself
    /// answers. Another region is believed to exist: see
    /// [`check_region`](Self::check_region).
    pub async fn check_mx_before(
        &self,
        mail_from: &DomainName,
        place: &Place,
    ) -> Result<(Vec<Mx>, Finding), LookupError> {
        let question = Question::new(mail_from.as_str(), RecordType::Mx);
        let answer = self.held(&question, place.identity.domain()).await?;
        let check = self.check_as(mail_from, place, Freshness::Cached);
        check.mx_explained(answer).await
    }

    /// The verdict on MX records that name a region that does not exist; `None` where
    /// they name none, or one that does.
    pub async fn check_region(&self, records: &[Mx], region: &Region) -> Option<Finding> {
        let [record] = records else {
            return None;
        };
        let host = record.names_other_region(region)?;
        // Where it cannot be looked up, it may well be one.
        let exists = self.has_address(&host, Freshness::Cached).await;
        (exists == Ok(false)).then(|| no_such_region(record, region))
    }

    fn check_as<'a>(
        &'a self,
        mail_from: &'a DomainName,
        place: &'a Place,
        freshness: Freshness,
    ) -> Check<'a> {
        Check {
            resolver: self,
            mail_from,
            place,
            freshness,
        }
    }

    /// All MX records of `name`; none where it has none or does not exist.
    pub(super) async fn mx_as(
        &self,
        name: &str,
        freshness: Freshness,
    ) -> Result<Vec<Mx>, LookupError> {
        let question = Question::new(name, RecordType::Mx);
        Ok(self.ask(&question, freshness).await?.mx())
    }

    /// All TXT records of `name`; none where it has none or does not exist.
    pub(super) async fn txt_as(
        &self,
        name: &str,
        freshness: Freshness,
    ) -> Result<Vec<Txt>, LookupError> {
        let question = Question::new(name, RecordType::Txt);
        Ok(self.ask(&question, freshness).await?.txt())
    }

    /// Whether `name` exists and has an IPv4 address.
    pub(super) async fn has_address(
        &self,
        name: &str,
        freshness: Freshness,
    ) -> Result<bool, LookupError> {
        let question = Question::new(name, RecordType::A);
        Ok(!self.ask(&question, freshness).await?.addresses().is_empty())
    }

    /// The name that `name` is an alias (CNAME) of, if it is one.
    pub(super) async fn alias_of(
        &self,
        name: &str,
        freshness: Freshness,
    ) -> Result<Option<String>, LookupError> {
        // Whatever is asked for, the answer tells of aliases.
        let question = Question::new(name, RecordType::Mx);
        let answer = self.ask(&question, freshness).await?;
        Ok(answer.aliases.into_iter().next())
    }

    /// What the zone's own servers say to a question that was asked before; `None`
    /// where they are not to be asked.
    pub(super) async fn own(
        &self,
        question: Question,
        freshness: Freshness,
    ) -> Option<Result<Opinions, LookupError>> {
        Some(self.own.as_ref()?.look_up(question, freshness).await)
    }

    /// What servers of the zone itself hold, where `above` is a domain above the name.
    async fn held(&self, question: &Question, above: &DomainName) -> Result<Answer, LookupError> {
        if let Some(own) = &self.own
            && let Ok(opinions) = own.inner().look_up_below(question, above.as_str()).await
            && let Some(opinion) = opinions.servers.into_iter().next()
        {
            return Ok(opinion.answer);
        }
        self.cache.inner().inner().look_up_held(question).await
    }

    /// What the name servers answer.
    pub(super) async fn ask(
        &self,
        question: &Question,
        freshness: Freshness,
    ) -> Result<Answer, LookupError> {
        let result = self.cache.look_up(question.clone(), freshness).await;
        if let Err(error) = &result {
            let Question { name, record_type } = question;
            let name = presentation(name.as_bytes());
            tracing::debug!(%name, ?record_type, %error, "DNS gave no answer");
        }
        result
    }
}

#[cfg(test)]
mod tests;
