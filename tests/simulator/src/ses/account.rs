//! What SES knows: the identities of each region and their MAIL FROM domains.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::status::{Status, Verification};

/// SES's `BehaviorOnMXFailure`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behavior {
    /// Mail goes out with amazonses.com as MAIL FROM domain.
    #[default]
    UseDefaultValue,
    /// Mail is refused.
    RejectMessage,
}

impl Behavior {
    /// The value as SES writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UseDefaultValue => "UseDefaultValue",
            Self::RejectMessage => "RejectMessage",
        }
    }
}

/// What SES holds of one identity at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// The region.
    pub region: String,
    /// The identity as SES keeps it: a domain in lower case, an address as written.
    pub identity: String,
    /// Whether the identity itself is verified.
    pub verified: bool,
    /// The MAIL FROM domain as it was set.
    pub mail_from_domain: Option<String>,
    /// The status; `None` without a MAIL FROM domain.
    pub status: Option<Status>,
    /// The behaviour; the default without a MAIL FROM domain.
    pub behavior: Behavior,
}

/// The name of an identity, in the form in which SES tells identities apart:
/// domains by their letters regardless of case, addresses as written, the
/// domain part included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct IdentityName(String);

impl IdentityName {
    pub(crate) fn new(name: &str) -> Self {
        if name.contains('@') {
            Self(name.to_owned())
        } else {
            Self(name.to_ascii_lowercase())
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_address(&self) -> bool {
        self.0.contains('@')
    }

    /// Whether `domain` lies strictly below the identity's domain.
    pub(crate) fn has_subdomain(&self, domain: &str) -> bool {
        let own = self.0.rsplit('@').next().unwrap_or_default();
        domain
            .to_ascii_lowercase()
            .strip_suffix(&own.to_ascii_lowercase())
            .is_some_and(|above| above.len() > 1 && above.ends_with('.'))
    }
}

/// A MAIL FROM domain and where its verification stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MailFrom {
    pub(crate) domain: String,
    pub(crate) behavior: Behavior,
    pub(crate) verification: Verification,
}

/// One identity of a region.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) verified: bool,
    /// A domain as it was registered, where that is not in lower case.
    registered: Option<String>,
    mail_from: Option<MailFrom>,
    /// What held before the last change; `None` if there was no change.
    before: Option<Option<MailFrom>>,
    /// What held before each call of change, and until when.
    history: Vec<(Duration, Option<MailFrom>)>,
}

impl Identity {
    pub(crate) fn mail_from(&self) -> Option<&MailFrom> {
        self.mail_from.as_ref()
    }

    /// What held before the last change of MAIL FROM.
    pub(crate) fn mail_from_before(&self) -> Option<&MailFrom> {
        self.before.as_ref().unwrap_or(&self.mail_from).as_ref()
    }

    /// What held at a moment, as far as calls have changed it since.
    pub(crate) fn mail_from_at(&self, moment: Duration) -> Option<&MailFrom> {
        let held = self.history.iter().find(|(until, _)| *until > moment);
        held.map_or(&self.mail_from, |(_, held)| held).as_ref()
    }

    /// A call sets MAIL FROM, or unsets it, at `now`.
    pub(crate) fn change_mail_from(&mut self, mail_from: Option<MailFrom>, now: Duration) {
        self.history.push((now, self.mail_from.clone()));
        self.set_mail_from(mail_from);
    }

    /// The identity was registered by this name. An earlier spelling stays.
    pub(crate) fn register(&mut self, name: &str) {
        if IdentityName::new(name).as_str() != name {
            self.registered.get_or_insert_with(|| name.to_owned());
        }
    }

    /// How SES spells the identity that it would spell so otherwise.
    pub(crate) fn spelled<'a>(&'a self, otherwise: &'a str) -> &'a str {
        self.registered.as_deref().unwrap_or(otherwise)
    }

    pub(crate) fn set_mail_from(&mut self, mail_from: Option<MailFrom>) {
        self.before = Some(std::mem::replace(&mut self.mail_from, mail_from));
    }

    /// Where the verification of the present MAIL FROM domain stands.
    pub(crate) fn verification_mut(&mut self) -> Option<&mut Verification> {
        Some(&mut self.mail_from.as_mut()?.verification)
    }

    pub(crate) fn snapshot(&self, key: &Key, now: Duration) -> Snapshot {
        let mail_from = self.mail_from.as_ref();
        Snapshot {
            region: key.region.clone(),
            identity: key.name.as_str().to_owned(),
            verified: self.verified,
            mail_from_domain: mail_from.map(|m| m.domain.clone()),
            status: mail_from.map(|m| m.verification.status(now)),
            behavior: mail_from.map(|m| m.behavior).unwrap_or_default(),
        }
    }
}

/// An identity's place: each region knows its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) region: String,
    pub(crate) name: IdentityName,
}

impl Key {
    pub(crate) fn new(region: &str, identity: &str) -> Self {
        Self {
            region: region.to_owned(),
            name: IdentityName::new(identity),
        }
    }
}

/// All identities of all regions, in the order in which they are listed.
pub(crate) type Account = BTreeMap<Key, Identity>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_told_apart_regardless_of_case_and_addresses_by_it() {
        assert_eq!(
            IdentityName::new("EXAMPLE.com"),
            IdentityName::new("example.COM")
        );
        assert_ne!(
            IdentityName::new("a@Example.com"),
            IdentityName::new("a@example.com")
        );
    }

    #[test]
    fn a_subdomain_lies_strictly_below_at_a_dot() {
        let domain = IdentityName::new("example.com");
        let address = IdentityName::new("user@Example.com");
        for identity in [domain, address] {
            assert!(identity.has_subdomain("bounce.example.com"));
            assert!(identity.has_subdomain("A.B.EXAMPLE.com"));
            for other in ["example.com", ".example.com", "evilexample.com", "b.test"] {
                assert!(!identity.has_subdomain(other), "{other}");
            }
        }
    }
}
