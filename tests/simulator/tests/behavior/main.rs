//! The simulator as its users meet it: SES over HTTP, DNS over the network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(
    clippy::disallowed_methods,
    reason = "the simulator runs in real time on its own thread; tests wait for it in theirs"
)]

mod accounts;
mod client;
mod control;
mod dns;
mod faults;
mod identities;
mod limits;
mod mail_from;
mod program;
mod status;
