//! How deep values may nest.

use super::super::super::problem::MAX_DEPTH;
use super::*;

/// Lists in each other, objects in each other, or dynamic values of both, around
/// a string: their type and a value.
fn nestings(depth: usize) -> Vec<(Type, Value)> {
    let nested = |ty: &dyn Fn(Type) -> Type, value: &dyn Fn(Value) -> Value| {
        let inside = (Type::String, Value::from("x"));
        (0..depth).fold(inside, |(t, v), _| (ty(t), value(v)))
    };
    let lists = nested(&list, &|value| Value::Array(vec![value]));
    let objects = nested(&|ty| object([("a", ty)]), &|value| map([("a", value)]));
    let typed = |(ty, value): &(Type, Value)| {
        let ty = Value::Binary(ty.to_json().to_string().into_bytes());
        (Type::Dynamic, Value::Array(vec![ty, value.clone()]))
    };
    let dynamic = [typed(&lists), typed(&objects)];
    [lists, objects].into_iter().chain(dynamic).collect()
}

/// The value in JSON.
fn json(value: &Value) -> String {
    match value {
        Value::Array(pair) if matches!(pair[0], Value::Binary(_)) => {
            let ty = String::from_utf8(pair[0].as_slice().unwrap().to_vec()).unwrap();
            format!(r#"{{"type":{ty},"value":{}}}"#, json(&pair[1]))
        }
        Value::Array(elements) => format!("[{}]", json(&elements[0])),
        Value::Map(entries) => format!("{{{}:{}}}", entries[0].0, json(&entries[0].1)),
        other => other.to_string(),
    }
}

/// On the stack of one of tokio's threads.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(test).unwrap().join().unwrap();
}

#[test]
fn values_nest_to_the_limit_and_no_deeper() {
    on_a_small_stack(|| {
        for (ty, value) in nestings(MAX_DEPTH) {
            assert_eq!(echoed(&value, &ty), Ok(value.clone()));
            let read = decode_json(json(&value).as_bytes(), &ty, |_| ());
            assert_eq!(read, Ok(to_dynamic(&value)));
            let known = without_unknowns(&read.unwrap(), &ty);
            assert_eq!(known, Ok(to_dynamic(&value)));
        }
        for depth in [MAX_DEPTH + 1, MAX_DEPTH + 2] {
            for (ty, value) in nestings(depth) {
                let malformed = decoded(&value, &ty).unwrap_err();
                assert_eq!(malformed.problem, Problem::TooDeep);
                let malformed = decode_json(json(&value).as_bytes(), &ty, |_| ()).unwrap_err();
                assert_eq!(malformed.problem, Problem::TooDeep);
            }
        }
    });
}

#[test]
fn what_nests_without_end_is_refused() {
    on_a_small_stack(|| {
        for opening in [&b"\x91"[..], b"\x81\xa1a", b"\xdd\xff\xff\xff\xff"] {
            let value = DynamicValue {
                msgpack: opening.repeat(100_000),
                json: Vec::new(),
            };
            let malformed = decode(Some(&value), &Type::String).unwrap_err();
            assert_eq!(malformed.problem, Problem::TooDeep);
        }
        for opening in ["[", r#"{"a":"#, r#"{"type":["list","#] {
            let malformed = decode_json(opening.repeat(100_000).as_bytes(), &Type::String, |_| ());
            assert_eq!(malformed.unwrap_err().problem, Problem::TooDeep);
        }
    });
}
