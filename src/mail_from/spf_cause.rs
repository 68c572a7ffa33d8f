//! Why an SPF record is not what SES's mail needs, and what to do about it.

use std::fmt;

use super::NotNamed;
use super::dns_name::distance;
use super::escape::presentation;
use super::spf_attempt::Attempt;
use super::spf_check::SES;
use super::spf_hint::{hint, meant};

/// What is wrong with an SPF record. `Display` is a clause about "it", the record,
/// in printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpfCause {
    /// Receivers do not see that it is an SPF record.
    Attempt(Attempt),
    /// A term that is not valid: a permanent error.
    Invalid(String),
    /// A term leads to a record that is a permanent error.
    Leads {
        /// The term.
        term: String,
        /// The domain that it leads to.
        name: String,
        /// What is wrong there.
        broken: Broken,
    },
    /// More than ten terms that look something up; these.
    TooManyLookUps(Vec<String>),
    /// More than two look-ups that find nothing; by these terms.
    TooManyVoid(Vec<String>),
    /// A term `mx` that comes to more than ten hosts.
    TooManyHosts(String),
    /// It does not lead to SES.
    NotNamed(NotNamed),
    /// By these terms, anybody may send.
    Everyone(Vec<String>),
    /// There are several.
    Several,
    /// It names SES, and receivers do not read these terms of it.
    Unread(Vec<String>),
    /// It lets pass by their addresses a part of SES's senders.
    PartOfRanges,
    /// It names SES, and refuses some of its addresses before.
    Refused,
    /// It lets pass all of SES's senders by their addresses of today.
    Ages,
}

/// What is wrong with a record that another leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// There is none, or no such name.
    NoRecord,
    /// There are several.
    Several,
    /// This term of it is not valid.
    Invalid(String),
    /// It leads back to where the evaluation came from.
    Loops,
}

/// The qualifier, and the rest of a term.
pub(super) fn bare(term: &str) -> (Option<char>, &str) {
    match term.strip_prefix(['+', '-', '~', '?']) {
        Some(rest) => (term.chars().next(), rest),
        None => (None, term),
    }
}

/// Whether a domain, in lower case, is that of SES.
pub(super) fn names_ses(domain: &str) -> bool {
    domain.strip_suffix('.').unwrap_or(domain) == SES
}

/// Whether a domain, in lower case, is another than SES's, and SES's was probably
/// meant: a slip of the hand, something in front of it or behind it. Other domains of
/// Amazon's may be what the owner sends from.
pub(super) fn resembles_ses(domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let around = domain
        .strip_suffix(SES)
        .is_some_and(|host| host.ends_with('.'))
        || domain
            .strip_prefix(SES)
            .is_some_and(|zone| zone.starts_with('.'));
    let top = domain.strip_prefix("amazonses");
    let of_another_top = top.is_some_and(|top| !top.trim_start_matches('.').contains('.'));
    let near = distance(domain, SES) <= 2 && domain != "amazonaws.com";
    domain != SES && (around || of_another_top || near)
}

impl fmt::Display for SpfCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempt(attempt) => attempt.fmt(f),
            Self::Invalid(term) => {
                let shown = shown(term);
                write!(f, "its term {shown} is not valid SPF")?;
                if let Some(hint) = hint(term) {
                    write!(f, " ({hint})")?;
                }
                f.write_str(", so receivers ignore the whole record")
            }
            Self::Leads { term, name, broken } => {
                let written = term;
                let (term, shown) = (shown(term), presentation(name.as_bytes()));
                write!(f, "its term {term} leads to {shown}, which {broken}, ")?;
                let of_amazonaws = name == "amazonaws.com" || name.ends_with(".amazonaws.com");
                if resembles_ses(name) || of_amazonaws && *broken == Broken::NoRecord {
                    write!(f, "and `include:{SES}` is probably meant, ")?;
                } else if let Some(meant) = meant(written) {
                    write!(f, "and {} is probably meant, ", self::shown(&meant))?;
                }
                f.write_str("so receivers ignore the whole record")
            }
            Self::TooManyLookUps(terms) => write!(
                f,
                "it does not come to `include:{SES}` within the 10 look-ups that SPF allows, so \
                 receivers ignore the whole record (these count: {})",
                list(terms)
            ),
            Self::TooManyVoid(terms) => write!(
                f,
                "more than the 2 look-ups that SPF allows find nothing before it comes to \
                 `include:{SES}`, so receivers ignore the whole record (these find nothing: {})",
                list(terms)
            ),
            Self::TooManyHosts(term) => write!(
                f,
                "its term {} comes to more than the 10 hosts that SPF allows, so receivers ignore \
                 the whole record",
                shown(term)
            ),
            Self::NotNamed(why) => why.fmt(f),
            Self::Everyone(terms) => write!(
                f,
                "by {}, mail passes from so many addresses that anybody may send in its name",
                list(terms)
            ),
            Self::Several => f.write_str("with more than one, SPF fails for all of its mail"),
            Self::Unread(terms) => write!(
                f,
                "mail of Amazon SES passes, and receivers do not read {}",
                list(terms)
            ),
            Self::PartOfRanges => write!(
                f,
                "it does not lead to `include:{SES}`, and lists only a part of the addresses that \
                 Amazon SES sends from"
            ),
            Self::Refused => write!(
                f,
                "it refuses addresses that Amazon SES sends from before it comes to \
                 `include:{SES}`"
            ),
            Self::Ages => write!(
                f,
                "it lists the addresses that Amazon SES sends from today, in place of \
                 `include:{SES}`; it fails once SES sends from others"
            ),
        }
    }
}

impl SpfCause {
    /// Whether it is about who may send, and no error of the record.
    pub(super) fn is_of_senders(&self) -> bool {
        matches!(
            self,
            Self::NotNamed(_) | Self::PartOfRanges | Self::Everyone(_)
        )
    }

    /// What to do, as the beginning of a sentence.
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Attempt(attempt) => attempt.remedy().to_owned(),
            Self::Invalid(term) => format!("Write {} right, or remove it", shown(term)),
            Self::Leads { term, .. } => {
                let term = shown(term);
                format!("Remove {term}, or put `include:{SES}` before it")
            }
            Self::TooManyLookUps(_) | Self::TooManyHosts(_) => {
                format!("Put `include:{SES}` before the terms that look something up")
            }
            Self::TooManyVoid(_) => {
                format!("Remove what finds nothing, or put `include:{SES}` before it")
            }
            Self::NotNamed(why) => why.remedy(),
            Self::Everyone(terms) => {
                let terms = list(terms);
                format!("Leave out {terms}, name SES by `include:{SES}`, and end it with `~all`")
            }
            Self::Several => format!("Merge them into one that holds `include:{SES}`"),
            Self::Unread(_) => "What names senders is read only before `all`, not beside it, and \
                                with `:` between its name and theirs"
                .to_owned(),
            Self::PartOfRanges | Self::Ages => {
                format!("Put `include:{SES}` in place of the addresses")
            }
            Self::Refused => format!("Put `include:{SES}` before them"),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecord => f.write_str("has no SPF record"),
            Self::Several => f.write_str("has several SPF records"),
            Self::Invalid(term) => {
                let term = shown(term);
                write!(f, "has an SPF record that is not valid (its term {term})")
            }
            Self::Loops => f.write_str("leads back to where the evaluation came from"),
        }
    }
}

pub(super) fn shown(term: &str) -> String {
    format!("`{}`", presentation(term.as_bytes()))
}

pub(super) fn list(terms: &[String]) -> String {
    let terms: Vec<String> = terms.iter().map(|term| shown(term)).collect();
    terms.join(", ")
}
