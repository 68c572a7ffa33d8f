//! Limits, latency, and the log that shows them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use simulator::ses::Outcome;
use simulator::{Options, Rate};

use crate::client::{call, call_in, get, quiet, set, start, wait_until};

#[test]
fn one_request_a_second_for_each_operation_is_the_default() {
    let simulator = start(Options::default());
    assert_eq!(simulator.ses().rate(), Rate::PerOperation(1.0));
    // So slow that a busy machine cannot take longer.
    simulator.ses().set_rate(Rate::PerOperation(0.001));
    simulator
        .ses()
        .add_identity("us-east-1", "example.com", true);
    set(&simulator, "example.com", "a.example.com").assert_ok();
    let throttled = set(&simulator, "example.com", "b.example.com");
    assert_eq!(throttled.status, 400);
    let expected = ("Throttling".to_owned(), "Rate exceeded".to_owned());
    assert_eq!(throttled.error(), expected);
    // Another operation, another region.
    get(&simulator, "example.com").assert_ok();
    call_in(&simulator, "eu-west-1", "ListIdentities", &[])
        .unwrap()
        .assert_ok();

    let snapshot = simulator.ses().get("us-east-1", "example.com").unwrap();
    assert_eq!(snapshot.mail_from_domain.as_deref(), Some("a.example.com"));
    let outcomes: Vec<_> = simulator
        .ses()
        .calls()
        .into_iter()
        .map(|c| c.outcome)
        .collect();
    let accepted = Outcome::Accepted;
    assert_eq!(
        outcomes,
        [
            accepted.clone(),
            Outcome::Throttled,
            accepted.clone(),
            accepted
        ]
    );
}

#[test]
fn accepted_requests_arrive_at_least_the_interval_apart() {
    let simulator = start(Options {
        rate: Rate::PerAccount(5.0),
        ..Options::default()
    });
    let accepted = || {
        let calls = simulator.ses().calls();
        let accepted = calls.into_iter().filter(|c| c.outcome == Outcome::Accepted);
        accepted.map(|call| call.at_ms).collect::<Vec<_>>()
    };
    wait_until("accepted three times", || {
        call(&simulator, "ListIdentities", &[]).unwrap();
        accepted().len() == 3
    });
    let times = accepted();
    for pair in times.windows(2) {
        // Less the rounding of the log.
        assert!(pair[1] - pair[0] > 199.99, "{times:?}");
    }
    assert!(simulator.ses().calls().len() > 3, "none was throttled");
}

#[test]
fn the_log_tells_what_was_sent() {
    let simulator = quiet();
    simulator
        .ses()
        .add_identity("eu-west-1", "example.com", true);
    let parameters = [
        ("Identity", "example.com"),
        ("MailFromDomain", "b.example.com"),
    ];
    call_in(
        &simulator,
        "eu-west-1",
        "SetIdentityMailFromDomain",
        &parameters,
    )
    .unwrap();
    let unset = [("Identity", "no.test")];
    let refused = call(&simulator, "SetIdentityMailFromDomain", &unset).unwrap();

    let calls = simulator.ses().calls();
    let [first, second] = calls.as_slice() else {
        panic!("{calls:?}");
    };
    assert_eq!((first.seq, second.seq), (1, 2));
    assert!(first.at_ms > 0.0 && first.at_ms <= second.at_ms);
    assert_eq!(first.region, "eu-west-1");
    assert_eq!(first.action, "SetIdentityMailFromDomain");
    assert_eq!(first.identities, ["example.com"]);
    assert_eq!(first.mail_from_domain.as_deref(), Some("b.example.com"));
    assert_eq!(first.behavior, None);
    assert_eq!(first.access_key.as_deref(), Some("AKIATEST"));
    assert_eq!(first.user_agent.as_deref(), Some("test/1"));
    assert_eq!(first.outcome, Outcome::Accepted);
    assert_eq!(second.mail_from_domain, None);
    assert_eq!(
        second.outcome,
        Outcome::Error("InvalidParameterValue".to_owned())
    );
    assert_eq!(refused.text("RequestId").unwrap(), second.request_id);

    simulator.ses().clear_calls();
    assert!(simulator.ses().calls().is_empty());
    get(&simulator, "example.com").assert_ok();
    let calls = simulator.ses().calls();
    assert_eq!((calls.len(), calls[0].seq), (1, 3));
    assert_eq!(calls[0].outcome, Outcome::Accepted);
}

#[test]
fn the_answer_waits_for_the_latency_and_the_effect_does_not() {
    let simulator = quiet();
    let ses = simulator.ses();
    ses.add_identity("us-east-1", "example.com", true);
    let latency = Duration::from_millis(1500);
    ses.set_latency(latency);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| set(&simulator, "example.com", "b.example.com"));
        wait_until("set", || {
            let snapshot = ses.get("us-east-1", "example.com").unwrap();
            snapshot.mail_from_domain.is_some()
        });
        assert!(started.elapsed() < latency, "the effect came too late");
        answer.join().unwrap().assert_ok();
    });
    assert!(started.elapsed() >= latency);
}

#[test]
fn a_connection_is_kept_for_the_next_request() {
    let simulator = quiet();
    let url = simulator.ses_url();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let body = "Action=ListIdentities&Version=2010-12-01";
    for _ in 0..3 {
        let length = body.len();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        while !answer.ends_with("</ListIdentitiesResponse>\n") {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).unwrap();
            assert!(read > 0, "the connection was closed: {answer}");
            answer.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
    }
    assert_eq!(simulator.ses().calls().len(), 3);
}
