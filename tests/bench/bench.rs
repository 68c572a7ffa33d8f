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

const USAGE: &str = "usage: bench PROVIDER GUIDES [--full | --quick]";

/// What the arguments ask for.
struct Arguments {
    /// The provider's executable.
    provider: PathBuf,
    /// The folder of the guides.
    guides: PathBuf,
    sizes: Sizes,
    /// Whether the guide is written: not from a quick run.
    write: bool,
}

impl Arguments {
    fn parse(arguments: &[String]) -> Option<Self> {
        let (provider, guides, sizes, write) = match arguments {
            [provider, guides] => (provider, guides, Sizes::usual(), true),
            [provider, guides, flag] if flag == "--full" => (provider, guides, Sizes::full(), true),
            [provider, guides, flag] if flag == "--quick" => {
                (provider, guides, Sizes::quick(), false)
            }
            _ => return None,
        };
        Some(Self {
            provider: provider.into(),
            guides: guides.into(),
            sizes,
            write,
        })
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

    let rows = plugin::rows(&installation, &template, sizes);
    let mut rows = timeout(PATIENCE, rows).await.expect("the provider hangs");
    let refreshes = runs::refreshes(&installation, &template, sizes).await;
    rows.extend(refreshes.iter().map(Row::from));
    rows.extend(runs::refreshes_with_dns(&installation, &template, sizes).await);

    // A naive client only waits most of the time, and has a simulator of its
    // own: it runs beside the others.
    let naive = naive::start(sizes);
    let creates = runs::creates(&installation, sizes).await;
    let shared = runs::shared(&installation, sizes).await;
    let naive = naive.finish().await;
    let naive_rows = naive.rows(&refreshes, &creates);
    rows.push(Row::from(&creates));
    rows.extend(shared);
    rows.extend(naive_rows);

    let table = report::markdown(&rows);
    let version = terraform::version(&installation).await;
    let circumstances = report::circumstances(&version);
    report::print(&format!("{table}\n{circumstances}\n"));
    if arguments.write {
        let plot = plot::svg(&refreshes, &naive.reads);
        guide::write(&arguments.guides, &table, &circumstances, &plot);
    }
}
