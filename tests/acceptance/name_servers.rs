//! Name servers as they are: silent, closed, loaded, or remembering what was. What
//! is said of a MAIL FROM domain is true all the same.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use serde_json::Value;
use simulator::dns::Mode;
use simulator::ses::Behavior;
use simulator::{Dns, Lookups, Options, Simulator};

use crate::harness::{REGION, Run, THIS, Workspace, basic, fleet, of_fleet};

const FEEDBACK: &str = "feedback-smtp.us-east-1.amazonses.com";
const SPF: &str = "v=spf1 include:amazonses.com ~all";

fn publish(dns: &Dns, name: &str) {
    dns.set_mx(name, &[(10, FEEDBACK)]).unwrap();
    dns.set_txt(name, &[SPF]).unwrap();
}

/// A name server beside that of the workspace.
fn name_server(address: SocketAddr) -> Simulator {
    let options = Options {
        dns: address,
        lookups: Lookups::Off,
        ..Options::default()
    };
    Simulator::start(options).unwrap()
}

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// A port where nothing listens.
fn closed() -> SocketAddr {
    let socket = UdpSocket::bind(any_port()).unwrap();
    socket.local_addr().unwrap()
}

/// `dns { nameservers }` with these, and `more`.
fn servers(addresses: &[SocketAddr], more: &str) -> Option<String> {
    let addresses: Vec<String> = addresses.iter().map(|at| format!("\"{at}\"")).collect();
    Some(format!(
        "nameservers = [{}]\n    {more}",
        addresses.join(", ")
    ))
}

const FLEET: usize = 1000;

fn identity(number: usize) -> String {
    format!("d{number}.example")
}

/// A workspace with a fleet that is applied and published: the state is written as
/// Terraform wrote it of the first, which is faster by minutes.
fn published_fleet() -> Workspace {
    let ws = Workspace::new();
    let names: Vec<_> = (0..FLEET).map(identity).collect();
    ws.ses().add_identities(REGION, &names, true);
    ws.config(&fleet("bounce", &names[..1]));
    ws.apply().succeeds();

    let file = ws.folder().join("terraform.tfstate");
    let mut state: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let instances = &mut state["resources"][0]["instances"];
    let first = instances[0].to_string();
    let instance = |name: &String| {
        let text = first.replace(&names[0], name);
        serde_json::from_str::<Value>(&text).unwrap()
    };
    *instances = names.iter().map(instance).collect();
    fs::write(&file, state.to_string()).unwrap();
    ws.config(&fleet("bounce", &names));
    for name in &names {
        let domain = format!("bounce.{name}");
        let behavior = Behavior::UseDefaultValue;
        ws.ses()
            .set_mail_from(REGION, name, &domain, behavior)
            .unwrap();
        publish(&ws.dns(), &domain);
    }
    ws
}

/// What a plan, which is to find no change, warns of: addresses and summaries.
#[track_caller]
fn warnings(run: &Run) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .inspect(|line| assert_ne!(line["type"], "planned_change", "{line}"))
        .filter(|line| line["type"] == "diagnostic")
        .map(|line| {
            let told = &line["diagnostic"];
            (text(&told["address"]), text(&told["summary"]))
        })
        .collect()
}

/// The statuses of MX and SPF.
fn statuses(resource: &Value) -> (&str, &str) {
    let status = |record: &str| resource["dns"][record]["status"].as_str().unwrap();
    (status("mx"), status("spf"))
}

#[test]
fn two_dead_domains_do_not_silence_a_thousand() {
    let ws = published_fleet();
    let plan = ["plan", "-json"];
    let alive = ws.terraform(&plan).succeeds();
    assert_eq!(warnings(&alive), BTreeSet::new());
    let dead = [500, 501].map(identity);
    let mut expected = BTreeSet::new();
    for name in &dead {
        for name in ["bounce.", "_dmarc.", ""].map(|label| format!("{label}{name}")) {
            ws.dns().set_mode_of(&name, Some(Mode::Silent)).unwrap();
        }
        for record in ["MX", "SPF"] {
            let summary = format!("{record} record of a MAIL FROM domain could not be looked up");
            expected.insert((of_fleet(name), summary));
        }
    }
    let with_dead = ws.terraform(&plan).succeeds();
    assert_eq!(warnings(&with_dead), expected);
    // Their own time-outs, twice 2 s.
    let delay = with_dead.elapsed.saturating_sub(alive.elapsed);
    assert!(delay < Duration::from_secs(15), "delayed by {delay:?}");
}

#[test]
fn a_resolver_that_refuses_above_its_limit_is_asked_more_slowly() {
    let ws = published_fleet();
    ws.dns().set_limit(Some(500));
    let run = ws.terraform(&["plan", "-json"]).succeeds();
    assert_eq!(warnings(&run), BTreeSet::new());
}

#[test]
fn name_servers_that_do_not_answer_stand_behind_one_that_does() {
    let mut ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    publish(&ws.dns(), "bounce.example.com");
    let silent = name_server(any_port());
    silent.dns().set_mode(Mode::Silent);
    let good = ws.simulator.dns_addr();
    ws.provider.dns = servers(&[good], "");
    ws.config(&basic());
    let alone = ws.plan().succeeds().does_not_say("Warning").elapsed;
    for addresses in [
        vec![closed(), good],
        vec![silent.dns_addr(), good],
        vec![silent.dns_addr(), closed(), silent.dns_addr(), good],
    ] {
        ws.provider.dns = servers(&addresses, "");
        ws.config(&basic());
        let run = ws.plan().succeeds().does_not_say("Warning");
        let delay = run.elapsed.saturating_sub(alone);
        assert!(delay < Duration::from_secs(5), "delayed by {delay:?}");
    }
    ws.provider.dns = servers(&[closed()], "");
    ws.config(&basic());
    ws.plan()
        .succeeds()
        .says("no name server can be reached: 127.0.0.1:");
}

#[test]
fn a_long_chain_of_aliases_is_told_as_one() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    let name = |n: usize| match n {
        0 => "bounce.example.com".to_owned(),
        n => format!("alias{n}.example.net"),
    };
    for n in 0..12 {
        ws.dns().set_cname(&name(n), &name(n + 1)).unwrap();
    }
    publish(&ws.dns(), &name(12));
    ws.plan()
        .succeeds()
        .says("MX record of a MAIL FROM domain could not be looked up")
        .says("more than 8 CNAME records in a row")
        .does_not_say("has no MX record");
}

/// A resolver that remembers that there is nothing in the zone example.com, and the
/// server of the zone at an address of its own: port 53 of loopback.
struct Remembering {
    ws: Workspace,
    zone: Simulator,
}

impl Remembering {
    fn new(last: u8) -> Self {
        let address = Ipv4Addr::new(127, 0, 53, last);
        let mut ws = Workspace::new();
        let zone = name_server((address, 53).into());
        for dns in [ws.dns(), zone.dns()] {
            let servers = [("ns1.example.com", address)];
            dns.set_zone("example.com", 900, &servers).unwrap();
        }
        let resolver = ws.simulator.dns_addr();
        ws.provider.dns = servers(&[resolver], "authoritative = true");
        ws.config(&basic());
        Self { ws, zone }
    }
}

#[test]
fn own_servers_of_a_zone_know_what_the_resolver_does_not_yet() {
    let Remembering { ws, zone } = Remembering::new(1);
    ws.apply().succeeds();
    // Nobody but the zone's own server was asked for the record.
    assert_eq!(ws.dns().count("bounce.example.com", "MX"), 0);
    assert_ne!(zone.dns().count("bounce.example.com", "MX"), 0);

    ws.plan()
        .succeeds()
        .says("MX record of a MAIL FROM domain is missing")
        .says("SPF record of a MAIL FROM domain is missing");
    publish(&zone.dns(), "bounce.example.com");
    ws.plan().succeeds().does_not_say("Warning");
    ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    assert_eq!(statuses(&ws.resource(THIS).unwrap()), ("ok", "ok"));
}

#[test]
fn own_servers_of_a_zone_that_differ_are_named() {
    let Remembering { ws, zone } = Remembering::new(2);
    let second = name_server(SocketAddr::from(([127, 0, 53, 3], 53)));
    let servers = [
        ("ns1.example.com", [127, 0, 53, 2]),
        ("ns2.example.com", [127, 0, 53, 3]),
    ];
    let servers = servers.map(|(name, address)| (name, address.into()));
    ws.dns().set_zone("example.com", 900, &servers).unwrap();
    ws.apply().succeeds();
    publish(&zone.dns(), "bounce.example.com");
    ws.plan()
        .succeeds()
        .says("MX record of a MAIL FROM domain is missing")
        .says("ns1.example.com has it, ns2.example.com not yet");
    publish(&second.dns(), "bounce.example.com");
    ws.plan().succeeds().does_not_say("Warning");
}

#[test]
fn a_domain_that_is_a_zone_by_itself_is_told_what_belongs_into_the_field_for_the_name() {
    let Remembering { ws, zone } = Remembering::new(5);
    let domain = "bounce.example.com";
    for dns in [ws.dns(), zone.dns()] {
        let servers = [("ns1.bounce.example.com", Ipv4Addr::new(127, 0, 53, 5))];
        dns.set_zone(domain, 900, &servers).unwrap();
    }
    ws.apply().succeeds();
    for dns in [ws.dns(), zone.dns()] {
        publish(&dns, "bounce.bounce.example.com");
    }
    ws.plan()
        .succeeds()
        .says("It stands at bounce.bounce.example.com")
        .says("bounce.example.com is a zone by itself: enter `@`, or nothing");
    publish(&zone.dns(), domain);
    ws.plan().succeeds().does_not_say("Warning");
}

#[test]
fn own_servers_out_of_reach_cost_one_time_out() {
    let Remembering { ws, zone } = Remembering::new(4);
    zone.dns().set_mode(Mode::Silent);
    let names: Vec<_> = (1..=50).map(|n| format!("d{n}.example.com")).collect();
    ws.ses().add_identities(REGION, &names, true);
    ws.config(&fleet("bounce", &names));
    ws.apply().succeeds();
    let run = ws.plan().succeeds();
    let run = run.says("MX record of a MAIL FROM domain is missing");
    assert!(run.elapsed < Duration::from_secs(15), "{:?}", run.elapsed);
}
