//! A real Terraform with a provider on this server.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use self::cli::{Feature, cli, lacks};
use crate::plugin::toy_provider;

#[path = "../acceptance/harness/cli.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod cli;

const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    toy = { source = "test/toy" }
  }
}

provider "toy" {
  rate = 0.9
}

resource "toy_thing" "this" {
  name = "one"
  limits {
    rate = 1e-3
  }
}

data "toy_echo" "this" {
  said = toy_thing.this.id
}

output "heard" {
  value = provider::toy::shout(data.toy_echo.this.heard)
}
"#;

/// A working directory whose providers come from a mirror with only the toy.
struct Workspace(TempDir);

impl Workspace {
    fn new(configuration: &str) -> Self {
        let workspace = Self(tempfile::tempdir().unwrap());
        let dir = workspace.0.path();
        let system = match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let mirror = dir.join("mirror");
        let package = mirror
            .join(cli().product.registry())
            .join("test/toy/0.0.1")
            .join(format!("{system}_{architecture}"));
        std::fs::create_dir_all(&package).unwrap();
        let executable = package.join("terraform-provider-toy_v0.0.1");
        std::os::unix::fs::symlink(toy_provider(), executable).unwrap();
        let settings =
            format!("provider_installation {{ filesystem_mirror {{ path = {mirror:?} }} }}");
        std::fs::write(dir.join("terraformrc"), settings).unwrap();
        std::fs::write(dir.join("main.tf"), configuration).unwrap();
        workspace.run(&["init"], 0);
        workspace
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let dir = self.0.path();
        let mut command = Command::new(&cli().program);
        command
            .args(arguments)
            .current_dir(dir)
            .env("TF_CLI_CONFIG_FILE", dir.join("terraformrc"))
            .env("CHECKPOINT_DISABLE", "1");
        command
    }

    fn run(&self, arguments: &[&str], code: i32) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        output
    }
}

#[test]
fn terraform_applies_and_then_plans_nothing() {
    if lacks(Feature::ProviderFunctions) {
        return;
    }
    let workspace = Workspace::new(CONFIGURATION);
    workspace.run(&["apply", "-auto-approve"], 0);
    workspace.run(&["plan", "-detailed-exitcode", "-refresh=false"], 0);
    workspace.run(&["plan", "-detailed-exitcode"], 0);
    let heard = workspace.run(&["output", "-raw", "heard"], 0);
    assert_eq!(heard.stdout, b"ONE");
    workspace.run(&["destroy", "-auto-approve"], 0);
}

#[test]
fn an_interrupted_apply_keeps_what_it_made() {
    if lacks(Feature::ProviderFunctions) {
        return;
    }
    let waits = CONFIGURATION.replace("name = \"one\"", "name = \"one\"\n  mode = \"wait\"");
    // Ctrl-C goes to the process group, the plugin included; kill to one process.
    for to_the_group in [true, false] {
        let workspace = Workspace::new(&waits);
        let mut apply = workspace
            .command(&["apply", "-auto-approve", "-no-color"])
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(apply.stdout.take().unwrap()).lines();
        let created = output.any(|line| line.unwrap().contains("toy_thing.this: Creating..."));
        assert!(created);
        let whom = match to_the_group {
            true => format!("-{}", apply.id()),
            false => apply.id().to_string(),
        };
        let kill = Command::new("kill")
            .args(["-s", "INT", "--", &whom])
            .status();
        assert!(kill.unwrap().success());

        let rest: Vec<_> = output.map(Result::unwrap).collect();
        let status = apply.wait().unwrap();
        assert_eq!(status.code(), Some(1), "{rest:#?}");
        let state = workspace.run(&["state", "show", "-no-color", "toy_thing.this"], 0);
        let state = String::from_utf8(state.stdout).unwrap();
        assert!(state.contains("id   = \"one\""), "{state}");
        assert!(!state.contains("tainted"), "{state}");
    }
}
