//! SIGHUP, which a closing terminal sends to all that runs in it; and a host
//! that is gone before the provider can notice.

use std::process::Command;
use std::time::Duration;

use simulator::ses::{Fault, FaultKind};
use simulator::{Options, Rate};

use crate::harness::{REGION, Running, SET, Workspace, basic, fleet, wait_for_calls};

/// A workspace where a fleet of `count` identities is to be created, at SES's
/// own limit and the provider's own pace.
fn paced_fleet(count: usize) -> (Workspace, Vec<String>) {
    let mut ws = Workspace::with(Options {
        rate: Rate::PerOperation(1.0),
        ..Options::default()
    });
    let names: Vec<_> = (1..=count).map(|n| format!("d{n}.example")).collect();
    ws.ses().add_identities(REGION, &names, true);
    ws.provider.requests_per_second = None;
    ws.config(&fleet("bounce", &names));
    (ws, names)
}

/// Asserts that SES holds the MAIL FROM domain of each of `names`.
#[track_caller]
fn all_are_held(ws: &Workspace, names: &[String]) {
    for name in names {
        let held = ws.held(name).mail_from_domain;
        assert_eq!(held, Some(format!("bounce.{name}")));
    }
    assert_eq!(ws.resources().len(), names.len());
}

#[test]
fn hangup_under_nohup_stops_nothing() {
    let (ws, names) = paced_fleet(25);
    let running = ws.spawn_under("nohup", &["apply", "-auto-approve"]);
    wait_for_calls(&ws, SET, 8);
    assert!(running.signal_group("HUP"));
    running
        .wait()
        .succeeds()
        .says("25 added, 0 changed, 0 destroyed");
    all_are_held(&ws, &names);
}

#[test]
fn hangup_of_the_provider_alone_stops_nothing() {
    let (ws, names) = paced_fleet(4);
    let running = ws.spawn(&["apply", "-auto-approve"]);
    wait_for_calls(&ws, SET, 2);
    running.signal_providers("HUP");
    running.wait().succeeds().says("4 added");
    all_are_held(&ws, &names);
}

#[test]
fn hangup_that_ends_terraform_ends_the_provider() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.ses()
        .inject(Fault::new(FaultKind::Throttle).on(SET).forever());
    let running = ws.spawn(&["apply", "-auto-approve"]);
    wait_for_calls(&ws, SET, 2);
    assert!(running.signal_group("HUP"));
    // Terraform does not catch it; the wait is for the provider's end as well.
    assert_eq!(running.wait().code, None);
    ws.ses().clear_faults();
    ws.apply().succeeds();
    ws.ends_with(&["example.com"]);
}

/// The provider as Terraform starts it, by a shell in Terraform's place that runs
/// `script`, in which `$0` is the provider.
fn started_by(script: &str, ws: &Workspace) -> Running {
    let cookie = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
    let mut command = Command::new("sh");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_terraform-provider-ses")])
        .env("TF_PLUGIN_MAGIC_COOKIE", cookie)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("TMPDIR", ws.home());
    Running::start(command, &ws.home(), "")
}

#[test]
fn provider_ends_whose_host_is_gone_before_it_connects() {
    // Terraform may take a minute to connect.
    let limit = Duration::from_secs(90);
    std::thread::scope(|scope| {
        for script in [
            // Gone before the provider has started,
            "(sleep 0.3; exec \"$0\") &",
            // and once it has read where the provider listens.
            "\"$0\" | head -n 1 >/dev/null &",
        ] {
            scope.spawn(move || {
                let ws = Workspace::new();
                started_by(script, &ws).group_ends_within(limit);
            });
        }
    });
}
