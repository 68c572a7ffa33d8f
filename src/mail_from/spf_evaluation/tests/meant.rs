//! Records that do not name SES, and what was meant by them.

use super::*;

#[test]
fn lists_of_addresses_are_compared_with_those_of_ses() {
    let listed = [(SES, "v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all")];
    for (record, expected) in [
        (
            "v=spf1 ip4:54.240.0.0/18 ip4:199.255.192.0/22 -all",
            Ok(true),
        ),
        (
            "v=spf1 ip4:54.0.0.0/8 ip4:199.255.192.0/23 ip4:199.255.194.0/23 -all",
            Ok(true),
        ),
        // What fails is not reached.
        (
            "v=spf1 ip4:54.240.0.0/18 ip4:199.255.192.0/22 include:none.example -all",
            Ok(true),
        ),
        (
            "v=spf1 ip4:54.240.0.0/18 include:amazonses.com -all",
            Ok(false),
        ),
        (
            "v=spf1 -ip4:192.0.2.1 include:amazonses.com -all",
            Ok(false),
        ),
        ("v=spf1 ip4:54.240.0.0/18 -all", Err(SpfCause::PartOfRanges)),
        (
            "v=spf1 -ip4:54.240.0.1 include:amazonses.com -all",
            Err(SpfCause::Refused),
        ),
        (
            "v=spf1 ip4:192.0.2.1 -all",
            Err(SpfCause::NotNamed(NotNamed::Nowhere)),
        ),
    ] {
        let finding = judge(record, &listed);
        match expected {
            Ok(ages) => {
                assert_eq!(finding.status, RecordStatus::Ok, "{record}");
                assert_eq!(finding.cause.is_some(), ages, "{record}");
            }
            Err(expected) => {
                assert_eq!(finding.status, RecordStatus::Wrong, "{record}");
                assert_eq!(*cause(&finding), expected, "{record}");
            }
        }
        if finding.cause.is_some() {
            is_mended(&finding);
        }
    }
    // The include stands in place of SES's addresses, and of nobody else's.
    let finding = judge("v=spf1 ip4:192.0.2.1 ip4:54.240.0.0/19 mx -all", &listed);
    assert_eq!(*cause(&finding), SpfCause::PartOfRanges);
    assert_eq!(
        mended(&finding),
        "v=spf1 include:amazonses.com ip4:192.0.2.1 mx -all"
    );
    // Where SES's own record cannot be had, only its name counts.
    for unknown in [&[][..], &[(SES, UNANSWERED)]] {
        let finding = judge("v=spf1 ip4:54.240.0.0/18 -all", unknown);
        assert_eq!(finding.status, RecordStatus::Wrong);
        let finding = judge("v=spf1 ip4:54.240.0.0/18 include:amazonses.com", unknown);
        assert_eq!(finding.status, RecordStatus::Ok);
    }
}

#[test]
fn what_seems_to_name_ses_is_told_why_it_does_not() {
    let term = |text: &str| text.to_owned();
    for (record, why) in [
        ("v=spf1 mx -all", NotNamed::Nowhere),
        ("v=spf1 -all include:amazonses.com", NotNamed::AfterAll),
        (
            "v=spf1 ?include:amazonses.com ~all",
            NotNamed::Qualified(term("?include:amazonses.com")),
        ),
        (
            "v=spf1 -include:AmazonSES.com include:amazonses.com ~all",
            NotNamed::FirstDecides(term("-include:AmazonSES.com")),
        ),
        (
            "v=spf1 include=amazonses.com ~all",
            NotNamed::Equals(term("include=amazonses.com")),
        ),
        (
            "v=spf1 ~all redirect=amazonses.com",
            NotNamed::RedirectBesideAll,
        ),
        (
            "v=spf1 ptr:amazonses.com -all",
            NotNamed::OtherMechanism(term("ptr:amazonses.com")),
        ),
        (
            "v=spf1 include:amazonses.com.example.com -all",
            NotNamed::OtherDomain(term("include:amazonses.com.example.com")),
        ),
    ] {
        let finding = judge(record, &[("amazonses.com.example.com", "v=spf1 -all")]);
        assert_eq!(*cause(&finding), SpfCause::NotNamed(why), "{record}");
        is_mended(&finding);
    }
}

#[test]
fn invalid_terms_are_told_how_to_be_written() {
    for (record, hint) in [
        ("v=spf1 include:amazonses.com ~all;", "a semicolon"),
        ("v=spf1 include:amazonses.com, ~all", "a comma"),
        (
            "v=spf1 include: amazonses.com ~all",
            "no space may stand after the colon",
        ),
        (
            "v=spf1 include:amazonses.com~all",
            "a space is missing before `~all`",
        ),
        ("v=spf1 include:amazonses.com ~all\"", "a quotation mark"),
        (
            "v=spf1 include:amazonses.com \u{2013}all",
            "the character U+2013",
        ),
        (
            "v=spf1 inlcude:amazonses.com ~all",
            "`include` is probably meant",
        ),
        (
            "v=spf1 ipv4:192.0.2.1 include:amazonses.com",
            "`ip4` is probably meant",
        ),
        (
            "v=spf1 a:192.0.2.1 include:amazonses.com",
            "`ip4:192.0.2.1`",
        ),
        (
            "v=spf1 ip4:192.0.2.1include:x.example include:amazonses.com",
            "`ip4:192.0.2.1 include:x.example` is probably meant",
        ),
        (
            "v=spf1 ip4:192.0.2.0/255.255.255.0 include:amazonses.com",
            "`ip4:192.0.2.0/24` is probably meant",
        ),
        (
            "v=spf1 redirect=a.example redirect=b.example",
            "`redirect=` may stand only once",
        ),
        (
            "v=spf1 exp=a.example exp=b.example ~all",
            "`exp=` may stand only once",
        ),
    ] {
        let finding = judge(record, &[]);
        assert_eq!(finding.status, RecordStatus::Wrong, "{record}");
        let told = reason(&finding);
        assert!(told.contains(hint), "{told}");
        is_mended(&finding);
    }
}

#[test]
fn text_that_was_meant_as_spf_is_told_where_it_differs() {
    let good = "v=spf1 include:amazonses.com ~all";
    for (text, told) in [
        (format!("\"{good}\""), "its character 1 is a quotation mark"),
        (format!(" {good}"), "its character 1 is a space"),
        (format!("\u{feff}{good}"), "a byte order mark (U+FEFF)"),
        (
            format!("\u{201c}{good}\u{201d}"),
            "a curly quotation mark (U+201C)",
        ),
        (
            good.replace("spf1 ", "spf1, "),
            "its character 7 is a comma (`,`) and not a space",
        ),
        (good.replace("spf1 ", "spf1\u{a0}"), "a no-break space"),
        (good.replace("v=", ""), "its character 1 is `s` and not `v`"),
        (
            good.replace("spf1", "spf2"),
            "its character 6 is `2` and not `1`",
        ),
        (
            good.replace("spf1 ", "spf1"),
            "its character 7 is `i` and not a space",
        ),
        (
            "v=spf".to_owned(),
            "it ends where its character 6 should be `1`",
        ),
    ] {
        let finding = judge(&text, &[]);
        assert_eq!(finding.status, RecordStatus::Missing, "{text}");
        assert!(matches!(cause(&finding), SpfCause::Attempt(_)));
        let reason = reason(&finding);
        assert!(reason.contains(told), "{reason}");
        is_mended(&finding);
    }
}
