//! What an identity is, by its name alone.

use std::fmt;
use std::str::FromStr;

use super::behavior::UnknownValue;

/// The kind of an identity (`IdentityType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentityKind {
    /// Every address of a domain.
    Domain,
    /// One address alone.
    EmailAddress,
}

impl IdentityKind {
    /// The names that SES gives.
    pub const NAMES: &'static [&'static str] = &["Domain", "EmailAddress"];

    /// The kind of the identity that SES lists by this name.
    pub fn of(name: &str) -> Self {
        match name.contains('@') {
            true => Self::EmailAddress,
            false => Self::Domain,
        }
    }

    /// The name in SES's API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Domain => "Domain",
            Self::EmailAddress => "EmailAddress",
        }
    }
}

impl FromStr for IdentityKind {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "Domain" => Ok(Self::Domain),
            "EmailAddress" => Ok(Self::EmailAddress),
            _ => Err(UnknownValue::new(text, Self::NAMES)),
        }
    }
}

impl fmt::Display for IdentityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_is_told_by_the_name_and_written_as_ses_writes_it() {
        for (name, kind) in [
            ("example.com", "Domain"),
            ("sender@example.com", "EmailAddress"),
            ("\"odd one\"@example.com", "EmailAddress"),
        ] {
            assert_eq!(IdentityKind::of(name).to_string(), kind);
            assert_eq!(kind.parse(), Ok(IdentityKind::of(name)));
        }
        let error = "email_address".parse::<IdentityKind>().unwrap_err();
        assert_eq!(error.meant(), Some("EmailAddress"));
    }
}
