//! A folder with a configuration in it, and Terraform to run there.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env::consts::{ARCH, OS};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use simulator::{Dns, Options, Rate, Ses, Simulator};
use tempfile::TempDir;

use super::cli::{Product, cli};
use super::process::{Run, Running};
use super::provider_block::ProviderBlock;

/// The provider as it was just built.
const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-ses");
const VERSION: &str = env!("CARGO_PKG_VERSION");

const REQUIRED_PROVIDERS: &str = r#"
terraform {
  required_providers {
    ses = { source = "terraform-provider-ses/ses" }
  }
}

"#;

/// The address that Terraform gives the provider.
pub(crate) fn provider_address() -> String {
    format!("{}/terraform-provider-ses/ses", cli().product.registry())
}

/// Where programs are.
fn path() -> OsString {
    #[expect(
        clippy::disallowed_methods,
        reason = "to clear the environment, and still find terraform"
    )]
    std::env::var_os("PATH").unwrap_or_default()
}

/// A test's own world: an initialised working folder with a home of its own,
/// and a simulator. All of it is gone when it is dropped.
pub(crate) struct Workspace {
    /// Written by [`Self::config`] in front of every configuration.
    pub(crate) provider: ProviderBlock,
    pub(crate) simulator: Simulator,
    environment: RefCell<BTreeMap<String, OsString>>,
    dir: TempDir,
}

impl Workspace {
    /// With a simulator that knows no limit, and in it the verified identity
    /// example.com.
    pub(crate) fn new() -> Self {
        Self::with(Options {
            rate: Rate::Unlimited,
            ..Options::default()
        })
    }

    /// With a simulator of one's own making, and in it the verified identity
    /// example.com.
    pub(crate) fn with(options: Options) -> Self {
        let simulator = Simulator::start(options).unwrap();
        simulator
            .ses()
            .add_identity(super::REGION, "example.com", true);
        let workspace = Self {
            provider: ProviderBlock::at(&simulator),
            simulator,
            environment: RefCell::default(),
            dir: tempfile::tempdir().unwrap(),
        };
        workspace.set_up_home();
        workspace.config("");
        workspace.terraform(&["init"]).succeeds();
        workspace
    }

    /// A home folder, and in it the mirror where Terraform finds the provider.
    fn set_up_home(&self) {
        self.install("terraform-provider-ses/ses", VERSION, Path::new(PROVIDER));
        let settings = format!(
            "disable_checkpoint = true\n\
             provider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
            self.mirror()
        );
        fs::write(self.home().join("terraform.tfrc"), settings).unwrap();
        fs::create_dir_all(self.folder()).unwrap();
    }

    /// Puts a provider into the mirror, under an address without a host.
    pub(super) fn install(&self, source: &str, version: &str, program: &Path) {
        let os = if OS == "macos" { "darwin" } else { OS };
        let architecture = match ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let (_, name) = source.rsplit_once('/').unwrap();
        // Both, because OpenTofu also reads states that Terraform has written.
        for host in [Product::Terraform, Product::OpenTofu].map(Product::registry) {
            let package = self
                .mirror()
                .join(host)
                .join(source)
                .join(version)
                .join(format!("{os}_{architecture}"));
            fs::create_dir_all(&package).unwrap();
            let executable = package.join(format!("terraform-provider-{name}_v{version}"));
            // A hard link is not possible from one file system to another.
            if fs::hard_link(program, &executable).is_err() {
                fs::copy(program, &executable).unwrap();
            }
        }
    }

    fn mirror(&self) -> PathBuf {
        self.home().join("mirror")
    }

    /// The home folder.
    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// The folder with the configuration and the state.
    pub(crate) fn folder(&self) -> PathBuf {
        self.dir.path().join("configuration")
    }

    /// SES as the simulator plays it.
    pub(crate) fn ses(&self) -> Ses {
        self.simulator.ses()
    }

    /// DNS as the simulator plays it.
    pub(crate) fn dns(&self) -> Dns {
        self.simulator.dns()
    }

    /// Writes main.tf: where the provider comes from, its block, then `hcl`.
    pub(crate) fn config(&self, hcl: &str) {
        let text = [REQUIRED_PROVIDERS, &self.provider.block(), hcl].concat();
        fs::write(self.folder().join("main.tf"), text).unwrap();
    }

    /// Sets a variable in the environment of every run from now on.
    pub(crate) fn set_env(&self, name: &str, value: impl Into<OsString>) {
        self.environment
            .borrow_mut()
            .insert(name.to_owned(), value.into());
    }

    /// Runs Terraform to its end.
    #[track_caller]
    pub(crate) fn terraform(&self, args: &[&str]) -> Run {
        self.spawn(args).wait()
    }

    /// Starts Terraform, never to ask, and never in colours.
    pub(crate) fn spawn(&self, args: &[&str]) -> Running {
        let mut command = self.command(&cli().program);
        command.args(args);
        Running::start(command, self.dir.path(), "")
    }

    /// Runs a script by the shell, to which `terraform` is the program under test.
    #[track_caller]
    pub(crate) fn shell(&self, script: &str) -> Run {
        let programs = self.home().join("bin");
        fs::create_dir_all(&programs).unwrap();
        let named = programs.join("terraform");
        if !named.exists() {
            let (path, program) = (path(), &cli().program);
            let wrapper = format!("#!/bin/sh\nPATH={path:?}\nexec {program:?} \"$@\"\n");
            fs::write(&named, wrapper).unwrap();
            fs::set_permissions(&named, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut command = self.command(Path::new("sh"));
        command.args(["-euc", &format!("PATH={programs:?}:$PATH\n{script}")]);
        Running::start(command, self.dir.path(), "").wait()
    }

    /// Evaluates an expression.
    #[track_caller]
    pub(crate) fn console(&self, expression: &str) -> Run {
        let mut command = self.command(&cli().program);
        command.arg("console");
        Running::start(command, self.dir.path(), expression).wait()
    }

    /// Starts Terraform under another program, such as `nohup`, which becomes it.
    pub(crate) fn spawn_under(&self, other: &str, args: &[&str]) -> Running {
        let mut command = self.command(Path::new(other));
        command.arg(&cli().program).args(args);
        Running::start(command, self.dir.path(), "")
    }

    /// Starts the provider by itself, without Terraform.
    pub(crate) fn spawn_provider(&self, args: &[&str]) -> Running {
        let mut command = self.command(Path::new(PROVIDER));
        command.args(args);
        Running::start(command, self.dir.path(), "")
    }

    /// A command in the folder, which sees nothing of the tests' environment
    /// but the PATH.
    fn command(&self, program: &Path) -> Command {
        let home = self.home();
        let mut command = Command::new(program);
        command
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", path())
            .env("HOME", &home)
            .env("TMPDIR", self.dir.path())
            .env("TF_CLI_CONFIG_FILE", home.join("terraform.tfrc"))
            .env("TF_CLI_ARGS", "-no-color")
            .env("TF_INPUT", "0")
            .env("CHECKPOINT_DISABLE", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.environment.borrow().iter());
        command
    }

    /// `terraform apply`, with the exit code as it comes.
    #[track_caller]
    pub(crate) fn apply(&self) -> Run {
        self.terraform(&["apply", "-auto-approve"])
    }

    /// `terraform plan`: code 0 if it plans nothing, 2 if it plans something.
    #[track_caller]
    pub(crate) fn plan(&self) -> Run {
        self.terraform(&["plan", "-detailed-exitcode"])
    }

    /// `terraform destroy`, with the exit code as it comes.
    #[track_caller]
    pub(crate) fn destroy(&self) -> Run {
        self.terraform(&["destroy", "-auto-approve"])
    }

    /// The plan as JSON, as `terraform show -json` has it.
    #[track_caller]
    pub(crate) fn plan_json(&self) -> Value {
        self.terraform(&["plan", "-out=plan"]).succeeds();
        self.json(&["show", "-json", "plan"])
    }

    /// The state as JSON, as `terraform show -json` has it.
    #[track_caller]
    pub(crate) fn state(&self) -> Value {
        self.json(&["show", "-json"])
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let run = self.terraform(args).succeeds();
        serde_json::from_str(&run.stdout).unwrap()
    }
}
