//! The simulator as a program, for scripts: see `simulator --help`.

mod call;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use call::Call;
use serde_json::json;
use simulator::ses::DEFAULT_REGION;
use simulator::{Lookups, Options, Rate, Simulator};

const HELP: &str = "\
Amazon SES's MAIL FROM API and an authoritative DNS server, on loopback.

Usage: simulator [OPTION]...
       simulator call URL METHOD ROUTE [JSON]

  --ses ADDRESS           where SES listens (default 127.0.0.1:0, any free port)
  --dns ADDRESS           where DNS listens, UDP and TCP (default 127.0.0.1:0)
  --rate NUMBER           requests a second that SES accepts (default 1; 0: any)
  --per-account           count them over all operations, not for each by itself
  --latency DURATION      how long SES takes to answer, such as 50ms (default 0s)
  --clock-speed NUMBER    simulated seconds in a real one (default 1)
  --resolver ADDRESS      the name server that SES asks (default: this one)
  --no-lookups            SES does not look for MX records
  --identical-set-does-not-restart
                          setting the same domain again leaves Failed as it is
  --identical-set-resets-success
                          setting the same domain again makes Success Pending
  --region REGION         region of the identities that follow (default us-east-1)
  --identity NAME         a verified identity; may be given more than once
  --stdin                 end when standard input is closed
  --help                  print this

The first line on standard output tells where it listens:
  {\"dns\":\"127.0.0.1:40002\",\"ses\":\"http://127.0.0.1:40001\"}
It ends on SIGINT and SIGTERM. Everything can be changed while it runs, over
HTTP under /_simulator/; GET /_simulator/state shows it. The second form sends
such a request to the simulator whose SES is at URL, and prints the answer:
  simulator call http://127.0.0.1:40001 GET state
";

/// What the arguments ask for.
enum Command {
    Help,
    Call(Call),
    Run(Box<Setup>),
}

#[derive(Default)]
struct Setup {
    options: Options,
    /// Regions and names.
    identities: Vec<(String, String)>,
    stdin: bool,
}

fn main() -> ExitCode {
    let done = match parse(std::env::args().skip(1)) {
        Ok(Command::Help) => io::stdout().write_all(HELP.as_bytes()),
        Ok(Command::Call(call)) => call
            .send()
            .and_then(|answer| io::stdout().write_all(answer.as_bytes())),
        Ok(Command::Run(setup)) => run(*setup),
        Err(message) => {
            eprintln!("simulator: {message}\nTry simulator --help.");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut setup = Setup::default();
    let mut rate = 1.0;
    let mut per_account = false;
    let mut region = DEFAULT_REGION.to_owned();
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or_else(|| format!("{argument} needs a value"))
        };
        let options = &mut setup.options;
        match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "call" => {
                let call: Vec<String> = arguments.collect();
                return Call::parse(&call).map(Command::Call);
            }
            "--ses" => options.ses = parsed(&argument, &value()?)?,
            "--dns" => options.dns = parsed(&argument, &value()?)?,
            "--rate" => rate = number(&argument, &value()?)?,
            "--per-account" => per_account = true,
            "--latency" => options.latency = duration(&argument, &value()?)?,
            "--clock-speed" => options.clock_speed = number(&argument, &value()?)?,
            "--resolver" => options.lookups = Lookups::At(parsed(&argument, &value()?)?),
            "--no-lookups" => options.lookups = Lookups::Off,
            "--identical-set-does-not-restart" => options.identical_set_restarts = false,
            "--identical-set-resets-success" => options.identical_set_resets_success = true,
            "--region" => region = value()?,
            "--identity" => setup.identities.push((region.clone(), value()?)),
            "--stdin" => setup.stdin = true,
            _ => return Err(format!("unknown argument {argument}")),
        }
    }
    setup.options.rate = match (rate, per_account) {
        (0.0, _) => Rate::Unlimited,
        (rate, false) => Rate::PerOperation(rate),
        (rate, true) => Rate::PerAccount(rate),
    };
    Ok(Command::Run(Box::new(setup)))
}

fn parsed<T: std::str::FromStr>(argument: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| format!("{argument} does not take {value:?}"))
}

/// A number that is neither negative nor without bounds.
fn number(argument: &str, value: &str) -> Result<f64, String> {
    parsed(argument, value).and_then(|number: f64| {
        if number.is_finite() && number >= 0.0 {
            Ok(number)
        } else {
            Err(format!("{argument} does not take {value:?}"))
        }
    })
}

fn duration(argument: &str, value: &str) -> Result<Duration, String> {
    humantime::parse_duration(value)
        .map_err(|error| format!("{argument} does not take {value:?}: {error}"))
}

fn run(setup: Setup) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // Heard from before the first line is out: a script may stop us at once.
        let end = end(setup.stdin)?;
        let simulator = Simulator::start(setup.options)?;
        for (region, name) in &setup.identities {
            simulator.ses().add_identity(region, name, true);
        }
        let address = json!({
            "ses": simulator.ses_url(),
            "dns": simulator.dns_addr().to_string(),
        });
        let mut stdout = io::stdout();
        writeln!(stdout, "{address}")?;
        stdout.flush()?;
        end.await;
        Ok(())
    })
}

/// Completes when the program is to end.
fn end(stdin: bool) -> io::Result<impl Future<Output = ()>> {
    let signal = signal()?;
    let closed = stdin.then(stdin_closed);
    Ok(async move {
        let closed = async {
            match closed {
                // An error means that the thread that reads is gone.
                Some(closed) => drop(closed.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = signal => {}
            () = closed => {}
        }
    })
}

fn stdin_closed() -> tokio::sync::oneshot::Receiver<()> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // An error is as good as the end.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(sender);
    });
    receiver
}

#[cfg(unix)]
fn signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to hear of Ctrl-C the system ends the program.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
