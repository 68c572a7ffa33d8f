//! The provider as a process of its own, without Terraform: its start, its
//! memory, its size, and how many calls a second it answers.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P521_SHA512};
use serde_json::json;
use simulator::{Rate, Simulator};
use tempfile::TempDir;
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    DynamicValue, configure_provider, get_metadata, get_provider_schema, read_resource,
};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};
use tonic::transport::{Channel, Endpoint};

use crate::fleet::{self, Tally, Template, set_mail_from};
use crate::process::memory;
use crate::report::{Row, megabytes};
use crate::sizes::Sizes;
use crate::terraform::{Installation, REGION};

const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The executable and the process at rest are to stay below this, in bytes.
const LIMIT: u64 = 15_000_000;

/// The start is to take no longer, in milliseconds.
const LONGEST_START: f64 = 15.0;

/// Identities read before memory is looked at again.
const READ: usize = 1000;

/// Terraform's default parallelism.
const CALLERS: usize = 10;

/// Long enough for anything that happens at once, on a busy machine too.
const SOON: Duration = Duration::from_secs(60);

/// Everything that is measured without Terraform.
pub(crate) async fn rows(
    installation: &Installation,
    template: &Template,
    sizes: &Sizes,
) -> Vec<Row> {
    let provider = &installation.provider;
    let mut rows = vec![start(provider, sizes.starts).await];
    rows.extend(memory_used(provider, template).await);
    let size = fs::metadata(provider).unwrap().len();
    rows.push(Row::sized("size of the executable", size, LIMIT));
    rows.push(calls(provider, template, sizes.calls).await);
    rows
}

/// From the start of the process to its handshake, as Terraform waits for it.
async fn start(provider: &Path, times: usize) -> Row {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .and_then(|params| params.self_signed(&key))
        .unwrap();
    let mut starts = Vec::new();
    for _ in 0..times {
        let mut command = command(provider);
        command.env("PLUGIN_CLIENT_CERT", certificate.pem());
        let begun = Instant::now();
        let plugin = Plugin::spawn(command).await;
        starts.push(begun.elapsed());
        drop(plugin);
    }
    starts.sort();
    let median = starts[times / 2].as_secs_f64() * 1000.0;
    Row {
        name: format!("start to handshake, median of {times}"),
        measured: format!("{median:.1} ms"),
        floor: Some(format!("limit {LONGEST_START:.1} ms")),
        ratio: Some(median / LONGEST_START),
        ..Row::default()
    }
}

/// Memory once configured, and after reads; nothing where /proc does not tell.
async fn memory_used(provider: &Path, template: &Template) -> Vec<Row> {
    let simulator = at_once(READ);
    let plugin = Plugin::spawn(command(provider)).await;
    let client = plugin.configured(&simulator).await;
    let resident = || memory(&plugin.folder_in_proc(), "VmRSS");
    let Some(rest) = resident() else {
        return Vec::new();
    };
    read(&client, template, READ).await;
    let after = resident().unwrap();
    vec![
        Row::sized("memory at rest, configured", rest, LIMIT),
        Row {
            name: format!("memory after {READ} reads"),
            measured: megabytes(after),
            floor: Some(format!("{} (at rest)", megabytes(rest))),
            ratio: Some(after as f64 / rest as f64),
            ..Row::default()
        },
    ]
}

/// Reads a second by ten callers of a fleet, nearly all of them answered from
/// what was read ahead: SES has neither limit nor latency here. The floor is a
/// call that does no work.
async fn calls(provider: &Path, template: &Template, times: usize) -> Row {
    let simulator = at_once(times);
    let plugin = Plugin::spawn(command(provider)).await;
    let client = plugin.configured(&simulator).await;
    let idle = by_callers(times, async |_| {
        let request = get_metadata::Request {};
        client.clone().get_metadata(request).await.unwrap();
    })
    .await;
    let reads = read(&client, template, times).await;
    let a_second = |elapsed: Duration| times as f64 / elapsed.as_secs_f64();
    Row {
        name: format!("{times} cached reads by gRPC"),
        measured: format!("{:.0}/s", a_second(reads)),
        floor: Some(format!("{:.0}/s (GetMetadata)", a_second(idle))),
        ratio: Some(reads.as_secs_f64() / idle.as_secs_f64()),
        calls: Some(Tally::of(&simulator.ses().calls())),
        ..Row::default()
    }
}

/// SES with a fleet that is set, without limit and latency.
fn at_once(size: usize) -> Simulator {
    let simulator = fleet::simulator(Rate::Unlimited, size);
    simulator.ses().set_latency(Duration::ZERO);
    set_mail_from(&simulator, size);
    simulator
}

/// Reads identities `0..size`, each once, and returns how long that took.
async fn read(client: &ProviderClient<Channel>, template: &Template, size: usize) -> Duration {
    let states: Vec<_> = (0..size)
        .map(|number| template.attributes(number))
        .collect();
    by_callers(size, async |number| {
        let request = read_resource::Request {
            type_name: "ses_identity_mail_from".to_owned(),
            current_state: Some(value(states[number].clone())),
            ..Default::default()
        };
        let response = client.clone().read_resource(request).await.unwrap();
        let response = response.into_inner();
        assert_eq!(response.diagnostics, []);
        // Null, a single byte, stands for what is gone.
        assert!(response.new_state.unwrap().msgpack.len() > 1);
    })
    .await
}

/// Calls for each of `0..times` by ten callers at a time.
async fn by_callers(times: usize, call: impl AsyncFn(usize)) -> Duration {
    let begun = Instant::now();
    let callers = (0..CALLERS).map(async |caller| {
        for number in (caller..times).step_by(CALLERS) {
            call(number).await;
        }
    });
    join_all(callers).await;
    begun.elapsed()
}

fn value(json: Vec<u8>) -> DynamicValue {
    DynamicValue {
        json,
        ..Default::default()
    }
}

/// The provider, not started yet, in the environment that Terraform gives it.
fn command(provider: &Path) -> Command {
    let mut command = Command::new(provider);
    command
        .env_clear()
        .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

/// A running provider; dropping it kills it.
struct Plugin {
    process: Child,
    socket: String,
    /// Where the socket is.
    _temporary: TempDir,
}

impl Plugin {
    /// Starts it, and waits for its handshake.
    async fn spawn(mut command: Command) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        command.env("TMPDIR", temporary.path());
        let mut process = command.spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        timeout(SOON, stdout.read_line(&mut line))
            .await
            .expect("no handshake")
            .unwrap();
        let socket = line.split('|').nth(3).expect("no handshake").to_owned();
        Self {
            process,
            socket,
            _temporary: temporary,
        }
    }

    fn folder_in_proc(&self) -> std::path::PathBuf {
        let id = self.process.id().expect("it was not waited for");
        format!("/proc/{id}").into()
    }

    /// A client, after the calls that Terraform begins with.
    async fn configured(&self, simulator: &Simulator) -> ProviderClient<Channel> {
        let socket = self.socket.clone();
        // The connector decides where to connect to.
        let channel = Endpoint::from_static("http://localhost")
            .connect_with_connector(tower::service_fn(move |_| {
                let socket = socket.clone();
                async move { UnixStream::connect(socket).await.map(TokioIo::new) }
            }))
            .await
            .unwrap();
        let mut client = ProviderClient::new(channel);
        client
            .get_provider_schema(get_provider_schema::Request {})
            .await
            .unwrap();
        let config = json!({
            "region": REGION,
            "profile": null,
            "access_key": "AKIAIOSFODNN7EXAMPLE",
            "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "token": null,
            "requests_per_second": 0,
            "endpoints": { "ses": simulator.ses_url(), "sts": null },
            "dns": { "enabled": false, "nameservers": null, "timeout": null, "attempts": null },
        });
        let request = configure_provider::Request {
            config: Some(value(config.to_string().into_bytes())),
            ..Default::default()
        };
        let configured = client.configure_provider(request).await.unwrap();
        assert_eq!(configured.into_inner().diagnostics, []);
        client
    }
}
