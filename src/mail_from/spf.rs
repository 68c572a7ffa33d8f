//! The syntax of SPF records (RFC 7208): the terms that take effect, as an
//! evaluation needs them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Txt;
use super::escape::presentation;
use super::spf_macro::{DomainSpec, has_macro_of_explanations, is_macro_string};

/// Networks of shorter prefixes are those of many companies: a registry hands out
/// addresses by these.
const SHORTEST_IP4: u8 = 8;
const SHORTEST_IP6: u8 = 16;

/// A parsed record: the terms that can take effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpfRecord {
    /// The mechanisms in order, up to `all`: those after it are never reached.
    pub(super) directives: Vec<Directive>,
    /// The record to go on with; none where there is an `all` (section 6.1).
    pub(super) redirect: Option<DomainSpec>,
}

/// A mechanism and the result of its match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) qualifier: Qualifier,
    pub(super) mechanism: Mechanism,
    /// Whether it matches so many addresses that everybody can have one of them.
    pub(super) is_wide: bool,
    /// The term as it is written.
    pub(super) text: String,
}

/// The result that a match gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    /// `+`, or nothing.
    Pass,
    /// `-`, `~` or `?`.
    Other,
}

/// The mechanisms of section 5. `None` stands for the domain that is evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    All,
    Include(DomainSpec),
    A(Option<DomainSpec>),
    Mx(Option<DomainSpec>),
    Ptr,
    Exists(DomainSpec),
    Ip4(AddressRange),
    Ip6,
}

impl Mechanism {
    /// Whether it counts against the ten look-ups of an evaluation (section 4.6.4).
    pub(super) fn looks_something_up(&self) -> bool {
        match self {
            Self::All | Self::Ip4(_) | Self::Ip6 => false,
            Self::Include(_) | Self::A(_) | Self::Mx(_) | Self::Ptr | Self::Exists(_) => true,
        }
    }
}

/// IPv4 addresses as numbers, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AddressRange {
    pub(super) first: u32,
    pub(super) last: u32,
}

impl AddressRange {
    /// The network of `length` bits that holds `address`.
    pub(super) fn network(address: Ipv4Addr, length: u8) -> AddressRange {
        let hosts = u32::MAX.checked_shr(length.into()).unwrap_or(0);
        let first = address.to_bits() & !hosts;
        let last = first | hosts;
        AddressRange { first, last }
    }
}

/// A term that makes the whole record a permanent error (section 4.6).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its term `{}` is not valid SPF", presentation(.0.as_bytes()))]
pub(super) struct SpfSyntaxError(pub(super) String);

/// Whether a TXT record is an SPF record: `v=spf1`, then a space or the end.
pub(super) fn is_spf(record: &Txt) -> bool {
    version_and_terms(record.as_bytes()).is_some()
}

/// Whether `term` alone is a mechanism or a modifier.
pub(super) fn is_term(term: &str) -> bool {
    parse_term(term).is_some()
}

/// Whether `term` alone lets mail pass from so many addresses that everybody can have
/// one of them.
pub(super) fn lets_anybody_pass(term: &str) -> bool {
    matches!(parse_term(term), Some(Term::Directive(directive)) if directive.lets_anybody_pass())
}

impl Directive {
    /// As [`lets_anybody_pass`].
    pub(super) fn lets_anybody_pass(&self) -> bool {
        self.qualifier == Qualifier::Pass && self.is_wide
    }
}

fn version_and_terms(octets: &[u8]) -> Option<&[u8]> {
    let (version, terms) = octets.split_at_checked("v=spf1".len())?;
    let separated = terms.is_empty() || terms.starts_with(b" ");
    (version.eq_ignore_ascii_case(b"v=spf1") && separated).then_some(terms)
}

/// What stands between the spaces of a record behind its version, and where it begins.
fn words(record: &Txt) -> impl Iterator<Item = (usize, &[u8])> {
    let terms = version_and_terms(record.as_bytes()).unwrap_or_default();
    let mut at = record.as_bytes().len() - terms.len();
    let words = terms.split(|&octet| octet == b' ').map(move |word| {
        let begins = at;
        at += word.len() + 1;
        (begins, word)
    });
    words.filter(|(_, word)| !word.is_empty())
}

/// Where one more mechanism of a valid record is to stand so that it is read: where its
/// `all` begins, or else the first of its modifiers, or else `None`, its end.
pub(super) fn place_of_another(record: &Txt) -> Option<usize> {
    let begins = |is_it: fn(&Term) -> bool| {
        let mut words = words(record);
        words.find_map(|(at, word)| {
            let term = parse_term(std::str::from_utf8(word).ok()?)?;
            is_it(&term).then_some(at)
        })
    };
    let is_all = |term: &Term| matches!(term, Term::Directive(d) if d.mechanism == Mechanism::All);
    begins(is_all).or_else(|| begins(|term| !matches!(term, Term::Directive(_))))
}

impl SpfRecord {
    /// Reads a record that [`is_spf`]; terms that are never reached must be
    /// valid too.
    pub(super) fn parse(record: &Txt) -> Result<SpfRecord, SpfSyntaxError> {
        let mut parsed = SpfRecord {
            directives: Vec::new(),
            redirect: None,
        };
        let mut all = false;
        let mut explained = false;
        for (_, text) in words(record) {
            let invalid = || SpfSyntaxError(String::from_utf8_lossy(text).into_owned());
            let term = std::str::from_utf8(text).ok().and_then(parse_term);
            match term.ok_or_else(invalid)? {
                Term::Directive(directive) if !all => {
                    all = directive.mechanism == Mechanism::All;
                    parsed.directives.push(directive);
                }
                Term::Directive(_) | Term::UnknownModifier => {}
                Term::Redirect(spec) => {
                    if parsed.redirect.replace(spec).is_some() {
                        return Err(invalid());
                    }
                }
                Term::Explanation => {
                    if std::mem::replace(&mut explained, true) {
                        return Err(invalid());
                    }
                }
            }
        }
        if all {
            parsed.redirect = None;
        }
        Ok(parsed)
    }
}

enum Term {
    Directive(Directive),
    Redirect(DomainSpec),
    Explanation,
    UnknownModifier,
}

fn parse_term(term: &str) -> Option<Term> {
    let name_end = term.find([':', '/', '=']).unwrap_or(term.len());
    let (name, rest) = term.split_at(name_end);
    match rest.strip_prefix('=') {
        Some(value) => parse_modifier(name, value),
        None => parse_directive(term, name, rest).map(Term::Directive),
    }
}

fn parse_modifier(name: &str, value: &str) -> Option<Term> {
    if name.eq_ignore_ascii_case("redirect") {
        return DomainSpec::parse(value).map(Term::Redirect);
    }
    if name.eq_ignore_ascii_case("exp") {
        return DomainSpec::parse(value).map(|_| Term::Explanation);
    }
    let mut letters = name.bytes();
    let named = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let valid = is_macro_string(value) && !has_macro_of_explanations(value);
    (named && valid).then_some(Term::UnknownModifier)
}

/// `rest` starts with the `:` or `/` that ends the name, or is empty.
fn parse_directive(text: &str, name: &str, rest: &str) -> Option<Directive> {
    let (qualifier, name) = match name.strip_prefix(['-', '~', '?']) {
        Some(name) => (Qualifier::Other, name),
        None => (Qualifier::Pass, name.strip_prefix('+').unwrap_or(name)),
    };
    let argument = rest.strip_prefix(':');
    let mut lengths = (32, 128);
    let mut without_lengths = || {
        let (rest, ip4, ip6) = split_dual_cidr(rest)?;
        lengths = (ip4, ip6);
        Some(rest)
    };
    let name = name.to_ascii_lowercase();
    let mechanism = match name.as_str() {
        "all" => rest.is_empty().then_some(Mechanism::All),
        "include" => DomainSpec::parse(argument?).map(Mechanism::Include),
        "exists" => DomainSpec::parse(argument?).map(Mechanism::Exists),
        "ptr" => optional_spec(rest).map(|_| Mechanism::Ptr),
        "a" => optional_spec(without_lengths()?).map(Mechanism::A),
        "mx" => optional_spec(without_lengths()?).map(Mechanism::Mx),
        "ip4" => {
            let (address, length) = network(argument?, 32)?;
            lengths.0 = length;
            Some(Mechanism::Ip4(AddressRange::network(address, length)))
        }
        "ip6" => {
            let (_, length) = network::<Ipv6Addr>(argument?, 128)?;
            lengths.1 = length;
            Some(Mechanism::Ip6)
        }
        _ => None,
    }?;
    let (ip4, ip6) = lengths;
    let is_wide = mechanism == Mechanism::All || ip4 < SHORTEST_IP4 || ip6 < SHORTEST_IP6;
    Some(Directive {
        qualifier,
        mechanism,
        is_wide,
        text: text.to_owned(),
    })
}

/// Nothing at all, or a colon and a domain.
fn optional_spec(rest: &str) -> Option<Option<DomainSpec>> {
    match rest.strip_prefix(':') {
        Some(spec) => DomainSpec::parse(spec).map(Some),
        None => rest.is_empty().then_some(None),
    }
}

/// Splits off `/24`, `//64` or `/24//64`, and what these come to. A slash inside a
/// macro is none of it.
fn split_dual_cidr(text: &str) -> Option<(&str, u8, u8)> {
    let macros_end = text.rfind('}').map_or(0, |at| at + 1);
    let Some(slash) = text[macros_end..].find('/') else {
        return Some((text, 32, 128));
    };
    let (rest, cidr) = text.split_at(macros_end + slash);
    let (ip4, ip6) = match cidr.split_once("//") {
        Some((ip4, ip6)) => (ip4, prefix_length(ip6, 128)?),
        None => (cidr, 128),
    };
    let ip4 = match ip4 {
        "" => 32,
        ip4 => prefix_length(ip4.strip_prefix('/')?, 32)?,
    };
    Some((rest, ip4, ip6))
}

/// An address, and the length of its network's prefix.
fn network<A: std::str::FromStr>(text: &str, longest: u8) -> Option<(A, u8)> {
    match text.split_once('/') {
        None => Some((text.parse().ok()?, longest)),
        Some((address, length)) => Some((address.parse().ok()?, prefix_length(length, longest)?)),
    }
}

fn prefix_length(text: &str, longest: u8) -> Option<u8> {
    let plain = text == "0" || text.starts_with(|c: char| ('1'..='9').contains(&c));
    text.parse()
        .ok()
        .filter(|length| plain && *length <= longest)
}

#[cfg(test)]
mod tests;
