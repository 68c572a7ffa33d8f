//! Who gets through to the services.

use std::time::Duration;

use terraform_provider_ses::plugin::proto::health::HealthCheckRequest;
use terraform_provider_ses::plugin::proto::health::health_client::HealthClient;
use terraform_provider_ses::plugin::proto::tfplugin6::get_metadata;
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use tokio::net::UnixStream;
use tonic::client::Grpc;
use tonic::codec::ProstCodec;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request};

use crate::plugin::{Certificate, Plugin, command_by_terraform};

async fn gets_metadata(channel: Result<Channel, tonic::transport::Error>) -> bool {
    let Ok(channel) = channel else {
        return false;
    };
    ProviderClient::new(channel)
        .get_metadata(get_metadata::Request {})
        .await
        .is_ok()
}

#[tokio::test]
async fn only_the_announced_certificate_gets_through() {
    let terraform = Certificate::of_terraform();
    let plugin = Plugin::spawn(command_by_terraform(Some(&terraform))).await;
    let other = Certificate::of_terraform();
    let other_curve = Certificate::new(&rcgen::PKCS_ECDSA_P256_SHA256);

    assert!(!gets_metadata(plugin.plaintext().await).await);
    assert!(!gets_metadata(plugin.tls(None).await).await);
    assert!(!gets_metadata(plugin.tls(Some(&other)).await).await);
    assert!(!gets_metadata(plugin.tls(Some(&other_curve)).await).await);
    let stolen = terraform.stolen();
    assert!(!gets_metadata(plugin.tls(Some(&stolen)).await).await);
    // And the attempts have done no harm.
    assert!(gets_metadata(plugin.tls(Some(&terraform)).await).await);
}

#[tokio::test]
async fn a_client_stuck_in_its_handshake_holds_up_nobody() {
    let terraform = Certificate::of_terraform();
    let plugin = Plugin::spawn(command_by_terraform(Some(&terraform))).await;
    let mut stuck = Vec::new();
    for _ in 0..20 {
        stuck.push(UnixStream::connect(&plugin.socket).await.unwrap());
    }
    let connecting = async { gets_metadata(plugin.tls(Some(&terraform)).await).await };
    let connected = tokio::time::timeout(Duration::from_secs(5), connecting).await;
    assert_eq!(connected, Ok(true));
}

#[tokio::test]
async fn an_rpc_that_is_not_served_is_unimplemented() {
    let plugin = Plugin::start().await;
    let channel = plugin.plaintext().await.unwrap();
    for path in [
        "/tfplugin6.Provider/MoveResourceState",
        "/tfplugin6.Provider/GetResourceIdentitySchemas",
        "/tfplugin6.Provider/OpenEphemeralResource",
        "/tfplugin6.Provider/ListResource",
        "/tfplugin5.Provider/GetSchema",
    ] {
        let mut client = Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let answer = client
            .unary::<(), (), _>(
                Request::new(()),
                PathAndQuery::from_static(path),
                ProstCodec::default(),
            )
            .await;
        assert_eq!(answer.unwrap_err().code(), Code::Unimplemented, "{path}");
    }
}

#[tokio::test]
async fn the_plugin_is_healthy() {
    let plugin = Plugin::start().await;
    let mut health = HealthClient::new(plugin.plaintext().await.unwrap());
    let mut check = async |service: &str| {
        let service = service.to_owned();
        health.check(HealthCheckRequest { service }).await
    };
    let healthy = check("plugin").await.unwrap().into_inner();
    assert_eq!(healthy.status().as_str_name(), "SERVING");
    assert_eq!(check("other").await.unwrap_err().code(), Code::NotFound);
}
