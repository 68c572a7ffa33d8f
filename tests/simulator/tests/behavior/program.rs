//! The binary, as scripts start and stop it.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use simulator::{Options, Simulator};

use crate::client::{quiet, send};

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_simulator"))
}

/// Starts the program, and reads where it listens.
fn spawn(arguments: &[&str]) -> (Child, Value) {
    let mut child = command()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

fn assert_ends_well(mut child: Child) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return;
        }
        if Instant::now() >= deadline {
            child.kill().unwrap();
            panic!("it goes on");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn arguments_set_it_up_and_closing_stdin_ends_it() {
    let (mut child, listens) = spawn(&[
        "--stdin",
        "--rate",
        "0.5",
        "--per-account",
        "--latency",
        "5ms",
        "--clock-speed",
        "10",
        "--identity",
        "example.com",
        "--region",
        "eu-west-1",
        "--identity",
        "a@example.com",
    ]);
    let url = listens["ses"].as_str().unwrap();
    let state = send(url, "GET", "/_simulator/state", "", "").unwrap();
    let state: Value = serde_json::from_str(&state.body).unwrap();
    assert_eq!(state["rate"]["per_account"], 0.5);
    assert_eq!(state["latency_ms"], 5.0);
    assert_eq!(state["clock"]["speed"], 10.0);
    assert_eq!(state["identities"][0]["identity"], "a@example.com");
    assert_eq!(state["identities"][0]["region"], "eu-west-1");
    assert_eq!(state["identities"][1]["identity"], "example.com");
    let dns = listens["dns"].as_str().unwrap();
    TcpStream::connect(dns).unwrap();

    assert!(child.try_wait().unwrap().is_none(), "it ended early");
    drop(child.stdin.take());
    assert_ends_well(child);
}

#[cfg(unix)]
#[test]
fn signals_end_it_and_a_closed_stdin_alone_does_not() {
    for signal in ["-INT", "-TERM"] {
        let (mut child, listens) = spawn(&[]);
        drop(child.stdin.take());
        let url = listens["ses"].as_str().unwrap();
        assert_eq!(
            send(url, "GET", "/_simulator/state", "", "")
                .unwrap()
                .status,
            200
        );
        let pid = child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        assert_ends_well(child);
    }
}

#[test]
fn mistakes_are_told_on_stderr() {
    for arguments in [
        &["--nonsense"][..],
        &["--ses"],
        &["--ses", "here"],
        &["--rate", "-1"],
        &["--latency", "soon"],
    ] {
        let output = command().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(arguments[0]), "{said}");
    }
    let help = command().arg("--help").output().unwrap();
    assert!(help.status.success());
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .contains("--clock-speed")
    );
}

#[test]
fn dropping_a_simulator_closes_all_connections() {
    let simulator = quiet();
    let ses = simulator.ses_url();
    let open = [
        TcpStream::connect(ses.strip_prefix("http://").unwrap()).unwrap(),
        TcpStream::connect(simulator.dns_addr()).unwrap(),
    ];
    drop(simulator);
    for mut stream in open {
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        match stream.read(&mut [0]) {
            Ok(read) => assert_eq!(read, 0),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let simulator = quiet();
    let options = Options {
        dns: simulator.dns_addr(),
        ..Options::default()
    };
    assert!(Simulator::start(options).is_err());
}
