//! Other providers than the one under test, played by the tests' own
//! (see `tests/stand_in`).

use std::path::{Path, PathBuf};

use super::Workspace;

impl Workspace {
    /// Has Terraform find a provider, such as `hashicorp/aws` 6.0.0 or
    /// `cloudflare/cloudflare` 5.0.0, which puts what it makes into the simulator. It is
    /// installed by the next `terraform init`.
    pub(crate) fn add_stand_in(&self, source: &str, version: &str) {
        self.install(source, version, &stand_in());
        self.set_env("STAND_IN_SIMULATOR", self.simulator.ses_url());
    }
}

/// The program, which cargo builds with the tests.
fn stand_in() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(Path::parent).unwrap();
    let program = target.join("examples/stand-in-provider");
    assert!(
        program.exists(),
        "{} is missing: run `cargo build --example stand-in-provider`",
        program.display()
    );
    program
}
