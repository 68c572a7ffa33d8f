//! Stopping calls, and the end of the process.

use std::time::Duration;

use serde_json::Value as Json;
use terraform_provider_ses::plugin::proto::go_plugin::Empty;
use terraform_provider_ses::plugin::proto::go_plugin::grpc_broker_client::GrpcBrokerClient;
use terraform_provider_ses::plugin::proto::go_plugin::grpc_stdio_client::GrpcStdioClient;
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    apply_resource_change, configure_provider, get_metadata, stop_provider,
};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::plugin::{Certificate, Plugin, SOON, command_by_terraform, toy_provider};
use crate::values::{msgpack, read, summaries, thing};

type Applied = Result<Response<apply_resource_change::Response>, Status>;

async fn configure(provider: &mut ProviderClient<Channel>) {
    let request = configure_provider::Request {
        terraform_version: "1.11.4".to_owned(),
        config: msgpack(&serde_json::json!({ "rate": null })),
        ..Default::default()
    };
    let answer = provider.configure_provider(request).await.unwrap();
    assert_eq!(answer.into_inner().diagnostics, []);
}

/// Begins a create that waits until it is stopped, and lets it get there.
async fn wait(provider: &ProviderClient<Channel>) -> JoinHandle<Applied> {
    let mut provider = provider.clone();
    let applying = tokio::spawn(async move {
        let request = apply_resource_change::Request {
            type_name: "toy_thing".to_owned(),
            prior_state: msgpack(&Json::Null),
            planned_state: msgpack(&thing("a", Some("wait"))),
            config: msgpack(&thing("a", Some("wait"))),
            ..Default::default()
        };
        provider.apply_resource_change(request).await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!applying.is_finished());
    applying
}

/// The create has ended because it was stopped, and what it made is told.
async fn is_stopped(applying: JoinHandle<Applied>) {
    let applied = tokio::time::timeout(Duration::from_secs(1), applying)
        .await
        .expect("the call still waits")
        .unwrap()
        .unwrap()
        .into_inner();
    assert_eq!(summaries(&applied.diagnostics), ["stopped"]);
    assert_eq!(read(applied.new_state.as_ref())["id"], "a");
}

#[tokio::test]
async fn shutdown_ends_the_process_with_streams_and_calls_open() {
    let terraform = Certificate::of_terraform();
    let mut plugin = Plugin::spawn(command_by_terraform(Some(&terraform))).await;
    let channel = plugin.tls(Some(&terraform)).await.unwrap();
    let mut stdio = GrpcStdioClient::new(channel.clone());
    let _stdio = stdio.stream_stdio(Empty {}).await.unwrap();
    let mut broker = GrpcBrokerClient::new(channel.clone());
    let open = tokio_stream::pending();
    let _broker = broker.start_stream(open).await.unwrap();
    let mut provider = ProviderClient::new(channel.clone());
    configure(&mut provider).await;
    let _waiting = wait(&provider).await;

    let took = plugin.shut_down(channel).await;
    assert!(took < Duration::from_millis(500), "{took:?}");
}

#[tokio::test]
async fn stop_provider_ends_waits_and_a_new_configure_begins_anew() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    for _ in 0..2 {
        configure(&mut provider).await;
        let waiting = wait(&provider).await;
        let answer = provider.stop_provider(stop_provider::Request {}).await;
        assert_eq!(answer.unwrap().into_inner().error, "");
        is_stopped(waiting).await;
    }
}

#[tokio::test]
async fn a_signal_ends_waits_but_not_the_process() {
    for signal in ["INT", "TERM", "HUP"] {
        let mut plugin = Plugin::start().await;
        let mut provider = plugin.provider().await;
        configure(&mut provider).await;
        let waiting = wait(&provider).await;
        plugin.signal(signal);
        is_stopped(waiting).await;
        // A second one, and Terraform's last questions are still answered.
        plugin.signal(signal);
        let metadata = provider.get_metadata(get_metadata::Request {}).await;
        assert!(metadata.is_ok(), "{signal}");
        let channel = plugin.plaintext().await.unwrap();
        plugin.shut_down(channel).await;
    }
}

#[tokio::test]
async fn the_plugin_does_not_outlive_terraform() {
    // A shell in Terraform's place, killed before it can end its plugin.
    let mut command = Command::new("sh");
    let plugin = command_by_terraform(None);
    for (name, value) in plugin.as_std().get_envs() {
        command.env(name, value.unwrap());
    }
    command
        .args(["-c", "\"$0\" & wait"])
        .arg(toy_provider())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true);
    let mut plugin = Plugin::spawn(command).await;
    let mut provider = plugin.provider().await;
    configure(&mut provider).await;
    let waiting = wait(&provider).await;

    plugin.process.kill().await.unwrap();
    // The call in flight ends and its result still leaves ...
    let applied = tokio::time::timeout(SOON, waiting).await.unwrap();
    let applied = applied.unwrap().unwrap().into_inner();
    assert_eq!(summaries(&applied.diagnostics), ["stopped"]);
    // ... and then the process is gone: its end of stdout is closed.
    let mut rest = String::new();
    let read = tokio::io::AsyncReadExt::read_to_string(&mut plugin.stdout, &mut rest);
    tokio::time::timeout(SOON, read).await.unwrap().unwrap();
    assert_eq!(rest, "");
    assert!(!plugin.socket.parent().unwrap().exists());
}
