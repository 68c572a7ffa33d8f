//! Bytes into trees: msgpack and JSON, of bounded depth.
//!
//! Trees are walked recursively, so that what nests too deep for a thread's
//! stack is refused before it is one. No length is believed before the bytes
//! are there.

use rmpv::Value;
use rmpv::decode::Error;
use serde::Deserialize as _;
use serde_json::Value as Json;

use super::problem::{MAX_DEPTH, Problem};

/// rmpv counts two for a collection, and three for a string that it holds. One
/// level more is for a value that brings its type; which values are too deep is
/// decided exactly where they meet their type.
const MSGPACK_DEPTH: usize = 2 * (MAX_DEPTH + 1) + 3;

/// In JSON the type of a value may stand beside it, in which an object takes
/// two levels.
const JSON_DEPTH: usize = 2 * MAX_DEPTH + 2;

/// The value that `bytes` are.
pub(super) fn msgpack(bytes: &[u8]) -> Result<Value, Problem> {
    let mut rest = bytes;
    let value =
        rmpv::decode::read_value_with_max_depth(&mut rest, MSGPACK_DEPTH).map_err(|error| {
            match error {
                Error::DepthLimitExceeded => Problem::TooDeep,
                error => Problem::Msgpack(error.to_string()),
            }
        })?;
    match rest.len() {
        0 => Ok(value),
        trailing => Err(Problem::Trailing(trailing)),
    }
}

/// The value that JSON stands for. Numbers that are no integers of 64 bits are
/// bytes, which nothing else in JSON becomes: where a string is wanted, a number
/// is wrong.
pub(super) fn json(bytes: &[u8]) -> Result<Value, Problem> {
    json_tree(bytes).map(from_json)
}

/// JSON as it is.
pub(super) fn json_tree(bytes: &[u8]) -> Result<Json, Problem> {
    if json_depth(bytes) > JSON_DEPTH {
        return Err(Problem::TooDeep);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    // Its own limit is 127.
    deserializer.disable_recursion_limit();
    let json =
        Json::deserialize(&mut deserializer).and_then(|json| deserializer.end().map(|()| json));
    json.map_err(|error| Problem::Json(error.to_string()))
}

/// How deep brackets nest in what may be JSON.
fn json_depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = bytes.iter();
    let mut in_string = false;
    while let Some(byte) = bytes.next() {
        match (byte, in_string) {
            (b'"', _) => in_string = !in_string,
            (b'\\', true) => {
                bytes.next();
            }
            (b'[' | b'{', false) => depth += 1,
            (b']' | b'}', false) => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// As [`json`], of what is parsed.
pub(super) fn from_json(json: Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(bool) => bool.into(),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => integer.into(),
            (_, Some(integer)) => integer.into(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_of_json_is_that_of_its_brackets() {
        for (json, depth) in [
            ("", 0),
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[1,{}],"b":{}}"#, 3),
            (r#"["[[[", "\"[[", "\\", [1]]"#, 2),
            ("]]]][[", 2),
        ] {
            assert_eq!(json_depth(json.as_bytes()), depth, "{json}");
        }
    }

    #[test]
    fn lengths_are_not_believed() {
        for header in [&[0xdd][..], &[0xdf], &[0xdb], &[0xc6], &[0xc9]] {
            let bytes = [header, &[0xff, 0xff, 0xff, 0xff]].concat();
            assert!(
                matches!(msgpack(&bytes), Err(Problem::Msgpack(_))),
                "{header:?}"
            );
        }
    }
}
