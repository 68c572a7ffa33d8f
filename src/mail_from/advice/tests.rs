use super::*;
use crate::mail_from::{
    Cause, DomainName, Mended, MxCause, NotNamed, Region, RequiredRecords, SpfCause,
};

const MX: &str = "10 feedback-smtp.eu-west-1.amazonses.com";
const SPF: &str = "v=spf1 include:amazonses.com ~all";

fn records() -> RequiredRecords {
    RequiredRecords::new(
        Some(&DomainName::parse("bounce.example.com").unwrap()),
        Some(&Region::parse("eu-west-1").unwrap()),
    )
}

fn finding(status: RecordStatus, found: &[&str]) -> Finding {
    Finding::new(
        status,
        found.iter().map(|text| (*text).to_owned()).collect(),
    )
}

fn spf(cause: SpfCause, mended: &str) -> Cause {
    Cause::Spf {
        cause,
        mended: Some(Mended {
            record: mended.to_owned(),
            ..Mended::default()
        }),
    }
}

#[test]
fn warning_names_record_found_and_expected() {
    let RequiredRecords { mx, spf } = records();
    for status in [
        RecordStatus::Missing,
        RecordStatus::Multiple,
        RecordStatus::Wrong,
        RecordStatus::Unreachable,
    ] {
        for (found, expected, record) in [
            (["10 a.example", "20 b.example"], &mx, MX),
            (["v=spf1 -all", "v=spf1 mx"], &spf, SPF),
        ] {
            let silent = status == RecordStatus::Missing && record == MX;
            let found: &[&str] = if silent || status == RecordStatus::Unreachable {
                &[]
            } else {
                &found
            };
            let finding = finding(status, found).with(Cause::NoAnswer("the reason".to_owned()));
            let Advice { summary, detail } = advice(&finding, expected).unwrap();
            assert!(summary.contains(if record == MX { "MX" } else { "SPF" }));
            assert!(detail.contains("bounce.example.com"), "{detail}");
            assert!(detail.contains(&format!("`{record}`")), "{detail}");
            for found in &finding.found {
                assert!(detail.contains(&format!("`{found}`")), "{detail}");
            }
            let explained = matches!(status, RecordStatus::Wrong | RecordStatus::Unreachable);
            assert_eq!(detail.contains("the reason"), explained, "{detail}");
        }
    }
}

#[test]
fn each_kind_has_its_own_summary() {
    let RequiredRecords { mx, spf } = records();
    let mut summaries = std::collections::HashSet::new();
    for status in [
        RecordStatus::Missing,
        RecordStatus::Multiple,
        RecordStatus::Wrong,
        RecordStatus::Unreachable,
    ] {
        for record in [&mx, &spf] {
            summaries.insert(advice(&finding(status, &[]), record).unwrap().summary);
        }
    }
    assert_eq!(summaries.len(), 8);
}

#[test]
fn other_verdicts_are_silent_but_for_a_list_that_ages() {
    let RequiredRecords { mx, spf: txt } = records();
    for status in [
        RecordStatus::Ok,
        RecordStatus::OtherRegion,
        RecordStatus::Disabled,
        RecordStatus::Unchecked,
    ] {
        for record in [&mx, &txt] {
            assert_eq!(advice(&finding(status, &[]), record), None);
        }
    }
    let ages = finding(RecordStatus::Ok, &["v=spf1 ip4:54.240.0.0/18"]);
    let told = advice(&ages.with(spf(SpfCause::Ages, SPF)), &txt).unwrap();
    assert!(told.detail.contains("it fails once SES sends from others"));
}

#[test]
fn advice_follows_from_what_is_elsewhere() {
    let RequiredRecords { mx, spf } = records();
    let alias = |wildcard: Option<&str>| Elsewhere::alias("x.example", wildcard);
    let twice = Elsewhere::Twice {
        name: "bounce.example.com.example.com".to_owned(),
        label: "bounce".to_owned(),
    };
    for (status, elsewhere, texts) in [
        (
            RecordStatus::Missing,
            alias(None),
            [
                "Remove the CNAME record of bounce.example.com first",
                "x.example",
            ],
        ),
        (
            RecordStatus::Wrong,
            alias(Some("*.example.com")),
            ["`*.example.com`", "both of `dns_records`"],
        ),
        (
            RecordStatus::Multiple,
            Elsewhere::Wildcard("*.example.com".to_owned()),
            ["`*.example.com`", "both of `dns_records`"],
        ),
        (
            RecordStatus::Missing,
            twice,
            [
                "stands at bounce.example.com.example.com",
                "Enter `bounce` alone",
            ],
        ),
        (
            RecordStatus::Missing,
            Elsewhere::Above("example.com".to_owned()),
            ["example.com", "of bounce.example.com"],
        ),
    ] {
        for (expected, found) in [(&mx, "10 mx.example.com"), (&spf, "v=spf1 mx -all")] {
            let found: &[&str] = match status {
                RecordStatus::Missing => &[],
                _ => &[found],
            };
            let finding = Finding {
                elsewhere: Some(elsewhere.clone()),
                ..finding(status, found)
            };
            let Advice { detail, .. } = advice(&finding, expected).unwrap();
            let publish = format!("ublish `{}`", expected.rdata.as_ref().unwrap());
            for text in [&texts[..], &[&publish]].concat() {
                assert!(detail.contains(text), "{detail}");
            }
            for misleading in ["Replace", "Merge", "Keep"] {
                assert!(!detail.contains(misleading), "{detail}");
            }
        }
    }
}

#[test]
fn a_text_of_somebody_elses_is_not_told_to_be_replaced() {
    let RequiredRecords { spf: txt, .. } = records();
    for elsewhere in [
        Elsewhere::alias("x.example", None),
        Elsewhere::Wildcard("*.example.com".to_owned()),
    ] {
        let finding = Finding {
            elsewhere: Some(elsewhere),
            ..finding(RecordStatus::Missing, &["spf1 mx"]).with(spf(SpfCause::Several, SPF))
        };
        let Advice { detail, .. } = advice(&finding, &txt).unwrap();
        assert!(detail.contains(&format!("ublish `{SPF}`")), "{detail}");
        assert!(!detail.contains("Replace"), "{detail}");
    }
}

#[test]
fn advice_follows_from_the_cause() {
    let RequiredRecords { mx, spf: txt } = records();
    let zone = MxCause::ZoneAdded("example.com".to_owned());
    let wrong = finding(RecordStatus::Wrong, &["10 a.example"]).with(Cause::Mx(zone));
    let Advice { detail, .. } = advice(&wrong, &mx).unwrap();
    assert!(detail.contains("End the host with a dot"), "{detail}");

    let mended = "v=spf1 include:amazonses.com mx ~all";
    let term = SpfCause::Invalid("~all;".to_owned());
    let wrong = finding(RecordStatus::Wrong, &["v=spf1 mx ~all;"]).with(spf(term, mended));
    let Advice { detail, .. } = advice(&wrong, &txt).unwrap();
    assert!(
        detail.contains(&format!("Replace it by `{mended}`, or")),
        "{detail}"
    );
    assert!(detail.contains("a semicolon"), "{detail}");

    let after = SpfCause::NotNamed(NotNamed::AfterAll);
    let wrong = finding(RecordStatus::Wrong, &["v=spf1 ~all include:amazonses.com"]);
    let Advice { detail, .. } = advice(&wrong.with(spf(after, SPF)), &txt).unwrap();
    assert!(detail.contains("where nobody reads it"), "{detail}");
    assert!(
        detail.contains(&format!("Replace it by `{SPF}`;")),
        "{detail}"
    );
}

#[test]
fn a_record_to_copy_tells_what_has_become_of_single_terms() {
    let RequiredRecords { spf: txt, .. } = records();
    let record = "v=spf1 include:amazonses.com include:x.example ~all";
    let cause = Cause::Spf {
        cause: SpfCause::Invalid("bogus".to_owned()),
        mended: Some(Mended {
            record: record.to_owned(),
            left_out: vec!["bogus".to_owned()],
            of_anybody: vec!["ip4:0.0.0.0/1".to_owned()],
            unread: vec!["include:x.example".to_owned()],
        }),
    };
    for status in [RecordStatus::Wrong, RecordStatus::Multiple] {
        let finding = finding(status, &["v=spf1 a", "v=spf1 b"]).with(cause.clone());
        let Advice { detail, .. } = advice(&finding, &txt).unwrap();
        for text in [
            &format!("`{record}`"),
            "not in it, because nobody can tell what it means, is `bogus`",
            "not in it, because it lets anybody pass, is `ip4:0.0.0.0/1`",
            "nobody reads `include:x.example` in the record as it is",
        ] {
            assert!(detail.contains(text), "{detail}");
        }
    }
}

#[test]
fn each_warning_of_a_record_that_lets_ses_pass_has_its_own_summary() {
    let RequiredRecords { spf: txt, .. } = records();
    let terms = || vec!["+all".to_owned()];
    let summaries = [
        SpfCause::Ages,
        SpfCause::Everyone(terms()),
        SpfCause::Unread(terms()),
    ]
    .map(|cause| {
        let finding = finding(RecordStatus::Ok, &["v=spf1 a"]).with(spf(cause, SPF));
        let Advice { summary, detail } = advice(&finding, &txt).unwrap();
        assert!(detail.contains(&format!("`{SPF}`")), "{detail}");
        summary
    });
    assert_eq!(std::collections::HashSet::from(summaries).len(), 3);
}

#[test]
fn records_without_a_source_are_not_told_to_be_put_in_place() {
    let domain = DomainName::parse("bounce.example.com").unwrap();
    for region in ["cn-north-1", "us-iso-east-1", "eusc-de-east-1"] {
        let region = Region::parse(region).unwrap();
        let RequiredRecords { mx, spf: txt } = RequiredRecords::new(Some(&domain), Some(&region));
        for status in [
            RecordStatus::Missing,
            RecordStatus::Multiple,
            RecordStatus::Wrong,
        ] {
            for expected in [&mx, &txt] {
                let wrong = finding(status, &["a", "b"]).with(spf(SpfCause::Several, SPF));
                let Advice { detail, .. } = advice(&wrong, expected).unwrap();
                assert!(detail.contains("the SES console shows"), "{detail}");
                for verb in ["Replace", "ublish `", "Keep", "Merge"] {
                    assert!(!detail.contains(verb), "{detail}");
                }
            }
        }
    }
}

#[test]
fn a_record_among_several_is_kept_only_if_it_is_there() {
    let RequiredRecords { mx, .. } = records();
    let told = |found: &[&str]| advice(&finding(RecordStatus::Multiple, found), &mx).unwrap();
    for there in [
        "10 feedback-smtp.eu-west-1.amazonses.com",
        "5 feedback-smtp.eu-west-1.amazonses.com",
    ] {
        let Advice { detail, .. } = told(&[there, "10 mx.example.com"]);
        assert!(
            detail.contains(&format!("Keep `{there}` as the only MX record")),
            "{detail}"
        );
    }
    let Advice { detail, .. } = told(&["10 a.example", "20 b.example"]);
    assert!(
        detail.contains(&format!("Publish `{MX}` in their place")),
        "{detail}"
    );
}
