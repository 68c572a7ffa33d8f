//! How much is measured.

/// How many identities, and how often.
#[derive(Debug)]
pub(crate) struct Sizes {
    /// Refreshes by `for_each`, each of so many identities.
    pub(crate) refreshes: Vec<usize>,
    /// How often a short run is repeated; the median counts.
    pub(crate) repeated: usize,
    /// A refresh by `count`, which costs Terraform less; only in the full run.
    pub(crate) counted: Option<usize>,
    /// Refreshes with a verification of each identity.
    pub(crate) verified: Vec<usize>,
    /// The refresh with DNS on.
    pub(crate) with_dns: usize,
    /// Runs of the same where two domains have dead servers.
    pub(crate) with_dead_domains: usize,
    pub(crate) creates: usize,
    /// Creates that something disturbs.
    pub(crate) paced_creates: usize,
    /// The same, where it shows with fewer.
    pub(crate) short_creates: usize,
    /// Creates of a process where SES counts all operations together.
    pub(crate) creates_with_one_limit: usize,
    /// Creates of the host that a newcomer finds.
    pub(crate) crowd: usize,
    /// Resources that wait for a verification at a time.
    pub(crate) waits: usize,
    /// Creates of each of the processes that share a limit.
    pub(crate) shared_creates: usize,
    /// The same where the limit is shared for long; in the full run, and where it is
    /// asked for by name.
    pub(crate) long_creates: usize,
    /// Reads by the naive client; the last is compared.
    pub(crate) naive_reads: Vec<usize>,
    /// Starts of the provider.
    pub(crate) starts: usize,
    /// Reads by gRPC.
    pub(crate) calls: usize,
    /// How many of the runs that wait most of the time are made at a time.
    pub(crate) at_a_time: usize,
    /// Whether those are made beside all others, at the cost of what is measured.
    pub(crate) all_at_once: bool,
}

impl Sizes {
    /// Some minutes.
    pub(crate) fn usual() -> Self {
        Self {
            refreshes: vec![1, 10, 100, 300, 1000],
            repeated: 3,
            counted: None,
            verified: vec![300, 1000],
            with_dns: 1000,
            with_dead_domains: 20,
            creates: 60,
            paced_creates: 30,
            short_creates: 20,
            creates_with_one_limit: 60,
            crowd: 110,
            waits: 200,
            shared_creates: 25,
            long_creates: 100,
            naive_reads: vec![1, 10, 30, 100],
            starts: 41,
            calls: 10_000,
            at_a_time: 3,
            all_at_once: false,
        }
    }

    /// As usual, and SES's 10,000 identities of a region.
    pub(crate) fn full() -> Self {
        Self {
            counted: Some(10_000),
            ..Self::usual()
        }
    }

    /// Whether all of it works, in some two minutes.
    pub(crate) fn quick() -> Self {
        Self {
            refreshes: vec![1, 10, 100, 200],
            repeated: 1,
            counted: Some(150),
            verified: vec![150],
            with_dns: 100,
            with_dead_domains: 1,
            creates: 5,
            paced_creates: 30,
            short_creates: 8,
            creates_with_one_limit: 20,
            crowd: 60,
            waits: 50,
            shared_creates: 5,
            long_creates: 8,
            naive_reads: vec![1, 10],
            starts: 5,
            calls: 500,
            at_a_time: 8,
            all_at_once: true,
        }
    }
}
