//! Where an evaluation ends: limits, loops, and records on the way that fail.

use super::*;

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
