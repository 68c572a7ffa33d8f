//! What SES verifies: a domain, or one e-mail address.

use std::fmt;

use super::escape::visible;
use super::{DomainName, DomainNameError};

/// Octets before the `@` at most (RFC 5321, section 4.5.3.1.1).
const LOCAL_PART_OCTETS: usize = 64;

/// Octets of an e-mail address at most, as SES counts them.
const ADDRESS_OCTETS: usize = 320;

/// Characters that look like `@`: its full-width and its small form.
const OTHER_ATS: [char; 2] = ['\u{ff20}', '\u{fe6b}'];

/// A verified identity of SES.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// Every address of a domain.
    Domain(DomainName),
    /// One address alone.
    Address(EmailAddress),
}

impl Identity {
    /// Reads a domain, or whatever holds an `@` as an address.
    pub fn parse(text: &str) -> Result<Identity, IdentityError> {
        if text.is_empty() {
            return Err(IdentityError::Empty);
        }
        let arn = text.trim_start().get(.."arn:".len());
        if arn.is_some_and(|arn| arn.eq_ignore_ascii_case("arn:")) {
            return Err(IdentityError::Arn(text.to_owned()));
        }
        if text.contains(OTHER_ATS) && !text.contains('@') {
            return Err(IdentityError::OtherAt(text.to_owned()));
        }
        // A URL with a user in it is better told to be a URL.
        if text.contains('@') && !text.contains("://") {
            Ok(Identity::Address(EmailAddress::parse(text)?))
        } else {
            Ok(Identity::Domain(DomainName::parse(text)?))
        }
    }

    /// As it is sent to SES: a domain normalised, an address as written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Domain(domain) => domain.as_str(),
            Self::Address(address) => address.as_str(),
        }
    }

    /// The domain, or the domain part of the address; normalised.
    pub fn domain(&self) -> &DomainName {
        match self {
            Self::Domain(domain) => domain,
            Self::Address(address) => address.domain(),
        }
    }
}

/// As it is sent to SES.
impl AsRef<str> for Identity {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An e-mail address. SES tells addresses apart by case, the domain part
/// included: the text is kept as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress {
    text: String,
    domain: DomainName,
}

impl EmailAddress {
    /// Reads `local@domain`. Nothing is normalised, so the domain part must be
    /// in the form that SES takes: ASCII, no final dot.
    pub fn parse(text: &str) -> Result<EmailAddress, IdentityError> {
        if text.starts_with('"') && text.contains("\"@") {
            return Err(IdentityError::QuotedLocalPart(text.to_owned()));
        }
        let mut parts = text.split('@');
        let local = parts.next().unwrap_or_default();
        let domain = parts.next().ok_or(IdentityError::NoDomain)?;
        if parts.next().is_some() {
            return Err(IdentityError::SeveralAts(text.to_owned()));
        }
        if local.is_empty() {
            return Err(IdentityError::NoLocalPart(text.to_owned()));
        }
        if domain.is_empty() {
            return Err(IdentityError::NoDomain);
        }
        if let Some(character) = local.chars().find(|&c| !is_local_character(c)) {
            return Err(IdentityError::LocalPartCharacter {
                text: text.to_owned(),
                character,
            });
        }
        if local.split('.').any(str::is_empty) {
            return Err(IdentityError::LocalPartDots(text.to_owned()));
        }
        if local.len() > LOCAL_PART_OCTETS {
            return Err(IdentityError::LocalPartTooLong {
                octets: local.len(),
            });
        }
        let parsed = DomainName::parse(domain).map_err(IdentityError::AddressDomain)?;
        if !domain.is_ascii() || domain.ends_with('.') {
            return Err(IdentityError::AddressDomainForm {
                domain: domain.to_owned(),
                suggestion: format!("{local}@{parsed}"),
            });
        }
        if text.len() > ADDRESS_OCTETS {
            return Err(IdentityError::AddressTooLong { octets: text.len() });
        }
        Ok(EmailAddress {
            text: text.to_owned(),
            domain: parsed,
        })
    }

    /// The address exactly as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The domain part, normalised.
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }
}

/// `atext` and the dot of RFC 5321, section 4.1.2 (RFC 5322, section 3.2.3).
fn is_local_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

/// What makes a text no identity. `Display` shows it with visible escapes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The empty string.
    #[error("the identity is empty")]
    Empty,
    /// The name of the identity in IAM.
    #[error("`{}` is an ARN, not an identity", visible(.0))]
    Arn(String),
    /// Another character in place of the `@`.
    #[error("`{}` has a character that only looks like `@`", visible(.0))]
    OtherAt(String),
    /// A local part in quotation marks.
    #[error("the e-mail address `{}` has quotation marks before the `@`, which SES does not support", visible(.0))]
    QuotedLocalPart(String),
    /// A dot at either end of the local part, or two in a row.
    #[error("the e-mail address `{}` has a dot at an end of what is before the `@`, or two in a row", visible(.0))]
    LocalPartDots(String),
    /// Not an address, and not a domain either.
    #[error(transparent)]
    Domain(#[from] DomainNameError),
    /// Nothing before the `@`.
    #[error("the e-mail address `{}` has nothing before the `@`", visible(.0))]
    NoLocalPart(String),
    /// Nothing after the `@`.
    #[error("the e-mail address has no domain after the `@`")]
    NoDomain,
    /// Two or more `@`.
    #[error("the e-mail address `{}` has more than one `@`", visible(.0))]
    SeveralAts(String),
    /// A character that SES refuses before the `@`.
    #[error("the e-mail address `{}` holds the character `{}` before the `@`", visible(.text), visible(.character.encode_utf8(&mut [0; 4])))]
    LocalPartCharacter {
        /// The address as written.
        text: String,
        /// The first such character in it.
        character: char,
    },
    /// More than 64 octets before the `@`.
    #[error(
        "the e-mail address has {octets} octets before the `@`, {LOCAL_PART_OCTETS} are allowed"
    )]
    LocalPartTooLong {
        /// Octets before the `@`.
        octets: usize,
    },
    /// More than 320 octets.
    #[error("the e-mail address has {octets} octets, {ADDRESS_OCTETS} are allowed")]
    AddressTooLong {
        /// Octets of the whole address.
        octets: usize,
    },
    /// The part after the `@` is no domain name.
    #[error("the domain of the e-mail address is not valid: {0}")]
    AddressDomain(#[source] DomainNameError),
    /// The domain part is not ASCII, or has a final dot: SES refuses both, and
    /// an address is never rewritten.
    #[error("SES does not take the domain `{}` of the e-mail address in this form", visible(.domain))]
    AddressDomainForm {
        /// The domain part as written.
        domain: String,
        /// The address with the domain part normalised.
        suggestion: String,
    },
}

impl IdentityError {
    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> String {
        match self {
            Self::Domain(error) | Self::AddressDomain(error) => error.remedy(),
            Self::AddressDomainForm { suggestion, .. } => format!(
                "Write `{}`, spelled as the identity is in SES: addresses are sent as written.",
                visible(suggestion)
            ),
            Self::OtherAt(text) => {
                let address = text.replace(OTHER_ATS, "@");
                format!(
                    "Write `{}`, with the `@` of the keyboard.",
                    visible(&address)
                )
            }
            Self::Arn(arn) => match arn.to_ascii_lowercase().find(":identity/") {
                Some(at) if arn.len() > at + ":identity/".len() => {
                    let identity = visible(&arn[at + ":identity/".len()..]);
                    format!("Write the part after `identity/`: `{identity}`.")
                }
                _ => "Write the part after `identity/` of an identity's ARN.".to_owned(),
            },
            Self::QuotedLocalPart(_) => {
                "Use an address whose local part needs no quotation marks.".to_owned()
            }
            Self::LocalPartDots(_) => {
                "Separate the words before the `@` by single dots.".to_owned()
            }
            Self::LocalPartCharacter { .. } => {
                "Write the address alone, in ASCII, without display name, \
                 spaces and angle brackets."
                    .to_owned()
            }
            Self::LocalPartTooLong { .. } | Self::AddressTooLong { .. } => {
                "Check that this is the address that SES has verified.".to_owned()
            }
            Self::Empty | Self::NoLocalPart(_) | Self::NoDomain | Self::SeveralAts(_) => {
                "Write a domain, such as `example.com`, or one e-mail address, \
                 such as `sender@example.com`."
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_is_normalised() {
        for (text, sent) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com.", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            let identity = Identity::parse(text).unwrap();
            assert_eq!(identity.as_str(), sent);
            assert_eq!(identity.domain().as_str(), sent);
        }
        assert_eq!(
            Identity::parse("Example.COM"),
            Identity::parse("example.com.")
        );
    }

    #[test]
    fn address_is_kept_as_written() {
        let address = Identity::parse("Sender@Example.com").unwrap();
        assert_eq!(address.as_str(), "Sender@Example.com");
        assert_eq!(address.domain().as_str(), "example.com");
        assert_ne!(address, Identity::parse("sender@example.com").unwrap());
        for text in ["a.b+tag@x.example", "o'brien@x.example", "_@x.example"] {
            assert_eq!(Identity::parse(text).unwrap().as_str(), text);
        }
        let longest = format!("{}@x.example", "a".repeat(64));
        assert_eq!(Identity::parse(&longest).unwrap().as_str(), longest);
    }

    #[test]
    fn address_that_is_none_says_why() {
        for (text, message) in [
            ("", "is empty"),
            ("@example.com", "nothing before the `@`"),
            ("sender@", "no domain after the `@`"),
            ("@", "nothing before the `@`"),
            ("a@b@example.com", "more than one `@`"),
            ("a b@example.com", "the character ` `"),
            ("Joe <joe@example.com>", "the character ` `"),
            ("<joe@example.com>", "the character `<`"),
            ("jö@example.com", "the character `ö`"),
            ("a\u{7}@example.com", r"the character `\u{7}`"),
            ("a\u{202e}@example.com", r"a\u{202e}@example.com"),
            ("mailto:a@example.com", "the character `:`"),
            ("a\\b@example.com", r"the character `\\`"),
            ("a\"b@example.com", "the character `\"`"),
            (".a@example.com", "has a dot at an end"),
            ("a.@example.com", "has a dot at an end"),
            ("a..b@example.com", "two in a row"),
            ("\"a b\"@example.com", "does not support"),
            ("\"a@b\"@example.com", "does not support"),
            (
                "arn:aws:ses:us-east-1:123456789012:identity/example.com",
                "is an ARN",
            ),
            (
                "arn:aws:ses:us-east-1:123456789012:identity/a@example.com",
                "is an ARN",
            ),
            (
                " ARN:AWS:SES:us-east-1:123456789012:IDENTITY/example.com",
                "is an ARN",
            ),
            ("sender\u{ff20}example.com", "only looks like `@`"),
            ("sender\u{fe6b}example.com", "only looks like `@`"),
            ("sender@a\u{ff20}example.com", "(U+FF20)"),
            ("https://a@example.com/", "is a URL"),
            ("sender@localhost", "single label"),
            ("sender@[192.0.2.1]", "is an IP address"),
            ("sender@exa mple.com", "the character `space`"),
            ("sender@example.com.", "does not take the domain"),
            ("sender@bücher.example", "does not take the domain"),
        ] {
            let error = Identity::parse(text).unwrap_err();
            assert!(error.to_string().contains(message), "{text}: {error}");
            assert!(error.remedy().ends_with('.'), "{text}");
        }
        let long_local = format!("{}@x.example", "a".repeat(65));
        assert_eq!(
            Identity::parse(&long_local),
            Err(IdentityError::LocalPartTooLong { octets: 65 })
        );
    }

    #[test]
    fn arn_is_told_which_part_of_it_to_write() {
        let arn = "arn:aws-us-gov:ses:us-gov-west-1:123456789012:identity/a@example.com";
        let remedy = Identity::parse(arn).unwrap_err().remedy();
        assert!(
            remedy.contains("after `identity/`: `a@example.com`"),
            "{remedy}"
        );
        let arn = "ARN:AWS:SES:US-EAST-1:123456789012:IDENTITY/Example.com";
        let remedy = Identity::parse(arn).unwrap_err().remedy();
        assert!(remedy.contains("`Example.com`"), "{remedy}");
        let remedy = Identity::parse("sender\u{ff20}x.example")
            .unwrap_err()
            .remedy();
        assert!(remedy.contains("`sender@x.example`"), "{remedy}");
        let remedy = Identity::parse("arn:aws:ses").unwrap_err().remedy();
        assert!(remedy.contains("after `identity/`"), "{remedy}");
    }

    #[test]
    fn local_part_is_a_dot_atom() {
        for text in ["a.b.c@x.example", "!#$%&'*+-/=?^_`{|}~@x.example"] {
            assert_eq!(Identity::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn address_in_another_form_is_told_the_form_that_ses_takes() {
        for (text, suggestion) in [
            ("Sender@bücher.example", "`Sender@xn--bcher-kva.example`"),
            ("sender@example.com.", "`sender@example.com`"),
        ] {
            let remedy = Identity::parse(text).unwrap_err().remedy();
            assert!(remedy.contains(suggestion), "{remedy}");
        }
    }
}
