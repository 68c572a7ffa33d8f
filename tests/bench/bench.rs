//! `make bench`: how long a real Terraform takes with this provider against the
//! simulator, beside the shortest that SES's limit allows and beside the usual
//! pattern. Prints one table, and writes it with a plot into the guide.
//!
//! Tells of each row what the project allows itself. Fails when a run gives a wrong
//! result, never because it is slow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a harness: what goes wrong ends it"
)]

mod creates;
mod dns;
mod fleet;
mod guide;
mod hosts;
mod limited;
mod naive;
mod plot;
mod plugin;
mod process;
mod refreshes;
mod report;
mod sizes;
mod terraform;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use fleet::Template;
use futures_util::future::{FutureExt as _, LocalBoxFuture, join};
use futures_util::stream::{self, StreamExt as _};
use hosts::Hosts;
use limited::Limited;
use report::Row;
use sizes::Sizes;
use terraform::Installation;
use tokio::time::timeout;

/// What is measured without Terraform takes seconds; everything else has bounds
/// of its own.
const PATIENCE: Duration = Duration::from_secs(300);

const USAGE: &str = "usage: bench PROVIDER GUIDES [--full | --quick] [--only PART]
PART: plugin, refreshes, dns, creates, hosts, long or naive; nothing is written then";

/// The parts of the table, by the names under which one of them is asked for.
const PARTS: [&str; 7] = [
    "plugin",
    "refreshes",
    "dns",
    "creates",
    "hosts",
    "long",
    "naive",
];

/// What the arguments ask for.
struct Arguments {
    /// The provider's executable.
    provider: PathBuf,
    /// The folder of the guides.
    guides: PathBuf,
    sizes: Sizes,
    /// The only part of the table to measure.
    only: Option<String>,
    /// Whether the guide is written: not from a quick run or a part.
    write: bool,
    /// Whether the part that takes a quarter of an hour is among all parts.
    long: bool,
}

impl Arguments {
    fn parse(arguments: &[String]) -> Option<Self> {
        let [provider, guides, flags @ ..] = arguments else {
            return None;
        };
        let mut parsed = Self {
            provider: provider.into(),
            guides: guides.into(),
            sizes: Sizes::usual(),
            only: None,
            write: true,
            long: false,
        };
        let mut flags = flags.iter();
        while let Some(flag) = flags.next() {
            match flag.as_str() {
                "--full" => {
                    parsed.sizes = Sizes::full();
                    parsed.long = true;
                }
                "--quick" => {
                    parsed.sizes = Sizes::quick();
                    parsed.write = false;
                    parsed.long = true;
                }
                "--only" => {
                    let part = flags.next()?;
                    PARTS.contains(&part.as_str()).then_some(())?;
                    parsed.only = Some(part.clone());
                    parsed.write = false;
                }
                _ => return None,
            }
        }
        Some(parsed)
    }

    fn wants(&self, part: &str) -> bool {
        match &self.only {
            Some(only) => only == part,
            None => part != "long" || self.long,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(arguments) = Arguments::parse(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    // Ctrl-C drops what is under way, and with it processes and folders.
    tokio::select! {
        failed = bench(&arguments) => match failed {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        },
        _ = tokio::signal::ctrl_c() => ExitCode::from(130),
    }
}

/// Measures, prints, and writes the guide if that is asked for. Returns how many
/// resources could not be applied.
async fn bench(arguments: &Arguments) -> usize {
    let installation = &Installation::new(&arguments.provider);
    let (one_by_one, waiting) = (
        one_by_one(arguments, installation),
        that_wait(arguments, installation),
    );
    let (measured, waiting) = if arguments.sizes.all_at_once {
        join(one_by_one, waiting).await
    } else {
        (one_by_one.await, waiting.await)
    };
    let Measured {
        mut rows,
        refreshes,
        creates,
        naive,
    } = measured;
    rows.extend(waiting);
    let mut naive_reads = Vec::new();
    if let (Some(naive), Some(creates)) = (naive, creates) {
        let naive = naive.finish().await;
        rows.extend(naive.rows(&refreshes, &creates));
        naive_reads = naive.reads;
    }

    let table = report::markdown(&rows);
    let version = terraform::version(installation).await;
    let circumstances = report::circumstances(&version);
    report::print(&format!("{table}\n{circumstances}\n"));
    report::print(&report::exceeded(&rows));
    if arguments.write {
        let plot = plot::svg(&refreshes, &naive_reads);
        guide::write(&arguments.guides, &table, &circumstances, &plot);
    }
    rows.iter().map(|row| row.failed).sum()
}

/// What is measured with the machine to itself.
struct Measured {
    rows: Vec<Row>,
    /// Of these, the refreshes of several sizes and the creates.
    refreshes: Vec<Limited>,
    creates: Option<Limited>,
    /// A naive client only waits most of the time, and has a simulator of its own: it
    /// runs beside what comes next.
    naive: Option<naive::Started>,
}

/// The rows of runs that nothing else is to disturb.
async fn one_by_one(arguments: &Arguments, installation: &Installation) -> Measured {
    let template = &Template::take(installation).await;
    let sizes = &arguments.sizes;
    let wants = |part| arguments.wants(part);

    let mut rows = Vec::new();
    if wants("plugin") {
        let measured = plugin::rows(installation, template, sizes);
        rows = timeout(PATIENCE, measured)
            .await
            .expect("the provider hangs");
    }
    // Beside what is naive stands the same work done by Terraform.
    let mut refreshes = Vec::new();
    if wants("refreshes") || wants("naive") {
        refreshes = refreshes::refreshes(installation, template, sizes).await;
        rows.extend(refreshes.iter().map(Row::from));
    }
    if wants("refreshes") {
        rows.extend(refreshes::verified(installation, template, sizes).await);
        rows.extend(refreshes::with_less_ahead(installation, template, sizes).await);
    }
    if wants("dns") {
        rows.extend(dns::refreshes(installation, template, sizes).await);
    }
    let naive = wants("naive").then(|| naive::start(sizes));
    let mut creates = None;
    if wants("creates") || wants("naive") {
        let measured = creates::creates(installation, sizes).await;
        rows.push(Row::from(&measured));
        creates = Some(measured);
    }
    Measured {
        rows,
        refreshes,
        creates,
        naive,
    }
}

/// The rows of runs that wait for SES's limit most of the time: each has a simulator of
/// its own, and some are made at a time.
async fn that_wait(arguments: &Arguments, installation: &Installation) -> Vec<Row> {
    let sizes = &arguments.sizes;
    let mut runs: Vec<LocalBoxFuture<'_, Row>> = Vec::new();
    if arguments.wants("creates") {
        runs.push(creates::planned_without_an_answer(installation).boxed_local());
        runs.push(creates::waits(installation, sizes).boxed_local());
        runs.push(creates::throttled_at_the_start(installation, sizes).boxed_local());
        runs.push(creates::with_one_limit_for_all(installation, sizes).boxed_local());
        runs.push(creates::with_short_timeouts(installation, sizes).boxed_local());
    }
    if arguments.wants("hosts") {
        runs.push(hosts::newcomer(installation, sizes).boxed_local());
        runs.push(hosts::second_user(installation, sizes).boxed_local());
        runs.push(hosts::full_disk(installation, sizes).boxed_local());
        runs.push(hosts::clock_step(installation).boxed_local());
        for hosts in [Hosts::One, Hosts::Four] {
            let each = sizes.shared_creates;
            runs.push(hosts::with_one_limit_for_all(installation, hosts, each).boxed_local());
        }
    }
    if arguments.wants("long") {
        let each = sizes.long_creates;
        runs.push(hosts::with_one_limit_for_all(installation, Hosts::Four, each).boxed_local());
    }
    let runs = stream::iter(runs).buffered(sizes.at_a_time);
    runs.collect().await
}
