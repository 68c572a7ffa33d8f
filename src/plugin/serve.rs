//! A plugin process from its first line to its exit.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use tonic::transport::Server;

use super::calls::Calls;
use super::handshake::{self, Handshake, HandshakeError};
use super::listener::{self, Listener};
use super::proto::go_plugin::grpc_broker_server::GrpcBrokerServer;
use super::proto::go_plugin::grpc_controller_server::GrpcControllerServer;
use super::proto::go_plugin::grpc_stdio_server::GrpcStdioServer;
use super::proto::health::health_server::HealthServer;
use super::proto::tfplugin6::provider_server::ProviderServer;
use super::rpc::Service;
use super::services::Services;
use super::session::Sessions;
use super::stop::{self, AFTER_SHUTDOWN, AT_LAST, Ending, Signal};
use super::tls::{self, TlsError};
use super::{CancellationToken, Provider, logging};

/// A message may hold the state of a fleet; Terraform sends and takes as much.
const MAX_MESSAGE: usize = 256 << 20;
/// How long answers may take to leave when the process exits.
const FLUSH: Duration = Duration::from_millis(50);

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Wait for Terraform to attach, as a debugger wants it, rather than be
    /// started by it: no handshake, no TLS, until Ctrl-C.
    pub debug: bool,
    /// The provider's version, for the log.
    pub version: &'static str,
    /// The provider's source address: `HOST/NAMESPACE/TYPE`.
    pub address: &'static str,
}

/// Why a plugin process could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Two entities of the provider have one name, which is a bug of it.
    #[error("the provider has a bug: the {kind} {name} is registered twice")]
    RegisteredTwice {
        /// Resource, data source or function.
        kind: &'static str,
        /// The name.
        name: &'static str,
    },
    /// The host did not say what it must.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Without unix sockets, any local user could connect in plaintext.
    #[error(
        "PLUGIN_CLIENT_CERT is not set, and this system has no sockets that others cannot open"
    )]
    Plaintext,
    /// There is nowhere to listen.
    #[error("cannot listen: {0}")]
    Listen(#[source] io::Error),
    /// The answer to the handshake could not be written.
    #[error("cannot write to stdout: {0}")]
    Stdout(#[source] io::Error),
    /// Signals cannot be handled.
    #[error("cannot handle signals: {0}")]
    Signals(#[source] io::Error),
    /// The gRPC server has ended by itself.
    #[error("cannot serve: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves `provider` to the host that has started this process, until it says
/// Shutdown or goes away. Reads go-plugin's environment variables, and writes
/// nothing but the handshake to stdout.
pub async fn serve<P: Provider>(provider: P, options: ServeOptions) -> Result<(), ServeError> {
    let handshake = Handshake::from_env(options.debug)?;
    logging::install();
    tracing::info!(version = options.version, "provider started");

    let calls = Arc::new(Calls::new(provider));
    if let Some((kind, name)) = calls.entities.registered_twice() {
        return Err(ServeError::RegisteredTwice { kind, name });
    }
    let ending = Ending {
        sessions: Arc::new(Sessions::<P::Configured>::new(options.debug)),
        in_flight: TaskTracker::new(),
        exit: CancellationToken::new(),
    };
    // Ended when this returns, whatever they wait for.
    let mut watching = JoinSet::new();

    // Before the host knows of this process, and so before it can be told to
    // interrupt it.
    let signals = stop::on_signals(match options.debug {
        true => Box::new(attached_to(ending.clone())) as Box<dyn Fn(Signal) + Send>,
        false => Box::new(started_by_terraform(ending.clone())),
    });
    watching.spawn(signals.map_err(ServeError::Signals)?);
    if !options.debug {
        let ending = ending.clone();
        watching.spawn(async move {
            stop::abandoned(&ending.sessions).await;
            tracing::warn!("Terraform is gone: ending what waits, then exiting");
            ending.end(AT_LAST).await;
        });
    }

    let (tls, certificate) = match &handshake.client_certificate {
        Some(client) => tls::acceptor(client.clone()).map(|(tls, cert)| (Some(tls), Some(cert)))?,
        None => (None, None),
    };
    let listener = if cfg!(unix) {
        Listener::unix(&handshake.socket_parent)
    } else if tls.is_none() && !options.debug {
        return Err(ServeError::Plaintext);
    } else {
        Listener::tcp(handshake.ports.clone()).await
    };
    let listener = Arc::new(listener.map_err(ServeError::Listen)?);
    let (network, address) = (listener.network(), listener.address());
    let line = if options.debug {
        attach_help(&handshake::reattach(options.address, network, address))
    } else {
        handshake.answer(network, address, certificate.as_ref())
    };

    let (accepted, incoming) = listener::incoming();
    watching.spawn({
        let listener = Arc::clone(&listener);
        async move { listener.accept_into(tls, accepted).await }
    });
    let sessions = Arc::clone(&ending.sessions);
    let incoming = incoming.map_ok(move |connection| connection.with(sessions.connect()));
    let services = Services {
        shutdown: CancellationToken::new(),
        exit: ending.exit.clone(),
    };
    watching.spawn({
        let (shutdown, ending) = (services.shutdown.clone(), ending.clone());
        async move {
            shutdown.cancelled().await;
            ending.end(AFTER_SHUTDOWN).await;
        }
    });
    let exit = ending.exit.clone();
    let server = Server::builder()
        .add_service(
            ProviderServer::new(Service::new(calls, ending.in_flight))
                .max_decoding_message_size(MAX_MESSAGE)
                .max_encoding_message_size(MAX_MESSAGE),
        )
        .add_service(GrpcControllerServer::new(services.clone()))
        .add_service(GrpcStdioServer::new(services.clone()))
        .add_service(GrpcBrokerServer::new(services.clone()))
        .add_service(HealthServer::new(services))
        .serve_with_incoming_shutdown(incoming, exit.clone().cancelled_owned());

    print(&line).map_err(ServeError::Stdout)?;
    tokio::select! {
        served = server => served?,
        // Streams and calls may still be open: they do not hold up the exit.
        () = async { exit.cancelled().await; tokio::time::sleep(FLUSH).await } => {}
    }
    // The tasks hold the listener, whose directory goes with it.
    watching.shutdown().await;
    Ok(())
}

/// What signals do to a process that Terraform has started. An interrupt reaches
/// Terraform too, which says what is to follow, and so may the first word to
/// terminate; the second ends the process. A terminal that is closed is nothing
/// to it: `nohup` keeps Terraform from it, and if Terraform ends, that is noticed.
fn started_by_terraform<C: Send + Sync + 'static>(ending: Ending<C>) -> impl Fn(Signal) + Send {
    let terminated = AtomicBool::new(false);
    move |signal| match signal {
        Signal::HangUp => {}
        Signal::Terminate if terminated.swap(true, Relaxed) => end(&ending, signal),
        Signal::Interrupt | Signal::Terminate => {
            tracing::info!(?signal, "ending what waits");
            ending.sessions.stop();
        }
    }
}

/// What signals do to a process that Terraform attaches to: the first ends it, and
/// a second one does so at once.
fn attached_to<C: Send + Sync + 'static>(ending: Ending<C>) -> impl Fn(Signal) + Send {
    let ended = AtomicBool::new(false);
    let hang_up_is_ignored = stop::hang_up_is_ignored();
    move |signal| match signal {
        Signal::HangUp if hang_up_is_ignored => {}
        _ if ended.swap(true, Relaxed) => ending.exit.cancel(),
        _ => end(&ending, signal),
    }
}

fn end<C: Send + Sync + 'static>(ending: &Ending<C>, signal: Signal) {
    tracing::info!(?signal, "ending what waits, then exiting");
    let ending = ending.clone();
    tokio::spawn(async move { ending.end(AT_LAST).await });
}

fn attach_help(reattach: &str) -> String {
    format!(
        "Provider started. To attach Terraform, set this in its environment:\n\n\
         \tTF_REATTACH_PROVIDERS='{reattach}'\n\n\
         Press Ctrl-C to stop.\n"
    )
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
