use std::collections::HashMap;

use super::*;

const UNANSWERED: &str = "(no answer)";

/// Judges `record` in a world where the other domains have one TXT each.
fn judge(record: &str, world: &[(&str, &str)]) -> Finding {
    judge_counting(record, world).0
}

fn judge_counting(record: &str, world: &[(&str, &str)]) -> (Finding, usize) {
    let mut records: HashMap<&str, Vec<Txt>> = HashMap::new();
    for (name, text) in world {
        records
            .entry(name)
            .or_default()
            .push(Txt::from_strings([text]));
    }
    let mut step = judge_spf(&[Txt::from_strings([record])]);
    let mut asked = 0;
    loop {
        match step {
            SpfStep::Done(finding) => return (finding, asked),
            SpfStep::LookUp(walk) => {
                asked += 1;
                let answer = records.get(walk.name()).cloned().unwrap_or_default();
                let silent = answer == [Txt::from_strings([UNANSWERED])];
                step = walk.resume((!silent).then_some(&answer));
            }
        }
    }
}

#[test]
fn named_directly_is_ok() {
    for record in [
        "v=spf1 include:amazonses.com ~all",
        "v=spf1 include:amazonses.com -all",
        "V=SPF1 +INCLUDE:AmazonSES.com. ?all",
        "v=spf1 ip4:192.0.2.1 a mx ptr exists:x.example include:amazonses.com",
        "v=spf1 redirect=amazonses.com",
        "v=spf1 exp=x.example include:amazonses.com",
    ] {
        let (finding, asked) = judge_counting(record, &[]);
        assert_eq!(finding.status, RecordStatus::Ok, "{record}");
        assert_eq!(finding.reason, None);
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
        assert!(finding.reason.is_some(), "{record}");
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
    let a = |n: usize| "a:x.example ".repeat(n);
    let record = |n| format!("v=spf1 {}include:amazonses.com ~all", a(n));
    assert_eq!(judge(&record(9), &[]).status, RecordStatus::Ok);
    let finding = judge(&record(10), &[]);
    assert_eq!(finding.status, RecordStatus::Wrong);
    assert!(finding.reason.unwrap().contains("within the 10 look-ups"));

    // Nested terms count with the outer ones; those after the match do not.
    let nested = |n| format!("v=spf1 {}include:amazonses.com ~all", a(n));
    let outer = "v=spf1 mx include:n.example exists:e.example ~all";
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
fn loops_end() {
    let world = [
        ("a.example", "v=spf1 include:b.example -all"),
        ("b.example", "v=spf1 redirect=a.example"),
    ];
    for record in ["v=spf1 include:a.example -all", "v=spf1 redirect=b.example"] {
        let (finding, asked) = judge_counting(record, &world);
        assert_eq!(finding.status, RecordStatus::Wrong);
        assert_eq!(asked, 10);
    }
}

#[test]
fn include_without_answer_names_nobody() {
    let world = [("silent.example", UNANSWERED)];
    let finding = judge("v=spf1 include:silent.example ~all", &world);
    assert_eq!(finding.status, RecordStatus::Wrong);
    let reason = finding.reason.unwrap();
    assert!(
        reason.contains("silent.example could not be looked up"),
        "{reason}"
    );

    for (record, status) in [
        (
            "v=spf1 include:silent.example include:amazonses.com",
            RecordStatus::Ok,
        ),
        ("v=spf1 redirect=silent.example", RecordStatus::Wrong),
    ] {
        assert_eq!(judge(record, &world).status, status, "{record}");
    }
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
        ("bad.example", "is not valid"),
    ] {
        let finding = judge(
            &format!("v=spf1 include:{name} include:amazonses.com"),
            &world,
        );
        assert_eq!(finding.status, RecordStatus::Wrong, "{name}");
        let reason = finding.reason.unwrap();
        assert!(reason.contains(name) && reason.contains(why), "{reason}");

        // SES is matched before the broken record is reached.
        let finding = judge(
            &format!("v=spf1 include:amazonses.com include:{name}"),
            &world,
        );
        assert_eq!(finding.status, RecordStatus::Ok, "{name}");
    }
}

#[test]
fn records_are_counted() {
    let judge_all = |texts: &[&str]| {
        let records: Vec<Txt> = texts.iter().map(|text| Txt::from_strings([text])).collect();
        match judge_spf(&records) {
            SpfStep::Done(finding) => finding,
            SpfStep::LookUp(walk) => panic!("asked for {}", walk.name()),
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
    let shown = format!("{} {}", finding.found.join(" "), finding.reason.unwrap());
    assert!(shown.bytes().all(|b| (b' '..=b'~').contains(&b)), "{shown}");
    assert!(shown.contains(r"\027]0;x\007"), "{shown}");
}
