//! Domains in SPF records, and the macros in them (RFC 7208, section 7).

use std::borrow::Cow;
use std::fmt;

use super::dns_name::fits_dns;

/// Characters of a name in DNS at most, in text (section 7.3).
const NAME_CHARACTERS: usize = 253;

/// A domain in a record, possibly with macros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DomainSpec(String);

/// What a domain with macros comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expanded {
    /// Lower case, without final dot; may be no name that DNS can hold.
    Name(String),
    /// Another one for each message: it has the sender or its server in it.
    OfTheMessage,
}

impl DomainSpec {
    /// A macro string that ends in a macro, or in a dot and a top label that is
    /// not a number alone (section 7.1). One without macros must be a name that
    /// DNS can hold.
    pub(super) fn parse(text: &str) -> Option<DomainSpec> {
        if !is_macro_string(text) || has_macro_of_explanations(text) {
            return None;
        }
        let ends_in_macro =
            text.ends_with('}') || ["%%", "%_", "%-"].iter().any(|m| text.ends_with(m));
        let name = text.strip_suffix('.').unwrap_or(text);
        let (_, top) = name.rsplit_once('.').unwrap_or_default();
        let is_top_label = !top.is_empty()
            && top.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !top.bytes().all(|b| b.is_ascii_digit())
            && !top.starts_with('-')
            && !top.ends_with('-');
        let possible = text.contains('%') || fits_dns(name);
        ((ends_in_macro || is_top_label) && possible).then(|| DomainSpec(text.to_owned()))
    }

    /// The domain, where `sender` is the MAIL FROM domain and `current` the one
    /// whose record this stands in.
    pub(super) fn expand(&self, sender: &str, current: &str) -> Expanded {
        let mut name = String::new();
        let mut rest = self.0.strip_suffix('.').unwrap_or(&self.0);
        while let Some((literal, from_percent)) = rest.split_once('%') {
            name.push_str(literal);
            let mut characters = from_percent.chars();
            match characters.next() {
                Some('%') => name.push('%'),
                Some('_') => name.push(' '),
                Some('-') => name.push_str("%20"),
                _ => {
                    let (expression, after) = from_percent
                        .strip_prefix('{')
                        .and_then(|inner| inner.split_once('}'))
                        .unwrap_or_default();
                    let Some((letter, transform)) = split_letter(expression) else {
                        return Expanded::OfTheMessage;
                    };
                    let value = match letter.to_ascii_lowercase() {
                        'd' => current,
                        'o' => sender,
                        _ => return Expanded::OfTheMessage,
                    };
                    let value = transformed(value, transform);
                    name.push_str(&match letter.is_ascii_uppercase() {
                        true => url_escaped(&value),
                        false => value,
                    });
                    rest = after;
                    continue;
                }
            }
            rest = characters.as_str();
        }
        name.push_str(rest);
        let name = name.strip_suffix('.').unwrap_or(&name);
        Expanded::Name(shortened(name).to_ascii_lowercase())
    }
}

impl fmt::Display for DomainSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Drops labels from the left until DNS can hold the rest (section 7.3).
fn shortened(mut name: &str) -> &str {
    while name.len() > NAME_CHARACTERS {
        match name.split_once('.') {
            Some((_, rest)) => name = rest,
            None => break,
        }
    }
    name
}

/// The transformers of section 7.1: `2`, `r`, delimiters.
fn transformed(value: &str, transform: &str) -> String {
    let digits = transform.len()
        - transform
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .len();
    let (keep, rest) = transform.split_at(digits);
    let (reverse, delimiters) = match rest.strip_prefix(['r', 'R']) {
        Some(delimiters) => (true, delimiters),
        None => (false, rest),
    };
    let delimiters = if delimiters.is_empty() {
        "."
    } else {
        delimiters
    };
    let mut parts: Vec<&str> = value.split(|c| delimiters.contains(c)).collect();
    if reverse {
        parts.reverse();
    }
    // Digits beyond what a number can hold keep everything, as do none.
    let keep = keep.parse().unwrap_or(parts.len());
    parts.split_off(parts.len().saturating_sub(keep)).join(".")
}

/// All but the unreserved characters of RFC 3986 as `%XX`.
fn url_escaped(value: &str) -> String {
    let escaped = value.bytes().map(|octet| {
        let c = char::from(octet);
        if c.is_ascii_alphanumeric() || "-._~".contains(c) {
            Cow::Owned(c.to_string())
        } else {
            Cow::Owned(format!("%{octet:02X}"))
        }
    });
    escaped.collect::<Vec<Cow<'_, str>>>().concat()
}

/// `c`, `r` and `t` may stand only in the text of an explanation.
pub(super) fn has_macro_of_explanations(text: &str) -> bool {
    let mut expressions = text.split("%{").skip(1);
    expressions.any(|expression| expression.starts_with(['c', 'r', 't', 'C', 'R', 'T']))
}

/// Visible ASCII in which each `%` starts a macro (section 7.1).
pub(super) fn is_macro_string(text: &str) -> bool {
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

/// A letter, digits, `r`, delimiters: `d2`, `ir`, `l1r+`. To keep no part at
/// all is not valid.
fn is_macro_expression(text: &str) -> bool {
    let Some((_, transform)) = split_letter(text) else {
        return false;
    };
    let rest = transform.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &transform[..transform.len() - rest.len()];
    let keeps = digits.is_empty() || digits.bytes().any(|digit| digit != b'0');
    let rest = rest.strip_prefix(['r', 'R']).unwrap_or(rest);
    keeps && rest.chars().all(|c| ".-+,/_=".contains(c))
}

/// The macro's letter, and what stands after it.
fn split_letter(expression: &str) -> Option<(char, &str)> {
    let mut characters = expression.chars();
    let letter = characters.next()?;
    "slodiphcrtv"
        .contains(letter.to_ascii_lowercase())
        .then_some((letter, characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Option<Expanded> {
        DomainSpec::parse(text).map(|spec| spec.expand("Bounce.Example.com", "inner.example.net"))
    }

    fn name(text: &str) -> Option<Expanded> {
        Some(Expanded::Name(text.to_owned()))
    }

    #[test]
    fn macros_of_the_domain_are_expanded() {
        for (text, expected) in [
            ("_SPF.Example.com.", "_spf.example.com"),
            ("%{d}", "inner.example.net"),
            ("%{o}", "bounce.example.com"),
            ("a.%{d2}", "a.example.net"),
            ("%{dr}.x.example", "net.example.inner.x.example"),
            ("%{d1r}.x.example", "inner.x.example"),
            ("%{o2r}.x.example", "example.bounce.x.example"),
            ("%{d99}", "inner.example.net"),
            ("%{d1-}", "inner.example.net"),
            ("%{d99999999999999999999}", "inner.example.net"),
            ("%{D}", "inner.example.net"),
            ("a%%b%-c.%{d}", "a%b%20c.inner.example.net"),
        ] {
            assert_eq!(expand(text), name(expected), "{text}");
        }
    }

    #[test]
    fn macros_of_the_message_are_not_known() {
        for text in [
            "%{i}.x.example",
            "%{l}.%{d}",
            "%{s}",
            "%{h}",
            "%{p}",
            "%{ir}.%{v}.arpa.x",
        ] {
            assert_eq!(expand(text), Some(Expanded::OfTheMessage), "{text}");
        }
    }

    #[test]
    fn names_that_dns_cannot_hold_and_macros_of_explanations_are_refused() {
        let label = "a".repeat(64);
        for text in [
            &format!("{label}.example"),
            &"a.".repeat(128),
            "a..example",
            ".example",
            "%{c}.example",
            "%{r}.example",
            "%{T}.example",
            "%{d0}",
        ] {
            assert_eq!(expand(text), None, "{text}");
        }
    }

    #[test]
    fn too_long_a_name_loses_labels_from_the_left() {
        let text = format!("{}.%{{d}}", vec!["a".repeat(60); 4].join("."));
        let Some(Expanded::Name(name)) = expand(&text) else {
            panic!("{text}");
        };
        assert_eq!(name.matches(&"a".repeat(60)).count(), 3);
        assert!(name.ends_with(".inner.example.net"));
    }
}
