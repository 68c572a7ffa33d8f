//! Tables of what core sends and what becomes of it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use tf_provider::value::Value as Typed;

use super::super::cty::{Absent, Field};
use super::super::number::{NotANumber, Number};
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
    decode(Some(&message(value)), ty).and_then(|v| parse_msgpack(v.as_msgpack()))
}

/// What core is sent for a value that it has sent.
fn echoed(sent: &Value, ty: &Type) -> Result<Value, Malformed> {
    let read = decode(Some(&message(sent)), ty)?;
    parse_msgpack(&encode(&read, ty)?.msgpack)
}

#[test]
fn numbers_come_in_three_forms() {
    for (sent, read) in [
        (Value::from(10), Value::from(10)),
        (Value::from(-3), Value::from(-3)),
        (Value::from(10.0), Value::from(10)),
        (Value::from(-2.0), Value::from(-2)),
        (Value::from(0.5), Value::from("0.5")),
        (Value::F32(0.5), Value::from("0.5")),
        (Value::from("0.9"), Value::from("0.9")),
        (Value::from("1e-3"), Value::from("1e-3")),
        (Value::from("1e3"), Value::from(1000)),
        (Value::from("7"), Value::from(7)),
        (Value::from("18446744073709551615"), Value::from(u64::MAX)),
        (Value::from("-9223372036854775808"), Value::from(i64::MIN)),
        (Value::from("1e999"), Value::from("1e999")),
        (Value::from(-0.0), Value::from(0)),
    ] {
        assert_eq!(decoded(&sent, &Type::Number), Ok(read), "{sent}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for sent in [
        Value::from("inf"),
        Value::from("NaN"),
        Value::from("1,5"),
        Value::from("0x10"),
        Value::from(""),
        Value::from(f64::NAN),
        Value::from(f64::INFINITY),
        Value::F32(f32::NEG_INFINITY),
    ] {
        let malformed = decoded(&sent, &Type::Number).unwrap_err();
        assert_eq!(malformed.problem, Problem::NotANumber(NotANumber), "{sent}");
    }
}

#[test]
fn every_number_is_sent_as_a_decimal() {
    for (typed, sent) in [
        (Dynamic::from_typed(&10_i64), "10"),
        (Dynamic::from_typed(&u64::MAX), "18446744073709551615"),
        (Dynamic::from_typed(&0.9), "0.9"),
        (Dynamic::from_typed(&0.1_f32), "0.1"),
        (Dynamic::from_typed(&1e-3), "0.001"),
        (Dynamic::from_typed(&2.0), "2"),
        (Dynamic::from_typed(&1e20), "100000000000000000000"),
        (Dynamic::from_typed(&(0.1 + 0.2)), "0.30000000000000004"),
        (
            Dynamic::from_typed(&"1.50".parse::<Number>().unwrap()),
            "1.50",
        ),
    ] {
        let encoded = encode(&typed.unwrap(), &Type::Number).unwrap();
        assert_eq!(encoded, message(&sent.into()));
    }
}

#[test]
fn numbers_are_decimals_wherever_they_stand() {
    let number = || Box::new(Type::Number);
    let one = || Value::Array(vec![1.into()]);
    let text = || Value::Array(vec!["1".into()]);
    let typed = |ty: &str, value| Value::Array(vec![Value::Binary(ty.into()), value]);
    for (ty, sent, back) in [
        (list(Type::Number), one(), text()),
        (Type::Set(number()), one(), text()),
        (Type::Tuple(vec![Type::Number]), one(), text()),
        (
            Type::Map(number()),
            map([("k", 1.into())]),
            map([("k", "1".into())]),
        ),
        (
            object([("n", Type::Number)]),
            map([("n", 0.25.into())]),
            map([("n", "0.25".into())]),
        ),
        (
            Type::Dynamic,
            typed(r#""number""#, 1.into()),
            typed(r#""number""#, "1".into()),
        ),
        (
            list(Type::Dynamic),
            Value::Array(vec![typed(r#"["tuple",["number","string"]]"#, {
                Value::Array(vec![1.into(), "1".into()])
            })]),
            Value::Array(vec![typed(r#"["tuple",["number","string"]]"#, {
                Value::Array(vec!["1".into(), "1".into()])
            })]),
        ),
    ] {
        assert_eq!(echoed(&sent, &ty), Ok(back), "{sent}");
    }
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

/// What core is sent for a number in a state that it has stored.
fn upgraded(json: &str) -> String {
    let read = decode_json(json.as_bytes(), &Type::Number).unwrap();
    let sent = encode(&read, &Type::Number).unwrap().msgpack;
    let sent = parse_msgpack(&sent).unwrap();
    sent.as_str().unwrap().to_owned()
}

#[test]
fn a_stored_number_keeps_its_digits() {
    let long = format!("0.{}1", "0123456789".repeat(1_000));
    for json in [
        "0.1",
        "1.50",
        "-1e-400",
        "1e+400",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "-9223372036854775809",
        "1267650600228229401496703205377",
        "3.14159265358979323846264338327950288",
        &long,
    ] {
        assert_eq!(upgraded(json), json);
    }
    assert_eq!(upgraded("2.0"), "2");
}

#[test]
fn a_number_of_json_is_no_string() {
    for json in ["1", "1.5", "1e400"] {
        let malformed = decode_json(json.as_bytes(), &Type::String).unwrap_err();
        assert!(
            matches!(malformed.problem, Problem::Mismatch { .. }),
            "{json}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_stored_decimal_is_sent_as_it_is(json in r"-?(0|[1-9][0-9]{0,40})\.[0-9]{0,40}[1-9](e[+-]?[0-9]{1,3})?") {
        let sent: Number = upgraded(&json).parse().unwrap();
        prop_assert_eq!(sent, json.parse::<Number>().unwrap());
    }

    #[test]
    fn a_stored_fraction_comes_back(fraction in -1e18..1e18_f64) {
        prop_assert_eq!(upgraded(&fraction.to_string()).parse::<f64>(), Ok(fraction));
    }

    #[test]
    fn integers_around_a_power_of_two_come_back(power in 50_u32..101, offset in -5..6_i128) {
        let integer = (2_i128.pow(power) + offset).to_string();
        prop_assert_eq!(upgraded(&integer), integer.clone());
        let sent = echoed(&integer.as_str().into(), &Type::Number);
        prop_assert_eq!(sent, Ok(integer.into()));
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
fn absent_blocks_are_as_core_would_send_them() {
    let blocks = [
        ("group", object([("x", Type::String)]), Absent::EmptyMap),
        ("list", list(Type::String), Absent::EmptyList),
        ("single", object([("x", Type::String)]), Absent::Null),
    ];
    let ty = Type::Object(
        blocks
            .into_iter()
            .map(|(name, ty, absent)| (name.to_owned(), Field { ty, absent }))
            .collect::<BTreeMap<_, _>>(),
    );
    let read = map([
        ("group", map([("x", Value::Nil)])),
        ("list", Value::Array(vec![])),
        ("single", Value::Nil),
    ]);
    assert_eq!(decoded(&Value::Map(vec![]), &ty), Ok(read));
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
    assert!(decode_json(&json, &list(Type::String)).is_err());
    assert!(decode_json(b"", &Type::String).is_err());
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
    let read = decode_json(json, &ty).unwrap();
    let dynamic = Value::Array(vec![Value::Binary(b"\"string\"".to_vec()), "x".into()]);
    assert_eq!(
        parse_msgpack(read.as_msgpack()),
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
fn unknowns_can_be_nulled() {
    let value = map([
        ("a", unknown()),
        ("b", Value::Array(vec![unknown(), true.into()])),
    ]);
    let known = map([
        ("a", Value::Nil),
        ("b", Value::Array(vec![Value::Nil, true.into()])),
    ]);
    assert_eq!(
        without_unknowns(&to_dynamic(&value)),
        Ok(to_dynamic(&known))
    );
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
