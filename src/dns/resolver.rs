//! From the records that DNS holds to the verdicts on a MAIL FROM domain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::cache::{Cache, Freshness};
use super::gate::Gate;
use super::lookup::{Answer, LookupError, Question, RecordType, Records};
use super::name_servers::NameServers;
use super::own_servers::{Opinions, OwnServers};
use super::second_opinion::Judge;
use super::system;
use crate::mail_from::{
    DnsFindings, DomainName, Finding, Mx, Region, SpfStep, Txt, judge_mx, judge_spf, presentation,
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
        let authoritative = settings.authoritative;
        let asks_own = authoritative.unwrap_or(settings.nameservers.is_empty());
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

    /// The verdicts on both records of `mail_from`. Never fails: what cannot
    /// be looked up is `unreachable`.
    pub async fn check(&self, mail_from: &DomainName, region: &Region) -> DnsFindings {
        self.check_as(mail_from, region, Freshness::Cached).await
    }

    /// The same without the memory of earlier answers, for waits that poll.
    pub async fn check_fresh(&self, mail_from: &DomainName, region: &Region) -> DnsFindings {
        self.check_as(mail_from, region, Freshness::Fresh).await
    }

    /// All MX records of `name`; none where it has none or does not exist.
    pub async fn mx(&self, name: &DomainName) -> Result<Vec<Mx>, LookupError> {
        self.mx_as(name, Freshness::Cached).await
    }

    /// The MX records of a MAIL FROM domain that is about to be set, and whose record
    /// may not be published yet: nobody is asked who would remember for a while that
    /// it is missing. `identity` is the domain that it is under. An error, where no
    /// server of the zone itself answers.
    pub async fn mx_before(
        &self,
        mail_from: &DomainName,
        identity: &DomainName,
    ) -> Result<Vec<Mx>, LookupError> {
        let question = Question::new(mail_from.as_str(), RecordType::Mx);
        match self.held(&question, identity.as_str()).await?.records {
            Records::Mx(records) => Ok(records),
            _ => Ok(Vec::new()),
        }
    }

    /// All TXT records of `name`; none where it has none or does not exist.
    pub async fn txt(&self, name: &DomainName) -> Result<Vec<Txt>, LookupError> {
        self.txt_as(name.as_str(), Freshness::Cached).await
    }

    async fn check_as(
        &self,
        mail_from: &DomainName,
        region: &Region,
        freshness: Freshness,
    ) -> DnsFindings {
        let check = Check {
            resolver: self,
            region,
            freshness,
        };
        let (mx, spf) = tokio::join!(
            self.verdict(mail_from, RecordType::Mx, check),
            self.verdict(mail_from, RecordType::Txt, check),
        );
        DnsFindings {
            mx: mx.unwrap_or_else(unreachable),
            spf: spf.unwrap_or_else(unreachable),
        }
    }

    async fn verdict(
        &self,
        mail_from: &DomainName,
        record_type: RecordType,
        check: Check<'_>,
    ) -> Result<Finding, LookupError> {
        let question = Question::new(mail_from.as_str(), record_type);
        let answer = self.ask(&question, check.freshness).await?;
        Ok(self
            .opinion(question, check.freshness, &answer, &check)
            .await)
    }

    async fn mx_as(&self, name: &DomainName, freshness: Freshness) -> Result<Vec<Mx>, LookupError> {
        let question = Question::new(name.as_str(), RecordType::Mx);
        match self.ask(&question, freshness).await?.records {
            Records::Mx(records) => Ok(records),
            _ => Ok(Vec::new()),
        }
    }

    async fn txt_as(&self, name: &str, freshness: Freshness) -> Result<Vec<Txt>, LookupError> {
        let question = Question::new(name, RecordType::Txt);
        match self.ask(&question, freshness).await?.records {
            Records::Txt(records) => Ok(records),
            _ => Ok(Vec::new()),
        }
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

    /// What servers of the zone itself hold; `above` is a name above that exists.
    async fn held(&self, question: &Question, above: &str) -> Result<Answer, LookupError> {
        if let Some(own) = &self.own
            && let Ok(opinions) = own.inner().look_up_below(question, above).await
            && let Some(opinion) = opinions.servers.into_iter().next()
        {
            return Ok(opinion.answer);
        }
        self.cache.inner().inner().look_up_held(question).await
    }

    async fn ask(&self, question: &Question, freshness: Freshness) -> Result<Answer, LookupError> {
        let result = self.cache.look_up(question.clone(), freshness).await;
        if let Err(error) = &result {
            let Question { name, record_type } = question;
            let name = presentation(name.as_bytes());
            tracing::debug!(%name, ?record_type, %error, "DNS gave no answer");
        }
        result
    }
}

#[derive(Clone, Copy)]
struct Check<'a> {
    resolver: &'a Resolver,
    region: &'a Region,
    freshness: Freshness,
}

impl Judge for Check<'_> {
    async fn judge(&self, answer: &Answer) -> Finding {
        let records = match &answer.records {
            Records::Mx(records) => return judge_mx(records, self.region),
            Records::Txt(records) => records,
            _ => return unreachable(LookupError::Suspended),
        };
        let mut step = judge_spf(records);
        loop {
            step = match step {
                SpfStep::Done(finding) => return finding,
                SpfStep::LookUp(walk) => {
                    let answer = self.resolver.txt_as(walk.name(), self.freshness).await;
                    walk.resume(answer.ok().as_deref())
                }
            };
        }
    }
}

fn unreachable(error: LookupError) -> Finding {
    Finding::unreachable(error.to_string())
}

#[cfg(test)]
mod tests;
