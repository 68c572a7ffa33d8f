//! Text that others wrote, made safe to print.

/// Characters of one text that are shown; the rest becomes `...`.
const SHOWN: usize = 512;

/// Text of the practitioner, for a message: control, format and other unseen
/// characters become escapes such as `\u{202e}`; letters of any script stay.
/// At most 512 characters, then `...`.
pub fn visible(text: &str) -> String {
    bounded(text.chars().map(|c| match c {
        '\'' | '"' => c.to_string(),
        c => c.escape_debug().to_string(),
    }))
}

/// As [`visible`], to the end, for what the provider says itself: it may quote others, whose
/// texts are bounded and escaped already.
pub fn all_visible(text: &str) -> String {
    let shown = text.chars().map(|c| match c {
        '\'' | '"' | '\\' => c.to_string(),
        c => c.escape_debug().to_string(),
    });
    shown.collect()
}

/// Octets from the network in the presentation form of RFC 1035, section 5.1:
/// printable ASCII as it is, `\\` for a backslash, `\DDD` for everything else.
/// At most 512 characters, then `...`.
pub fn presentation(octets: &[u8]) -> String {
    bounded(octets.iter().map(|&octet| match octet {
        b'\\' => r"\\".to_owned(),
        b' '..=b'~' => char::from(octet).to_string(),
        _ => format!("\\{octet:03}"),
    }))
}

/// Joins whole pieces, so that no escape is cut in two.
fn bounded(pieces: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    let mut length = 0;
    for piece in pieces {
        length += piece.chars().count();
        if length > SHOWN {
            text.push_str("...");
            break;
        }
        text.push_str(&piece);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn practitioner_text_keeps_letters_and_shows_what_is_unseen() {
        for (text, shown) in [
            ("bücher.example", "bücher.example"),
            ("it's \"quoted\"", "it's \"quoted\""),
            ("a\u{202e}b", r"a\u{202e}b"),
            ("a\u{200b}b\u{feff}", r"a\u{200b}b\u{feff}"),
            ("tab\there\n", r"tab\there\n"),
            ("\u{1b}[31m", r"\u{1b}[31m"),
            (r"back\slash", r"back\\slash"),
        ] {
            assert_eq!(visible(text), shown);
            assert_eq!(all_visible(&visible(text)), shown, "once is enough");
        }
        let long = "\u{1b}".repeat(1000);
        assert_eq!(all_visible(&long), r"\u{1b}".repeat(1000));
    }

    #[test]
    fn network_text_is_printable_ascii() {
        for (octets, shown) in [
            (&b"v=spf1 -all"[..], "v=spf1 -all"),
            (b"\x1b[2J\x07", r"\027[2J\007"),
            (b"a\\b\"c", r#"a\\b"c"#),
            (b"\xff\x00", r"\255\000"),
            ("ü".as_bytes(), r"\195\188"),
        ] {
            assert_eq!(presentation(octets), shown);
        }
    }

    #[test]
    fn long_text_is_cut_between_escapes() {
        let exact = "a".repeat(512);
        assert_eq!(presentation(exact.as_bytes()), exact);
        assert_eq!(
            presentation("a".repeat(513).as_bytes()),
            format!("{exact}...")
        );
        assert_eq!(
            presentation(&[0x1b; 200]),
            format!("{}...", r"\027".repeat(128))
        );
        assert_eq!(visible(&"ü".repeat(600)).chars().count(), 515);
    }
}
