//! From the records that DNS holds to the verdicts on a MAIL FROM domain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::cache::{Cache, Freshness};
use super::check::Check;
use super::gate::Gate;
use super::lookup::{Answer, LookupError, Question, RecordType};
use super::name_servers::NameServers;
use crate::mail_from::{DnsFindings, DomainName, Finding, Mx, Place, Txt, presentation};

/// Whom to ask, and how patiently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The servers, in order; none means those of the system.
    pub nameservers: Vec<SocketAddr>,
    /// How long one try may take.
    pub timeout: Duration,
    /// How many tries a look-up has: at least one, and one for each server
    /// while `timeout` times `attempts` lasts.
    pub attempts: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            nameservers: Vec::new(),
            timeout: Duration::from_secs(2),
            attempts: 2,
        }
    }
}

/// Asks DNS, remembers the answers for as long as it lives, and judges them.
/// A look-up takes `timeout` times `attempts` at most; servers that are silent
/// several times in a row are left alone for half a minute. Clones share the memory.
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

    /// All MX records of a MAIL FROM domain, and the verdict on them.
    pub async fn check_mx(
        &self,
        mail_from: &DomainName,
        place: &Place,
    ) -> Result<(Vec<Mx>, Finding), LookupError> {
        let check = self.check_as(mail_from, place, Freshness::Cached);
        check.mx_explained().await
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
        let answer = self.ask(name, RecordType::Mx, freshness).await?;
        Ok(answer.mx())
    }

    /// All TXT records of `name`; none where it has none or does not exist.
    pub(super) async fn txt_as(
        &self,
        name: &str,
        freshness: Freshness,
    ) -> Result<Vec<Txt>, LookupError> {
        let answer = self.ask(name, RecordType::Txt, freshness).await?;
        Ok(answer.txt())
    }

    /// Whether `name` exists and has an IPv4 address.
    pub(super) async fn has_address(
        &self,
        name: &str,
        freshness: Freshness,
    ) -> Result<bool, LookupError> {
        let answer = self.ask(name, RecordType::A, freshness).await?;
        Ok(answer.has_address())
    }

    /// The name that `name` is an alias (CNAME) of, if it is one.
    pub(super) async fn alias_of(
        &self,
        name: &str,
        freshness: Freshness,
    ) -> Result<Option<String>, LookupError> {
        let answer = self.ask(name, RecordType::Cname, freshness).await?;
        Ok(answer.cname())
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

#[cfg(test)]
mod tests;
