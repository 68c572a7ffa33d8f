//! Table of all cases, for the performance guide.

use std::fmt::Write as _;

use super::{Case, Scope, Summary, Tool};

/// All cases where SES counts `scope` together, by what takes part.
pub(super) fn cases(counts: Scope) -> Vec<(&'static str, Case)> {
    let hosts = |hosts, creates| Case::hosts(counts, hosts, creates);
    let clocks = |clocks| Case {
        clocks,
        ..hosts(4, 50)
    };
    let tool = |operation, every| Tool::Steady { operation, every };
    let refuses = |refuses: &[usize]| Case {
        refuses: refuses.to_vec(),
        ..hosts(1, 30)
    };
    vec![
        ("1 host, 30 creates", hosts(1, 30)),
        ("1 host, 60 creates", hosts(1, 60)),
        ("1 host, 400 creates", hosts(1, 400)),
        ("2 hosts, 100 creates each", hosts(2, 100)),
        ("3 hosts, 50 creates each", hosts(3, 50)),
        ("4 hosts, 25 creates each", hosts(4, 25)),
        ("4 hosts, 100 creates each", hosts(4, 100)),
        ("8 hosts, 25 creates each", hosts(8, 25)),
        (
            "4 processes on one host, 25 creates each",
            Case::on_one_host(counts, 4, 25),
        ),
        (
            "8 processes on one host, 25 creates each",
            Case::on_one_host(counts, 8, 25),
        ),
        (
            "2 hosts with 2 processes each, 50 creates each",
            Case::new(counts, [0, 0, 1, 1], 50),
        ),
        ("4 hosts, 50 creates each, clocks 20 ms off", clocks(0.02)),
        ("4 hosts, 50 creates each, clocks 50 ms off", clocks(0.05)),
        ("4 hosts, 50 creates each, clocks 100 ms off", clocks(0.1)),
        ("4 hosts, 50 creates each, clocks 10 s off", clocks(10.0)),
        (
            "4 hosts, 50 creates each, 25 to 145 ms from SES",
            Case {
                farther: 0.04,
                ..hosts(4, 50)
            },
        ),
        (
            "4 hosts, 50 creates each, the way takes 1 to 40 ms",
            Case {
                way: (0.001, 0.04),
                ..hosts(4, 50)
            },
        ),
        (
            "newcomer of 3 beside 1 host with 110",
            hosts(1, 110).with_newcomer(3),
        ),
        (
            "newcomer of 3 beside 1 host with 500",
            hosts(1, 500).with_newcomer(3),
        ),
        (
            "newcomer of 3 beside 2 hosts with 250",
            hosts(2, 250).with_newcomer(3),
        ),
        (
            "newcomer of 3 beside 4 hosts with 120",
            hosts(4, 120).with_newcomer(3),
        ),
        (
            "1 host, 60 creates, beside a Set each 3 s",
            hosts(1, 60).with(tool(0, 3.0)),
        ),
        (
            "1 host, 60 creates, beside a Get each 3 s",
            hosts(1, 60).with(tool(1, 3.0)),
        ),
        (
            "2 hosts, 50 creates each, beside a Set each 1.5 s",
            hosts(2, 50).with(tool(0, 1.5)),
        ),
        (
            "1 host, 60 creates, beside a tool that backs off",
            hosts(1, 60).with(Tool::BacksOff { workers: 1 }),
        ),
        (
            "4 hosts, 25 creates each, beside 3 workers that back off",
            hosts(4, 25).with(Tool::BacksOff { workers: 3 }),
        ),
        (
            "1 host, 30 creates, the first 2 requests refused",
            refuses(&[1, 2]),
        ),
        (
            "1 host, 30 creates, requests 2 and 3 refused",
            refuses(&[2, 3]),
        ),
        (
            "1 host, 30 creates, requests 20 and 21 refused",
            refuses(&[20, 21]),
        ),
        (
            "1 host, 30 creates, the first 10 requests refused",
            refuses(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ),
        (
            "1 host, 60 creates, SES works 50 ms and refuses the first at once",
            Case {
                works: 0.05,
                refuses: vec![1],
                ..hosts(1, 60)
            },
        ),
    ]
}

/// The table of all cases where SES counts `scope` together, each run so many times.
pub(super) fn table(counts: Scope, times: usize) -> String {
    let mut table = String::from(
        "| what shares the limit | all done after | s per accepted call | refused | slowest / fastest | longest create |\n\
         | --------------------- | -------------: | ------------------: | ------: | ----------------: | -------------: |\n",
    );
    for (name, case) in cases(counts) {
        let Summary {
            per_call,
            refused,
            took,
            unfair,
            most_unfair,
            longest,
            longest_of_all,
        } = case.runs(times);
        let percent = refused * 100.0;
        let shares = if case.processes.len() > 1 && !case.newcomer {
            format!("{unfair:.2} ({most_unfair:.2})")
        } else {
            String::new()
        };
        let _ = writeln!(
            table,
            "| {name} | {took:.0} s | {per_call:.2} | {percent:.0} % | {shares} | {longest:.0} s ({longest_of_all:.0} s) |",
        );
    }
    table
}

/// How often each case is run for the guide.
const TIMES: usize = 200;

const BEGIN: &str = "<!-- simulated: begin -->\n";
const END: &str = "<!-- simulated: end -->\n";

/// Puts the tables into the guide.
fn write(guide: &str) -> String {
    let (before, rest) = guide.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let account = table(Scope::Account, TIMES);
    let operation = table(Scope::Operation, TIMES);
    format!(
        "{before}{BEGIN}\n#### SES counts all operations of the account together\n\n{account}\n\
         #### SES counts each operation by itself\n\n{operation}\n{END}{after}"
    )
}

#[test]
#[ignore = "takes two minutes, and writes into the performance guide"]
fn the_guide_shows_what_was_simulated() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guides/performance.md");
    let guide = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, write(&guide)).unwrap();
}
