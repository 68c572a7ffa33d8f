//! The strings of a TXT record as people write them: bare, as in a zone file (RFC 1035,
//! section 5.1), or as Route 53's resources take several.

use std::fmt::Write as _;

use super::Txt;

/// Octets of one string at most (RFC 1035, section 3.3).
pub(super) const STRING_OCTETS: usize = 255;

/// A record, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrittenTxt {
    pub(super) record: Txt,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The text of one string alone.
    Bare,
    /// `"one" "two"`.
    Quoted,
    /// `one" "two`: the resource of Route 53 adds the outer quotation marks.
    QuotedInside,
}

/// What makes a text no TXT record. `Display` is a clause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TxtError {
    /// More octets in one string than it can hold.
    #[error("a string of a TXT record has {STRING_OCTETS} octets at most, and this one {0}")]
    TooLong(usize),
    /// Quotation marks that are not about strings.
    #[error("its quotation marks are not those about the strings of a TXT record")]
    Quotes,
}

impl TxtError {
    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLong(_) => {
                r#"Write it in several strings, such as `"v=spf1 …" "… ~all"`, and the result is written so too."#
            }
            Self::Quotes => {
                r#"Write the text without them, or each of its strings in its own, such as `"v=spf1 …" "… ~all"`."#
            }
        }
    }
}

impl WrittenTxt {
    /// Reads a record in any of the forms.
    pub(super) fn parse(text: &str) -> Result<WrittenTxt, TxtError> {
        let (form, strings) = if text.trim_start().starts_with('"') {
            (Form::Quoted, quoted_strings(text)?)
        } else if text.contains('"') {
            let strings = quoted_strings(&format!("\"{text}\""))?;
            (Form::QuotedInside, strings)
        } else {
            (Form::Bare, vec![text.as_bytes().to_vec()])
        };
        if let Some(long) = strings.iter().find(|string| string.len() > STRING_OCTETS) {
            return Err(TxtError::TooLong(long.len()));
        }
        let record = Txt::from_strings(&strings);
        Ok(WrittenTxt { record, form })
    }

    /// Another record in the form of this one.
    pub(super) fn write(&self, record: &Txt) -> Result<String, TxtError> {
        let octets = record.as_bytes();
        let text = quoted(octets);
        match self.form {
            Form::Bare if octets.len() > STRING_OCTETS => Err(TxtError::TooLong(octets.len())),
            Form::Bare => Ok(String::from_utf8_lossy(octets).into_owned()),
            Form::Quoted => Ok(text),
            Form::QuotedInside => Ok(text[1..text.len() - 1].to_owned()),
        }
    }
}

/// A record as in a zone file: in quotation marks, and in several strings where it does
/// not fit into one.
pub(super) fn quoted(record: &[u8]) -> String {
    let mut text = String::from("\"");
    for (index, string) in record.chunks(STRING_OCTETS).enumerate() {
        if index > 0 {
            text.push_str("\" \"");
        }
        for &octet in string {
            match octet {
                b'"' | b'\\' => text.extend(['\\', char::from(octet)]),
                b' '..=b'~' => text.push(char::from(octet)),
                // Writing to a String does not fail.
                _ => drop(write!(text, "\\{octet:03}")),
            }
        }
    }
    text.push('"');
    text
}

/// The octets of strings in quotation marks, which white space may separate.
fn quoted_strings(text: &str) -> Result<Vec<Vec<u8>>, TxtError> {
    let mut strings = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let begun = rest.strip_prefix('"').ok_or(TxtError::Quotes)?;
        let (string, after) = until_quote(begun.as_bytes()).ok_or(TxtError::Quotes)?;
        strings.push(string);
        rest = begun[after..].trim_start();
    }
    Ok(strings)
}

/// The octets up to a quotation mark, and what place is behind that.
fn until_quote(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut string = Vec::new();
    let mut at = 0;
    loop {
        match (*text.get(at)?, text.get(at + 1..)?) {
            (b'"', _) => return Some((string, at + 1)),
            // `\097`
            (b'\\', [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..]) => {
                let number = [a, b, c]
                    .iter()
                    .fold(0, |number, digit| number * 10 + u32::from(*digit - b'0'));
                string.push(u8::try_from(number).ok()?);
                at += 4;
            }
            (b'\\', [octet, ..]) => {
                string.push(*octet);
                at += 2;
            }
            (b'\\', []) => return None,
            (octet, _) => {
                string.push(octet);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_are_read_in_every_form() {
        for (text, record) in [
            ("v=spf1 -all", "v=spf1 -all"),
            ("\"v=spf1 -all\"", "v=spf1 -all"),
            (" \"v=spf1 \"\t\"-all\" ", "v=spf1 -all"),
            ("\"v=spf1 \"\"-all\"", "v=spf1 -all"),
            ("v=spf1 \" \"-all", "v=spf1 -all"),
            ("v=spf1 \"\"-all", "v=spf1 -all"),
            (r#""a\"\\\098""#, "a\"\\b"),
            ("", ""),
        ] {
            let written = WrittenTxt::parse(text).unwrap();
            assert_eq!(written.record, Txt::from_strings([record]), "{text}");
        }
        for text in [
            "\"",
            "\"a",
            "a\"",
            "\"a\" b",
            "\"a\\",
            "a\"b",
            "\"\\256\"",
            "\"a\" é \"b\"",
        ] {
            assert_eq!(WrittenTxt::parse(text), Err(TxtError::Quotes), "{text}");
        }
    }

    #[test]
    fn a_string_holds_255_octets() {
        let (fits, long) = ("a".repeat(255), "a".repeat(256));
        assert!(WrittenTxt::parse(&fits).is_ok());
        for text in [long.clone(), format!("\"{long}\""), format!("b\" \"{long}")] {
            assert_eq!(WrittenTxt::parse(&text), Err(TxtError::TooLong(256)));
        }
        let bare = WrittenTxt::parse("a").unwrap();
        let record = Txt::from_strings([&long]);
        assert_eq!(bare.write(&record), Err(TxtError::TooLong(256)));
        let inside = WrittenTxt::parse("a\" \"a").unwrap();
        assert_eq!(inside.write(&record), Ok(format!("{fits}\" \"a")));
    }

    proptest! {
        #[test]
        fn what_is_written_as_in_a_zone_file_is_read_as_it_was(
            octets in proptest::collection::vec(any::<u8>(), 0..800),
        ) {
            let record = Txt::from_strings([&octets]);
            let text = quoted(&octets);
            prop_assert!(text.bytes().all(|octet| (b' '..=b'~').contains(&octet)));
            let written = WrittenTxt::parse(&text).unwrap();
            prop_assert_eq!(&written.record, &record);
            prop_assert_eq!(written.write(&record).unwrap(), text);
        }
    }
}
