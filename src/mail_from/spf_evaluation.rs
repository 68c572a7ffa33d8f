//! The verdict on an SPF record for mail that SES sends.
//!
//! It comes from the [check](super::spf_check) that a receiver would make, for all
//! senders of SES; where the result hangs on lists of addresses, these are compared
//! with SES's ranges.
//!
//! It does no I/O: it says what it has to ask DNS next, and begins anew with each
//! answer.

use std::collections::HashMap;

use super::spf::{AddressRange, Directive, Mechanism, SpfRecord, is_spf};
use super::spf_attempt::attempt;
use super::spf_cause::SpfCause;
use super::spf_check::{Grounds, Lists, Passed, SES, SpfAnswer, SpfQuestion, Stop, check};
use super::spf_mend::{Known, mended};
use super::spf_not_named::not_named;
use super::spf_senders::Senders;
use super::{Cause, DomainName, Finding, RecordStatus, Txt};

/// What the evaluation needs, or its end.
#[derive(Debug)]
pub enum SpfStep {
    /// The answer to [`SpfWalk::question`].
    LookUp(SpfWalk),
    /// The verdict.
    Done(Finding),
}

/// An evaluation that waits for an answer.
#[derive(Debug)]
pub struct SpfWalk {
    evaluation: Evaluation,
    question: SpfQuestion,
}

impl SpfWalk {
    /// What has to be asked.
    pub fn question(&self) -> &SpfQuestion {
        &self.question
    }

    /// Goes on with the answer.
    pub fn resume(mut self, answer: SpfAnswer) -> SpfStep {
        self.evaluation.answers.insert(self.question, answer);
        self.evaluation.step()
    }
}

/// Judges all TXT records of `domain`, a MAIL FROM domain. Found are the SPF
/// records, or where there is none those that may have been meant as one.
pub fn judge_spf(domain: &DomainName, records: &[Txt]) -> SpfStep {
    let spf: Vec<&Txt> = records.iter().filter(|record| is_spf(record)).collect();
    match spf.as_slice() {
        [record] => Evaluation {
            sender: domain.as_str().to_owned(),
            record: (*record).clone(),
            answers: HashMap::new(),
        }
        .step(),
        [] => SpfStep::Done(missing(records)),
        several => {
            let cause = Cause::Spf {
                cause: SpfCause::Several,
                mended: mended(several, Known::default()),
            };
            let finding = Finding::new(RecordStatus::Multiple, shown(several));
            SpfStep::Done(finding.with(cause))
        }
    }
}

fn missing(records: &[Txt]) -> Finding {
    let mut attempts: Vec<(&Txt, _)> = records
        .iter()
        .filter_map(|record| Some((record, attempt(record)?)))
        .collect();
    attempts.sort_by_key(|(record, _)| *record);
    let records: Vec<&Txt> = attempts.iter().map(|(record, _)| *record).collect();
    let finding = Finding::new(RecordStatus::Missing, shown(&records));
    match attempts.into_iter().next() {
        Some((_, attempt)) => finding.with(Cause::Spf {
            cause: SpfCause::Attempt(attempt),
            mended: mended(&records, Known::default()),
        }),
        None => finding,
    }
}

fn shown(records: &[&Txt]) -> Vec<String> {
    let mut shown: Vec<String> = records.iter().map(|record| record.to_string()).collect();
    shown.sort();
    shown
}

/// A record, and what was answered so far.
#[derive(Debug)]
struct Evaluation {
    sender: String,
    record: Txt,
    answers: HashMap<SpfQuestion, SpfAnswer>,
}

impl Evaluation {
    fn step(self) -> SpfStep {
        let record = match SpfRecord::parse(&self.record) {
            Ok(record) => record,
            Err(error) => {
                let finding = self.wrong(SpfCause::Invalid(error.0));
                return SpfStep::Done(finding);
            }
        };
        match self.verdict(&record) {
            Ok(finding) => SpfStep::Done(finding),
            Err(question) => SpfStep::LookUp(SpfWalk {
                evaluation: self,
                question,
            }),
        }
    }

    /// The verdict, or what has to be asked first.
    fn verdict(&self, record: &SpfRecord) -> Result<Finding, SpfQuestion> {
        let (wide, others): (Vec<Directive>, Vec<Directive>) = record
            .directives
            .iter()
            .cloned()
            .partition(Directive::lets_anybody_pass);
        if wide.is_empty() {
            return self.verdict_on(record);
        }
        let others = SpfRecord {
            directives: others,
            redirect: record.redirect.clone(),
        };
        let finding = self.verdict_on(&others)?;
        let everyone = SpfCause::Everyone(wide.into_iter().map(|term| term.text).collect());
        Ok(match (finding.status, &finding.cause) {
            (RecordStatus::Ok, _) => self.ok().with(self.cause(everyone)),
            (RecordStatus::Unchecked, _) => self.wrong(everyone),
            (RecordStatus::Wrong, Some(Cause::Spf { cause, .. })) if cause.is_of_senders() => {
                self.wrong(everyone)
            }
            _ => finding,
        })
    }

    /// The verdict on a record in which no term lets anybody pass.
    fn verdict_on(&self, record: &SpfRecord) -> Result<Finding, SpfQuestion> {
        let (result, lists) = self.check(record, Senders::unlisted());
        let result = asking(result)?;
        let depends_on_lists = match &result {
            Ok(passed) if !passed.senders.is_empty() => lists.refused,
            _ => lists.any,
        };
        if depends_on_lists && let Some(ranges) = self.ranges_of_ses()? {
            let (listed, _) = self.check(record, ranges.clone());
            return Ok(match asking(listed)? {
                Ok(passed) if passed.senders.is_empty() => self.not_passed(record),
                Ok(passed) if !ranges.without(&passed.senders).is_empty() => {
                    self.wrong(match lists.refused {
                        true => SpfCause::Refused,
                        false => SpfCause::PartOfRanges,
                    })
                }
                Ok(passed) => self.passed(passed),
                Err(stop) => self.stopped(stop),
            });
        }
        Ok(match result {
            Ok(passed) if passed.senders.is_empty() => self.not_passed(record),
            Ok(passed) => self.passed(passed),
            Err(stop) => self.stopped(stop),
        })
    }

    /// The verdict on a record that lets all of SES's senders pass.
    fn passed(&self, passed: Passed) -> Finding {
        match passed.grounds {
            Grounds::Name => {
                let mended = mended(&[&self.record], Known::default());
                match mended.as_ref().map(|mended| mended.unread.clone()) {
                    Some(unread) if !unread.is_empty() => self.ok().with(Cause::Spf {
                        cause: SpfCause::Unread(unread),
                        mended,
                    }),
                    _ => self.ok(),
                }
            }
            Grounds::Addresses => self.ok().with(self.cause(SpfCause::Ages)),
            Grounds::Anybody(term) => self.wrong(SpfCause::Everyone(vec![term])),
        }
    }

    fn check(&self, record: &SpfRecord, senders: Senders) -> (Result<Passed, Stop>, Lists) {
        check(&self.sender, &self.answers, record, senders)
    }

    /// The terms that list addresses of SES alone.
    fn lists_of_ses(&self) -> Vec<String> {
        let Ok(Some(ranges)) = self.ranges_of_ses() else {
            return Vec::new();
        };
        let record = SpfRecord::parse(&self.record).ok();
        let directives = record.map(|record| record.directives).unwrap_or_default();
        let is_of_ses = |directive: &Directive| match directive.mechanism {
            Mechanism::Ip4(range) => Senders::new(vec![range]).without(&ranges).is_empty(),
            _ => false,
        };
        let lists = directives.into_iter().filter(is_of_ses);
        lists.map(|directive| directive.text).collect()
    }

    /// The addresses that SES sends from; `None` where that cannot be found out.
    fn ranges_of_ses(&self) -> Result<Option<Senders>, SpfQuestion> {
        let question = SpfQuestion::Txt(SES.to_owned());
        let Some(answer) = self.answers.get(&question) else {
            return Err(question);
        };
        let SpfAnswer::Txt(records) = answer else {
            return Ok(None);
        };
        let mut records = records.iter().filter(|record| is_spf(record));
        let record = records.next().and_then(|txt| SpfRecord::parse(txt).ok());
        let directives = record.map(|record| record.directives).unwrap_or_default();
        let ranges: Vec<AddressRange> = directives
            .into_iter()
            .filter_map(|directive| match directive.mechanism {
                Mechanism::Ip4(range) => Some(range),
                _ => None,
            })
            .collect();
        Ok((!ranges.is_empty()).then(|| Senders::new(ranges)))
    }

    fn ok(&self) -> Finding {
        Finding::new(RecordStatus::Ok, vec![self.record.to_string()])
    }

    fn wrong(&self, cause: SpfCause) -> Finding {
        Finding::new(RecordStatus::Wrong, vec![self.record.to_string()]).with(self.cause(cause))
    }

    fn cause(&self, cause: SpfCause) -> Cause {
        let mut known = Known::default();
        match &cause {
            SpfCause::Everyone(terms) => known.of_anybody.clone_from(terms),
            SpfCause::Ages | SpfCause::PartOfRanges => known.of_ses = self.lists_of_ses(),
            _ => {}
        }
        Cause::Spf {
            mended: mended(&[&self.record], known),
            cause,
        }
    }

    fn not_passed(&self, record: &SpfRecord) -> Finding {
        self.wrong(SpfCause::NotNamed(not_named(&self.record, record)))
    }

    fn stopped(&self, stop: Stop) -> Finding {
        let shown = vec![self.record.to_string()];
        match stop {
            Stop::Permanent(cause) => self.wrong(cause),
            Stop::NoAnswer(name) => {
                Finding::new(RecordStatus::Unreachable, shown).with(Cause::NoAnswerFrom { name })
            }
            Stop::OfTheMessage | Stop::Ask(_) => Finding::new(RecordStatus::Unchecked, shown),
        }
    }
}

/// A question comes before any other end.
fn asking(result: Result<Passed, Stop>) -> Result<Result<Passed, Stop>, SpfQuestion> {
    match result {
        Err(Stop::Ask(question)) => Err(question),
        result => Ok(result),
    }
}

#[cfg(test)]
mod tests;
