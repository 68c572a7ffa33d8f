//! The executable as a person starts it.

use std::fs;

use serde_json::Value;

use crate::harness::{Running, THIS, Workspace, basic, wait_until};

#[test]
fn started_by_hand_it_says_what_it_is_on_stderr_alone() {
    let ws = Workspace::new();
    for arguments in [&[][..], &["serve"], &["--version", "--help"]] {
        let run = ws.spawn_provider(arguments).wait().exits(1);
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert!(run.stderr.contains("Terraform provider"), "{}", run.stderr);
        assert!(run.stderr.contains("required_providers"), "{}", run.stderr);
    }
}

#[test]
fn version_and_help_answer() {
    let ws = Workspace::new();
    let version = ws.spawn_provider(&["--version"]).wait().succeeds();
    let expected = concat!("terraform-provider-ses ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(version.stdout, expected);
    let help = ws.spawn_provider(&["--help"]).wait().succeeds();
    assert!(help.stdout.contains("--debug"), "{}", help.stdout);
}

#[test]
fn terraform_attaches_to_a_provider_that_runs_already() {
    let ws = Workspace::new();
    let provider = ws.spawn_provider(&["--debug"]);
    let reattach = reattach(&provider);
    ws.set_env("TF_REATTACH_PROVIDERS", &reattach);
    // With nowhere to start one from, Terraform has no other provider.
    fs::remove_dir_all(ws.folder().join(".terraform")).unwrap();
    fs::remove_dir_all(ws.home().join("mirror")).unwrap();
    ws.config(&basic());
    ws.apply().succeeds();
    assert!(ws.resource(THIS).is_some());
    ws.ends_with(&["example.com"]);
    provider.interrupt_alone();
    provider.wait().succeeds();
}

#[test]
fn debugging_ends_with_ctrl_c_and_leaves_no_socket() {
    let ws = Workspace::new();
    let provider = ws.spawn_provider(&["--debug"]);
    let reattach: Value = serde_json::from_str(&reattach(&provider)).unwrap();
    let entry = &reattach["terraform-provider-ses/ses"];
    assert_eq!(entry["ProtocolVersion"], 6);
    let socket = entry["Addr"]["String"].as_str().unwrap();
    assert!(fs::exists(socket).unwrap(), "{socket}");
    provider.interrupt_group();
    provider.wait().succeeds();
    assert!(!fs::exists(socket).unwrap(), "{socket}");
}

/// The value of TF_REATTACH_PROVIDERS that a provider tells once it listens.
fn reattach(provider: &Running) -> String {
    wait_until("the provider says where it listens", || {
        provider.stdout_so_far().contains("Ctrl-C")
    });
    let told = provider.stdout_so_far();
    let (_, reattach) = told.split_once("TF_REATTACH_PROVIDERS='").unwrap();
    let (reattach, _) = reattach.split_once('\'').unwrap();
    reattach.to_owned()
}
