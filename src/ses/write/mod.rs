//! Writes: `SetIdentityMailFromDomain`, and what became of it.
//!
//! | file | |
//! |---|---|
//! | `writer` | sets MAIL FROM, and holds the one loop in which a request is tried until SES accepts it |
//! | `attempts` | the failed attempts at one request: how long to pause, and how far any may have come |
//! | `unset` | unsets MAIL FROM, once and no more than is needed |
//! | `restart` | unsets and sets MAIL FROM, with nothing between the two |

mod attempts;
mod restart;
mod unset;
mod writer;

pub use attempts::SetError;
pub use restart::{Left, RestartError};
pub use unset::Unset;
pub(in crate::ses) use writer::Writer;
