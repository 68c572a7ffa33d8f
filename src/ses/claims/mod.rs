//! Claims: which Terraform object wants which identity's MAIL FROM domain, so that
//! nobody switches off what another object wants.
//!
//! Provider blocks are processes of their own, and so are the plan and the apply of one:
//! what they claim they tell each other by way of files that only this user can read.
//!
//! | file | |
//! |---|---|
//! | `object` | the mark by which one object is told from another |
//! | `claim` | claims an identity for an object: by a Set, by a plan |
//! | `siblings` | what a delete asks: who else wants the identity |
//! | `in_flight` | one call at a time for one identity |
//! | `watch` | asks AWS for the account where it matters |
//! | `register` | what follows from all that was told, pure |
//! | `told`, `line`, `whose` | what one process has told, and what a line of it says |
//! | `member`, `known` | this process as one of a run, and what it knows of the others |
//! | `run`, `folder`, `journal`, `lock` | which run this is, and the files that its processes share |

mod claim;
mod folder;
mod in_flight;
mod journal;
mod known;
mod line;
mod lock;
mod member;
mod object;
mod register;
mod run;
mod siblings;
mod told;
mod watch;
mod whose;

pub(in crate::ses) use claim::{Claim, Claims};
pub(in crate::ses) use in_flight::InFlight;
pub use member::Member;
pub use object::ObjectId;
pub(in crate::ses) use siblings::Siblings;
