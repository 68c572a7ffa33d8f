//! `docs/guides/dns.md`

use std::fs;
use std::time::Duration;

use simulator::ses::Status;

use crate::harness::{Feature, Workspace, lacks, wait_until};

use super::{EUROPE, Guide, at_simulator};

/// The records of bounce.example.com, as the simulator tells them.
const MX: &str = "10 feedback-smtp.eu-west-1.amazonses.com.";
const SPF: &str = "v=spf1 include:amazonses.com ~all";

/// Asserts what DNS holds of bounce.example.com.
#[track_caller]
fn dns_holds(ws: &Workspace, records: &[(&str, &str)]) {
    let held = ws.dns().records().into_iter();
    let mut held: Vec<(String, Vec<String>)> = held
        .filter(|set| set.name == "bounce.example.com")
        .map(|set| (set.kind, set.records))
        .collect();
    held.sort();
    let expected = records.iter();
    let expected: Vec<(String, Vec<String>)> = expected
        .map(|(kind, data)| ((*kind).to_owned(), vec![(*data).to_owned()]))
        .collect();
    assert_eq!(held, expected);
}

/// Takes away all that there is, for the next section to begin anew.
#[track_caller]
fn start_over(ws: &Workspace, files: &[&str]) {
    ws.destroy().succeeds();
    dns_holds(ws, &[]);
    for file in files {
        fs::remove_file(ws.folder().join(file)).unwrap();
    }
}

#[test]
fn records_are_published_wherever_the_zone_is() {
    if lacks(Feature::ProviderFunctions) {
        return;
    }
    let ws = Workspace::new();
    ws.ses().add_identity(EUROPE, "example.com", true);
    ws.add_stand_in("hashicorp/aws", "6.20.0");
    ws.add_stand_in("cloudflare/cloudflare", "5.0.0");
    // For what is run beside the guide.
    ws.set_env("TF_VAR_zone_id", "Z0000000000");
    at_simulator(&ws);
    let both = [("MX", MX), ("TXT", SPF)];

    let mut guide = Guide::open(&ws, "dns");
    let main = guide.writes("main.tf");

    // At Route 53.
    guide.writes("versions.tf");
    guide.writes("dns.tf");
    guide.writes("verified.tf");
    guide.runs_and_prints();
    dns_holds(&ws, &both);
    ws.plan().succeeds().does_not_say("Warning");
    start_over(&ws, &[]);

    // In another account.
    guide.writes("dns.tf");
    guide.runs_and_prints();
    dns_holds(&ws, &both);
    start_over(&ws, &["verified.tf", "dns.tf", "ses_override.tf"]);

    // In another configuration.
    guide.writes("main.tf");
    ws.ses().clear_calls();
    guide.runs_and_prints();
    dns_holds(&ws, &both);
    start_over(&ws, &[]);
    assert_eq!(ws.ses().calls(), []);

    // Beside another sender.
    fs::write(ws.folder().join("main.tf"), main).unwrap();
    at_simulator(&ws);
    guide.writes("dns.tf");
    let run = guide.runs().succeeds();
    assert!(run.stdout.ends_with(&guide.shows()), "{}", run.stdout);
    let merged = "v=spf1 include:_spf.example.net include:amazonses.com -all";
    dns_holds(&ws, &[("MX", MX), ("TXT", merged)]);
    let other = ["v=spf1 ip4:192.0.2.1 -all"];
    ws.dns().set_txt("_spf.example.net", &other).unwrap();
    ws.plan().succeeds().does_not_say("Warning");
    start_over(&ws, &[]);

    // At Cloudflare.
    ws.set_env("TF_VAR_zone_id", "023e105f4ecef8ad9ca31a8372d0c353");
    guide.writes("versions.tf");
    guide.writes("dns.tf");
    guide.runs_and_prints();
    dns_holds(&ws, &both);
    ws.plan().succeeds().does_not_say("Warning");
    start_over(&ws, &[]);

    // By hand.
    guide.writes("versions.tf");
    guide.writes("dns.tf");
    let run = guide.runs().succeeds();
    let lines = guide.shows();
    assert!(
        run.stdout.ends_with(&(lines.clone() + "\n")),
        "{}",
        run.stdout
    );
    guide.runs_and_prints();
    guide.ends();
    let status = || ws.ses().get(EUROPE, "example.com").unwrap().status;
    ws.ses().advance_clock(Duration::from_secs(73 * 60 * 60));
    wait_until("SES has given up", || status() == Some(Status::Failed));
    ws.dns().load(&(lines + "\n")).unwrap();
    dns_holds(&ws, &both);
    ws.apply()
        .succeeds()
        .says("0 added, 1 changed, 0 destroyed");
    wait_until("SES has found it", || status() == Some(Status::Success));
    ws.plan().succeeds().does_not_say("Warning");
}
