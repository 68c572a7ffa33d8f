//! Who else may send by a record, and that a mended one keeps them.

use super::*;

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
