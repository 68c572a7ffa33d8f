//! The verdict on an SPF record for mail that SES sends.
//!
//! It comes from the [check](super::spf_check) that a receiver would make, for all
//! senders of SES; where the result hangs on lists of addresses, these are compared
//! with SES's ranges.
//!
//! It does no I/O: it says what it has to ask DNS next, and begins anew with each
//! answer.

use std::collections::HashMap;

use super::spf::{AddressRange, Mechanism, SpfRecord, is_spf};
use super::spf_attempt::attempt;
use super::spf_cause::{SpfCause, not_named};
use super::spf_check::{Lists, Passed, SES, SpfAnswer, SpfQuestion, Stop, check};
use super::spf_mend::mended;
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
            let mut shown: Vec<String> = several.iter().map(|record| record.to_string()).collect();
            shown.sort();
            SpfStep::Done(Finding::new(RecordStatus::Multiple, shown))
        }
    }
}

fn missing(records: &[Txt]) -> Finding {
    let attempts: Vec<(&Txt, _)> = records
        .iter()
        .filter_map(|record| Some((record, attempt(record)?)))
        .collect();
    let shown = attempts.iter().map(|(record, _)| record.to_string());
    let mut shown: Vec<String> = shown.collect();
    shown.sort();
    let finding = Finding::new(RecordStatus::Missing, shown);
    match attempts.as_slice() {
        [(record, attempt)] => finding.with(Cause::Spf {
            cause: SpfCause::Attempt(attempt.clone()),
            mended: mended(record),
        }),
        _ => finding,
    }
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
                Ok(passed) if passed.by_name => self.ok(),
                Ok(_) => self.ok().with(self.cause(SpfCause::Ages)),
                Err(stop) => self.stopped(stop),
            });
        }
        Ok(match result {
            Ok(passed) if passed.senders.is_empty() => self.not_passed(record),
            Ok(passed) if passed.by_name => self.ok(),
            Ok(_) => self.wrong(SpfCause::Everyone),
            Err(stop) => self.stopped(stop),
        })
    }

    fn check(&self, record: &SpfRecord, senders: Senders) -> (Result<Passed, Stop>, Lists) {
        check(&self.sender, &self.answers, record, senders)
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
        Cause::Spf {
            cause,
            mended: mended(&self.record),
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
