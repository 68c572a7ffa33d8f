//! Numbers, in every form and place.

use proptest::prelude::*;

use super::super::super::number::NotANumber;
use super::*;

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

/// What core is sent for a number in a state that it has stored.
fn upgraded(json: &str) -> String {
    let read = decode_json(json.as_bytes(), &Type::Number, |_| ()).unwrap();
    let sent = encode(&read, &Type::Number).unwrap().msgpack;
    let sent = parsing::msgpack(&sent).unwrap();
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
        let malformed = decode_json(json.as_bytes(), &Type::String, |_| ()).unwrap_err();
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
