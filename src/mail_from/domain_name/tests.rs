use proptest::prelude::*;

use super::*;

fn error(text: &str) -> DomainNameError {
    DomainName::parse(text).unwrap_err()
}

#[test]
fn name_is_normalised() {
    for (text, sent) in [
        ("bounce.example.com", "bounce.example.com"),
        ("EXAMPLE.com.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),
        ("مثال.example", "xn--mgbh0fb.example"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("r3---sn.example", "r3---sn.example"),
        ("1.2.3.example", "1.2.3.example"),
        ("192.0.2.1.example", "192.0.2.1.example"),
        ("a.b", "a.b"),
        ("\u{1f600}.example.com", "xn--e28h.example.com"),
        ("\u{2764}\u{fe0f}.example.com", "xn--qei.example.com"),
        ("\u{30c6}\u{30fb}\u{30b9}.example", "xn--zckza1m.example"),
        ("a_b.example.com", "a_b.example.com"),
        ("bu\u{308}cher.example", "xn--bcher-kva.example"),
        ("\u{2460}.example.com", "1.example.com"),
    ] {
        assert_eq!(DomainName::parse(text).unwrap().as_str(), sent, "{text}");
    }
}

#[test]
fn lengths_are_held_to_the_octet() {
    let label = "a".repeat(63);
    assert!(DomainName::parse(&format!("{label}.example")).is_ok());
    assert!(matches!(
        error(&format!("{label}a.example")),
        DomainNameError::LabelTooLong(_)
    ));
    // Non-ASCII counts in its Punycode form, here six octets longer.
    let label_of = |letters| "ü".repeat(letters) + ".example";
    assert!(DomainName::parse(&label_of(57)).is_ok());
    let too_long = error(&label_of(58));
    assert!(
        matches!(too_long, DomainNameError::LabelTooLong(_)),
        "{too_long}"
    );

    let name = |last: usize| format!("{label}.{label}.{label}.{}", "a".repeat(last));
    assert_eq!(name(61).len(), 253);
    assert!(DomainName::parse(&name(61)).is_ok());
    assert!(DomainName::parse(&format!("{}.", name(61))).is_ok());
    assert_eq!(error(&name(62)), DomainNameError::TooLong { octets: 256 });
}

#[test]
fn text_that_is_no_name_says_why() {
    for (text, message) in [
        ("", "is empty"),
        (".", "is empty"),
        ("example", "`example` is a single label"),
        ("example.", "`example` is a single label"),
        ("example..com", "empty label"),
        (".example.com", "empty label"),
        ("example.com..", "empty label"),
        ("https://example.com", "is a URL"),
        ("example.com/path", "the character `/`"),
        ("example.com:25", "the character `:`"),
        ("*.example.com", "is a wildcard"),
        ("a@example.com", "is an e-mail address"),
        ("192.0.2.1", "is an IP address"),
        ("192.0.2.1.", "is an IP address"),
        ("2001:db8::1", "is an IP address"),
        ("[2001:db8::1]", "is an IP address"),
        ("example.123", "is an IP address"),
        ("exa mple.com", "the character `space`"),
        (" example.com", "the character `space`"),
        ("example.com\n", r"the character `\n`"),
        ("exam\u{0}ple.com", r"the character `\0`"),
        ("\u{1b}[31mexample.com", r"the character `\u{1b}`"),
        ("example\u{a0}.com", r"the character `\u{a0}`"),
        ("exam\u{ad}ple.com", r"the character `\u{ad}`"),
        ("exam\u{200b}ple.com", r"the character `\u{200b}`"),
        (
            "exam\u{202e}ple.com",
            r"text-direction character `\u{202e}`",
        ),
        (
            "exam\u{200f}ple.com",
            r"text-direction character `\u{200f}`",
        ),
        (
            "exam\u{2066}ple.com",
            r"text-direction character `\u{2066}`",
        ),
        (
            "a\u{2010}b.example.com",
            "the character `\u{2010}` (U+2010)",
        ),
        ("a\u{2013}b.example.com", "(U+2013)"),
        ("a\u{2212}b.example.com", "(U+2212)"),
        (
            "\u{201c}example.com\u{201d}",
            "the character `\u{201c}` (U+201C)",
        ),
        ("a\u{ff20}example.com", "(U+FF20)"),
        ("a\u{20ac}.example.com", "(U+20AC)"),
        ("a\u{b4}.example.com", "(U+00B4)"),
        ("a\u{e000}.example.com", "(U+E000)"),
        ("a\u{fe0f}.example.com", "(U+FE0F)"),
        ("-a.example.com", "`-a` starts or ends with a hyphen"),
        ("a-.example.com", "`a-` starts or ends with a hyphen"),
        ("a!b.example.com", "the character `!`"),
        ("${var.domain}.com", "the character `$`"),
        ("\"example.com\"", "the character `\"`"),
        ("xn--0.example", "`xn--0` is not a valid internationalised"),
        ("℀.example", "the character `℀` (U+2100)"),
        ("½.example", "the character `½` (U+00BD)"),
        ("1\u{2153}a.example.com", "(U+2153)"),
        ("a\u{2800}b.example.com", "(U+2800)"),
        ("\u{3164}.example.com", "(U+3164)"),
        ("a\u{115f}.example.com", "(U+115F)"),
        ("a\u{ffa0}.example.com", "(U+FFA0)"),
        ("a\u{fffd}.example.com", "(U+FFFD)"),
        ("a\u{fffc}.example.com", "(U+FFFC)"),
        ("a／b.example", "which no domain name may have"),
    ] {
        let error = error(text);
        let shown = error.to_string();
        assert!(shown.contains(message), "{text:?}: {shown}");
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert!(error.remedy().ends_with('.'));
    }
}

#[test]
fn remedy_says_what_to_write_in_place_of_a_character() {
    for (text, remedy) in [
        ("a\u{2013}b.example.com", "the hyphen of the keyboard"),
        ("\u{2018}example.com\u{2019}", "Remove the quotation mark"),
        ("a\u{ff20}example.com", "after the `@`"),
        ("a!b.example.com", "Use only letters"),
        ("a\u{2800}b.example.com", "type the name anew"),
        ("a\u{200b}b.example.com", "type the name anew"),
    ] {
        let told = error(text).remedy();
        assert!(told.contains(remedy), "{told}");
    }
}

#[test]
fn underscores_inside_a_label_are_told_apart() {
    let name = |text| DomainName::parse(text).unwrap();
    for (text, end, label) in [
        ("_dmarc.example.com", None, None),
        ("a_b.example.com", None, Some("a_b")),
        ("__a.example.com", None, Some("__a")),
        ("a.b_.example.com", None, Some("b_")),
        ("bounce.a_b.example.com", Some("a_b.example.com"), None),
        ("a_b.example.com", Some("example.com"), Some("a_b")),
        ("a_b.example.com", Some("example.org"), Some("a_b")),
    ] {
        let checked = name(text).check_underscores(end.map(name).as_ref());
        let expected = label.map_or(Ok(()), |label: &str| {
            Err(DomainNameError::Underscore(label.to_owned()))
        });
        assert_eq!(checked, expected, "{text} {end:?}");
    }
}

#[test]
fn subdomain_is_by_whole_labels() {
    let name = |text| DomainName::parse(text).unwrap();
    let parent = name("example.com");
    assert!(name("bounce.example.com").is_strict_subdomain_of(&parent));
    assert!(name("a.b.example.com").is_strict_subdomain_of(&parent));
    assert!(!name("example.com").is_strict_subdomain_of(&parent));
    assert!(!name("evilexample.com").is_strict_subdomain_of(&parent));
    assert!(!name("example.org").is_strict_subdomain_of(&parent));
    assert!(!parent.is_strict_subdomain_of(&name("bounce.example.com")));
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        if let Err(error) = DomainName::parse(&text) {
            prop_assert!(!error.to_string().chars().any(char::is_control));
            prop_assert!(!error.remedy().is_empty());
        }
    }

    #[test]
    fn what_is_sent_parses_to_itself(
        text in "[a-zA-Z0-9äßñαЖ_.。-]{1,12}\\.[a-zA-Zéл]{1,6}\\.?",
    ) {
        if let Ok(name) = DomainName::parse(&text) {
            prop_assert_eq!(DomainName::parse(name.as_str()), Ok(name.clone()));
            let with_dot = format!("{}.", name.as_str().to_uppercase());
            prop_assert_eq!(DomainName::parse(&with_dot), Ok(name));
        }
    }

    #[test]
    fn accepted_names_keep_the_rules_of_dns(text in "\\PC{1,80}\\.[a-z]{2,20}") {
        if let Ok(name) = DomainName::parse(&text) {
            prop_assert!(name.as_str().len() <= 253);
            for label in name.as_str().split('.') {
                prop_assert!((1..=63).contains(&label.len()));
                prop_assert!(label.bytes().all(|b|
                    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_'));
            }
        }
    }
}
