//! Folders with a configuration in them, and Terraform to run there.

use std::env::consts::{ARCH, OS};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use simulator::{Rate, Simulator};
use tempfile::TempDir;
use tokio::process::Command;

use crate::process::{Run, run};

/// The region of everything that is measured.
pub(crate) const REGION: &str = "us-east-1";

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The provider, where Terraform finds it and nothing else.
pub(crate) struct Installation {
    pub(crate) provider: PathBuf,
    home: TempDir,
}

impl Installation {
    /// Makes a home folder with a mirror that holds `provider`.
    pub(crate) fn new(provider: &Path) -> Self {
        let provider = fs::canonicalize(provider).expect("there is no provider: build it first");
        let (home, executable) = Self::home();
        fs::copy(&provider, executable).unwrap();
        Self { provider, home }
    }

    /// The same, but no provider process can write a byte into any file: on a full
    /// disk, as far as it can tell.
    pub(crate) fn on_a_full_disk(&self) -> Self {
        let (home, executable) = Self::home();
        let provider = self.provider.clone();
        // Without the trap, the signal would end the process before the error.
        let script = format!(
            "#!/bin/sh\ntrap '' XFSZ\nulimit -f 0\nexec '{}' \"$@\"\n",
            provider.display()
        );
        fs::write(&executable, script).unwrap();
        fs::set_permissions(&executable, Permissions::from_mode(0o755)).unwrap();
        Self { provider, home }
    }

    /// A home folder that other users can look into, with an empty mirror, and
    /// where the provider belongs in it.
    fn home() -> (TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
        let os = if OS == "macos" { "darwin" } else { OS };
        let architecture = match ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let mirror = home.path().join("mirror");
        let package = mirror.join(format!(
            "registry.terraform.io/terraform-provider-ses/ses/{VERSION}/{os}_{architecture}"
        ));
        fs::create_dir_all(&package).unwrap();
        let settings = format!(
            "disable_checkpoint = true\n\
             provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n"
        );
        fs::write(home.path().join("terraform.tfrc"), settings).unwrap();
        let executable = package.join(format!("terraform-provider-ses_v{VERSION}"));
        (home, executable)
    }

    /// `program`, which sees nothing of our environment but the PATH.
    fn command(&self, program: &str, temporary: &Path) -> Command {
        #[expect(
            clippy::disallowed_methods,
            reason = "to clear the environment, and still find terraform"
        )]
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home.path())
            .env("TMPDIR", temporary)
            .env(
                "TF_CLI_CONFIG_FILE",
                self.home.path().join("terraform.tfrc"),
            )
            .env("TF_CLI_ARGS", "-no-color")
            .env("TF_INPUT", "0")
            .env("CHECKPOINT_DISABLE", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }
}

/// Whether the provider keeps to SES's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As the provider comes: one request a second.
    OneASecond,
    /// `requests_per_second = 0`.
    None,
}

impl Pace {
    /// What SES's limit asks for.
    pub(crate) fn of(rate: Rate) -> Self {
        match rate {
            Rate::Unlimited => Self::None,
            Rate::PerOperation(_) | Rate::PerAccount(_) => Self::OneASecond,
        }
    }
}

/// A folder with a configuration, its state and whatever is temporary. All of
/// it is gone when it is dropped.
pub(crate) struct Folder<'a> {
    installation: &'a Installation,
    folder: TempDir,
    /// Whose it is, by number, where it is not ours.
    user: Option<u32>,
    /// Whether the provider's log is part of what Terraform writes to stderr.
    logged: bool,
}

impl<'a> Folder<'a> {
    /// An empty one.
    pub(crate) fn new(installation: &'a Installation) -> Self {
        Self {
            installation,
            folder: tempfile::tempdir().unwrap(),
            user: None,
            logged: false,
        }
    }

    /// From now on, the provider's log is part of what Terraform writes to stderr.
    pub(crate) fn log(&mut self) {
        self.logged = true;
    }

    /// Gives it to another user, who runs Terraform there from now on. Only root can.
    pub(crate) fn give_to(&mut self, user: u32) {
        chown(self.folder.path(), Some(user), Some(user)).unwrap();
        self.user = Some(user);
    }

    /// Writes main.tf: the provider at `simulator`, the body of its `dns` block,
    /// and `hcl`.
    pub(crate) fn configure(&self, simulator: &Simulator, pace: Pace, dns: &str, hcl: &str) {
        let pace = match pace {
            Pace::OneASecond => "",
            Pace::None => "requests_per_second = 0",
        };
        let text = format!(
            r#"
terraform {{
  required_providers {{
    ses = {{ source = "terraform-provider-ses/ses" }}
  }}
}}

provider "ses" {{
  region     = "{REGION}"
  access_key = "AKIAIOSFODNN7EXAMPLE"
  secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
  {pace}
  endpoints {{
    ses = "{ses}"
  }}
  dns {{
    {dns}
  }}
}}

{hcl}
"#,
            ses = simulator.ses_url()
        );
        fs::write(self.folder.path().join("main.tf"), text).unwrap();
    }

    /// A file of the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs Terraform as on a host of its own: nothing is shared with any
    /// other process. Panics unless it succeeds.
    pub(crate) async fn terraform(&self, args: &[&str]) -> Run {
        let host = tempfile::tempdir().unwrap();
        self.terraform_on(host.path(), args).await
    }

    /// Runs Terraform on a host, which is its folder for temporary files: there
    /// provider processes find the pace that they share. Panics unless it succeeds.
    pub(crate) async fn terraform_on(&self, host: &Path, args: &[&str]) -> Run {
        let run = self.try_terraform_on(host, args).await;
        assert!(run.succeeded, "{args:?}: {run:#?}");
        run
    }

    /// The same, whatever comes of it.
    pub(crate) async fn try_terraform_on(&self, host: &Path, args: &[&str]) -> Run {
        let mut command = match self.user {
            None => self.installation.command("terraform", host),
            Some(user) => {
                let mut command = self.installation.command("setpriv", host);
                let user = user.to_string();
                command
                    .args(["--clear-groups", "--reuid", &user, "--regid", &user])
                    .arg("terraform");
                command
            }
        };
        if self.logged {
            command.env("TF_LOG_PROVIDER", "debug");
        }
        command.current_dir(self.folder.path()).args(args);
        run(command, host).await
    }
}

/// Terraform's version, such as `Terraform v1.11.4`.
pub(crate) async fn version(installation: &Installation) -> String {
    let run = Folder::new(installation).terraform(&["version"]).await;
    run.stdout.lines().next().unwrap_or_default().to_owned()
}
