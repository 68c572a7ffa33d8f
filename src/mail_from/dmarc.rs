//! DMARC alignment: whether SPF with a MAIL FROM domain can count for the From
//! addresses of its identity (RFC 7489, and the tree walk of its successor).

use std::fmt;

use super::{DomainName, Txt};

/// Labels of the longest domain that is asked for after the first: those between
/// are passed over.
const LABELS: usize = 7;

/// Records of an answer that are shown.
const SHOWN: usize = 10;

/// The verdict on the alignment of SPF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DmarcStatus {
    /// A domain under the same organisation aligns, as a MAIL FROM domain does.
    Relaxed,
    /// Only the From domain itself aligns (`aspf=s`), which a MAIL FROM domain
    /// never is.
    Strict,
    /// No policy that receivers hold to.
    None,
    /// DNS gave no answer.
    Unreachable,
    /// DNS is not to be asked.
    Disabled,
    /// DNS was not asked yet.
    Unchecked,
}

impl DmarcStatus {
    /// The name in the provider's schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Relaxed => "relaxed",
            Self::Strict => "strict",
            Self::None => "none",
            Self::Unreachable => "unreachable",
            Self::Disabled => "disabled",
            Self::Unchecked => "unchecked",
        }
    }
}

impl fmt::Display for DmarcStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The verdict on the policy of a From domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DmarcFinding {
    /// The verdict.
    pub status: DmarcStatus,
    /// The records that it rests on, or that were meant as one, in printable ASCII.
    pub found: Vec<String>,
    /// The name where they are.
    pub at: Option<String>,
}

impl DmarcFinding {
    /// A verdict on `records`, which are printable already.
    pub fn new(status: DmarcStatus, records: Vec<String>) -> DmarcFinding {
        DmarcFinding {
            status,
            found: records,
            at: None,
        }
    }
}

/// The search for the policy of a From domain, up the tree. It does no I/O: it says
/// whose records it needs next.
#[derive(Debug)]
pub struct DmarcWalk {
    /// The names that are left, the next one last.
    names: Vec<String>,
    /// The first domain is the one whose own policy comes before all others.
    first: bool,
    /// The policy of the highest domain so far.
    highest: Option<Policy>,
    /// What was found instead of a policy first.
    instead: Option<(String, Vec<String>)>,
}

/// What the search needs, or its end.
#[derive(Debug)]
pub enum DmarcStep {
    /// The TXT records of [`DmarcWalk::name`].
    LookUp(DmarcWalk),
    /// The verdict.
    Done(DmarcFinding),
}

#[derive(Debug)]
struct Policy {
    strict: bool,
    /// `psd`: whether the domain is a public suffix (`y`) or surely none (`n`).
    suffix: Option<bool>,
    name: String,
    text: String,
}

/// Begins with the policy of `from`.
pub fn find_dmarc(from: &DomainName) -> DmarcStep {
    DmarcWalk {
        names: names(from.as_str()),
        first: true,
        highest: None,
        instead: None,
    }
    .step()
}

/// The names that are asked for, the first one last.
fn names(domain: &str) -> Vec<String> {
    let labels: Vec<&str> = domain.split('.').collect();
    let above = (1..labels.len()).filter(|skipped| labels.len() - skipped <= LABELS);
    let mut names: Vec<String> = [0]
        .into_iter()
        .chain(above)
        .map(|skipped| format!("_dmarc.{}", labels[skipped..].join(".")))
        .collect();
    names.reverse();
    names
}

impl DmarcWalk {
    /// The name whose TXT records are needed: lower case, no final dot.
    pub fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// Goes on with all TXT records of the name.
    pub fn resume(mut self, records: &[Txt]) -> DmarcStep {
        let name = self.names.pop().unwrap_or_default();
        let first = std::mem::replace(&mut self.first, false);
        match policy(&name, records) {
            Some(policy) if first => return DmarcStep::Done(policy.verdict()),
            Some(policy) => {
                let ends = policy.suffix.is_some();
                // A public suffix's policy holds only where no other was found.
                if policy.suffix != Some(true) || self.highest.is_none() {
                    self.highest = Some(policy);
                }
                if ends {
                    self.names.clear();
                }
            }
            None => {
                let meant = records.iter().map(Txt::to_string);
                let meant: Vec<String> = meant
                    .filter(|text| text.to_ascii_lowercase().contains("dmarc"))
                    .take(SHOWN)
                    .collect();
                if !meant.is_empty() {
                    self.instead.get_or_insert((name, meant));
                }
            }
        }
        self.step()
    }

    fn step(self) -> DmarcStep {
        if !self.names.is_empty() {
            return DmarcStep::LookUp(self);
        }
        DmarcStep::Done(match (self.highest, self.instead) {
            (Some(policy), _) => policy.verdict(),
            (None, Some((name, records))) => DmarcFinding {
                at: Some(name),
                ..DmarcFinding::new(DmarcStatus::None, records)
            },
            (None, None) => DmarcFinding::new(DmarcStatus::None, Vec::new()),
        })
    }
}

impl Policy {
    fn verdict(self) -> DmarcFinding {
        let status = match self.strict {
            true => DmarcStatus::Strict,
            false => DmarcStatus::Relaxed,
        };
        DmarcFinding {
            at: Some(self.name),
            ..DmarcFinding::new(status, vec![self.text])
        }
    }
}

/// The policy, if there is exactly one that receivers hold to.
fn policy(name: &str, records: &[Txt]) -> Option<Policy> {
    let mut marked = records.iter().filter_map(|record| {
        let text = std::str::from_utf8(record.as_bytes()).ok()?;
        Some((record, tags(text)?))
    });
    let (record, tags) = marked.next()?;
    if marked.next().is_some() {
        return None;
    }
    let tags = tags?;
    let value = |name: &str| {
        let tag = tags.iter().find(|(tag, _)| tag == name);
        tag.map(|(_, value)| value.to_ascii_lowercase())
    };
    let is_policy = |value: &str| ["none", "quarantine", "reject"].contains(&value);
    // Without a policy, a record that wants reports counts as `p=none`.
    let holds =
        value("p").is_some_and(|p| is_policy(&p)) && value("sp").is_none_or(|sp| is_policy(&sp));
    if !holds && !value("rua").is_some_and(|rua| rua.contains("mailto:")) {
        return None;
    }
    Some(Policy {
        strict: value("aspf").as_deref() == Some("s"),
        suffix: match value("psd").as_deref() {
            Some("y") => Some(true),
            Some("n") => Some(false),
            _ => None,
        },
        name: name.to_owned(),
        text: record.to_string(),
    })
}

/// The tags of a record whose first is `v=DMARC1`; `None` inside if one stands
/// twice, which makes the whole list invalid (RFC 6376, section 3.2).
fn tags(text: &str) -> Option<Option<Vec<(String, &str)>>> {
    let mut parts = text.split(';').map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let blank = [' ', '\t'];
        let name = name.trim_matches(blank).to_ascii_lowercase();
        (name, value.trim_matches(blank))
    });
    let (name, value) = parts.next()?;
    if name != "v" || value != "DMARC1" || !text.starts_with(['v', 'V']) {
        return None;
    }
    let tags: Vec<(String, &str)> = parts.filter(|(name, _)| !name.is_empty()).collect();
    let twice = |(index, (name, _)): (usize, &(String, &str))| {
        name == "v" || tags[..index].iter().any(|(other, _)| other == name)
    };
    let invalid = tags.iter().enumerate().any(twice);
    Some((!invalid).then_some(tags))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict where each name has these TXT records, and who was asked.
    fn find(from: &str, world: &[(&str, &str)]) -> (DmarcFinding, Vec<String>) {
        let mut step = find_dmarc(&DomainName::parse(from).unwrap());
        let mut asked = Vec::new();
        loop {
            match step {
                DmarcStep::Done(finding) => return (finding, asked),
                DmarcStep::LookUp(walk) => {
                    asked.push(walk.name().to_owned());
                    let here = world.iter().filter(|(name, _)| *name == walk.name());
                    let records: Vec<Txt> =
                        here.map(|(_, text)| Txt::from_strings([text])).collect();
                    step = walk.resume(&records);
                }
            }
        }
    }

    fn status(from: &str, world: &[(&str, &str)]) -> DmarcStatus {
        find(from, world).0.status
    }

    #[test]
    fn records_are_read_as_receivers_read_them() {
        for (text, expected) in [
            ("v=DMARC1; p=none", DmarcStatus::Relaxed),
            ("v=DMARC1;p=reject;aspf=s", DmarcStatus::Strict),
            ("V = DMARC1 ; P = Reject ; ASPF = S ;", DmarcStatus::Strict),
            (" v=DMARC1; p=none; aspf=s", DmarcStatus::None),
            ("v=DMARC1; p=reject; aspf=r", DmarcStatus::Relaxed),
            ("v=DMARC1; p=reject; aspf=strict", DmarcStatus::Relaxed),
            ("v=DMARC1; p=reject; adkim=s", DmarcStatus::Relaxed),
            ("v=DMARC1; p=reject; junk; aspf=s", DmarcStatus::Strict),
            ("v=DMARC1; aspf=s", DmarcStatus::None),
            (
                "v=DMARC1; rua=mailto:d@example.com; aspf=s",
                DmarcStatus::Strict,
            ),
            ("v=DMARC1; p=block; aspf=s", DmarcStatus::None),
            ("v=DMARC1; p=none; sp=block", DmarcStatus::None),
            ("v=DMARC1 p=none; aspf=s", DmarcStatus::None),
            ("v=dmarc1; p=none; aspf=s", DmarcStatus::None),
            ("p=none; v=DMARC1; aspf=s", DmarcStatus::None),
            ("v=DMARC1; p=none; aspf=s; aspf=r", DmarcStatus::None),
            ("\"v=DMARC1; p=none; aspf=s\"", DmarcStatus::None),
        ] {
            let (finding, _) = find("example.com", &[("_dmarc.example.com", text)]);
            assert_eq!(finding.status, expected, "{text}");
            assert_eq!(finding.found, [text]);
            assert_eq!(finding.at.as_deref(), Some("_dmarc.example.com"));
        }
        let several = [
            ("_dmarc.example.com", "v=DMARC1; p=none"),
            ("_dmarc.example.com", "v=DMARC1; p=none; aspf=s"),
        ];
        let (finding, _) = find("example.com", &several);
        assert_eq!(finding.status, DmarcStatus::None);
        assert_eq!(finding.found.len(), 2);
        let beside = [("_dmarc.example.com", "token=1"), several[1]];
        assert_eq!(status("example.com", &beside), DmarcStatus::Strict);
        assert_eq!(find("example.com", &[]).0.found, [""; 0]);
    }

    #[test]
    fn tree_is_walked_up_to_the_top_where_there_is_no_policy_of_its_own() {
        let strict = "v=DMARC1; p=none; aspf=s";
        let (finding, asked) = find("a.b.example.com", &[("_dmarc.example.com", strict)]);
        assert_eq!(finding.status, DmarcStatus::Strict);
        assert_eq!(
            asked,
            [
                "_dmarc.a.b.example.com",
                "_dmarc.b.example.com",
                "_dmarc.example.com",
                "_dmarc.com"
            ]
        );
        let (finding, asked) = find("example.com", &[("_dmarc.example.com", strict)]);
        assert_eq!((finding.status, asked.len()), (DmarcStatus::Strict, 1));

        // Between, labels are passed over.
        let (_, asked) = find("a.b.c.d.e.f.g.h.i.example.com", &[]);
        assert_eq!(asked.len(), 8);
        assert_eq!(asked[1], "_dmarc.e.f.g.h.i.example.com");
    }

    #[test]
    fn highest_policy_holds_but_for_public_suffixes() {
        let relaxed = "v=DMARC1; p=none";
        let strict = "v=DMARC1; p=none; aspf=s";
        let two = [
            ("_dmarc.b.example.com", strict),
            ("_dmarc.example.com", relaxed),
        ];
        assert_eq!(status("a.b.example.com", &two), DmarcStatus::Relaxed);
        let ends = [
            ("_dmarc.b.example.com", "v=DMARC1; p=none; aspf=s; psd=n"),
            ("_dmarc.example.com", relaxed),
        ];
        assert_eq!(status("a.b.example.com", &ends), DmarcStatus::Strict);
        let suffix = [
            ("_dmarc.example.com", strict),
            ("_dmarc.com", "v=DMARC1; p=none; psd=y"),
        ];
        assert_eq!(status("a.example.com", &suffix), DmarcStatus::Strict);
        assert_eq!(status("other.com", &suffix), DmarcStatus::Relaxed);
    }
}
