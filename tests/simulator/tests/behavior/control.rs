//! The control routes, each by its example in the crate's documentation.

use serde_json::{Value, json};
use simulator::Simulator;
use simulator::ses::{Behavior, FaultKind, Status};

use crate::client::{get, quiet, send, set};

fn control(simulator: &Simulator, method: &str, route: &str, body: &str) -> (u16, Value) {
    let path = format!("/_simulator/{route}");
    let answer = send(&simulator.ses_url(), method, &path, "", body).unwrap();
    assert!(answer.head.contains("content-type: application/json"));
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

fn ok(simulator: &Simulator, method: &str, route: &str, body: &str) -> Value {
    let (status, value) = control(simulator, method, route, body);
    assert_eq!(status, 200, "{method} {route}: {value}");
    value
}

#[test]
fn identities_and_mail_from_are_set_and_removed() {
    let simulator = quiet();
    let ses = simulator.ses();
    ok(&simulator, "PUT", "identities", r#"{"name":"example.com"}"#);
    let many = r#"[{"name":"a.test","region":"eu-west-1"},{"name":"b.test","verified":false}]"#;
    ok(&simulator, "PUT", "identities", many);
    assert!(ses.get("eu-west-1", "a.test").unwrap().verified);
    assert!(!ses.get("us-east-1", "b.test").unwrap().verified);

    let mail_from = r#"{"identity":"example.com","mail_from_domain":"b.example.com","behavior":"RejectMessage","status":"Failed"}"#;
    ok(&simulator, "PUT", "mail_from", mail_from);
    let snapshot = ses.get("us-east-1", "example.com").unwrap();
    assert_eq!(snapshot.mail_from_domain.as_deref(), Some("b.example.com"));
    assert_eq!(snapshot.behavior, Behavior::RejectMessage);
    assert_eq!(snapshot.status, Some(Status::Failed));
    ok(
        &simulator,
        "PUT",
        "mail_from",
        r#"[{"identity":"example.com","status":"Success"}]"#,
    );
    let snapshot = ses.get("us-east-1", "example.com").unwrap();
    assert_eq!(snapshot.status, Some(Status::Success));

    let state = ok(&simulator, "GET", "state", "");
    assert_eq!(state["identities"].as_array().unwrap().len(), 3);
    let shown = &state["identities"][2];
    assert_eq!(shown["identity"], "example.com");
    assert_eq!(shown["status"], "Success");

    ok(
        &simulator,
        "DELETE",
        "mail_from",
        r#"{"identity":"example.com"}"#,
    );
    let snapshot = ses.get("us-east-1", "example.com").unwrap();
    assert_eq!(snapshot.mail_from_domain, None);
    ok(
        &simulator,
        "DELETE",
        "identities",
        r#"{"name":"example.com"}"#,
    );
    assert_eq!(ses.get("us-east-1", "example.com"), None);
    let (status, _) = control(
        &simulator,
        "DELETE",
        "identities",
        r#"{"name":"example.com"}"#,
    );
    assert_eq!(status, 404);
}

#[test]
fn calls_and_faults_are_shown_and_cleared() {
    let simulator = quiet();
    let fault = r#"{"operation":"GetIdentityMailFromDomainAttributes","identity":"example.com","skip":1,"times":2,"kind":{"html":{"status":502}}}"#;
    ok(&simulator, "POST", "faults", fault);
    ok(
        &simulator,
        "POST",
        "faults",
        r#"[{"kind":"reset_after","times":null}]"#,
    );
    assert_eq!(
        simulator.ses().faults()[0].kind,
        FaultKind::Html { status: 502 }
    );
    assert_eq!(simulator.ses().faults()[1].times, None);
    assert_eq!(ok(&simulator, "GET", "faults", "")[0]["skip"], 1);
    ok(&simulator, "DELETE", "faults", "");
    assert!(simulator.ses().faults().is_empty());

    get(&simulator, "example.com").assert_ok();
    let calls = ok(&simulator, "GET", "calls", "");
    assert_eq!(calls.as_array().unwrap().len(), 1);
    assert_eq!(calls[0]["outcome"], "accepted");
    assert_eq!(calls[0]["identities"], json!(["example.com"]));
    ok(&simulator, "DELETE", "calls", "");
    assert!(simulator.ses().calls().is_empty());
}

#[test]
fn rate_latency_and_clock_are_changed() {
    let simulator = quiet();
    for rate in [
        r#"{"per_operation":1.0}"#,
        r#"{"per_account":0.5}"#,
        r#""unlimited""#,
    ] {
        ok(&simulator, "PUT", "rate", rate);
        let state = ok(&simulator, "GET", "state", "");
        assert_eq!(state["rate"], serde_json::from_str::<Value>(rate).unwrap());
    }
    ok(&simulator, "PUT", "latency", r#"{"ms":7}"#);
    assert_eq!(simulator.ses().latency().as_millis(), 7);
    ok(&simulator, "PUT", "clock", r#"{"speed":0,"advance":"72h"}"#);
    assert_eq!(simulator.ses().clock_speed(), 0.0);
    assert!(simulator.ses().now().as_secs() >= 72 * 60 * 60);
}

#[test]
fn dns_is_changed() {
    let simulator = quiet();
    let many = r#"[
        {"name":"b.example.com","type":"MX","records":["10 feedback-smtp.us-east-1.amazonses.com"]},
        {"name":"b.example.com","type":"TXT","records":["v=spf1 ~all",["a","\u001b[31m",[255]]]},
        {"name":"www.example.com","type":"CNAME","records":["b.example.com"]},
        {"name":"a.example.com","type":"A","records":["192.0.2.1"]}
    ]"#;
    ok(&simulator, "PUT", "dns/records", many);
    let shown = ok(&simulator, "GET", "dns/records", "");
    let names: Vec<_> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|set| set["name"].clone())
        .collect();
    assert_eq!(
        names,
        [
            "a.example.com",
            "b.example.com",
            "b.example.com",
            "www.example.com"
        ]
    );
    let mx = shown
        .as_array()
        .unwrap()
        .iter()
        .find(|set| set["type"] == "MX")
        .unwrap();
    assert_eq!(
        mx["records"],
        json!(["10 feedback-smtp.us-east-1.amazonses.com."])
    );

    ok(
        &simulator,
        "DELETE",
        "dns/records",
        r#"{"name":"b.example.com","type":"MX"}"#,
    );
    assert_eq!(simulator.dns().records().len(), 3);
    ok(
        &simulator,
        "DELETE",
        "dns/records",
        r#"{"name":"b.example.com"}"#,
    );
    assert_eq!(simulator.dns().records().len(), 2);
    ok(&simulator, "DELETE", "dns/records", "");
    assert!(simulator.dns().records().is_empty());

    for mode in [
        r#"{"mode":"servfail"}"#,
        r#"{"name":"b.example.com","mode":{"delay":{"delay_ms":500}}}"#,
        r#"{"name":"b.example.com","mode":null}"#,
        r#"{"mode":null}"#,
    ] {
        ok(&simulator, "PUT", "dns/mode", mode);
    }
    assert_eq!(ok(&simulator, "GET", "dns/queries", ""), json!([]));
    ok(&simulator, "DELETE", "dns/queries", "");
}

#[test]
fn mistakes_are_told() {
    let simulator = quiet();
    for (method, route, body, expected) in [
        ("GET", "nothing", "", 404),
        ("POST", "state", "", 404),
        ("PUT", "identities", "{}", 400),
        (
            "PUT",
            "identities",
            r#"{"name":"a.test","colour":"red"}"#,
            400,
        ),
        (
            "PUT",
            "mail_from",
            r#"{"identity":"no.test","mail_from_domain":"b.no.test"}"#,
            404,
        ),
        ("POST", "faults", r#"{"kind":"nonsense"}"#, 400),
        ("PUT", "rate", r#"{"per_operation":0}"#, 400),
        ("PUT", "clock", r#"{"advance":"soon"}"#, 400),
        (
            "PUT",
            "dns/records",
            r#"{"name":"a.test","type":"MX","records":["host"]}"#,
            400,
        ),
        (
            "PUT",
            "dns/records",
            r#"{"name":"a..test","type":"A","records":[]}"#,
            400,
        ),
    ] {
        let (status, value) = control(&simulator, method, route, body);
        assert_eq!(status, expected, "{method} {route} {body}: {value}");
        assert!(!value["error"].as_str().unwrap().is_empty());
    }
    // A status needs a MAIL FROM domain.
    simulator.ses().add_identity("us-east-1", "a.test", true);
    let body = r#"{"identity":"a.test","status":"Failed"}"#;
    assert_eq!(control(&simulator, "PUT", "mail_from", body).0, 400);
}

#[test]
fn control_requests_are_no_calls_of_ses() {
    let simulator = quiet();
    simulator
        .ses()
        .add_identity("us-east-1", "example.com", true);
    ok(&simulator, "GET", "state", "");
    set(&simulator, "example.com", "b.example.com").assert_ok();
    assert_eq!(simulator.ses().calls().len(), 1);
}
