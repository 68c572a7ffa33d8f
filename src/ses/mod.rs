//! Amazon SES: the calls that this provider makes, paced, batched and retried.
//!
//! SES allows each of its identity operations once a second, and Terraform asks for ten
//! things at a time. So nothing is sent when it is asked for: it awaits a permit.
//!
//! Five rooms, each importing only what is left of it:
//!
//! ```text
//! aws ◄─────────── limit ◄─────────────── read ◄──────────── claims ◄────────── write
//! one call, one    when a request may go  what SES holds,    which object      sets and unsets
//! attempt, by the  out: permits, in the   a hundred          wants which       MAIL FROM until
//! AWS SDK          order of asking        identities a Get   identity set      SES accepts
//! ```
//!
//! | where is it decided … | |
//! |---|---|
//! | when credentials are loaded, and whether their failure passes | `aws::credentials` |
//! | what may take how long of an exchange | `aws::phases` |
//! | whether what stands between us and SES lasts | `aws::contact` |
//! | whether an answer is SES's | `aws::answer` |
//! | what SES's answer means | `aws::calls` |
//! | what an error is, and what is done about it | `aws::translate`, [`error`] |
//! | who is next | `limit::limiter`, by `limit::tickets` |
//! | that a refused call waits, and keeps its place | `write::drive` (one ticket for all attempts), `read::batch` |
//! | when the next request may go out | `limit::schedule`, `limit::queue` |
//! | whether SES counts for each operation or for the account | `limit::scope` |
//! | what is left to other hosts | `limit::hosts` |
//! | what the processes of this host share, and how | `limit::shared` |
//! | how long to pause after a failure | `limit::backoff` |
//! | which identities go into one Get, and when it goes out | `read::batch` |
//! | what fills the free places of a Get | `read::ahead` |
//! | what is answered without a Get | `read::memory` |
//! | in which Lists and Gets all identities are read | `read::fleet` |
//! | when the reads that follow Sets go out | `read::unhurried` |
//! | what is sent next in the course of a change | `write::table` |
//! | whether what SES shows may be older than what was sent | `read::sends` |
//! | whether a request is tried again | `write::table`, `read::task`, `read::fleet` |
//! | that a delete leaves what a sibling wants | `claims::register` |
//!
//! Beside the rooms: [`api`] is one call as the rooms see it, [`caller`] who makes it,
//! [`deadline`] until when a caller waits, [`host_folder`] where the processes of a host
//! share something, [`client`] puts the rooms together.
//!
//! Imports nothing of ours but `mail_from` and `machine`.

mod api;
mod aws;
mod caller;
mod claims;
mod client;
mod deadline;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod host_folder;
mod limit;
mod read;
mod write;

pub use api::{MailFrom, SetMailFrom};
pub use aws::{
    AccessKeys, Accounts, AwsEnvironment, Connection, ConnectionSettings, Deprecated,
    MetadataSettings, ProxyError, ProxySettings, RetryMode, Role, WebIdentity, WebToken,
    check_proxy, is_endpoint, is_product,
};
pub use claims::{Member, ObjectId};
pub use client::Client;
pub use deadline::{Deadline, Interrupted};
pub use error::{
    CredentialFault, Error, Obstacle, Operation, Reach, Refusal, is_access_denied, passes,
};
pub use read::{Fleet, Listed, Sent, Setting};
pub use write::{Set, Unset, Unwanted, Wanted};
