//! The bodies that the control routes take.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::Deserialize;

use crate::dns::{Mode, RecordKind, character_strings};
use crate::ses::{Behavior, DEFAULT_REGION, Status};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityBody {
    pub(super) name: String,
    #[serde(default = "default_region")]
    pub(super) region: String,
    #[serde(default = "yes")]
    pub(super) verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailFromBody {
    pub(super) identity: String,
    #[serde(default = "default_region")]
    pub(super) region: String,
    pub(super) mail_from_domain: Option<String>,
    #[serde(default)]
    pub(super) behavior: Behavior,
    pub(super) status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailFromKey {
    pub(super) identity: String,
    #[serde(default = "default_region")]
    pub(super) region: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdentityKey {
    pub(super) name: String,
    #[serde(default = "default_region")]
    pub(super) region: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockBody {
    pub(super) speed: Option<f64>,
    #[serde(default, deserialize_with = "duration")]
    pub(super) advance: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LatencyBody {
    pub(super) ms: u64,
}

#[derive(Deserialize)]
pub(super) struct RecordsBody {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) data: RecordData,
}

/// A record set; `records` in the form that DNS vendors take.
#[derive(Deserialize)]
#[serde(tag = "type", content = "records")]
pub(super) enum RecordData {
    #[serde(rename = "MX")]
    Mx(Vec<String>),
    #[serde(rename = "TXT")]
    Txt(Vec<Text>),
    #[serde(rename = "CNAME")]
    Cname([String; 1]),
    #[serde(rename = "A")]
    A(Vec<Ipv4Addr>),
}

/// A TXT record: its text, or its character-strings.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Whole(String),
    Strings(Vec<Bytes>),
}

/// A character-string: text, or the numbers of its bytes.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Bytes {
    Text(String),
    Numbers(Vec<u8>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordsKey {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: Option<RecordKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModeBody {
    pub(super) name: Option<String>,
    pub(super) mode: Option<Mode>,
}

fn default_region() -> String {
    DEFAULT_REGION.to_owned()
}

fn yes() -> bool {
    true
}

fn duration<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(serde::de::Error::custom)
}

impl Text {
    pub(super) fn strings(&self) -> Vec<&[u8]> {
        match self {
            Self::Whole(text) => character_strings(text.as_bytes()),
            Self::Strings(strings) => strings
                .iter()
                .map(|string| match string {
                    Bytes::Text(text) => text.as_bytes(),
                    Bytes::Numbers(numbers) => numbers,
                })
                .collect(),
        }
    }
}
