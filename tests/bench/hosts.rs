//! Several runs of Terraform that share SES's limit: on one host and on several, of
//! one user and of two, and what one leaves behind for the next.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::{Number, Value};
use simulator::{Rate, Simulator};
use tokio::time::sleep;

use crate::creates::{APPLY, SET, of_creates};
use crate::fleet::{self, LIMIT, NO_DNS, Tally, Written, assert_is_set, configuration};
use crate::process::Run;
use crate::report::{Bound, Row};
use crate::sizes::Sizes;
use crate::terraform::{Folder, Installation, Pace};

/// Processes that share a limit.
const PROCESSES: usize = 4;

const SECOND: Duration = Duration::from_secs(1);

/// The user `nobody` of most systems; any number that is not root's would do.
const NOBODY: u32 = 65_534;

/// By how many seconds the wall clock is set back between two runs.
const STEP: f64 = 100.0;

/// Whether processes find the same shared folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hosts {
    One,
    Four,
}

/// Four runs of `terraform apply` at a time, each with so many creates, on a limit
/// that SES counts over all operations of the account.
pub(crate) async fn with_one_limit_for_all(
    installation: &Installation,
    hosts: Hosts,
    each: usize,
) -> Row {
    let size = PROCESSES * each;
    let simulator = fleet::simulator(Rate::PerAccount(1.0), size);
    let folders = folders(installation, &simulator, PROCESSES, each).await;
    let temporary = host();
    let runs = join_all(folders.iter().map(async |folder| match hosts {
        Hosts::One => folder.try_terraform_on(temporary.path(), &APPLY).await,
        Hosts::Four => folder.try_terraform_on(host().path(), &APPLY).await,
    }))
    .await;

    let tally = Tally::of(&simulator.ses().calls());
    let floor = SECOND * u32::try_from(tally.accepted()).unwrap();
    let on = match hosts {
        Hosts::One => "one host",
        Hosts::Four => "four hosts",
    };
    let name = format!("{PROCESSES} processes on {on}, {each} creates each, one limit for all");
    let row = of_processes(&name, &runs, floor, tally, size);
    let value = |of: Option<f64>| of.unwrap_or_default();
    let (a_call, unfair) = (row.seconds_a_call, row.slowest_to_fastest);
    let longest = row.longest_create.unwrap_or_default();
    match hosts {
        Hosts::One => row.at_most(1.15),
        Hosts::Four => row
            .bound(Bound::number("s a call", value(a_call), 1.3))
            .bound(Bound::number("slowest / fastest", value(unfair), 1.4))
            .bound(Bound::seconds("longest create", longest, 200.0)),
    }
}

/// A host with three creates that comes to another with many, where SES counts each
/// operation by itself.
pub(crate) async fn newcomer(installation: &Installation, sizes: &Sizes) -> Row {
    let (crowd, few) = (sizes.crowd, 3);
    let simulator = fleet::simulator(LIMIT, crowd + few);
    let folder_of = async |first, size| {
        let folder = Folder::new(installation);
        let hcl = configuration(Written::ForEach, first, size);
        folder.configure(&simulator, Pace::OneASecond, NO_DNS, &hcl);
        folder.terraform(&["init"]).await;
        folder
    };
    let (many, newcomer) = (folder_of(0, crowd).await, folder_of(crowd, few).await);
    let sets = || {
        let calls = simulator.ses().calls();
        calls.iter().filter(|call| call.action == SET).count()
    };
    let (_, (before, run)) = join(many.terraform(&APPLY), async {
        while sets() < 5 {
            sleep(SECOND / 20).await;
        }
        (sets(), newcomer.terraform(&APPLY).await)
    })
    .await;
    assert!(before < crowd / 2, "it came too late");
    assert_is_set(&simulator, crowd + few);
    let tally = Tally::of(&simulator.ses().calls());
    Row {
        name: format!("{few} creates, beside {crowd} of another host"),
        measured: format!("{:.2} s", run.elapsed.as_secs_f64()),
        calls: Some(tally),
        longest_create: run.longest_create(),
        memory: run.peak_memory,
        ..Row::default()
    }
    .bound(Bound::seconds("time", run.elapsed, 45.0))
}

/// Two runs of `terraform apply` at a time on a host where another user has run
/// Terraform before; the same without the other is the floor.
pub(crate) async fn second_user(installation: &Installation, sizes: &Sizes) -> Row {
    let (processes, each) = (2, sizes.short_creates);
    let name = format!("{processes} processes of a host's second user, {each} creates each");
    if !rustix::process::geteuid().is_root() {
        return Row::left_out(&name, "only root can run it");
    }
    let (alone, _) = processes_of(installation, NOBODY, None, processes, each).await;
    let (second, tally) = processes_of(installation, NOBODY, Some(0), processes, each).await;
    let floor = slowest(&alone);
    of_processes(&name, &second, floor, tally, processes * each).at_most(1.15)
}

/// Runs so many processes of `user` on one host, after one of `earlier`.
async fn processes_of(
    installation: &Installation,
    user: u32,
    earlier: Option<u32>,
    processes: usize,
    each: usize,
) -> (Vec<Run>, Tally) {
    let simulator = fleet::simulator(LIMIT, processes * each);
    let host = host();
    let mut folders = folders(installation, &simulator, processes, each).await;
    if let Some(earlier) = earlier {
        folders[0].give_to(earlier);
        folders[0].terraform_on(host.path(), &["plan"]).await;
        simulator.ses().clear_calls();
    }
    for folder in &mut folders {
        folder.give_to(user);
    }
    let runs = folders
        .iter()
        .map(|folder| folder.try_terraform_on(host.path(), &APPLY));
    let runs = join_all(runs).await;
    (runs, Tally::of(&simulator.ses().calls()))
}

/// A run of `terraform apply` that cannot write down what it shares with others; the
/// same on a disk with space is the floor. It has to keep the pace by itself, and to
/// log why.
pub(crate) async fn full_disk(installation: &Installation, sizes: &Sizes) -> Row {
    let size = sizes.short_creates;
    let full = installation.on_a_full_disk();
    let create = async |installation| {
        let simulator = fleet::simulator(Rate::PerAccount(1.0), size);
        let mut folder = folders(installation, &simulator, 1, size).await.remove(0);
        folder.log();
        let run = folder.terraform(&APPLY).await;
        (run, Tally::of(&simulator.ses().calls()))
    };
    let ((undisturbed, _), (run, tally)) = join(create(installation), create(&full)).await;
    // By the number that the system gives the error, in whatever words.
    let logged = run.stderr.contains("os error 27");
    let name = format!("create of {size}, one limit for all, on a full disk");
    of_creates(&name, &run, undisturbed.elapsed, tally, size)
        .at_most(1.15)
        .bound(Bound::count("without a reason", usize::from(!logged), 0))
}

/// A plan of one resource on a host whose clock was set back since the run before.
pub(crate) async fn clock_step(installation: &Installation) -> Row {
    let name = format!("refresh of 1, the clock was set back by {STEP:.0} s");
    let simulator = fleet::simulator(LIMIT, 1);
    let folder = folders(installation, &simulator, 1, 1).await.remove(0);
    let host = host();
    folder.terraform_on(host.path(), &APPLY).await;
    let undisturbed = folder.terraform_on(host.path(), &["plan"]).await;
    simulator.ses().clear_calls();
    // What a run leaves behind by a clock that is ahead.
    if shift_times(host.path(), STEP) == 0 {
        return Row::left_out(&name, "nothing was left behind");
    }
    let run = folder.terraform_on(host.path(), &["plan"]).await;
    let tally = Tally::of(&simulator.ses().calls());
    Row {
        memory: run.peak_memory,
        ..Row::timed(&name, run.elapsed, undisturbed.elapsed, tally)
    }
    .bound(Bound::seconds("time", run.elapsed, 5.0))
}

/// Moves the times in all JSON files below `folder`: the numbers that are seconds since
/// the Unix epoch of about now. Returns how many there were.
fn shift_times(folder: &Path, seconds: f64) -> usize {
    let mut shifted = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            shifted += shift_times(&path, seconds);
            continue;
        }
        let Ok(text) = fs::read(&path) else {
            continue;
        };
        let Ok(mut value) = serde_json::from_slice(&text) else {
            continue;
        };
        shifted += shift(&mut value, seconds);
        fs::write(path, value.to_string()).unwrap();
    }
    shifted
}

fn shift(value: &mut Value, seconds: f64) -> usize {
    match value {
        Value::Array(values) => values.iter_mut().map(|value| shift(value, seconds)).sum(),
        Value::Object(fields) => fields.values_mut().map(|value| shift(value, seconds)).sum(),
        Value::Number(number) => {
            let time = number.as_f64().filter(|time| (1.5e9..4e9).contains(time));
            let Some(time) = time else { return 0 };
            *number = Number::from_f64(time + seconds).unwrap();
            1
        }
        _ => 0,
    }
}

/// A host's folder for temporary files, which is all users'.
fn host() -> tempfile::TempDir {
    let host = tempfile::tempdir().unwrap();
    fs::set_permissions(host.path(), Permissions::from_mode(0o1777)).unwrap();
    host
}

/// So many folders with as many creates in each.
async fn folders<'a>(
    installation: &'a Installation,
    simulator: &Simulator,
    count: usize,
    each: usize,
) -> Vec<Folder<'a>> {
    let mut folders = Vec::new();
    for number in 0..count {
        let folder = Folder::new(installation);
        let hcl = configuration(Written::ForEach, number * each, each);
        folder.configure(simulator, Pace::OneASecond, NO_DNS, &hcl);
        folder.terraform(&["init"]).await;
        folders.push(folder);
    }
    folders
}

fn slowest(runs: &[Run]) -> Duration {
    runs.iter().map(|run| run.elapsed).max().unwrap()
}

/// The row of several `terraform apply`, with `size` creates together. What could not
/// be applied is a wrong result.
fn of_processes(name: &str, runs: &[Run], floor: Duration, tally: Tally, size: usize) -> Row {
    let slowest = slowest(runs);
    let fastest = runs.iter().map(|run| run.elapsed).min().unwrap();
    let failed = runs.iter().map(Run::failures).sum();
    let row = Row {
        seconds_a_call: Some(slowest.as_secs_f64() / tally.accepted() as f64),
        gets_a_create: Some(tally.gets as f64 / size as f64),
        slowest_to_fastest: Some(slowest.as_secs_f64() / fastest.as_secs_f64()),
        longest_create: runs.iter().filter_map(Run::longest_create).max(),
        memory: runs.iter().filter_map(|run| run.peak_memory).max(),
        failed,
        ..Row::timed(name, slowest, floor, tally)
    };
    row.bound(Bound::count("failed", failed, 0))
}
