//! `make bench`: how long a real Terraform takes with this provider against the
//! simulator, beside the shortest that SES's limit allows and beside the usual
//! pattern. Prints one table, and writes it with a plot into the guide.
//!
//! Fails when a run gives a wrong result, never because it is slow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a harness: what goes wrong ends it"
)]

mod fleet;
mod guide;
mod naive;
mod plot;
mod plugin;
mod process;
mod report;
mod runs;
mod sizes;
mod terraform;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use fleet::Template;
use report::Row;
use sizes::Sizes;
use terraform::Installation;
use tokio::time::timeout;

/// What is measured without Terraform takes seconds; everything else has bounds
/// of its own.
const PATIENCE: Duration = Duration::from_secs(300);

const USAGE: &str = "usage: bench PROVIDER GUIDES [--full | --quick] [--only PART]
PART: plugin, refreshes, dns, creates, shared or naive; nothing is written then";

/// The parts of the table, by the names under which one of them is asked for.
const PARTS: [&str; 6] = ["plugin", "refreshes", "dns", "creates", "shared", "naive"];

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
        };
        let mut flags = flags.iter();
        while let Some(flag) = flags.next() {
            match flag.as_str() {
                "--full" => parsed.sizes = Sizes::full(),
                "--quick" => {
                    parsed.sizes = Sizes::quick();
                    parsed.write = false;
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
        self.only.as_ref().is_none_or(|only| only == part)
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
        () = bench(&arguments) => ExitCode::SUCCESS,
        _ = tokio::signal::ctrl_c() => ExitCode::from(130),
    }
}

async fn bench(arguments: &Arguments) {
    let installation = Installation::new(&arguments.provider);
    let template = Template::take(&installation).await;
    let sizes = &arguments.sizes;

    let wants = |part| arguments.wants(part);

    let mut rows = Vec::new();
    if wants("plugin") {
        let measured = plugin::rows(&installation, &template, sizes);
        rows = timeout(PATIENCE, measured)
            .await
            .expect("the provider hangs");
    }
    // Beside what is naive stands the same work done by Terraform.
    let mut refreshes = Vec::new();
    if wants("refreshes") || wants("naive") {
        refreshes = runs::refreshes(&installation, &template, sizes).await;
        rows.extend(refreshes.iter().map(Row::from));
    }
    if wants("dns") {
        rows.extend(runs::refreshes_with_dns(&installation, &template, sizes).await);
    }
    // A naive client only waits most of the time, and has a simulator of its
    // own: it runs beside the others.
    let naive = wants("naive").then(|| naive::start(sizes));
    let mut creates = None;
    if wants("creates") || wants("naive") {
        let measured = runs::creates(&installation, sizes).await;
        rows.push(Row::from(&measured));
        creates = Some(measured);
    }
    if wants("shared") {
        rows.extend(runs::shared(&installation, sizes).await);
    }
    let mut naive_reads = Vec::new();
    if let (Some(naive), Some(creates)) = (naive, creates) {
        let naive = naive.finish().await;
        rows.extend(naive.rows(&refreshes, &creates));
        naive_reads = naive.reads;
    }

    let table = report::markdown(&rows);
    let version = terraform::version(&installation).await;
    let circumstances = report::circumstances(&version);
    report::print(&format!("{table}\n{circumstances}\n"));
    if arguments.write {
        let plot = plot::svg(&refreshes, &naive_reads);
        guide::write(&arguments.guides, &table, &circumstances, &plot);
    }
}
