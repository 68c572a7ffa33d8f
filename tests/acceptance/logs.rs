//! What the provider logs: lines that Terraform reads, and no secret in any.

use serde_json::Value;
use simulator::ses::{Fault, FaultKind};

use crate::harness::{GET, Run, SET, Workspace, basic, mail_from};

const ACCESS_KEY: &str = "AKIAJ7Q2DISTINCTIVE";
const SECRET_KEY: &str = "q8RvT4/distinctive+secret+key/zW1";
const TOKEN: &str = "FwoGZXIvYXdzEdistinctive/session+token==";

/// A workspace with distinctive credentials in the provider block.
fn with_credentials() -> Workspace {
    let mut ws = Workspace::new();
    ws.provider.access_key = Some(format!("{ACCESS_KEY:?}"));
    ws.provider.secret_key = Some(format!("{SECRET_KEY:?}"));
    ws.provider.token = Some(format!("{TOKEN:?}"));
    ws.config(&basic());
    ws
}

/// Asserts that nothing of what Terraform and the provider have written holds a
/// secret, and that the provider had much to say.
#[track_caller]
fn keeps_secrets(run: &Run) {
    assert!(run.stderr.contains("provider started"), "{}", run.stderr);
    for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        for secret in [SECRET_KEY, TOKEN] {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "a secret in {stream}");
        }
    }
}

/// The lines of a log in JSON.
fn lines(run: &Run) -> Vec<Value> {
    let lines = run.stderr.lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// What SES answers to a signature that it does not take: AWS's query services
/// then quote the request that they have computed theirs from, with its token.
fn wrong_signature() -> FaultKind {
    FaultKind::Error {
        status: 403,
        code: "SignatureDoesNotMatch".to_owned(),
        message: format!(
            "The request signature we calculated does not match the signature you provided. \
             Check your AWS Secret Access Key and signing method.\n\n\
             The Canonical String for this request should have been\n'POST\n/\n\n\
             content-type:application/x-www-form-urlencoded\nhost:email.us-east-1.amazonaws.com\n\
             x-amz-date:20260102T030405Z\nx-amz-security-token:{TOKEN}\n\n\
             content-type;host;x-amz-date;x-amz-security-token\n0123'\n"
        ),
    }
}

#[test]
fn trace_holds_no_secret_whatever_happens() {
    let commands: [&[&str]; 4] = [
        &["plan"],
        &["apply", "-auto-approve"],
        &["plan", "-json"],
        &["destroy", "-auto-approve"],
    ];
    for variable in ["TF_LOG", "TF_LOG_PROVIDER"] {
        let ws = with_credentials();
        ws.set_env(variable, "trace");
        for args in commands {
            keeps_secrets(&ws.terraform(args).succeeds());
        }
        let set = &ws.sets()[0];
        assert_eq!(set.access_key.as_deref(), Some(ACCESS_KEY));
    }
}

#[test]
fn trace_of_errors_holds_no_secret() {
    for kind in [
        wrong_signature(),
        FaultKind::ExpiredToken,
        FaultKind::Html { status: 404 },
        FaultKind::ResetBefore,
    ] {
        let ws = with_credentials();
        let timeouts = "timeouts {\n    create = \"2s\"\n    read   = \"2s\"\n  }";
        ws.config(&mail_from("example.com", "bounce.example.com", timeouts));
        ws.set_env("TF_LOG", "trace");
        ws.ses().inject(Fault::new(kind.clone()).on(SET).forever());
        keeps_secrets(&ws.apply().exits(1));
        ws.ses().clear_faults();
        ws.apply().succeeds();
        ws.ses().inject(Fault::new(kind).on(GET).forever());
        keeps_secrets(&ws.plan().exits(1));
    }
}

#[test]
fn trace_without_an_endpoint_holds_no_secret() {
    let mut ws = with_credentials();
    // Nobody listens there.
    ws.provider.ses_endpoint = Some("\"http://127.0.0.1:1\"".to_owned());
    let timeouts = "timeouts {\n    create = \"2s\"\n  }";
    ws.config(&mail_from("example.com", "bounce.example.com", timeouts));
    ws.set_env("TF_LOG", "trace");
    keeps_secrets(&ws.apply().exits(1));
}

#[test]
fn lines_of_the_provider_arrive_with_their_levels_and_fields() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.set_env("TF_LOG", "json");
    ws.ses().inject(Fault::new(FaultKind::Throttle).on(SET));
    let run = ws.apply().succeeds();
    let lines = lines(&run);
    let line = |message: &str| {
        let found = lines.iter().find(|line| line["@message"] == message);
        found.unwrap_or_else(|| panic!("no {message:?} in:\n{}", run.stderr))
    };
    let started = line("provider started");
    assert_eq!(started["@level"], "info");
    assert_eq!(started["version"], env!("CARGO_PKG_VERSION"));
    let module = started["@module"].as_str().unwrap();
    assert!(module.starts_with("terraform_provider_ses"), "{module}");
    let failed = line("an attempt failed");
    assert_eq!(failed["@level"], "debug");
    assert_eq!(failed["identity"], "example.com");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("Throttling: Rate exceeded"), "{error}");
}

#[test]
fn nothing_is_logged_unless_it_is_asked_for() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.ses().inject(Fault::new(FaultKind::Throttle).on(SET));
    let run = ws.apply().succeeds();
    assert_eq!(run.stderr, "");
}

/// The lines about calls that the provider has served, of `rpc` alone.
fn served(run: &Run, rpc: &str) -> Vec<Value> {
    let mut lines = lines(run);
    lines.retain(|line| line["@message"] == "call served" && line["tf_rpc"] == rpc);
    lines
}

#[test]
fn line_of_a_call_has_the_fields_of_other_providers() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.set_env("TF_LOG", "json");
    ws.ses().inject(Fault::new(FaultKind::AccessDenied).on(SET));
    let failed = ws.apply().exits(1);
    let [apply] = served(&failed, "ApplyResourceChange").try_into().unwrap();
    assert_eq!(apply["@level"], "debug");
    assert_eq!(apply["tf_resource_type"], "ses_identity_mail_from");
    assert_eq!(apply["diagnostic_error_count"], "1");
    assert_eq!(apply["diagnostic_warning_count"], "0");

    ws.apply().succeeds();
    let plan = ws.plan().succeeds();
    let [read] = served(&plan, "ReadResource").try_into().unwrap();
    assert_eq!(read["tf_resource_type"], "ses_identity_mail_from");
    // Neither record has been published.
    assert_eq!(read["diagnostic_error_count"], "0");
    assert_eq!(read["diagnostic_warning_count"], "2");
    let [configure] = served(&plan, "ConfigureProvider").try_into().unwrap();
    assert_eq!(configure.get("tf_resource_type"), None, "{configure}");

    for run in [&failed, &plan] {
        let mut served: Vec<_> = lines(run);
        served.retain(|line| line["@message"] == "call served");
        assert!(served.len() > 4, "{served:?}");
        let mut ids: Vec<_> = served
            .iter()
            .map(|line| line["tf_req_id"].as_str().unwrap())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), served.len(), "{ids:?}");
        for line in &served {
            let took = line["tf_req_duration_ms"].as_str().unwrap();
            assert!(took.parse::<f64>().is_ok(), "{line}");
            assert!(line["tf_rpc"].is_string(), "{line}");
        }
    }
}

#[test]
fn line_within_a_call_names_the_call() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.set_env("TF_LOG", "json");
    ws.ses().inject(Fault::new(FaultKind::Throttle).on(SET));
    let run = ws.apply().succeeds();
    let [apply] = served(&run, "ApplyResourceChange").try_into().unwrap();
    let lines = lines(&run);
    let failed = lines
        .iter()
        .find(|line| line["@message"] == "an attempt failed");
    for field in ["tf_req_id", "tf_rpc", "tf_resource_type"] {
        assert_eq!(failed.unwrap()[field], apply[field], "{field}");
        assert!(apply[field].is_string(), "{apply}");
    }
}
