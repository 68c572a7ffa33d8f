//! The search for Amazon SES in an SPF record and those that it includes.
//!
//! It evaluates as a receiver of mail from SES would (RFC 7208, section 4.6),
//! supposing that no other mechanism matches. It does no I/O: it says which
//! domain's TXT records it needs next.

use std::vec;

use super::spf::{Directive, DomainSpec, Mechanism, Qualifier, SpfRecord, is_spf};
use super::{Finding, RecordStatus, Txt, presentation};

/// The domain whose SPF record lists the senders of SES.
const SES: &str = "amazonses.com";

/// Terms that look something up in one evaluation at most (section 4.6.4).
const LOOK_UPS: u32 = 10;

/// What the search needs, or its end.
#[derive(Debug)]
pub enum SpfStep {
    /// The TXT records of [`SpfWalk::name`].
    LookUp(SpfWalk),
    /// The verdict.
    Done(Finding),
}

/// A search that waits for the TXT records of a domain.
#[derive(Debug)]
pub struct SpfWalk {
    name: String,
    /// How the awaited record continues the evaluation.
    entry: Entry,
    evaluation: Evaluation,
}

#[derive(Clone, Copy, Debug)]
enum Entry {
    Include(Qualifier),
    Redirect,
}

#[derive(Debug)]
struct Evaluation {
    /// The record of the MAIL FROM domain, for the finding.
    shown: String,
    look_ups: u32,
    /// The records that are being evaluated, the outermost first.
    frames: Vec<Frame>,
    /// The first domain whose records could not be looked up.
    unanswered: Option<String>,
}

#[derive(Debug)]
struct Frame {
    directives: vec::IntoIter<Directive>,
    redirect: Option<DomainSpec>,
    /// The qualifier of the include that led here.
    included_as: Qualifier,
}

/// Judges all TXT records of a MAIL FROM domain. Found are the SPF records, or
/// where there is none those that mention SPF: they may have been meant as one.
pub fn judge_spf(records: &[Txt]) -> SpfStep {
    let spf: Vec<&Txt> = records.iter().filter(|record| is_spf(record)).collect();
    let shown = spf.iter().map(|record| record.to_string()).collect();
    let record = match spf.as_slice() {
        [record] => record,
        [] => {
            let attempts = records.iter().map(Txt::to_string);
            let attempts = attempts.filter(|text| text.to_ascii_lowercase().contains("spf"));
            let finding = Finding::new(RecordStatus::Missing, attempts.collect());
            return SpfStep::Done(finding);
        }
        _ => return SpfStep::Done(Finding::new(RecordStatus::Multiple, shown)),
    };
    let evaluation = Evaluation {
        shown: record.to_string(),
        look_ups: 0,
        frames: Vec::new(),
        unanswered: None,
    };
    match SpfRecord::parse(record) {
        Ok(record) => evaluation.enter(record, Qualifier::Pass).run(),
        Err(error) => evaluation.wrong(error.to_string()),
    }
}

impl SpfWalk {
    /// The domain whose TXT records are needed: lower case, no final dot.
    /// May be no valid domain name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Goes on with the answer: all TXT records, or `None` where there was no
    /// answer, which counts as not naming SES.
    pub fn resume(mut self, answer: Option<&[Txt]>) -> SpfStep {
        let Some(records) = answer else {
            self.evaluation.unanswered.get_or_insert(self.name);
            return self.evaluation.run();
        };
        let spf: Vec<&Txt> = records.iter().filter(|record| is_spf(record)).collect();
        let broken = match spf.as_slice() {
            [record] => match SpfRecord::parse(record) {
                Ok(record) => {
                    return match self.entry {
                        Entry::Include(qualifier) => self.evaluation.enter(record, qualifier),
                        Entry::Redirect => self.evaluation.replace(record),
                    }
                    .run();
                }
                Err(_) => "has an SPF record that is not valid",
            },
            [] => "has no SPF record",
            _ => "has several SPF records",
        };
        let name = presentation(self.name.as_bytes());
        self.evaluation.wrong(format!(
            "it leads to {name}, which {broken}, so receivers ignore the whole record"
        ))
    }
}

impl Evaluation {
    fn run(mut self) -> SpfStep {
        loop {
            let Some(frame) = self.frames.last_mut() else {
                return self.not_named();
            };
            let target = match frame.directives.next() {
                Some(directive) => match directive.mechanism {
                    Mechanism::Include(target) => {
                        Some((target, Entry::Include(directive.qualifier)))
                    }
                    Mechanism::LookUp => None,
                    Mechanism::All | Mechanism::Address => continue,
                },
                None => match frame.redirect.take() {
                    Some(target) => Some((target, Entry::Redirect)),
                    None => {
                        self = self.leave();
                        continue;
                    }
                },
            };
            self.look_ups += 1;
            if self.look_ups > LOOK_UPS {
                return self.wrong(format!(
                    "it does not come to `include:{SES}` within the {LOOK_UPS} look-ups that \
                     SPF allows, so receivers ignore the whole record"
                ));
            }
            let Some((target, entry)) = target else {
                continue;
            };
            // A domain made of macros hangs on the mail: it names nobody here.
            let Some(name) = target.name() else {
                continue;
            };
            if name != SES {
                return SpfStep::LookUp(SpfWalk {
                    name,
                    entry,
                    evaluation: self,
                });
            }
            let result = match entry {
                Entry::Include(qualifier) => qualifier,
                Entry::Redirect => Qualifier::Pass,
            };
            match self.matched(result) {
                Ok(evaluation) => self = evaluation,
                Err(finding) => return SpfStep::Done(finding),
            }
        }
    }

    /// The innermost record has this result for mail from SES. An include
    /// matches only what its record passes, and then gives its own result.
    fn matched(mut self, mut result: Qualifier) -> Result<Evaluation, Finding> {
        while let Some(frame) = self.frames.pop() {
            match result {
                _ if self.frames.is_empty() => break,
                Qualifier::Pass => result = frame.included_as,
                Qualifier::Other => return Ok(self),
            }
        }
        let shown = vec![self.shown];
        Err(match result {
            Qualifier::Pass => Finding::new(RecordStatus::Ok, shown),
            Qualifier::Other => Finding::new(RecordStatus::Wrong, shown).because(format!(
                "it names {SES} with a qualifier (`-`, `~` or `?`) that does not let its mail pass"
            )),
        })
    }

    fn enter(mut self, record: SpfRecord, included_as: Qualifier) -> Evaluation {
        self.frames.push(Frame {
            directives: record.directives.into_iter(),
            redirect: record.redirect,
            included_as,
        });
        self
    }

    /// A redirect: the record takes the place of the one that names it.
    fn replace(mut self, record: SpfRecord) -> Evaluation {
        let included_as = self.frames.pop().map_or(Qualifier::Pass, |f| f.included_as);
        self.enter(record, included_as)
    }

    /// The innermost record did not match.
    fn leave(mut self) -> Evaluation {
        self.frames.pop();
        self
    }

    fn not_named(self) -> SpfStep {
        let mut reason = format!("it does not lead to `include:{SES}`");
        if let Some(name) = &self.unanswered {
            let name = presentation(name.as_bytes());
            reason.push_str(&format!(" ({name} could not be looked up)"));
        }
        self.wrong(reason)
    }

    fn wrong(self, reason: String) -> SpfStep {
        SpfStep::Done(Finding::new(RecordStatus::Wrong, vec![self.shown]).because(reason))
    }
}

#[cfg(test)]
mod tests;
