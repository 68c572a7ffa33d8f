//! What to tell the practitioner about SES's status of a MAIL FROM domain.

use super::{
    Advice, BehaviorOnMxFailure, DnsRecord, DomainName, Finding, Identity, Place, RecordStatus,
    RequiredRecords,
};

impl Place {
    /// TemporaryFailure: SES looks on, for 72 hours. `behavior` is SES's
    /// `BehaviorOnMXFailure` for the identity; `mx` is what DNS says, if it was asked.
    pub fn temporary_failure(
        &self,
        domain: &DomainName,
        behavior: BehaviorOnMxFailure,
        mx: Option<&Finding>,
    ) -> Advice {
        let identity = &self.identity;
        let remedy = self.remedy(domain, mx, " within that time");
        Advice {
            summary: "MX record of a MAIL FROM domain is missed by SES (TemporaryFailure)",
            detail: format!(
                "SES has verified {domain} as MAIL FROM domain of {identity}, and does not find \
                 its MX record now (TemporaryFailure). Until it does, {}. SES goes on looking for \
                 72 hours from when it first missed the record; after that the status is Failed, \
                 and SES looks no more. {remedy}",
                mail(identity, behavior),
            ),
        }
    }

    /// Failed, and the next apply will start the verification again.
    pub fn to_be_restarted(&self, domain: &DomainName) -> Advice {
        let identity = &self.identity;
        Advice {
            summary: "Verification of a MAIL FROM domain has failed and will be started again",
            detail: format!(
                "SES has not found the MX record of {domain}, the MAIL FROM domain of {identity}, \
                 for 72 hours and looks no more (Failed). Applying this plan sets the domain \
                 again, so that SES looks for another 72 hours. {}, or it will fail again. (Set \
                 `restart_failed_verification = false` to leave it as it is.)",
                self.publish(domain)
            ),
        }
    }

    /// Failed, and it is to stay so.
    pub fn left_failed(&self, domain: &DomainName) -> Advice {
        let identity = &self.identity;
        Advice {
            summary: "Verification of a MAIL FROM domain has failed",
            detail: format!(
                "SES has not found the MX record of {domain}, the MAIL FROM domain of {identity}, \
                 for 72 hours and looks no more (Failed), also if the record is published now. \
                 {}, and remove `restart_failed_verification = false`: the next apply then starts \
                 the verification again.",
                self.publish(domain)
            ),
        }
    }

    /// RejectMessage, although `behavior_until_verified` would have SES send until it has
    /// verified the domain: somebody else has set it.
    pub fn rejects_too_early(&self, domain: &DomainName) -> Advice {
        let identity = &self.identity;
        Advice {
            summary: "Mail is refused before SES has verified a MAIL FROM domain",
            detail: format!(
                "SES has not verified {domain} as MAIL FROM domain of {identity}, and refuses all \
                 mail of {identity} until it has: it holds RejectMessage, in place of \
                 `behavior_until_verified`, which something else has changed. The next apply \
                 changes it back."
            ),
        }
    }

    /// Pending and RejectMessage, after SES had verified the domain; `mx` is what DNS says.
    pub fn pending_again(&self, domain: &DomainName, mx: &Finding) -> Advice {
        let identity = &self.identity;
        let remedy = self.remedy(domain, Some(mx), "");
        Advice {
            summary: "MX record of a MAIL FROM domain is looked for again by SES (Pending)",
            detail: format!(
                "SES had verified {domain} as MAIL FROM domain of {identity}, and looks for its \
                 MX record again (Pending). Until it finds it, {}. {remedy} \
                 (`behavior_until_verified` ends with the first Success; to have mail sent \
                 meanwhile, set `behavior_on_mx_failure = \"UseDefaultValue\"`.)",
                mail(identity, BehaviorOnMxFailure::RejectMessage),
            ),
        }
    }

    /// What to do about an MX record that SES does not see, by what DNS says of it, if it
    /// was asked; `until` ends the sentence that says what to publish.
    fn remedy(&self, domain: &DomainName, mx: Option<&Finding>, until: &str) -> String {
        let publish = self.publish(domain);
        match mx.map(|mx| mx.status) {
            Some(RecordStatus::Ok | RecordStatus::OtherRegion) => "DNS has the record by now, as \
                 far as this machine sees: SES says Success once it has looked again, and nothing \
                 has to be done. If that takes hours, see that each name server of the zone has \
                 the record."
                .to_owned(),
            Some(RecordStatus::Missing | RecordStatus::Multiple | RecordStatus::Wrong) => {
                format!("{publish}{until}; nothing else has to be done.")
            }
            _ => format!("{publish}{until}, if it is not there; nothing else has to be done."),
        }
    }

    /// What to publish, as the beginning of a sentence.
    pub fn publish(&self, domain: &DomainName) -> String {
        let RequiredRecords { mx, .. } = RequiredRecords::new(Some(domain), Some(&self.region));
        let DnsRecord {
            rdata, documented, ..
        } = mx;
        let rdata = rdata.unwrap_or_default();
        match documented {
            true => format!("Publish `{rdata}` as the only MX record of {domain}"),
            false => format!(
                "Publish what the SES console shows (AWS does not document it for {}; elsewhere \
                 it would be `{rdata}`) as the only MX record of {domain}",
                self.region
            ),
        }
    }
}

/// What becomes of mail while SES does not find the MX record.
fn mail(identity: &Identity, behavior: BehaviorOnMxFailure) -> String {
    match behavior {
        BehaviorOnMxFailure::UseDefaultValue => {
            format!("mail of {identity} goes out under a domain of Amazon's (UseDefaultValue)")
        }
        BehaviorOnMxFailure::RejectMessage => {
            format!("SES refuses all mail of {identity} (RejectMessage)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Region;
    use super::*;

    #[test]
    fn each_status_names_the_domain_the_record_and_the_72_hours() {
        let place = Place {
            identity: Identity::parse("example.com").unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
        };
        let domain = DomainName::parse("bounce.example.com").unwrap();
        let told = [
            place.temporary_failure(&domain, BehaviorOnMxFailure::UseDefaultValue, None),
            place.to_be_restarted(&domain),
            place.left_failed(&domain),
        ];
        for advice in &told {
            for text in [
                "`10 feedback-smtp.eu-west-1.amazonses.com`",
                "bounce.example.com",
                "72 hours",
            ] {
                assert!(advice.detail.contains(text), "{advice:?}");
            }
            assert!(
                !advice.summary.contains("example.com"),
                "warnings of one kind fold by their summary"
            );
        }
        let refused = place.temporary_failure(&domain, BehaviorOnMxFailure::RejectMessage, None);
        assert!(refused.detail.contains("refuses all mail of example.com"));
        assert_eq!(refused.summary, told[0].summary);
    }

    #[test]
    fn nobody_is_told_to_publish_what_dns_has() {
        let place = Place {
            identity: Identity::parse("example.com").unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
        };
        let domain = DomainName::parse("bounce.example.com").unwrap();
        let (there, not_there, unknown) = (Some(true), Some(false), None);
        for (status, is_there) in [
            (RecordStatus::Ok, there),
            (RecordStatus::OtherRegion, there),
            (RecordStatus::Missing, not_there),
            (RecordStatus::Multiple, not_there),
            (RecordStatus::Wrong, not_there),
            (RecordStatus::Unreachable, unknown),
            (RecordStatus::Disabled, unknown),
            (RecordStatus::Unchecked, unknown),
        ] {
            let mx = Finding::new(status, Vec::new());
            let behavior = BehaviorOnMxFailure::RejectMessage;
            for Advice { detail, .. } in [
                place.temporary_failure(&domain, behavior, Some(&mx)),
                place.pending_again(&domain, &mx),
            ] {
                for (text, is_told) in [
                    ("DNS has the record by now", is_there == there),
                    ("Publish `10 ", is_there != there),
                    (", if it is not there", is_there == unknown),
                ] {
                    assert_eq!(detail.contains(text), is_told, "{detail}");
                }
            }
        }
    }

    #[test]
    fn a_record_without_a_source_is_to_be_compared() {
        let publish = |region: &str| {
            let place = Place {
                identity: Identity::parse("example.com").unwrap(),
                region: Region::parse(region).unwrap(),
            };
            place.publish(&DomainName::parse("bounce.example.com").unwrap())
        };
        assert!(publish("eu-west-1").starts_with("Publish `10 feedback-smtp.eu-west-1"));
        let compared = publish("cn-north-1");
        assert!(
            compared.starts_with("Publish what the SES console shows"),
            "{compared}"
        );
    }
}
