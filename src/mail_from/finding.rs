//! What DNS was found to hold, and the verdict on it.

use std::fmt;

use super::View;

/// Records that are listed; the rest is counted.
const LISTED: usize = 10;

/// The verdict on one record of a MAIL FROM domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordStatus {
    /// As SES wants it.
    Ok,
    /// One MX record that names another region's feedback host: SES takes it.
    OtherRegion,
    /// No such record.
    Missing,
    /// Several where exactly one may be.
    Multiple,
    /// One, and SES or receivers of mail do not take it.
    Wrong,
    /// DNS gave no answer.
    Unreachable,
    /// DNS is not to be asked.
    Disabled,
    /// DNS was not asked yet.
    Unchecked,
}

impl RecordStatus {
    /// The name in the provider's schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::OtherRegion => "other_region",
            Self::Missing => "missing",
            Self::Multiple => "multiple",
            Self::Wrong => "wrong",
            Self::Unreachable => "unreachable",
            Self::Disabled => "disabled",
            Self::Unchecked => "unchecked",
        }
    }
}

impl fmt::Display for RecordStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One record's verdict and its grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The verdict.
    pub status: RecordStatus,
    /// The records in question, sorted and in printable ASCII: MX as
    /// `10 host`, TXT with its strings joined. After ten: `and N more`.
    pub found: Vec<String>,
    /// Why it is wrong or unreachable, as a clause; for the warning alone.
    pub reason: Option<String>,
    /// How the resolver's view may differ from that of the zone's own servers.
    pub view: Option<View>,
}

impl Finding {
    /// A verdict on `records`, which are printable already.
    pub fn new(status: RecordStatus, mut records: Vec<String>) -> Finding {
        records.sort();
        if records.len() > LISTED {
            let more = records.len() - LISTED;
            records.truncate(LISTED);
            records.push(format!("and {more} more"));
        }
        Finding {
            status,
            found: records,
            reason: None,
            view: None,
        }
    }

    /// The same, and why.
    pub fn because(self, reason: impl Into<String>) -> Finding {
        let reason = Some(reason.into());
        Finding { reason, ..self }
    }

    /// Whether DNS has something else than what belongs there.
    pub fn is_amiss(&self) -> bool {
        matches!(
            self.status,
            RecordStatus::Missing | RecordStatus::Multiple | RecordStatus::Wrong
        )
    }

    /// DNS gave no answer, for the given reason.
    pub fn unreachable(reason: impl Into<String>) -> Finding {
        Finding::new(RecordStatus::Unreachable, Vec::new()).because(reason)
    }
}

/// The findings on the two records of a MAIL FROM domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsFindings {
    /// On the MX record.
    pub mx: Finding,
    /// On the SPF record.
    pub spf: Finding,
}

impl DnsFindings {
    /// DNS is not to be asked.
    pub fn disabled() -> DnsFindings {
        DnsFindings::both(RecordStatus::Disabled)
    }

    /// DNS was not asked yet.
    pub fn unchecked() -> DnsFindings {
        DnsFindings::both(RecordStatus::Unchecked)
    }

    /// DNS did not answer for either record, for this reason.
    pub fn unreachable(reason: &str) -> DnsFindings {
        DnsFindings {
            mx: Finding::unreachable(reason),
            spf: Finding::unreachable(reason),
        }
    }

    fn both(status: RecordStatus) -> DnsFindings {
        DnsFindings {
            mx: Finding::new(status, Vec::new()),
            spf: Finding::new(status, Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_sorted_and_counted() {
        let ten: Vec<String> = ('a'..='j').map(String::from).collect();
        let shuffled = ten.iter().rev().cloned().collect();
        assert_eq!(Finding::new(RecordStatus::Multiple, shuffled).found, ten);

        let thirteen = ('a'..='m').map(String::from).collect();
        let found = Finding::new(RecordStatus::Multiple, thirteen).found;
        assert_eq!(found[..10], ten);
        assert_eq!(found[10..], ["and 3 more"]);
    }
}
