//! What is told about a wait that ended otherwise than well.

use tf_provider::{AttributePath, Diagnostic};

use super::progress::Seen;
use super::wait::Unverified;
use crate::diagnostics::{diagnostic, explain, ses as ses_failed};
use crate::dns_check;
use crate::mail_from::{DnsFindings, DomainName, Place, RecordStatus};
use crate::ses::Error;

/// The error for a wait for the MAIL FROM domain of `place`. `dns` is what DNS
/// says of `domain`, where that was asked.
pub(super) fn report(
    unverified: &Unverified,
    place: &Place,
    domain: Option<&DomainName>,
    dns: Option<&DnsFindings>,
) -> Diagnostic {
    let identity = &place.identity;
    let (ended, remedy) = match unverified {
        Unverified::Ses(Error::Stopped { .. }) => {
            return diagnostic(
                format!("Interrupted while waiting for the MAIL FROM domain of {identity}"),
                "The provider was asked to stop (Ctrl-C, or the end of a CI job). SES goes on \
                 looking for the MX record, and the next apply goes on waiting.",
                AttributePath::root(),
            );
        }
        Unverified::Ses(error) => {
            let doing = format!("Could not read the status of the MAIL FROM domain of {identity}");
            return ses_failed(&doing, error);
        }
        Unverified::Over(seen) => over(seen, place),
        Unverified::TimedOut {
            waited,
            last,
            error,
        } => {
            let waited = humantime::format_duration(std::time::Duration::from_secs(
                waited.as_secs_f64().round() as u64,
            ));
            let last = match last {
                Some(seen) => format!("{} after {waited}.", shows(seen, place)),
                None => format!("SES did not answer within {waited}."),
            };
            let ended = match error {
                Some(error) => format!("{last}\n\nThe last attempt: {}", explain(error)),
                None => last,
            };
            (
                ended,
                "SES looks for the MX record for 72 hours from when the domain was set, so apply \
                 again to go on waiting, or give `timeouts { create }` more time.",
            )
        }
    };
    let mut paragraphs = vec![ended];
    if let (Some(domain), Some(dns)) = (domain, dns) {
        paragraphs.push(records(place, domain, dns));
    }
    paragraphs.push(remedy.to_owned());
    diagnostic(
        format!("MAIL FROM domain of {identity} is not verified"),
        paragraphs.join("\n\n"),
        AttributePath::root(),
    )
}

/// What SES shows that will not become Success, and what to do.
fn over(seen: &Seen, place: &Place) -> (String, &'static str) {
    let shows = format!("{}.", shows(seen, place));
    match seen {
        Seen::NoIdentity => (
            shows,
            "Create the identity, and see that account and region are the identity's: the account \
             is that of the provider configuration that `provider` names, or else of the default \
             one, and so is the region unless `region` names another.",
        ),
        Seen::Unset => (
            shows,
            "Set it first, with a ses_identity_mail_from that this resource refers to or names in \
             `depends_on`.",
        ),
        Seen::Other(_) => (
            shows,
            "Let `mail_from_domain` refer to the ses_identity_mail_from that sets it, or leave it \
             out.",
        ),
        Seen::Verified(_) | Seen::Sought(_) | Seen::GivenUp(_) => (
            format!("{shows} SES has not found its MX record for 72 hours, and looks no more."),
            "Once the record is there, apply again: the ses_identity_mail_from then starts the \
             verification again, unless it has `restart_failed_verification = false`.",
        ),
    }
}

/// What SES shows, as a clause. The domain comes from the network.
fn shows(seen: &Seen, place: &Place) -> String {
    let Place { identity, region } = place;
    match seen {
        Seen::NoIdentity => format!("SES knows no identity {identity} in {region}"),
        Seen::Unset => format!("{identity} has no custom MAIL FROM domain"),
        Seen::Other(held) => format!("{identity} has another MAIL FROM domain, {}", held.domain),
        Seen::Verified(held) | Seen::Sought(held) | Seen::GivenUp(held) => format!(
            "SES says {} of {}, the MAIL FROM domain of {identity}",
            held.status, held.domain
        ),
    }
}

/// Which record is missing or wrong, what was found and what belongs there.
fn records(place: &Place, domain: &DomainName, dns: &DnsFindings) -> String {
    let advice = dns_check::advise(dns, Some(domain), &place.region);
    let mut told: Vec<String> = advice.map(|advice| advice.detail).collect();
    let publish = place.publish(domain);
    match dns.mx.status {
        RecordStatus::Ok | RecordStatus::OtherRegion => told.insert(
            0,
            format!(
                "DNS holds the right MX record of {domain} already ({}); SES may not have looked \
                 since, or its resolvers may still remember that it was missing.",
                dns.mx.found.join(", ")
            ),
        ),
        RecordStatus::Disabled | RecordStatus::Unchecked => {
            told.push(format!("DNS was not asked. {publish}."));
        }
        _ => {}
    }
    told.join("\n\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::mail_from::{Finding, Identity, Region};
    use crate::ses::fake::{set, with_status};
    use crate::ses::{MailFrom, Operation};

    const EXPECTED: &str = "`10 feedback-smtp.eu-west-1.amazonses.com`";

    fn told(unverified: &Unverified, dns: Option<&DnsFindings>) -> String {
        let place = Place {
            identity: Identity::parse("example.com").unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
        };
        let domain = DomainName::parse("bounce.example.com").unwrap();
        let told = report(unverified, &place, Some(&domain), dns);
        assert!(told.summary.contains("example.com"), "{told:?}");
        told.detail.into_owned()
    }

    fn over(held: MailFrom) -> Unverified {
        let asked = DomainName::parse("bounce.example.com").unwrap();
        Unverified::Over(Seen::new(held, Some(&asked), false))
    }

    fn timed_out() -> Unverified {
        Unverified::TimedOut {
            waited: Duration::from_millis(5_001),
            last: Some(Seen::new(set("bounce.example.com"), None, false)),
            error: None,
        }
    }

    fn findings(mx: Finding) -> DnsFindings {
        DnsFindings {
            mx,
            spf: Finding::new(RecordStatus::Ok, Vec::new()),
            ..DnsFindings::unchecked()
        }
    }

    #[test]
    fn time_out_tells_status_time_record_found_and_expected() {
        let wrong = Finding::new(RecordStatus::Wrong, vec!["10 mail.example.com".to_owned()]);
        let text = told(&timed_out(), Some(&findings(wrong)));
        for part in [
            "Pending",
            "5s",
            "`10 mail.example.com`",
            EXPECTED,
            "timeouts",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn records_that_are_right_or_not_asked_for_are_told_too() {
        let ok = Finding::new(RecordStatus::Ok, vec!["10 a.example".to_owned()]);
        let text = told(&timed_out(), Some(&findings(ok)));
        assert!(text.contains("the right MX record"), "{text}");
        let text = told(&timed_out(), Some(&DnsFindings::disabled()));
        assert!(text.contains(EXPECTED), "{text}");
    }

    #[test]
    fn each_end_says_what_ses_shows_and_what_to_do() {
        for (held, shows, remedy) in [
            (
                with_status("bounce.example.com", "Failed"),
                "SES says Failed of bounce.example.com",
                "restart_failed_verification",
            ),
            (MailFrom::Unset, "no custom MAIL FROM domain", "depends_on"),
            (MailFrom::UnknownIdentity, "knows no identity", "region"),
            (set("old.example.com"), "old.example.com", "leave it out"),
        ] {
            let text = told(&over(held), None);
            assert!(text.contains(shows) && text.contains(remedy), "{text}");
        }
    }

    #[test]
    fn an_interruption_and_an_error_of_ses_are_told_apart() {
        let operation = Operation::GetIdentityMailFromDomainAttributes;
        let stopped = Error::Stopped {
            operation,
            last: None,
        };
        let text = told(&Unverified::Ses(stopped), None);
        assert!(text.contains("asked to stop"), "{text}");
        let denied = Error::Refused {
            operation,
            status: 403,
            code: "AccessDenied".to_owned(),
            message: "no".to_owned(),
            request_id: None,
        };
        let text = told(&Unverified::Ses(denied), None);
        assert!(
            text.contains("`ses:GetIdentityMailFromDomainAttributes`"),
            "{text}"
        );
    }
}
