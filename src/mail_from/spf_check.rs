//! The check of an SPF record (`check_host()` of RFC 7208, section 4.6), for all
//! senders of SES at once: `include:amazonses.com` matches them by definition. That a
//! host of the domain owner (`a`, `mx`, `ptr`) is one of SES's is not supposed.
//!
//! It goes as far as the answers of DNS reach, and asks for the next.

use std::collections::HashMap;

use super::Txt;
use super::spf::{Mechanism, Qualifier, SpfRecord, is_spf};
use super::spf_cause::{Broken, SpfCause};
use super::spf_macro::{DomainSpec, Expanded};
use super::spf_senders::Senders;

/// The domain whose SPF record lists the senders of SES.
pub const SES: &str = "amazonses.com";

/// Terms that look something up in one evaluation at most (section 4.6.4).
pub(super) const LOOK_UPS: usize = 10;

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
    /// Those of SES's domain, which the name is an alias (CNAME) of.
    AliasOfSes,
    /// The hosts of all MX records, lower case and without final dot.
    Mx(Vec<String>),
    /// Whether there is an address.
    Address(bool),
    /// Nothing, for a reason that passes.
    NoAnswer,
}

/// Which of the senders a record lets pass.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) senders: Senders,
    pub(super) grounds: Grounds,
}

/// Why senders pass; of several grounds the last counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grounds {
    /// The record names SES.
    Name,
    /// It lists their addresses.
    Addresses,
    /// This term lets anybody pass.
    Anybody(String),
}

/// What the lists of addresses may change.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) any: bool,
    /// Whether one of them refuses what it lists.
    pub(super) refused: bool,
}

/// Why an evaluation ends early.
#[derive(Debug)]
pub(super) enum Stop {
    Ask(SpfQuestion),
    /// A permanent error (section 4.6).
    Permanent(SpfCause),
    /// This name could not be looked up.
    NoAnswer(String),
    /// The result is another one for each message.
    OfTheMessage,
}

/// Which of `senders` the record of `sender` lets pass, and what its lists of addresses
/// may change.
pub(super) fn check(
    sender: &str,
    answers: &HashMap<SpfQuestion, SpfAnswer>,
    record: &SpfRecord,
    senders: Senders,
) -> (Result<Passed, Stop>, Lists) {
    let mut run = Run {
        sender,
        answers,
        look_ups: Vec::new(),
        void: Vec::new(),
        under_way: Vec::new(),
        lists: Lists::default(),
        may_pass: false,
    };
    let result = match run.check(sender, record, senders) {
        Ok(passed) if passed.senders.is_empty() && run.may_pass => Err(Stop::OfTheMessage),
        result => result,
    };
    (result, run.lists)
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
            grounds: Grounds::Name,
        };
        for directive in &record.directives {
            let qualifier = directive.qualifier;
            let anybody = || Grounds::Anybody(directive.text.clone());
            let (matched, grounds) = match &directive.mechanism {
                Mechanism::All => (left.clone(), anybody()),
                Mechanism::Ip6 => continue,
                Mechanism::Ip4(range) => {
                    self.lists.any = true;
                    self.lists.refused |= qualifier == Qualifier::Other;
                    let grounds = match directive.is_wide {
                        true => anybody(),
                        false => Grounds::Addresses,
                    };
                    (left.within(*range), grounds)
                }
                Mechanism::Ptr => {
                    self.count(&directive.text)?;
                    continue;
                }
                Mechanism::Include(spec) => {
                    self.count(&directive.text)?;
                    let name = self.name(spec, domain, &directive.text)?;
                    let inner = self.record_of(&name, &directive.text, left.clone())?;
                    let grounds = match inner.grounds {
                        Grounds::Anybody(_) => anybody(),
                        grounds => grounds,
                    };
                    (inner.senders, grounds)
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
                        (left.clone(), anybody())
                    } else {
                        continue;
                    }
                }
            };
            left = left.without(&matched);
            if qualifier == Qualifier::Pass && !matched.is_empty() {
                passed.grounds = passed.grounds.max(grounds);
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
                let grounds = match inner.grounds {
                    Grounds::Anybody(_) => Grounds::Anybody(text),
                    grounds => grounds,
                };
                passed.grounds = passed.grounds.max(grounds);
                passed.senders.add(inner.senders);
            }
        }
        self.under_way.pop();
        Ok(passed)
    }

    /// What the record of `name` lets pass, which `term` leads to.
    fn record_of(&mut self, name: &str, term: &str, senders: Senders) -> Result<Passed, Stop> {
        let by_name = |senders| Passed {
            senders,
            grounds: Grounds::Name,
        };
        if name == SES {
            return Ok(by_name(senders));
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
        let records = match self.answer(SpfQuestion::Txt(name.to_owned()))? {
            SpfAnswer::Txt(records) => records,
            SpfAnswer::AliasOfSes => return Ok(by_name(senders)),
            _ => return Err(broken(Broken::NoRecord)),
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
        let too_many = SpfCause::TooManyLookUps;
        add_within(LOOK_UPS, &mut self.look_ups, term, too_many)
    }

    fn found_nothing(&mut self, term: &str) -> Result<(), Stop> {
        add_within(VOID_LOOK_UPS, &mut self.void, term, SpfCause::TooManyVoid)
    }
}

/// Adds a term to those that count against a limit.
fn add_within(
    most: usize,
    terms: &mut Vec<String>,
    term: &str,
    too_many: impl Fn(Vec<String>) -> SpfCause,
) -> Result<(), Stop> {
    terms.push(term.to_owned());
    match terms.len() > most {
        true => Err(Stop::Permanent(too_many(terms.clone()))),
        false => Ok(()),
    }
}
