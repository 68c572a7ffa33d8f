//! The verdict on MX records.

use std::fmt;

use super::{Cause, DomainName, Finding, MxCause, RecordStatus, Region};

/// One MX record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mx {
    /// Its preference: the lower, the earlier it is tried.
    pub preference: u16,
    /// The host, in presentation form. Final dot and case do not matter; `.`
    /// is the null MX of RFC 7505.
    pub exchange: String,
}

impl Mx {
    /// The host in the form in which it is shown and compared.
    fn host(&self) -> String {
        let host = self.exchange.strip_suffix('.').unwrap_or(&self.exchange);
        match host {
            "" => ".".to_owned(),
            host => host.to_ascii_lowercase(),
        }
    }
}

impl fmt::Display for Mx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.preference, self.host())
    }
}

/// Judges all MX records of `domain`, a MAIL FROM domain: SES takes exactly one, of any
/// preference, that names the feedback host of this region or of another. Whether
/// another region is one, DNS has to say: see [`Mx::names_other_region`].
pub fn judge_mx(records: &[Mx], region: &Region, domain: &DomainName) -> Finding {
    let found = listed(records);
    let [record] = records else {
        let status = match records {
            [] => RecordStatus::Missing,
            _ => RecordStatus::Multiple,
        };
        return Finding::new(status, found);
    };
    let host = record.host();
    match feedback_region(&host) {
        Some(named) if named == *region => Finding::new(RecordStatus::Ok, found),
        Some(_) => Finding::new(RecordStatus::OtherRegion, found),
        None => {
            let cause = MxCause::of(&host, region, domain);
            Finding::new(RecordStatus::Wrong, found).with(Cause::Mx(cause))
        }
    }
}

/// The verdict on an MX record that names the feedback host of a region that does
/// not exist.
pub fn no_such_region(record: &Mx, region: &Region) -> Finding {
    let cause = MxCause::NoSuchRegion {
        host: record.host(),
        near: region.feedback_host(),
    };
    Finding::new(RecordStatus::Wrong, vec![record.to_string()]).with(Cause::Mx(cause))
}

impl Mx {
    /// The host, lower case and without final dot; `None` for the null MX.
    pub fn mail_host(&self) -> Option<String> {
        Some(self.host()).filter(|host| host != ".")
    }

    /// The feedback host that the record names, if it is that of another region.
    pub fn names_other_region(&self, region: &Region) -> Option<String> {
        let host = self.host();
        let named = feedback_region(&host)?;
        (named != *region).then_some(host)
    }
}

/// Those MX records by which `domain` receives mail of its own: neither a feedback
/// host of SES, nor what was meant as one, nor the null MX. By preference, in
/// printable ASCII.
pub fn receiving(records: &[Mx], region: &Region, domain: &DomainName) -> Vec<String> {
    let receives = |record: &&Mx| {
        let host = record.host();
        feedback_region(&host).is_none()
            && MxCause::of(&host, region, domain) == MxCause::AnotherHost
    };
    let receiving: Vec<Mx> = records.iter().filter(receives).cloned().collect();
    listed(&receiving)
}

/// Whether each of `records`, sought for `domain`, names SES's feedback host, or what somebody wrote who meant
/// it. Another host of Amazon's may be the domain's own.
pub fn are_meant_for_ses(records: &[Mx], region: &Region, domain: &DomainName) -> bool {
    let is_meant = |record: &Mx| {
        let host = record.host();
        feedback_region(&host).is_some()
            || match MxCause::of(&host, region, domain) {
                MxCause::ZoneAdded(_)
                | MxCause::PriorityInHost
                | MxCause::EscapedDots
                | MxCause::Character(_) => true,
                MxCause::Differs { .. } => host.starts_with("feedback-smtp"),
                _ => false,
            }
    };
    !records.is_empty() && records.iter().all(is_meant)
}

fn listed(records: &[Mx]) -> Vec<String> {
    let mut records: Vec<(u16, String)> = records
        .iter()
        .map(|record| (record.preference, record.to_string()))
        .collect();
    records.sort();
    records.into_iter().map(|(_, text)| text).collect()
}

/// The region in `feedback-smtp.REGION.amazonses.com`.
pub(super) fn feedback_region(host: &str) -> Option<Region> {
    let region = host
        .strip_prefix("feedback-smtp.")?
        .strip_suffix(".amazonses.com")?;
    Region::parse(region).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain() -> DomainName {
        DomainName::parse("bounce.example.com").unwrap()
    }

    fn judge(records: &[(u16, &str)]) -> Finding {
        let records: Vec<Mx> = records
            .iter()
            .map(|&(preference, exchange)| Mx {
                preference,
                exchange: exchange.to_owned(),
            })
            .collect();
        judge_mx(&records, &Region::parse("eu-west-1").unwrap(), &domain())
    }

    #[test]
    fn one_record_is_judged_by_its_host() {
        for (host, status) in [
            ("feedback-smtp.eu-west-1.amazonses.com", RecordStatus::Ok),
            ("Feedback-SMTP.eu-west-1.AmazonSES.com.", RecordStatus::Ok),
            (
                "feedback-smtp.us-gov-west-1.amazonses.com.",
                RecordStatus::OtherRegion,
            ),
            (".", RecordStatus::Wrong),
            ("", RecordStatus::Wrong),
            ("mail.example.com.", RecordStatus::Wrong),
            ("inbound-smtp.eu-west-1.amazonaws.com.", RecordStatus::Wrong),
            (
                "feedback-smtp.eu-west-1.amazonses.com.example.com",
                RecordStatus::Wrong,
            ),
            (
                "x.feedback-smtp.eu-west-1.amazonses.com",
                RecordStatus::Wrong,
            ),
            (
                "feedback-smtp.a.eu-west-1.amazonses.com",
                RecordStatus::Wrong,
            ),
            ("feedback-smtp.amazonses.com", RecordStatus::Wrong),
            ("feedback-smtp..amazonses.com", RecordStatus::Wrong),
        ] {
            for preference in [0, 10, u16::MAX] {
                let finding = judge(&[(preference, host)]);
                assert_eq!(finding.status, status, "{host}");
                assert_eq!(
                    finding.cause.is_some(),
                    status == RecordStatus::Wrong,
                    "{host}"
                );
            }
        }
    }

    #[test]
    fn none_is_missing_and_several_are_multiple() {
        assert_eq!(judge(&[]), Finding::new(RecordStatus::Missing, Vec::new()));
        let host = "feedback-smtp.eu-west-1.amazonses.com";
        for records in [
            [(10, host), (20, host)],
            [(10, host), (10, "mail.example.com")],
        ] {
            assert_eq!(judge(&records).status, RecordStatus::Multiple);
        }
    }

    #[test]
    fn mail_is_received_by_hosts_other_than_ses_feedback_hosts() {
        let mx = |exchange: &str| Mx {
            preference: 10,
            exchange: exchange.to_owned(),
        };
        let feedback = mx("feedback-smtp.us-east-1.amazonses.com.");
        let region = Region::parse("eu-west-1").unwrap();
        let receiving = |records: &[Mx]| receiving(records, &region, &domain());
        assert!(receiving(&[]).is_empty());
        assert!(receiving(std::slice::from_ref(&feedback)).is_empty());
        assert!(receiving(&[mx(".")]).is_empty());
        assert!(receiving(&[mx("feedback-smtp.eu-west-1.amazonses.com.x.example.")]).is_empty());
        assert_eq!(
            receiving(&[mx("b.example."), feedback, mx("A.example.")]),
            ["10 a.example", "10 b.example"]
        );
    }

    #[test]
    fn records_are_shown_sorted_without_final_dot() {
        assert_eq!(
            judge(&[(20, "B.Example."), (5, "c.example."), (10, "a.example.")]).found,
            ["5 c.example", "10 a.example", "20 b.example"]
        );
        assert_eq!(judge(&[(0, ".")]).found, ["0 ."]);
    }

    #[test]
    fn only_what_names_the_feedback_host_or_nearly_so_is_meant_for_ses() {
        let region = Region::parse("eu-west-1").unwrap();
        let meant = |hosts: &[&str]| {
            let record = |host: &&str| Mx {
                preference: 10,
                exchange: format!("{host}."),
            };
            let records: Vec<Mx> = hosts.iter().map(record).collect();
            are_meant_for_ses(&records, &region, &domain())
        };
        for host in [
            "feedback-smtp.eu-west-1.amazonses.com",
            "feedback-smtp.us-east-1.amazonses.com",
            "feedback-smtp.eu-west-1.amazonses.com.example.com",
            "feedback-smtp.eu-west-1.amazonaws.com",
        ] {
            assert!(meant(&[host]), "{host}");
        }
        // Of the domain's own mail.
        for host in [
            "inbound-smtp.us-east-1.amazonaws.com",
            "ec2-192-0-2-1.compute-1.amazonaws.com",
            "mail-123.elb.us-east-1.amazonaws.com",
            "mail.amazongs.com",
            "mail.example.com",
            "",
        ] {
            assert!(!meant(&[host]), "{host}");
            assert!(
                !meant(&["feedback-smtp.eu-west-1.amazonses.com", host]),
                "{host}"
            );
        }
        assert!(!meant(&[]));
        for host in ["ec2-192-0-2-1.compute-1.amazonaws.com", "mail.amazongs.com"] {
            assert_eq!(
                MxCause::of(host, &region, &domain()),
                MxCause::AnotherHost,
                "{host}"
            );
        }
    }
}
