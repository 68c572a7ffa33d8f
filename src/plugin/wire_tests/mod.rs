//! Tables of what core sends and what becomes of it.

mod blocks;
mod depth;
mod numbers;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tf_provider::value::Value as Typed;

use super::super::cty::{Absent, Field};
use super::super::number::Number;
use super::*;

fn field(ty: Type) -> Field {
    Field {
        ty,
        absent: Absent::Null,
    }
}

fn object(fields: impl IntoIterator<Item = (&'static str, Type)>) -> Type {
    Type::Object(
        fields
            .into_iter()
            .map(|(name, ty)| (name.to_owned(), field(ty)))
            .collect(),
    )
}

fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

fn map(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect())
}

fn unknown() -> Value {
    Value::Ext(0, vec![0])
}

fn message(value: &Value) -> DynamicValue {
    DynamicValue {
        msgpack: to_dynamic(value).as_msgpack().to_vec(),
        json: Vec::new(),
    }
}

fn decoded(value: &Value, ty: &Type) -> Result<Value, Malformed> {
    super::decoded(Some(&message(value)), ty)
}

/// What core is sent for a value that it has sent.
fn echoed(sent: &Value, ty: &Type) -> Result<Value, Malformed> {
    let read = decode(Some(&message(sent)), ty)?;
    parsing::msgpack(&encode(&read, ty)?.msgpack).map_err(at_root)
}

#[test]
fn a_dynamic_value_brings_its_type() {
    let typed = |ty: &str, value| Value::Array(vec![Value::Binary(ty.into()), value]);
    for sent in [
        Value::Nil,
        unknown(),
        typed(r#""string""#, unknown()),
        typed(r#"["list","bool"]"#, Value::Nil),
        typed(r#"["object",{"a":"bool"}]"#, map([("a", true.into())])),
    ] {
        assert_eq!(echoed(&sent, &Type::Dynamic), Ok(sent));
    }
    for (sent, problem) in [
        (
            Value::from("untyped"),
            Problem::Mismatch {
                expected: "a value with its type",
                found: "a string",
            },
        ),
        (typed("", 1.into()), Problem::NotAType),
        (typed(r#""text""#, 1.into()), Problem::NotAType),
        (typed(r#"["list"]"#, Value::Nil), Problem::NotAType),
    ] {
        let malformed = decoded(&sent, &Type::Dynamic).unwrap_err();
        assert_eq!(malformed.problem, problem, "{sent}");
    }
}

#[test]
fn any_extension_is_unknown() {
    for sent in [
        Value::Ext(0, vec![]),
        Value::Ext(0, vec![0]),
        Value::Ext(12, vec![0x81, 1, 0xc2]),
        Value::Ext(-1, vec![1, 2, 3, 4]),
    ] {
        for ty in [
            Type::String,
            Type::Number,
            list(Type::Bool),
            object([("a", Type::String)]),
        ] {
            assert_eq!(decoded(&sent, &ty), Ok(unknown()));
        }
    }
}

#[test]
fn objects_are_fitted_to_their_type() {
    let ty = object([("a", Type::String), ("b", list(Type::Bool))]);
    let sent = map([("z", 1.into()), ("a", "x".into())]);
    let read = map([("a", "x".into()), ("b", Value::Nil)]);
    assert_eq!(decoded(&sent, &ty), Ok(read));
}

#[test]
fn no_value_is_null() {
    for value in [
        None,
        Some(&DynamicValue::default()),
        Some(&message(&Value::Nil)),
    ] {
        assert_eq!(decode(value, &list(Type::String)), Ok(Dynamic::null()));
    }
}

#[test]
fn a_mismatch_is_told_with_its_path() {
    let ty = object([(
        "a",
        list(Type::Map(Box::new(object([("n", Type::Number)])))),
    )]);
    let inner = map([("k", map([("n", true.into())]))]);
    let sent = map([("a", Value::Array(vec![Value::Nil, inner]))]);
    let diagnostic = Diagnostic::from(decoded(&sent, &ty).unwrap_err());
    assert_eq!(
        diagnostic.attribute,
        AttributePath::new("a").index(1).key("k").attribute("n")
    );
    assert_eq!(
        diagnostic.detail,
        "A value does not fit the provider's schema: expected a number, found a bool."
    );
}

#[test]
fn hostile_bytes_are_errors() {
    let nested = |bytes: &[u8], depth| bytes.repeat(depth);
    let invalid_utf8 = vec![0xa2, 0xc3, 0x28];
    for msgpack in [
        nested(&[0x91], 100_000),
        nested(&[0x81, 0xa1, b'a'], 100_000),
        vec![0xdd, 0xff, 0xff, 0xff, 0xff],
        vec![0xc6, 0xff, 0xff, 0xff, 0xff],
        vec![0xc0, 0xc0],
        vec![0x81, 0x01, 0x01],
        invalid_utf8,
    ] {
        let value = DynamicValue {
            msgpack,
            json: Vec::new(),
        };
        for ty in [Type::String, object([("a", Type::String)])] {
            assert!(decode(Some(&value), &ty).is_err());
        }
    }
    let json = "[".repeat(100_000).into_bytes();
    assert!(decode_json(&json, &list(Type::String), |_| ()).is_err());
    assert!(decode_json(b"", &Type::String, |_| ()).is_err());
    let null = decode_json(b" null ", &Type::String, |_| ()).unwrap_err();
    assert_eq!(null.problem, Problem::Null);
}

#[test]
fn json_is_read_like_msgpack() {
    let ty = object([
        ("d", Type::Dynamic),
        ("n", Type::Number),
        ("s", Type::Set(Box::new(Type::String))),
        ("t", Type::Tuple(vec![Type::Bool, Type::Number])),
        ("u", Type::Number),
    ]);
    let json = br#"{"n":0.9,"s":["a"],"t":[true,2.0],"u":18446744073709551615,"gone":{},
        "d":{"type":"string","value":"x"}}"#;
    let read = decode_json(json, &ty, |_| ()).unwrap();
    let dynamic = Value::Array(vec![Value::Binary(b"\"string\"".to_vec()), "x".into()]);
    assert_eq!(
        to_value(&read),
        Ok(map([
            ("d", dynamic),
            ("n", "0.9".into()),
            ("s", Value::Array(vec!["a".into()])),
            ("t", Value::Array(vec![true.into(), 2.into()])),
            ("u", u64::MAX.into()),
        ]))
    );
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Model {
    text: Typed<String>,
    rate: Typed<Number>,
    count: Typed<i64>,
    inner: Typed<Vec<Typed<Inner>>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Inner {
    flag: Typed<bool>,
}

fn model_type() -> Type {
    object([
        ("count", Type::Number),
        ("inner", list(object([("flag", Type::Bool)]))),
        ("rate", Type::Number),
        ("text", Type::String),
    ])
}

#[test]
fn typed_values_round_trip() {
    let known = Model {
        text: Typed::Value("bücher".to_owned()),
        rate: Typed::Value("0.9".parse().unwrap()),
        count: Typed::Value(10),
        inner: Typed::Value(vec![
            Typed::Value(Inner {
                flag: Typed::Value(true),
            }),
            Typed::Value(Inner {
                flag: Typed::Unknown,
            }),
            Typed::Unknown,
            Typed::Null,
        ]),
    };
    let unknown = Model {
        text: Typed::Unknown,
        rate: Typed::Unknown,
        count: Typed::Unknown,
        inner: Typed::Unknown,
    };
    let null = Model {
        text: Typed::Null,
        rate: Typed::Null,
        count: Typed::Null,
        inner: Typed::Null,
    };
    for typed in [
        Typed::Value(known),
        Typed::Value(unknown),
        Typed::Value(null),
        Typed::Null,
        Typed::Unknown,
    ] {
        let sent = encode(&Dynamic::from_typed(&typed).unwrap(), &model_type()).unwrap();
        let read = decode(Some(&sent), &model_type()).unwrap();
        assert_eq!(read.to_typed::<Typed<Model>>().unwrap(), typed);
    }
}

#[test]
fn what_the_provider_sends_has_exactly_the_fields_of_the_schema() {
    let sent = Dynamic::from_typed(&Inner { flag: Typed::Null }).unwrap();
    let lacking = object([("flag", Type::Bool), ("other", Type::Bool)]);
    let malformed = encode(&sent, &lacking).unwrap_err();
    assert_eq!(malformed.problem, Problem::Missing);
    assert_eq!(malformed.path, AttributePath::new("other"));
    let malformed = encode(&sent, &object([])).unwrap_err();
    assert_eq!(malformed.problem, Problem::Superfluous("flag".to_owned()));
}

#[test]
fn numbers_are_read_by_number_and_integer_fields() {
    let sent = map([("rate", 2.into()), ("count", "3.0".into())]);
    let read = decode(Some(&message(&sent)), &model_type()).unwrap();
    let model = read.to_typed::<Typed<Model>>().unwrap().unwrap();
    assert_eq!(model.rate, Typed::Value(2.into()));
    assert_eq!(model.count, Typed::Value(3));
}

#[test]
fn unknown_is_extension_zero_of_one_byte() {
    let unknown = Dynamic::from_typed(&Typed::<String>::Unknown).unwrap();
    let sent = encode(&unknown, &Type::String).unwrap();
    assert_eq!(sent.msgpack, [0xd4, 0, 0]);
}

#[test]
fn arguments_become_one_array() {
    let types = [Type::String];
    let (text, one) = (message(&"x".into()), message(&1.into()));
    let read = decode_arguments(
        &[text.clone(), one.clone(), one.clone()],
        &types,
        Some(&Type::Number),
    );
    let array = Value::Array(vec!["x".into(), 1.into(), 1.into()]);
    assert_eq!(read, Ok(to_dynamic(&array)));
    assert!(decode_arguments(&[], &types, None).is_err());
    let malformed = decode_arguments(&[text.clone(), text], &types, None).unwrap_err();
    assert_eq!(malformed.index, 1);
    let malformed = decode_arguments(&[one], &types, None).unwrap_err();
    assert_eq!(malformed.index, 0);
}
