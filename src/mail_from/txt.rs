//! TXT records.

use std::fmt;

use super::escape::presentation;

/// One TXT record: the octets of its strings, joined without a separator as
/// RFC 7208, section 3.3, wants it. `Display` shows them escaped and bounded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Txt(Vec<u8>);

impl Txt {
    /// Joins the strings of a record.
    pub fn from_strings<S: AsRef<[u8]>>(strings: impl IntoIterator<Item = S>) -> Txt {
        let mut octets = Vec::new();
        for string in strings {
            octets.extend_from_slice(string.as_ref());
        }
        Txt(octets)
    }

    /// Whether the record was meant as an SPF record that names SES.
    pub fn is_spf_of_ses(&self) -> bool {
        let text = String::from_utf8_lossy(&self.0).to_ascii_lowercase();
        text.contains("spf1") && text.contains("amazonses.com")
    }

    /// The joined octets, as they came.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Txt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&presentation(&self.0))
    }
}
