//! What the owner of an SPF record meant by its words, valid or not.

use super::DomainName;
use super::dns_name::distance;
use super::domain_character::{Kind, kind};
use super::spf::is_term;
use super::spf_addresses::{addresses, is_address};
use super::spf_hint::final_all;

/// What every record begins with.
const VERSION: &str = "v=spf1";

/// One word of a record, and the term that was meant by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) written: String,
    /// `None`: nobody can tell.
    pub(super) meant: Option<String>,
}

/// The words of a record without its version, in their order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let text = typed(text);
    let (before, after) = match find(&text, VERSION) {
        Some(at) => text.split_at(at),
        None => ("", text.as_str()),
    };
    let is_meant = |word: &Word| word.meant.is_some();
    // `@ TXT` before the version are words of a zone file.
    let mut words: Vec<Word> = read(before).into_iter().filter(is_meant).collect();
    words.extend(read(&without_versions(after)));
    words
}

/// Where `what` stands in a text of any case.
fn find(text: &str, what: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(what)
}

fn without_versions(text: &str) -> String {
    let mut rest = text.to_owned();
    while let Some(at) = find(&rest, VERSION) {
        let after = &rest[at + VERSION.len()..];
        let end = rest.len() - after.trim_start_matches([':', '=', '.']).len();
        rest.replace_range(at..end, " ");
    }
    rest
}

/// As it would be typed on a keyboard, without what is not seen.
fn typed(text: &str) -> String {
    let as_typed = |c: char| match c {
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => None,
        '\u{2dc}' | '\u{223c}' => Some('~'),
        c => match kind(c) {
            Kind::Dash => Some('-'),
            Kind::FullWidth(ascii) => Some(ascii),
            _ => Some(c),
        },
    };
    text.chars().filter_map(as_typed).collect()
}

/// Pieces between spaces, and what separates words elsewhere; with whether a comma
/// stands before each.
fn pieces(text: &str) -> Vec<(bool, String)> {
    let separates =
        |c: char| c.is_whitespace() || c.is_control() || "\u{fffd},;\"'`|\\<>()[]".contains(c);
    let mut pieces = Vec::new();
    let mut listed = false;
    for part in text.split_inclusive(separates) {
        let piece = part.trim_end_matches(separates);
        // Of several in a row each is a part of its own.
        if !piece.is_empty() {
            let piece = piece.trim_matches(|c| kind(c) == Kind::Quote);
            pieces.push((listed, piece.to_owned()));
            listed = false;
        }
        listed |= part.ends_with(',');
    }
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

fn read(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut pieces = pieces(text).into_iter().peekable();
    while let Some((listed, mut piece)) = pieces.next() {
        // `include: x.example`, `~ all`, `ip4 192.0.2.1`, `192.0.2.0/ 24`.
        while let Some((_, next)) = pieces.peek()
            && let Some(joined) = joined(&piece, next)
        {
            piece = joined;
            pieces.next();
        }
        if words.is_empty() && is_near_version(&piece) {
            continue;
        }
        let parts = parts(&piece);
        for part in &parts {
            let meant = meant(part).or_else(|| {
                let like = words.last().filter(|_| listed)?.meant.as_deref()?;
                listed_like(like, part)
            });
            // Which names nobody.
            if meant.is_none() && !part.contains(|c: char| c.is_alphanumeric()) {
                continue;
            }
            words.push(Word {
                written: (*part).to_owned(),
                meant,
            });
        }
    }
    words
}

/// Two pieces as one term, where they are none by themselves.
fn joined(piece: &str, next: &str) -> Option<String> {
    let is_qualifier = piece.chars().all(|c| "+-~?".contains(c));
    let together = format!("{piece}{next}");
    if is_qualifier {
        // A dash alone may stand between terms as well.
        return (is_all(&next.to_ascii_lowercase()) || piece == "+").then_some(together);
    }
    if next.starts_with([':', '=']) && !piece.contains([':', '=']) {
        return Some(together);
    }
    if piece.ends_with([':', '=', '/']) {
        // `mx: ~all` is about two things.
        let names = next.contains(|c: char| c.is_alphanumeric());
        let alone = !names || next.contains([':', '=']) || is_meant(next);
        return (!alone || is_address(next)).then_some(together);
    }
    let (_, name) = qualified(piece);
    let wants = ["include", "exists", "redirect", "ip4", "ip6"].contains(&mechanism(name)?);
    let argued = format!("{piece}:{next}");
    let alone = is_meant(next) && !is_address(next);
    (wants && !piece.contains([':', '=', '.', '/']) && !alone && is_meant(&argued))
        .then_some(argued)
}

fn is_meant(piece: &str) -> bool {
    parts(piece).iter().all(|part| meant(part).is_some())
}

/// Before any term, what is nearly the version.
fn is_near_version(piece: &str) -> bool {
    let lower = piece.to_ascii_lowercase();
    lower == "v" || lower.starts_with("v=") || ["spf", "spf1", "spf2"].contains(&lower.as_str())
}

/// The terms of a piece: strings of one TXT record are joined without a space.
fn parts(piece: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let mut rest = piece;
    while let Some((term, after)) = before_another(rest) {
        terms.push(term);
        rest = after;
    }
    terms.push(rest);
    let mut parts = Vec::new();
    for mut term in terms {
        let at = parts.len();
        while let Some(all) = final_all(term, |term| meant(term).is_some()) {
            parts.insert(at, all);
            term = &term[..term.len() - all.len()];
        }
        parts.insert(at, term);
    }
    parts
}

/// A term, and what begins with the name of another right behind it.
fn before_another(text: &str) -> Option<(&str, &str)> {
    const NAMES: [&str; 6] = ["include:", "exists:", "redirect=", "ip4:", "ip6:", "mx:"];
    let begins = |text: &str| {
        let (_, bare) = qualified(text);
        NAMES.iter().any(|name| {
            let begin = bare.get(..name.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        })
    };
    let mut places = text.char_indices().skip(1).map(|(at, _)| text.split_at(at));
    places.find(|(term, after)| begins(after) && term.contains([':', '=']) && meant(term).is_some())
}

/// The valid term that was meant by a piece; `None`: nobody can tell.
fn meant(piece: &str) -> Option<String> {
    let (qualifier, rest) = qualified(piece);
    // `a:2001:db8::1` would be an address as a whole, too.
    let of_mechanism = rest.split_once(':').filter(|(name, _)| *name == "a");
    let of_mechanism = of_mechanism.and_then(|(_, argument)| addresses(argument));
    if let Some(addresses) = of_mechanism.or_else(|| addresses(rest)) {
        return Some(format!("{qualifier}{addresses}"));
    }
    let name_end = rest.find([':', '=', '/']).unwrap_or(rest.len());
    let (name, argument) = rest.split_at(name_end);
    let lower = name.to_ascii_lowercase();
    let is_ignored = argument.starts_with('=') && MECHANISMS.contains(&lower.as_str());
    if is_term(piece) && !is_ignored && is_plain(argument) {
        return Some(piece.to_owned());
    }
    let valid = || (is_term(piece) && !is_ignored).then(|| piece.to_owned());
    mended(qualifier, name, argument).or_else(valid)
}

/// The term of a name and what stands behind it, both to be written right.
fn mended(qualifier: &str, name: &str, argument: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    if is_all(&lower) && argument.trim_matches([':', '=', '/']).is_empty() {
        return Some(format!("{qualifier}all"));
    }
    let (name, argument) = match argument.is_empty() {
        true => without_colon(name)?,
        false => (mechanism(&lower)?, argument),
    };
    let argument = argument.trim_start_matches(['=', '@']);
    let argument = match argument.strip_prefix(':') {
        Some(after) if !after.starts_with("//") => after.trim_start_matches([':', '=']),
        _ => argument,
    };
    let argument = argument
        .split_once("//")
        .map_or(argument, |(scheme, host)| {
            match ["http:", "https:"].contains(&scheme) {
                true => host,
                false => argument,
            }
        });
    let argument = argument.trim_end_matches([':', '/', '.', '=']);
    term(qualifier, name, argument)
}

/// A term of a mechanism or modifier, and what is about it, valid.
fn term(qualifier: &str, name: &str, argument: &str) -> Option<String> {
    if let Some(addresses) = addresses(argument) {
        return Some(format!("{qualifier}{addresses}"));
    }
    let host = match argument.is_ascii() {
        true => argument.to_owned(),
        false => DomainName::parse(argument).ok()?.to_string(),
    };
    let term = match (name, host.as_str()) {
        ("a" | "mx" | "ptr", "") => format!("{qualifier}{name}"),
        ("a" | "mx", length) if length.starts_with('/') => format!("{qualifier}{name}{length}"),
        ("redirect" | "exp", host) => format!("{name}={host}"),
        ("ip4" | "ip6", host) => format!("{qualifier}a:{host}"),
        (name, host) => format!("{qualifier}{name}:{host}"),
    };
    (is_term(&term) && is_plain(&host)).then_some(term)
}

const MECHANISMS: [&str; 8] = ["a", "mx", "ptr", "ip4", "ip6", "include", "exists", "all"];

/// The mechanism or modifier whose name was probably meant.
fn mechanism(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let exact = ["a", "mx", "ptr", "exp"];
    let near = ["include", "exists", "redirect"];
    if let Some(found) = exact.into_iter().find(|known| *known == name) {
        return Some(found);
    }
    if let Some(version) = name.strip_prefix("ip") {
        let is_ip6 = version.contains('6');
        return Some(if is_ip6 { "ip6" } else { "ip4" });
    }
    let is_near = |known: &&str| {
        distance(known, &name) <= 2 || name.len() >= 3 && known.starts_with(name.as_str())
    };
    near.into_iter().find(is_near)
}

/// `include.x.example` and `include_spf.x.example`: the name, and what is about it.
fn without_colon(text: &str) -> Option<(&'static str, &str)> {
    if text.len() <= "include".len() {
        return Some((mechanism(text.trim_end_matches('.'))?, ""));
    }
    let (name, argument) = text.split_at_checked("include".len())?;
    let argument = argument.trim_start_matches(['.', '-']);
    (name.eq_ignore_ascii_case("include") && argument.contains('.'))
        .then_some(("include", argument))
}

/// A domain that stands in a list behind a term: one more of the kind.
fn listed_like(like: &str, domain: &str) -> Option<String> {
    let (qualifier, rest) = qualified(like);
    let (name, _) = rest.split_once(':')?;
    if domain.contains([':', '=']) || !domain.contains('.') {
        return None;
    }
    match name.to_ascii_lowercase().as_str() {
        "ip4" | "ip6" => term(qualifier, "a", domain),
        name => term(qualifier, mechanism(name)?, domain),
    }
}

/// Whether a domain has no colon and no `=` outside its macros: no host has one.
fn is_plain(argument: &str) -> bool {
    let argument = argument.strip_prefix([':', '=']).unwrap_or(argument);
    let mut literals = argument.split("%{").enumerate().map(|(n, part)| match n {
        0 => part,
        _ => part.split_once('}').map_or(part, |(_, literal)| literal),
    });
    is_address(argument) || literals.all(|literal| !literal.contains([':', '=']))
}

fn is_all(name: &str) -> bool {
    name.trim_end_matches('.') == "all" || name.len() >= 2 && distance(name, "all") <= 1
}

/// The first of the qualifiers, and the rest.
fn qualified(term: &str) -> (&str, &str) {
    let rest = term.trim_start_matches(['+', '-', '~', '?']);
    let qualifier = match term.strip_suffix(rest).unwrap_or_default() {
        "" => "",
        qualifiers => &qualifiers[..1],
    };
    (qualifier, rest)
}

#[cfg(test)]
mod tests;
