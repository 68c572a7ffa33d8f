//! Values: messages ↔ [`Dynamic`], fitted to the type their schema implies.
//!
//! What core sends is regular but not uniform: a number may be an integer, a
//! float or a decimal string, an unknown any msgpack extension, and a state
//! from another release may lack attributes. After [`decode`] there is one form
//! of each, so that serde's derived types can read it; [`encode`] goes back.

use rmpv::Value;
use tf_provider::{AttributePath, AttributePathStep, Diagnostic};

use super::cty::{Absent, Field, Type};
use super::dynamic::Dynamic;
use super::proto::tfplugin6::DynamicValue;

/// Values nested deeper are refused: the tree is walked recursively.
const MAX_DEPTH: usize = 128;

/// The largest and smallest integers that msgpack holds, as floats.
const INTEGERS: std::ops::Range<f64> = -9_223_372_036_854_775_808.0..18_446_744_073_709_551_616.0;

/// A value that is not of its schema's type, or not a value at all.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{problem}")]
pub(super) struct Malformed {
    path: AttributePath,
    problem: Problem,
}

#[derive(Debug, PartialEq, thiserror::Error)]
enum Problem {
    #[error("it is not well-formed msgpack: {0}")]
    Msgpack(String),
    #[error("it is not well-formed JSON: {0}")]
    Json(String),
    #[error("{0} bytes follow the value")]
    Trailing(usize),
    #[error("expected {expected}, found {found}")]
    Mismatch {
        expected: &'static str,
        found: &'static str,
    },
    #[error("expected {expected} elements, found {found}")]
    Length { expected: usize, found: usize },
    #[error("a string is not UTF-8")]
    NotUtf8,
    #[error("it is not a finite decimal number")]
    NotANumber,
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

/// How numbers with a fraction are written.
#[derive(Clone, Copy)]
enum Fractions {
    /// As floats, which is what serde's number types read.
    Floats,
    /// As the shortest decimal that reads back the same. Core computes in
    /// decimal: a float 0.9 would come back as 0.90000000000000002.
    Decimals,
}

/// Reads a value of type `ty`: attributes that are missing become null, those
/// that the type does not have are dropped. No value at all is null.
pub(super) fn decode(value: Option<&DynamicValue>, ty: &Type) -> Result<Dynamic, Malformed> {
    let value = match value {
        Some(value) if !value.msgpack.is_empty() => parse_msgpack(&value.msgpack)?,
        Some(value) if !value.json.is_empty() => parse_json(&value.json)?,
        _ => Value::Nil,
    };
    fitted(value, ty, Fractions::Floats)
}

/// As [`decode`], from the JSON of a stored state.
pub(super) fn decode_json(json: &[u8], ty: &Type) -> Result<Dynamic, Malformed> {
    fitted(parse_json(json)?, ty, Fractions::Floats)
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
    let value = fitted(parse_msgpack(value.as_msgpack())?, ty, Fractions::Decimals)?;
    Ok(DynamicValue {
        msgpack: value.as_msgpack().to_vec(),
        json: Vec::new(),
    })
}

/// The value with null for all that is unknown.
pub(super) fn without_unknowns(value: &Dynamic) -> Result<Dynamic, Malformed> {
    fn known(value: Value) -> Value {
        match value {
            Value::Ext(..) => Value::Nil,
            Value::Array(elements) => Value::Array(elements.into_iter().map(known).collect()),
            Value::Map(entries) => {
                Value::Map(entries.into_iter().map(|(k, v)| (k, known(v))).collect())
            }
            other => other,
        }
    }
    Ok(to_dynamic(&known(parse_msgpack(value.as_msgpack())?)))
}

fn parse_msgpack(bytes: &[u8]) -> Result<Value, Malformed> {
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
            _ => number.as_f64().map_or(Value::Nil, Value::from),
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

fn fitted(value: Value, ty: &Type, fractions: Fractions) -> Result<Dynamic, Malformed> {
    let mut fitting = Fitting {
        fractions,
        path: AttributePath::root(),
    };
    match fitting.fit(value, ty) {
        Ok(value) => Ok(to_dynamic(&value)),
        Err(problem) => Err(Malformed {
            path: fitting.path,
            problem,
        }),
    }
}

fn to_dynamic(value: &Value) -> Dynamic {
    let mut bytes = Vec::new();
    // Writing to a Vec does not fail.
    let _ = rmpv::encode::write_value(&mut bytes, value);
    Dynamic::from_msgpack(bytes)
}

/// A walk down a value beside its type. On failure `path` is left where it is.
struct Fitting {
    fractions: Fractions,
    path: AttributePath,
}

impl Fitting {
    fn fit(&mut self, value: Value, ty: &Type) -> Result<Value, Problem> {
        match (value, ty) {
            (Value::Nil, _) => Ok(Value::Nil),
            (Value::Ext(..), _) => Ok(Value::Ext(0, vec![0])),
            (value, Type::Dynamic) => Ok(dynamic(value)),
            (Value::Boolean(bool), Type::Bool) => Ok(bool.into()),
            (Value::String(string), Type::String) => {
                string.into_str().map(Value::from).ok_or(Problem::NotUtf8)
            }
            (value, Type::Number) => number(value, self.fractions),
            (Value::Array(elements), Type::List(ty)) => self.elements(elements, ty),
            (Value::Array(elements), Type::Set(ty)) => elements
                .into_iter()
                // The elements of a set have no path of their own.
                .map(|element| self.fit(element, ty))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            (Value::Array(elements), Type::Tuple(types)) => self.tuple(elements, types),
            (Value::Map(entries), Type::Map(ty)) => self.map(entries, ty),
            (Value::Map(entries), Type::Object(fields)) => {
                let mut object = Vec::with_capacity(fields.len());
                let mut entries = keyed(entries)?;
                for (name, field) in fields {
                    let value = entries
                        .iter()
                        .position(|(key, _)| key == name)
                        .map(|at| entries.swap_remove(at).1);
                    object.push((name.as_str().into(), self.field(value, name, field)?));
                }
                Ok(Value::Map(object))
            }
            (value, ty) => Err(Problem::Mismatch {
                expected: expected(ty),
                found: found(&value),
            }),
        }
    }

    fn elements(&mut self, elements: Vec<Value>, ty: &Type) -> Result<Value, Problem> {
        let mut fitted = Vec::with_capacity(elements.len());
        for (index, element) in (0_i64..).zip(elements) {
            fitted.push(self.at(AttributePathStep::Index(index), element, ty)?);
        }
        Ok(Value::Array(fitted))
    }

    fn tuple(&mut self, elements: Vec<Value>, types: &[Type]) -> Result<Value, Problem> {
        if elements.len() != types.len() {
            return Err(Problem::Length {
                expected: types.len(),
                found: elements.len(),
            });
        }
        let mut fitted = Vec::with_capacity(elements.len());
        for ((index, element), ty) in (0_i64..).zip(elements).zip(types) {
            fitted.push(self.at(AttributePathStep::Index(index), element, ty)?);
        }
        Ok(Value::Array(fitted))
    }

    fn map(&mut self, entries: Vec<(Value, Value)>, ty: &Type) -> Result<Value, Problem> {
        let mut fitted = Vec::with_capacity(entries.len());
        for (key, value) in keyed(entries)? {
            let value = self.at(AttributePathStep::Key(key.clone().into()), value, ty)?;
            fitted.push((key.into(), value));
        }
        Ok(Value::Map(fitted))
    }

    fn field(&mut self, value: Option<Value>, name: &str, field: &Field) -> Result<Value, Problem> {
        let value = value.unwrap_or(match field.absent {
            Absent::Null => Value::Nil,
            Absent::EmptyList => Value::Array(Vec::new()),
            Absent::EmptyMap => Value::Map(Vec::new()),
        });
        let step = AttributePathStep::Attribute(name.to_owned().into());
        self.at(step, value, &field.ty)
    }

    fn at(&mut self, step: AttributePathStep, value: Value, ty: &Type) -> Result<Value, Problem> {
        self.path.add_step(step);
        let fitted = self.fit(value, ty)?;
        self.path.steps.pop();
        Ok(fitted)
    }
}

fn keyed(entries: Vec<(Value, Value)>) -> Result<Vec<(String, Value)>, Problem> {
    entries
        .into_iter()
        .map(|(key, value)| match key {
            Value::String(key) => Ok((key.into_str().ok_or(Problem::NotUtf8)?, value)),
            other => Err(Problem::Mismatch {
                expected: "a string as key",
                found: found(&other),
            }),
        })
        .collect()
}

/// A value that brings its type: `[type, value]` in msgpack, an object of the
/// two in JSON.
fn dynamic(value: Value) -> Value {
    let Value::Map(entries) = &value else {
        return value;
    };
    let entry = |name| entries.iter().find(|(key, _)| key.as_str() == Some(name));
    match (entry("type"), entry("value")) {
        (Some((_, ty)), Some((_, inner))) if entries.len() == 2 => {
            let ty = rmpv::ext::from_value::<serde_json::Value>(ty.clone()).unwrap_or_default();
            Value::Array(vec![Value::Binary(ty.to_string().into()), inner.clone()])
        }
        _ => value,
    }
}

fn number(value: Value, fractions: Fractions) -> Result<Value, Problem> {
    let float = match value {
        Value::Integer(_) => return Ok(value),
        Value::F32(float) => float.into(),
        Value::F64(float) => float,
        Value::String(decimal) => {
            let decimal = decimal.as_str().ok_or(Problem::NotUtf8)?;
            if let Ok(integer) = decimal.parse::<i64>() {
                return Ok(integer.into());
            }
            if let Ok(integer) = decimal.parse::<u64>() {
                return Ok(integer.into());
            }
            // Rust's floats read "inf" and "nan" too, which are no numbers here:
            // the check below refuses them.
            decimal.parse().map_err(|_| Problem::NotANumber)?
        }
        other => {
            return Err(Problem::Mismatch {
                expected: expected(&Type::Number),
                found: found(&other),
            });
        }
    };
    if !float.is_finite() {
        return Err(Problem::NotANumber);
    }
    if float.fract() == 0.0 && INTEGERS.contains(&float) {
        // Both casts are exact within the range.
        return Ok(match float < 0.0 {
            true => (float as i64).into(),
            false => (float as u64).into(),
        });
    }
    Ok(match fractions {
        Fractions::Floats => float.into(),
        Fractions::Decimals => float.to_string().into(),
    })
}

fn expected(ty: &Type) -> &'static str {
    match ty {
        Type::String => "a string",
        Type::Number => "a number",
        Type::Bool => "a bool",
        Type::Dynamic => "any value",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Tuple(_) => "a tuple",
        Type::Object(_) => "an object",
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Nil => "null",
        Value::Boolean(_) => "a bool",
        Value::Integer(_) | Value::F32(_) | Value::F64(_) => "a number",
        Value::String(_) => "a string",
        Value::Binary(_) => "bytes",
        Value::Array(_) => "a sequence",
        Value::Map(_) => "an object or a map",
        Value::Ext(..) => "an unknown value",
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
