//! The gRPC service: every RPC runs its call to the end, in a task of its own.

use std::future::Future;
use std::sync::Arc;

use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use super::Provider;
use super::calls::Calls;
use super::proto::tfplugin6 as proto;
use super::proto::tfplugin6::provider_server;
use super::stop::InFlight;

/// Terraform's `tfplugin6.Provider`.
pub(super) struct Service<P> {
    calls: Arc<Calls<P>>,
    in_flight: InFlight,
}

impl<P: Provider> Service<P> {
    pub(super) fn new(calls: Arc<Calls<P>>, in_flight: InFlight) -> Self {
        Self { calls, in_flight }
    }

    /// Works on a call in a task of its own: what has been begun remotely is
    /// brought to its end also if the caller goes away meanwhile.
    async fn run<Q, A, F>(
        &self,
        rpc: &'static str,
        request: Request<Q>,
        call: impl FnOnce(Arc<Calls<P>>, Q) -> F,
    ) -> Result<Response<A>, Status>
    where
        A: Send + 'static,
        F: Future<Output = A> + Send + 'static,
    {
        let begun = self.in_flight.begin();
        let call = call(Arc::clone(&self.calls), request.into_inner());
        let logged = async move {
            tracing::debug!("call received");
            let answer = call.await;
            tracing::debug!("call served");
            drop(begun);
            answer
        };
        // At the level of errors, so that every event of a call names it.
        tokio::spawn(logged.instrument(tracing::error_span!("call", tf_rpc = rpc)))
            .await
            .map(Response::new)
            .map_err(|_| Status::internal("the provider has a bug: the call broke off"))
    }
}

macro_rules! rpcs {
    ($($name:ident = $rpc:literal => |$calls:ident, $request:pat_param| $call:expr;)*) => {
        #[tonic::async_trait]
        impl<P: Provider> provider_server::Provider for Service<P> {
            $(async fn $name(
                &self,
                request: Request<proto::$name::Request>,
            ) -> Result<Response<proto::$name::Response>, Status> {
                self.run($rpc, request, |$calls, $request| async move { $call }).await
            })*
        }
    };
}

rpcs! {
    get_metadata = "GetMetadata" =>
        |calls, _| calls.metadata();
    get_provider_schema = "GetProviderSchema" =>
        |calls, _| calls.schemas();
    validate_provider_config = "ValidateProviderConfig" =>
        |calls, request| calls.validate_provider(request).await;
    validate_resource_config = "ValidateResourceConfig" =>
        |calls, request| calls.validate_resource(request).await;
    validate_data_resource_config = "ValidateDataResourceConfig" =>
        |calls, request| calls.validate_data_source(request).await;
    configure_provider = "ConfigureProvider" =>
        |calls, request| calls.configure(request).await;
    stop_provider = "StopProvider" => |calls, _| {
        calls.stop.cancel();
        proto::stop_provider::Response::default()
    };
    upgrade_resource_state = "UpgradeResourceState" =>
        |calls, request| calls.upgrade(&request);
    read_resource = "ReadResource" =>
        |calls, request| calls.read(request).await;
    plan_resource_change = "PlanResourceChange" =>
        |calls, request| calls.plan(request).await;
    apply_resource_change = "ApplyResourceChange" =>
        |calls, request| calls.apply(request).await;
    import_resource_state = "ImportResourceState" =>
        |calls, request| calls.import(request).await;
    read_data_source = "ReadDataSource" =>
        |calls, request| calls.read_data_source(request).await;
    get_functions = "GetFunctions" =>
        |calls, _| calls.functions();
    call_function = "CallFunction" =>
        |calls, request| calls.call_function(request).await;
}
