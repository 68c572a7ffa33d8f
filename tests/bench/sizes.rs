//! How much is measured.

/// How many identities, and how often.
#[derive(Debug)]
pub(crate) struct Sizes {
    /// Refreshes by `for_each`, each of so many identities.
    pub(crate) refreshes: Vec<usize>,
    /// A refresh by `count`, which costs Terraform less; only in the full run.
    pub(crate) counted: Option<usize>,
    /// The refresh with DNS on.
    pub(crate) with_dns: usize,
    pub(crate) creates: usize,
    /// Creates of each of the processes that share a limit.
    pub(crate) shared_creates: usize,
    /// Reads by the naive client; the last is compared.
    pub(crate) naive_reads: Vec<usize>,
    /// Starts of the provider.
    pub(crate) starts: usize,
    /// Reads by gRPC.
    pub(crate) calls: usize,
}

impl Sizes {
    /// Some minutes.
    pub(crate) fn usual() -> Self {
        Self {
            refreshes: vec![1, 10, 100, 300, 1000],
            counted: None,
            with_dns: 1000,
            creates: 60,
            shared_creates: 25,
            naive_reads: vec![1, 10, 30, 100],
            starts: 41,
            calls: 10_000,
        }
    }

    /// As usual, and SES's 10,000 identities of a region.
    pub(crate) fn full() -> Self {
        Self {
            counted: Some(10_000),
            ..Self::usual()
        }
    }

    /// Whether all of it works, in about a minute.
    pub(crate) fn quick() -> Self {
        Self {
            refreshes: vec![1, 10, 100, 200],
            counted: Some(150),
            with_dns: 100,
            creates: 5,
            shared_creates: 3,
            naive_reads: vec![1, 10],
            starts: 5,
            calls: 500,
        }
    }
}
