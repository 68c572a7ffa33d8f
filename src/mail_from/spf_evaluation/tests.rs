use std::collections::HashMap;

use super::*;
use crate::mail_from::NotNamed;

const SENDER: &str = "bounce.example.com";
const UNANSWERED: &str = "(no answer)";
/// In place of a text: the name has an address.
const ADDRESS: &str = "(address)";

/// In place of a text: the name is an alias of SES's domain.
const ALIAS_OF_SES: &str = "(alias)";

/// Judges `record` in a world where the other domains have one TXT each.
fn judge(record: &str, world: &[(&str, &str)]) -> Finding {
    judge_counting(record, world).0
}

fn judge_counting(record: &str, world: &[(&str, &str)]) -> (Finding, usize) {
    let mut records: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, text) in world {
        records.entry(name).or_default().push(text);
    }
    let sender = DomainName::parse(SENDER).unwrap();
    let mut step = judge_spf(&sender, &[Txt::from_strings([record])]);
    let mut asked = 0;
    loop {
        match step {
            SpfStep::Done(finding) => return (finding, asked),
            SpfStep::LookUp(walk) => {
                asked += 1;
                let (SpfQuestion::Txt(name) | SpfQuestion::Mx(name) | SpfQuestion::Address(name)) =
                    walk.question();
                let here = records.get(name.as_str()).cloned().unwrap_or_default();
                let answer = match walk.question() {
                    _ if here == [UNANSWERED] => SpfAnswer::NoAnswer,
                    _ if here == [ALIAS_OF_SES] => SpfAnswer::AliasOfSes,
                    SpfQuestion::Txt(_) => {
                        SpfAnswer::Txt(here.iter().map(|text| Txt::from_strings([text])).collect())
                    }
                    SpfQuestion::Mx(_) => {
                        SpfAnswer::Mx(here.iter().map(|host| (*host).to_owned()).collect())
                    }
                    SpfQuestion::Address(_) => SpfAnswer::Address(here == [ADDRESS]),
                };
                step = walk.resume(answer);
            }
        }
    }
}

fn cause(finding: &Finding) -> &SpfCause {
    match &finding.cause {
        Some(Cause::Spf { cause, .. }) => cause,
        other => panic!("{other:?}"),
    }
}

fn reason(finding: &Finding) -> String {
    finding.cause.as_ref().unwrap().to_string()
}

fn mended(finding: &Finding) -> &str {
    match &finding.cause {
        Some(Cause::Spf { mended, .. }) => &mended.as_ref().unwrap().record,
        other => panic!("{other:?}"),
    }
}

/// The advice followed to the letter: a record that names SES first.
fn is_mended(finding: &Finding) {
    let mended = mended(finding);
    let (again, asked) = judge_counting(mended, &[]);
    assert_eq!((again.status, asked), (RecordStatus::Ok, 0), "{mended}");
    assert_eq!(again.cause, None, "{mended}");
}

#[test]
fn named_directly_is_ok() {
    for record in [
        "v=spf1 include:amazonses.com ~all",
        "v=spf1 include:amazonses.com -all",
        "V=SPF1 +INCLUDE:AmazonSES.com. ?all",
        "v=spf1 ip4:192.0.2.1 ptr include:amazonses.com a mx exists:x.example",
        "v=spf1 redirect=amazonses.com",
        "v=spf1 exp=x.example include:amazonses.com",
    ] {
        let (finding, asked) = judge_counting(record, &[]);
        assert_eq!(finding.status, RecordStatus::Ok, "{record}");
        assert_eq!(finding.cause, None);
        assert_eq!(asked, 0, "SES's own record need not be looked up");
    }
}

#[test]
fn not_authorised_is_wrong() {
    for record in [
        "v=spf1",
        "v=spf1 -all",
        "v=spf1 +all",
        "v=spf1 ip4:192.0.2.1 -all",
        "v=spf1 -all include:amazonses.com",
        "v=spf1 ~all redirect=amazonses.com",
        "v=spf1 -include:amazonses.com ~all",
        "v=spf1 ~include:amazonses.com ~all",
        "v=spf1 ?include:amazonses.com ~all",
        // The first match decides.
        "v=spf1 -include:amazonses.com include:amazonses.com ~all",
        "v=spf1 include:notamazonses.com ~all",
        "v=spf1 include:amazonses.com.example.com ~all",
        "v=spf1 include:%{d}.amazonses.com ~all",
        "v=spf1 ip4:0.0.0.0/0 -all",
        "v=spf1 a:amazonses.com ~all",
        "v=spf1 include:amazonses.com; ~all",
        "v=spf1 includ:amazonses.com ~all",
        "v=spf1 include:amazonses.com bogus ~all",
    ] {
        let world = [
            ("notamazonses.com", "v=spf1 -all"),
            ("amazonses.com.example.com", "v=spf1 -all"),
        ];
        let finding = judge(record, &world);
        assert_eq!(finding.status, RecordStatus::Wrong, "{record}");
        assert_eq!(finding.found, [record]);
        is_mended(&finding);
    }
}

#[test]
fn nested_include_is_found() {
    let world = [
        (
            "one.example",
            "v=spf1 ip4:192.0.2.1 include:two.example -all",
        ),
        ("two.example", "v=spf1 redirect=three.example"),
        ("three.example", "v=spf1 include:amazonses.com -all"),
        ("soft.example", "v=spf1 ~include:amazonses.com -all"),
        ("all.example", "v=spf1 -all include:amazonses.com"),
    ];
    for (record, status) in [
        ("v=spf1 include:one.example -all", RecordStatus::Ok),
        ("v=spf1 redirect=one.example", RecordStatus::Ok),
        ("v=spf1 include:ONE.example. -all", RecordStatus::Ok),
        // The outer qualifier decides on what the inner record passes.
        ("v=spf1 -include:one.example -all", RecordStatus::Wrong),
        (
            "v=spf1 ?include:one.example include:amazonses.com",
            RecordStatus::Wrong,
        ),
        // An inner result other than pass is no match: it goes on outside.
        ("v=spf1 include:soft.example -all", RecordStatus::Wrong),
        (
            "v=spf1 include:soft.example include:amazonses.com",
            RecordStatus::Ok,
        ),
        (
            "v=spf1 -include:soft.example include:amazonses.com",
            RecordStatus::Ok,
        ),
        ("v=spf1 redirect=soft.example", RecordStatus::Wrong),
        ("v=spf1 include:all.example -all", RecordStatus::Wrong),
        (
            "v=spf1 include:all.example include:one.example -all",
            RecordStatus::Ok,
        ),
    ] {
        assert_eq!(judge(record, &world).status, status, "{record}");
    }
}

#[test]
fn eleventh_look_up_is_too_many() {
    let world = [("x.example", ADDRESS)];
    let a = |n: usize| "ptr:x.example ".repeat(n);
    let record = |n| format!("v=spf1 {}include:amazonses.com ~all", a(n));
    assert_eq!(judge(&record(9), &world).status, RecordStatus::Ok);
    let finding = judge(&record(10), &world);
    assert_eq!(finding.status, RecordStatus::Wrong);
    assert!(reason(&finding).contains("within the 10 look-ups"));
    assert!(reason(&finding).contains("these count: `ptr:x.example`, `ptr"));
    is_mended(&finding);

    // Nested terms count with the outer ones; those after the match do not.
    let nested = |n| format!("v=spf1 {}include:amazonses.com ~all", a(n));
    let outer = "v=spf1 ptr include:n.example ptr:e.example ~all";
    for (n, status) in [(7, RecordStatus::Ok), (8, RecordStatus::Wrong)] {
        let finding = judge(outer, &[("n.example", &nested(n))]);
        assert_eq!(finding.status, status);
    }
    // Addresses cost nothing.
    let long = format!(
        "v=spf1 {}include:amazonses.com ~all",
        "ip4:192.0.2.1 ".repeat(40)
    );
    assert_eq!(judge(&long, &[]).status, RecordStatus::Ok);
}

#[test]
fn third_look_up_that_finds_nothing_is_too_many() {
    let void = |n: usize| {
        let terms: String = (0..n).map(|n| format!("a:v{n}.example ")).collect();
        format!("v=spf1 {terms}exists:there.example include:amazonses.com ~all")
    };
    let there = [("there.example", "(something else)")];
    assert_eq!(judge(&void(1), &there).status, RecordStatus::Ok);
    let finding = judge(&void(2), &there);
    assert_eq!(finding.status, RecordStatus::Wrong);
    assert_eq!(
        *cause(&finding),
        SpfCause::TooManyVoid(
            ["a:v0.example", "a:v1.example", "exists:there.example"]
                .map(str::to_owned)
                .to_vec()
        )
    );
    is_mended(&finding);

    // The hosts of an `mx` count, and so does an `mx` without.
    let mx = [
        (SENDER, "h1.example"),
        (SENDER, "h2.example"),
        (SENDER, "h3.example"),
    ];
    let finding = judge("v=spf1 mx include:amazonses.com", &mx);
    assert!(
        matches!(cause(&finding), SpfCause::TooManyVoid(_)),
        "{finding:?}"
    );
    let finding = judge("v=spf1 mx a include:amazonses.com", &[]);
    assert_eq!(finding.status, RecordStatus::Ok);
    let hosts: Vec<(&str, &str)> = vec![(SENDER, "h.example"); 11];
    let finding = judge("v=spf1 mx include:amazonses.com", &hosts);
    assert_eq!(*cause(&finding), SpfCause::TooManyHosts("mx".to_owned()));
}

#[test]
fn loops_end() {
    let world = [
        ("a.example", "v=spf1 include:b.example -all"),
        ("b.example", "v=spf1 redirect=a.example"),
        ("own.example", "v=spf1 include:bounce.example.com -all"),
    ];
    for record in [
        "v=spf1 include:a.example -all",
        "v=spf1 redirect=b.example",
        "v=spf1 include:own.example include:amazonses.com",
        "v=spf1 include:bounce.example.com include:amazonses.com",
    ] {
        let finding = judge(record, &world);
        assert_eq!(finding.status, RecordStatus::Wrong);
        assert!(reason(&finding).contains("leads back"), "{finding:?}");
        is_mended(&finding);
    }
}

#[test]
fn look_up_that_fails_in_passing_is_unreachable() {
    let world = [("silent.example", UNANSWERED)];
    for record in [
        "v=spf1 include:silent.example ~all",
        "v=spf1 include:silent.example include:amazonses.com",
        "v=spf1 redirect=silent.example",
        "v=spf1 a:silent.example include:amazonses.com",
        "v=spf1 mx:silent.example include:amazonses.com",
    ] {
        let finding = judge(record, &world);
        assert_eq!(finding.status, RecordStatus::Unreachable, "{record}");
        assert_eq!(finding.found, [record]);
        let told = reason(&finding);
        assert!(
            told.contains("silent.example could not be looked up"),
            "{told}"
        );
    }
    let before = "v=spf1 include:amazonses.com include:silent.example";
    assert_eq!(judge(before, &world).status, RecordStatus::Ok);
}

#[test]
fn broken_record_on_the_way_breaks_the_whole() {
    let world = [
        ("none.example", "some text"),
        ("two.example", "v=spf1 -all"),
        ("two.example", "v=spf1 ~all"),
        ("bad.example", "v=spf1 bogus"),
    ];
    for (name, why) in [
        ("none.example", "has no SPF record"),
        ("absent.example", "has no SPF record"),
        ("two.example", "has several SPF records"),
        ("bad.example", "is not valid (its term `bogus`)"),
        ("amazonse.com", "`include:amazonses.com` is probably meant"),
        (
            "email-smtp.us-east-1.amazonaws.com",
            "`include:amazonses.com` is probably meant",
        ),
    ] {
        let finding = judge(
            &format!("v=spf1 include:{name} include:amazonses.com"),
            &world,
        );
        assert_eq!(finding.status, RecordStatus::Wrong, "{name}");
        let told = reason(&finding);
        assert!(told.contains(name) && told.contains(why), "{told}");
        is_mended(&finding);

        // SES is matched before the broken record is reached.
        let finding = judge(
            &format!("v=spf1 include:amazonses.com include:{name}"),
            &world,
        );
        assert_eq!(finding.status, RecordStatus::Ok, "{name}");
    }
}

#[test]
fn macros_are_expanded_or_depend_on_the_message() {
    let world = [
        (
            "spf.bounce.example.com",
            "v=spf1 include:%{o}.x.example -all",
        ),
        (
            "bounce.example.com.x.example",
            "v=spf1 include:%{d2}.y.example -all",
        ),
        ("x.example.y.example", "v=spf1 include:amazonses.com -all"),
    ];
    for (record, status) in [
        ("v=spf1 include:spf.%{d} -all", RecordStatus::Ok),
        ("v=spf1 redirect=spf.%{d}", RecordStatus::Ok),
        (
            "v=spf1 include:%{i}.x.example -all",
            RecordStatus::Unchecked,
        ),
        ("v=spf1 redirect=%{l}.x.example", RecordStatus::Unchecked),
        ("v=spf1 exists:%{i}.x.example -all", RecordStatus::Unchecked),
        ("v=spf1 a:%{h}.x.example include:spf.%{d}", RecordStatus::Ok),
        // A match is decided by it, not only helped.
        (
            "v=spf1 -exists:%{i}.x.example include:amazonses.com",
            RecordStatus::Unchecked,
        ),
        (
            "v=spf1 include:%{i}.x.example include:amazonses.com",
            RecordStatus::Unchecked,
        ),
        (
            "v=spf1 include:amazonses.com include:%{i}.x.example",
            RecordStatus::Ok,
        ),
        (
            "v=spf1 include:%{c}.x.example include:amazonses.com",
            RecordStatus::Wrong,
        ),
        (
            "v=spf1 include:%{d}..x.example include:amazonses.com",
            RecordStatus::Wrong,
        ),
    ] {
        let finding = judge(record, &world);
        assert_eq!(finding.status, status, "{record}");
        if status == RecordStatus::Unchecked {
            assert_eq!(
                (finding.cause, finding.found),
                (None, vec![record.to_owned()])
            );
        }
    }
}

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

#[test]
fn records_are_counted() {
    let judge_all = |texts: &[&str]| {
        let records: Vec<Txt> = texts.iter().map(|text| Txt::from_strings([text])).collect();
        match judge_spf(&DomainName::parse(SENDER).unwrap(), &records) {
            SpfStep::Done(finding) => finding,
            SpfStep::LookUp(walk) => panic!("asked for {:?}", walk.question()),
        }
    };
    let good = "v=spf1 include:amazonses.com ~all";
    assert_eq!(
        judge_all(&[]),
        Finding::new(RecordStatus::Missing, Vec::new())
    );
    let finding = judge_all(&["token=1", "v=spf2 x", "SPF: later"]);
    assert_eq!(finding.status, RecordStatus::Missing);
    assert_eq!(finding.found, ["SPF: later", "v=spf2 x"]);

    let finding = judge_all(&["token=1", good]);
    assert_eq!(finding.status, RecordStatus::Ok);
    assert_eq!(finding.found, [good]);

    let finding = judge_all(&[good, "v=spf1 -all", "token=1"]);
    assert_eq!(finding.status, RecordStatus::Multiple);
    assert_eq!(finding.found, ["v=spf1 -all", good]);
}

#[test]
fn hostile_text_is_shown_escaped() {
    let finding = judge("v=spf1 \u{1b}]0;x\u{7} \u{202e}all", &[]);
    assert_eq!(finding.status, RecordStatus::Wrong);
    let shown = format!("{} {}", finding.found.join(" "), reason(&finding));
    assert!(shown.bytes().all(|b| (b' '..=b'~').contains(&b)), "{shown}");
    assert!(shown.contains(r"\027]0;x\007"), "{shown}");
}

#[test]
fn a_record_by_which_anybody_may_send_is_told_so() {
    let world = [
        (SES, "v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all"),
        ("all.example", "v=spf1 +all"),
        (
            "halves.example",
            "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",
        ),
        (SENDER, ADDRESS),
        ("h.example", ADDRESS),
    ];
    for (record, status, terms) in [
        ("v=spf1 +all", RecordStatus::Wrong, &["+all"][..]),
        (
            "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",
            RecordStatus::Wrong,
            &["ip4:0.0.0.0/1", "ip4:128.0.0.0/1"],
        ),
        (
            "v=spf1 ip4:10.0.0.0/7 -all",
            RecordStatus::Wrong,
            &["ip4:10.0.0.0/7"],
        ),
        ("v=spf1 a/0 -all", RecordStatus::Wrong, &["a/0"]),
        (
            "v=spf1 exists:%{i}.x.example +all",
            RecordStatus::Wrong,
            &["+all"],
        ),
        (
            "v=spf1 exists:h.example -all",
            RecordStatus::Wrong,
            &["exists:h.example"],
        ),
        (
            "v=spf1 include:all.example -all",
            RecordStatus::Wrong,
            &["include:all.example"],
        ),
        (
            "v=spf1 include:halves.example -all",
            RecordStatus::Wrong,
            &["include:halves.example"],
        ),
        (
            "v=spf1 redirect=halves.example",
            RecordStatus::Wrong,
            &["redirect=halves.example"],
        ),
        (
            "v=spf1 include:amazonses.com +all",
            RecordStatus::Ok,
            &["+all"],
        ),
        (
            "v=spf1 ip4:0.0.0.0/1 include:amazonses.com -all",
            RecordStatus::Ok,
            &["ip4:0.0.0.0/1"],
        ),
        (
            "v=spf1 include:amazonses.com ip6:2000::/3 ~all",
            RecordStatus::Ok,
            &["ip6:2000::/3"],
        ),
        (
            "v=spf1 ip4:54.0.0.0/7 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all",
            RecordStatus::Ok,
            &["ip4:54.0.0.0/7"],
        ),
    ] {
        let finding = judge(record, &world);
        assert_eq!(finding.status, status, "{record}");
        let terms = terms.iter().map(|term| (*term).to_owned()).collect();
        assert_eq!(*cause(&finding), SpfCause::Everyone(terms), "{record}");
        is_mended(&finding);
        for kept in [
            "all.example",
            "halves.example",
            "exists:h",
            "0.0.0.0/1",
            "/7 ",
            "/3 ",
            "+all",
        ] {
            assert!(!mended(&finding).contains(kept), "{finding:?}");
        }
    }
    // What is wrong for another reason is told by that, and is mended without them.
    let finding = judge("v=spf1 bogus +all", &world);
    assert_eq!(*cause(&finding), SpfCause::Invalid("bogus".to_owned()));
    is_mended(&finding);
}

#[test]
fn an_alias_of_ses_domain_names_ses_and_does_not_age() {
    let world = [
        (SES, "v=spf1 ip4:199.255.192.0/22 -all"),
        ("spf.example", ALIAS_OF_SES),
        ("nested.example", "v=spf1 redirect=spf.example"),
    ];
    for record in [
        "v=spf1 include:spf.example -all",
        "v=spf1 redirect=spf.example",
        "v=spf1 include:nested.example -all",
    ] {
        let finding = judge(record, &world);
        assert_eq!(
            (finding.status, finding.cause),
            (RecordStatus::Ok, None),
            "{record}"
        );
    }
    assert_eq!(
        judge("v=spf1 ~include:spf.example -all", &world).status,
        RecordStatus::Wrong
    );
}

#[test]
fn senders_that_nobody_reads_are_told_beside_ses() {
    for (record, unread) in [
        (
            "v=spf1 include:amazonses.com ~all include:x.example mx",
            &["include:x.example", "mx"][..],
        ),
        (
            "v=spf1 include:amazonses.com ~all redirect=x.example",
            &["redirect=x.example"],
        ),
        (
            "v=spf1 include:amazonses.com include=x.example ~all",
            &["include=x.example"],
        ),
    ] {
        let finding = judge(record, &[]);
        assert_eq!(finding.status, RecordStatus::Ok, "{record}");
        let unread = unread.iter().map(|term| (*term).to_owned()).collect();
        assert_eq!(*cause(&finding), SpfCause::Unread(unread), "{record}");
        is_mended(&finding);
    }
    for record in [
        "v=spf1 include:amazonses.com ~all exp=x.example",
        "v=spf1 include:amazonses.com ~all include:amazonses.com ~all",
        "v=spf1 include:amazonses.com x=y ~all",
    ] {
        assert_eq!(judge(record, &[]).cause, None, "{record}");
    }
}

#[test]
fn several_records_are_merged_without_losing_a_sender() {
    let records = ["v=spf1 mx -all", "v=spf1 include:x.example ~all"];
    let records = records.map(|text| Txt::from_strings([text]));
    let SpfStep::Done(finding) = judge_spf(&DomainName::parse(SENDER).unwrap(), &records) else {
        panic!("nothing is asked");
    };
    assert_eq!(*cause(&finding), SpfCause::Several);
    assert_eq!(
        mended(&finding),
        "v=spf1 include:amazonses.com mx include:x.example ~all"
    );
}

#[test]
fn hosts_that_are_not_near_ses_domain_are_senders_of_the_owner() {
    let world = [
        ("amazon.com", "v=spf1 ip4:192.0.2.1 -all"),
        ("spf.amazonaws.com", "v=spf1 ip4:192.0.2.1 -all"),
    ];
    for term in [
        "include:amazon.com",
        "include:spf.amazonaws.com",
        "a:ec2-192-0-2-1.compute-1.amazonaws.com",
        "a:amazonses.x.example",
    ] {
        let finding = judge(&format!("v=spf1 {term} -all"), &world);
        assert_eq!(
            *cause(&finding),
            SpfCause::NotNamed(NotNamed::Nowhere),
            "{term}"
        );
        assert!(mended(&finding).contains(term), "{finding:?}");
    }
}
