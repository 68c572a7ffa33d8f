//! The syntax of SPF records (RFC 7208), as far as the search for an include
//! needs it: what each term costs and where it leads.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Txt;
use super::escape::presentation;

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
}

/// The result that a match gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    /// `+`, or nothing.
    Pass,
    /// `-`, `~` or `?`.
    Other,
}

/// The mechanisms of section 5, by what they cost and where they lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// Matches always.
    All,
    /// Matches what the named record passes; one look-up.
    Include(DomainSpec),
    /// `a`, `mx`, `ptr`, `exists`: one look-up.
    LookUp,
    /// `ip4`, `ip6`: no look-up.
    Address,
}

/// A domain in a record, possibly with macros (section 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DomainSpec(String);

impl DomainSpec {
    /// The domain, lower case and without final dot; none where it hangs on
    /// the mail and its sender.
    pub(super) fn name(&self) -> Option<String> {
        let name = self.0.strip_suffix('.').unwrap_or(&self.0);
        (!name.contains('%')).then(|| name.to_ascii_lowercase())
    }
}

/// A term that makes the whole record a permanent error (section 4.6).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its term `{}` is not valid SPF, so receivers ignore the whole record", presentation(.0.as_bytes()))]
pub(super) struct SpfSyntaxError(String);

/// Whether a TXT record is an SPF record: `v=spf1`, then a space or the end.
pub(super) fn is_spf(record: &Txt) -> bool {
    version_and_terms(record.as_bytes()).is_some()
}

fn version_and_terms(octets: &[u8]) -> Option<&[u8]> {
    let (version, terms) = octets.split_at_checked("v=spf1".len())?;
    let separated = terms.is_empty() || terms.starts_with(b" ");
    (version.eq_ignore_ascii_case(b"v=spf1") && separated).then_some(terms)
}

impl SpfRecord {
    /// Reads a record that [`is_spf`]; terms that are never reached must be
    /// valid too.
    pub(super) fn parse(record: &Txt) -> Result<SpfRecord, SpfSyntaxError> {
        let terms = version_and_terms(record.as_bytes()).unwrap_or_default();
        let mut parsed = SpfRecord {
            directives: Vec::new(),
            redirect: None,
        };
        let mut all = false;
        let mut explained = false;
        for term in terms.split(|&octet| octet == b' ') {
            if term.is_empty() {
                continue;
            }
            let invalid = || SpfSyntaxError(String::from_utf8_lossy(term).into_owned());
            let text = std::str::from_utf8(term).map_err(|_| invalid())?;
            match parse_term(text).ok_or_else(invalid)? {
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
        None => parse_directive(name, rest).map(Term::Directive),
    }
}

fn parse_modifier(name: &str, value: &str) -> Option<Term> {
    if name.eq_ignore_ascii_case("redirect") {
        return domain_spec(value).map(Term::Redirect);
    }
    if name.eq_ignore_ascii_case("exp") {
        return domain_spec(value).map(|_| Term::Explanation);
    }
    let mut letters = name.bytes();
    let named = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    (named && is_macro_string(value)).then_some(Term::UnknownModifier)
}

/// `rest` starts with the `:` or `/` that ends the name, or is empty.
fn parse_directive(name: &str, rest: &str) -> Option<Directive> {
    let (qualifier, name) = match name.strip_prefix(['-', '~', '?']) {
        Some(name) => (Qualifier::Other, name),
        None => (Qualifier::Pass, name.strip_prefix('+').unwrap_or(name)),
    };
    let argument = rest.strip_prefix(':');
    let mechanism = match name.to_ascii_lowercase().as_str() {
        "all" => rest.is_empty().then_some(Mechanism::All),
        "include" => domain_spec(argument?).map(Mechanism::Include),
        "exists" => domain_spec(argument?).map(|_| Mechanism::LookUp),
        "ptr" => is_optional(argument, rest).then_some(Mechanism::LookUp),
        "a" | "mx" => {
            let spec = without_dual_cidr(rest)?;
            is_optional(spec.strip_prefix(':'), spec).then_some(Mechanism::LookUp)
        }
        "ip4" => is_network::<Ipv4Addr>(argument?, 32).then_some(Mechanism::Address),
        "ip6" => is_network::<Ipv6Addr>(argument?, 128).then_some(Mechanism::Address),
        _ => None,
    }?;
    Some(Directive {
        qualifier,
        mechanism,
    })
}

/// Nothing at all, or a colon and a domain.
fn is_optional(argument: Option<&str>, rest: &str) -> bool {
    match argument {
        Some(spec) => domain_spec(spec).is_some(),
        None => rest.is_empty(),
    }
}

/// Cuts off `/24`, `//64` or `/24//64`. A slash inside a macro is none of it.
fn without_dual_cidr(text: &str) -> Option<&str> {
    let macros_end = text.rfind('}').map_or(0, |at| at + 1);
    let Some(slash) = text[macros_end..].find('/') else {
        return Some(text);
    };
    let (rest, cidr) = text.split_at(macros_end + slash);
    let (ip4, ip6) = match cidr.split_once("//") {
        Some((ip4, ip6)) => (ip4.strip_prefix('/').or(ip4.is_empty().then_some("0")), ip6),
        None => (cidr.strip_prefix('/'), "0"),
    };
    (is_prefix_length(ip4?, 32) && is_prefix_length(ip6, 128)).then_some(rest)
}

fn is_network<A: std::str::FromStr>(text: &str, longest: u8) -> bool {
    let (address, length) = text.split_once('/').unwrap_or((text, "0"));
    address.parse::<A>().is_ok() && is_prefix_length(length, longest)
}

fn is_prefix_length(text: &str, longest: u8) -> bool {
    let plain = text == "0" || text.starts_with(|c: char| ('1'..='9').contains(&c));
    plain && text.parse::<u8>().is_ok_and(|length| length <= longest)
}

/// A macro string that ends in a macro, or in a dot and a top label that is
/// not a number alone (section 7.1).
fn domain_spec(text: &str) -> Option<DomainSpec> {
    if !is_macro_string(text) {
        return None;
    }
    let ends_in_macro = text.ends_with('}') || ["%%", "%_", "%-"].iter().any(|m| text.ends_with(m));
    let (_, top) = text
        .strip_suffix('.')
        .unwrap_or(text)
        .rsplit_once('.')
        .unwrap_or_default();
    let is_top_label = !top.is_empty()
        && top.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !top.bytes().all(|b| b.is_ascii_digit())
        && !top.starts_with('-')
        && !top.ends_with('-');
    (ends_in_macro || is_top_label).then(|| DomainSpec(text.to_owned()))
}

/// Visible ASCII in which each `%` starts a macro (section 7.1).
fn is_macro_string(text: &str) -> bool {
    let mut rest = text;
    while let Some((literal, from_percent)) = rest.split_once('%') {
        if !literal.bytes().all(|b| b.is_ascii_graphic()) {
            return false;
        }
        if let Some(after) = from_percent.strip_prefix(['%', '_', '-']) {
            rest = after;
            continue;
        }
        let Some((expression, after)) = from_percent
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'))
        else {
            return false;
        };
        if !is_macro_expression(expression) {
            return false;
        }
        rest = after;
    }
    rest.bytes().all(|b| b.is_ascii_graphic())
}

/// A letter, digits, `r`, delimiters: `d2`, `ir`, `l1r+`.
fn is_macro_expression(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(|c: char| "slodiphcrtv".contains(c.to_ascii_lowercase()))
    else {
        return false;
    };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.strip_prefix(['r', 'R']).unwrap_or(rest);
    rest.chars().all(|c| ".-+,/_=".contains(c))
}

#[cfg(test)]
mod tests;
