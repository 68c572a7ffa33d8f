//! Claims: which Terraform object wants which identity's MAIL FROM domain, so that
//! nobody switches off what another object wants.
//!
//! | file | |
//! |---|---|
//! | `object` | the mark by which one object is told from another |
//! | `claim` | who has set, or is about to set, which identity |

mod claim;
mod object;

pub(in crate::ses) use claim::{Claims, InFlight, Siblings};
pub use object::ObjectId;
