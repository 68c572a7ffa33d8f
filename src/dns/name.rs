//! Presentation form of names (RFC 1035, section 5.1), read octet by octet: DNS
//! holds any octets in a label (RFC 2181, section 11), and SPF asks for such.

use hickory_proto::rr::Name;
use hickory_proto::rr::domain::Label;

use super::lookup::LookupError;
use crate::mail_from::presentation;

/// The absolute name, with or without its final dot in `text`. Fails where a label
/// or the name has not the length that DNS allows.
pub(super) fn name_of(text: &str) -> Result<Name, LookupError> {
    if matches!(text, "" | ".") {
        return Ok(Name::root());
    }
    let Some(labels) = labels(text.as_bytes()) else {
        let reason = format!(
            "{} holds an escape that is none",
            presentation(text.as_bytes())
        );
        return Err(LookupError::Other(reason));
    };
    let labels = labels.iter().map(|label| Label::from_raw_bytes(label));
    labels
        .collect::<Result<Vec<_>, _>>()
        .and_then(Name::from_labels)
        .map_err(|error| LookupError::Other(presentation(error.to_string().as_bytes())))
}

/// The labels, without their escapes. `None`: one of these is none.
fn labels(mut text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut labels = Vec::new();
    let mut label = Vec::new();
    loop {
        text = match text {
            [] => break,
            [b'.', rest @ ..] => {
                labels.push(std::mem::take(&mut label));
                rest
            }
            [b'\\', hundreds @ b'0'..=b'9', rest @ ..] => {
                let ([tens, ones], rest) = rest.split_first_chunk()?;
                let digits = [*hundreds, *tens, *ones];
                label.push(str::from_utf8(&digits).ok()?.parse().ok()?);
                rest
            }
            [b'\\', rest @ ..] => {
                let (octet, rest) = rest.split_first()?;
                label.push(*octet);
                rest
            }
            [octet, rest @ ..] => {
                label.push(*octet);
                rest
            }
        };
    }
    // Behind the final dot is the root.
    if !label.is_empty() {
        labels.push(label);
    }
    Some(labels)
}

#[cfg(test)]
mod tests {
    use super::super::reading::shown;
    use super::*;

    #[test]
    fn labels_may_hold_any_octets() {
        let long = "a".repeat(64);
        for (text, labels) in [
            ("a+b.x.example", &[b"a+b".as_slice(), b"x", b"example"][..]),
            ("-a.:=/~%@&;.example.", &[b"-a", b":=/~%@&;", b"example"]),
            (r"a\.b.c\\.\000\255d", &[b"a.b", b"c\\", b"\x00\xffd"]),
            (".", &[]),
        ] {
            let name = name_of(text).unwrap();
            assert_eq!(name.iter().collect::<Vec<_>>(), labels, "{text}");
            assert!(name.is_fqdn(), "{text}");
            let shown = shown(&name);
            assert_eq!(name_of(&shown).unwrap(), name, "{shown}");
        }
        for text in ["..", "a..", "a..b", ".a", &long, r"a\", r"a\256", r"a\12.b"] {
            assert!(name_of(text).is_err(), "{text}");
        }
    }
}
