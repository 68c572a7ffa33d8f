//! Reads: what SES holds, for many who ask, in few Gets.

mod ahead;
mod identities;
mod task;

pub(in crate::ses) use identities::IdentityReader;
pub(in crate::ses) use task::Reader;
