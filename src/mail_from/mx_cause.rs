//! Why an MX record is not what SES looks for, and what to do about it.

use std::fmt;

use super::dns_name::distance;
use super::mx::feedback_region;
use super::{DomainName, Region, visible};

/// What is wrong with an MX record. `Display` is a clause about "it", the record, in
/// printable ASCII, as the hosts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MxCause {
    /// The null MX of RFC 7505.
    Null,
    /// The feedback host, and this zone's name after it.
    ZoneAdded(String),
    /// The host begins with a priority.
    PriorityInHost,
    /// Dots of the host have backslashes before them.
    EscapedDots,
    /// The host has a character that no host name has, such as a quotation mark.
    Character(char),
    /// The host by which SES receives mail.
    Receives,
    /// The host by which SES takes mail to send.
    Sends,
    /// Nearly the feedback host: these labels in place of those.
    Differs {
        /// What is there.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// A feedback host that DNS does not know.
    NoSuchRegion {
        /// That host.
        host: String,
        /// The one that belongs there.
        near: String,
    },
    /// A host that has nothing to do with SES.
    AnotherHost,
}

impl MxCause {
    /// Why `host`, in presentation form, lower case and without final dot, is no
    /// feedback host; `domain` has it.
    pub(super) fn of(host: &str, region: &Region, domain: &DomainName) -> MxCause {
        if host == "." {
            return MxCause::Null;
        }
        let expected = region.feedback_host();
        let plain = host.replace(r"\\", "").replace(r"\.", ".");
        if host.contains(r"\.") && (is_feedback(&plain) || is_like(&plain, &expected)) {
            return MxCause::EscapedDots;
        }
        if is_priority_and_host(host, &expected, domain) {
            return MxCause::PriorityInHost;
        }
        if let Some(zone) = zone_after(host).or_else(|| zone_added(host, &expected, domain)) {
            return MxCause::ZoneAdded(zone.to_owned());
        }
        let odd = |c: &char| !c.is_ascii_alphanumeric() && !"-._".contains(*c);
        if let Some(character) = host.chars().find(odd) {
            let plain: String = host.chars().filter(|c| !odd(c)).collect();
            if is_like(&plain, &expected) {
                return MxCause::Character(character);
            }
        }
        match of_another_purpose(host) {
            Some(cause) => cause,
            None if is_like(host, &expected) => differs(host, &expected),
            None => MxCause::AnotherHost,
        }
    }
}

/// Whether a host begins with a priority: what follows was meant as the host, or was cut
/// off, and the vendor has added the zone's name.
fn is_priority_and_host(host: &str, expected: &str, domain: &DomainName) -> bool {
    let (first, rest) = host.split_once(['.', ' ']).unwrap_or((host, ""));
    let number = !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit());
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let meant = rest.is_empty()
        || is_feedback(rest)
        || is_like(rest, expected)
        || zones(domain).any(|zone| zone == rest);
    number && meant && !is_address
}

/// The purpose of another host of SES's.
fn of_another_purpose(host: &str) -> Option<MxCause> {
    match host.split_once('.') {
        Some(("inbound-smtp", rest)) if is_amazon(rest) => Some(MxCause::Receives),
        Some(("email-smtp" | "email-smtp-fips" | "email", rest)) if is_amazon(rest) => {
            Some(MxCause::Sends)
        }
        _ => None,
    }
}

fn is_feedback(host: &str) -> bool {
    feedback_region(host).is_some()
}

fn is_amazon(domain: &str) -> bool {
    ["amazonaws.com", "amazonses.com", "amazonaws.com.cn"]
        .iter()
        .any(|amazon| domain.ends_with(amazon))
}

/// What stands after a feedback host of any region.
fn zone_after(host: &str) -> Option<&str> {
    let (before, after) = host.split_once(".amazonses.com.")?;
    feedback_region(&format!("{before}.amazonses.com"))?;
    // A top level by itself is nobody's zone.
    after.trim_end_matches('.').contains('.').then_some(after)
}

/// A zone that `domain` may be in, where it stands after what is like a feedback host.
fn zone_added<'d>(host: &str, expected: &str, domain: &'d DomainName) -> Option<&'d str> {
    zones(domain).find(|zone| {
        let typed = host
            .strip_suffix(zone)
            .and_then(|typed| typed.strip_suffix('.'));
        typed.is_some_and(|typed| {
            let other = of_another_purpose(typed).is_some();
            other || typed.contains('.') && is_like(typed, expected)
        })
    })
}

/// The zones that a domain may be in, and the domain.
fn zones(domain: &DomainName) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain.as_str()), |name| {
        name.split_once('.').map(|(_, parent)| parent)
    })
    .filter(|zone| zone.contains('.'))
}

/// Whether the feedback host was probably meant.
fn is_like(host: &str, expected: &str) -> bool {
    let domain = host.rsplit('.').take(2).collect::<Vec<_>>();
    let domain = domain.into_iter().rev().collect::<Vec<_>>().join(".");
    let first = host.split('.').next().unwrap_or(host);
    let of_feedback = distance(first, "feedback-smtp") <= 3;
    let of_ses = domain == "amazonses.com" || host.contains("amazonses");
    // Other hosts there may be the domain's own: a server on EC2 receives mail.
    let near_ses = domain == "amazonaws.com" || distance(&domain, "amazonses.com") <= 2;
    of_ses
        || of_feedback && near_ses
        || host.starts_with("feedback-smtp")
        || distance(host, expected) <= 4
}

/// The labels in which two hosts differ, from the first to the last of them.
fn differs(host: &str, expected: &str) -> MxCause {
    let found: Vec<&str> = host.split('.').collect();
    let wanted: Vec<&str> = expected.split('.').collect();
    let same =
        |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let most = found.len().min(wanted.len());
    let before = same(&mut found.iter().zip(&wanted));
    let after = same(&mut found.iter().rev().zip(wanted.iter().rev())).min(most - before);
    MxCause::Differs {
        found: found[before..found.len() - after].join("."),
        expected: wanted[before..wanted.len() - after].join("."),
    }
}

impl fmt::Display for MxCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("it says that the domain takes no mail (a null MX)"),
            Self::ZoneAdded(zone) => {
                write!(
                    f,
                    "the DNS vendor has added the zone's name, `{zone}`, to the host"
                )
            }
            Self::PriorityInHost => f.write_str(
                "the priority was typed into the host; it has a field of its own, or stands \
                 before the host",
            ),
            Self::EscapedDots => f.write_str(
                "the host has backslashes before its dots, which DNS takes for a part of its labels",
            ),
            Self::Character(c) => {
                let shown = match c {
                    ' ' => "a space".to_owned(),
                    '\\' => "a character that is none of a host's".to_owned(),
                    c => format!("`{}`", visible(c.encode_utf8(&mut [0; 4]))),
                };
                write!(f, "{shown} is part of the host")
            }
            Self::Receives => f.write_str(
                "it names the host by which Amazon SES receives mail, not the one that \
                             takes bounces",
            ),
            Self::Sends => f.write_str(
                "it names the host by which Amazon SES takes mail to send, not the one \
                             that takes bounces",
            ),
            Self::Differs { found, expected } => {
                f.write_str("it does not name a feedback host of Amazon SES")?;
                match (found.as_str(), expected.as_str()) {
                    ("", expected) => write!(f, " (`{expected}` is left out)"),
                    (found, "") => write!(f, " (`{found}` is too much)"),
                    (found, expected) => {
                        write!(f, " (it has `{found}` in place of `{expected}`)")
                    }
                }
            }
            Self::NoSuchRegion { host, near } => write!(
                f,
                "there is no host {host} in DNS, and so probably no such region; the host of this \
                 region is {near}"
            ),
            Self::AnotherHost => f.write_str("it does not name a feedback host of Amazon SES"),
        }
    }
}

impl MxCause {
    /// What to mind when the record is written again, as a sentence.
    pub(super) fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::ZoneAdded(_) => {
                "End the host with a dot when you enter it, or the vendor adds the zone again."
            }
            Self::PriorityInHost => {
                "Enter the priority in its own field, and the host alone in the field for the host."
            }
            Self::EscapedDots => "Enter the host with plain dots, and without backslashes.",
            Self::Character(_) => "Enter the host alone.",
            Self::Receives | Self::Sends => "Bounces go to the feedback host alone.",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
