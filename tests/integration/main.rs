//! The plugin server as a process of its own, driven as Terraform drives it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod calls;
mod connection;
mod lifecycle;
mod plugin;
mod read_only;
mod start;
mod terraform;
mod values;
