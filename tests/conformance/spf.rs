//! Another evaluation of SPF, pyspf's, comes to the same verdicts.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use simulator::Dns;
use simulator::dns::Mode;

use crate::harness::{REGION, Workspace, fleet, of_fleet};

const FEEDBACK: &str = "feedback-smtp.us-east-1.amazonses.com";

/// The first and the last of each range that SES sends from, as the simulator
/// publishes them.
const SENDERS: [&str; 10] = [
    "199.255.192.0",
    "199.255.195.255",
    "54.240.0.0",
    "54.240.63.255",
    "69.169.224.0",
    "69.169.239.255",
    "23.249.208.0",
    "23.249.223.255",
    "76.223.176.0",
    "76.223.191.255",
];

const ALL_ADDRESSES: &str = "ip4:199.255.192.0/22 ip4:54.240.0.0/18 ip4:69.169.224.0/20 \
    ip4:23.249.208.0/20 ip4:76.223.176.0/20";

/// Records, `ADDRESSES` standing for SES's.
const RECORDS: &[&str] = &[
    "v=spf1 include:amazonses.com ~all",
    "V=SPF1 +INCLUDE:AmazonSES.com. ?all",
    "v=spf1 redirect=amazonses.com",
    "v=spf1",
    "v=spf1 -all",
    "v=spf1 ?all",
    "v=spf1 -all include:amazonses.com",
    "v=spf1 ~all redirect=amazonses.com",
    "v=spf1 ?include:amazonses.com ~all",
    "v=spf1 ~include:amazonses.com ~all",
    "v=spf1 -include:amazonses.com ~all",
    "v=spf1 -include:amazonses.com include:amazonses.com ~all",
    "v=spf1 include:amazonses.com ~all;",
    "v=spf1 include: amazonses.com ~all",
    "v=spf1 include=amazonses.com ~all",
    "v=spf1 include:amazonses.com~all",
    "v=spf1, include:amazonses.com ~all",
    "v=spf1 include:amazonses.com bogus ~all",
    "v=spf1 redirect=amazonses.com redirect=amazonses.com",
    "v=spf1 exp=a.vendor.example exp=b.vendor.example include:amazonses.com",
    "v=spf1 x=a include:amazonses.com y=b ~all",
    "\"v=spf1 include:amazonses.com ~all\"",
    " v=spf1 include:amazonses.com ~all",
    "v=spf10 include:amazonses.com ~all",
    "v=spf1 include:absent.vendor.example include:amazonses.com ~all",
    "v=spf1 include:amazonses.com include:absent.vendor.example ~all",
    "v=spf1 include:loop.vendor.example include:amazonses.com ~all",
    "v=spf1 include:broken.vendor.example include:amazonses.com ~all",
    "v=spf1 include:two.vendor.example include:amazonses.com ~all",
    "v=spf1 include:nested.vendor.example -all",
    "v=spf1 -include:nested.vendor.example -all",
    "v=spf1 include:soft.vendor.example include:amazonses.com -all",
    "v=spf1 include:soft.vendor.example -all",
    "v=spf1 redirect=soft.vendor.example",
    "v=spf1 redirect=absent.vendor.example",
    "v=spf1 a:h.vendor.example a:h.vendor.example a:h.vendor.example a:h.vendor.example \
     a:h.vendor.example a:h.vendor.example a:h.vendor.example a:h.vendor.example \
     a:h.vendor.example include:amazonses.com ~all",
    "v=spf1 a:h.vendor.example a:h.vendor.example a:h.vendor.example a:h.vendor.example \
     a:h.vendor.example a:h.vendor.example a:h.vendor.example a:h.vendor.example \
     a:h.vendor.example a:h.vendor.example include:amazonses.com ~all",
    "v=spf1 a:v1.vendor.example a:v2.vendor.example include:amazonses.com ~all",
    "v=spf1 a:v1.vendor.example a:v2.vendor.example a:v3.vendor.example include:amazonses.com",
    "v=spf1 a:v1.vendor.example exists:v2.vendor.example mx:v3.vendor.example \
     include:amazonses.com",
    "v=spf1 mx:mx.vendor.example include:amazonses.com ~all",
    "v=spf1 ADDRESSES -all",
    "v=spf1 ADDRESSES include:absent.vendor.example -all",
    "v=spf1 ip4:54.240.0.0/18 -all",
    "v=spf1 ip4:54.240.0.0/18 include:amazonses.com -all",
    "v=spf1 -ip4:54.240.0.0 include:amazonses.com -all",
    "v=spf1 -ip4:192.0.2.1 include:amazonses.com -all",
    "v=spf1 ip4:192.0.2.0/33 include:amazonses.com",
    "v=spf1 ip6:2001:db8::/32 include:amazonses.com",
    "v=spf1 include:%{d}.vendor.example -all",
    "v=spf1 include:spf.%{o} -all",
    "v=spf1 include:%{c}.vendor.example include:amazonses.com",
    "v=spf1 include:%{d}..vendor.example include:amazonses.com",
    "v=spf1 include:down.vendor.example include:amazonses.com",
    "v=spf1 include:amazonses.com include:down.vendor.example",
    "v=spf1 exists:h.vendor.example -all",
    "v=spf1 +all",
    "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",
    "v=spf1 include:amazonses.com ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",
    "v=spf1 include:amazonses.com +all",
    "v=spf1 include:amazonses.com ~all include:absent.vendor.example",
    "v=spf1 ipv4:192.0.2.1 include:amazonses.com ~all",
    "v=spf1 ip4:192.0.2.1include:h.vendor.example include:amazonses.com ~all",
    "v=spf1 include:alias.vendor.example -all",
    "v=spf1 redirect=alias.vendor.example",
    "v=spf1 x=a x=b include:amazonses.com ~all",
    "v=spf1 exists:%{i}.vendor.example -all",
    "v=spf1 a:a..vendor.example include:amazonses.com",
];

/// Where pyspf comes to another result, and by which rule the verdict stands.
const EXCEPTIONS: &[(&str, &str)] = &[
    // It passes, and for everybody: it names SES as little as it names any spammer.
    ("v=spf1 +all", "wrong"),
    ("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", "wrong"),
    ("v=spf1 exists:h.vendor.example -all", "wrong"),
    // RFC 7208, section 6: unrecognized modifiers are ignored no matter how often.
    ("v=spf1 x=a x=b include:amazonses.com ~all", "ok"),
    // RFC 7208, section 7.2: another name for each message, so another result.
    ("v=spf1 exists:%{i}.vendor.example -all", "unchecked"),
    // RFC 7208, section 4.8 leaves open what a name is that DNS cannot hold: as
    // section 4.3 has it for the domain itself, an error.
    ("v=spf1 a:a..vendor.example include:amazonses.com", "wrong"),
];

fn vendor(dns: &Dns) {
    for (name, texts) in [
        ("loop", &["v=spf1 include:back.vendor.example -all"][..]),
        ("back", &["v=spf1 include:loop.vendor.example -all"]),
        ("broken", &["v=spf1 bogus"]),
        ("two", &["v=spf1 -all", "v=spf1 ~all"]),
        (
            "nested",
            &["v=spf1 ip4:192.0.2.1 include:deeper.vendor.example -all"],
        ),
        ("deeper", &["v=spf1 redirect=deepest.vendor.example"]),
        ("deepest", &["v=spf1 include:amazonses.com -all"]),
        ("soft", &["v=spf1 ~include:amazonses.com -all"]),
    ] {
        dns.set_txt(&format!("{name}.vendor.example"), texts)
            .unwrap();
    }
    dns.set_cname("alias.vendor.example", "amazonses.com")
        .unwrap();
    let address = "192.0.2.7".parse().unwrap();
    dns.set_a("h.vendor.example", &[address]).unwrap();
    dns.set_mx("mx.vendor.example", &[(10, "h.vendor.example")])
        .unwrap();
    dns.set_mode_of("down.vendor.example", Some(Mode::ServFail))
        .unwrap();
}

/// The Python beside `moto_server`, which has pyspf as well.
fn python() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "make conformance tells it so")]
    let moto = std::env::var_os("MOTO_SERVER")
        .expect("MOTO_SERVER names no moto_server; run `make conformance`");
    Path::new(&moto).with_file_name("python")
}

/// pyspf's results for each of `domains` and sender.
fn results(port: u16, domains: &[String]) -> BTreeMap<String, Vec<String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/spf_peer.py");
    let mut peer = Command::new(python())
        .args([script.into_os_string(), port.to_string().into()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let questions: String = domains
        .iter()
        .flat_map(|domain| SENDERS.map(|address| format!("{domain} {address}\n")))
        .collect();
    let mut stdin = peer.stdin.take().unwrap();
    // Written aside: the answers come while the questions go.
    let writer = std::thread::spawn(move || stdin.write_all(questions.as_bytes()).unwrap());
    let output = peer.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<String> = answers.lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), domains.len() * SENDERS.len());
    let of_domains = answers.chunks(SENDERS.len()).map(<[String]>::to_vec);
    domains.iter().cloned().zip(of_domains).collect()
}

/// The verdict that follows from results for all senders.
fn verdict(results: &[String]) -> &'static str {
    if results.iter().all(|result| result == "pass") {
        "ok"
    } else if results.iter().any(|result| result == "temperror") {
        "unreachable"
    } else {
        "wrong"
    }
}

#[test]
#[ignore = "needs pyspf: make conformance"]
fn verdicts_on_spf_are_those_of_pyspf() {
    let ws = Workspace::new();
    let names: Vec<String> = (0..RECORDS.len())
        .map(|n| format!("r{n}.example"))
        .collect();
    ws.ses().add_identities(REGION, &names, true);
    ws.config(&fleet("bounce", &names));
    ws.apply().succeeds();
    let dns = ws.dns();
    vendor(&dns);
    let mut domains = Vec::new();
    for (record, name) in RECORDS.iter().zip(&names) {
        let domain = format!("bounce.{name}");
        dns.set_mx(&domain, &[(10, FEEDBACK)]).unwrap();
        let record = record.replace("ADDRESSES", ALL_ADDRESSES);
        dns.set_txt(&domain, &[&record]).unwrap();
        let good = ["v=spf1 include:amazonses.com -all"];
        dns.set_txt(&format!("{domain}.vendor.example"), &good)
            .unwrap();
        dns.set_txt(&format!("spf.{domain}"), &good).unwrap();
        domains.push(domain);
    }
    ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    let found = ws.resources();
    let results = results(ws.simulator.dns_addr().port(), &domains);

    let exceptions: BTreeMap<&str, &str> = EXCEPTIONS.iter().copied().collect();
    let mut differ = Vec::new();
    for ((record, name), domain) in RECORDS.iter().zip(&names).zip(&domains) {
        let found = found[&of_fleet(name)]["dns"]["spf"]["status"].clone();
        // That there is none, or none that is one, lets nothing pass either.
        let ours = match found.as_str().unwrap() {
            "missing" | "multiple" => "wrong",
            status => status,
        };
        let theirs = verdict(&results[domain]);
        match exceptions.get(record) {
            Some(expected) if ours == *expected && ours != theirs => {}
            None if ours == theirs => {}
            _ => differ.push(format!("{record}: {ours}, pyspf {:?}", results[domain])),
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
