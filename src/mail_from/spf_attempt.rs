//! A text that is no SPF record, and may have been meant as one.

use std::fmt;

use super::Txt;
use super::dns_name::distance;
use super::spf_check::SES;

/// What a record is told apart by.
const VERSION: &str = "v=spf1 ";

/// Where a text that may have been meant as an SPF record differs from one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which character, from 1.
    place: usize,
    /// `None` where the text ends.
    found: Option<char>,
    expected: char,
}

/// Where `record`, which is no SPF record, differs from one; `None` if it has
/// nothing of one.
pub(super) fn attempt(record: &Txt) -> Option<Attempt> {
    let text = String::from_utf8_lossy(record.as_bytes());
    let lower = text.to_ascii_lowercase();
    let is_quoting = |c: char| !c.is_ascii_alphanumeric();
    let start: String = lower
        .trim_start_matches(is_quoting)
        .chars()
        .take(6)
        .collect();
    let is_near = distance(&start, "v=spf1") <= 2;
    let names_terms = lower.contains("include") && (lower.contains("spf") || lower.contains(SES));
    // The three letters alone stand in keys and codes of other records, too.
    let is_meant = is_near || names_terms || start.starts_with("spf") || lower.contains("spf1");
    // Sender ID's records begin with `spf2.0/`, and are none of these.
    if !is_meant || start.starts_with("spf2") {
        return None;
    }
    let mut found = text.chars().map(|c| c.to_ascii_lowercase());
    let (place, (found, expected)) = VERSION
        .chars()
        .map(|expected| (found.next(), expected))
        .enumerate()
        .find(|(_, (found, expected))| *found != Some(*expected))?;
    Some(Attempt {
        place: place + 1,
        found,
        expected,
    })
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place, expected, ..
        } = self;
        let expected = match expected {
            ' ' => "a space".to_owned(),
            c => format!("`{c}`"),
        };
        let found = match self.found {
            None => {
                return write!(
                    f,
                    "it ends where its character {place} should be {expected}"
                );
            }
            Some(c) => named(c),
        };
        write!(f, "its character {place} is {found} and not {expected}")
    }
}

impl Attempt {
    /// What to do, as the beginning of a sentence.
    pub(super) fn remedy(&self) -> &'static str {
        match self.found {
            Some('"') => {
                "The quotation marks are part of the text, because the DNS vendor adds its own: \
                 remove them"
            }
            Some('\u{2018}'..='\u{201f}') => {
                "The curly quotation marks are part of the text: remove them"
            }
            Some('\u{feff}') => {
                "A byte order mark, which is not seen, came with copied text: type the text anew"
            }
            Some(c) if c.is_whitespace() || c.is_control() => match self.expected {
                ' ' => "Put a space in its place",
                _ => "Remove that character",
            },
            _ => "Write the text exactly so",
        }
    }
}

/// A character by name where it would not be seen, or be mistaken.
pub(super) fn named(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        '\t' => "a tab".to_owned(),
        ',' => "a comma (`,`)".to_owned(),
        ';' => "a semicolon (`;`)".to_owned(),
        '"' => "a quotation mark (`\"`)".to_owned(),
        '\'' => "an apostrophe (`'`)".to_owned(),
        '\u{a0}' => "a no-break space (U+00A0)".to_owned(),
        '\u{feff}' => "a byte order mark (U+FEFF)".to_owned(),
        '\u{2018}'..='\u{201f}' => format!("a curly quotation mark (U+{:04X})", u32::from(c)),
        c if c.is_ascii_graphic() => format!("`{c}`"),
        c => format!("the character U+{:04X}", u32::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_letters_in_another_record_are_no_attempt_at_spf() {
        for text in [
            "google-site-verification=abSPFxyz0123",
            "v=DKIM1; k=rsa; p=MIGfMA0GsPFSqGSIb3DQ",
            "spf2.0/pra include:amazonses.com ~all",
            "v=DMARC1; p=none; rua=mailto:spf@example.com",
            "amazonses:pmBGN/7MjnfhTKUZ06Enqq1PeGUaOkw8lGhcfwefcHU=",
        ] {
            assert_eq!(attempt(&Txt::from_strings([text])), None, "{text}");
        }
        for (text, remedy) in [
            (
                "v=spf1\tinclude:amazonses.com ~all",
                "Put a space in its place",
            ),
            (
                "v=spf1\u{a0}include:amazonses.com ~all",
                "Put a space in its place",
            ),
            (
                " v=spf1 include:amazonses.com ~all",
                "Remove that character",
            ),
            (
                "spf include:amazonses.com ~all",
                "Write the text exactly so",
            ),
            ("include:amazonses.com ~all", "Write the text exactly so"),
            (
                "v=sfp1 include:amazonses.com ~all",
                "Write the text exactly so",
            ),
        ] {
            let attempt = attempt(&Txt::from_strings([text])).unwrap();
            assert_eq!(attempt.remedy(), remedy, "{text}");
        }
    }
}
