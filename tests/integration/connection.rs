//! Who gets through to the services.

use std::time::Duration;

use terraform_provider_ses::plugin::proto::health::HealthCheckRequest;
use terraform_provider_ses::plugin::proto::health::health_client::HealthClient;
use terraform_provider_ses::plugin::proto::tfplugin6::get_metadata;
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::UnixStream;
use tonic::client::Grpc;
use tonic::codec::ProstCodec;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request};

use crate::plugin::{Certificate, Plugin, SOON, command_by_terraform};

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
async fn a_client_may_speak_tls_1_2_and_is_asked_for_its_certificate_too() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let terraform = Certificate::of_terraform();
        let plugin = Plugin::spawn(command_by_terraform(Some(&terraform))).await;
        let (other, stolen) = (Certificate::of_terraform(), terraform.stolen());
        let gets = async |client| gets_metadata(plugin.tls_of(&[version], client).await).await;
        assert!(!gets(None).await);
        assert!(!gets(Some(&other)).await);
        assert!(!gets(Some(&stolen)).await);
        assert!(gets(Some(&terraform)).await, "{version:?}");
        // Nothing is resumed: who has not shown the certificate is refused again.
        assert!(!gets(None).await);
    }
}

#[tokio::test]
async fn a_refused_certificate_is_in_the_log() {
    let terraform = Certificate::of_terraform();
    let mut command = command_by_terraform(Some(&terraform));
    command.env("TF_LOG_PROVIDER", "warn");
    let mut plugin = Plugin::spawn(command).await;
    assert!(!gets_metadata(plugin.tls(Some(&Certificate::of_terraform())).await).await);

    let stderr = plugin.process.stderr.take().unwrap();
    let mut lines = BufReader::new(stderr).lines();
    let line = tokio::time::timeout(SOON, lines.next_line()).await;
    let line = line.unwrap().unwrap();
    let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
    assert_eq!(line["@level"], "warn");
    assert_eq!(line["@message"], "refused a connection");
    assert!(!line["error"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn a_client_for_whom_no_file_is_left_is_refused_at_once() {
    let plugin = Plugin::start().await;
    let channel = plugin.plaintext().await.unwrap();
    let process = plugin.process.id().unwrap();
    let limited = std::process::Command::new("prlimit")
        .args([&format!("--pid={process}"), "--nofile=40:40"])
        .status();
    if !limited.is_ok_and(|status| status.success()) {
        // Only Linux has it.
        return;
    }
    // The first of them are served, as far as files go.
    let clients = (0..50).map(|_| {
        Box::pin(async {
            let mut client = UnixStream::connect(&plugin.socket).await.unwrap();
            let mut preface = [0; 1024];
            while client.read(&mut preface).await.is_ok_and(|read| read > 0) {}
        })
    });
    let refused = futures_util::future::select_all(clients);
    let _others = tokio::time::timeout(SOON, refused).await.expect("all wait");
    // Whoever is connected is served.
    assert!(gets_metadata(Ok(channel)).await);
}

#[tokio::test]
async fn stderr_that_nobody_reads_holds_up_nobody() {
    let mut command = command_by_terraform(None);
    command.env("TF_LOG_PROVIDER", "trace");
    let mut plugin = Plugin::spawn(command).await;
    let channel = plugin.plaintext().await.unwrap();
    let mut provider = ProviderClient::new(channel.clone());
    // Many times what a pipe holds.
    for _ in 0..3 {
        let calls = (0..1000).map(|_| {
            let mut provider = provider.clone();
            async move {
                provider
                    .get_metadata(get_metadata::Request {})
                    .await
                    .unwrap()
            }
        });
        let calls = futures_util::future::join_all(calls);
        tokio::time::timeout(SOON, calls)
            .await
            .expect("the server waits for its log");
    }
    let _ = provider
        .get_metadata(get_metadata::Request {})
        .await
        .unwrap();
    plugin.shut_down(channel).await;

    let mut log = String::new();
    let mut stderr = plugin.process.stderr.take().unwrap();
    stderr.read_to_string(&mut log).await.unwrap();
    assert!(log.lines().count() > 100);
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
        "/tfplugin6.Provider/GenerateResourceConfig",
        "/tfplugin6.Provider/OpenEphemeralResource",
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
