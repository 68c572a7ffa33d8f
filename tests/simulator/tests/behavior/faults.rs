//! Each fault, as the client sees it and as SES's state has it.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use simulator::Simulator;
use simulator::ses::{Fault, FaultKind, Outcome};

use crate::client::{Answer, call, get, quiet, set, wait_until};

const SET: &str = "SetIdentityMailFromDomain";

fn scene(kind: FaultKind) -> Simulator {
    let simulator = quiet();
    simulator
        .ses()
        .add_identity("us-east-1", "example.com", true);
    simulator.ses().inject(Fault::new(kind).on(SET));
    simulator
}

fn try_set(simulator: &Simulator) -> std::io::Result<Answer> {
    let parameters = [
        ("Identity", "example.com"),
        ("MailFromDomain", "b.example.com"),
    ];
    call(simulator, SET, &parameters)
}

fn is_set(simulator: &Simulator) -> bool {
    let snapshot = simulator.ses().get("us-east-1", "example.com").unwrap();
    snapshot.mail_from_domain.is_some()
}

#[test]
fn errors_change_nothing_and_pass() {
    let teapot = FaultKind::Error {
        status: 418,
        code: "Teapot".to_owned(),
        message: "I & you".to_owned(),
    };
    for (kind, status, code, says) in [
        (FaultKind::Throttle, 400, "Throttling", "Rate exceeded"),
        (FaultKind::ServiceUnavailable, 503, "ServiceUnavailable", ""),
        (FaultKind::InternalFailure, 500, "InternalFailure", ""),
        (
            FaultKind::AccessDenied,
            403,
            "AccessDenied",
            "not authorized to perform: ses:SetIdentityMailFromDomain because",
        ),
        (FaultKind::ExpiredToken, 403, "ExpiredToken", "expired"),
        (teapot, 418, "Teapot", "I & you"),
    ] {
        let name = kind.name();
        let simulator = scene(kind);
        let answer = try_set(&simulator).unwrap();
        assert_eq!(answer.status, status);
        let (answered, message) = answer.error();
        assert_eq!(answered, code);
        assert!(message.contains(says), "{message}");
        let kind = if status < 500 { "Sender" } else { "Receiver" };
        assert_eq!(answer.text("Type").unwrap(), kind);
        assert!(!is_set(&simulator));
        assert_eq!(simulator.ses().calls()[0].fault.as_deref(), Some(name));

        try_set(&simulator).unwrap().assert_ok();
        assert!(is_set(&simulator));
        assert_eq!(simulator.ses().calls()[1].fault, None);
    }
}

#[test]
fn a_page_of_html_is_not_from_ses() {
    for status in [500, 502] {
        let simulator = scene(FaultKind::Html { status });
        let answer = try_set(&simulator).unwrap();
        assert_eq!(answer.status, status);
        assert!(answer.head.contains("content-type: text/html"));
        assert!(!answer.head.contains("x-amzn-requestid"));
        assert!(answer.body.starts_with("<html>"));
        assert!(!is_set(&simulator));
        assert_eq!(simulator.ses().calls()[0].outcome, Outcome::Unreadable);
    }
}

#[test]
fn resets_are_rst_before_and_after_the_change() {
    for (kind, changed) in [
        (FaultKind::ResetBefore, false),
        (FaultKind::ResetAfter, true),
    ] {
        let simulator = scene(kind);
        let error = try_set(&simulator).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(is_set(&simulator), changed);
        assert_eq!(simulator.ses().calls()[0].outcome, Outcome::Reset);
        try_set(&simulator).unwrap().assert_ok();
    }
}

#[test]
fn slow_answers_wait_before_or_after_the_change() {
    let delay_ms = 1500;
    let delay = Duration::from_millis(delay_ms);
    for (kind, early) in [
        (FaultKind::SlowBefore { delay_ms }, false),
        (FaultKind::SlowAfter { delay_ms }, true),
    ] {
        let simulator = scene(kind);
        let started = Instant::now();
        std::thread::scope(|scope| {
            let answer = scope.spawn(|| try_set(&simulator));
            wait_until("set", || is_set(&simulator));
            assert_eq!(started.elapsed() < delay, early);
            answer.join().unwrap().unwrap().assert_ok();
        });
        assert!(started.elapsed() >= delay);
    }
}

#[test]
fn a_slow_call_is_carried_out_although_the_client_has_hung_up() {
    use std::io::Write;
    let simulator = scene(FaultKind::SlowBefore { delay_ms: 1500 });
    let url = simulator.ses_url();
    let mut stream = std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let body = "Action=SetIdentityMailFromDomain&Identity=example.com&MailFromDomain=b.example.com";
    let length = body.len();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    wait_until("received", || !simulator.ses().calls().is_empty());
    assert_eq!(simulator.ses().calls()[0].outcome, Outcome::InFlight);
    drop(stream);
    wait_until("set", || is_set(&simulator));
}

#[test]
fn stale_and_absent_reads_strike_the_identity_they_name() {
    let simulator = quiet();
    let ses = simulator.ses();
    ses.add_identities("us-east-1", ["a.test", "b.test"], true);
    for (identity, domain) in [
        ("a.test", "old.a.test"),
        ("a.test", "new.a.test"),
        ("b.test", "new.b.test"),
    ] {
        set(&simulator, identity, domain).assert_ok();
    }
    let both = [
        ("Identities.member.1", "a.test"),
        ("Identities.member.2", "b.test"),
    ];
    let get_both = || {
        call(&simulator, "GetIdentityMailFromDomainAttributes", &both)
            .unwrap()
            .body
    };

    ses.inject(Fault::new(FaultKind::StaleRead).of("a.test"));
    let stale = get_both();
    assert!(
        stale.contains("old.a.test") && stale.contains("new.b.test"),
        "{stale}"
    );

    ses.inject(Fault::new(FaultKind::StaleRead));
    let stale = get_both();
    assert!(
        stale.contains("old.a.test") && !stale.contains("new.b.test"),
        "{stale}"
    );
    assert!(
        stale.contains("<key>b.test</key>"),
        "unset before, not unknown: {stale}"
    );

    ses.inject(Fault::new(FaultKind::AbsentRead).of("b.test"));
    let absent = get_both();
    assert!(absent.contains("new.a.test") && !absent.contains("<key>b.test</key>"));

    let present = get_both();
    assert!(present.contains("new.a.test") && present.contains("new.b.test"));
}

#[test]
fn garbage_comes_with_status_200() {
    let simulator = scene(FaultKind::Garbage);
    let answer = try_set(&simulator).unwrap();
    answer.assert_ok();
    assert!(!answer.body.contains("SetIdentityMailFromDomainResponse"));
    assert!(is_set(&simulator));
}

#[test]
fn answers_of_200_that_are_none_say_nothing_of_the_change() {
    let element = "SetIdentityMailFromDomainResponse";
    for (kind, changed, begins, has_id) in [
        (FaultKind::Html { status: 200 }, false, "<html>", false),
        (FaultKind::Empty, false, "", false),
        (
            FaultKind::OtherAnswer,
            false,
            "<GetAccountSendingEnabled",
            true,
        ),
        (
            FaultKind::Truncated,
            true,
            "<SetIdentityMailFromDomain",
            true,
        ),
    ] {
        let name = kind.name();
        let simulator = scene(kind);
        let answer = try_set(&simulator).unwrap();
        answer.assert_ok();
        assert!(answer.body.starts_with(begins), "{name}: {answer:?}");
        assert!(!answer.body.ends_with(&format!("</{element}>\n")), "{name}");
        assert_eq!(answer.head.contains("x-amzn-requestid"), has_id, "{name}");
        assert_eq!(is_set(&simulator), changed, "{name}");
    }
}

#[test]
fn a_throttled_request_leaves_the_faults_to_the_next() {
    let simulator = quiet();
    simulator
        .ses()
        .set_rate(simulator::Rate::PerOperation(0.001));
    get(&simulator, "example.com").assert_ok();
    simulator.ses().inject(Fault::new(FaultKind::ExpiredToken));
    assert_eq!(get(&simulator, "example.com").error().0, "Throttling");
    assert_eq!(simulator.ses().faults().len(), 1);
    simulator.ses().clear_faults();
    assert!(simulator.ses().faults().is_empty());
}

#[test]
fn a_fault_that_throttles_does_not_count_against_the_limit() {
    let simulator = quiet();
    simulator
        .ses()
        .set_rate(simulator::Rate::PerOperation(0.001));
    simulator.ses().inject(Fault::new(FaultKind::Throttle));
    assert_eq!(get(&simulator, "example.com").error().0, "Throttling");
    get(&simulator, "example.com").assert_ok();
}
