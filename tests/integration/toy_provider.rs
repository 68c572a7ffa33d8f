//! A provider whose one resource does as it is told, to try the plugin server.

#![allow(clippy::panic, reason = "a handler that panics is part of the test")]

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use terraform_provider_ses::plugin::{self, CancellationToken, Private, ServeOptions};
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, FunctionSchema, NestedBlock,
    Parameter, Schema, Type,
};
use tf_provider::value::{StructEmpty, Value};
use tf_provider::{AttributePath, DataSource, Diagnostic, Diagnostics, Function, Resource};

fn main() -> ExitCode {
    let options = ServeOptions {
        debug: std::env::args().any(|argument| argument == "--debug"),
        version: "0.0.1",
        address: "test/toy",
    };
    match plugin::run(Toy, options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

static STOP: Mutex<Option<CancellationToken>> = Mutex::new(None);

fn stop() -> CancellationToken {
    let stop = STOP.lock().unwrap_or_else(PoisonError::into_inner);
    stop.clone().unwrap_or_default()
}

struct Toy;

#[derive(Serialize, Deserialize)]
struct Config {
    rate: Value<f64>,
}

fn attribute(attr_type: AttributeType, constraint: AttributeConstraint) -> Attribute {
    Attribute {
        attr_type,
        description: Description::markdown("see the tests"),
        constraint,
        sensitive: false,
        deprecated: false,
    }
}

fn block(attributes: impl IntoIterator<Item = (&'static str, Attribute)>) -> Block {
    Block {
        attributes: attributes
            .into_iter()
            .map(|(name, attribute)| (name.to_owned(), attribute))
            .collect(),
        description: Description::markdown("a toy"),
        ..Block::default()
    }
}

#[async_trait]
impl plugin::Provider for Toy {
    type Config = Value<Config>;

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: block([(
                "rate",
                attribute(AttributeType::Number, AttributeConstraint::Optional),
            )]),
        }
    }

    async fn validate(&self, diags: &mut Diagnostics, config: Self::Config) {
        let rate = config.and_then(|config| config.rate);
        if rate.is_value() && rate.unwrap_or_default() < 0.0 {
            diags.errors.push(Diagnostic {
                summary: "rate is negative".into(),
                detail: "".into(),
                attribute: AttributePath::new("rate"),
            });
        }
    }

    async fn configure(
        &self,
        _: &mut Diagnostics,
        _: String,
        _: Self::Config,
        stop: CancellationToken,
    ) {
        *STOP.lock().unwrap_or_else(PoisonError::into_inner) = Some(stop);
    }

    fn resources(&self) -> Vec<(&'static str, Box<dyn plugin::ErasedResource>)> {
        vec![("toy_thing", plugin::resource(Thing))]
    }

    fn data_sources(&self) -> Vec<(&'static str, Box<dyn plugin::ErasedDataSource>)> {
        vec![("toy_echo", plugin::data_source(Echo))]
    }

    fn functions(&self) -> Vec<(&'static str, Box<dyn plugin::ErasedFunction>)> {
        vec![("shout", plugin::function(Shout))]
    }
}

/// `mode` says what becomes of each call: `panic`, `wait` (until stopped),
/// `silent` (no answer and no reason), `gone`, or null to work.
struct Thing;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ThingModel {
    id: Value<String>,
    name: Value<String>,
    mode: Value<String>,
    limits: Value<Limits>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Limits {
    rate: Value<f64>,
}

type State = Value<ThingModel>;

/// What the mode of `state` leaves to do.
async fn act(diags: &mut Diagnostics, state: &State) -> Option<()> {
    let mode = state.as_ref().and_then(|state| state.mode.as_ref());
    match mode.map_or("", String::as_str) {
        "panic" => panic!("asked to panic"),
        "silent" => return None,
        "wait" => {
            stop().cancelled().await;
            diags.warnings.push(Diagnostic {
                summary: "stopped".into(),
                detail: "".into(),
                attribute: AttributePath::root(),
            });
        }
        _ => {}
    }
    Some(())
}

#[async_trait]
impl Resource for Thing {
    type State<'a> = State;
    type PrivateState<'a> = Private;
    type ProviderMetaState<'a> = Value<StructEmpty>;

    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        let mut block = block([
            (
                "id",
                attribute(AttributeType::String, AttributeConstraint::Computed),
            ),
            (
                "name",
                attribute(AttributeType::String, AttributeConstraint::Required),
            ),
            (
                "mode",
                attribute(AttributeType::String, AttributeConstraint::Optional),
            ),
        ]);
        let limits = self::block([(
            "rate",
            attribute(AttributeType::Number, AttributeConstraint::Optional),
        )]);
        block
            .blocks
            .insert("limits".to_owned(), NestedBlock::Single(limits));
        Some(Schema { version: 2, block })
    }

    async fn validate<'a>(&self, diags: &mut Diagnostics, config: State) -> Option<()> {
        let name = config.and_then(|config| config.name);
        if name.map_or(false, |name| name.is_empty()) {
            diags.errors.push(Diagnostic {
                summary: "name is empty".into(),
                detail: "say \u{1b}[31msomething".into(),
                attribute: AttributePath::new("name"),
            });
        }
        Some(())
    }

    async fn read<'a>(
        &self,
        diags: &mut Diagnostics,
        state: State,
        private: Private,
        _: Value<StructEmpty>,
    ) -> Option<(State, Private)> {
        act(diags, &state).await?;
        let mode = state.as_ref().and_then(|state| state.mode.as_ref());
        match mode.map_or("", String::as_str) {
            "gone" => Some((Value::Null, private)),
            _ => Some((state, private)),
        }
    }

    async fn plan_create<'a>(
        &self,
        _: &mut Diagnostics,
        proposed: State,
        _: State,
        _: Value<StructEmpty>,
    ) -> Option<(State, Private)> {
        let planned = proposed.map(|state| ThingModel {
            id: Value::Unknown,
            ..state
        });
        Some((planned, Private(b"planned".to_vec())))
    }

    async fn plan_update<'a>(
        &self,
        _: &mut Diagnostics,
        prior: State,
        proposed: State,
        _: State,
        private: Private,
        _: Value<StructEmpty>,
    ) -> Option<(State, Private, Vec<AttributePath>)> {
        let name = |state: &State| state.as_ref().and_then(|state| state.name.clone());
        let replaces = match name(&prior) == name(&proposed) {
            true => Vec::new(),
            false => vec![AttributePath::new("name")],
        };
        Some((proposed, private, replaces))
    }

    async fn plan_destroy<'a>(
        &self,
        _: &mut Diagnostics,
        _: State,
        private: Private,
        _: Value<StructEmpty>,
    ) -> Option<Private> {
        Some(private)
    }

    async fn create<'a>(
        &self,
        diags: &mut Diagnostics,
        planned: State,
        _: State,
        private: Private,
        _: Value<StructEmpty>,
    ) -> Option<(State, Private)> {
        act(diags, &planned).await?;
        let created = planned.map(|state| ThingModel {
            id: state.name.clone(),
            ..state
        });
        Some((created, private))
    }

    async fn update<'a>(
        &self,
        diags: &mut Diagnostics,
        _: State,
        planned: State,
        _: State,
        private: Private,
        _: Value<StructEmpty>,
    ) -> Option<(State, Private)> {
        act(diags, &planned).await?;
        Some((planned, private))
    }

    async fn destroy<'a>(
        &self,
        diags: &mut Diagnostics,
        state: State,
        _: Private,
        _: Value<StructEmpty>,
    ) -> Option<()> {
        act(diags, &state).await
    }

    async fn import<'a>(&self, _: &mut Diagnostics, id: String) -> Option<(State, Private)> {
        let imported = ThingModel {
            id: Value::Value(id.clone()),
            name: Value::Value(id),
            mode: Value::Null,
            limits: Value::Null,
        };
        Some((Value::Value(imported), Private(b"imported".to_vec())))
    }
}

struct Echo;

#[derive(Serialize, Deserialize)]
struct EchoModel {
    said: Value<String>,
    heard: Value<String>,
}

#[async_trait]
impl DataSource for Echo {
    type State<'a> = Value<EchoModel>;
    type ProviderMetaState<'a> = Value<StructEmpty>;

    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        let block = block([
            (
                "said",
                attribute(AttributeType::String, AttributeConstraint::Required),
            ),
            (
                "heard",
                attribute(AttributeType::String, AttributeConstraint::Computed),
            ),
        ]);
        Some(Schema { version: 0, block })
    }

    async fn read<'a>(
        &self,
        _: &mut Diagnostics,
        config: Value<EchoModel>,
        _: Value<StructEmpty>,
    ) -> Option<Value<EchoModel>> {
        Some(config.map(|echo| EchoModel {
            heard: echo.said.clone(),
            ..echo
        }))
    }
}

struct Shout;

#[async_trait]
impl Function for Shout {
    type Input<'a> = (Value<String>,);
    type Output<'a> = Value<String>;

    fn schema(&self, _: &mut Diagnostics) -> Option<FunctionSchema> {
        Some(FunctionSchema {
            parameters: vec![Parameter {
                name: "text".to_owned(),
                param_type: Type::String,
                ..Parameter::default()
            }],
            return_type: Type::String,
            ..FunctionSchema::default()
        })
    }

    async fn call<'a>(
        &self,
        diags: &mut Diagnostics,
        (text,): (Value<String>,),
    ) -> Option<Value<String>> {
        let text = text.unwrap_or_default();
        if text.is_empty() {
            diags.errors.push(Diagnostic {
                summary: "nothing to shout".into(),
                detail: "".into(),
                attribute: AttributePath::function_argument(0),
            });
            return None;
        }
        Some(Value::Value(text.to_uppercase()))
    }
}
