//! One provider that runs by itself, and several Terraform runs attached to it:
//! each has its own settings, its own interrupts, its own end.

use std::thread;
use std::time::Duration;

use simulator::ses::{Fault, FaultKind};
use simulator::{Options, Rate};

use crate::harness::{
    REGION, Running, SET, THIS, Workspace, basic, fleet, mail_from, pause, reattach,
    wait_for_calls, wait_until,
};

/// A wait for the resource of [`basic`].
const VERIFICATION: &str = r#"
resource "ses_identity_mail_from_verification" "this" {
  identity         = ses_identity_mail_from.this.identity
  mail_from_domain = ses_identity_mail_from.this.mail_from_domain
}
"#;

/// A provider with `--debug`; dropping it ends it.
fn provider(ws: &Workspace) -> (Running, String) {
    let provider = ws.spawn_provider(&["--debug"]);
    let address = reattach(&provider);
    (provider, address)
}

/// A workspace that is attached, with `options`.
fn attached(address: &str, options: Options) -> Workspace {
    let ws = Workspace::with(options);
    ws.set_env("TF_REATTACH_PROVIDERS", address);
    ws.config(&basic());
    ws
}

fn unlimited() -> Options {
    Options {
        rate: Rate::Unlimited,
        ..Options::default()
    }
}

#[test]
fn address_names_no_host_and_serves_every_product() {
    let ws = Workspace::new();
    let (_provider, address) = provider(&ws);
    let json: serde_json::Value = serde_json::from_str(&address).unwrap();
    let names: Vec<_> = json.as_object().unwrap().keys().collect();
    assert_eq!(names, ["terraform-provider-ses/ses"]);
}

#[test]
fn protocol_versions_in_the_environment_are_for_hosts_that_start_it() {
    let ws = Workspace::new();
    // As terraform-plugin-testing sets it.
    ws.set_env("PLUGIN_PROTOCOL_VERSIONS", "5");
    let (_provider, address) = provider(&ws);
    ws.set_env("TF_REATTACH_PROVIDERS", address);
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn interrupt_of_one_run_leaves_the_other_alone() {
    let ws = Workspace::new();
    let (_provider, address) = provider(&ws);
    let (one, other) = (
        attached(&address, unlimited()),
        attached(&address, unlimited()),
    );
    let throttle = Fault::new(FaultKind::Throttle).on(SET);
    one.ses().inject(throttle.forever());
    // Four resources, each with a wait in it: some begin after the interrupt.
    let names = ["a.example", "b.example", "c.example", "d.example"];
    other.ses().add_identities(REGION, names, true);
    other.config(&fleet("bounce", &names));
    other
        .ses()
        .inject(Fault::new(FaultKind::Throttle).on(SET).times(8));

    let stopped = one.spawn(&["apply", "-auto-approve"]);
    wait_for_calls(&one, SET, 3);
    let goes_on = other.spawn(&["apply", "-auto-approve", "-parallelism=1"]);
    wait_for_calls(&other, SET, 2);
    stopped.interrupt_group();
    stopped.wait().exits(1);
    goes_on.wait().succeeds().says("4 added");
    other.ends_with(&names);

    // And who was stopped goes on with the same provider.
    one.ses().clear_faults();
    one.apply().succeeds();
    one.ends_with(&["example.com"]);
}

#[test]
fn run_that_is_killed_leaves_no_call_behind() {
    let ws = Workspace::new();
    let (_provider, address) = provider(&ws);
    thread::scope(|scope| {
        // One waits to try again, one for SES to verify, for up to 45 minutes.
        scope.spawn(|| {
            let ws = attached(&address, unlimited());
            let throttle = Fault::new(FaultKind::Throttle).on(SET);
            ws.ses().inject(throttle.forever());
            let running = ws.spawn(&["apply", "-auto-approve"]);
            wait_for_calls(&ws, SET, 2);
            falls_silent_when_killed(&ws, running);
        });
        scope.spawn(|| {
            let ws = attached(&address, unlimited());
            ws.config(&format!("{}{VERIFICATION}", basic()));
            let running = ws.spawn(&["apply", "-auto-approve"]);
            wait_until("SES is waited for", || {
                let told = running.stdout_so_far();
                told.contains("ses_identity_mail_from_verification.this: Creating")
            });
            pause(Duration::from_secs(1));
            falls_silent_when_killed(&ws, running);
        });
    });
}

/// Kills the run, and asserts that SES is soon not asked any more.
#[track_caller]
fn falls_silent_when_killed(ws: &Workspace, running: Running) {
    running.kill_alone(Duration::from_secs(10));
    pause(Duration::from_secs(4));
    ws.ses().clear_calls();
    // Longer than any pause between two tries or two looks.
    pause(Duration::from_secs(12));
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn settings_of_runs_do_not_mix() {
    let ws = Workspace::new();
    let (_provider, address) = provider(&ws);
    let names = ["a.example", "b.example", "c.example"];
    let runs = [REGION, "eu-west-1"].map(|region| {
        let mut ws = attached(&address, unlimited());
        ws.ses().add_identities(region, names, true);
        ws.ses().set_latency(Duration::from_millis(400));
        ws.provider.region = Some(format!("{region:?}"));
        ws.provider.access_key = Some(format!("\"AKIA{}\"", region.replace('-', "")));
        ws.config(&fleet("bounce", &names));
        (region, ws)
    });
    let started = runs.iter().map(|(_, ws)| {
        let running = ws.spawn(&["apply", "-auto-approve", "-parallelism=1"]);
        // The next run's settings come while this one's resources are created.
        wait_for_calls(ws, SET, 1);
        running
    });
    let started: Vec<_> = started.collect();
    for running in started {
        running.wait().succeeds().says("3 added");
    }
    for (region, ws) in &runs {
        assert_eq!(ws.sets().len(), names.len(), "{region}");
        for call in ws.ses().calls() {
            assert_eq!(call.region, *region, "{call:?}");
            let key = format!("AKIA{}", region.replace('-', ""));
            assert_eq!(call.access_key, Some(key), "{call:?}");
        }
        for values in ws.resources().into_values() {
            assert_eq!(values["region"], *region);
        }
        ws.plan().succeeds();
    }
}

#[test]
fn provider_serves_runs_one_after_another_with_other_settings() {
    let ws = Workspace::new();
    let (_provider, address) = provider(&ws);
    for domain in ["bounce.example.com", "mail.example.com"] {
        let ws = attached(&address, unlimited());
        ws.config(&mail_from("example.com", domain, ""));
        ws.apply().succeeds();
        assert_eq!(ws.resource(THIS).unwrap()["mail_from_domain"], domain);
        ws.ends_with(&["example.com"]);
    }
}

#[test]
fn aliases_of_a_run_keep_regions_apart() {
    let ws = Workspace::new();
    let (_provider, address) = provider(&ws);
    ws.set_env("TF_REATTACH_PROVIDERS", address);
    ws.ses().add_identity("eu-west-1", "example.com", true);
    let mut other = ws.provider.clone();
    other.region = Some("\"eu-west-1\"".to_owned());
    other.alias = Some("\"europe\"".to_owned());
    let europe = basic().replace("\"this\" {", "\"europe\" {\n  provider = ses.europe");
    ws.config(&[other.block(), europe, basic()].concat());
    ws.apply().succeeds().says("2 added");
    let mut regions: Vec<_> = ws.sets().into_iter().map(|call| call.region).collect();
    regions.sort();
    assert_eq!(regions, ["eu-west-1", REGION]);
    ws.ends_with(&["example.com", "example.com"]);
}
