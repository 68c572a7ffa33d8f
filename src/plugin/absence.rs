//! What stands for that which a value does not have, or not yet.

use rmpv::Value;

use super::cty::{Absent, Field, Type};

/// What core holds in a field for which nothing is written.
pub(super) fn absent(field: &Field) -> Value {
    match (field.absent, &field.ty) {
        (Absent::Null, _) => Value::Nil,
        (Absent::EmptyList, _) => Value::Array(Vec::new()),
        (Absent::EmptyObject, Type::Object(fields)) => Value::Map(
            fields
                .iter()
                .map(|(name, field)| (name.as_str().into(), absent(field)))
                .collect(),
        ),
        (Absent::EmptyMap | Absent::EmptyObject, _) => Value::Map(Vec::new()),
    }
}

/// A fitted value of type `ty` with all that is unknown made absent.
pub(super) fn known(value: Value, ty: &Type) -> Value {
    let field = |value, field: &Field| match value {
        Value::Ext(..) => absent(field),
        value => known(value, &field.ty),
    };
    match (value, ty) {
        (Value::Ext(..), _) => Value::Nil,
        (Value::Array(elements), Type::List(ty) | Type::Set(ty)) => {
            Value::Array(elements.into_iter().map(|e| known(e, ty)).collect())
        }
        (Value::Array(elements), Type::Tuple(types)) => Value::Array(
            elements
                .into_iter()
                .zip(types)
                .map(|(e, ty)| known(e, ty))
                .collect(),
        ),
        (Value::Map(entries), Type::Map(ty)) => Value::Map(
            entries
                .into_iter()
                .map(|(key, e)| (key, known(e, ty)))
                .collect(),
        ),
        (Value::Map(entries), Type::Object(fields)) => {
            let known = |(key, value): (Value, Value)| {
                let value = match key.as_str().and_then(|name| fields.get(name)) {
                    Some(of) => field(value, of),
                    None => value,
                };
                (key, value)
            };
            Value::Map(entries.into_iter().map(known).collect())
        }
        (Value::Array(pair), Type::Dynamic) => Value::Array(pair.into_iter().map(nulled).collect()),
        (value, _) => value,
    }
}

/// The value with null for all that is unknown.
fn nulled(value: Value) -> Value {
    match value {
        Value::Ext(..) => Value::Nil,
        Value::Array(elements) => Value::Array(elements.into_iter().map(nulled).collect()),
        Value::Map(entries) => {
            Value::Map(entries.into_iter().map(|(k, v)| (k, nulled(v))).collect())
        }
        other => other,
    }
}
