//! Words of SES's answers, parsed where they arrive: what this provider knows, and what
//! it does not. State holds SES's own words (`as_str`); messages show them with visible
//! escapes (`Display`), because they come from the network.

use std::fmt;
use std::str::FromStr;

use super::domain_name::DomainName;
use super::escape::visible;

/// A value of an enumeration of SES's API, as SES reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported<T> {
    /// One that this provider knows.
    Known(T),
    /// SES's own word, where it is none of those.
    Other(String),
}

impl<T> Reported<T> {
    /// Reads SES's word.
    pub fn parse(text: &str) -> Self
    where
        T: FromStr,
    {
        text.parse()
            .map_or_else(|_| Self::Other(text.to_owned()), Self::Known)
    }

    /// Whether it is `value`.
    pub fn is(&self, value: T) -> bool
    where
        T: PartialEq,
    {
        self.known() == Some(&value)
    }

    /// The value, if this provider knows it.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

impl<T: AsRef<str>> Reported<T> {
    /// SES's own word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(value) => value.as_ref(),
            Self::Other(text) => text,
        }
    }
}

impl<T: AsRef<str>> fmt::Display for Reported<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(self.as_str()))
    }
}

/// A domain as SES reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedDomain {
    text: String,
    name: Option<DomainName>,
}

impl ReportedDomain {
    /// Reads SES's own words.
    pub fn parse(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            name: DomainName::parse(text).ok(),
        }
    }

    /// SES's own words.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The domain; `None` if it is none that this provider could send.
    pub fn name(&self) -> Option<&DomainName> {
        self.name.as_ref()
    }

    /// Whether it is `domain`, however it is spelled.
    pub fn is(&self, domain: &DomainName) -> bool {
        self.name() == Some(domain)
    }
}

impl fmt::Display for ReportedDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BehaviorOnMxFailure, VerificationStatus};
    use super::*;

    #[test]
    fn a_word_is_known_in_exactly_the_spelling_of_the_api_and_kept_in_any() {
        for (text, known) in [
            ("Failed", Some(VerificationStatus::Failed)),
            ("failed", None),
            ("Novel", None),
            ("", None),
        ] {
            let status = Reported::<VerificationStatus>::parse(text);
            assert_eq!(status.known(), known.as_ref(), "{text}");
            assert_eq!(status.is(VerificationStatus::Failed), known.is_some());
            assert_eq!(status.as_str(), text);
        }
        let behavior = Reported::parse("RejectMessage");
        assert!(behavior.is(BehaviorOnMxFailure::RejectMessage));
    }

    #[test]
    fn a_domain_keeps_the_words_and_is_the_same_in_any_spelling() {
        let bounce = DomainName::parse("bounce.example.com").unwrap();
        for (text, same) in [
            ("bounce.example.com", true),
            ("Bounce.Example.COM.", true),
            ("mail.example.com", false),
            ("no domain", false),
            ("localhost", false),
        ] {
            let domain = ReportedDomain::parse(text);
            assert_eq!(domain.is(&bounce), same, "{text}");
            assert_eq!(domain.as_str(), text);
        }
        assert_eq!(ReportedDomain::parse("no domain").name(), None);
    }

    #[test]
    fn words_from_the_network_cannot_drive_a_terminal() {
        let text = "\u{1b}[2J";
        let status = Reported::<VerificationStatus>::parse(text);
        for shown in [status.to_string(), ReportedDomain::parse(text).to_string()] {
            assert_eq!(shown, r"\u{1b}[2J");
        }
    }
}
