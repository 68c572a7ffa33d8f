//! The table.

use std::io::Write as _;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::fleet::Tally;
use crate::runs::Limited;

/// A line of the table; what does not apply is `None`.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) measured: String,
    pub(crate) floor: Option<String>,
    /// What was measured, in floors.
    pub(crate) ratio: Option<f64>,
    pub(crate) calls: Option<Tally>,
    /// Seconds for each accepted call.
    pub(crate) seconds_a_call: Option<f64>,
    pub(crate) gets_a_create: Option<f64>,
    /// The slowest process's time in times of the fastest.
    pub(crate) slowest_to_fastest: Option<f64>,
    /// The provider's peak, in bytes.
    pub(crate) memory: Option<u64>,
}

impl Row {
    /// A run that took `time` where it could have taken `floor`.
    pub(crate) fn timed(name: &str, time: Duration, floor: Duration, tally: Tally) -> Self {
        Self {
            name: name.to_owned(),
            measured: format!("{:.2} s", time.as_secs_f64()),
            floor: Some(format!("{:.2} s", floor.as_secs_f64())),
            ratio: Some(time.as_secs_f64() / floor.as_secs_f64()),
            calls: Some(tally),
            ..Self::default()
        }
    }

    /// A size that may be `limit` at most, both in bytes.
    pub(crate) fn sized(name: &str, bytes: u64, limit: u64) -> Self {
        Self {
            name: name.to_owned(),
            measured: megabytes(bytes),
            floor: Some(format!("limit {}", megabytes(limit))),
            ratio: Some(bytes as f64 / limit as f64),
            ..Self::default()
        }
    }
}

impl From<&Limited> for Row {
    fn from(run: &Limited) -> Self {
        let size = run.size as f64;
        let of_creates = |value: f64| run.creates.then_some(value);
        let a_call = run.time.as_secs_f64() / run.tally.accepted() as f64;
        Self {
            seconds_a_call: of_creates(a_call),
            gets_a_create: of_creates(run.tally.gets as f64 / size),
            memory: run.peak_memory,
            ..Self::timed(&run.name, run.time, run.floor, run.tally)
        }
    }
}

/// Bytes in millions.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// The rows as Markdown, in columns that line up in a terminal too.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let header = [
        "run",
        "measured",
        "floor",
        "ratio",
        "Gets",
        "Lists",
        "throttled",
        "s per accepted call",
        "Gets a create",
        "slowest / fastest",
        "provider's memory",
    ];
    let mut lines = vec![header.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let widths: Vec<usize> = (0..header.len())
        .map(|column| lines.iter().map(|line| line[column].len()).max().unwrap())
        .collect();
    let rule = widths.iter().enumerate().map(|(column, width)| {
        let dashes = "-".repeat(width - 1);
        // All but the names stand to the right.
        if column == 0 {
            dashes + "-"
        } else {
            dashes + ":"
        }
    });
    let rule: Vec<String> = rule.collect();
    let mut table = String::new();
    for (number, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        let cells: Vec<String> = cells.collect();
        table += &format!("| {} |\n", cells.join(" | "));
        if number == 0 {
            table += &format!("| {} |\n", rule.join(" | "));
        }
    }
    table
}

fn cells(row: &Row) -> [String; 11] {
    let number = |value: Option<f64>| value.map(|value| format!("{value:.2}"));
    let calls = row.calls;
    let count = |of: fn(Tally) -> String| calls.map(of);
    [
        Some(row.name.clone()),
        Some(row.measured.clone()),
        row.floor.clone(),
        number(row.ratio),
        count(|tally| tally.gets.to_string()),
        count(|tally| tally.lists.to_string()),
        count(|tally| format!("{} of {}", tally.throttled, tally.all)),
        number(row.seconds_a_call),
        number(row.gets_a_create),
        number(row.slowest_to_fastest),
        row.memory.map(megabytes),
    ]
    .map(Option::unwrap_or_default)
}

/// On what the rows were measured.
pub(crate) fn circumstances(terraform: &str) -> String {
    let cores = available_parallelism().unwrap();
    let (os, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("Measured with {terraform} on {cores} cores, {os} {architecture}.")
}

/// Prints on standard output.
pub(crate) fn print(text: &str) {
    std::io::stdout().write_all(text.as_bytes()).unwrap();
}
