//! The AWS SDK: the calls, the connection that they go by, the marker of when a request
//! went out, and the check of what has come back. The only place of the AWS crates.

mod account;
mod answer;
mod calls;
mod connection;
mod owner;
mod stamp;
mod translate;

pub(in crate::ses) use calls::AwsApi;
pub use connection::{AccessKeys, Connection, ConnectionSettings};
pub use owner::EnvironmentOwner;
