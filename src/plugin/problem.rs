//! What can be wrong with a value.

use super::number::NotANumber;

/// How deep collections and objects may nest.
pub(super) const MAX_DEPTH: usize = 128;

/// Why a value is refused.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum Problem {
    #[error("it is not well-formed msgpack: {0}")]
    Msgpack(String),
    #[error("it is not well-formed JSON: {0}")]
    Json(String),
    #[error("it nests more than {MAX_DEPTH} levels deep")]
    TooDeep,
    #[error("{0} bytes follow the value")]
    Trailing(usize),
    #[error("expected {expected}, found {found}")]
    Mismatch {
        expected: &'static str,
        found: &'static str,
    },
    #[error("expected {expected} elements, found {found}")]
    Length { expected: usize, found: usize },
    #[error("it is missing")]
    Missing,
    #[error("it is null")]
    Null,
    #[error("the schema has no {0:?} there")]
    Superfluous(String),
    #[error("a string is not UTF-8")]
    NotUtf8,
    #[error(transparent)]
    NotANumber(#[from] NotANumber),
    #[error("it says of itself that it is of a type that there is not")]
    NotAType,
}
