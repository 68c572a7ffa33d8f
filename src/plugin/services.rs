//! The services that go-plugin asks of every plugin, beside Terraform's own.

use futures_util::{StreamExt as _, future, stream};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::CancellationToken;
use super::proto::go_plugin::grpc_broker_server::GrpcBroker;
use super::proto::go_plugin::grpc_controller_server::GrpcController;
use super::proto::go_plugin::grpc_stdio_server::GrpcStdio;
use super::proto::go_plugin::{ConnInfo, Empty, StdioData};
use super::proto::health::health_check_response::ServingStatus;
use super::proto::health::health_server::Health;
use super::proto::health::{HealthCheckRequest, HealthCheckResponse};

/// What the host and the process say to each other about the end.
#[derive(Clone, Debug)]
pub(super) struct Services {
    /// Cancelled when the host asks to end.
    pub(super) shutdown: CancellationToken,
    /// Cancelled when the process exits.
    pub(super) exit: CancellationToken,
}

impl Services {
    /// A stream without items. It ends with the process: a stream that stayed
    /// open would keep the connection from closing.
    fn idle<T: Send + 'static>(&self) -> BoxStream<T> {
        let exit = self.exit.clone().cancelled_owned();
        let ended = stream::once(exit).filter_map(|()| future::ready(None));
        Box::pin(ended)
    }
}

#[tonic::async_trait]
impl GrpcController for Services {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.shutdown.cancel();
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for Services {
    // Nothing is printed on stdout, and Terraform reads stderr by itself.
    async fn stream_stdio(
        &self,
        _: Request<Empty>,
    ) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(Response::new(self.idle()))
    }
}

#[tonic::async_trait]
impl GrpcBroker for Services {
    // Terraform opens this stream but asks for no further connections.
    async fn start_stream(
        &self,
        _: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        Ok(Response::new(self.idle()))
    }
}

#[tonic::async_trait]
impl Health for Services {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match request.into_inner().service.as_str() {
            "" | "plugin" => Ok(Response::new(HealthCheckResponse {
                status: ServingStatus::Serving.into(),
            })),
            _ => Err(Status::not_found("unknown service")),
        }
    }
}
