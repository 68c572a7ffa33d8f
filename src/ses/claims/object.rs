//! Mark of one Terraform object, which tells it from another of the same identity.

use std::fmt;

use super::line::Site;
use crate::ses::host_folder::fnv1a;

/// Mark of one object of Terraform's: made with the object, kept in its private state,
/// and the same for as long as it lives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectId(String);

impl ObjectId {
    /// A mark that no other object has.
    pub fn random() -> Self {
        Self(format!("{:016x}", fastrand::u64(..)))
    }

    /// The mark of all objects of `site` that have none, as older releases have left them:
    /// nobody can tell one from another, so they are one.
    pub(super) fn unmarked(site: &Site) -> Self {
        Self(format!("{:016x}", fnv1a(&format!("unmarked {site:?}"))))
    }

    /// What [`as_str`](Self::as_str) has written; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_ours = text.len() == 16 && text.bytes().all(|c| c.is_ascii_hexdigit());
        is_ours.then(|| Self(text.to_owned()))
    }

    /// Sixteen hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_known_by_what_was_written() {
        let object = ObjectId::random();
        assert_eq!(ObjectId::parse(object.as_str()), Some(object.clone()));
        assert_ne!(ObjectId::random(), object);
        for text in ["", "0", "0123456789abcdeg", "0123456789abcdef0"] {
            assert_eq!(ObjectId::parse(text), None, "{text}");
        }
    }
}
