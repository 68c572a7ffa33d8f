//! The real `terraform`, from PATH, with a provider on this server.

use std::path::Path;
use std::process::{Command, Output};

use crate::plugin::toy_provider;

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

fn terraform(dir: &Path, arguments: &[&str]) -> Output {
    Command::new("terraform")
        .args(arguments)
        .current_dir(dir)
        .env("TF_CLI_CONFIG_FILE", dir.join("terraformrc"))
        .env("CHECKPOINT_DISABLE", "1")
        .output()
        .expect("terraform must be on PATH")
}

#[test]
fn terraform_applies_and_then_plans_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let system = match std::env::consts::ARCH {
        "x86_64" => format!("{}_amd64", std::env::consts::OS),
        "aarch64" => format!("{}_arm64", std::env::consts::OS),
        other => panic!("Terraform's name for {other}?"),
    };
    let system = system.replace("macos", "darwin");
    let mirror = dir.path().join("mirror");
    let package = mirror
        .join("registry.terraform.io/test/toy/0.0.1")
        .join(system);
    std::fs::create_dir_all(&package).unwrap();
    std::os::unix::fs::symlink(
        toy_provider(),
        package.join("terraform-provider-toy_v0.0.1"),
    )
    .unwrap();
    let settings = format!("provider_installation {{ filesystem_mirror {{ path = {mirror:?} }} }}");
    std::fs::write(dir.path().join("terraformrc"), settings).unwrap();
    std::fs::write(dir.path().join("main.tf"), CONFIGURATION).unwrap();

    for (arguments, code) in [
        (&["init"][..], 0),
        (&["apply", "-auto-approve"], 0),
        (&["plan", "-detailed-exitcode", "-refresh=false"], 0),
        (&["plan", "-detailed-exitcode"], 0),
        (&["output", "-raw", "heard"], 0),
        (&["destroy", "-auto-approve"], 0),
    ] {
        let output = terraform(dir.path(), arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        if arguments[0] == "output" {
            assert_eq!(output.stdout, b"ONE");
        }
    }
}
