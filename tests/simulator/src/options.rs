//! How a simulator is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a simulator starts with. The default listens on free ports of
/// 127.0.0.1 and is as strict as SES: one request a second per operation.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where SES's Query API and the control routes listen; port 0 takes a free one.
    pub ses: SocketAddr,
    /// Where DNS listens, UDP and TCP on one port; port 0 takes a free one.
    pub dns: SocketAddr,
    /// How many requests a second SES accepts.
    pub rate: Rate,
    /// How long SES takes before each answer, after the effect of the call.
    pub latency: Duration,
    /// Simulated seconds that pass in a real one. Drives the 72 hours of
    /// verification alone, never limits or latency.
    pub clock_speed: f64,
    /// Where SES looks for MX records.
    pub lookups: Lookups,
    /// Whether SES starts the verification of a `Failed` domain again when the
    /// same domain is set. If false, MAIL FROM has to be unset first.
    pub identical_set_restarts: bool,
    /// Whether SES falls back from `Success` to `Pending` when the same domain
    /// is set.
    pub identical_set_resets_success: bool,
}

impl Default for Options {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            ses: loopback,
            dns: loopback,
            rate: Rate::PerOperation(1.0),
            latency: Duration::ZERO,
            clock_speed: 1.0,
            lookups: Lookups::Own,
            identical_set_restarts: true,
            identical_set_resets_success: false,
        }
    }
}

/// Requests a second that SES accepts in a region. A request is accepted if at
/// least 1/rate seconds have passed since the last accepted one arrived: exactly, to
/// the nanosecond, with no burst and nothing saved up by a pause.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// No limit.
    Unlimited,
    /// Counted for each operation by itself, as the SES reference reads.
    PerOperation(f64),
    /// Counted over all operations together.
    PerAccount(f64),
}

/// Where SES looks for the MX record of a MAIL FROM domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookups {
    /// In the simulator's own DNS.
    Own,
    /// At this name server.
    At(SocketAddr),
    /// Nowhere: a status changes only by the calls made and by the clock.
    Off,
}
