//! Why an SPF record does not lead to SES, though it may seem so.

use std::fmt;

use super::Txt;
use super::spf::SpfRecord;
use super::spf_cause::{bare, names_ses, resembles_ses, shown};
use super::spf_check::SES;

/// Why a record does not lead to SES, though it may seem so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotNamed {
    /// Nothing in it seems so.
    Nowhere,
    /// The include stands after `all`.
    AfterAll,
    /// The include has a qualifier: this term.
    Qualified(String),
    /// The same include twice, the first of them, this term, with a qualifier.
    FirstDecides(String),
    /// `include=`: a modifier that nobody knows.
    Equals(String),
    /// A redirect beside `all`.
    RedirectBesideAll,
    /// Another mechanism than `include`: this term.
    OtherMechanism(String),
    /// Another domain that looks like SES's.
    OtherDomain(String),
}

/// Why `record`, which is valid, does not lead to SES.
pub(super) fn not_named(record: &Txt, parsed: &SpfRecord) -> NotNamed {
    let text = String::from_utf8_lossy(record.as_bytes()).into_owned();
    let terms: Vec<&str> = text
        .split(' ')
        .filter(|term| !term.is_empty())
        .skip(1)
        .collect();
    let is_all = |term: &&str| bare(term).1.eq_ignore_ascii_case("all");
    let all = terms.iter().position(is_all);
    let includes = |term: &str| {
        let (_, mechanism) = bare(term);
        let name = mechanism.strip_prefix("include:");
        name.is_some_and(names_ses)
    };
    let lower: Vec<String> = terms.iter().map(|term| term.to_ascii_lowercase()).collect();
    for (index, term) in lower.iter().enumerate() {
        let shown = terms[index].to_owned();
        let (qualifier, mechanism) = bare(term);
        if includes(term) {
            let again = lower[index + 1..].iter().any(|later| includes(later));
            return match qualifier {
                _ if all.is_some_and(|all| all < index) => NotNamed::AfterAll,
                Some('-' | '~' | '?') if again => NotNamed::FirstDecides(shown),
                Some('-' | '~' | '?') => NotNamed::Qualified(shown),
                _ => NotNamed::Nowhere,
            };
        }
        let Some((name, domain)) = mechanism.split_once([':', '=']) else {
            continue;
        };
        match name {
            "include" if names_ses(domain) => return NotNamed::Equals(shown),
            "redirect" if names_ses(domain) && all.is_some() && parsed.redirect.is_none() => {
                return NotNamed::RedirectBesideAll;
            }
            "include" | "redirect" if resembles_ses(domain) => {
                return NotNamed::OtherDomain(shown);
            }
            "a" | "mx" | "ptr" | "exists" if names_ses(domain) || resembles_ses(domain) => {
                return NotNamed::OtherMechanism(shown);
            }
            _ => {}
        }
    }
    NotNamed::Nowhere
}

impl fmt::Display for NotNamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it does not lead to `include:{SES}`")?;
        match self {
            Self::Nowhere => Ok(()),
            Self::AfterAll => write!(f, ", which stands after `all`, where nobody reads it"),
            Self::Qualified(term) => write!(
                f,
                " so that its mail passes: the qualifier of {} says otherwise",
                shown(term)
            ),
            Self::FirstDecides(term) => write!(
                f,
                " so that its mail passes: it has the include twice, and the first, {}, decides",
                shown(term)
            ),
            Self::Equals(term) => write!(
                f,
                ": {} has `=` in place of `:`, which makes a modifier of it that nobody knows",
                shown(term)
            ),
            Self::RedirectBesideAll => write!(
                f,
                ": `redirect={SES}` is ignored, because there is `all` beside it"
            ),
            Self::OtherMechanism(term) => {
                write!(f, ": {} is about a host, and names no senders", shown(term))
            }
            Self::OtherDomain(term) => write!(f, ": {} names another domain", shown(term)),
        }
    }
}

impl NotNamed {
    /// What to do, as the beginning of a sentence.
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Nowhere => format!("Put `include:{SES}` near its start, before `all`"),
            Self::AfterAll => format!("Put `include:{SES}` before `all`"),
            Self::Qualified(_) => format!("Write `include:{SES}` without the qualifier"),
            Self::FirstDecides(term) => format!("Remove {}", shown(term)),
            Self::Equals(term) | Self::OtherMechanism(term) | Self::OtherDomain(term) => {
                format!("Write `include:{SES}` in place of {}", shown(term))
            }
            Self::RedirectBesideAll => {
                format!("Put `include:{SES}` before `all`, and remove the redirect")
            }
        }
    }
}
