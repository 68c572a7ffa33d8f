//! The gRPC service: every RPC runs its call to the end, in a task of its own.

use std::future::Future;
use std::sync::Arc;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::TaskTracker;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use super::Provider;
use super::calls::{Caller, Calls};
use super::proto::tfplugin6::provider_server;
use super::proto::tfplugin6::{self as proto, list_resource};
use super::session::Link;

/// Terraform's `tfplugin6.Provider`.
pub(super) struct Service<P: Provider> {
    calls: Arc<Calls<P>>,
    in_flight: TaskTracker,
}

/// What the log says of a call, by the names that Go providers use.
struct Logged {
    rpc: &'static str,
    resource_type: Option<String>,
    data_source_type: Option<String>,
    function_name: Option<String>,
}

impl<P: Provider> Service<P> {
    /// Calls that are being worked on count in `in_flight`.
    pub(super) fn new(calls: Arc<Calls<P>>, in_flight: TaskTracker) -> Self {
        Self { calls, in_flight }
    }

    /// Works on a call in a task of its own: what has been begun remotely is
    /// brought to its end also if the caller goes away meanwhile. Then the call's
    /// token is cancelled, so that it waits for nothing more.
    async fn run<Q, A, F>(
        &self,
        logged: Logged,
        request: Request<Q>,
        call: impl FnOnce(Arc<Calls<P>>, Caller<P::Configured>, Q) -> F,
    ) -> Result<Response<A>, Status>
    where
        A: Answer + Send + 'static,
        F: Future<Output = A> + Send + 'static,
    {
        let caller = caller(&request).ok_or_else(unknown_connection)?;
        let abandoned = caller.stop.clone().drop_guard();
        let call = call(Arc::clone(&self.calls), caller, request.into_inner());
        let traced = traced(call).instrument(logged.span());
        let answer = self.in_flight.spawn(traced).await;
        abandoned.disarm();
        answer
            .map(Response::new)
            .map_err(|_| Status::internal("the provider has a bug: the call broke off"))
    }
}

/// Events of a stream that wait until Terraform takes them.
const EVENTS_AHEAD: usize = 100;

impl<P: Provider> Service<P> {
    /// Works on a list in a task of its own, which ends with the stream. `None`: the
    /// connection is not known.
    fn list(
        &self,
        request: Request<list_resource::Request>,
    ) -> Option<BoxStream<list_resource::Event>> {
        let caller: Caller<P::Configured> = caller(&request)?;
        let request = request.into_inner();
        let logged = Logged {
            rpc: "ListResource",
            resource_type: Some(request.type_name.clone()),
            data_source_type: None,
            function_name: None,
        };
        let abandoned = caller.stop.clone().drop_guard();
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        let calls = Arc::clone(&self.calls);
        let call = async move { calls.list(caller, request, sender).await };
        self.in_flight.spawn(traced(call).instrument(logged.span()));
        // Terraform has gone away where the stream is dropped, and with it the guard.
        let events = ReceiverStream::new(events).inspect(move |_| {
            let _ = &abandoned;
        });
        Some(Box::pin(events.map(Ok)))
    }
}

/// Whose call it is.
fn caller<C: Send + Sync + 'static, Q>(request: &Request<Q>) -> Option<Caller<C>> {
    let link = request.extensions().get::<Link<C>>();
    link.map(|link| Caller {
        session: Arc::clone(&link.session),
        stop: link.session.stop_of_call(),
    })
}

fn unknown_connection() -> Status {
    Status::internal("the connection is not known")
}

impl Logged {
    /// At the level of errors, so that every event of a call names it.
    fn span(&self) -> tracing::Span {
        tracing::error_span!(
            "call",
            tf_rpc = self.rpc,
            tf_req_id = format!("{:016x}", fastrand::u64(..)),
            tf_resource_type = self.resource_type,
            tf_data_source_type = self.data_source_type,
            tf_function_name = self.function_name,
        )
    }
}

/// The call, with its beginning and its end in the log.
async fn traced<A: Answer>(call: impl Future<Output = A>) -> A {
    tracing::debug!("call received");
    let begun = Instant::now();
    let answer = call.await;
    let (errors, warnings) = answer.counted();
    tracing::debug!(
        tf_req_duration_ms = begun.elapsed().as_millis(),
        diagnostic_error_count = errors,
        diagnostic_warning_count = warnings,
        "call served"
    );
    answer
}

/// An answer of Terraform's protocol.
trait Answer {
    fn diagnostics(&self) -> &[proto::Diagnostic];

    /// How many errors and warnings it holds.
    fn counted(&self) -> (usize, usize) {
        let warning = proto::diagnostic::Severity::Warning;
        let is_warning = |diagnostic: &&proto::Diagnostic| diagnostic.severity() == warning;
        let warnings = self.diagnostics().iter().filter(is_warning).count();
        (self.diagnostics().len() - warnings, warnings)
    }
}

macro_rules! answers {
    ($($name:ident)*) => {
        $(impl Answer for proto::$name::Response {
            fn diagnostics(&self) -> &[proto::Diagnostic] {
                &self.diagnostics
            }
        })*
    };
}

answers! {
    get_metadata get_provider_schema validate_provider_config validate_resource_config
    validate_data_resource_config configure_provider upgrade_resource_state
    get_resource_identity_schemas upgrade_resource_identity move_resource_state read_resource
    plan_resource_change apply_resource_change import_resource_state read_data_source
    get_functions validate_list_resource_config
}

impl Answer for proto::stop_provider::Response {
    fn diagnostics(&self) -> &[proto::Diagnostic] {
        &[]
    }
}

/// Of a stream, how many errors and warnings it held.
impl Answer for (usize, usize) {
    fn diagnostics(&self) -> &[proto::Diagnostic] {
        &[]
    }

    fn counted(&self) -> (usize, usize) {
        *self
    }
}

/// A function's error is no diagnostic.
impl Answer for proto::call_function::Response {
    fn diagnostics(&self) -> &[proto::Diagnostic] {
        &[]
    }

    fn counted(&self) -> (usize, usize) {
        (usize::from(self.error.is_some()), 0)
    }
}

macro_rules! rpcs {
    ($($name:ident = $rpc:literal
        $(of $kind:ident = $type:ident)? =>
        |$calls:ident, $caller:pat_param, $request:pat_param| $call:expr;
    )*) => {
        #[tonic::async_trait]
        impl<P: Provider> provider_server::Provider for Service<P> {
            $(async fn $name(
                &self,
                request: Request<proto::$name::Request>,
            ) -> Result<Response<proto::$name::Response>, Status> {
                #[allow(unused_mut, reason = "a call need not be of a type")]
                let mut logged = Logged {
                    rpc: $rpc,
                    resource_type: None,
                    data_source_type: None,
                    function_name: None,
                };
                $(logged.$kind = Some(request.get_ref().$type.clone());)?
                self.run(logged, request, |$calls, $caller, $request| async move { $call }).await
            })*

            async fn list_resource(
                &self,
                request: Request<list_resource::Request>,
            ) -> Result<Response<BoxStream<list_resource::Event>>, Status> {
                self.list(request).map(Response::new).ok_or_else(unknown_connection)
            }
        }
    };
}

rpcs! {
    get_metadata = "GetMetadata" =>
        |calls, _, _| calls.metadata();
    get_provider_schema = "GetProviderSchema" =>
        |calls, _, _| calls.schemas();
    validate_provider_config = "ValidateProviderConfig" =>
        |calls, _, request| calls.validate_provider(request);
    validate_resource_config = "ValidateResourceConfig"
        of resource_type = type_name =>
        |calls, _, request| calls.validate_resource(request);
    validate_data_resource_config = "ValidateDataResourceConfig"
        of data_source_type = type_name =>
        |calls, _, request| calls.validate_data_source(request);
    configure_provider = "ConfigureProvider" =>
        |calls, caller, request| calls.configure(caller, request).await;
    stop_provider = "StopProvider" =>
        |_calls, caller, _| {
            caller.session.stop();
            proto::stop_provider::Response::default()
        };
    upgrade_resource_state = "UpgradeResourceState"
        of resource_type = type_name =>
        |calls, _, request| calls.upgrade(&request);
    get_resource_identity_schemas = "GetResourceIdentitySchemas" =>
        |calls, _, _| calls.identity_schemas();
    upgrade_resource_identity = "UpgradeResourceIdentity"
        of resource_type = type_name =>
        |calls, _, request| calls.upgrade_identity(&request);
    move_resource_state = "MoveResourceState"
        of resource_type = target_type_name =>
        |calls, _, request| calls.move_state(request);
    read_resource = "ReadResource" of resource_type = type_name =>
        |calls, caller, request| calls.read(caller, request).await;
    plan_resource_change = "PlanResourceChange"
        of resource_type = type_name =>
        |calls, caller, request| calls.plan(caller, request).await;
    apply_resource_change = "ApplyResourceChange"
        of resource_type = type_name =>
        |calls, caller, request| calls.apply(caller, request).await;
    import_resource_state = "ImportResourceState"
        of resource_type = type_name =>
        |calls, caller, request| calls.import(caller, request).await;
    validate_list_resource_config = "ValidateListResourceConfig"
        of resource_type = type_name =>
        |calls, _, request| calls.validate_list(request);
    read_data_source = "ReadDataSource" of data_source_type = type_name =>
        |calls, caller, request| calls.read_data_source(caller, request).await;
    get_functions = "GetFunctions" =>
        |calls, _, _| calls.functions();
    call_function = "CallFunction" of function_name = name =>
        |calls, _, request| calls.call_function(request);
}
