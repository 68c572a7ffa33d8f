//! A run of Terraform at SES's limit, beside the shortest that the limit allows.

use std::time::Duration;

use crate::fleet::Tally;
use crate::report::{Bound, Row};

/// A run at SES's limit, beside the same run without a limit.
pub(crate) struct Limited {
    pub(crate) name: String,
    pub(crate) size: usize,
    pub(crate) time: Duration,
    /// The same without a limit, and the seconds that the limit takes at least.
    pub(crate) floor: Duration,
    pub(crate) tally: Tally,
    pub(crate) peak_memory: Option<u64>,
    /// The single create that took longest, where the run is one of creates.
    pub(crate) longest_create: Option<Duration>,
    pub(crate) bounds: Vec<Bound>,
}

impl From<&Limited> for Row {
    fn from(run: &Limited) -> Self {
        let size = run.size as f64;
        let of_creates = |value: f64| run.longest_create.map(|_| value);
        let a_call = run.time.as_secs_f64() / run.tally.accepted() as f64;
        Self {
            seconds_a_call: of_creates(a_call),
            gets_a_create: of_creates(run.tally.gets as f64 / size),
            longest_create: run.longest_create,
            memory: run.peak_memory,
            bounds: run.bounds.clone(),
            ..Self::timed(&run.name, run.time, run.floor, run.tally)
        }
    }
}
