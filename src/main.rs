//! The `terraform-provider-ses` executable: its arguments, its environment, and
//! what a person who starts it by hand is told.

use std::io::Write as _;
use std::process::ExitCode;

use terraform_provider_ses::plugin::{HandshakeError, ServeError, ServeOptions, run};
use terraform_provider_ses::provider::{Environment, Provider};
use terraform_provider_ses::ses::AwsEnvironment;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where Terraform looks for the provider, unless it is told otherwise.
/// Without a host: each of Terraform and OpenTofu puts that of its registry.
const ADDRESS: &str = "terraform-provider-ses/ses";

const HELP: &str = "\
This is a Terraform provider for the custom MAIL FROM domains of Amazon SES.
Terraform and OpenTofu start it by themselves; name it in a configuration:

    terraform {
      required_providers {
        ses = { source = \"terraform-provider-ses/ses\" }
      }
    }

Usage: terraform-provider-ses [--debug | --version | --help]

    --debug    run until Ctrl-C, for Terraform to attach to
    --version  print the version
    --help     print this help
";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let debug = match arguments.as_slice() {
        [] => false,
        [argument] => match argument.to_str() {
            // As Go's flag package reads it, with one hyphen or two.
            Some("--debug" | "-debug") => true,
            Some("--version" | "-version" | "-v" | "-V") => {
                return print(&format!("terraform-provider-ses {VERSION}\n"));
            }
            Some("--help" | "-help" | "-h") => return print(HELP),
            _ => return fail(HELP),
        },
        _ => return fail(HELP),
    };
    let options = ServeOptions {
        debug,
        version: VERSION,
        address: ADDRESS,
    };
    match run(Provider::new(environment(debug)), options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(ServeError::Handshake(HandshakeError::NotStartedByTerraform)) => fail(HELP),
        // Told already, to whoever has started this process.
        Err(_) => ExitCode::FAILURE,
    }
}

/// What the environment says, beside what the AWS SDK reads by itself.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment is read here and handed on"
)]
fn environment(debug: bool) -> Environment {
    let path = |name: &str| {
        let path = std::env::var_os(name).filter(|path| !path.is_empty());
        path.map(std::path::PathBuf::from)
    };
    // What is no text is nothing that AWS's variables may hold.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let folders = [path("XDG_RUNTIME_DIR"), Some(std::env::temp_dir())];
    Environment {
        shared_folders: folders.into_iter().flatten().collect(),
        // Whoever attaches to a process gives it no certificate.
        is_started_by_terraform: !debug && path("PLUGIN_CLIENT_CERT").is_some(),
        aws: AwsEnvironment::read(variables),
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(text: &str) -> ExitCode {
    // There is nobody to tell if stderr is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::FAILURE
}
