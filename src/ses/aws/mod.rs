//! The AWS SDK: the calls, the connection that they go by, credentials, the marker of when
//! a request went out, and the check of what has come back. The only place of the AWS
//! crates.
//!
//! | file | |
//! |---|---|
//! | `calls` | [`Api`](super::api::Api) by the SDK |
//! | `settings`, `region` | what the practitioner says, and the region where nothing is said |
//! | `connection` | what all clients are made of |
//! | `environment`, `files`, `profile` | what the environment and AWS's files say |
//! | `sts`, `instance` | roles that are assumed, and an instance's |
//! | `credentials` | credentials of the process: loaded once, kept, renewed |
//! | `http`, `phases`, `look_up` | HTTP, with a limit for each phase of an exchange |
//! | `proxies` | which requests go by which proxy |
//! | `said` | settings that environment or profile say, where the block does not |
//! | `endpoints`, `retries`, `names` | where services are, how often they are asked, and in whose name |
//! | `obstacle` | why a request has no answer, in words |
//! | `contact` | which obstacles last, so that a process learns them once |
//! | `answer` | whether an answer is SES's |
//! | `translate` | the SDK's errors as ours |
//! | `stamp` | when a request went out |
//! | `owner`, `account` | whose the credentials are, before a call, and by one |
//! | `accounts` | whose they may be |

mod account;
mod accounts;
mod answer;
mod calls;
mod connection;
mod contact;
mod credentials;
mod endpoints;
mod environment;
mod files;
mod http;
mod instance;
mod look_up;
mod names;
mod obstacle;
mod owner;
mod phases;
mod profile;
mod proxies;
mod region;
mod retries;
mod said;
mod settings;
mod stamp;
mod sts;
mod translate;

pub use accounts::Accounts;
pub(in crate::ses) use calls::AwsApi;
pub use connection::Connection;
pub use endpoints::{Deprecated, is_endpoint};
pub use environment::AwsEnvironment;
pub use instance::MetadataSettings;
pub use names::is_product;
pub use proxies::{ProxyError, ProxySettings, check_proxy};
pub use retries::RetryMode;
pub use settings::{AccessKeys, ConnectionSettings};
pub use sts::{Role, WebIdentity, WebToken};
