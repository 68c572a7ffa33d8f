//! The rule that ties a MAIL FROM domain to its identity.

use super::{DomainName, Identity};

/// Holds SES's rule: a MAIL FROM domain is a subdomain of the identity's
/// domain, or of the domain part of its address, and not that domain itself.
pub fn check_subdomain(
    mail_from: &DomainName,
    identity: &Identity,
) -> Result<(), MailFromDomainError> {
    let domain = identity.domain();
    if mail_from.is_strict_subdomain_of(domain) {
        return Ok(());
    }
    let (mail_from, domain) = (mail_from.clone(), domain.clone());
    Err(if mail_from == domain {
        MailFromDomainError::SameAsIdentity { domain }
    } else {
        MailFromDomainError::NotUnderIdentity { mail_from, domain }
    })
}

/// A MAIL FROM domain that SES refuses for the identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailFromDomainError {
    /// It is the identity's own domain.
    #[error(
        "the MAIL FROM domain `{domain}` is the domain of the identity itself, \
         not a subdomain of it"
    )]
    SameAsIdentity {
        /// The domain of both.
        domain: DomainName,
    },
    /// It lies elsewhere, or only ends in the same letters.
    #[error("the MAIL FROM domain `{mail_from}` is not a subdomain of `{domain}`")]
    NotUnderIdentity {
        /// What was given.
        mail_from: DomainName,
        /// The domain of the identity.
        domain: DomainName,
    },
}

impl MailFromDomainError {
    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> String {
        let (Self::SameAsIdentity { domain } | Self::NotUnderIdentity { domain, .. }) = self;
        format!(
            "Use a subdomain of `{domain}` that sends and receives no other mail, \
             such as `bounce.{domain}`."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mail_from: &str, identity: &str) -> Result<(), MailFromDomainError> {
        check_subdomain(
            &DomainName::parse(mail_from).unwrap(),
            &Identity::parse(identity).unwrap(),
        )
    }

    #[test]
    fn subdomain_is_accepted() {
        for (mail_from, identity) in [
            ("bounce.example.com", "example.com"),
            ("a.b.example.com", "example.com"),
            ("Bounce.EXAMPLE.com.", "example.COM"),
            ("bounce.bücher.example", "xn--bcher-kva.example"),
            ("bounces.example.com", "User@Example.com"),
        ] {
            assert_eq!(check(mail_from, identity), Ok(()), "{mail_from}");
        }
    }

    #[test]
    fn identity_itself_is_refused() {
        for (mail_from, identity) in [
            ("example.com", "example.com"),
            ("example.com", "Sender@Example.com"),
        ] {
            let error = check(mail_from, identity).unwrap_err();
            assert!(matches!(error, MailFromDomainError::SameAsIdentity { .. }));
            assert!(error.remedy().contains("`bounce.example.com`"));
        }
    }

    #[test]
    fn domain_elsewhere_is_refused() {
        for (mail_from, identity) in [
            ("evilexample.com", "example.com"),
            ("bounce.example.org", "example.com"),
            ("mail.dive.example", "ses.dive.example"),
            ("example.com", "mail.example.com"),
            ("bounce.evilexample.com", "a@example.com"),
        ] {
            let error = check(mail_from, identity).unwrap_err();
            assert!(matches!(
                error,
                MailFromDomainError::NotUnderIdentity { .. }
            ));
            assert!(error.to_string().contains(mail_from), "{error}");
        }
    }
}
