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
        /// What belongs into the field for the name; empty: the zone itself.
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
    /// Those of `domain`, which is under `identity`; `zone` is where its zone begins, as
    /// far as that is known.
    pub fn of(domain: &DomainName, identity: &DomainName, zone: Option<&str>) -> Surroundings {
        let name = domain.as_str();
        let parents: Vec<&str> = parents(name).take(TRIED).collect();
        let is_zone = |zone: &&str| *zone == name || parents.contains(zone);
        let twice = match zone.filter(is_zone) {
            Some(zone) => typed_in(name, zone, TRIED),
            None => parents
                .iter()
                .flat_map(|zone| typed_in(name, zone, 0))
                .chain(typed_in(name, name, 1))
                .collect(),
        };
        let above = parents.iter().filter(|parent| {
            let within = parent.strip_suffix(identity.as_str());
            within.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        Surroundings {
            twice,
            above: above.map(|parent| (*parent).to_owned()).collect(),
            wildcards: parents.iter().map(|parent| format!("*.{parent}")).collect(),
        }
    }
}

/// What becomes of `name` if all of it is typed into a field of `zone`, or, so many
/// times at most, more of its first labels than belong there; and what belongs there.
fn typed_in(name: &str, zone: &str, times: usize) -> Vec<(String, String)> {
    let label = name
        .strip_suffix(zone)
        .unwrap_or(name)
        .trim_end_matches('.');
    let parts = parents(name).map(|parent| {
        let part = name.strip_suffix(parent).unwrap_or(name);
        part.trim_end_matches('.')
    });
    let more = parts.filter(|part| part.len() > label.len()).take(times);
    more.chain([name])
        .map(|typed| (format!("{typed}.{zone}"), label.to_owned()))
        .filter(|(name, _)| super::dns_name::fits_dns(name))
        .collect()
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

    fn of(domain: &str, identity: &str, zone: Option<&str>) -> Surroundings {
        let parse = |name| DomainName::parse(name).unwrap();
        Surroundings::of(&parse(domain), &parse(identity), zone)
    }

    fn twice(domain: &str, zone: Option<&str>) -> Vec<(String, String)> {
        of(domain, "example.com", zone).twice
    }

    #[test]
    fn zones_and_wildcards_are_sought_up_to_two_labels() {
        let near = of("bounce.example.com", "example.com", None);
        assert_eq!(near.above, ["example.com"]);
        assert_eq!(near.wildcards, ["*.example.com"]);

        let deep = of("b.mail.example.com", "mail.example.com", None);
        assert_eq!(deep.above, ["mail.example.com"], "not above the identity");
        assert_eq!(deep.wildcards, ["*.mail.example.com", "*.example.com"]);

        let between = of("a.b.example.com", "example.com", None);
        assert_eq!(between.above, ["b.example.com", "example.com"]);
    }

    #[test]
    fn a_name_is_sought_where_too_much_of_it_was_typed_into_the_zone() {
        let names = |names: &[(&str, &str)]| -> Vec<(String, String)> {
            let owned = |(name, label): &(&str, &str)| ((*name).to_owned(), (*label).to_owned());
            names.iter().map(owned).collect()
        };
        for (domain, zone, expected) in [
            (
                "bounce.example.com",
                Some("example.com"),
                &[("bounce.example.com.example.com", "bounce")][..],
            ),
            (
                "bounce.example.com",
                Some("bounce.example.com"),
                &[
                    ("bounce.bounce.example.com", ""),
                    ("bounce.example.com.bounce.example.com", ""),
                ],
            ),
            (
                "a.b.example.com",
                Some("b.example.com"),
                &[
                    ("a.b.b.example.com", "a"),
                    ("a.b.example.com.b.example.com", "a"),
                ],
            ),
            // Another one's may be at a.example.com.
            (
                "a.b.example.com",
                Some("example.com"),
                &[("a.b.example.com.example.com", "a.b")],
            ),
        ] {
            assert_eq!(twice(domain, zone), names(expected), "{domain} in {zone:?}");
        }
        let unknown = names(&[
            ("a.b.example.com.b.example.com", "a"),
            ("a.b.example.com.example.com", "a.b"),
            ("a.a.b.example.com", ""),
            ("a.b.example.com.a.b.example.com", ""),
        ]);
        for zone in [None, Some("."), Some("other.example")] {
            assert_eq!(twice("a.b.example.com", zone), unknown, "{zone:?}");
        }
    }
}
