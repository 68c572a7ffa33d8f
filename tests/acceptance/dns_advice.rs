//! What people get wrong in DNS: the warning of a plan, and then, once it was
//! followed to the letter, the verdict `ok`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use simulator::dns::RecordKind;
use simulator::ses::Status;
use simulator::{Dns, Lookups, Options, Rate};

use crate::harness::{REGION, Run, THIS, Workspace, basic, fleet, mail_from, of_fleet};

const FEEDBACK: &str = "feedback-smtp.us-east-1.amazonses.com";
const SPF: &str = "v=spf1 include:amazonses.com ~all";

/// One mistake with the records of `bounce.SITUATION.example`.
struct Mistake {
    situation: &'static str,
    /// Publishes both records of that name, whose parent is the second.
    publish: fn(&Dns, &str, &str),
    /// `mx` or `spf`, the status that it has, and what the warning says.
    record: &'static str,
    status: &'static str,
    says: &'static [&'static str],
}

fn mx(dns: &Dns, name: &str, hosts: &[(u16, &str)]) {
    dns.set_mx(name, hosts).unwrap();
}

fn txt(dns: &Dns, name: &str, texts: &[&str]) {
    dns.set_txt(name, texts).unwrap();
}

/// An MX record of this host beside a good SPF record.
macro_rules! host {
    ($situation:literal, $host:expr, $says:expr) => {
        Mistake {
            situation: $situation,
            publish: |dns, name, parent| {
                let host = $host.replace("PARENT", parent);
                mx(dns, name, &[(10, &host)]);
                txt(dns, name, &[SPF]);
            },
            record: "mx",
            status: "wrong",
            says: $says,
        }
    };
}

/// This text beside a good MX record.
macro_rules! text {
    ($situation:literal, $status:literal, $text:expr, $says:expr) => {
        Mistake {
            situation: $situation,
            publish: |dns, name, _| {
                mx(dns, name, &[(10, FEEDBACK)]);
                txt(dns, name, &[$text]);
            },
            record: "spf",
            status: $status,
            says: $says,
        }
    };
}

const MISTAKES: &[Mistake] = &[
    host!(
        "zone-added",
        "feedback-smtp.us-east-1.amazonses.com.PARENT",
        &[
            "added the zone's name, `zone-added.example`",
            "End the host with a dot"
        ]
    ),
    host!(
        "priority-in-host",
        "10 feedback-smtp.us-east-1.amazonses.com",
        &["the priority was typed into the host", "field of its own"]
    ),
    host!(
        "priority-label",
        "10.PARENT",
        &["the priority was typed into the host"]
    ),
    host!(
        "quoted-host",
        "\"feedback-smtp.us-east-1.amazonses.com\"",
        &["is part of the host"]
    ),
    host!(
        "inbound",
        "inbound-smtp.us-east-1.amazonaws.com",
        &["Amazon SES receives mail", "not the one that takes bounces"]
    ),
    host!(
        "sending",
        "email-smtp.us-east-1.amazonaws.com",
        &["takes mail to send"]
    ),
    host!(
        "amazonaws",
        "feedback-smtp.us-east-1.amazonaws.com",
        &["`amazonaws` in place of `amazonses`"]
    ),
    host!(
        "misspelt-domain",
        "feedback-smtp.us-east-1.amazonse.com",
        &["`amazonse` in place of `amazonses`"]
    ),
    host!(
        "no-such-region",
        "feedback-smtp.eu-wset-1.amazonses.com",
        &["there is no host feedback-smtp.eu-wset-1.amazonses.com"]
    ),
    host!("null-mx", ".", &["takes no mail"]),
    host!(
        "zone-added-to-amazonaws",
        "feedback-smtp.us-east-1.amazonaws.com.PARENT",
        &["added the zone's name", "End the host with a dot"]
    ),
    host!(
        "other-priority-label",
        "20.PARENT",
        &["the priority was typed into the host"]
    ),
    host!(
        "escaped-dots",
        r"feedback-smtp\.us-east-1\.amazonses\.com",
        &["backslashes before its dots", "plain dots"]
    ),
    Mistake {
        situation: "below-the-zone",
        publish: |dns, name, _| {
            mx(dns, &format!("bounce.{name}"), &[(10, FEEDBACK)]);
            txt(dns, name, &[SPF]);
        },
        record: "mx",
        status: "missing",
        says: &[
            "stands at bounce.bounce.below-the-zone.example",
            "enter `@`, or nothing",
        ],
    },
    Mistake {
        situation: "wildcard-beside",
        publish: |dns, name, parent| {
            mx(dns, &format!("*.{parent}"), &[(10, FEEDBACK)]);
            txt(dns, name, &[SPF]);
        },
        record: "mx",
        status: "missing",
        says: &["has no MX record"],
    },
    Mistake {
        situation: "own-beside-wildcard",
        publish: |dns, name, parent| {
            for name in [name, &format!("*.{parent}")] {
                dns.set_cname(name, "web.vendor.example").unwrap();
            }
        },
        record: "mx",
        status: "wrong",
        says: &["Remove the CNAME record of bounce.own-beside-wildcard.example"],
    },
    Mistake {
        situation: "several-mx",
        publish: |dns, name, _| {
            mx(dns, name, &[(5, "mx.other.example"), (10, FEEDBACK)]);
            txt(dns, name, &[SPF]);
        },
        record: "mx",
        status: "multiple",
        says: &["`5 mx.other.example`, `10 feedback"],
    },
    Mistake {
        situation: "several-others",
        publish: |dns, name, _| {
            mx(
                dns,
                name,
                &[(5, "mx.other.example"), (10, "mx2.other.example")],
            );
            txt(dns, name, &[SPF]);
        },
        record: "mx",
        status: "multiple",
        says: &["in their place, as the only MX record"],
    },
    Mistake {
        situation: "mx-twice",
        publish: |dns, name, parent| {
            mx(dns, &format!("{name}.{parent}"), &[(10, FEEDBACK)]);
            txt(dns, name, &[SPF]);
        },
        record: "mx",
        status: "missing",
        says: &[
            "stands at bounce.mx-twice.example.mx-twice.example",
            "Enter `bounce` alone",
        ],
    },
    Mistake {
        situation: "spf-twice",
        publish: |dns, name, parent| {
            mx(dns, name, &[(10, FEEDBACK)]);
            txt(dns, &format!("{name}.{parent}"), &[SPF]);
        },
        record: "spf",
        status: "missing",
        says: &[
            "stands at bounce.spf-twice.example.spf-twice.example",
            "Enter `bounce` alone",
        ],
    },
    Mistake {
        situation: "mx-above",
        publish: |dns, name, parent| {
            mx(dns, parent, &[(10, FEEDBACK)]);
            txt(dns, name, &[SPF]);
        },
        record: "mx",
        status: "missing",
        says: &[
            "takes the mail that mx-above.example itself",
            "Remove it from mx-above.example",
        ],
    },
    Mistake {
        situation: "spf-above",
        publish: |dns, name, parent| {
            mx(dns, name, &[(10, FEEDBACK)]);
            txt(dns, parent, &[SPF]);
        },
        record: "spf",
        status: "missing",
        says: &["does not hold for bounce.spf-above.example"],
    },
    Mistake {
        situation: "alias-dangling",
        publish: |dns, name, _| dns.set_cname(name, "gone.vendor.example").unwrap(),
        record: "mx",
        status: "missing",
        says: &[
            "alias (CNAME) of gone.vendor.example",
            "Remove the CNAME record",
        ],
    },
    Mistake {
        situation: "alias-elsewhere",
        publish: |dns, name, _| {
            dns.set_cname(name, "web.vendor.example").unwrap();
            mx(dns, "web.vendor.example", &[(10, "mx.vendor.example")]);
        },
        record: "mx",
        status: "wrong",
        says: &[
            "alias (CNAME) of web.vendor.example",
            "Remove the CNAME record",
        ],
    },
    Mistake {
        situation: "alias-by-wildcard",
        publish: |dns, _, parent| {
            dns.set_cname(&format!("*.{parent}"), "web.vendor.example")
                .unwrap();
        },
        record: "mx",
        status: "wrong",
        says: &[
            "by the wildcard `*.alias-by-wildcard.example`",
            "takes its place",
        ],
    },
    Mistake {
        situation: "wildcard-mx",
        publish: |dns, _, parent| mx(dns, &format!("*.{parent}"), &[(10, "mx.other.example")]),
        record: "mx",
        status: "wrong",
        says: &["by the wildcard `*.wildcard-mx.example`", "takes its place"],
    },
    Mistake {
        situation: "wildcard-txt",
        publish: |dns, _, parent| txt(dns, &format!("*.{parent}"), &["v=spf1 -all"]),
        record: "spf",
        status: "wrong",
        says: &[
            "by the wildcard `*.wildcard-txt.example`",
            "takes its place",
        ],
    },
    text!(
        "quotes-kept",
        "missing",
        "\"v=spf1 include:amazonses.com ~all\"",
        &["character 1 is a quotation mark", "remove them"]
    ),
    Mistake {
        situation: "quotes-kept-by-wildcard",
        publish: |dns, _, parent| {
            mx(dns, &format!("*.{parent}"), &[(10, FEEDBACK)]);
            txt(dns, &format!("*.{parent}"), &["\"v=spf1 mx -all\""]);
        },
        record: "spf",
        status: "missing",
        says: &["by the wildcard `*.quotes-kept-by-wildcard.example`"],
    },
    text!(
        "leading-space",
        "missing",
        " v=spf1 include:amazonses.com ~all",
        &["a space"]
    ),
    text!(
        "bom",
        "missing",
        "\u{feff}v=spf1 include:amazonses.com ~all",
        &["byte order mark"]
    ),
    text!(
        "curly",
        "missing",
        "\u{201c}v=spf1 include:amazonses.com ~all\u{201d}",
        &["curly quotation mark"]
    ),
    text!(
        "comma",
        "missing",
        "v=spf1, include:amazonses.com ~all",
        &["character 7 is a comma"]
    ),
    text!(
        "after-all",
        "wrong",
        "v=spf1 -all include:amazonses.com",
        &["where nobody reads it"]
    ),
    text!(
        "neutral",
        "wrong",
        "v=spf1 ?include:amazonses.com ~all",
        &["without the qualifier"]
    ),
    text!(
        "softfail",
        "wrong",
        "v=spf1 ~include:amazonses.com ~all",
        &["without the qualifier"]
    ),
    text!(
        "two-qualifiers",
        "wrong",
        "v=spf1 -include:amazonses.com include:amazonses.com ~all",
        &["the first, `-include:amazonses.com`, decides"]
    ),
    text!(
        "semicolon",
        "wrong",
        "v=spf1 include:amazonses.com ~all;",
        &["`~all;`", "semicolon"]
    ),
    text!(
        "colon-space",
        "wrong",
        "v=spf1 include: amazonses.com ~all",
        &["no space may stand after the colon"]
    ),
    text!(
        "equals",
        "wrong",
        "v=spf1 include=amazonses.com ~all",
        &["`=` in place of `:`"]
    ),
    text!(
        "joined",
        "wrong",
        "v=spf1 include:amazonses.com~all",
        &["a space is missing before `~all`"]
    ),
    text!(
        "redirect-beside-all",
        "wrong",
        "v=spf1 redirect=amazonses.com ~all",
        &["`redirect=amazonses.com` is ignored"]
    ),
    text!(
        "redirect-twice",
        "wrong",
        "v=spf1 redirect=amazonses.com redirect=amazonses.com",
        &["`redirect=` may stand only once"]
    ),
    text!(
        "nested-absent",
        "wrong",
        "v=spf1 include:absent.vendor.example include:amazonses.com ~all",
        &[
            "has no SPF record",
            "Remove `include:absent.vendor.example`, or put"
        ]
    ),
    text!(
        "nested-looping",
        "wrong",
        "v=spf1 include:loop.vendor.example include:amazonses.com ~all",
        &["leads back"]
    ),
    text!(
        "nested-broken",
        "wrong",
        "v=spf1 include:broken.vendor.example include:amazonses.com ~all",
        &["its term `bogus`"]
    ),
    text!(
        "many-look-ups",
        "wrong",
        "v=spf1 a a a a a a a a a a include:amazonses.com ~all",
        &["within the 10 look-ups", "these count: `a`"]
    ),
    text!(
        "void-look-ups",
        "wrong",
        "v=spf1 a:a.gone.example a:b.gone.example mx:c.gone.example include:amazonses.com ~all",
        &["`a:a.gone.example`, `a:b.gone.example`, `mx:c.gone.example`"]
    ),
    text!(
        "some-addresses",
        "wrong",
        "v=spf1 ip4:54.240.0.0/18 -all",
        &["only a part of the addresses"]
    ),
    text!(
        "all-addresses",
        "ok",
        "v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 ip4:69.169.224.0/20 ip4:23.249.208.0/20 \
         ip4:76.223.176.0/20 -all",
        &["it fails once SES sends from others"]
    ),
    text!(
        "macro-of-exp",
        "wrong",
        "v=spf1 include:%{c}.vendor.example include:amazonses.com ~all",
        &["is not valid SPF"]
    ),
    text!(
        "misspelt-include",
        "wrong",
        "v=spf1 include:amazonse.com ~all",
        &["probably meant"]
    ),
    text!(
        "misspelt-address",
        "wrong",
        "v=spf1 ipv4:192.0.2.1 a:192.0.2.2 include=x.vendor.example -all",
        &[
            "`ip4` is probably meant",
            "`v=spf1 include:amazonses.com ip4:192.0.2.1 ip4:192.0.2.2 include:x.vendor.example -all`"
        ]
    ),
    text!(
        "listed-addresses",
        "wrong",
        "v=spf1 ip4:192.0.2.1,192.0.2.2 ip4:192.0.2.3include:x.vendor.example -all",
        &[
            "`v=spf1 include:amazonses.com ip4:192.0.2.1 ip4:192.0.2.2 ip4:192.0.2.3 \
             include:x.vendor.example -all`"
        ]
    ),
    text!(
        "unknown-term",
        "wrong",
        "v=spf1 mx bogus -all",
        &[
            "`v=spf1 include:amazonses.com mx -all`",
            "nobody can tell what it means, is `bogus`"
        ]
    ),
    text!(
        "everyone",
        "wrong",
        "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 mx -all",
        &["anybody may send", "`v=spf1 include:amazonses.com mx -all`"]
    ),
    text!(
        "everyone-beside-ses",
        "ok",
        "v=spf1 include:amazonses.com ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",
        &["anybody may send"]
    ),
    text!(
        "dead-include",
        "ok",
        "v=spf1 include:amazonses.com ~all include:x.vendor.example",
        &[
            "do not read `include:x.vendor.example`",
            "`v=spf1 include:amazonses.com include:x.vendor.example ~all`"
        ]
    ),
    text!(
        "host-of-amazon",
        "wrong",
        "v=spf1 a:ec2-192-0-2-1.compute-1.amazonaws.com include:x.vendor.example -all",
        &[
            "`v=spf1 include:amazonses.com a:ec2-192-0-2-1.compute-1.amazonaws.com \
             include:x.vendor.example -all`"
        ]
    ),
    Mistake {
        situation: "two-spf",
        publish: |dns, name, _| {
            mx(dns, name, &[(10, FEEDBACK)]);
            txt(dns, name, &[SPF, "v=spf1 mx -all"]);
        },
        record: "spf",
        status: "multiple",
        says: &["Merge them", "`v=spf1 include:amazonses.com mx ~all`"],
    },
];

fn vendor(dns: &Dns) {
    let address = "192.0.2.7".parse().unwrap();
    for mistake in MISTAKES {
        let name = format!("bounce.{}.example", mistake.situation);
        // `a` finds something, whatever else the name is.
        if mistake.situation == "many-look-ups" {
            dns.set_a(&name, &[address]).unwrap();
        }
    }
    txt(
        dns,
        "loop.vendor.example",
        &["v=spf1 include:back.vendor.example"],
    );
    txt(
        dns,
        "back.vendor.example",
        &["v=spf1 include:loop.vendor.example"],
    );
    txt(dns, "broken.vendor.example", &["v=spf1 bogus"]);
    txt(dns, "x.vendor.example", &["v=spf1 ip4:192.0.2.9 -all"]);
    mx(dns, "web.vendor.example", &[(10, "mx.vendor.example")]);
}

/// The summaries and details of the warnings of `terraform plan -json`, by address.
#[track_caller]
fn warnings(run: &Run) -> BTreeMap<String, Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut warnings: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for line in run.stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["type"] == "diagnostic" {
            let told = &line["diagnostic"];
            let of = warnings.entry(text(&told["address"])).or_default();
            of.push((text(&told["summary"]), text(&told["detail"])));
        }
    }
    warnings
}

/// Does what a warning says, to the letter.
#[track_caller]
fn follow(dns: &Dns, detail: &str, name: &str, parent: &str) {
    if detail.contains(&format!("Remove the CNAME record of {name}")) {
        dns.remove_type(name, RecordKind::Cname).unwrap();
    }
    if detail.contains(&format!("Remove it from {parent}")) {
        dns.remove_type(parent, RecordKind::Mx).unwrap();
    }
    // The MX record first: SES, which looks at any time, must not miss it.
    if detail.contains("both of `dns_records` are needed")
        || detail.contains("publish both records of `dns_records`")
    {
        mx(dns, name, &[(10, FEEDBACK)]);
        txt(dns, name, &[SPF]);
    }
    let verbs = ["Replace it by `", "ublish `", "Keep `", "such as `"];
    let begin = verbs.iter().find_map(|verb| detail.split_once(verb));
    let (_, rest) = begin.unwrap_or_else(|| panic!("nothing to do in {detail:?}"));
    let (record, _) = rest.split_once('`').unwrap();
    match record.split_once(' ').unwrap() {
        ("v=spf1", _) => txt(dns, name, &[record]),
        (preference, host) => mx(dns, name, &[(preference.parse().unwrap(), host)]),
    }
}

fn refreshed(ws: &Workspace) -> BTreeMap<String, Value> {
    ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    ws.resources()
}

#[test]
fn each_mistake_is_told_how_to_be_mended_and_is_mended_by_doing_so() {
    let ws = Workspace::new();
    let names: Vec<String> = MISTAKES
        .iter()
        .map(|m| format!("{}.example", m.situation))
        .collect();
    ws.ses().add_identities(REGION, &names, true);
    ws.config(&fleet("bounce", &names));
    ws.apply().succeeds();
    let dns = ws.dns();
    for (mistake, parent) in MISTAKES.iter().zip(&names) {
        (mistake.publish)(&dns, &format!("bounce.{parent}"), parent);
    }
    vendor(&dns);

    let told = warnings(&ws.terraform(&["plan", "-json"]).succeeds());
    let found = refreshed(&ws);
    for (mistake, parent) in MISTAKES.iter().zip(&names) {
        let (situation, name) = (mistake.situation, format!("bounce.{parent}"));
        let address = of_fleet(parent);
        let status = &found[&address]["dns"][mistake.record]["status"];
        assert_eq!(status, mistake.status, "{situation}");
        let word = mistake.record.to_uppercase();
        let told = told
            .get(&address)
            .unwrap_or_else(|| panic!("no warning of {situation}"));
        let about = told.iter().find(|(summary, _)| summary.contains(&word));
        let (_, detail) = about.unwrap_or_else(|| panic!("{situation}: {told:?}"));
        for text in mistake.says {
            assert!(
                detail.contains(text),
                "{situation}: no {text:?} in {detail:?}"
            );
        }
        for (_, detail) in told {
            follow(&dns, detail, &name, parent);
        }
    }
    // A record of one type may unveil that one of the other is missing.
    for _ in 0..2 {
        let told = warnings(&ws.terraform(&["plan", "-json"]).succeeds());
        for (address, told) in told {
            let parent = names.iter().find(|name| of_fleet(name) == address).unwrap();
            for (_, detail) in told {
                follow(&dns, &detail, &format!("bounce.{parent}"), parent);
            }
        }
    }
    let told = warnings(&ws.terraform(&["plan", "-json"]).succeeds());
    assert_eq!(told, BTreeMap::new());
    for (address, values) in refreshed(&ws) {
        for record in ["mx", "spf"] {
            assert_eq!(
                values["dns"][record]["status"], "ok",
                "{record} of {address}"
            );
        }
    }
    ws.plans_nothing();
}

#[test]
fn records_that_depend_on_the_message_are_not_judged() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    mx(&ws.dns(), "bounce.example.com", &[(10, FEEDBACK)]);
    let record = "v=spf1 exists:%{i}._spf.vendor.example -all";
    txt(&ws.dns(), "bounce.example.com", &[record]);
    ws.plan().succeeds().does_not_say("Warning");
    let found = &refreshed(&ws)[THIS]["dns"]["spf"];
    assert_eq!(
        *found,
        json!({ "status": "unchecked", "records": [record] })
    );
    // What names the domain alone is known.
    let known = "v=spf1 include:_spf.%{o} -all";
    txt(&ws.dns(), "bounce.example.com", &[known]);
    txt(&ws.dns(), "_spf.bounce.example.com", &[SPF]);
    assert_eq!(refreshed(&ws)[THIS]["dns"]["spf"]["status"], "ok");
}

#[test]
fn look_ups_that_fail_in_passing_are_no_mistake() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    let dns = ws.dns();
    mx(&dns, "bounce.example.com", &[(10, FEEDBACK)]);
    txt(
        &dns,
        "bounce.example.com",
        &["v=spf1 include:down.vendor.example -all"],
    );
    dns.set_mode_of("down.vendor.example", Some(simulator::dns::Mode::ServFail))
        .unwrap();
    ws.plan()
        .succeeds()
        .says("SPF record of a MAIL FROM domain could not be looked up")
        .says("down.vendor.example could not be looked up");
    assert_eq!(refreshed(&ws)[THIS]["dns"]["spf"]["status"], "unreachable");
}

#[test]
fn what_ses_has_verified_is_not_told_to_be_missing_without_a_doubt() {
    let ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        lookups: Lookups::Off,
        ..Options::default()
    });
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ses()
        .set_status(REGION, "example.com", Status::Success)
        .unwrap();
    for publish in [(|_| {}) as fn(&Dns), |dns| {
        mx(dns, "*.example.com", &[(10, "mx.company.example")])
    }] {
        publish(&ws.dns());
        ws.plan()
            .succeeds()
            .says("SES says Success of bounce.example.com")
            .says("`nameservers`")
            .says("`dns_check = false`")
            .says("10 feedback-smtp.us-east-1.amazonses.com");
    }
    // Where SES has not, nothing speaks against what is seen.
    ws.ses()
        .set_status(REGION, "example.com", Status::Pending)
        .unwrap();
    ws.plan().succeeds().does_not_say("SES says Success");
}

#[test]
fn records_meant_for_ses_do_not_receive_mail_at_plan() {
    let ws = Workspace::new();
    ws.config(&basic());
    let reject = "behavior_on_mx_failure = \"RejectMessage\"";
    for (host, says) in [
        (
            "feedback-smtp.us-east-1.amazonses.com.example.com",
            "End the host with a dot",
        ),
        (
            "inbound-smtp.us-east-1.amazonaws.com",
            "not the one that takes bounces",
        ),
        (
            "feedback-smtp.us-east-1.amazonse.com",
            "`amazonse` in place of",
        ),
    ] {
        mx(&ws.dns(), "bounce.example.com", &[(10, host)]);
        ws.plan()
            .exits(2)
            .says(says)
            .does_not_say("MAIL FROM domain receives mail");
    }
    ws.config(&mail_from("example.com", "bounce.example.com", reject));
    let mistyped = "feedback-smtp.eu-wset-1.amazonses.com";
    mx(&ws.dns(), "bounce.example.com", &[(10, mistyped)]);
    ws.plan()
        .exits(2)
        .says("All mail will be rejected")
        .says("there is no host feedback-smtp.eu-wset-1");
    // Nor is a wildcard a reason for another domain, of which there is none.
    ws.dns().remove("bounce.example.com").unwrap();
    mx(&ws.dns(), "*.example.com", &[(10, "mx.company.example")]);
    ws.config(&basic());
    ws.plan()
        .exits(2)
        .says("itself takes its place")
        .does_not_say("Use a subdomain");
}

#[test]
fn dmarc_alignment_is_found_up_the_tree_and_strict_is_a_warning() {
    let ws = Workspace::new();
    ws.ses().add_identity(REGION, "mail.example.com", true);
    ws.config(&mail_from(
        "mail.example.com",
        "bounce.mail.example.com",
        "",
    ));
    ws.apply().succeeds();
    let dns = ws.dns();
    mx(&dns, "bounce.mail.example.com", &[(10, FEEDBACK)]);
    txt(&dns, "bounce.mail.example.com", &[SPF]);
    let status = || refreshed(&ws)[THIS]["dns"]["dmarc"].clone();
    assert_eq!(status(), json!({ "status": "none", "records": [] }));

    let strict = "v=DMARC1; p=reject; aspf=s";
    txt(&dns, "_dmarc.example.com", &[strict]);
    ws.plan()
        .succeeds()
        .says("wants strict alignment of SPF")
        .says("never passes DMARC by SPF")
        .says("_dmarc.example.com");
    assert_eq!(status(), json!({ "status": "strict", "records": [strict] }));

    // Its own comes before.
    txt(&dns, "_dmarc.mail.example.com", &["v=DMARC1; p=none"]);
    ws.plan().succeeds().does_not_say("Warning");
    assert_eq!(status()["status"], "relaxed");
    txt(
        &dns,
        "_dmarc.mail.example.com",
        &["v=DMARC1; p=none", strict],
    );
    dns.remove("_dmarc.example.com").unwrap();
    let found = status();
    assert_eq!(found["status"], "none");
    assert_eq!(found["records"].as_array().unwrap().len(), 2);
    dns.set_mode_of(
        "_dmarc.mail.example.com",
        Some(simulator::dns::Mode::ServFail),
    )
    .unwrap();
    ws.plan().succeeds().does_not_say("Warning");
    assert_eq!(status()["status"], "unreachable");
    ws.config(&mail_from(
        "mail.example.com",
        "bounce.mail.example.com",
        "dns_check = false",
    ));
    ws.apply().succeeds();
    assert_eq!(status()["status"], "disabled");
}

#[test]
fn names_that_look_like_domain_names_are_refused_by_the_character() {
    let ws = Workspace::new();
    for (identity, domain, says) in [
        ("example.com", "bounce\u{2013}mail.example.com", "(U+2013)"),
        (
            "example.com",
            "\u{201c}bounce.example.com\u{201d}",
            "(U+201C)",
        ),
        ("a..b@example.com", "bounce.example.com", "two in a row"),
        (
            "arn:aws:ses:us-east-1:1:identity/example.com",
            "bounce.example.com",
            "after `identity/`",
        ),
        (
            "ARN:aws:ses:us-east-1:1:identity/example.com",
            "bounce.example.com",
            "after `identity/`",
        ),
        (
            "sender\u{ff20}example.com",
            "bounce.example.com",
            "`sender@example.com`",
        ),
        ("example.com", "\u{bd}.example.com", "(U+00BD)"),
        ("example.com", "a\u{2800}b.example.com", "(U+2800)"),
    ] {
        ws.config(&mail_from(identity, domain, ""));
        ws.terraform(&["validate"]).fails_with(&[says]);
    }
}

#[test]
fn underscore_inside_a_label_is_planned_only_where_ses_holds_it() {
    let ws = Workspace::new();
    ws.config(&mail_from("example.com", "a_b.example.com", ""));
    ws.terraform(&["validate"]).succeeds();
    ws.plan().fails_with(&["`a_b` has an underscore"]);
    let usual = simulator::ses::Behavior::UseDefaultValue;
    ws.ses()
        .set_mail_from(REGION, "example.com", "a_b.example.com", usual)
        .unwrap();
    ws.terraform(&["import", THIS, "example.com"]).succeeds();
    ws.plan()
        .succeeds()
        .says("Domain name with an underscore inside a label");
    ws.config(&mail_from("example.com", "c_d.example.com", ""));
    ws.plan().fails_with(&["`c_d` has an underscore"]);
}

#[test]
fn records_without_a_source_are_told_at_plan() {
    let mut ws = Workspace::new();
    let region = "cn-north-1";
    ws.ses().add_identity(region, "example.com", true);
    ws.provider.region = Some(format!("{region:?}"));
    ws.config(&basic());
    ws.plan()
        .exits(2)
        .says("have to be compared with the console");
    ws.apply().succeeds();
    // Whatever is there, it is not said to be replaced by what nobody knows.
    mx(&ws.dns(), "bounce.example.com", &[(10, "mx.other.example")]);
    ws.plan()
        .succeeds()
        .does_not_say("compared with the console")
        .says("Publish what the SES console shows for bounce.example.com")
        .does_not_say("Replace it by")
        .does_not_say("ublish `");
}
