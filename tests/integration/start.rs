//! From the start of the process to its first line.

use std::os::unix::fs::PermissionsExt as _;

use terraform_provider_ses::plugin::proto::tfplugin6::get_metadata;
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::BufReader;
use tokio::process::Command;

use crate::plugin::{Plugin, SOON, command, command_by_terraform, plaintext};

async fn refused(mut command: Command) -> String {
    let output = tokio::time::timeout(SOON, command.output())
        .await
        .expect("the plugin still runs")
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn started_by_hand_it_says_what_it_is() {
    let said = refused(command()).await;
    assert!(said.contains("this is a Terraform provider"), "{said}");
}

#[tokio::test]
async fn another_cookie_is_refused() {
    let mut command = command_by_terraform(None);
    command.env("TF_PLUGIN_MAGIC_COOKIE", "another");
    refused(command).await;
}

#[tokio::test]
async fn a_host_without_protocol_6_is_told() {
    let mut command = command_by_terraform(None);
    command.env("PLUGIN_PROTOCOL_VERSIONS", "4,5");
    let said = refused(command).await;
    assert!(
        said.contains("the host speaks plugin protocol 4,5"),
        "{said}"
    );
}

#[tokio::test]
async fn a_client_certificate_that_is_none_is_told() {
    let mut command = command_by_terraform(None);
    command.env("PLUGIN_CLIENT_CERT", "-----BEGIN NOTHING-----");
    let said = refused(command).await;
    assert!(said.contains("PLUGIN_CLIENT_CERT"), "{said}");
}

#[tokio::test]
async fn the_socket_is_in_a_private_directory() {
    let parent = tempfile::tempdir().unwrap();
    let mut command = command_by_terraform(None);
    command.env("PLUGIN_UNIX_SOCKET_DIR", parent.path());
    let mut plugin = Plugin::spawn(command).await;
    let dir = plugin.socket.parent().unwrap();
    assert_eq!(dir.parent(), Some(parent.path()));
    let mode = std::fs::metadata(dir).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);

    let channel = plugin.plaintext().await.unwrap();
    plugin.shut_down(channel).await;
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn debug_waits_for_terraform_to_attach_until_interrupted() {
    let mut command = command();
    command.arg("--debug");
    let mut process = command.spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let reattach = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some(value) = line.trim().strip_prefix("TF_REATTACH_PROVIDERS=") {
            break value.trim_matches('\'').to_owned();
        }
    };
    let reattach: serde_json::Value = serde_json::from_str(&reattach).unwrap();
    let entry = &reattach["registry.terraform.io/test/toy"];
    assert_eq!(entry["Pid"], process.id().unwrap());
    let socket = entry["Addr"]["String"].as_str().unwrap();

    let channel = plaintext(socket.as_ref()).await.unwrap();
    let metadata = ProviderClient::new(channel)
        .get_metadata(get_metadata::Request {})
        .await
        .unwrap();
    assert_eq!(metadata.into_inner().resources[0].type_name, "toy_thing");

    let status = std::process::Command::new("kill")
        .args(["-s", "INT", &process.id().unwrap().to_string()])
        .status();
    assert!(status.unwrap().success());
    let exit = tokio::time::timeout(SOON, process.wait()).await.unwrap();
    assert!(exit.unwrap().success());
    assert!(!std::path::Path::new(socket).exists());
}
