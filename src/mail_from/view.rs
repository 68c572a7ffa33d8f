//! The second opinion: what a zone's own name servers hold, beside what the
//! resolver of this machine says or remembers.

use std::fmt;
use std::time::Duration;

use super::{Finding, RecordStatus};

/// How the resolver's view may differ from that of the zone's own servers.
/// `Display` is a sentence in printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// All own servers hold what the finding says, and the resolver does not.
    Outdated {
        /// The zone.
        zone: String,
        /// What they hold is not as it should be either.
        amiss: bool,
        /// What the resolver remembers is that there is nothing.
        absence: bool,
        /// How long it may go on.
        remembers: Duration,
    },
    /// Own servers differ.
    Spreading {
        /// Those that hold what belongs there.
        have: Vec<String>,
        /// Those that do not.
        lack: Vec<String>,
    },
    /// The resolver answers from its memory, and no own server has said anything.
    Unconfirmed {
        /// How long the resolver may go on giving it.
        remembers: Duration,
        /// Whether own servers are to be asked.
        asks_own: bool,
    },
}

/// What each of a zone's own servers holds, as the verdict on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFindings {
    /// The zone.
    pub zone: String,
    /// Names of servers, and their verdicts.
    pub servers: Vec<(String, Finding)>,
}

impl OwnFindings {
    /// The verdict that counts, and the place of the server whose it is. `seen` is
    /// the resolver's, who may go on saying so for `remembers`. The own servers know
    /// better; of those that differ, what is still amiss counts.
    pub fn weigh(self, seen: Finding, remembers: Duration) -> (Option<usize>, Finding) {
        let is_amiss = |(_, finding): &(String, Finding)| finding.is_amiss();
        let names = |amiss: bool| {
            let servers = self.servers.iter();
            let servers = servers.filter(|server| is_amiss(server) == amiss);
            servers.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let (have, lack) = (names(false), names(true));
        // What is amiss with one of them, or what all hold.
        let counts = self.servers.iter().position(is_amiss).unwrap_or_default();
        let Some((_, finding)) = self.servers.get(counts) else {
            return (None, seen);
        };
        let view = match have.is_empty() || lack.is_empty() {
            true if *finding == seen => return (None, seen),
            true => View::Outdated {
                zone: self.zone,
                amiss: finding.is_amiss(),
                absence: seen.status == RecordStatus::Missing,
                remembers,
            },
            false => View::Spreading { have, lack },
        };
        let finding = Finding {
            view: Some(view),
            ..finding.clone()
        };
        (Some(counts), finding)
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outdated {
                zone,
                amiss,
                absence,
                remembers,
            } => {
                let what = match absence {
                    true => "its absence",
                    false => "what was there before",
                };
                match amiss {
                    true => write!(
                        f,
                        "So say {zone}'s own servers; your resolver still remembers {what}"
                    ),
                    false => write!(
                        f,
                        "{zone}'s own servers have it; your resolver remembers {what}"
                    ),
                }?;
                write!(f, " for up to {} s more", remembers.as_secs())
            }
            Self::Spreading { have, lack } => {
                let verb = if have.len() == 1 { "has" } else { "have" };
                write!(
                    f,
                    "{} {verb} it, {} not yet",
                    have.join(", "),
                    lack.join(", ")
                )
            }
            Self::Unconfirmed {
                remembers,
                asks_own,
            } => {
                let remembers = remembers.as_secs();
                write!(
                    f,
                    "Your resolver remembers this answer for up to {remembers} s more, and "
                )?;
                f.write_str(match asks_own {
                    true => "the zone's own servers could not be asked what they hold now",
                    false => {
                        "`authoritative = true` in the provider's `dns` block asks the zone's own \
                         servers what they hold now"
                    }
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Duration = Duration::from_secs(812);

    fn finding(status: RecordStatus, record: &str) -> Finding {
        Finding::new(status, vec![record.to_owned()])
    }

    /// The verdict where the resolver sees nothing, and own servers this.
    fn weigh(own: &[(&str, RecordStatus)]) -> Finding {
        let servers = own.iter().map(|(name, status)| {
            let finding = match status {
                RecordStatus::Missing => Finding::new(*status, Vec::new()),
                status => finding(*status, "10 host"),
            };
            ((*name).to_owned(), finding)
        });
        let own = OwnFindings {
            zone: "example.com".to_owned(),
            servers: servers.collect(),
        };
        own.weigh(Finding::new(RecordStatus::Missing, Vec::new()), LEFT)
            .1
    }

    #[test]
    fn own_servers_know_better() {
        use RecordStatus::{Missing, Ok, Wrong};

        let told = |finding: &Finding| finding.view.as_ref().map(View::to_string);
        let published = weigh(&[("ns1.example", Ok), ("ns2.example", Ok)]);
        assert_eq!(published.status, Ok);
        assert_eq!(published.found, ["10 host"]);
        let expected = "example.com's own servers have it; your resolver remembers its absence \
                        for up to 812 s more";
        assert_eq!(told(&published).as_deref(), Some(expected));

        let spreading = weigh(&[("ns1.example", Ok), ("ns2.example", Missing)]);
        assert_eq!(spreading.status, Missing);
        let expected = "ns1.example has it, ns2.example not yet";
        assert_eq!(told(&spreading).as_deref(), Some(expected));

        let wrong = weigh(&[("ns1.example", Wrong)]);
        assert_eq!(wrong.status, Wrong);
        let expected = "So say example.com's own servers; your resolver still remembers its \
                        absence for up to 812 s more";
        assert_eq!(told(&wrong).as_deref(), Some(expected));

        for same in [&[("ns1.example", Missing)][..], &[]] {
            assert_eq!(weigh(same), Finding::new(Missing, Vec::new()));
        }
    }

    #[test]
    fn what_was_there_before_is_no_absence() {
        let own = OwnFindings {
            zone: "example.com".to_owned(),
            servers: vec![(
                "ns1.example".to_owned(),
                finding(RecordStatus::Ok, "10 host"),
            )],
        };
        let (whose, weighed) = own.weigh(finding(RecordStatus::Wrong, "10 old"), LEFT);
        assert_eq!(whose, Some(0));
        let told = weighed.view.unwrap().to_string();
        assert!(
            told.contains("what was there before for up to 812 s"),
            "{told}"
        );
    }

    #[test]
    fn own_servers_that_hold_something_amiss_do_not_have_it() {
        let own = OwnFindings {
            zone: "example.com".to_owned(),
            servers: vec![(
                "ns1.example".to_owned(),
                Finding::new(RecordStatus::Missing, Vec::new()),
            )],
        };
        let (_, weighed) = own.weigh(finding(RecordStatus::Wrong, "10 old"), LEFT);
        assert_eq!(weighed.status, RecordStatus::Missing);
        let expected = "So say example.com's own servers; your resolver still remembers what was \
                        there before for up to 812 s more";
        assert_eq!(weighed.view.unwrap().to_string(), expected);
    }
}
