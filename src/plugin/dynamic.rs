//! Values on their way between the wire and the provider's types.

use serde::de::Deserialize;
use serde::ser::Serialize;

const NIL: u8 = 0xc0;

/// A value in msgpack as serde reads and writes the provider's types: objects
/// are maps by attribute name, null is nil, unknown is extension 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dynamic {
    msgpack: Vec<u8>,
}

impl Dynamic {
    /// The null value: what does not exist.
    #[must_use]
    pub fn null() -> Self {
        Self { msgpack: vec![NIL] }
    }

    /// Whether this is null as a whole.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.msgpack == [NIL]
    }

    /// Writes a typed value.
    pub fn from_typed<T: Serialize>(value: &T) -> Result<Self, rmp_serde::encode::Error> {
        Ok(Self {
            msgpack: rmp_serde::to_vec_named(value)?,
        })
    }

    /// Reads a typed value, which may borrow from this one.
    pub fn to_typed<'a, T: Deserialize<'a>>(&'a self) -> Result<T, rmp_serde::decode::Error> {
        rmp_serde::from_slice(&self.msgpack)
    }

    pub(super) fn from_msgpack(msgpack: Vec<u8>) -> Self {
        Self { msgpack }
    }

    pub(super) fn as_msgpack(&self) -> &[u8] {
        &self.msgpack
    }
}
