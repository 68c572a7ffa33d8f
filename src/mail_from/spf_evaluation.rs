//! The evaluation of an SPF record for mail that SES sends.
//!
//! It evaluates as a receiver would (RFC 7208, section 4.6), for all senders of
//! SES at once: `include:amazonses.com` matches them by definition, and lists of
//! addresses are compared with SES's ranges where the result hangs on them. That
//! a host of the domain owner (`a`, `mx`, `ptr`) is one of SES's is not supposed.
//!
//! It does no I/O: it says what it has to ask DNS next, and begins anew with each
//! answer.

use std::collections::HashMap;

use super::spf::{AddressRange, Mechanism, Qualifier, SpfRecord, is_spf};
use super::spf_cause::{Broken, SpfCause, attempt, not_named};
use super::spf_macro::{DomainSpec, Expanded};
use super::spf_mend::mended;
use super::spf_senders::Senders;
use super::{Cause, DomainName, Finding, RecordStatus, Txt};

/// The domain whose SPF record lists the senders of SES.
pub(super) const SES: &str = "amazonses.com";

/// Terms that look something up in one evaluation at most (section 4.6.4).
const LOOK_UPS: usize = 10;

/// Look-ups that find nothing at most (section 4.6.4).
const VOID_LOOK_UPS: usize = 2;

/// Hosts that one `mx` may come to (section 4.6.4).
const MX_HOSTS: usize = 10;

/// What an evaluation asks DNS for. Names are lower case, without final dot; DNS
/// can hold them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SpfQuestion {
    /// The TXT records of a name.
    Txt(String),
    /// The MX records of a name.
    Mx(String),
    /// Whether a name has an IPv4 address.
    Address(String),
}

/// What DNS says to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpfAnswer {
    /// All TXT records.
    Txt(Vec<Txt>),
    /// The hosts of all MX records, lower case and without final dot.
    Mx(Vec<String>),
    /// Whether there is an address.
    Address(bool),
    /// Nothing, for a reason that passes.
    NoAnswer,
}

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
        let mut run = Run {
            sender: &self.sender,
            answers: &self.answers,
            look_ups: Vec::new(),
            void: Vec::new(),
            under_way: Vec::new(),
            lists: Lists::default(),
            may_pass: false,
        };
        let passed = run.check(&self.sender, record, senders);
        let result = match passed {
            Ok(passed) if passed.senders.is_empty() && run.may_pass => Err(Stop::OfTheMessage),
            result => result,
        };
        (result, run.lists)
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

/// Which of the senders a record lets pass.
#[derive(Debug)]
struct Passed {
    senders: Senders,
    /// Whether all of them because the record names SES.
    by_name: bool,
}

/// What the lists of addresses may change.
#[derive(Debug, Default)]
struct Lists {
    any: bool,
    /// Whether one of them refuses what it lists.
    refused: bool,
}

/// Why an evaluation ends early.
#[derive(Debug)]
enum Stop {
    Ask(SpfQuestion),
    /// A permanent error (section 4.6).
    Permanent(SpfCause),
    /// This name could not be looked up.
    NoAnswer(String),
    /// The result is another one for each message.
    OfTheMessage,
}

/// A question comes before any other end.
fn asking(result: Result<Passed, Stop>) -> Result<Result<Passed, Stop>, SpfQuestion> {
    match result {
        Err(Stop::Ask(question)) => Err(question),
        result => Ok(result),
    }
}

/// One evaluation from the beginning, as far as the answers reach.
struct Run<'a> {
    sender: &'a str,
    answers: &'a HashMap<SpfQuestion, SpfAnswer>,
    /// The terms that have looked something up.
    look_ups: Vec<String>,
    /// Those of them that have found nothing.
    void: Vec<String>,
    /// The domains whose records are being evaluated, the outermost first.
    under_way: Vec<String>,
    lists: Lists,
    /// Whether a term that is another one for each message may let it pass.
    may_pass: bool,
}

impl Run<'_> {
    /// Evaluates the record of `domain` (section 4.6) for `senders`.
    fn check(
        &mut self,
        domain: &str,
        record: &SpfRecord,
        senders: Senders,
    ) -> Result<Passed, Stop> {
        self.under_way.push(domain.to_owned());
        let mut left = senders;
        let mut passed = Passed {
            senders: Senders::default(),
            by_name: true,
        };
        for directive in &record.directives {
            let qualifier = directive.qualifier;
            let (matched, by_name) = match &directive.mechanism {
                Mechanism::All => (left.clone(), false),
                Mechanism::Ip6 => continue,
                Mechanism::Ip4(range) => {
                    self.lists.any = true;
                    self.lists.refused |= qualifier == Qualifier::Other;
                    (left.within(*range), false)
                }
                Mechanism::Ptr => {
                    self.count(&directive.text)?;
                    continue;
                }
                Mechanism::Include(spec) => {
                    self.count(&directive.text)?;
                    let name = self.name(spec, domain, &directive.text)?;
                    let inner = self.record_of(&name, &directive.text, left.clone())?;
                    (inner.senders, inner.by_name)
                }
                Mechanism::A(spec) => {
                    self.host(spec.as_ref(), domain, qualifier, &directive.text, Self::a)?;
                    continue;
                }
                Mechanism::Mx(spec) => {
                    self.host(spec.as_ref(), domain, qualifier, &directive.text, Self::mx)?;
                    continue;
                }
                Mechanism::Exists(spec) => {
                    let text = &directive.text;
                    if self.host(Some(spec), domain, qualifier, text, Self::a)? {
                        (left.clone(), false)
                    } else {
                        continue;
                    }
                }
            };
            left = left.without(&matched);
            if qualifier == Qualifier::Pass && !matched.is_empty() {
                passed.by_name &= by_name;
                passed.senders.add(matched);
            }
            if left.is_empty() {
                break;
            }
        }
        if let Some(spec) = record.redirect.as_ref().filter(|_| !left.is_empty()) {
            let text = format!("redirect={spec}");
            self.count(&text)?;
            let name = self.name(spec, domain, &text)?;
            let inner = self.record_of(&name, &text, left)?;
            if !inner.senders.is_empty() {
                passed.by_name &= inner.by_name;
                passed.senders.add(inner.senders);
            }
        }
        self.under_way.pop();
        Ok(passed)
    }

    /// What the record of `name` lets pass, which `term` leads to.
    fn record_of(&mut self, name: &str, term: &str, senders: Senders) -> Result<Passed, Stop> {
        if name == SES {
            return Ok(Passed {
                senders,
                by_name: true,
            });
        }
        let broken = |broken| {
            Stop::Permanent(SpfCause::Leads {
                term: term.to_owned(),
                name: name.to_owned(),
                broken,
            })
        };
        // The same way once more, until there are too many look-ups.
        if self.under_way.iter().any(|domain| domain == name) {
            return Err(broken(Broken::Loops));
        }
        let SpfAnswer::Txt(records) = self.answer(SpfQuestion::Txt(name.to_owned()))? else {
            return Err(broken(Broken::NoRecord));
        };
        let spf: Vec<&Txt> = records.iter().filter(|record| is_spf(record)).collect();
        match spf.as_slice() {
            [record] => match SpfRecord::parse(record) {
                Ok(record) => self.check(name, &record, senders),
                Err(error) => Err(broken(Broken::Invalid(error.0))),
            },
            [] => Err(broken(Broken::NoRecord)),
            _ => Err(broken(Broken::Several)),
        }
    }

    /// Counts a term that asks for a host, and whether it finds one.
    fn host(
        &mut self,
        spec: Option<&DomainSpec>,
        domain: &str,
        qualifier: Qualifier,
        term: &str,
        finds: impl Fn(&mut Self, &str, &str) -> Result<bool, Stop>,
    ) -> Result<bool, Stop> {
        self.count(term)?;
        let Some(spec) = spec else {
            return finds(self, domain, term);
        };
        match self.name(spec, domain, term) {
            Ok(name) => finds(self, &name, term),
            Err(Stop::OfTheMessage) if qualifier == Qualifier::Pass => {
                self.may_pass = true;
                Ok(false)
            }
            Err(stop) => Err(stop),
        }
    }

    fn a(&mut self, name: &str, term: &str) -> Result<bool, Stop> {
        let found = self.answer(SpfQuestion::Address(name.to_owned()))?;
        let found = *found == SpfAnswer::Address(true);
        if !found {
            self.found_nothing(term)?;
        }
        Ok(found)
    }

    fn mx(&mut self, name: &str, term: &str) -> Result<bool, Stop> {
        let SpfAnswer::Mx(hosts) = self.answer(SpfQuestion::Mx(name.to_owned()))? else {
            return Ok(false);
        };
        let hosts = hosts.clone();
        if hosts.is_empty() {
            self.found_nothing(term)?;
        }
        if hosts.len() > MX_HOSTS {
            return Err(Stop::Permanent(SpfCause::TooManyHosts(term.to_owned())));
        }
        for host in hosts {
            if super::dns_name::fits_dns(&host) {
                self.a(&host, term)?;
            }
        }
        Ok(true)
    }

    fn name(&self, spec: &DomainSpec, domain: &str, term: &str) -> Result<String, Stop> {
        match spec.expand(self.sender, domain) {
            Expanded::OfTheMessage => Err(Stop::OfTheMessage),
            Expanded::Name(name) if super::dns_name::fits_dns(&name) => Ok(name),
            Expanded::Name(_) => Err(Stop::Permanent(SpfCause::Invalid(term.to_owned()))),
        }
    }

    fn answer(&self, question: SpfQuestion) -> Result<&SpfAnswer, Stop> {
        match self.answers.get(&question) {
            None => Err(Stop::Ask(question)),
            Some(SpfAnswer::NoAnswer) => {
                let (SpfQuestion::Txt(name) | SpfQuestion::Mx(name) | SpfQuestion::Address(name)) =
                    question;
                Err(Stop::NoAnswer(name))
            }
            Some(answer) => Ok(answer),
        }
    }

    fn count(&mut self, term: &str) -> Result<(), Stop> {
        self.look_ups.push(term.to_owned());
        match self.look_ups.len() > LOOK_UPS {
            true => {
                let terms = self.look_ups.clone();
                Err(Stop::Permanent(SpfCause::TooManyLookUps(terms)))
            }
            false => Ok(()),
        }
    }

    fn found_nothing(&mut self, term: &str) -> Result<(), Stop> {
        self.void.push(term.to_owned());
        match self.void.len() > VOID_LOOK_UPS {
            true => {
                let terms = self.void.clone();
                Err(Stop::Permanent(SpfCause::TooManyVoid(terms)))
            }
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
