//! What else DNS holds that explains why a record is not where it belongs.

use super::{DomainName, presentation};

/// What else there is. Names and records are in printable ASCII, names without
/// final dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// The name is an alias (CNAME), and beside an alias no other record can stand.
    Alias {
        /// The name that it stands for.
        target: String,
        /// The wildcard that makes it one, if it is none of its own.
        wildcard: Option<String>,
    },
    /// What was found is there by this wildcard.
    Wildcard(String),
    /// The record stands at a name that has the zone's name twice.
    Twice {
        /// That name.
        name: String,
        /// What belongs into the field for the name.
        label: String,
    },
    /// The record stands at a domain that the MAIL FROM domain is under.
    Above(String),
}

/// Where a record of `domain` may stand by mistake, and by which wildcards it may be
/// there: both for the domains that it is under, the nearest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// Names with the zone's name twice, and what belongs into the field for the name.
    pub twice: Vec<(String, String)>,
    /// Domains that it is under, down to that of the identity.
    pub above: Vec<String>,
    /// Wildcards.
    pub wildcards: Vec<String>,
}

/// How many domains are tried: a zone is seldom further up.
const TRIED: usize = 3;

impl Surroundings {
    /// Those of `domain`, which is under `identity`.
    pub fn of(domain: &DomainName, identity: &DomainName) -> Surroundings {
        let name = domain.as_str();
        let parents: Vec<&str> = parents(name).take(TRIED).collect();
        let twice = parents.iter().map(|zone| {
            let label = name.strip_suffix(zone).unwrap_or(name);
            let label = label.trim_end_matches('.').to_owned();
            (format!("{name}.{zone}"), label)
        });
        let above = parents.iter().filter(|parent| {
            let within = parent.strip_suffix(identity.as_str());
            within.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        Surroundings {
            twice: twice
                .filter(|(name, _)| super::dns_name::fits_dns(name))
                .collect(),
            above: above.map(|parent| (*parent).to_owned()).collect(),
            wildcards: parents.iter().map(|parent| format!("*.{parent}")).collect(),
        }
    }
}

/// The domains of at least two labels that `name` is under, the nearest first.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    let dots = name.bytes().enumerate().filter(|(_, octet)| *octet == b'.');
    dots.map(|(at, _)| &name[at + 1..])
        .filter(|parent| parent.contains('.'))
}

impl Elsewhere {
    /// The name that `target` stands for, in printable ASCII.
    pub fn alias(target: &str, wildcard: Option<&str>) -> Elsewhere {
        Elsewhere::Alias {
            target: presentation(target.as_bytes()),
            wildcard: wildcard.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(domain: &str, identity: &str) -> Surroundings {
        let parse = |name| DomainName::parse(name).unwrap();
        Surroundings::of(&parse(domain), &parse(identity))
    }

    #[test]
    fn zones_and_wildcards_are_sought_up_to_two_labels() {
        let near = of("bounce.example.com", "example.com");
        let twice = ("bounce.example.com.example.com", "bounce");
        assert_eq!(near.twice, [(twice.0.to_owned(), twice.1.to_owned())]);
        assert_eq!(near.above, ["example.com"]);
        assert_eq!(near.wildcards, ["*.example.com"]);

        let deep = of("b.mail.example.com", "mail.example.com");
        let labels: Vec<&str> = deep.twice.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["b", "b.mail"]);
        assert_eq!(deep.twice[1].0, "b.mail.example.com.example.com");
        assert_eq!(deep.above, ["mail.example.com"], "not above the identity");
        assert_eq!(deep.wildcards, ["*.mail.example.com", "*.example.com"]);

        let between = of("a.b.example.com", "example.com");
        assert_eq!(between.above, ["b.example.com", "example.com"]);
    }
}
