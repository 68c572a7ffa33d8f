//! One check of a MAIL FROM domain: what is asked, and what is made of it.

use super::cache::Freshness;
use super::lookup::{Answer, LookupError, Question, RecordType, Records};
use super::resolver::Resolver;
use crate::mail_from::{
    DmarcFinding, DmarcStatus, DmarcStep, DnsFindings, DomainName, Elsewhere, Finding, Mx, Place,
    RecordStatus, SpfAnswer, SpfQuestion, SpfStep, Surroundings, Txt, are_meant_for_ses,
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
        let finding = judge_mx(&records, &self.place.region);
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
                let finding = self.judge(&answer.records).await;
                let (answer, finding) = self.second_opinion(question, answer, finding).await;
                self.explained(finding, &answer).await
            }
            Err(error) => Finding::unreachable(error.to_string()),
        }
    }

    /// The verdict on these records.
    pub(super) async fn judge(self, records: &Records) -> Finding {
        match records {
            Records::Txt(records) => self.spf(records).await,
            Records::Mx(records) => self.mx(records).await,
            _ => self.mx(&[]).await,
        }
    }

    async fn mx(self, records: &[Mx]) -> Finding {
        let region = &self.place.region;
        let amiss = self.resolver.check_region(records, region).await;
        amiss.unwrap_or_else(|| judge_mx(records, region))
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
            SpfQuestion::Txt(name) => SpfAnswer::Txt(resolver.txt_as(name, freshness).await?),
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
        if !finding.is_amiss() {
            return finding;
        }
        let around = Surroundings::of(self.mail_from, self.place.identity.domain());
        let records = &answer.records;
        let elsewhere = match self.alias(&around, answer).await {
            Some(alias) => Some(alias),
            None if finding.status == RecordStatus::Missing => {
                self.misplaced(&around, records).await
            }
            None => self.wildcard(&around, records).await,
        };
        Finding {
            elsewhere,
            ..finding
        }
    }

    async fn alias(self, around: &Surroundings, answer: &Answer) -> Option<Elsewhere> {
        let target = answer.aliases.first()?;
        for wildcard in &around.wildcards {
            if self.alias_of(wildcard).await.as_ref() == Some(target) {
                return Some(Elsewhere::alias(target, Some(wildcard)));
            }
        }
        Some(Elsewhere::alias(target, None))
    }

    async fn wildcard(self, around: &Surroundings, records: &Records) -> Option<Elsewhere> {
        for wildcard in &around.wildcards {
            if self.same_type(records, wildcard).await.as_ref() == Some(records) {
                return Some(Elsewhere::Wildcard(wildcard.clone()));
            }
        }
        None
    }

    async fn misplaced(self, around: &Surroundings, records: &Records) -> Option<Elsewhere> {
        for (name, label) in &around.twice {
            if self.is_meant(self.same_type(records, name).await) {
                let (name, label) = (name.clone(), label.clone());
                return Some(Elsewhere::Twice { name, label });
            }
        }
        for name in &around.above {
            if self.is_meant(self.same_type(records, name).await) {
                return Some(Elsewhere::Above(name.clone()));
            }
        }
        None
    }

    /// Whether the records were meant for SES.
    fn is_meant(self, records: Option<Records>) -> bool {
        match records {
            Some(Records::Mx(records)) => are_meant_for_ses(&records, &self.place.region),
            Some(Records::Txt(records)) => records.iter().any(Txt::is_spf_of_ses),
            _ => false,
        }
    }

    /// The records at `name` of the type of `records`.
    async fn same_type(self, records: &Records, name: &str) -> Option<Records> {
        let record_type = match records {
            Records::Txt(_) => RecordType::Txt,
            _ => RecordType::Mx,
        };
        let question = Question::new(name, record_type);
        let answer = self.resolver.ask(&question, self.freshness).await;
        answer.ok().map(|answer| answer.records)
    }

    async fn alias_of(self, name: &str) -> Option<String> {
        let target = self.resolver.alias_of(name, self.freshness).await;
        target.ok().flatten()
    }
}
