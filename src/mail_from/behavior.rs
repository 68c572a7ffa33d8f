//! The enumerations of SES's API that concern MAIL FROM.

use std::fmt;
use std::str::FromStr;

use super::escape::visible;

/// What SES does with mail while it does not see the MX record
/// (`BehaviorOnMXFailure`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BehaviorOnMxFailure {
    /// Send, with a subdomain of amazonses.com as MAIL FROM.
    #[default]
    UseDefaultValue,
    /// Refuse to send.
    RejectMessage,
}

impl BehaviorOnMxFailure {
    /// The names that SES takes.
    pub const NAMES: &'static [&'static str] = &["UseDefaultValue", "RejectMessage"];

    /// The name in SES's API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UseDefaultValue => "UseDefaultValue",
            Self::RejectMessage => "RejectMessage",
        }
    }
}

impl FromStr for BehaviorOnMxFailure {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "UseDefaultValue" => Ok(Self::UseDefaultValue),
            "RejectMessage" => Ok(Self::RejectMessage),
            _ => Err(UnknownValue::new(text, Self::NAMES)),
        }
    }
}

impl AsRef<str> for BehaviorOnMxFailure {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for BehaviorOnMxFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far SES is with the MAIL FROM domain (`MailFromDomainStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VerificationStatus {
    /// SES looks for the MX record, for 72 hours.
    Pending,
    /// Mail goes out with the custom MAIL FROM domain.
    Success,
    /// SES has stopped looking.
    Failed,
    /// The MX record was there, and cannot be seen now.
    TemporaryFailure,
}

impl VerificationStatus {
    /// The names that SES gives.
    pub const NAMES: &'static [&'static str] =
        &["Pending", "Success", "Failed", "TemporaryFailure"];

    /// The name in SES's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::TemporaryFailure => "TemporaryFailure",
        }
    }
}

impl FromStr for VerificationStatus {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "Pending" => Ok(Self::Pending),
            "Success" => Ok(Self::Success),
            "Failed" => Ok(Self::Failed),
            "TemporaryFailure" => Ok(Self::TemporaryFailure),
            _ => Err(UnknownValue::new(text, Self::NAMES)),
        }
    }
}

impl AsRef<str> for VerificationStatus {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for VerificationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is none of an enumeration's names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not one of {}", visible(.text), quoted(.names))]
pub struct UnknownValue {
    text: String,
    names: &'static [&'static str],
}

impl UnknownValue {
    pub(super) fn new(text: &str, names: &'static [&'static str]) -> UnknownValue {
        let text = text.to_owned();
        UnknownValue { text, names }
    }

    /// The name that was probably meant: the only one that is the same but for
    /// case and punctuation, or of which the text is a part.
    pub fn meant(&self) -> Option<&'static str> {
        let text = letters(&self.text);
        let mut near = self.names.iter().filter(|name| {
            let name = letters(name);
            name == text || (text.len() >= 4 && (name.contains(&text) || text.contains(&name)))
        });
        match (near.next(), near.next()) {
            (Some(name), None) => Some(name),
            _ => None,
        }
    }

    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> String {
        match self.meant() {
            Some(name) => format!("Write `{name}`, in exactly this spelling."),
            None => format!("Write one of {}.", quoted(self.names)),
        }
    }
}

fn letters(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in BehaviorOnMxFailure::NAMES {
            assert_eq!(&name.parse::<BehaviorOnMxFailure>().unwrap().as_str(), name);
        }
        for name in VerificationStatus::NAMES {
            assert_eq!(&name.parse::<VerificationStatus>().unwrap().as_str(), name);
        }
        assert_eq!(
            BehaviorOnMxFailure::default().to_string(),
            "UseDefaultValue"
        );
    }

    #[test]
    fn other_spelling_is_told_what_was_meant() {
        for (text, meant) in [
            ("Reject", Some("RejectMessage")),
            ("rejectmessage", Some("RejectMessage")),
            ("REJECT_MESSAGE", Some("RejectMessage")),
            ("RejectMessages", Some("RejectMessage")),
            ("USE_DEFAULT_VALUE", Some("UseDefaultValue")),
            (" UseDefaultValue", Some("UseDefaultValue")),
            ("default", Some("UseDefaultValue")),
            ("e", None),
            ("", None),
            ("bounce", None),
        ] {
            let error = text.parse::<BehaviorOnMxFailure>().unwrap_err();
            assert_eq!(error.meant(), meant, "{text}");
            let told = error.remedy();
            assert!(told.contains(meant.unwrap_or("one of")), "{told}");
            assert!(
                error
                    .to_string()
                    .contains("`UseDefaultValue`, `RejectMessage`")
            );
        }
    }

    #[test]
    fn text_that_fits_two_names_is_not_guessed_at() {
        let error = "PendingFailed".parse::<VerificationStatus>().unwrap_err();
        assert_eq!(error.meant(), None);
    }
}
