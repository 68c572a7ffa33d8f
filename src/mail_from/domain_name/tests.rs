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
        ("a_b.example.com", "`a_b` has an underscore"),
        ("__a.example.com", "`__a` has an underscore"),
        ("-a.example.com", "`-a` starts or ends with a hyphen"),
        ("a-.example.com", "`a-` starts or ends with a hyphen"),
        ("a!b.example.com", "the character `!`"),
        ("${var.domain}.com", "the character `$`"),
        ("\"example.com\"", "the character `\"`"),
        ("xn--0.example", "`xn--0` is not a valid internationalised"),
        ("℀.example", "which no domain name may have"),
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
