//! Values in messages, written and read as JSON.

use rmpv::Value;
use serde_json::{Value as Json, json};
use terraform_provider_ses::plugin::proto::tfplugin6::attribute_path::step::Selector;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    Diagnostic, DynamicValue, ResourceIdentityData,
};

pub(crate) const UNKNOWN: &str = "\u{0}unknown";

/// A value as Terraform sends it, in msgpack; [`UNKNOWN`] is unknown.
pub(crate) fn msgpack(json: &Json) -> Option<DynamicValue> {
    let mut msgpack = Vec::new();
    rmpv::encode::write_value(&mut msgpack, &to_msgpack(json)).unwrap();
    Some(DynamicValue {
        msgpack,
        json: Vec::new(),
    })
}

fn to_msgpack(json: &Json) -> Value {
    match json {
        Json::String(string) if string == UNKNOWN => Value::Ext(0, vec![0]),
        Json::Null => Value::Nil,
        Json::Bool(bool) => (*bool).into(),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            // As Terraform writes what is no exact binary fraction.
            None => number.to_string().into(),
        },
        Json::String(string) => string.as_str().into(),
        Json::Array(elements) => Value::Array(elements.iter().map(to_msgpack).collect()),
        Json::Object(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.as_str().into(), to_msgpack(value)))
                .collect(),
        ),
    }
}

/// A value that the plugin has sent.
pub(crate) fn read(value: Option<&DynamicValue>) -> Json {
    let msgpack = &value.expect("no value").msgpack;
    to_json(rmpv::decode::read_value(&mut msgpack.as_slice()).unwrap())
}

fn to_json(value: Value) -> Json {
    match value {
        Value::Ext(0, _) => UNKNOWN.into(),
        Value::Array(elements) => elements.into_iter().map(to_json).collect(),
        Value::Map(entries) => entries
            .into_iter()
            .map(|(key, value)| (key.as_str().unwrap().to_owned(), to_json(value)))
            .collect(),
        other => rmpv::ext::from_value(other).unwrap(),
    }
}

/// As [`msgpack`], an identity.
pub(crate) fn identity(json: &Json) -> Option<ResourceIdentityData> {
    let identity_data = msgpack(json);
    Some(ResourceIdentityData { identity_data })
}

/// An identity that the plugin has sent; null where there is none.
pub(crate) fn read_identity(identity: Option<&ResourceIdentityData>) -> Json {
    identity.map_or(Json::Null, |identity| read(identity.identity_data.as_ref()))
}

/// A state of `toy_thing`.
pub(crate) fn thing(name: &str, mode: Option<&str>) -> Json {
    json!({ "id": name, "name": name, "mode": mode, "limits": null })
}

pub(crate) fn summaries(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.summary.as_str())
        .collect()
}

/// The path of attributes that a finding points at.
pub(crate) fn attributes(diagnostic: &Diagnostic) -> Vec<&str> {
    let steps = diagnostic.attribute.iter().flat_map(|path| &path.steps);
    let names = steps.map(|step| match &step.selector {
        Some(Selector::AttributeName(name)) => name.as_str(),
        other => panic!("no attribute: {other:?}"),
    });
    names.collect()
}

/// The one error, which is the provider's fault and says nothing of its inside.
pub(crate) fn is_bug(diagnostics: &[Diagnostic]) -> bool {
    let [bug] = diagnostics else {
        return false;
    };
    bug.summary == "The provider has a bug"
        && !bug.detail.contains("asked to panic")
        && !bug.detail.contains("backtrace")
        && bug.detail.lines().count() == 1
}
