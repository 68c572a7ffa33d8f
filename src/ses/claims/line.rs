//! What a process tells the other processes of its run: one line of JSON for each event.
//!
//! Releases read each other's lines as far as they know the words: a line with a word
//! that is not known is no line, and a field that is not known is ignored.

use serde::{Deserialize, Serialize};

use super::object::ObjectId;
use super::whose::Whose;

/// What objects can want: the MAIL FROM domain of an identity, where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Site {
    /// What is in the place of AWS's SES.
    pub(super) endpoint: Option<String>,
    pub(super) region: String,
    pub(super) identity: String,
}

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    /// A Set for it is queued.
    Queued,
    /// That Set is queued and in flight no more, however it went.
    Ended,
    /// SES has accepted a Set for it, or may have.
    Stands,
    /// A plan goes on with it, as it is or changed in place.
    Keeps,
    /// A plan destroys it.
    Destroys,
    /// It is deleted.
    Gone,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// Whose credentials the process uses, as far as it knows by now.
    Whose(Whose),
    /// Something happens to an object that is at this site.
    Object(Event, Site, ObjectId),
    /// A delete at this site has to know whose the credentials of others are.
    Asks(Site),
}

/// A line: what it says, and when, in microseconds since the Unix epoch. Each line of a
/// process is later than the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) at: u64,
    pub(super) says: Says,
}

/// The same as JSON.
#[derive(Default, Serialize, Deserialize)]
struct Json {
    at: u64,
    says: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    whose: Option<Whose>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    #[default]
    Whose,
    Asks,
    #[serde(untagged)]
    Object(Event),
}

impl Line {
    /// The line without its end.
    pub(super) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let at = self.at;
        serde_json::to_vec(&match self.says.clone() {
            Says::Whose(whose) => Json {
                at,
                whose: Some(whose),
                ..Json::default()
            },
            Says::Asks(site) => Json::of(at, Word::Asks, site, None),
            Says::Object(event, site, object) => {
                Json::of(at, Word::Object(event), site, Some(&object))
            }
        })
    }

    /// `None` for what is no line.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let json: Json = serde_json::from_slice(line).ok()?;
        let site = || {
            Some(Site {
                endpoint: json.endpoint,
                region: json.region?,
                identity: json.identity?,
            })
        };
        let says = match json.says {
            Word::Whose => Says::Whose(json.whose?),
            Word::Asks => Says::Asks(site()?),
            Word::Object(event) => {
                Says::Object(event, site()?, ObjectId::parse(json.object.as_deref()?)?)
            }
        };
        Some(Self { at: json.at, says })
    }
}

impl Json {
    fn of(at: u64, says: Word, site: Site, object: Option<&ObjectId>) -> Self {
        Self {
            at,
            says,
            endpoint: site.endpoint,
            region: Some(site.region),
            identity: Some(site.identity),
            object: object.map(|object| object.as_str().to_owned()),
            whose: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(endpoint: Option<&str>) -> Site {
        Site {
            endpoint: endpoint.map(str::to_owned),
            region: "eu-west-1".to_owned(),
            identity: "Some.\"One\"@example.com".to_owned(),
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let object = ObjectId::random();
        let whose = Whose {
            account: Some("111122223333".to_owned()),
            marks: ["a".to_owned(), "b".to_owned()].into(),
            is_known: true,
            unknown: Some("STS\n\u{1b} says no".to_owned()),
        };
        let mut all = vec![
            Says::Whose(whose),
            Says::Whose(Whose::default()),
            Says::Asks(site(None)),
        ];
        for event in [
            Event::Queued,
            Event::Ended,
            Event::Stands,
            Event::Keeps,
            Event::Destroys,
            Event::Gone,
        ] {
            let there = site(Some("http://127.0.0.1:1"));
            all.push(Says::Object(event, there, object.clone()));
        }
        for (at, says) in (1..).zip(all) {
            let line = Line { at, says };
            let json = line.to_json().unwrap();
            assert!(!json.contains(&b'\n'));
            assert_eq!(Line::parse(&json), Some(line));
        }
    }

    #[test]
    fn what_another_release_writes_is_read_as_far_as_it_is_known() {
        let object = ObjectId::random();
        let newer = format!(
            "{{\"at\":7,\"says\":\"keeps\",\"later\":{{}},\"region\":\"eu-west-1\",\
             \"identity\":\"example.com\",\"object\":\"{object}\"}}"
        );
        let Some(Line { at: 7, says }) = Line::parse(newer.as_bytes()) else {
            panic!("{newer}");
        };
        assert!(matches!(says, Says::Object(Event::Keeps, _, known) if known == object));
        for junk in [
            newer.replace("keeps", "adopts"),
            newer.replace("identity", "name"),
            newer.replace("\"at\":7", "\"at\":-7"),
            newer.replace(object.as_str(), "nobody"),
            newer[..newer.len() / 2].to_owned(),
            "{\"at\":7,\"says\":\"whose\"}".to_owned(),
            String::new(),
            "\0".to_owned(),
        ] {
            assert_eq!(Line::parse(junk.as_bytes()), None, "{junk}");
        }
    }
}
