//! SES out of reach for good: a fleet learns it once, and soon.

use std::time::Duration;

use crate::harness::{Counted, REGION, Run, Workspace, closed_port, fleet, names};

/// How many are read. Each would take its own five minutes, ten at a time.
const FLEET: usize = 100;

/// A fleet that was created, and whose endpoint is another now.
fn with_endpoint(endpoint: &str) -> Workspace {
    let mut ws = Workspace::new();
    let names = names(FLEET);
    for name in &names {
        ws.ses().add_identity(REGION, name, true);
    }
    ws.config(&fleet("bounce", &names));
    ws.apply().succeeds();
    ws.provider.ses_endpoint = Some(format!("{endpoint:?}"));
    ws.config(&fleet("bounce", &names));
    ws
}

/// All reads fail, within this time and half a minute that the machine may have lost.
#[track_caller]
fn fails_within(ws: &Workspace, seconds: u64, texts: &[&str]) -> Run {
    let run = ws.terraform(&["plan"]).fails_with(texts);
    let errors = run
        .stderr
        .matches("Could not read the MAIL FROM domain")
        .count();
    assert_eq!(errors, FLEET);
    assert!(
        run.elapsed < Duration::from_secs(seconds + 30),
        "{:?}",
        run.elapsed
    );
    run
}

#[test]
fn certificate_that_is_not_trusted_ends_all_reads_at_once() {
    let server = Counted::untrusted();
    let ws = with_endpoint(&format!("https://{}", server.address));
    let not_trusted = format!(
        "the certificate of {} is not trusted: this machine does not trust who has issued it",
        server.address
    );
    let texts = [
        "SES cannot be reached to call",
        &not_trusted,
        "AWS_CA_BUNDLE",
    ];
    fails_within(&ws, 0, &texts);
    // The first Get and, beside it, the first List.
    assert!(server.count() <= 2, "{}", server.count());
    // Creates likewise, and nothing was made.
    ws.config(&fleet("bounce", &names(FLEET + 1)));
    ws.terraform(&["apply", "-auto-approve", "-refresh=false"])
        .fails_with(&["Could not set the MAIL FROM domain", &not_trusted]);
    // One call of each operation a process.
    assert!(server.count() <= 2 + 2 * 4, "{}", server.count());
}

#[test]
fn connection_that_is_refused_ends_all_reads_after_half_a_minute() {
    let closed = closed_port();
    let ws = with_endpoint(&format!("http://{closed}"));
    let refused = format!("{closed} refused the connection");
    let run = fails_within(&ws, 30, &[&refused, "`endpoints.ses`"]);
    assert!(run.elapsed > Duration::from_secs(29), "{:?}", run.elapsed);
}

#[test]
fn proxy_that_wants_a_password_ends_all_reads_at_once_and_one_that_forbids_soon() {
    for (status, seconds, says) in [
        (
            407,
            0,
            "asks for a user name and a password (HTTP status 407)",
        ),
        (403, 30, "through (HTTP status 403)"),
    ] {
        let proxy = Counted::proxy(status);
        let ws = with_endpoint("https://email.us-east-1.amazonaws.com");
        ws.set_env("HTTPS_PROXY", format!("http://{}", proxy.address));
        let texts = ["that HTTPS_PROXY names", says, "HTTPS_PROXY"];
        fails_within(&ws, seconds, &texts);
        assert!(proxy.count() < 40, "{}", proxy.count());
    }
}
