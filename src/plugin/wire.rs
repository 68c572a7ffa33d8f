//! Values: messages ↔ [`Dynamic`], fitted to the type their schema implies.
//!
//! What core sends is regular but not uniform: a number may be an integer, a
//! float or a decimal string, an unknown any msgpack extension, and a state
//! from another release may lack attributes. After [`decode`] there is one form
//! of each, so that serde's types and [`Number`](super::Number) can read it;
//! [`encode`] goes back.

use rmpv::Value;
use tf_provider::{AttributePath, Diagnostic};

use super::cty::Type;
use super::dynamic::Dynamic;
use super::fitting::{Direction, Problem, fit, known};
use super::proto::tfplugin6::DynamicValue;

/// Values nested deeper are refused: the tree is walked recursively.
const MAX_DEPTH: usize = 128;

/// A value that is not of its schema's type, or not a value at all.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{problem}")]
pub(super) struct Malformed {
    path: AttributePath,
    problem: Problem,
}

impl From<Malformed> for Diagnostic {
    fn from(malformed: Malformed) -> Self {
        Self {
            summary: "Value cannot be decoded".into(),
            detail: format!("A value does not fit the provider's schema: {malformed}.").into(),
            attribute: malformed.path,
        }
    }
}

/// An argument of a function that does not fit its parameter.
#[derive(Debug, PartialEq)]
pub(super) struct MalformedArgument {
    index: usize,
    malformed: Malformed,
}

impl From<MalformedArgument> for Diagnostic {
    fn from(argument: MalformedArgument) -> Self {
        let index = i64::try_from(argument.index).unwrap_or(i64::MAX);
        Self {
            attribute: AttributePath::function_argument(index),
            ..argument.malformed.into()
        }
    }
}

/// Reads a value of type `ty`: attributes that are missing become null, those
/// that the type does not have are dropped. No value at all is null.
pub(super) fn decode(value: Option<&DynamicValue>, ty: &Type) -> Result<Dynamic, Malformed> {
    let value = match value {
        Some(value) if !value.msgpack.is_empty() => parse_msgpack(&value.msgpack)?,
        Some(value) if !value.json.is_empty() => parse_json(&value.json)?,
        _ => Value::Nil,
    };
    fitted(value, ty, Direction::Incoming)
}

/// As [`decode`], from the JSON of a stored state.
pub(super) fn decode_json(json: &[u8], ty: &Type) -> Result<Dynamic, Malformed> {
    fitted(parse_json(json)?, ty, Direction::Incoming)
}

/// Reads a function's arguments into one array. Those beyond `types` are of
/// the type `variadic`.
pub(super) fn decode_arguments(
    arguments: &[DynamicValue],
    types: &[Type],
    variadic: Option<&Type>,
) -> Result<Dynamic, MalformedArgument> {
    let mut values = Vec::with_capacity(arguments.len());
    for (index, argument) in arguments.iter().enumerate() {
        let value = match types.get(index).or(variadic) {
            Some(ty) => decode(Some(argument), ty).and_then(|v| parse_msgpack(v.as_msgpack())),
            None => Err(length(types.len(), arguments.len())),
        };
        values.push(value.map_err(|malformed| MalformedArgument { index, malformed })?);
    }
    if values.len() < types.len() {
        return Err(MalformedArgument {
            index: values.len(),
            malformed: length(types.len(), values.len()),
        });
    }
    Ok(to_dynamic(&Value::Array(values)))
}

fn length(expected: usize, found: usize) -> Malformed {
    Malformed {
        path: AttributePath::root(),
        problem: Problem::Length { expected, found },
    }
}

/// Writes a value of type `ty`. Fails only if the provider's own type does not
/// agree with its schema.
pub(super) fn encode(value: &Dynamic, ty: &Type) -> Result<DynamicValue, Malformed> {
    let value = fitted(parse_msgpack(value.as_msgpack())?, ty, Direction::Outgoing)?;
    Ok(DynamicValue {
        msgpack: value.as_msgpack().to_vec(),
        json: Vec::new(),
    })
}

/// The value, of type `ty`, as if all that is unknown were absent: null, or no
/// blocks.
pub(super) fn without_unknowns(value: &Dynamic, ty: &Type) -> Result<Dynamic, Malformed> {
    let value = parse_msgpack(value.as_msgpack())?;
    Ok(to_dynamic(&known(value, ty)))
}

/// Reads the value that `bytes` are.
pub(super) fn parse_msgpack(bytes: &[u8]) -> Result<Value, Malformed> {
    let malformed = |problem| Malformed {
        path: AttributePath::root(),
        problem,
    };
    let mut rest = bytes;
    let value = rmpv::decode::read_value_with_max_depth(&mut rest, MAX_DEPTH)
        .map_err(|error| malformed(Problem::Msgpack(error.to_string())))?;
    match rest.len() {
        0 => Ok(value),
        trailing => Err(malformed(Problem::Trailing(trailing))),
    }
}

fn parse_json(bytes: &[u8]) -> Result<Value, Malformed> {
    // serde_json refuses what is nested deeper than 128 by itself.
    serde_json::from_slice(bytes)
        .map(from_json)
        .map_err(|error| Malformed {
            path: AttributePath::root(),
            problem: Problem::Json(error.to_string()),
        })
}

fn from_json(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Nil,
        Json::Bool(bool) => bool.into(),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => integer.into(),
            (_, Some(integer)) => integer.into(),
            // As bytes, which nothing else in JSON becomes: where a string is
            // wanted, a number is wrong.
            _ => Value::Binary(number.to_string().into_bytes()),
        },
        Json::String(string) => string.into(),
        Json::Array(elements) => Value::Array(elements.into_iter().map(from_json).collect()),
        Json::Object(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), from_json(value)))
                .collect(),
        ),
    }
}

fn fitted(value: Value, ty: &Type, direction: Direction) -> Result<Dynamic, Malformed> {
    match fit(value, ty, direction) {
        Ok(value) => Ok(to_dynamic(&value)),
        Err((problem, path)) => Err(Malformed { path, problem }),
    }
}

fn to_dynamic(value: &Value) -> Dynamic {
    let mut bytes = Vec::new();
    // Writing to a Vec does not fail.
    let _ = rmpv::encode::write_value(&mut bytes, value);
    Dynamic::from_msgpack(bytes)
}

#[cfg(test)]
#[path = "wire_tests/mod.rs"]
mod tests;
