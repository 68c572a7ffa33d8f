//! Where a MAIL FROM domain is set.

use std::fmt;

use super::{Identity, Region};

/// An identity of a region: what has a MAIL FROM domain, or may have one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The identity.
    pub identity: Identity,
    /// The region that it is in.
    pub region: Region,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.identity, self.region)
    }
}
