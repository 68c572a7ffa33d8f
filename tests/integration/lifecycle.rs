//! Stopping calls, and the end of the process.

use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;
use terraform_provider_ses::plugin::proto::go_plugin::Empty;
use terraform_provider_ses::plugin::proto::go_plugin::grpc_broker_client::GrpcBrokerClient;
use terraform_provider_ses::plugin::proto::go_plugin::grpc_stdio_client::GrpcStdioClient;
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    apply_resource_change, configure_provider, read_resource, stop_provider,
};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::plugin::{
    Certificate, Plugin, SOON, attached_socket, command, command_by_terraform, plaintext, signal,
};
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
    for signal in ["INT", "TERM"] {
        let mut plugin = Plugin::start().await;
        let mut provider = plugin.provider().await;
        configure(&mut provider).await;
        let waiting = wait(&provider).await;
        plugin.signal(signal);
        is_stopped(waiting).await;
        // Terraform's last questions are still answered, and the next run begins
        // anew.
        configure(&mut provider).await;
        let waiting = wait(&provider).await;
        provider
            .stop_provider(stop_provider::Request {})
            .await
            .unwrap();
        is_stopped(waiting).await;
        let channel = plugin.plaintext().await.unwrap();
        plugin.shut_down(channel).await;
    }
}

#[tokio::test]
async fn a_terminal_that_is_closed_stops_nothing() {
    let mut plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    configure(&mut provider).await;
    let waiting = wait(&provider).await;
    plugin.signal("HUP");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    let channel = plugin.plaintext().await.unwrap();
    plugin.shut_down(channel).await;
}

#[tokio::test]
async fn a_second_word_to_terminate_ends_the_process() {
    let mut plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    configure(&mut provider).await;
    let waiting = wait(&provider).await;
    plugin.signal("TERM");
    is_stopped(waiting).await;
    plugin.signal("TERM");
    plugin.exited().await;
}

/// Begins a create that cannot be stopped, and lets it get there; it takes a
/// second, and then leaves the file `made`.
async fn work(provider: &ProviderClient<Channel>, made: &Path) -> JoinHandle<Applied> {
    let planned = msgpack(&thing(made.to_str().unwrap(), Some("work")));
    let mut provider = provider.clone();
    let working = tokio::spawn(async move {
        let request = apply_resource_change::Request {
            type_name: "toy_thing".to_owned(),
            prior_state: msgpack(&Json::Null),
            planned_state: planned.clone(),
            config: planned,
            ..Default::default()
        };
        provider.apply_resource_change(request).await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    working
}

#[tokio::test]
async fn a_change_under_way_is_finished_whichever_way_the_end_comes() {
    for end in ["shutdown", "disconnection", "signals"] {
        let dir = tempfile::tempdir().unwrap();
        let mut plugin = Plugin::start().await;
        let mut provider = plugin.provider().await;
        configure(&mut provider).await;
        let made = dir.path().join("made");
        let working = work(&provider, &made).await;
        match end {
            "shutdown" => {
                let channel = plugin.plaintext().await.unwrap();
                plugin.shut_down(channel).await;
            }
            "disconnection" => {
                working.abort();
                drop(provider);
                plugin.exited().await;
            }
            _ => {
                plugin.signal("TERM");
                tokio::time::sleep(Duration::from_millis(50)).await;
                plugin.signal("TERM");
                plugin.exited().await;
            }
        }
        assert!(made.exists(), "{end}");
    }
}

#[tokio::test]
async fn a_wait_ends_with_its_caller_and_no_other_does() {
    let mut command = command_by_terraform(None);
    command.env("TF_LOG_PROVIDER", "debug");
    let mut plugin = Plugin::spawn(command).await;
    let mut log = BufReader::new(plugin.process.stderr.take().unwrap()).lines();
    // The log tells of the end of a call whose answer nobody hears.
    let mut is_served = async |rpc: &str| {
        while let Some(line) = log.next_line().await.unwrap() {
            let line: Json = serde_json::from_str(&line).unwrap();
            if line["@message"] == "call served" && line["tf_rpc"] == rpc {
                assert_eq!(line["tf_resource_type"], "toy_thing");
                assert_eq!(line["diagnostic_warning_count"], "1");
                return;
            }
        }
        panic!("the log has ended");
    };
    let mut provider = plugin.provider().await;
    configure(&mut provider).await;
    let other = wait(&provider).await;
    let waiting = wait(&provider).await;
    waiting.abort();
    tokio::time::timeout(SOON, is_served("ApplyResourceChange"))
        .await
        .unwrap();
    assert!(!other.is_finished());

    let mut request = tonic::Request::new(read_resource::Request {
        type_name: "toy_thing".to_owned(),
        current_state: msgpack(&thing("a", Some("wait"))),
        ..Default::default()
    });
    request.set_timeout(Duration::from_millis(300));
    assert!(provider.read_resource(request).await.is_err());
    tokio::time::timeout(SOON, is_served("ReadResource"))
        .await
        .unwrap();
    assert!(!other.is_finished());
}

#[tokio::test]
async fn runs_that_are_attached_share_neither_stop_nor_settings() {
    let mut command = command();
    command.arg("--debug");
    let mut process = command.spawn().unwrap();
    let socket = attached_socket(&mut process).await;
    let mut runs = Vec::new();
    for rate in [1, 2] {
        let channel = plaintext(&socket).await.unwrap();
        let mut provider = ProviderClient::new(channel);
        let request = configure_provider::Request {
            config: msgpack(&serde_json::json!({ "rate": rate })),
            ..Default::default()
        };
        provider.configure_provider(request).await.unwrap();
        runs.push((provider.clone(), wait(&provider).await));
    }
    for (rate, (provider, _)) in ["1", "2"].into_iter().zip(&runs) {
        let request = read_resource::Request {
            type_name: "toy_thing".to_owned(),
            current_state: msgpack(&thing("a", Some("settings"))),
            ..Default::default()
        };
        let answer = provider.clone().read_resource(request).await.unwrap();
        assert_eq!(read(answer.into_inner().new_state.as_ref())["id"], rate);
    }
    let (mut provider, waiting) = runs.remove(0);
    provider
        .stop_provider(stop_provider::Request {})
        .await
        .unwrap();
    is_stopped(waiting).await;
    let (_, other) = runs.remove(0);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!other.is_finished());
    // Ctrl-C in the process's own terminal stops all and ends it.
    signal(&process, "INT");
    is_stopped(other).await;
    let exit = tokio::time::timeout(SOON, process.wait()).await.unwrap();
    assert!(exit.unwrap().success());
}

#[tokio::test]
async fn the_plugin_does_not_outlive_terraform() {
    let mut plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    configure(&mut provider).await;
    let waiting = wait(&provider).await;
    waiting.abort();
    drop(provider);
    plugin.exited().await;
}
