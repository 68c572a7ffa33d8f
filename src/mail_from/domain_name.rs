//! Domain names, in the one spelling that is sent, stored and compared.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::domain_character::{Kind, kind};
use super::escape::visible;

/// Octets in a label at most (RFC 1035, section 2.3.4).
const LABEL_OCTETS: usize = 63;

/// Octets in a name at most: as it goes over the wire, with the length octet
/// of each label and the root (RFC 1035, section 2.3.4). In text that is 253.
const NAME_OCTETS: usize = 255;

/// A domain name of at least two labels: lower case, Punycode, no final dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

impl DomainName {
    /// Reads a name as people write it: in any case, with or without one final
    /// dot, internationalised (UTS 46, non-transitional) or in Punycode.
    pub fn parse(text: &str) -> Result<DomainName, DomainNameError> {
        check_form(text)?;
        let ascii = to_ascii(text)?;
        let name = ascii.strip_suffix('.').unwrap_or(&ascii);
        if name.is_empty() {
            return Err(DomainNameError::Empty);
        }
        for label in name.split('.') {
            check_label(label)?;
        }
        let (_, last) = name
            .rsplit_once('.')
            .ok_or_else(|| DomainNameError::BareLabel(name.to_owned()))?;
        if last.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DomainNameError::IpAddress(name.to_owned()));
        }
        let octets = name.len() + 2;
        if octets > NAME_OCTETS {
            return Err(DomainNameError::TooLong { octets });
        }
        Ok(DomainName(name.to_owned()))
    }

    /// The name as it is sent: `bounce.example.com`, `xn--bcher-kva.example`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses an underscore inside a label, which SES takes and host names may not
    /// have; in front of `end` alone, where this name ends with that.
    pub fn check_underscores(&self, end: Option<&DomainName>) -> Result<(), DomainNameError> {
        let own = end.and_then(|end| self.0.strip_suffix(end.as_str()));
        let mut labels = own.unwrap_or(&self.0).split('.');
        match labels.find(|label| label.strip_prefix('_').unwrap_or(label).contains('_')) {
            Some(label) => Err(DomainNameError::Underscore(label.to_owned())),
            None => Ok(()),
        }
    }

    /// Whether this name is under `parent`, by whole labels, and not `parent`.
    pub fn is_strict_subdomain_of(&self, parent: &DomainName) -> bool {
        self.0
            .strip_suffix(parent.as_str())
            .is_some_and(|rest| rest.ends_with('.'))
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What makes a text no domain name. Holds what the practitioner wrote;
/// `Display` shows it with visible escapes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainNameError {
    /// Nothing, or a lone dot.
    #[error("the domain name is empty")]
    Empty,
    /// Holds `://`.
    #[error("`{}` is a URL, not a domain name", visible(.0))]
    Url(String),
    /// Holds `*`.
    #[error("`{}` is a wildcard, not a domain name", visible(.0))]
    Wildcard(String),
    /// Holds `@`.
    #[error("`{}` is an e-mail address, not a domain name", visible(.0))]
    EmailAddress(String),
    /// An IPv4 or IPv6 address, or a last label of digits alone.
    #[error("`{}` is an IP address, not a domain name", visible(.0))]
    IpAddress(String),
    /// One label alone.
    #[error("`{}` is a single label, not a full domain name", visible(.0))]
    BareLabel(String),
    /// Two dots in a row, or a dot at the start.
    #[error("the domain name has an empty label: two dots in a row, or a dot at the start")]
    EmptyLabel,
    /// More than 63 octets in a label, counted in Punycode.
    #[error("the label `{}` has {} octets, {LABEL_OCTETS} are allowed", visible(.0), .0.len())]
    LabelTooLong(String),
    /// More than 255 octets on the wire (253 characters in text).
    #[error("the domain name takes {octets} octets in DNS, {NAME_OCTETS} are allowed")]
    TooLong {
        /// Octets on the wire, length octets and root included.
        octets: usize,
    },
    /// A hyphen at either end of a label.
    #[error("the label `{}` starts or ends with a hyphen", visible(.0))]
    Hyphen(String),
    /// An underscore that is not the first character of its label.
    #[error("the label `{}` has an underscore that is not its first character", visible(.0))]
    Underscore(String),
    /// A character that steers the direction of text and is itself unseen.
    #[error("`{}` holds the text-direction character `{}`", visible(.text), .character.escape_unicode())]
    DirectionControl {
        /// The name as written.
        text: String,
        /// The first such character in it.
        character: char,
    },
    /// A space, a control or invisible character, punctuation, or a sign.
    #[error("`{}` holds the character {}, which no domain name may have", visible(.text), shown(*.character))]
    Character {
        /// The name or label as written.
        text: String,
        /// The first such character in it.
        character: char,
    },
    /// Not a valid internationalised label, or not valid Punycode (UTS 46).
    #[error("`{}` is not a valid internationalised domain name", visible(.0))]
    Idna(String),
}

impl DomainNameError {
    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> String {
        match self {
            Self::Empty | Self::BareLabel(_) => "Write a full domain name, such as `example.com`.",
            Self::Url(_) => "Write the host name alone, without scheme, port and path.",
            Self::Wildcard(_) => "Write one domain name; SES knows no wildcards.",
            Self::EmailAddress(_) => "Write only the part after the `@`.",
            Self::IpAddress(_) => "Write a domain name; its last label may not be a number.",
            Self::EmptyLabel => "Separate the labels by single dots.",
            Self::LabelTooLong(_) => {
                "Shorten the label to 63 octets; non-ASCII text counts in its Punycode form."
            }
            Self::TooLong { .. } => "Shorten the name to 253 characters in its Punycode form.",
            Self::Hyphen(_) => "Start and end each label with a letter or a digit.",
            Self::Underscore(_) => {
                "Use a hyphen instead: an underscore may only be the first character of a label."
            }
            Self::DirectionControl { .. } => {
                "Remove the character, or type the name anew: it often comes with copied text."
            }
            Self::Character { character, .. } => match kind(*character) {
                Kind::Unseen => {
                    "Remove the character, or type the name anew: it often comes with copied text."
                }
                Kind::Dash => "Write `-`, the hyphen of the keyboard, in its place.",
                Kind::Quote => "Remove the quotation mark.",
                Kind::FullWidth('@') => "Write only the part after the `@`.",
                _ => "Use only letters, digits, hyphens and dots.",
            },
            Self::Idna(_) => "Check the spelling, or write the Punycode form of the name.",
        }
        .to_owned()
    }
}

/// Refuses what is plainly something else, while it is still as written.
fn check_form(text: &str) -> Result<(), DomainNameError> {
    let whole = || text.to_owned();
    if text.is_empty() {
        return Err(DomainNameError::Empty);
    }
    if text.contains("://") {
        return Err(DomainNameError::Url(whole()));
    }
    if text.contains('*') {
        return Err(DomainNameError::Wildcard(whole()));
    }
    if text.contains('@') {
        return Err(DomainNameError::EmailAddress(whole()));
    }
    let literal = text.trim_start_matches('[').trim_end_matches(']');
    if literal.parse::<IpAddr>().is_ok() {
        return Err(DomainNameError::IpAddress(whole()));
    }
    if let Some(character) = text.chars().find(|&c| is_direction_control(c)) {
        let text = whole();
        return Err(DomainNameError::DirectionControl { text, character });
    }
    let mut before = None;
    for character in text.chars() {
        // The selector after a symbol, for its look in colours, is none of the name.
        let of_symbol = character == EMOJI_LOOK && before.map(kind) == Some(Kind::Symbol);
        if !of_symbol && refused(character) {
            let text = whole();
            return Err(DomainNameError::Character { text, character });
        }
        before = Some(character);
    }
    Ok(())
}

/// Variation selector 16.
const EMOJI_LOOK: char = '\u{fe0f}';

fn refused(c: char) -> bool {
    let is_refused = |c: char| match c.is_ascii() {
        true => !c.is_ascii_alphanumeric() && !"-_.".contains(c),
        false => !matches!(kind(c), Kind::Letter | Kind::Symbol),
    };
    if c.is_ascii() || is_refused(c) {
        return is_refused(c);
    }
    // What UTS 46 maps to nothing would be dropped silently, and of `\u{bd}` it makes two
    // digits and a slash. U+FFFD stands for what is no name by itself.
    let mut text = [0; 4];
    let text = c.encode_utf8(&mut text).as_bytes();
    let (mapped, _) = Uts46::new().to_unicode(text, AsciiDenyList::EMPTY, Hyphens::Allow);
    let mut others = mapped.chars().filter(|mapped| *mapped != '\u{fffd}');
    mapped.is_empty() || others.any(is_refused)
}

fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Lower case and Punycode; dots as they come. On failure names the label that
/// fails alone, or all of the text where only the labels together do.
fn to_ascii(text: &str) -> Result<String, DomainNameError> {
    uts46(text).ok_or_else(|| {
        let mut labels = text.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']);
        let label = labels.find(|label| uts46(label).is_none());
        DomainNameError::Idna(label.unwrap_or(text).to_owned())
    })
}

/// The rules of characters and lengths are left to us, for better messages.
fn uts46(text: &str) -> Option<String> {
    let (text, deny) = (text.as_bytes(), AsciiDenyList::EMPTY);
    let ascii = Uts46::new().to_ascii(text, deny, Hyphens::Allow, DnsLength::Ignore);
    ascii.ok().map(Cow::into_owned)
}

fn check_label(label: &str) -> Result<(), DomainNameError> {
    if label.is_empty() {
        return Err(DomainNameError::EmptyLabel);
    }
    if label.len() > LABEL_OCTETS {
        return Err(DomainNameError::LabelTooLong(label.to_owned()));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(DomainNameError::Hyphen(label.to_owned()));
    }
    let mut characters = label.chars();
    match characters.find(|c| !c.is_ascii_alphanumeric() && !"-_".contains(*c)) {
        None => Ok(()),
        Some(character) => Err(DomainNameError::Character {
            text: label.to_owned(),
            character,
        }),
    }
}

fn shown(character: char) -> String {
    match character {
        ' ' => "`space`".to_owned(),
        c => {
            let shown = visible(c.encode_utf8(&mut [0; 4]));
            match c.is_ascii() {
                true => format!("`{shown}`"),
                false => format!("`{shown}` (U+{:04X})", u32::from(c)),
            }
        }
    }
}

#[cfg(test)]
mod tests;
