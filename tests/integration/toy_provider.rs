//! A provider whose one resource does as it is told, to try the plugin server.

#![allow(clippy::panic, reason = "a handler that panics is part of the test")]

use std::process::ExitCode;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use terraform_provider_ses::plugin::{
    self, Call, Configure, CouldNotRead, DataSource, Entities, Function, IdentityAttribute,
    IdentitySchema, NothingChanged, Number, PlanDestroy, Planned, Read, Resource, ResourceIdentity,
    ServeOptions, Told, UpgradeState,
};
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, FunctionSchema, NestedBlock,
    Parameter, Schema, Type,
};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostic, Diagnostics};

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

struct Toy;

#[derive(Serialize, Deserialize)]
struct Config {
    rate: Value<Number>,
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

fn said(summary: &'static str) -> Diagnostic {
    Diagnostic {
        summary: summary.into(),
        detail: "".into(),
        attribute: AttributePath::root(),
    }
}

/// What Configure was given: null is "nothing", unknown is "unknown".
type Rate = Value<Number>;

#[async_trait]
impl plugin::Provider for Toy {
    type Config = Value<Config>;
    type Configured = Rate;

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: block([(
                "rate",
                attribute(AttributeType::Number, AttributeConstraint::Optional),
            )]),
        }
    }

    fn register(&self, entities: &mut Entities<Rate>) {
        let thing = entities.resource("toy_thing", Thing);
        thing.upgrades_state().has_identity().plans_destroy();
        entities.data_source("toy_echo", Echo);
        entities.function("shout", Shout);
        if std::env::args().any(|argument| argument == "--twice") {
            entities.data_source("toy_echo", Echo);
        }
    }

    fn validate(&self, diags: &mut Diagnostics, config: Value<Config>) {
        let rate = config.and_then(|config| config.rate);
        if rate.map_or(false, |rate| rate.is_negative()) {
            diags.errors.push(Diagnostic {
                attribute: AttributePath::new("rate"),
                ..said("rate is negative")
            });
        }
    }

    async fn configure(
        &self,
        _: &mut Diagnostics,
        configure: Configure<Value<Config>>,
    ) -> Result<Rate, Told> {
        Ok(configure.config.and_then(|config| config.rate))
    }
}

/// `mode` says what becomes of each call: `panic`, `wait` (until stopped), `work`
/// (for a second, whoever stops it), `silent` (no answer and no reason), `gone`,
/// `unknown` (a setting of the provider that is), `settings` (the id becomes those of
/// the provider), `garbled` (a value that cannot be written), or null to do as it is
/// told.
struct Thing;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct ThingModel {
    #[serde(skip_serializing_if = "is_garbled")]
    id: Value<String>,
    name: Value<String>,
    mode: Value<String>,
    limits: Value<Limits>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Limits {
    rate: Value<Number>,
}

/// The schema has an id, so that a value without one cannot be written.
fn is_garbled(id: &Value<String>) -> bool {
    id.as_ref_option().is_some_and(|id| id == "garbled")
}

impl ThingModel {
    fn mode(&self) -> &str {
        self.mode.as_ref_option().map_or("", String::as_str)
    }

    /// What was made of this plan.
    fn made(self) -> Self {
        let id = match self.mode() {
            "garbled" => Value::Value("garbled".to_owned()),
            _ => self.name.clone(),
        };
        Self { id, ..self }
    }
}

/// What the mode of `thing` leaves to do.
async fn act(call: &mut Call<Rate>, thing: &ThingModel) -> Result<(), Told> {
    match thing.mode() {
        "panic" => panic!("asked to panic"),
        "silent" => return Err(Told),
        "wait" => {
            call.stop().cancelled().await;
            call.diags.warnings.push(said("stopped"));
        }
        "work" => {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            let path = thing.name.as_ref_option().map_or("", String::as_str);
            // The test says so if it is not there.
            let _ = std::fs::write(path, "done");
        }
        "unknown" => {
            if !call.defer() {
                call.diags.errors.push(said("rate is unknown"));
            }
            return Err(Told);
        }
        _ => {}
    }
    Ok(())
}

#[async_trait]
impl Resource for Thing {
    type Configured = Rate;
    type Model = ThingModel;

    fn schema(&self) -> Schema {
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
        Schema { version: 2, block }
    }

    fn validate(&self, diags: &mut Diagnostics, config: &ThingModel) {
        if config.mode() == "panic at validation" {
            panic!("asked to panic");
        }
        let name = config.name.as_ref_option();
        if name.is_some_and(String::is_empty) {
            diags.errors.push(Diagnostic {
                detail: "say \u{1b}[31msomething".into(),
                attribute: AttributePath::new("name"),
                ..said("name is empty")
            });
        }
    }

    async fn plan(
        &self,
        call: &mut Call<Rate>,
        prior: Option<&ThingModel>,
        config: &ThingModel,
    ) -> Result<Planned<ThingModel>, Told> {
        if config.mode() == "unknown" && call.defer() {
            return Err(Told);
        }
        let Some(prior) = prior else {
            call.set_private(b"planned".to_vec());
            return Ok(Planned {
                state: ThingModel {
                    id: Value::Unknown,
                    ..config.clone()
                },
                requires_replace: Vec::new(),
            });
        };
        let renamed = prior.name.as_ref_option() != config.name.as_ref_option();
        Ok(Planned {
            state: ThingModel {
                id: prior.id.clone(),
                ..config.clone()
            },
            requires_replace: match renamed {
                true => vec![AttributePath::new("name")],
                false => Vec::new(),
            },
        })
    }

    async fn read(
        &self,
        call: &mut Call<Rate>,
        state: ThingModel,
    ) -> Result<Read<ThingModel>, CouldNotRead> {
        act(call, &state).await?;
        match state.mode() {
            "gone" => Ok(Read::Gone),
            "settings" => {
                let rate = call.configured()?;
                Ok(Read::Is(ThingModel {
                    id: (*rate).as_ref().map(ToString::to_string),
                    ..state
                }))
            }
            _ => Ok(Read::Is(state)),
        }
    }

    async fn create(
        &self,
        call: &mut Call<Rate>,
        planned: ThingModel,
    ) -> Result<ThingModel, NothingChanged> {
        act(call, &planned).await?;
        Ok(planned.made())
    }

    async fn update(
        &self,
        call: &mut Call<Rate>,
        _: &ThingModel,
        planned: ThingModel,
    ) -> Result<ThingModel, NothingChanged> {
        act(call, &planned).await?;
        Ok(planned.made())
    }

    async fn delete(&self, call: &mut Call<Rate>, prior: ThingModel) -> Result<(), Told> {
        act(call, &prior).await
    }

    async fn import(&self, call: &mut Call<Rate>, id: &str) -> Result<ThingModel, Told> {
        if id == "unknown" && call.defer() {
            return Err(Told);
        }
        call.set_private(b"imported".to_vec());
        Ok(ThingModel {
            id: Value::Value(id.to_owned()),
            name: Value::Value(id.to_owned()),
            ..ThingModel::default()
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ThingIdentity {
    name: Value<String>,
    id: Value<String>,
}

#[async_trait]
impl ResourceIdentity for Thing {
    type Identity = ThingIdentity;

    fn identity_schema(&self) -> IdentitySchema {
        let attribute = |name, is_required| IdentityAttribute {
            name,
            attr_type: AttributeType::String,
            is_required,
            description: "see the tests",
        };
        IdentitySchema {
            version: 1,
            attributes: vec![attribute("name", true), attribute("id", false)],
        }
    }

    fn identity(&self, state: &ThingModel) -> ThingIdentity {
        if state.mode() == "panic at identity" {
            panic!("asked to panic");
        }
        ThingIdentity {
            name: state.name.clone(),
            id: state.id.clone(),
        }
    }

    async fn import_by_identity(
        &self,
        call: &mut Call<Rate>,
        identity: ThingIdentity,
    ) -> Result<ThingModel, Told> {
        let name = identity.name.unwrap_or_default();
        let imported = self.import(call, &name).await?;
        Ok(ThingModel {
            id: identity.id,
            ..imported
        })
    }
}

#[async_trait]
impl PlanDestroy for Thing {
    async fn plan_destroy(&self, call: &mut Call<Rate>, prior: &ThingModel) {
        if prior.mode() == "warn" {
            let private = String::from_utf8_lossy(call.private()).into_owned();
            call.diags.warnings.push(Diagnostic {
                detail: private.into(),
                ..said("a destroy is planned")
            });
        }
        // An error is told by the diagnostics.
        let _ = act(call, prior).await;
    }
}

/// Version 0 had `title`, version 1 `label`, version 2 has `name`.
impl UpgradeState for Thing {
    fn upgrade(&self, from: i64, state: &mut Map<String, Json>) {
        if state.contains_key("panic") {
            panic!("asked to panic");
        }
        let (before, after) = match from {
            0 => ("title", "label"),
            1 => ("label", "name"),
            _ => return,
        };
        if let Some(value) = state.remove(before) {
            state.insert(after.to_owned(), value);
        }
    }
}

struct Echo;

#[derive(Clone, Serialize, Deserialize)]
struct EchoModel {
    said: Value<String>,
    heard: Value<String>,
}

#[async_trait]
impl DataSource for Echo {
    type Configured = Rate;
    type Model = EchoModel;

    fn schema(&self) -> Schema {
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
        Schema { version: 0, block }
    }

    fn validate(&self, _: &mut Diagnostics, _: &EchoModel) {}

    async fn read(&self, _: &mut Call<Rate>, config: EchoModel) -> Result<EchoModel, Told> {
        Ok(EchoModel {
            heard: config.said.clone(),
            ..config
        })
    }
}

struct Shout;

impl Function for Shout {
    type Arguments = (Value<String>,);
    type Result = Value<String>;

    fn schema(&self) -> FunctionSchema {
        FunctionSchema {
            parameters: vec![Parameter {
                name: "text".to_owned(),
                param_type: Type::String,
                ..Parameter::default()
            }],
            return_type: Type::String,
            ..FunctionSchema::default()
        }
    }

    fn call(
        &self,
        diags: &mut Diagnostics,
        (text,): (Value<String>,),
    ) -> Result<Value<String>, Told> {
        let text = text.unwrap_or_default();
        if text.is_empty() {
            diags.errors.push(Diagnostic {
                attribute: AttributePath::function_argument(0),
                ..said("nothing to shout")
            });
            return Err(Told);
        }
        Ok(Value::Value(text.to_uppercase()))
    }
}
