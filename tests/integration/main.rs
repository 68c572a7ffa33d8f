//! The plugin server as a process of its own, driven as Terraform drives it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod calls;
mod connection;
mod identity;
mod lifecycle;
mod plugin;
mod read_only;
mod ses;
mod ses_identity;
mod ses_list;
mod ses_move;
mod ses_region;
mod start;
mod terraform;
mod values;
