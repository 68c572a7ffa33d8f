//! A real Terraform drives the provider, by real HTTP and real DNS against the
//! simulator. Needs nothing but loopback. The environment variable TERRAFORM may
//! name another program than `terraform`; see `harness/cli.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod advice;
mod aliases;
mod attached;
mod audit;
mod block_page;
mod command_line;
mod credentials;
mod cut_over;
mod data_source;
mod deposed;
mod destroy;
mod dns;
mod dns_advice;
mod documentation;
mod drift;
mod faults;
mod fleets;
mod functions;
mod guides;
mod harness;
mod import;
mod interrupts;
mod late_reads;
mod lifecycle;
mod local_attributes;
mod logs;
mod moved;
mod name_servers;
mod pacing;
mod provider_block;
mod query;
mod read_only;
mod reads;
mod regions;
mod restart;
mod restart_interrupts;
mod siblings;
mod signals;
mod spelling;
mod stand_in;
mod state;
mod temporary_folder;
mod unknown_values;
mod unreachable;
mod upgrade;
mod validation;
mod verification;
