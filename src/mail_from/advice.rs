//! What to tell the practitioner about a finding.

use super::{DnsRecord, Finding, RecordStatus};

/// A warning about one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The same for every record of one kind and verdict, so that Terraform
    /// folds the warnings of a fleet.
    pub summary: &'static str,
    /// Names the record, what was found, what is expected and what to do.
    pub detail: String,
}

/// The warning that `finding` calls for; `expected` is the record that was
/// looked for. None for the silent verdicts, and while `expected` is not known
/// in full.
pub fn advice(finding: &Finding, expected: &DnsRecord) -> Option<Advice> {
    let name = expected.name.as_deref()?;
    let rdata = expected.rdata.as_deref()?;
    let mx = expected.record_type == "MX";
    let kind = if mx { "MX" } else { "SPF (TXT)" };
    let found = found(finding);
    let reason = finding.reason.as_deref().unwrap_or("no reason is known");
    let (summary, detail) = match (finding.status, mx) {
        (RecordStatus::Missing, true) => (
            "MX record of a MAIL FROM domain is missing",
            format!(
                "{name} has no MX record, so Amazon SES cannot use it as MAIL FROM domain. \
                 Publish `{rdata}` as the only MX record of {name}."
            ),
        ),
        (RecordStatus::Missing, false) => (
            "SPF record of a MAIL FROM domain is missing",
            format!(
                "{name} has no SPF record (a TXT record that starts with `v=spf1 `){}, so SPF \
                 does not pass for its mail. Publish `{rdata}` as a TXT record of {name}.",
                match finding.found.as_slice() {
                    [] => String::new(),
                    _ => format!("; only {found}"),
                }
            ),
        ),
        (RecordStatus::Multiple, true) => (
            "MAIL FROM domain has several MX records",
            format!(
                "{name} has the MX records {found}. Amazon SES takes a MAIL FROM domain only \
                 with exactly one. Keep `{rdata}` as the only MX record of {name}; mail that \
                 people should receive needs another domain."
            ),
        ),
        (RecordStatus::Multiple, false) => (
            "MAIL FROM domain has several SPF records",
            format!(
                "{name} has the SPF records {found}. With more than one, SPF fails for all of \
                 its mail. Merge them into one TXT record that holds `include:amazonses.com`, \
                 such as `{rdata}`."
            ),
        ),
        (RecordStatus::Wrong, true) => (
            "MX record of a MAIL FROM domain is wrong",
            format!(
                "{name} has the MX record {found}: {reason}. Replace it by `{rdata}`, as the \
                 only MX record of {name}."
            ),
        ),
        (RecordStatus::Wrong, false) => (
            "SPF record of a MAIL FROM domain is wrong",
            format!(
                "{name} has the SPF record {found}: {reason}. Add `include:amazonses.com` to \
                 this record, near its start and before its `all`, or replace it by `{rdata}`; \
                 a domain may have only one SPF record."
            ),
        ),
        (RecordStatus::Unreachable, _) => (
            if mx {
                "MX record of a MAIL FROM domain could not be looked up"
            } else {
                "SPF record of a MAIL FROM domain could not be looked up"
            },
            format!(
                "The {kind} record of {name} could not be looked up: {reason}. Expected is \
                 `{rdata}`. Nothing else is held back by this. If this machine cannot reach \
                 DNS, set other name servers in the provider's `dns` block, or \
                 `dns_check = false`."
            ),
        ),
        (
            RecordStatus::Ok
            | RecordStatus::OtherRegion
            | RecordStatus::Disabled
            | RecordStatus::Unchecked,
            _,
        ) => return None,
    };
    let detail = match &finding.view {
        Some(view) => format!("{detail} ({view}.)"),
        None => detail,
    };
    Some(Advice { summary, detail })
}

/// The records in quotes; what says how many more there are is none.
fn found(finding: &Finding) -> String {
    let records = finding.found.iter().map(|record| {
        if record.starts_with("and ") && record.ends_with(" more") {
            record.clone()
        } else {
            format!("`{record}`")
        }
    });
    records.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail_from::{DomainName, Region, RequiredRecords};

    fn records() -> RequiredRecords {
        RequiredRecords::new(
            Some(&DomainName::parse("bounce.example.com").unwrap()),
            Some(&Region::parse("eu-west-1").unwrap()),
        )
    }

    #[test]
    fn warning_names_record_found_and_expected() {
        let RequiredRecords { mx, spf } = records();
        let hosts = vec!["10 a.example".to_owned(), "20 b.example".to_owned()];
        let text = vec!["v=spf1 -all".to_owned()];
        for (status, found, expected, record) in [
            (
                RecordStatus::Missing,
                Vec::new(),
                &mx,
                "10 feedback-smtp.eu-west-1.amazonses.com",
            ),
            (
                RecordStatus::Multiple,
                hosts.clone(),
                &mx,
                "10 feedback-smtp.eu-west-1.amazonses.com",
            ),
            (
                RecordStatus::Wrong,
                hosts,
                &mx,
                "10 feedback-smtp.eu-west-1.amazonses.com",
            ),
            (
                RecordStatus::Unreachable,
                Vec::new(),
                &mx,
                "10 feedback-smtp.eu-west-1.amazonses.com",
            ),
            (
                RecordStatus::Missing,
                text.clone(),
                &spf,
                "v=spf1 include:amazonses.com ~all",
            ),
            (
                RecordStatus::Multiple,
                text.clone(),
                &spf,
                "v=spf1 include:amazonses.com ~all",
            ),
            (
                RecordStatus::Wrong,
                text,
                &spf,
                "v=spf1 include:amazonses.com ~all",
            ),
            (
                RecordStatus::Unreachable,
                Vec::new(),
                &spf,
                "v=spf1 include:amazonses.com ~all",
            ),
        ] {
            let finding = Finding::new(status, found).because("the reason");
            let Advice { summary, detail } = advice(&finding, expected).unwrap();
            assert!(summary.contains(if expected.record_type == "MX" {
                "MX"
            } else {
                "SPF"
            }));
            assert!(detail.contains("bounce.example.com"), "{detail}");
            assert!(detail.contains(&format!("`{record}`")), "{detail}");
            for found in &finding.found {
                assert!(detail.contains(&format!("`{found}`")), "{detail}");
            }
            let explained = matches!(status, RecordStatus::Wrong | RecordStatus::Unreachable);
            assert_eq!(detail.contains("the reason"), explained, "{detail}");
        }
    }

    #[test]
    fn each_kind_has_its_own_summary() {
        let RequiredRecords { mx, spf } = records();
        let mut summaries = std::collections::HashSet::new();
        for status in [
            RecordStatus::Missing,
            RecordStatus::Multiple,
            RecordStatus::Wrong,
            RecordStatus::Unreachable,
        ] {
            for record in [&mx, &spf] {
                let finding = Finding::new(status, Vec::new());
                summaries.insert(advice(&finding, record).unwrap().summary);
            }
        }
        assert_eq!(summaries.len(), 8);
    }

    #[test]
    fn other_verdicts_are_silent() {
        let RequiredRecords { mx, spf } = records();
        for status in [
            RecordStatus::Ok,
            RecordStatus::OtherRegion,
            RecordStatus::Disabled,
            RecordStatus::Unchecked,
        ] {
            for record in [&mx, &spf] {
                assert_eq!(advice(&Finding::new(status, Vec::new()), record), None);
            }
        }
    }
}
