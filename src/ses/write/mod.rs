//! Writes: `SetIdentityMailFromDomain`, and what became of it.
//!
//! | file | |
//! |---|---|
//! | `change` | what a create, an update or a delete wants, and what can become of it |
//! | `table` | what is known, what each event makes of it, and what follows: pure |
//! | `writer` | sets and unsets |
//! | `course` | what is kept of one change under way |
//! | `drive` | carries out what the table says, and tells it what has happened |
//! | `attempts` | the failed attempts at one request, and how long to pause |
//! | `look` | what SES shows of it, and for how long that is waited for |

mod attempts;
mod change;
mod course;
mod drive;
mod look;
mod table;
#[cfg(test)]
mod tests;
mod writer;

pub use change::{Set, Unset, Unwanted, Wanted};
pub(in crate::ses) use writer::Writer;
