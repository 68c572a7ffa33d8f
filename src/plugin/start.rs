//! From the start of the process to the line that says where it listens, and
//! what is told if there is no such line.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::error::ServeError;
use super::handshake::{Handshake, HandshakeError};
use super::open::print;
use super::serve::serve;
use super::{Provider, logging};
use crate::machine;

/// Little is computed here, much is waited for.
const WORKERS: usize = 2;
/// Threads for what blocks, such as reading files and resolving hosts.
const BLOCKING: usize = 8;
/// Beside the first: workers, one thread for what blocks, the log's, and that
/// which tidies up.
const THREADS: usize = WORKERS + 3;
/// A thread that has not started by then may never do so.
const STARTED_WITHIN: Duration = Duration::from_millis(200);

/// Address space that is needed beside what the program has taken until the
/// start, in MiB, a small run and the stacks of its threads included.
const MEMORY: usize = 48;

/// What is open once the handshake is done and a first call is worked on:
/// measured, and some to spare.
const FILES: usize = 16;

/// How long the process stays after it has said why it cannot start, unless the
/// host ends it before: a host that sees its end first does not read what it
/// has said.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Wait for Terraform to attach, as a debugger wants it, rather than be
    /// started by it: no handshake, no TLS, until Ctrl-C.
    pub debug: bool,
    /// The provider's version, for the log.
    pub version: &'static str,
    /// The provider's source address: `HOST/NAMESPACE/TYPE`.
    pub address: &'static str,
}

/// Serves `provider` to the host that has started this process, until it says
/// Shutdown or goes away. Reads go-plugin's environment variables, and writes
/// nothing but one line to stdout.
///
/// An error has been told to the host, on stdout as well, where Terraform shows
/// it to the practitioner; but not [`HandshakeError::NotStartedByTerraform`],
/// which is for the person who has started the process.
pub fn run<P: Provider>(provider: P, options: ServeOptions) -> Result<(), ServeError> {
    let ServeOptions { debug, address, .. } = options;
    let cannot_start = move |reason: &str| {
        tell(
            &format!("the provider {address} cannot start: {reason}"),
            !debug,
        )
    };
    let served = Handshake::from_env(debug)
        .map_err(ServeError::from)
        .and_then(|handshake| {
            logging::install();
            tracing::info!(version = options.version, "provider started");
            let (runtime, started) = with_threads(cannot_start, || {
                let runtime = runtime()?;
                let started = runtime.spawn_blocking(|| ());
                Ok::<_, ServeError>((runtime, started))
            })?;
            let served = serve(provider, options, handshake, blocking_runs(started));
            let served = runtime.block_on(served);
            // Whatever still runs ends with the process.
            runtime.shutdown_background();
            served
        });
    match &served {
        Ok(()) | Err(ServeError::Handshake(HandshakeError::NotStartedByTerraform)) => {}
        Err(error) if error.is_before_line() => cannot_start(&error.to_string()),
        Err(error) => tell(&format!("the provider {address} has ended: {error}"), false),
    }
    logging::flush();
    served
}

/// Makes sure of what the machine must give before anything hangs on it: later,
/// a lack of memory aborts the process, and one of files shows as a network that
/// is down.
fn runtime() -> Result<Runtime, ServeError> {
    machine::raise_file_limit();
    machine::check_files(FILES)?;
    machine::check_memory(MEMORY)?;
    Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        // What blocks waits for a thread for ever where none can be started: the
        // first one stays.
        .thread_keep_alive(Duration::MAX)
        .enable_all()
        .build()
        .map_err(ServeError::Runtime)
}

/// Starts threads. Where one cannot be started, the runtime panics, and to unwind
/// would wait for ever for those that were: so this tells why, and exits.
fn with_threads<T>(
    cannot_start: impl Fn(&str) + Send + Sync + 'static,
    start: impl FnOnce() -> T,
) -> T {
    let logged = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let reason = match machine::check_threads(THREADS) {
            Err(shortage) => shortage.to_string(),
            Ok(()) => panic.payload_as_str().unwrap_or("it panicked").to_owned(),
        };
        cannot_start(&reason);
        logging::flush();
        std::process::exit(1);
    }));
    let started = start();
    std::panic::set_hook(logged);
    started
}

/// Makes sure that what blocks has a thread: where others run, the runtime may put
/// it off without a word if none can be started.
async fn blocking_runs(mut started: JoinHandle<()>) -> Result<(), ServeError> {
    if tokio::time::timeout(STARTED_WITHIN, &mut started)
        .await
        .is_err()
    {
        machine::check_threads(THREADS)?;
        // The machine is busy.
        let _ = started.await;
    }
    Ok(())
}

/// Tells the host, and whoever reads the log, why the process ends. The host
/// takes the first line of stdout for the handshake; one with less than four
/// fields it shows as it is.
fn tell(reason: &str, on_stdout: bool) {
    let reason = one_field(reason);
    let told = on_stdout && print(&format!("{reason}\n")).is_ok();
    logging::error(&reason);
    if told {
        logging::flush();
        #[expect(
            clippy::disallowed_methods,
            reason = "there is no runtime any more, and nothing else to do"
        )]
        std::thread::sleep(LAST_WORDS);
    }
}

/// `text` without what ends a line or a field of the handshake.
fn one_field(text: &str) -> String {
    text.chars()
        .flat_map(|character| match character {
            '|' => r"\x7c".chars().collect::<Vec<_>>(),
            control if control.is_control() => control.escape_default().collect(),
            other => vec![other],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_and_one_field() {
        assert_eq!(one_field("TMPDIR: \"/über\""), "TMPDIR: \"/über\"");
        assert_eq!(one_field("a|b\nc\r\u{1b}[0m"), r"a\x7cb\nc\r\u{1b}[0m");
    }
}
