//! `docs/guides/regions.md`

use std::fs;

use simulator::ses::Status;

use super::Guide;
use crate::harness::{Run, Workspace, wait_until};

/// Asserts that stdout holds `text` line by line.
#[track_caller]
fn prints(run: &Run, text: &str) {
    assert!(run.stdout.contains(text), "no {text} in {run:?}");
}

#[test]
fn regions_and_a_standby_come_as_the_guide_says() {
    let mut ws = Workspace::new();
    for region in ["eu-west-1", "eu-central-1"] {
        ws.ses().add_identity(region, "example.com", true);
    }
    ws.provider.region = None;
    // To the simulator, whatever block the guide shows.
    let at_simulator = |ws: &Workspace| {
        fs::write(ws.folder().join("override.tf"), ws.provider.block()).unwrap();
    };
    fs::write(ws.folder().join("main.tf"), "").unwrap();
    at_simulator(&ws);

    let mut guide = Guide::open(&ws, "regions");
    guide.writes("terraform.tf");
    guide.writes("main.tf");
    let run = guide.runs().succeeds();
    prints(&run, "2 added, 0 changed, 0 destroyed");
    prints(&run, &guide.shows());

    for (domain, region) in [
        ("bounce.example.com", "eu-west-1"),
        ("bounce-standby.example.com", "eu-central-1"),
    ] {
        let host = format!("feedback-smtp.{region}.amazonses.com");
        ws.dns().set_mx(domain, &[(10, &host)]).unwrap();
        let spf = ["v=spf1 include:amazonses.com ~all"];
        ws.dns().set_txt(domain, &spf).unwrap();
    }

    guide.writes("main.tf");
    let run = guide.runs().succeeds().does_not_say("Warning");
    prints(&run, "0 added, 1 changed, 0 destroyed");
    prints(&run, &guide.shows());
    for region in ["eu-west-1", "eu-central-1"] {
        wait_until(&format!("SES has verified it in {region}"), || {
            let held = ws.ses().get(region, "example.com").unwrap();
            held.status == Some(Status::Success)
        });
    }

    ws.ses().clear_calls();
    guide.runs().succeeds();
    ws.plan().succeeds();

    guide.writes("standby.tf");
    let mut standby = ws.provider.clone();
    standby.alias = Some("\"standby\"".to_owned());
    let overrides = ws.provider.block() + &standby.block();
    fs::write(ws.folder().join("override.tf"), overrides).unwrap();
    ws.apply().succeeds().says("1 added");
    guide.writes("standby.tf");
    at_simulator(&ws);
    prints(&guide.runs().succeeds(), &guide.shows());
    assert_eq!(ws.sets().len(), 1);
    guide.ends();
    ws.ends_with(&["example.com", "example.com", "example.com"]);
}
