//! The table.

use std::fmt;
use std::io::Write as _;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::fleet::Tally;

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
    /// The single create that took longest.
    pub(crate) longest_create: Option<Duration>,
    /// The provider's peak, in bytes.
    pub(crate) memory: Option<u64>,
    /// What the project allows itself.
    pub(crate) bounds: Vec<Bound>,
    /// Resources that Terraform could not apply: a wrong result.
    pub(crate) failed: usize,
}

/// A value, and the most that it may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    what: &'static str,
    value: f64,
    most: f64,
    unit: &'static str,
}

impl Bound {
    /// A number, which may be `most` at most.
    pub(crate) fn number(what: &'static str, value: f64, most: f64) -> Self {
        let unit = "";
        Self {
            what,
            value,
            most,
            unit,
        }
    }

    /// A count, which may be `most` at most.
    pub(crate) fn count(what: &'static str, value: usize, most: usize) -> Self {
        Self::number(what, value as f64, most as f64)
    }

    /// A time, which may be so many seconds at most.
    pub(crate) fn seconds(what: &'static str, value: Duration, most: f64) -> Self {
        let unit = " s";
        Self {
            unit,
            ..Self::number(what, value.as_secs_f64(), most)
        }
    }

    /// Whether it is kept.
    pub(crate) fn holds(&self) -> bool {
        self.value <= self.most
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: f64| match value.fract() {
            0.0 => value.to_string(),
            _ => format!("{value:.2}"),
        };
        let (value, most) = (number(self.value), number(self.most));
        let emphasis = if self.holds() { "" } else { "**" };
        let Self { what, unit, .. } = self;
        write!(f, "{emphasis}{what} {value} of {most}{unit}{emphasis}")
    }
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

    /// A run that this machine, or this user, does not allow.
    pub(crate) fn left_out(name: &str, why: &str) -> Self {
        Self {
            name: name.to_owned(),
            measured: format!("left out: {why}"),
            ..Self::default()
        }
    }

    /// The same row, which may take so many floors at most.
    pub(crate) fn at_most(mut self, ratio: f64) -> Self {
        let value = self.ratio.unwrap_or_default();
        self.bounds.push(Bound::number("ratio", value, ratio));
        self
    }

    /// The same row with another bound.
    pub(crate) fn bound(mut self, bound: Bound) -> Self {
        self.bounds.push(bound);
        self
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
        "longest create",
        "provider's memory",
        "of what is allowed",
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

fn cells(row: &Row) -> [String; 13] {
    let number = |value: Option<f64>| value.map(|value| format!("{value:.2}"));
    let calls = row.calls;
    let count = |of: fn(Tally) -> String| calls.map(of);
    let bounds: Vec<String> = row.bounds.iter().map(ToString::to_string).collect();
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
        row.longest_create
            .map(|longest| format!("{} s", longest.as_secs())),
        row.memory.map(megabytes),
        Some(bounds.join(", ")),
    ]
    .map(Option::unwrap_or_default)
}

/// The rows that take more than is allowed, as lines of text.
pub(crate) fn exceeded(rows: &[Row]) -> String {
    let lines = rows.iter().flat_map(|row| {
        let exceeded = row.bounds.iter().filter(|bound| !bound.holds());
        exceeded.map(|bound| format!("more than allowed: {}: {bound}\n", row.name))
    });
    lines.collect()
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
