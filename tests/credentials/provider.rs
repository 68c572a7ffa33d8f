//! The provider as a process of its own, in an environment of its own.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use hyper_util::rt::TokioIo;
use serde_json::{Map, Value as Json, json};
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_ses::plugin::proto::tfplugin6::schema::Block;
use terraform_provider_ses::plugin::proto::tfplugin6::schema::nested_block::NestingMode;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    Diagnostic, DynamicValue, configure_provider, get_provider_schema, import_resource_state,
    read_resource,
};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tonic::transport::{Channel, Endpoint};

const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
/// The file below the home folder that the provider logs to, with all that it has to say.
pub(crate) const LOG: &str = "log";

/// What all secret keys, tokens, policies and external ids of this table hold.
pub(crate) const SECRET: &str = "hush";

const TYPE: &str = "ses_identity_mail_from";

/// A provider that runs, until dropped.
pub(crate) struct Provider {
    client: ProviderClient<Channel>,
    _process: Child,
}

impl Provider {
    /// Starts it with these variables, and `home` as the home folder.
    pub(crate) async fn start(home: &Path, environment: &[(String, String)]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_terraform-provider-ses"))
            .env_clear()
            .env("HOME", home)
            .env("TMPDIR", home)
            .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
            .env("PLUGIN_PROTOCOL_VERSIONS", "6")
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .env("TF_LOG", "trace")
            .stderr(File::create(home.join(LOG)).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut line).await.unwrap();
        let socket = line.split('|').nth(3).unwrap().to_owned();
        let channel = Endpoint::from_static("http://localhost")
            .connect_with_connector(tower::service_fn(move |_| {
                let socket = socket.clone();
                async move { UnixStream::connect(socket).await.map(TokioIo::new) }
            }))
            .await
            .unwrap();
        Self {
            client: ProviderClient::new(channel),
            _process: process,
        }
    }

    /// Configures it with a provider block, and reads an identity by importing it by this
    /// id. Returns what was told about both.
    pub(crate) async fn read(&mut self, block: &Json, id: &str) -> Vec<Diagnostic> {
        let schema = self
            .client
            .get_provider_schema(get_provider_schema::Request {});
        let schema = schema.await.unwrap().into_inner().provider.unwrap();
        let config = complete(&schema.block.unwrap(), block);
        let request = configure_provider::Request {
            config: Some(as_json(&config)),
            ..Default::default()
        };
        let configured = self.client.configure_provider(request).await.unwrap();
        let mut told = configured.into_inner().diagnostics;
        if told.iter().any(|told| told.severity == 1) {
            return told;
        }
        let request = import_resource_state::Request {
            type_name: TYPE.to_owned(),
            id: id.to_owned(),
            ..Default::default()
        };
        let imported = self.client.import_resource_state(request).await.unwrap();
        let imported = imported.into_inner();
        let states = imported.imported_resources.iter();
        states.for_each(|resource| keeps_secrets(resource.state.as_ref()));
        told.extend(imported.diagnostics);
        let Some(imported) = imported.imported_resources.into_iter().next() else {
            return told;
        };
        let request = read_resource::Request {
            type_name: TYPE.to_owned(),
            current_state: imported.state,
            ..Default::default()
        };
        let read = self.client.read_resource(request).await.unwrap();
        let read = read.into_inner();
        keeps_secrets(read.new_state.as_ref());
        told.extend(read.diagnostics);
        told
    }
}

/// A state holds no secret.
fn keeps_secrets(state: Option<&DynamicValue>) {
    let held = state.is_some_and(|state| String::from_utf8_lossy(&state.msgpack).contains(SECRET));
    assert!(!held, "a secret in the state");
}

/// `value` with null for what it leaves out, and no block where there is none.
fn complete(schema: &Block, value: &Json) -> Json {
    let value = value.as_object().unwrap();
    let mut config = Map::new();
    for attribute in &schema.attributes {
        let value = value.get(&attribute.name).cloned();
        config.insert(attribute.name.clone(), value.unwrap_or_default());
    }
    for nested in &schema.block_types {
        let (name, block) = (&nested.type_name, nested.block.as_ref().unwrap());
        let completed = match value.get(name).filter(|value| !value.is_null()) {
            Some(Json::Array(blocks)) => blocks.iter().map(|one| complete(block, one)).collect(),
            Some(one) => complete(block, one),
            None if nested.nesting == NestingMode::List as i32 => json!([]),
            None => Json::Null,
        };
        config.insert(name.clone(), completed);
    }
    for name in value.keys() {
        assert!(config.contains_key(name), "{name}");
    }
    Json::Object(config)
}

/// A `dns` block that is off.
pub(crate) fn no_dns() -> Json {
    json!({ "enabled": false })
}

fn as_json(value: &Json) -> DynamicValue {
    DynamicValue {
        msgpack: Vec::new(),
        json: serde_json::to_vec(value).unwrap(),
    }
}
