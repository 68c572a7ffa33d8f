//! The AWS SDK: the calls, the connection that they go by, and the marker of when a
//! request went out. The only place of the AWS crates.

mod calls;
mod connection;
mod owner;
mod stamp;

pub(in crate::ses) use calls::AwsApi;
pub use connection::{AccessKeys, Connection, ConnectionSettings};
pub use owner::EnvironmentOwner;
