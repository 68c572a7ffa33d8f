//! The peer: hashicorp/aws's own library in the place of the provider.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::Expected;
use crate::world::{Case, Outcome};

/// The peer's program (tests/conformance/peer), where it is to be held against the rows.
pub(crate) fn program() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "make conformance tells it so")]
    let program = std::env::var_os("CREDENTIALS_PEER");
    program.map(PathBuf::from)
}

/// Lets the peer send its request by a provider block. Returns what it says went wrong.
pub(crate) async fn run(
    program: &Path,
    home: &Path,
    environment: &[(String, String)],
    block: &Json,
) -> Option<String> {
    let mut process = Command::new(program)
        .env_clear()
        .env("HOME", home)
        .envs(environment.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = process.stdin.take().unwrap();
    stdin.write_all(block.to_string().as_bytes()).await.unwrap();
    drop(stdin);
    let ended = timeout(Duration::from_secs(60), process.wait_with_output()).await;
    let output = ended.expect("the peer comes to no end").unwrap();
    assert!(output.status.success(), "the peer has failed");
    let told: Option<Json> = (!output.stdout.is_empty())
        .then(|| serde_json::from_slice(&output.stdout).expect("the peer writes JSON"));
    Some(told?["error"].as_str().unwrap().to_owned())
}

/// What is wrong with what has come of a row in the peer's hands. Its errors have words of
/// their own.
pub(crate) fn problem(case: &Case, expected: &Expected, outcome: &Outcome) -> Option<String> {
    let differs = match expected {
        Expected::Fails(_) => crate::problem(&Expected::Fails(&[]), outcome),
        Expected::Refused(calls, _) => crate::problem(&Expected::Refused(*calls, &[]), outcome),
        // It has no one to warn.
        Expected::Warns(_) => crate::problem(&Expected::Warns(&[]), outcome),
        expected => crate::problem(expected, outcome),
    };
    match (case.beyond, differs) {
        (None, differs) => differs,
        (Some(_), Some(_)) => None,
        (Some(why), None) => Some(format!("the peer does so too, and not: {why}")),
    }
}
