use super::*;

fn parse(text: &str) -> Result<SpfRecord, SpfSyntaxError> {
    SpfRecord::parse(&Txt::from_strings([text]))
}

fn spec(text: &str) -> DomainSpec {
    DomainSpec::parse(text).unwrap()
}

#[test]
fn spf_is_told_by_its_version() {
    for (text, expected) in [
        ("v=spf1", true),
        ("v=spf1 -all", true),
        ("V=SPF1 -all", true),
        ("v=spf1\t-all", false),
        ("v=spf10 -all", false),
        ("v=spf2.0/pra", false),
        (" v=spf1 -all", false),
        ("\"v=spf1 -all\"", false),
        ("v=spf", false),
        ("", false),
    ] {
        assert_eq!(is_spf(&Txt::from_strings([text])), expected, "{text}");
    }
    assert!(is_spf(&Txt::from_strings([
        "v=sp",
        "f1 include:a",
        ".example"
    ])));
    assert!(!is_spf(&Txt::from_strings(["v=spf1", "-all"])));
}

#[test]
fn valid_terms_are_read() {
    for term in [
        "all",
        "-ALL",
        "a",
        "a/24",
        "a//64",
        "a/24//64",
        "a:mail.example.com",
        "a:mail.example.com/24//64",
        "a:%{d}/24",
        "~mx",
        "mx:example.com.",
        "?ptr",
        "ptr:example.com",
        "exists:%{ir}.%{l1r+}._spf.%{d}",
        "exists:%{l/}.example",
        "include:_spf.example.com",
        "include:spf_a.example.com",
        "include:%{d2}",
        "ip4:192.0.2.0/24",
        "ip4:192.0.2.1",
        "ip6:2001:db8::/32",
        "IP6:::1/128",
        "redirect=_spf.example.com",
        "exp=explain._spf.%{d}",
        "unknown=anything%%at%_all",
        "x-y_z.1=",
        // By the RFC these are modifiers that nobody knows.
        "include=amazonses.com;",
        "v=spf1;",
    ] {
        assert!(
            parse(&format!("v=spf1 {term} ip4:192.0.2.1")).is_ok(),
            "{term}"
        );
    }
}

#[test]
fn invalid_terms_are_named() {
    for term in [
        "bogus",
        "all:example.com",
        "include",
        "include:",
        "include:localhost",
        "include:192.0.2.1",
        "include:example.com/24",
        "include:%{x}.example",
        "include:%d.example",
        "include:%{d",
        "+-all",
        "a/33",
        "a/",
        "a/024",
        "a//129",
        "a/24/64",
        "a:",
        "ptr/24",
        "a:a..example",
        "include:%{c}.example",
        "x=%{t}",
        "exp=%{r}.example",
        "exists",
        "ip4",
        "ip4:192.0.2",
        "ip4:192.0.2.0/33",
        "ip4:2001:db8::",
        "ip6:192.0.2.1",
        "redirect=",
        "=x",
        "1x=y",
        "include:amazonses.com;",
        "include:ex\u{e4}mple.com",
        "\t",
    ] {
        let result = parse(&format!("v=spf1 {term} -all"));
        assert_eq!(result, Err(SpfSyntaxError(term.to_owned())));
    }
}

#[test]
fn repeated_modifier_is_an_error() {
    assert!(parse("v=spf1 redirect=a.example redirect=b.example").is_err());
    assert!(parse("v=spf1 exp=a.example exp=b.example").is_err());
    assert!(parse("v=spf1 x=a x=b").is_ok());
}

#[test]
fn record_that_is_not_text_is_an_error_that_prints() {
    let record = Txt::from_strings([&b"v=spf1 \xff\x1b[31m -all"[..]]);
    let message = SpfRecord::parse(&record).unwrap_err().to_string();
    assert!(
        message.bytes().all(|b| (b' '..=b'~').contains(&b)),
        "{message}"
    );
}

#[test]
fn only_what_takes_effect_is_kept() {
    let directive = |qualifier, mechanism, text: &str| Directive {
        qualifier,
        is_wide: mechanism == Mechanism::All,
        mechanism,
        text: text.to_owned(),
    };
    let record = parse("v=spf1  mx -include:A.example ~all include:b.example redirect=c.example");
    assert_eq!(
        record,
        Ok(SpfRecord {
            directives: vec![
                directive(Qualifier::Pass, Mechanism::Mx(None), "mx"),
                directive(
                    Qualifier::Other,
                    Mechanism::Include(spec("A.example")),
                    "-include:A.example"
                ),
                directive(Qualifier::Other, Mechanism::All, "~all"),
            ],
            redirect: None,
        })
    );
    let record = parse("v=spf1 redirect=c.example ip4:192.0.2.1").unwrap();
    assert_eq!(record.redirect, Some(spec("c.example")));
    assert_eq!(record.directives.len(), 1);
}

#[test]
fn addresses_become_their_network() {
    for (text, first, last) in [
        ("ip4:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("ip4:192.0.2.7/24", "192.0.2.0", "192.0.2.255"),
        ("ip4:54.240.0.0/18", "54.240.0.0", "54.240.63.255"),
        ("ip4:1.2.3.4/0", "0.0.0.0", "255.255.255.255"),
    ] {
        let number = |text: &str| text.parse::<Ipv4Addr>().unwrap().to_bits();
        let expected = Mechanism::Ip4(AddressRange {
            first: number(first),
            last: number(last),
        });
        let record = parse(&format!("v=spf1 {text}")).unwrap();
        assert_eq!(record.directives[0].mechanism, expected, "{text}");
    }
}

#[test]
fn terms_that_let_anybody_pass_are_told_by_the_length_of_their_prefixes() {
    for (term, expected) in [
        ("all", true),
        ("+all", true),
        ("~all", false),
        ("ip4:0.0.0.0/0", true),
        ("ip4:128.0.0.0/1", true),
        ("ip4:10.0.0.0/7", true),
        ("ip4:10.0.0.0/8", false),
        ("-ip4:0.0.0.0/1", false),
        ("ip4:192.0.2.1", false),
        ("ip6:2000::/3", true),
        ("ip6:2001:db8::/32", false),
        ("a/0", true),
        ("mx:h.example/4", true),
        ("a//0", true),
        ("a/24//64", false),
        ("mx", false),
        ("include:x.example", false),
        ("redirect=x.example", false),
    ] {
        assert_eq!(lets_anybody_pass(term), expected, "{term}");
    }
}
