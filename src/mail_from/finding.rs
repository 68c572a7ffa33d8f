//! What DNS was found to hold, and the verdict on it.

use std::fmt;

use super::{DmarcFinding, DmarcStatus, Elsewhere, Mended, MxCause, SpfCause, View, presentation};

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
    /// DNS was not asked yet, or what it says depends on the message.
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
    /// The records in question, in printable ASCII: MX as `10 host`, by
    /// preference, TXT with its strings joined, sorted. After ten: `and N more`.
    pub found: Vec<String>,
    /// Why, where the verdict does not say it all.
    pub cause: Option<Cause>,
    /// What else DNS holds that explains it.
    pub elsewhere: Option<Elsewhere>,
    /// How the resolver's view may differ from that of the zone's own servers.
    pub view: Option<View>,
}

/// Why a verdict is as it is. `Display` is a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// DNS gave no answer, for this reason.
    NoAnswer(String),
    /// DNS gave no answer for a name that an SPF record leads to.
    NoAnswerFrom {
        /// The name.
        name: String,
    },
    /// About an MX record.
    Mx(MxCause),
    /// About an SPF record.
    Spf {
        /// What is wrong with it.
        cause: SpfCause,
        /// The record as it should be, where that can be said.
        mended: Option<Mended>,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(reason) => f.write_str(reason),
            Self::NoAnswerFrom { name } => {
                let name = presentation(name.as_bytes());
                write!(f, "it leads to {name}, and {name} could not be looked up")
            }
            Self::Mx(cause) => cause.fmt(f),
            Self::Spf { cause, .. } => cause.fmt(f),
        }
    }
}

impl Finding {
    /// A verdict on `records`, which are printable already, in this order.
    pub fn new(status: RecordStatus, mut records: Vec<String>) -> Finding {
        if records.len() > LISTED {
            let more = records.len() - LISTED;
            records.truncate(LISTED);
            records.push(format!("and {more} more"));
        }
        Finding {
            status,
            found: records,
            cause: None,
            elsewhere: None,
            view: None,
        }
    }

    /// The same, and why.
    pub fn with(self, cause: Cause) -> Finding {
        let cause = Some(cause);
        Finding { cause, ..self }
    }

    /// DNS gave no answer, for the given reason.
    pub fn unreachable(reason: impl Into<String>) -> Finding {
        let finding = Finding::new(RecordStatus::Unreachable, Vec::new());
        finding.with(Cause::NoAnswer(reason.into()))
    }

    /// The same for a name that is an alias of SES's domain: its record is SES's own,
    /// which does not age.
    pub fn of_alias_of_ses(self) -> Finding {
        let ages = matches!(
            self.cause,
            Some(Cause::Spf {
                cause: SpfCause::Ages,
                ..
            })
        );
        let cause = self.cause.filter(|_| !ages);
        Finding { cause, ..self }
    }

    /// Whether DNS has something else than what belongs there.
    pub fn is_amiss(&self) -> bool {
        matches!(
            self.status,
            RecordStatus::Missing | RecordStatus::Multiple | RecordStatus::Wrong
        )
    }
}

/// The findings on the two records of a MAIL FROM domain, and on the policy of
/// its identity's domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsFindings {
    /// On the MX record.
    pub mx: Finding,
    /// On the SPF record.
    pub spf: Finding,
    /// On the DMARC policy.
    pub dmarc: DmarcFinding,
}

impl DnsFindings {
    /// DNS is not to be asked.
    pub fn disabled() -> DnsFindings {
        DnsFindings::all(RecordStatus::Disabled, DmarcStatus::Disabled)
    }

    /// DNS was not asked yet.
    pub fn unchecked() -> DnsFindings {
        DnsFindings::all(RecordStatus::Unchecked, DmarcStatus::Unchecked)
    }

    /// DNS did not answer at all, for this reason.
    pub fn unreachable(reason: &str) -> DnsFindings {
        DnsFindings {
            mx: Finding::unreachable(reason),
            spf: Finding::unreachable(reason),
            dmarc: DmarcFinding::new(DmarcStatus::Unreachable, Vec::new()),
        }
    }

    fn all(status: RecordStatus, dmarc: DmarcStatus) -> DnsFindings {
        DnsFindings {
            mx: Finding::new(status, Vec::new()),
            spf: Finding::new(status, Vec::new()),
            dmarc: DmarcFinding::new(dmarc, Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted() {
        let ten: Vec<String> = ('a'..='j').map(String::from).collect();
        assert_eq!(Finding::new(RecordStatus::Multiple, ten.clone()).found, ten);

        let thirteen = ('a'..='m').map(String::from).collect();
        let found = Finding::new(RecordStatus::Multiple, thirteen).found;
        assert_eq!(found[..10], ten);
        assert_eq!(found[10..], ["and 3 more"]);
    }
}
