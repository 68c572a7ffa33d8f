//! From the records that DNS holds to the verdicts on a MAIL FROM domain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::cache::{Cache, Freshness};
use super::gate::Gate;
use super::lookup::{Answer, LookupError, Question, RecordType, Records};
use super::name_servers::NameServers;
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
}

/// Asks DNS, remembers the answers for as long as it lives, and judges them.
/// A look-up takes `timeout` times `attempts` at most, but for the time in which
/// servers are too loaded to be asked; servers that are silent are left alone for
/// half a minute. Clones share the memory.
#[derive(Clone, Debug)]
pub struct Resolver {
    cache: Arc<Cache<Gate<NameServers>>>,
}

impl Resolver {
    /// Cheap: the system's settings are read when something is asked.
    pub fn new(settings: Settings) -> Resolver {
        Resolver {
            cache: Arc::new(Cache::new(Gate::new(NameServers::new(settings)))),
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
        let (mx, spf) = tokio::join!(
            self.mx_as(mail_from, freshness),
            self.spf_as(mail_from, freshness),
        );
        DnsFindings {
            mx: mx.map_or_else(unreachable, |records| judge_mx(&records, region)),
            spf: spf.unwrap_or_else(unreachable),
        }
    }

    async fn spf_as(
        &self,
        mail_from: &DomainName,
        freshness: Freshness,
    ) -> Result<Finding, LookupError> {
        let records = self.txt_as(mail_from.as_str(), freshness).await?;
        let mut step = judge_spf(&records);
        loop {
            step = match step {
                SpfStep::Done(finding) => return Ok(finding),
                SpfStep::LookUp(walk) => {
                    let answer = self.txt_as(walk.name(), freshness).await;
                    walk.resume(answer.ok().as_deref())
                }
            };
        }
    }

    async fn mx_as(&self, name: &DomainName, freshness: Freshness) -> Result<Vec<Mx>, LookupError> {
        match self
            .ask(name.as_str(), RecordType::Mx, freshness)
            .await?
            .records
        {
            Records::Mx(records) => Ok(records),
            _ => Ok(Vec::new()),
        }
    }

    async fn txt_as(&self, name: &str, freshness: Freshness) -> Result<Vec<Txt>, LookupError> {
        match self.ask(name, RecordType::Txt, freshness).await?.records {
            Records::Txt(records) => Ok(records),
            _ => Ok(Vec::new()),
        }
    }

    async fn ask(
        &self,
        name: &str,
        record_type: RecordType,
        freshness: Freshness,
    ) -> Result<Answer, LookupError> {
        let question = Question {
            name: name.to_owned(),
            record_type,
        };
        let result = self.cache.look_up(question, freshness).await;
        if let Err(error) = &result {
            let name = presentation(name.as_bytes());
            tracing::debug!(%name, ?record_type, %error, "DNS gave no answer");
        }
        result
    }
}

fn unreachable(error: LookupError) -> Finding {
    Finding::unreachable(error.to_string())
}

#[cfg(test)]
mod tests;
