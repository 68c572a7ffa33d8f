//! A plugin process, and connections to it as go-plugin's host makes them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, SignatureAlgorithm};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use terraform_provider_ses::plugin::proto::go_plugin::Empty;
use terraform_provider_ses::plugin::proto::go_plugin::grpc_controller_client::GrpcControllerClient;
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

pub(crate) const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// Long enough for anything that happens at once, on a busy machine too.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// The toy provider's executable, which cargo builds with the tests.
pub(crate) fn toy_provider() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(Path::parent).unwrap();
    let toy = target.join("examples/toy-provider");
    assert!(
        toy.exists(),
        "{} is missing: run `cargo build --example toy-provider`",
        toy.display()
    );
    toy
}

/// The toy provider, not started yet, in an environment with nothing of
/// Terraform's in it. Backtraces are on: none may get into a diagnostic.
pub(crate) fn command() -> Command {
    let mut command = Command::new(toy_provider());
    command
        .env_clear()
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// As [`command`], with what Terraform sets.
pub(crate) fn command_by_terraform(client: Option<&Certificate>) -> Command {
    let mut command = command();
    command
        .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "6,5")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000");
    if let Some(client) = client {
        command.env("PLUGIN_CLIENT_CERT", &client.pem);
    }
    command
}

/// A self-signed certificate of `localhost`, marked as an authority, as
/// go-plugin's host makes it.
pub(crate) struct Certificate {
    pem: String,
    der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Certificate {
    pub(crate) fn new(algorithm: &'static SignatureAlgorithm) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        }
    }

    /// This certificate in the hands of somebody who has only another key.
    pub(crate) fn stolen(&self) -> Self {
        Self {
            pem: self.pem.clone(),
            der: self.der.clone(),
            key: Self::of_terraform().key,
        }
    }

    /// As Terraform's: on the curve P-521.
    pub(crate) fn of_terraform() -> Self {
        Self::new(&rcgen::PKCS_ECDSA_P521_SHA512)
    }
}

/// A running plugin that has said where it listens.
pub(crate) struct Plugin {
    pub(crate) process: Child,
    pub(crate) stdout: BufReader<ChildStdout>,
    pub(crate) socket: PathBuf,
    /// The certificate that it shows.
    server: Option<CertificateDer<'static>>,
    /// Holds the socket of a process that is killed before it can remove it.
    _temporary: TempDir,
}

impl Plugin {
    /// Starts the toy provider without TLS.
    pub(crate) async fn start() -> Self {
        Self::spawn(command_by_terraform(None)).await
    }

    pub(crate) async fn spawn(mut command: Command) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        command.env("TMPDIR", temporary.path());
        let mut process = command.spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).await.unwrap();
        let fields: Vec<_> = line.trim_end_matches('\n').split('|').collect();
        let ["1", "6", "unix", socket, "grpc", certificate] = fields.as_slice() else {
            panic!("no handshake: {line:?}");
        };
        let certificate = STANDARD_NO_PAD.decode(certificate).unwrap();
        Self {
            process,
            stdout,
            socket: socket.into(),
            server: (!certificate.is_empty()).then(|| certificate.into()),
            _temporary: temporary,
        }
    }

    /// A connection in plaintext.
    pub(crate) async fn plaintext(&self) -> Result<Channel, tonic::transport::Error> {
        plaintext(&self.socket).await
    }

    /// A client of the provider, in plaintext.
    pub(crate) async fn provider(&self) -> ProviderClient<Channel> {
        let channel = self.plaintext().await.unwrap();
        ProviderClient::new(channel).max_decoding_message_size(usize::MAX)
    }

    /// A connection with TLS that shows `client`, or no certificate.
    pub(crate) async fn tls(
        &self,
        client: Option<&Certificate>,
    ) -> Result<Channel, tonic::transport::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(self.server.clone().unwrap()).unwrap();
        let crypto = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&crypto))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match client {
            Some(client) => {
                let key = crypto.key_provider.load_private_key(client.key.clone_key());
                // Does not check that the key is the certificate's.
                let shown = CertifiedKey::new(vec![client.der.clone()], key.unwrap());
                config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
            }
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let socket = self.socket.clone();
        endpoint()
            .connect_with_connector(tower::service_fn(move |_| {
                let (connector, socket) = (connector.clone(), socket.clone());
                async move {
                    let stream = UnixStream::connect(socket).await?;
                    let name = ServerName::try_from("localhost").unwrap();
                    connector.connect(name, stream).await.map(TokioIo::new)
                }
            }))
            .await
    }

    /// Ends the process as Terraform does, and returns how long that took.
    pub(crate) async fn shut_down(&mut self, channel: Channel) -> Duration {
        let begun = tokio::time::Instant::now();
        let mut controller = GrpcControllerClient::new(channel);
        controller.shutdown(Empty {}).await.unwrap();
        self.exited().await;
        begun.elapsed()
    }

    /// Waits for the process to end well by itself, with nothing left behind
    /// and nothing more said on stdout.
    pub(crate) async fn exited(&mut self) {
        let status = tokio::time::timeout(SOON, self.process.wait())
            .await
            .expect("the plugin still runs")
            .unwrap();
        assert!(status.success(), "{status}");
        assert!(!self.socket.parent().unwrap().exists());
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "");
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.process, name);
    }
}

pub(crate) fn signal(process: &Child, name: &str) {
    let pid = process.id().unwrap().to_string();
    let status = std::process::Command::new("kill")
        .args(["-s", name, &pid])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Where a process that was started with `--debug` says that it listens.
pub(crate) async fn attached_socket(process: &mut Child) -> PathBuf {
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let value = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some(value) = line.trim().strip_prefix("TF_REATTACH_PROVIDERS=") {
            break value.trim_matches('\'').to_owned();
        }
    };
    let value: serde_json::Value = serde_json::from_str(&value).unwrap();
    let entry = value.as_object().unwrap().values().next().unwrap();
    entry["Addr"]["String"].as_str().unwrap().into()
}

fn endpoint() -> Endpoint {
    // The connector decides where to connect to.
    Endpoint::from_static("http://localhost").connect_timeout(SOON)
}

pub(crate) async fn plaintext(socket: &Path) -> Result<Channel, tonic::transport::Error> {
    let socket = socket.to_owned();
    endpoint()
        .connect_with_connector(tower::service_fn(move |_| {
            let socket = socket.clone();
            async move { UnixStream::connect(socket).await.map(TokioIo::new) }
        }))
        .await
}
