//! An SPF record with `include:amazonses.com` added, and nothing else changed.
//!
//! Nothing is looked up, so what the domains say that a record names is not known.

use std::fmt;
use std::net::Ipv4Addr;

use super::Txt;
use super::spf::{
    AddressRange, Directive, Mechanism, Qualifier, SpfRecord, is_spf, place_of_another,
};
use super::spf_attempt::{Attempt, attempt};
use super::spf_cause::{SpfCause, list, names_ses, shown};
use super::spf_check::{LOOK_UPS, SES};
use super::txt_strings::{TxtError, WrittenTxt};

/// Networks that SES has sent from for years: its own SPF record is longer, and changes.
const RANGES_OF_SES: [(Ipv4Addr, u8); 5] = [
    (Ipv4Addr::new(199, 255, 192, 0), 22),
    (Ipv4Addr::new(54, 240, 0, 0), 18),
    (Ipv4Addr::new(69, 169, 224, 0), 20),
    (Ipv4Addr::new(23, 249, 208, 0), 20),
    (Ipv4Addr::new(76, 223, 176, 0), 20),
];

/// Why SES cannot be added to a record. `Display` is a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpfMergeError {
    /// It is no TXT record.
    Txt(TxtError),
    /// It is no SPF record; where it differs from one, if it was meant as one.
    NotSpf(Option<Attempt>),
    /// There are two in it.
    Several,
    /// This term of it is not valid.
    Invalid(String),
    /// More than ten terms look something up, SES's among them; these.
    TooManyLookUps(Vec<String>),
    /// This term refuses mail of SES.
    Refuses(String),
}

/// `existing` with `include:amazonses.com` before its `all`, or else before its modifiers,
/// or else at its end; as it is where it names SES already. Written in quotation marks, it
/// stays so, in strings of at most 255 octets.
pub fn spf_merge(existing: &str) -> Result<String, SpfMergeError> {
    let written = WrittenTxt::parse(existing).map_err(SpfMergeError::Txt)?;
    let record = &written.record;
    if count_versions(record) > 1 {
        return Err(SpfMergeError::Several);
    }
    if !is_spf(record) {
        return Err(SpfMergeError::NotSpf(attempt(record)));
    }
    let parsed = parse(record)?;
    let named = parsed.directives.iter().position(lets_ses_pass);
    let before = &parsed.directives[..named.unwrap_or(parsed.directives.len())];
    if let Some(term) = before.iter().find(|directive| refuses_ses(directive)) {
        return Err(SpfMergeError::Refuses(term.text.clone()));
    }
    let merged = match named {
        Some(_) => record.clone(),
        None => with_ses(record),
    };
    check_look_ups(&parse(&merged)?)?;
    match named {
        Some(_) => Ok(existing.to_owned()),
        None => written.write(&merged).map_err(SpfMergeError::Txt),
    }
}

fn parse(record: &Txt) -> Result<SpfRecord, SpfMergeError> {
    SpfRecord::parse(record).map_err(|error| SpfMergeError::Invalid(error.0))
}

/// How often a text begins an SPF record.
fn count_versions(record: &Txt) -> usize {
    let text = String::from_utf8_lossy(record.as_bytes()).to_ascii_lowercase();
    text.matches("v=spf1").count()
}

fn is_of_ses(directive: &Directive) -> bool {
    match &directive.mechanism {
        Mechanism::Include(spec) => names_ses(&spec.to_string().to_ascii_lowercase()),
        _ => false,
    }
}

fn lets_ses_pass(directive: &Directive) -> bool {
    directive.qualifier == Qualifier::Pass && is_of_ses(directive)
}

/// Whether a term in front of SES's plainly matches its mail, and does not let it pass.
fn refuses_ses(directive: &Directive) -> bool {
    let matches = match &directive.mechanism {
        // SES's include stands before it. IPv6 is not what SES sends from.
        Mechanism::All | Mechanism::Ip6 => false,
        Mechanism::Ip4(range) => RANGES_OF_SES.iter().any(|&(address, length)| {
            let of_ses = AddressRange::network(address, length);
            range.first <= of_ses.last && of_ses.first <= range.last
        }),
        _ => directive.is_wide || is_of_ses(directive),
    };
    matches && directive.qualifier == Qualifier::Other
}

fn with_ses(record: &Txt) -> Txt {
    let octets = record.as_bytes();
    let (before, after) = octets.split_at(place_of_another(record).unwrap_or(octets.len()));
    let space_before = if before.ends_with(b" ") { "" } else { " " };
    let space_after = if after.is_empty() { "" } else { " " };
    let include = format!("{space_before}include:{SES}{space_after}");
    Txt::from_strings([before, include.as_bytes(), after])
}

fn check_look_ups(record: &SpfRecord) -> Result<(), SpfMergeError> {
    let directives = record.directives.iter();
    let directives = directives.filter(|directive| directive.mechanism.looks_something_up());
    let redirect = record.redirect.iter();
    let terms: Vec<String> = directives
        .map(|directive| directive.text.clone())
        .chain(redirect.map(|spec| format!("redirect={spec}")))
        .collect();
    match terms.len() > LOOK_UPS {
        true => Err(SpfMergeError::TooManyLookUps(terms)),
        false => Ok(()),
    }
}

impl fmt::Display for SpfMergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Txt(error) => error.fmt(f),
            Self::NotSpf(None) => f.write_str("it is no SPF record: those begin with `v=spf1 `"),
            Self::NotSpf(Some(attempt)) => write!(f, "it is no SPF record: {attempt}"),
            Self::Several => f.write_str("there are two SPF records in it"),
            Self::Invalid(term) => SpfCause::Invalid(term.clone()).fmt(f),
            Self::TooManyLookUps(terms) => write!(
                f,
                "with `include:{SES}` it has {} terms that look something up, and SPF allows \
                 {LOOK_UPS} (these count: {})",
                terms.len(),
                list(terms)
            ),
            Self::Refuses(term) => {
                let term = shown(term);
                write!(
                    f,
                    "its term {term} matches mail of Amazon SES and does not let it pass"
                )
            }
        }
    }
}

impl SpfMergeError {
    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> String {
        let sentence = match self {
            Self::Txt(error) => return error.remedy().to_owned(),
            Self::NotSpf(None) => {
                format!("Where there is none yet, publish `v=spf1 include:{SES} ~all`")
            }
            Self::NotSpf(Some(attempt)) => attempt.remedy().to_owned(),
            Self::Several => {
                "Merge them into one first: with two, SPF fails for all mail".to_owned()
            }
            Self::Invalid(term) => SpfCause::Invalid(term.clone()).remedy(),
            Self::TooManyLookUps(_) => {
                "Remove terms that are not needed, or put addresses (`ip4:`) in place of some"
                    .to_owned()
            }
            Self::Refuses(term) => format!("Remove {}", shown(term)),
        };
        format!("{sentence}.")
    }
}

#[cfg(test)]
mod tests;
