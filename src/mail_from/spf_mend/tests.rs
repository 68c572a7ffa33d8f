use proptest::prelude::*;

use super::*;

fn mend(records: &[&str]) -> Option<Mended> {
    let records: Vec<Txt> = records
        .iter()
        .map(|text| Txt::from_strings([text]))
        .collect();
    mended(&records.iter().collect::<Vec<_>>(), Known::default())
}

#[test]
fn what_the_owner_meant_is_kept_and_ses_is_named_first() {
    for (record, expected) in [
        ("v=spf1 mx -all", "mx -all"),
        ("v=spf1", "~all"),
        ("v=spf1 +all", "~all"),
        ("\"v=spf1 include:amazonses.com ~all\"", "~all"),
        ("spf1 include:amazonses.com ~all", "~all"),
        ("v=spf1, a, mx;", "a mx ~all"),
        ("v=spf1 include: x.example ~all;", "include:x.example ~all"),
        ("v=spf1 include:x.example-all", "include:x.example -all"),
        ("v=spf1include:x.example -all", "include:x.example -all"),
        ("v=spf1 ?include:amazonses.com ?all", "?all"),
        ("v=spf1 include=amazonses.com ~all", "~all"),
        ("v=spf1 include=x.example ~all", "include:x.example ~all"),
        (
            "v=spf1 ipv4:192.0.2.1 a:192.0.2.2 -all",
            "ip4:192.0.2.1 ip4:192.0.2.2 -all",
        ),
        (
            "v=spf1 ip4:192.0.2.1,192.0.2.2 -all",
            "ip4:192.0.2.1 ip4:192.0.2.2 -all",
        ),
        (
            "v=spf1 ip4:192.0.2.1include:x.example -all",
            "ip4:192.0.2.1 include:x.example -all",
        ),
        (
            "v=spf1 -all include:x.example mx",
            "include:x.example mx -all",
        ),
        ("v=spf1 redirect=_spf.x.example", "redirect=_spf.x.example"),
        (
            "v=spf1 ~all redirect=amazonses.com exp=e.example",
            "~all exp=e.example",
        ),
        (
            "v=spf1 ~all redirect=_spf.x.example",
            "include:_spf.x.example ~all",
        ),
        (
            "v=spf1 redirect=a.example redirect=b.example",
            "include:a.example include:b.example ~all",
        ),
        // Senders whose names hold something of SES's, or of Amazon's.
        (
            "v=spf1 a:ec2-192-0-2-1.compute-1.amazonaws.com include:amazon.com -all",
            "a:ec2-192-0-2-1.compute-1.amazonaws.com include:amazon.com -all",
        ),
        (
            "v=spf1 include:notamazonses.example include:amazonses.x.example a:amazonaws.com ~all",
            "include:notamazonses.example include:amazonses.x.example a:amazonaws.com ~all",
        ),
        (
            "v=spf1 include:amazonse.com a:amazonses.com include:us-east-1.amazonses.com ~all",
            "~all",
        ),
        (
            "v=spf1 include:amazonses.com.x.example include:amazonses amazonses.com ~all",
            "~all",
        ),
    ] {
        let expected = Mended {
            record: format!("v=spf1 include:amazonses.com {expected}"),
            ..mend(&[record]).unwrap()
        };
        assert_eq!(mend(&[record]), Some(expected), "{record}");
        assert!(mend(&[record]).unwrap().left_out.is_empty(), "{record}");
    }
}

#[test]
fn what_is_not_kept_as_it_is_is_told() {
    let terms = |terms: &[&str]| {
        terms
            .iter()
            .map(|term| (*term).to_owned())
            .collect::<Vec<_>>()
    };
    for (record, left_out, of_anybody, unread) in [
        (
            "v=spf1 mx bogus ip4:192.0.2.0/33 ~all",
            &["bogus", "ip4:192.0.2.0/33"][..],
            &[][..],
            &[][..],
        ),
        (
            "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 mx -all",
            &[],
            &["ip4:0.0.0.0/1", "ip4:128.0.0.0/1"],
            &[],
        ),
        (
            "v=spf1 mx/0 a:h.example/4 ip6:::/0 ip4:10.0.0.0/8",
            &[],
            &["mx/0", "a:h.example/4", "ip6:::/0"],
            &[],
        ),
        (
            "v=spf1 mx ~all include:x.example ~all",
            &[],
            &[],
            &["include:x.example"],
        ),
        (
            "v=spf1 include=x.example redirect=y.example ~all",
            &[],
            &[],
            &["include=x.example", "redirect=y.example"],
        ),
        // What is read elsewhere in it.
        (
            "v=spf1 include:x.example mx ~all mx redirect=x.example",
            &[],
            &[],
            &[],
        ),
        (
            "v=spf1 mx ~all x=y exp=e.example include:amazonses.com -all",
            &[],
            &[],
            &[],
        ),
    ] {
        let mended = mend(&[record]).unwrap();
        assert_eq!(mended.left_out, terms(left_out), "{record}");
        assert_eq!(mended.of_anybody, terms(of_anybody), "{record}");
        assert_eq!(mended.unread, terms(unread), "{record}");
    }
}

#[test]
fn several_records_become_one_that_refuses_no_more_than_they_did() {
    for (records, expected) in [
        (
            &["v=spf1 mx -all", "v=spf1 include:amazonses.com ~all"][..],
            "mx ~all",
        ),
        (&["v=spf1 a +all", "v=spf1 mx -all"], "a mx ~all"),
        (
            &["v=spf1 redirect=x.example", "v=spf1 mx ?all"],
            "mx include:x.example ?all",
        ),
        (
            &["v=spf1 redirect=x.example", "v=spf1 redirect=y.example"],
            "include:x.example include:y.example ~all",
        ),
    ] {
        let record = mend(records).map(|mended| mended.record);
        let expected = format!("v=spf1 include:amazonses.com {expected}");
        assert_eq!(record, Some(expected), "{records:?}");
    }
}

#[test]
fn a_record_that_is_too_long_to_copy_is_none() {
    let long = format!("v=spf1 {}", "ip4:192.0.2.1/32 ip4:192.0.2.2 ".repeat(40));
    assert!(mend(&[&long]).is_some(), "each term once");
    let long: String = (0..40).map(|n| format!("ip4:192.0.2.{n} ")).collect();
    assert_eq!(mend(&[&format!("v=spf1 {long}")]), None);
    let hostile = format!("v=spf1 {}", "include:a.bip4:1.2.3.4".repeat(3000));
    assert_eq!(mend(&[&hostile]), None);
}

/// Fragments of records, right and wrong, in any order.
fn fragments() -> impl Strategy<Value = String> {
    const FRAGMENTS: &[&str] = &[
        "v=spf1",
        "V=SPF1",
        " ",
        " ",
        " ",
        ",",
        ";",
        "\"",
        ":",
        "=",
        "/",
        "+",
        "-",
        "~",
        "?",
        ".",
        "all",
        "ALL",
        "a",
        "mx",
        "ptr",
        "include:",
        "include=",
        "include",
        "exists:",
        "redirect=",
        "exp=",
        "ip4:",
        "ipv4:",
        "ip6:",
        "ip",
        "192.0.2.1",
        "0.0.0.0/1",
        "/24",
        "/0",
        "2001:db8::1",
        "::/0",
        "x.example",
        "_spf.x.example",
        "amazonses.com",
        "amazonse.com",
        "amazonaws.com",
        "%{i}",
        "%{d}",
        "%",
        "bogus",
        "\u{2013}",
        "\u{fc}",
        "\u{200b}",
        "\u{fffd}",
        "\u{ff1a}",
    ];
    let fragment = prop::sample::select(FRAGMENTS);
    prop::collection::vec(fragment, 0..24).prop_map(|fragments| fragments.concat())
}

proptest! {
    #[test]
    fn whatever_is_mended_names_ses_first_and_needs_no_further_warning(text in fragments()) {
        if let Some(mended) = mend(&[&text]) {
            let record = Txt::from_strings([&mended.record]);
            prop_assert!(is_spf(&record));
            prop_assert!(SpfRecord::parse(&record).is_ok());
            prop_assert!(mended.record.starts_with("v=spf1 include:amazonses.com "));
            prop_assert!(mended.record.is_ascii());
            let again = mend(&[&mended.record]).unwrap();
            prop_assert!(again.unread.is_empty() && again.of_anybody.is_empty(), "{:?}", again);
        }
    }

    #[test]
    fn each_valid_term_is_kept_or_told(text in fragments()) {
        let record = Txt::from_strings([format!("v=spf1 {text}")]);
        if let Ok(parsed) = SpfRecord::parse(&record)
            && let Some(mended) = mend(&[&format!("v=spf1 {text}")])
        {
            let bare = |term: &str| term.trim_start_matches('+').to_owned();
            for directive in parsed.directives {
                let term = directive.text;
                let kept = mended.record.split(' ').any(|kept| bare(kept) == bare(&term));
                let told = [&mended.left_out, &mended.of_anybody];
                let told = told.iter().any(|terms| terms.contains(&term));
                let replaced = is_all(&term) || is_about_ses(&term) || words(&term).len() > 1
                    || words(&term).iter().any(|word| word.meant.as_deref() != Some(&term));
                prop_assert!(kept || told || replaced, "{} in {:?}", term, mended);
            }
        }
    }
}
