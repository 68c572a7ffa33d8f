//! A plugin process from its first line to its exit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use tonic::transport::Server;

use super::calls::Calls;
use super::error::ServeError;
use super::handshake::Handshake;
use super::listener;
use super::open::{Opened, open, print};
use super::platform::{self, Signal};
use super::proto::go_plugin::grpc_broker_server::GrpcBrokerServer;
use super::proto::go_plugin::grpc_controller_server::GrpcControllerServer;
use super::proto::go_plugin::grpc_stdio_server::GrpcStdioServer;
use super::proto::health::health_server::HealthServer;
use super::proto::tfplugin6::provider_server::ProviderServer;
use super::rpc::Service;
use super::services::Services;
use super::session::Sessions;
use super::start::ServeOptions;
use super::stop::{self, AFTER_SHUTDOWN, AT_LAST, Ending};
use super::{CancellationToken, Provider};

/// A message may hold the state of a fleet; Terraform sends and takes as much.
const MAX_MESSAGE: usize = 256 << 20;
/// How long answers may take to leave when the process exits.
const FLUSH: Duration = Duration::from_millis(50);

/// Serves `provider` to the host that has started this process, until it says
/// Shutdown or goes away. It is told where to connect to once all is `ready`.
pub(super) async fn serve<P: Provider>(
    provider: P,
    options: ServeOptions,
    handshake: Handshake,
    ready: impl Future<Output = Result<(), ServeError>>,
) -> Result<(), ServeError> {
    // At the same time: each takes as long as a good part of the start.
    let attached = options.debug.then_some(options.address);
    let opening = tokio::spawn(async move { open(&handshake, attached).await });
    let calls = Arc::new(Calls::new(provider));
    let Opened {
        listener,
        tls,
        line,
    } = opening.await.map_err(ServeError::broke_off)??;
    let listener = Arc::new(listener);
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
    let signals = platform::on_signals(match options.debug {
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

    ready.await?;
    print(&line).map_err(ServeError::Stdout)?;
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
    let hang_up_is_ignored = platform::hang_up_is_ignored();
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
