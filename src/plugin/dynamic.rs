//! Values on their way between the wire and the provider's types.

use serde::de::Deserialize;
use serde::ser::Serialize;

const NIL: u8 = 0xc0;
/// Extension 0 with one byte of data, as Terraform writes what is unknown.
const UNKNOWN: [u8; 3] = [0xd4, 0, 0];

/// A value in msgpack as serde reads and writes the provider's types: objects
/// are maps by attribute name, null is nil, unknown is extension 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dynamic {
    msgpack: Vec<u8>,
}

impl Dynamic {
    /// The null value: what does not exist.
    pub(super) fn null() -> Self {
        Self { msgpack: vec![NIL] }
    }

    /// A value that is unknown as a whole.
    pub(super) fn unknown() -> Self {
        Self {
            msgpack: UNKNOWN.to_vec(),
        }
    }

    /// Whether this is null as a whole.
    pub(super) fn is_null(&self) -> bool {
        self.msgpack == [NIL]
    }

    /// Whether this is unknown as a whole.
    pub(super) fn is_unknown(&self) -> bool {
        self.msgpack == UNKNOWN
    }

    /// Writes a typed value.
    pub(super) fn from_typed<T: Serialize>(value: &T) -> Result<Self, rmp_serde::encode::Error> {
        Ok(Self {
            msgpack: rmp_serde::to_vec_named(value)?,
        })
    }

    /// Reads a typed value, which may borrow from this one.
    pub(super) fn to_typed<'a, T: Deserialize<'a>>(
        &'a self,
    ) -> Result<T, rmp_serde::decode::Error> {
        rmp_serde::from_slice(&self.msgpack)
    }

    pub(super) fn from_msgpack(msgpack: Vec<u8>) -> Self {
        Self { msgpack }
    }

    pub(super) fn as_msgpack(&self) -> &[u8] {
        &self.msgpack
    }
}
