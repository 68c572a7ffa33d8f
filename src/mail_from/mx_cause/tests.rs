use super::*;

#[test]
fn each_slip_has_its_cause() {
    let region = Region::parse("eu-west-1").unwrap();
    let domain = DomainName::parse("bounce.example.com").unwrap();
    let differs = |found: &str, expected: &str| MxCause::Differs {
        found: found.to_owned(),
        expected: expected.to_owned(),
    };
    let zone = |zone: &str| MxCause::ZoneAdded(zone.to_owned());
    for (host, cause) in [
        (".", MxCause::Null),
        (
            "feedback-smtp.eu-west-1.amazonses.com.example.com",
            zone("example.com"),
        ),
        (
            "feedback-smtp.us-east-1.amazonses.com.b.example.com",
            zone("b.example.com"),
        ),
        (
            "10 feedback-smtp.eu-west-1.amazonses.com",
            MxCause::PriorityInHost,
        ),
        (
            "10 feedback-smtp.eu-west-1.amazonses.com.example.com",
            MxCause::PriorityInHost,
        ),
        (
            "10.feedback-smtp.eu-west-1.amazonses.com",
            MxCause::PriorityInHost,
        ),
        ("10", MxCause::PriorityInHost),
        ("10.example.com", MxCause::PriorityInHost),
        ("192.0.2.1", MxCause::AnotherHost),
        (
            "\"feedback-smtp.eu-west-1.amazonses.com\"",
            MxCause::Character('"'),
        ),
        (
            "feedback-smtp.eu-west-1.amazonses.com ",
            MxCause::Character(' '),
        ),
        (
            r"feedback-smtp\.eu-west-1.amazonses.com",
            MxCause::EscapedDots,
        ),
        (
            r"feedback-smtp\.eu-west-1\.amazonses\.com.example.com",
            MxCause::EscapedDots,
        ),
        (
            r"feedback-smtp\\.eu-west-1.amazonses.com",
            MxCause::EscapedDots,
        ),
        (
            r"feedback-smtp.eu-west-1.amazonses.com\\",
            MxCause::Character('\\'),
        ),
        (
            "feedback-smtp.eu-west-1.amazonaws.com.example.com",
            zone("example.com"),
        ),
        (
            "feedback-smtp.eu-west-1.amazonse.com.bounce.example.com",
            zone("bounce.example.com"),
        ),
        (
            "inbound-smtp.eu-west-1.amazonaws.com.example.com",
            zone("example.com"),
        ),
        ("20.example.com", MxCause::PriorityInHost),
        ("5.bounce.example.com", MxCause::PriorityInHost),
        ("20", MxCause::PriorityInHost),
        (
            "20.feedback-smtp.us-east-1.amazonses.com",
            MxCause::PriorityInHost,
        ),
        ("10.example.net", MxCause::AnotherHost),
        ("mail.example.com", MxCause::AnotherHost),
        ("inbound-smtp.eu-west-1.amazonaws.com", MxCause::Receives),
        ("email-smtp.eu-west-1.amazonaws.com", MxCause::Sends),
        (
            "feedback-smtp.eu-west-1.amazonaws.com",
            differs("amazonaws", "amazonses"),
        ),
        (
            "feedback-smtp.eu-west-1.amazonse.com",
            differs("amazonse", "amazonses"),
        ),
        (
            "feedbck-smtp.eu-west-1.amazonses.com",
            differs("feedbck-smtp", "feedback-smtp"),
        ),
        ("feedback-smtp.amazonses.com", differs("", "eu-west-1")),
        ("x.feedback-smtp.eu-west-1.amazonses.com", differs("x", "")),
        ("amazonses.com", differs("", "feedback-smtp.eu-west-1")),
        (
            "feedback-smtp.euwest1.amazonses.com",
            differs("euwest1", "eu-west-1"),
        ),
        ("mail.example.com", MxCause::AnotherHost),
        ("aspmx.l.google.com", MxCause::AnotherHost),
    ] {
        assert_eq!(MxCause::of(host, &region, &domain), cause, "{host}");
        let told = cause.to_string();
        assert!(told.bytes().all(|b| (b' '..=b'~').contains(&b)), "{told}");
    }
}
