//! Values brought into the one form that their type allows.

use std::collections::BTreeMap;

use rmpv::Value;
use tf_provider::{AttributePath, AttributePathStep};

use super::absence::absent;
use super::cty::{Field, Type};
use super::number::Number;
use super::parsing;
use super::problem::{MAX_DEPTH, Problem};

/// Who has written the value, and who will read it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Direction {
    /// From core to the provider's types. Numbers become integers, as serde's
    /// number types read them, and decimal texts where they are no integers of
    /// 64 bits. A value of another release may lack fields and have others.
    Incoming,
    /// From the provider's types to core. All numbers become decimal texts: core
    /// gives a number read from a text the precision of one read from JSON, and
    /// one read from a msgpack integer another, and Terraform 1.10 to 1.14 take
    /// the two for different when they compare a refreshed state with a stored
    /// one. Fields are exactly those of the schema, or the provider's type is
    /// wrong.
    Outgoing,
}

/// The value as `ty` has it, or what is wrong and where: every number and every
/// unknown in one form, blocks that repeat never null; in what comes in, missing
/// fields are filled in and superfluous ones dropped.
pub(super) fn fit(
    value: Value,
    ty: &Type,
    direction: Direction,
) -> Result<Value, (Problem, AttributePath)> {
    let mut walk = Walk {
        direction,
        depth: 0,
        path: AttributePath::root(),
    };
    walk.fit(value, ty).map_err(|problem| (problem, walk.path))
}

/// A walk down a value beside its type. On failure `path` is left where it is.
struct Walk {
    direction: Direction,
    /// How many collections and objects the walk is inside of.
    depth: usize,
    path: AttributePath,
}

impl Walk {
    fn fit(&mut self, value: Value, ty: &Type) -> Result<Value, Problem> {
        match (value, ty) {
            (Value::Nil, _) => Ok(Value::Nil),
            (Value::Ext(..), _) => Ok(Value::Ext(0, vec![0])),
            (value, Type::Dynamic) => self.dynamic(value),
            (Value::Boolean(bool), Type::Bool) => Ok(bool.into()),
            (Value::String(string), Type::String) => {
                string.into_str().map(Value::from).ok_or(Problem::NotUtf8)
            }
            (value, Type::Number) => number(value, self.direction),
            (value @ (Value::Array(_) | Value::Map(_)), ty) => {
                if self.depth == MAX_DEPTH {
                    return Err(Problem::TooDeep);
                }
                self.depth += 1;
                let collection = self.collection(value, ty)?;
                self.depth -= 1;
                Ok(collection)
            }
            (value, ty) => Err(mismatch(&value, ty)),
        }
    }

    fn collection(&mut self, value: Value, ty: &Type) -> Result<Value, Problem> {
        match (value, ty) {
            (Value::Array(elements), Type::List(ty)) => self.elements(elements, ty),
            (Value::Array(elements), Type::Set(ty)) => elements
                .into_iter()
                // The elements of a set have no path of their own.
                .map(|element| self.fit(element, ty))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            (Value::Array(elements), Type::Tuple(types)) => self.tuple(elements, types),
            (Value::Map(entries), Type::Map(ty)) => self.map(entries, ty),
            (Value::Map(entries), Type::Object(fields)) => self.object(entries, fields),
            (value, ty) => Err(mismatch(&value, ty)),
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

    fn object(
        &mut self,
        entries: Vec<(Value, Value)>,
        fields: &BTreeMap<String, Field>,
    ) -> Result<Value, Problem> {
        let mut entries: BTreeMap<_, _> = keyed(entries)?.into_iter().collect();
        let mut object = Vec::with_capacity(fields.len());
        for (name, field) in fields {
            let step = AttributePathStep::Attribute(name.clone().into());
            let value = match entries.remove(name) {
                None if self.direction == Direction::Outgoing => {
                    self.path.add_step(step);
                    return Err(Problem::Missing);
                }
                None | Some(Value::Nil) => absent(field),
                Some(value) => value,
            };
            object.push((name.as_str().into(), self.at(step, value, &field.ty)?));
        }
        match entries.into_keys().next() {
            Some(name) if self.direction == Direction::Outgoing => Err(Problem::Superfluous(name)),
            _ => Ok(Value::Map(object)),
        }
    }

    /// A value that brings its type: `[type, value]` in msgpack, an object of the
    /// two in JSON.
    fn dynamic(&mut self, value: Value) -> Result<Value, Problem> {
        let untyped = mismatch(&value, &Type::Dynamic);
        let (text, value) = typed(value)?.ok_or(untyped)?;
        let json = parsing::json_tree(&text).map_err(|_| Problem::NotAType)?;
        let ty = Type::from_json(&json).ok_or(Problem::NotAType)?;
        Ok(Value::Array(vec![
            Value::Binary(text),
            self.fit(value, &ty)?,
        ]))
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

/// The type, as cty's JSON, and the value beside it; `None` if there are no two.
fn typed(value: Value) -> Result<Option<(Vec<u8>, Value)>, Problem> {
    match value {
        Value::Array(pair) => {
            let Ok([ty, value]) = <[Value; 2]>::try_from(pair) else {
                return Ok(None);
            };
            Ok(match ty {
                Value::Binary(text) => Some((text, value)),
                Value::String(text) => Some((text.into_bytes(), value)),
                _ => None,
            })
        }
        Value::Map(entries) if entries.len() == 2 => {
            let mut entries: BTreeMap<_, _> = keyed(entries)?.into_iter().collect();
            let (Some(ty), Some(value)) = (entries.remove("type"), entries.remove("value")) else {
                return Ok(None);
            };
            let ty: serde_json::Value = rmpv::ext::from_value(ty).map_err(|_| Problem::NotAType)?;
            Ok(Some((ty.to_string().into_bytes(), value)))
        }
        _ => Ok(None),
    }
}

/// A number in the form of its direction. Bytes are a JSON number's text.
fn number(value: Value, direction: Direction) -> Result<Value, Problem> {
    use Direction::{Incoming, Outgoing};
    let decimal = |text: Option<&str>| text.ok_or(Problem::NotUtf8)?.parse().map_err(Into::into);
    let number: Result<Number, Problem> = match (&value, direction) {
        (Value::Integer(integer), _) => decimal(Some(&integer.to_string())),
        (Value::F32(float), Outgoing) => decimal(Some(&float.to_string())),
        (Value::F64(float), Outgoing) => decimal(Some(&float.to_string())),
        (Value::F32(float), Incoming) => Number::exactly(f64::from(*float)).map_err(Into::into),
        (Value::F64(float), Incoming) => Number::exactly(*float).map_err(Into::into),
        (Value::String(text), _) => decimal(text.as_str()),
        (Value::Binary(text), _) => decimal(std::str::from_utf8(text).ok()),
        (other, _) => Err(mismatch(other, &Type::Number)),
    };
    let number = number?;
    Ok(match (direction, number.as_i64(), number.as_u64()) {
        (Incoming, Some(integer), _) => integer.into(),
        (Incoming, _, Some(integer)) => integer.into(),
        _ => number.to_string().into(),
    })
}

fn mismatch(value: &Value, ty: &Type) -> Problem {
    Problem::Mismatch {
        expected: expected(ty),
        found: found(value),
    }
}

fn expected(ty: &Type) -> &'static str {
    match ty {
        Type::String => "a string",
        Type::Number => "a number",
        Type::Bool => "a bool",
        Type::Dynamic => "a value with its type",
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
        Value::Binary(_) => "bytes or a decimal number",
        Value::Array(_) => "a sequence",
        Value::Map(_) => "an object or a map",
        Value::Ext(..) => "an unknown value",
    }
}
