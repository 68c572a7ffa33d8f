//! What DNS holds shows in `dns` and, where it hurts, as a warning of the plan.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use simulator::Dns;
use simulator::dns::Mode;

use crate::harness::{REGION, Run, THIS, Workspace, basic, fleet, of_fleet};

const FEEDBACK: &str = "feedback-smtp.us-east-1.amazonses.com";
const MX: &str = "10 feedback-smtp.us-east-1.amazonses.com";
const SPF: &str = "v=spf1 include:amazonses.com ~all";

/// Status and records of one finding.
type Found = (&'static str, &'static [&'static str]);

/// What DNS holds for `bounce.SITUATION.example`, and what is found.
struct Case {
    situation: &'static str,
    publish: fn(&Dns, &str),
    mx: Found,
    spf: Found,
    /// What the warnings say beside the name, what was found and is expected.
    because: &'static [&'static str],
}

fn good(dns: &Dns, name: &str) {
    dns.set_mx(name, &[(10, FEEDBACK)]).unwrap();
    dns.set_txt(name, &[SPF]).unwrap();
}

const GOOD_MX: Found = ("ok", &[MX]);
const GOOD_SPF: Found = ("ok", &[SPF]);

const CASES: [Case; 15] = [
    Case {
        situation: "good",
        publish: good,
        mx: GOOD_MX,
        spf: GOOD_SPF,
        because: &[],
    },
    Case {
        situation: "alias",
        publish: |dns, name| {
            dns.set_cname(name, "mail.vendor.example").unwrap();
            good(dns, "mail.vendor.example");
        },
        mx: GOOD_MX,
        spf: GOOD_SPF,
        because: &[],
    },
    Case {
        situation: "split",
        publish: |dns, name| {
            good(dns, name);
            let strings = vec!["v=spf1 include:amaz", "onses.com", " ~all"];
            dns.set_txt_strings(name, &[strings]).unwrap();
        },
        mx: GOOD_MX,
        spf: GOOD_SPF,
        because: &[],
    },
    Case {
        situation: "nested",
        publish: |dns, name| {
            good(dns, name);
            let outer = ["v=spf1 include:spf.vendor.example -all"];
            dns.set_txt(name, &outer).unwrap();
            dns.set_txt("spf.vendor.example", &[SPF]).unwrap();
        },
        mx: GOOD_MX,
        spf: ("ok", &["v=spf1 include:spf.vendor.example -all"]),
        because: &[],
    },
    Case {
        situation: "other-txt",
        publish: |dns, name| {
            good(dns, name);
            dns.set_txt(name, &["google-site-verification=0", SPF])
                .unwrap();
        },
        mx: GOOD_MX,
        spf: GOOD_SPF,
        because: &[],
    },
    Case {
        situation: "other-region",
        publish: |dns, name| {
            good(dns, name);
            dns.set_mx(name, &[(10, "feedback-smtp.eu-west-1.amazonses.com")])
                .unwrap();
        },
        mx: (
            "other_region",
            &["10 feedback-smtp.eu-west-1.amazonses.com"],
        ),
        spf: GOOD_SPF,
        because: &[],
    },
    Case {
        situation: "nothing",
        publish: |_, _| {},
        mx: ("missing", &[]),
        spf: ("missing", &[]),
        because: &[],
    },
    Case {
        situation: "misspelt",
        publish: |dns, name| {
            good(dns, name);
            dns.set_txt(name, &["spf1 include:amazonses.com ~all"])
                .unwrap();
        },
        mx: GOOD_MX,
        spf: ("missing", &["spf1 include:amazonses.com ~all"]),
        because: &["a TXT record that starts with `v=spf1 `"],
    },
    Case {
        situation: "several",
        publish: |dns, name| {
            dns.set_mx(name, &[(20, "mx.other.example"), (10, FEEDBACK)])
                .unwrap();
            dns.set_txt(name, &["v=spf1 -all", SPF]).unwrap();
        },
        mx: ("multiple", &[MX, "20 mx.other.example"]),
        spf: ("multiple", &["v=spf1 -all", SPF]),
        because: &["only with exactly one", "Merge them"],
    },
    Case {
        situation: "wrong",
        publish: |dns, name| {
            dns.set_mx(name, &[(10, "mx.other.example")]).unwrap();
            dns.set_txt(name, &["v=spf1 mx -all"]).unwrap();
        },
        mx: ("wrong", &["10 mx.other.example"]),
        spf: ("wrong", &["v=spf1 mx -all"]),
        because: &[
            "does not name a feedback host of Amazon SES",
            "does not lead to `include:amazonses.com`",
        ],
    },
    Case {
        situation: "null-mx",
        publish: |dns, name| {
            good(dns, name);
            dns.set_mx(name, &[(0, ".")]).unwrap();
        },
        mx: ("wrong", &["0 ."]),
        spf: GOOD_SPF,
        because: &["takes no mail"],
    },
    Case {
        situation: "nested-failing",
        publish: |dns, name| {
            good(dns, name);
            let outer = ["v=spf1 include:down.vendor.example -all"];
            dns.set_txt(name, &outer).unwrap();
            dns.set_mode_of("down.vendor.example", Some(Mode::ServFail))
                .unwrap();
        },
        mx: GOOD_MX,
        spf: ("unreachable", &["v=spf1 include:down.vendor.example -all"]),
        because: &["down.vendor.example could not be looked up"],
    },
    Case {
        situation: "servfail",
        publish: |dns, name| dns.set_mode_of(name, Some(Mode::ServFail)).unwrap(),
        mx: ("unreachable", &[]),
        spf: ("unreachable", &[]),
        because: &["SERVFAIL"],
    },
    Case {
        situation: "refused",
        publish: |dns, name| dns.set_mode_of(name, Some(Mode::Refused)).unwrap(),
        mx: ("unreachable", &[]),
        spf: ("unreachable", &[]),
        because: &["REFUSED"],
    },
    Case {
        situation: "silent",
        publish: |dns, name| dns.set_mode_of(name, Some(Mode::Silent)).unwrap(),
        mx: ("unreachable", &[]),
        spf: ("unreachable", &[]),
        because: &["no name server answered within"],
    },
];

/// The summary of the warning about a record, if its status calls for one.
fn summary(record: &str, status: &str) -> Option<String> {
    match status {
        "missing" | "wrong" => Some(format!("{record} record of a MAIL FROM domain is {status}")),
        "multiple" => Some(format!("MAIL FROM domain has several {record} records")),
        "unreachable" => Some(format!(
            "{record} record of a MAIL FROM domain could not be looked up"
        )),
        _ => None,
    }
}

/// The details of the warnings of `terraform plan -json`, by address and summary.
#[track_caller]
fn warnings(run: &Run) -> BTreeMap<(String, String), String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["type"] == "diagnostic")
        .map(|line| {
            let told = &line["diagnostic"];
            assert_eq!(told["severity"], "warning", "{line}");
            let place = (text(&told["address"]), text(&told["summary"]));
            (place, text(&told["detail"]))
        })
        .collect()
}

#[test]
fn each_verdict_is_reached_and_those_that_hurt_are_warnings() {
    let ws = Workspace::new();
    let names = CASES.map(|case| format!("{}.example", case.situation));
    ws.ses().add_identities(REGION, &names, true);
    ws.config(&fleet("bounce", &names));
    for (case, name) in CASES.iter().zip(&names) {
        (case.publish)(&ws.dns(), &format!("bounce.{name}"));
    }
    ws.apply().succeeds();
    let unchecked = json!({ "status": "unchecked", "records": [] });
    for (address, values) in ws.resources() {
        assert_eq!(values["dns"]["mx"], unchecked, "{address}");
        assert_eq!(values["dns"]["spf"], unchecked, "{address}");
        assert_eq!(values["dns"]["dmarc"], unchecked, "{address}");
    }
    // The plan's advice asks for the MX record; the create asks for nothing. A server that is
    // slow on a busy machine is asked about the root.
    let queries = ws.dns().queries().into_iter();
    for query in queries.filter(|query| query.name != ".") {
        assert_eq!(query.kind, "MX", "{query:?}");
    }

    let mut told = warnings(&ws.terraform(&["plan", "-json"]).succeeds());
    ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    let resources = ws.resources();
    for (case, name) in CASES.iter().zip(&names) {
        let address = of_fleet(name);
        let dns = &resources[&address]["dns"];
        let mut details = String::new();
        for (record, found, (status, records), expected) in [
            ("MX", &dns["mx"], case.mx, MX),
            ("SPF", &dns["spf"], case.spf, SPF),
        ] {
            let wanted = json!({ "status": status, "records": records });
            assert_eq!(*found, wanted, "{record} of {}", case.situation);
            let Some(summary) = summary(record, status) else {
                continue;
            };
            let detail = told.remove(&(address.clone(), summary));
            let detail = detail.unwrap_or_else(|| panic!("no warning of {}", case.situation));
            let name = format!("bounce.{name}");
            for text in [&[name.as_str(), expected], records].concat() {
                assert!(detail.contains(text), "no {text:?} in {detail:?}");
            }
            details.push_str(&detail);
        }
        for because in case.because {
            assert!(details.contains(because), "no {because:?} in {details:?}");
        }
    }
    assert_eq!(told, BTreeMap::new(), "the others are silent");
    ws.plans_nothing();
}

#[test]
fn records_that_are_repaired_are_found_by_the_next_plan() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.plan()
        .succeeds()
        .says("MX record of a MAIL FROM domain is missing")
        .says("SPF record of a MAIL FROM domain is missing");
    good(&ws.dns(), "bounce.example.com");
    ws.plan().succeeds().does_not_say("Warning");
}

/// Asserts that nothing in `run` can drive a terminal.
#[track_caller]
fn is_harmless(run: &Run) {
    for text in [&run.stdout, &run.stderr] {
        let control = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}'));
        assert_eq!(control, None, "{text:?}");
    }
}

#[test]
fn records_that_would_drive_a_terminal_print_harmlessly() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    let txt = b"v=spf1 \x1b[2J\x1b]0;owned\x07\r\x9b31m\xe2\x80\xae\x00 -all";
    ws.dns().set_txt("bounce.example.com", &[txt]).unwrap();
    let shown = r"v=spf1 \027[2J\027]0;owned\007\013\15531m\226\128\174\000 -all";
    let plan = ws.plan().succeeds().says(shown);
    is_harmless(&plan);
    for args in [
        &["plan", "-json"][..],
        &["apply", "-refresh-only", "-auto-approve"],
        &["state", "show", THIS],
        &["show"],
        &["show", "-json"],
    ] {
        is_harmless(&ws.terraform(args).succeeds());
    }
    let dns = &ws.resource(THIS).unwrap()["dns"];
    assert_eq!(dns["spf"]["status"], "wrong");
    assert_eq!(dns["spf"]["records"], json!([shown]));
}

#[test]
fn silent_name_server_is_not_asked_for_all_of_a_fleet() {
    let ws = Workspace::new();
    let names: Vec<_> = (1..=30).map(|n| format!("d{n}.example")).collect();
    ws.ses().add_identities(REGION, &names, true);
    ws.config(&fleet("bounce", &names));
    ws.apply().succeeds();
    ws.dns().set_mode(Mode::Silent);
    ws.dns().clear_queries();
    ws.plan()
        .succeeds()
        .says("MX record of a MAIL FROM domain could not be looked up")
        .says("(and 29 more similar warnings elsewhere)");
    // Terraform waits for the first ten, and the others are told from those.
    let queries = ws.dns().queries().into_iter();
    let asked: BTreeSet<_> = queries
        .map(|query| query.name)
        .filter(|name| name.starts_with("bounce."))
        .collect();
    assert!(asked.len() < names.len(), "{asked:?}");
    ws.plans_nothing();
}
