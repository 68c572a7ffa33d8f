//! One check of a MAIL FROM domain: what is asked, and what is made of it.

use super::cache::Freshness;
use super::lookup::{Answer, LookupError, Question, RecordType, Records};
use super::resolver::Resolver;
use crate::mail_from::{
    DmarcFinding, DmarcStatus, DmarcStep, DnsFindings, DomainName, Elsewhere, Finding, Mx, Place,
    RecordStatus, SES, SpfAnswer, SpfQuestion, SpfStep, Surroundings, Txt, are_meant_for_ses,
    find_dmarc, judge_mx, judge_spf,
};

/// Asks `resolver` about a MAIL FROM domain of `place`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check<'a> {
    pub(super) resolver: &'a Resolver,
    pub(super) mail_from: &'a DomainName,
    pub(super) place: &'a Place,
    pub(super) freshness: Freshness,
}

impl Check<'_> {
    /// The verdicts on all. Never fails: what cannot be looked up is `unreachable`.
    pub(super) async fn findings(self) -> DnsFindings {
        let (mx, spf, dmarc) = tokio::join!(
            self.verdict(RecordType::Mx),
            self.verdict(RecordType::Txt),
            self.dmarc()
        );
        DnsFindings {
            mx,
            spf,
            dmarc: dmarc
                .unwrap_or_else(|_| DmarcFinding::new(DmarcStatus::Unreachable, Vec::new())),
        }
    }

    /// The MX records of an answer, and the verdict on them. Where it is not as it
    /// should be although there are some, what is elsewhere is asked for as well.
    pub(super) async fn mx_explained(
        self,
        answer: Answer,
    ) -> Result<(Vec<Mx>, Finding), LookupError> {
        let records = answer.clone().mx();
        let finding = judge_mx(&records, &self.place.region, self.mail_from);
        if records.is_empty() {
            return Ok((records, finding));
        }
        let finding = self.explained(finding, &answer).await;
        Ok((records, finding))
    }

    /// The verdict on the records of one type: with what the zone's own servers say
    /// to it, and with what is elsewhere.
    async fn verdict(self, record_type: RecordType) -> Finding {
        let question = Question::new(self.mail_from.as_str(), record_type);
        match self.resolver.ask(&question, self.freshness).await {
            Ok(answer) => {
                let finding = self.judge(&answer).await;
                let (answer, finding) = self.second_opinion(question, answer, finding).await;
                self.explained(finding, &answer).await
            }
            Err(error) => Finding::unreachable(error.to_string()),
        }
    }

    /// The verdict on the records of an answer.
    pub(super) async fn judge(self, answer: &Answer) -> Finding {
        match &answer.records {
            Records::Txt(records) => {
                let finding = self.spf(records).await;
                // Then it is SES that keeps the list of addresses.
                match answer.aliases.iter().any(|alias| alias == SES) {
                    true => finding.of_alias_of_ses(),
                    false => finding,
                }
            }
            Records::Mx(records) => self.mx(records).await,
            _ => self.mx(&[]).await,
        }
    }

    async fn mx(self, records: &[Mx]) -> Finding {
        let region = &self.place.region;
        let amiss = self.resolver.check_region(records, region).await;
        amiss.unwrap_or_else(|| judge_mx(records, region, self.mail_from))
    }

    async fn spf(self, records: &[Txt]) -> Finding {
        let mut step = judge_spf(self.mail_from, records);
        loop {
            step = match step {
                SpfStep::Done(finding) => return finding,
                SpfStep::LookUp(walk) => {
                    let answer = self.spf_answer(walk.question()).await;
                    walk.resume(answer.unwrap_or(SpfAnswer::NoAnswer))
                }
            };
        }
    }

    async fn spf_answer(self, question: &SpfQuestion) -> Result<SpfAnswer, LookupError> {
        let Self {
            resolver,
            freshness,
            ..
        } = self;
        Ok(match question {
            SpfQuestion::Txt(name) => {
                let question = Question::new(name, RecordType::Txt);
                let answer = resolver.ask(&question, freshness).await?;
                match answer.aliases.iter().any(|alias| alias == SES) {
                    true => SpfAnswer::AliasOfSes,
                    false => SpfAnswer::Txt(answer.txt()),
                }
            }
            SpfQuestion::Mx(name) => {
                let records = resolver.mx_as(name, freshness).await?;
                SpfAnswer::Mx(records.iter().filter_map(Mx::mail_host).collect())
            }
            SpfQuestion::Address(name) => {
                SpfAnswer::Address(resolver.has_address(name, freshness).await?)
            }
        })
    }

    async fn dmarc(self) -> Result<DmarcFinding, LookupError> {
        let mut step = find_dmarc(self.place.identity.domain());
        loop {
            step = match step {
                DmarcStep::Done(finding) => return Ok(finding),
                DmarcStep::LookUp(walk) => {
                    let records = self.resolver.txt_as(walk.name(), self.freshness).await?;
                    walk.resume(&records)
                }
            };
        }
    }

    /// The finding with what is elsewhere, if that may explain it. What cannot be
    /// looked up does not.
    async fn explained(self, finding: Finding, answer: &Answer) -> Finding {
        // A record that passes, and is warned of, may be somebody else's as well.
        if !finding.is_amiss() && (finding.status != RecordStatus::Ok || finding.cause.is_none()) {
            return finding;
        }
        let identity = self.place.identity.domain();
        let around = Surroundings::of(self.mail_from, identity, answer.zone.as_deref());
        let records = &answer.records;
        let elsewhere = match self.alias(&around, answer).await {
            Some(alias) => Some(alias),
            // A text that was meant as the record may be a wildcard's as well.
            None if finding.found.is_empty() => self.misplaced(&around, records).await,
            None => match self.wildcard(&around, records).await {
                None if finding.status == RecordStatus::Missing => {
                    self.misplaced(&around, records).await
                }
                wildcard => wildcard,
            },
        };
        Finding {
            elsewhere,
            ..finding
        }
    }

    async fn alias(self, around: &Surroundings, answer: &Answer) -> Option<Elsewhere> {
        let target = answer.aliases.first()?;
        let below = self.below(self.mail_from.as_str(), &answer.records).await;
        if below.is_some_and(|below| below.aliases.first() == Some(target)) {
            for wildcard in &around.wildcards {
                if self.alias_of(wildcard).await.as_ref() == Some(target) {
                    return Some(Elsewhere::alias(target, Some(wildcard)));
                }
            }
        }
        Some(Elsewhere::alias(target, None))
    }

    async fn wildcard(self, around: &Surroundings, records: &Records) -> Option<Elsewhere> {
        if !self.is_by_wildcard(self.mail_from.as_str(), records).await {
            return None;
        }
        for wildcard in &around.wildcards {
            if self.same_type(records, wildcard).await.as_ref() == Some(records) {
                return Some(Elsewhere::Wildcard(wildcard.clone()));
            }
        }
        None
    }

    async fn misplaced(self, around: &Surroundings, records: &Records) -> Option<Elsewhere> {
        for (name, label) in &around.twice {
            if let Some(found) = self.meant(records, name).await
                && !self.is_by_wildcard(name, &found).await
            {
                let (name, label) = (name.clone(), label.clone());
                return Some(Elsewhere::Twice { name, label });
            }
        }
        for name in &around.above {
            if self.meant(records, name).await.is_some() {
                return Some(Elsewhere::Above(name.clone()));
            }
        }
        None
    }

    /// Whether `name` has `records` by a wildcard. Then a name below it has them too; no
    /// wildcard stands for what is below a name that exists (RFC 4592, section 3.3.1).
    async fn is_by_wildcard(self, name: &str, records: &Records) -> bool {
        let below = self.below(name, records).await;
        below.is_some_and(|below| below.records == *records)
    }

    /// What there is of the type of `records` below `name`, where nobody publishes.
    async fn below(self, name: &str, records: &Records) -> Option<Answer> {
        let question = Question::new(&format!("_wildcard.{name}"), type_of(records));
        self.resolver.ask(&question, self.freshness).await.ok()
    }

    /// The records at `name` of the type of `records`, if they were meant for SES.
    async fn meant(self, records: &Records, name: &str) -> Option<Records> {
        let found = self.same_type(records, name).await;
        found.filter(|found| self.is_meant(found))
    }

    /// Whether the records were meant for SES.
    fn is_meant(self, records: &Records) -> bool {
        match records {
            Records::Mx(records) => are_meant_for_ses(records, &self.place.region, self.mail_from),
            Records::Txt(records) => records.iter().any(Txt::is_spf_of_ses),
            _ => false,
        }
    }

    /// The records at `name` of the type of `records`.
    async fn same_type(self, records: &Records, name: &str) -> Option<Records> {
        let question = Question::new(name, type_of(records));
        let answer = self.resolver.ask(&question, self.freshness).await;
        answer.ok().map(|answer| answer.records)
    }

    async fn alias_of(self, name: &str) -> Option<String> {
        let target = self.resolver.alias_of(name, self.freshness).await;
        target.ok().flatten()
    }
}

fn type_of(records: &Records) -> RecordType {
    match records {
        Records::Txt(_) => RecordType::Txt,
        _ => RecordType::Mx,
    }
}
