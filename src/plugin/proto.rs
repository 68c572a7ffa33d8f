//! The messages and services of `proto/`, servers and clients, as generated.

#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code"
)]

/// Terraform's plugin protocol, version 6.
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// go-plugin: controller, stdio and broker.
pub mod go_plugin {
    tonic::include_proto!("plugin");
}

/// gRPC health checking.
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}
