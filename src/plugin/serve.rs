//! A plugin process from its first line to its exit.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tonic::transport::Server;

use super::calls::Calls;
use super::handshake::{Handshake, HandshakeError};
use super::listener::{self, ListenError};
use super::proto::go_plugin::grpc_broker_server::GrpcBrokerServer;
use super::proto::go_plugin::grpc_controller_server::GrpcControllerServer;
use super::proto::go_plugin::grpc_stdio_server::GrpcStdioServer;
use super::proto::health::health_server::HealthServer;
use super::proto::tfplugin6::provider_server::ProviderServer;
use super::rpc::Service;
use super::services::Services;
use super::start::{self, Opened};
use super::stop::{self, InFlight};
use super::tls::TlsError;
use super::{CancellationToken, Provider};
use crate::machine::Shortage;

/// A message may hold the state of a fleet; Terraform sends and takes as much.
const MAX_MESSAGE: usize = 256 << 20;
/// How long answers may take to leave after the host has asked to exit.
const FLUSH: Duration = Duration::from_millis(50);
/// How long calls in flight may take to end when nobody is left to ask for it.
const LAST_CALLS: Duration = Duration::from_secs(30);

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
    /// The host did not say what it must.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The machine has too little of something.
    #[error(transparent)]
    Shortage(#[from] Shortage),
    /// The threads and waits of the process cannot be set up.
    #[error("its threads cannot be set up: {0}")]
    Runtime(#[source] io::Error),
    /// There is nowhere to listen.
    #[error(transparent)]
    Listen(#[from] ListenError),
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

impl ServeError {
    /// Whether the host has not been told yet where to connect to.
    pub(super) fn is_before_line(&self) -> bool {
        !matches!(self, Self::Stdout(_) | Self::Transport(_))
    }
}

/// Serves `provider` to the host that has started this process, until it says
/// Shutdown or goes away.
pub(super) async fn serve<P: Provider>(
    provider: P,
    options: ServeOptions,
    handshake: Handshake,
) -> Result<(), ServeError> {
    let calls = Arc::new(Calls::new(provider));
    let in_flight = InFlight::default();
    let exit = CancellationToken::new();
    // Ended when this returns, whatever they wait for.
    let mut watching = JoinSet::new();

    // Before the host knows of this process, and so before it can be told to
    // interrupt it.
    let signals = stop::on_signals({
        let (calls, in_flight, exit) = (Arc::clone(&calls), in_flight.clone(), exit.clone());
        move || {
            tracing::info!("interrupted: ending what waits");
            let first = calls.stop.interrupt();
            if options.debug && first {
                tokio::spawn(exit_after(in_flight.clone(), exit.clone()));
            } else if options.debug {
                exit.cancel();
            }
        }
    });
    watching.spawn(signals.map_err(ServeError::Signals)?);
    if !options.debug {
        let (calls, in_flight, exit) = (Arc::clone(&calls), in_flight.clone(), exit.clone());
        watching.spawn(async move {
            stop::orphaned().await;
            tracing::warn!("Terraform is gone: ending what waits, then exiting");
            calls.stop.interrupt();
            exit_after(in_flight, exit).await;
        });
    }

    let Opened {
        listener,
        tls,
        line,
    } = start::open(&handshake, &options).await?;
    let listener = Arc::new(listener);

    let (accepted, incoming) = listener::incoming();
    watching.spawn({
        let listener = Arc::clone(&listener);
        async move { listener.accept_into(tls, accepted).await }
    });
    let services = Services { exit: exit.clone() };
    let server = Server::builder()
        .add_service(
            ProviderServer::new(Service::new(Arc::clone(&calls), in_flight))
                .max_decoding_message_size(MAX_MESSAGE)
                .max_encoding_message_size(MAX_MESSAGE),
        )
        .add_service(GrpcControllerServer::new(services.clone()))
        .add_service(GrpcStdioServer::new(services.clone()))
        .add_service(GrpcBrokerServer::new(services.clone()))
        .add_service(HealthServer::new(services))
        .serve_with_incoming_shutdown(incoming, exit.clone().cancelled_owned());

    start::print(&line).map_err(ServeError::Stdout)?;
    listener.tidy_up();
    tokio::select! {
        served = server => served?,
        // Streams and calls may still be open: they do not hold up the exit.
        () = async { exit.cancelled().await; tokio::time::sleep(FLUSH).await } => {}
    }
    // The tasks hold the listener, whose directory goes with it.
    watching.shutdown().await;
    Ok(())
}

/// Asks to exit once no call is in flight, or at last after a while.
async fn exit_after(in_flight: InFlight, exit: CancellationToken) {
    in_flight.finish(LAST_CALLS).await;
    exit.cancel();
}
