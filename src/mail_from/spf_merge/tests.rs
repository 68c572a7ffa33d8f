use proptest::prelude::*;

use super::super::{RecordStatus, SpfAnswer, SpfQuestion, SpfStep, judge_spf};
use super::*;
use crate::mail_from::DomainName;

#[test]
fn ses_is_added_where_it_is_read_and_nothing_else_changes() {
    for (existing, merged) in [
        ("v=spf1 -all", "v=spf1 include:amazonses.com -all"),
        ("v=spf1 mx ~ALL", "v=spf1 mx include:amazonses.com ~ALL"),
        ("V=SPF1 ?all", "V=SPF1 include:amazonses.com ?all"),
        ("v=spf1", "v=spf1 include:amazonses.com"),
        ("v=spf1 ", "v=spf1 include:amazonses.com"),
        ("v=spf1 a", "v=spf1 a include:amazonses.com"),
        ("v=spf1  a  mx ", "v=spf1  a  mx include:amazonses.com"),
        (
            "v=spf1 a redirect=x.example",
            "v=spf1 a include:amazonses.com redirect=x.example",
        ),
        (
            "v=spf1 mx exp=e.example x-y=z -all redirect=x.example",
            "v=spf1 mx exp=e.example x-y=z include:amazonses.com -all redirect=x.example",
        ),
        (
            "v=spf1 exp=e.example a x=y",
            "v=spf1 include:amazonses.com exp=e.example a x=y",
        ),
        // Behind `all`, nobody reads it.
        (
            "v=spf1 -all include:amazonses.com",
            "v=spf1 include:amazonses.com -all include:amazonses.com",
        ),
        (
            "v=spf1 -all -include:amazonses.com",
            "v=spf1 include:amazonses.com -all -include:amazonses.com",
        ),
        // Another domain than SES's, and a modifier that nobody knows.
        (
            "v=spf1 include:x.amazonses.com include=amazonses.com -all",
            "v=spf1 include:x.amazonses.com include=amazonses.com include:amazonses.com -all",
        ),
        (
            "v=spf1 -ip4:192.0.2.0/24 -ip6:::/0 -a -exists:%{i}.x.example ~all",
            "v=spf1 -ip4:192.0.2.0/24 -ip6:::/0 -a -exists:%{i}.x.example \
             include:amazonses.com ~all",
        ),
        (
            "\"v=spf1 \" \"-all\"",
            "\"v=spf1 include:amazonses.com -all\"",
        ),
        ("v=spf1 a\" \" -all", "v=spf1 a include:amazonses.com -all"),
    ] {
        assert_eq!(spf_merge(existing).as_deref(), Ok(merged), "{existing}");
    }
}

#[test]
fn a_record_that_names_ses_is_left_alone_however_it_is_written() {
    for record in [
        "v=spf1 include:amazonses.com ~all",
        "v=spf1 a  INCLUDE:AmazonSES.com. -all",
        "v=spf1 +include:amazonses.com redirect=x.example",
        "v=spf1 include:amazonses.com -include:amazonses.com -all ",
        " \"v=spf1 include:\"  \"amazonses.com -all\"",
    ] {
        assert_eq!(spf_merge(record).as_deref(), Ok(record));
    }
}

#[test]
fn what_would_not_hold_is_refused_with_what_and_how() {
    let eleven = format!("v=spf1 {}-all", "a ".repeat(10));
    let by_redirect = format!("v=spf1 {}redirect=x.example", "mx ".repeat(9));
    let named = format!("v=spf1 include:amazonses.com {}-all", "a ".repeat(10));
    let long = format!("v=spf1 {}-all", "ip4:192.0.2.1 ".repeat(17));
    let too_long = format!("v=spf1 {}-all", "ip4:192.0.2.1 ".repeat(18));
    assert!(long.len() <= 255 && too_long.len() > 255);
    let twice = "v=spf1 redirect=a.example redirect=b.example";
    for (existing, problem, remedy) in [
        (
            "",
            "no SPF record",
            "publish `v=spf1 include:amazonses.com ~all`",
        ),
        ("hello", "no SPF record", "publish"),
        ("v=spf10 -all", "its character 7 is `0`", "exactly so"),
        (
            " v=spf1 -all",
            "its character 1 is a space",
            "Remove that character",
        ),
        ("v=spf1 -all v=spf1 a -all", "two SPF records", "Merge them"),
        (
            "v=spf1 -all\nv=spf1 a -all",
            "two SPF records",
            "Merge them",
        ),
        (
            "\"v=spf1 -all\" \"v=spf1 a -all\"",
            "two SPF records",
            "Merge them",
        ),
        (
            "v=spf1 include: x.example -all",
            "`include:` is not valid",
            "right, or remove",
        ),
        ("v=spf1 -all bücher", "is not valid", "right, or remove"),
        ("v=spf1\t-all", "a tab", "Put a space in its place"),
        (
            twice,
            "`redirect=` may stand only once",
            "`redirect=b.example`",
        ),
        (&eleven, "it has 11 terms", "`ip4:`"),
        (&by_redirect, "`redirect=x.example`)", "`ip4:`"),
        (&named, "it has 11 terms", "`ip4:`"),
        (
            "v=spf1 -include:amazonses.com ~all",
            "does not let it pass",
            "Remove `-include:amazonses.com`",
        ),
        (
            "v=spf1 ~Include:AmazonSES.com. include:amazonses.com ~all",
            "does not let it pass",
            "Remove",
        ),
        // Neutral, which is no refusal either.
        (
            "v=spf1 ?include:amazonses.com ~all",
            "does not let it pass",
            "Remove `?include:amazonses.com`",
        ),
        ("v=spf1 ?ip4:0.0.0.0/0 ~all", "`?ip4:0.0.0.0/0`", "Remove"),
        ("v=spf1 -a/0 ~all", "`-a/0`", "Remove"),
        (
            "v=spf1 -ip4:54.240.8.0/24 ~all",
            "`-ip4:54.240.8.0/24`",
            "Remove",
        ),
        (&long, "255 octets at most", "in several strings"),
        (&too_long, "255 octets at most", "in several strings"),
        ("\"v=spf1 -all", "quotation marks", "without them"),
    ] {
        let error = spf_merge(existing).unwrap_err();
        let told = error.to_string();
        assert!(told.contains(problem), "{existing:?}: {told}");
        assert!(error.remedy().contains(remedy), "{existing:?}: {error:?}");
        assert!(error.remedy().ends_with('.'), "{error:?}");
    }
    let strings = format!("\"{long}\"");
    let merged = spf_merge(&strings).unwrap();
    let (first, second) = merged.split_once("\" \"").unwrap();
    assert_eq!(
        (first.len(), second.len()),
        (256, long.len() + 22 - 255 + 1)
    );
}

/// The finding on `record` in a world where each name that it leads to has an SPF record
/// of a network of its own, and an address.
fn judged(record: &str) -> RecordStatus {
    let domain = DomainName::parse("bounce.example.com").unwrap();
    let record = WrittenTxt::parse(record).unwrap().record;
    let mut step = judge_spf(&domain, &[record]);
    loop {
        let walk = match step {
            SpfStep::Done(finding) => return finding.status,
            SpfStep::LookUp(walk) => walk,
        };
        let answer = match walk.question() {
            SpfQuestion::Txt(name) if name == SES => {
                let lists = "v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all";
                SpfAnswer::Txt(vec![Txt::from_strings([lists])])
            }
            SpfQuestion::Txt(_) => {
                SpfAnswer::Txt(vec![Txt::from_strings(["v=spf1 ip4:203.0.113.0/24 -all"])])
            }
            SpfQuestion::Mx(_) => SpfAnswer::Mx(vec!["mx.example".to_owned()]),
            SpfQuestion::Address(_) => SpfAnswer::Address(true),
        };
        step = walk.resume(answer);
    }
}

/// Terms of which some refuse SES, and some are not valid.
fn term() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a",
        "mx",
        "-mx:x.example",
        "a:y.example/24",
        "ptr",
        "include:x.example",
        "Include:AmazonSES.com",
        "include:amazonses.com.",
        "-include:amazonses.com",
        "?include:y.example",
        "ip4:192.0.2.0/24",
        "~ip4:198.51.100.7",
        "-ip4:54.240.0.0/16",
        "ip6:2001:db8::/32",
        "exists:%{i}.z.example",
        "redirect=x.example",
        "exp=e.example",
        "x=y%{d}",
        "-all",
        "~ALL",
        "all",
        "?all",
        "",
        "bogus",
        "include:",
        "v=spf1",
        "-ip4:0.0.0.0/0",
        "redirect=amazonses.com",
    ])
    .prop_map(str::to_owned)
}

fn terms(record: &str) -> Vec<String> {
    let record = WrittenTxt::parse(record).unwrap().record;
    let text = String::from_utf8(record.as_bytes().to_vec()).unwrap();
    let words = text.split(' ').filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn what_is_merged_keeps_every_term_passes_for_ses_and_merges_to_itself(
        of_record in prop::collection::vec(term(), 0..14),
        form in 0..3,
    ) {
        let text = format!("v=spf1 {}", of_record.join(" "));
        let existing = match form {
            0 => text.clone(),
            1 => format!("\"{text}\""),
            _ => text.replacen(' ', " \" \"", 1),
        };
        match spf_merge(&existing) {
            Ok(merged) => {
                let again = spf_merge(&merged);
                prop_assert_eq!(again.as_deref(), Ok(merged.as_str()));
                let before = terms(&existing);
                let mut after = terms(&merged);
                if before != after {
                    let added = format!("include:{SES}");
                    let differs = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
                    prop_assert_eq!(&after.remove(differs), &added);
                }
                prop_assert_eq!(before, after);
                prop_assert_eq!(judged(&merged), RecordStatus::Ok, "{}", merged);
            }
            Err(SpfMergeError::Txt(TxtError::TooLong(octets))) => prop_assert!(octets > 255),
            Err(SpfMergeError::Several) => prop_assert!(of_record.iter().any(|t| t == "v=spf1")),
            Err(SpfMergeError::Invalid(term)) => {
                let twice = ["redirect=", "exp="].iter().any(|name| term.starts_with(name));
                prop_assert!(twice || ["bogus", "include:"].contains(&term.as_str()), "{}", term);
            }
            Err(SpfMergeError::Refuses(term)) => prop_assert!(term.starts_with(['-', '~', '?'])),
            Err(SpfMergeError::TooManyLookUps(terms)) => prop_assert!(terms.len() > 10),
            Err(error) => prop_assert!(false, "{:?} of {:?}", error, existing),
        }
    }

    #[test]
    fn any_text_is_merged_or_refused(text in "(\"|v=spf1| |\\PC|all|\\\\|include:){0,12}") {
        if let Ok(merged) = spf_merge(&text) {
            let again = spf_merge(&merged);
            prop_assert_eq!(again.as_deref(), Ok(merged.as_str()));
        }
    }
}
