//! Values: messages ↔ [`Dynamic`], fitted to the type their schema implies.
//!
//! What core sends is regular but not uniform: a number may be an integer, a
//! float or a decimal string, an unknown any msgpack extension, and a state
//! from another release may lack attributes. After [`decode`] there is one form
//! of each, so that serde's types and [`Number`](super::Number) can read it;
//! [`encode`] goes back.

use rmpv::Value;
use tf_provider::{AttributePath, Diagnostic};

use super::absence::known;
use super::cty::Type;
use super::dynamic::Dynamic;
use super::fitting::{Direction, fit};
use super::parsing;
use super::problem::Problem;
use super::proto::tfplugin6::DynamicValue;

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
    decoded(value, ty).map(|value| to_dynamic(&value))
}

/// As [`decode`], of what is written by hand: attributes that the type does not have are
/// an error.
pub(super) fn decode_exactly(value: &DynamicValue, ty: &Type) -> Result<Dynamic, Malformed> {
    let tree = parsed(Some(value)).map_err(at_root)?;
    if let (Value::Map(entries), Type::Object(fields)) = (&tree, ty)
        && let Some(name) = entries
            .iter()
            .filter_map(|(name, _)| name.as_str())
            .find(|&name| !fields.contains_key(name))
    {
        return Err(Malformed {
            path: AttributePath::new(name.to_owned()),
            problem: Problem::Superfluous(name.to_owned()),
        });
    }
    fitted(tree, ty, Direction::Incoming).map(|value| to_dynamic(&value))
}

/// As [`decode`], from the JSON of what a state holds, once `rewrite` has changed it. That is
/// never null.
pub(super) fn decode_json(
    json: &[u8],
    ty: &Type,
    rewrite: impl FnOnce(&mut serde_json::Value),
) -> Result<Dynamic, Malformed> {
    let mut json = parsing::json_tree(json).map_err(at_root)?;
    rewrite(&mut json);
    match parsing::from_json(json) {
        Value::Nil => Err(at_root(Problem::Null)),
        value => fitted(value, ty, Direction::Incoming).map(|value| to_dynamic(&value)),
    }
}

fn decoded(value: Option<&DynamicValue>, ty: &Type) -> Result<Value, Malformed> {
    fitted(parsed(value).map_err(at_root)?, ty, Direction::Incoming)
}

fn parsed(value: Option<&DynamicValue>) -> Result<Value, Problem> {
    match value {
        Some(value) if !value.msgpack.is_empty() => parsing::msgpack(&value.msgpack),
        Some(value) if !value.json.is_empty() => parsing::json(&value.json),
        _ => Ok(Value::Nil),
    }
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
            Some(ty) => decoded(Some(argument), ty),
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
    at_root(Problem::Length { expected, found })
}

fn at_root(problem: Problem) -> Malformed {
    Malformed {
        path: AttributePath::root(),
        problem,
    }
}

/// Writes a value of type `ty`. Fails only if the provider's own type does not
/// agree with its schema.
pub(super) fn encode(value: &Dynamic, ty: &Type) -> Result<DynamicValue, Malformed> {
    let value = fitted(to_value(value)?, ty, Direction::Outgoing)?;
    Ok(DynamicValue {
        msgpack: to_dynamic(&value).as_msgpack().to_vec(),
        json: Vec::new(),
    })
}

/// The value, of type `ty`, as if all that is unknown were absent: null, or no
/// blocks.
pub(super) fn without_unknowns(value: &Dynamic, ty: &Type) -> Result<Dynamic, Malformed> {
    Ok(to_dynamic(&known(to_value(value)?, ty)))
}

fn fitted(value: Value, ty: &Type, direction: Direction) -> Result<Value, Malformed> {
    fit(value, ty, direction).map_err(|(problem, path)| Malformed { path, problem })
}

/// The tree of a value.
pub(super) fn to_value(value: &Dynamic) -> Result<Value, Malformed> {
    parsing::msgpack(value.as_msgpack()).map_err(at_root)
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
