//! What an invalid term of an SPF record was probably meant to be.

use super::dns_name::distance;
use super::spf::is_term;
use super::spf_attempt::named;
use super::spf_cause::{bare, shown};
use super::spf_meant::words;

/// What makes a term invalid, where that can be told.
pub(super) fn hint(term: &str) -> Option<String> {
    let lower = term.to_ascii_lowercase();
    let (_, mechanism) = bare(&lower);
    let name_end = mechanism.find([':', '/', '=']).unwrap_or(mechanism.len());
    let (name, rest) = mechanism.split_at(name_end);
    if let Some(c) = term
        .chars()
        .find(|c| !c.is_ascii_graphic() || "\"'`".contains(*c))
    {
        return Some(format!("it holds {}", named(c)));
    }
    if let Some(c) = term.chars().find(|c| ",;".contains(*c)) {
        let c = named(c);
        return Some(format!("it holds {c}; terms are separated by spaces alone"));
    }
    if ["redirect", "exp"].contains(&name) && rest.starts_with('=') && is_term(term) {
        return Some(format!("`{name}=` may stand only once"));
    }
    if rest == ":" {
        return Some("no space may stand after the colon".to_owned());
    }
    if let Some(all) = joined_all(term) {
        return Some(format!(
            "a space is missing before `{all}`: strings of one TXT record are joined without one"
        ));
    }
    if ["a", "mx"].contains(&name)
        && let Some(address) = rest.strip_prefix(':')
        && is_term(&format!("ip4:{address}"))
    {
        return Some(format!("an address is written `ip4:{address}`"));
    }
    let known = [
        "all", "a", "mx", "ptr", "ip4", "ip6", "include", "exists", "redirect",
    ];
    if !known.contains(&name) {
        let near = known
            .iter()
            .find(|known| known.len() > 2 && distance(known, name) <= 2);
        if let Some(known) = near {
            return Some(format!("`{known}` is probably meant"));
        }
    }
    meant(term).map(|meant| format!("{} is probably meant", shown(&meant)))
}

/// What was probably meant by a term, where it is something else.
pub(super) fn meant(term: &str) -> Option<String> {
    // Nobody writes longer ones by hand.
    if term.len() > 512 {
        return None;
    }
    let words = words(term).into_iter().map(|word| word.meant);
    let meant = words.collect::<Option<Vec<String>>>()?.join(" ");
    (!meant.is_empty() && meant != term).then_some(meant)
}

/// The `~all` at the end of a term that is valid without it.
fn joined_all(term: &str) -> Option<&str> {
    final_all(term, is_term)
}

/// The `~all` at the end of a term, where what is before it `is_term`.
pub(super) fn final_all(term: &str, is_term: impl Fn(&str) -> bool) -> Option<&str> {
    let at = term.len().checked_sub("~all".len())?;
    let (before, all) = term.split_at_checked(at)?;
    let is_all = all.starts_with(['-', '~', '?', '+']) && bare(all).1.eq_ignore_ascii_case("all");
    (is_all && is_term(before)).then_some(all)
}
