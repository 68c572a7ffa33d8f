use std::collections::HashMap;

use super::*;
use crate::mail_from::NotNamed;

mod limits;
mod meant;
mod senders;

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
