//! What `terraform validate` refuses, where it points, and what it advises.

use serde_json::Value;

use crate::harness::Workspace;

/// One bad value: the line of the configuration that holds it, and what the
/// diagnostic advises.
struct Bad {
    line: String,
    advice: &'static str,
}

fn bad(line: impl Into<String>, advice: &'static str) -> Bad {
    Bad {
        line: line.into(),
        advice,
    }
}

/// Validates all of `configurations` at once, each with a bad value. Asserts
/// that there is one error for each, at its line and with its advice.
#[track_caller]
fn refuses(cases: &[Bad], configuration: impl Fn(usize, &str) -> String) {
    let ws = Workspace::new();
    let whole: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(index, bad)| configuration(index, &bad.line))
        .collect();
    ws.config(&whole.join("\n"));
    let run = ws.terraform(&["validate", "-json"]).exits(1);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let errors = report["diagnostics"].as_array().unwrap();
    for bad in cases {
        let mut here = errors.iter().filter(|error| {
            let code = error["snippet"]["code"].as_str().unwrap_or_default();
            error["severity"] == "error" && code.trim() == bad.line
        });
        let error = here
            .next()
            .unwrap_or_else(|| panic!("no error points to {}: {errors:#?}", bad.line));
        assert!(here.next().is_none(), "several errors at {}", bad.line);
        let summary = error["summary"].as_str().unwrap();
        assert!(summary.starts_with("Invalid "), "{}: {summary}", bad.line);
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains(bad.advice), "{}: {detail}", bad.line);
        // Whatever was written, a terminal shows it harmlessly.
        let unsafe_to_print = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!detail.contains(unsafe_to_print), "{detail:?}");
    }
    assert_eq!(errors.len(), cases.len(), "{errors:#?}");
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn mail_from_domain_that_cannot_be_one_is_refused() {
    let long_label = format!("{}.example.com", "a".repeat(64));
    let long_name = format!("{}example.com", "abcdefghi.".repeat(25));
    let outside = "Use a subdomain of `example.com`";
    let characters = "Use only letters, digits, hyphens and dots.";
    let full = "Write a full domain name";
    let cases = [
        ("example.com", outside),
        ("EXAMPLE.com.", outside),
        ("bounce.example.org", outside),
        ("evilexample.com", outside),
        ("com", full),
        ("bounce", full),
        ("", full),
        (&long_label, "Shorten the label to 63 octets"),
        (&long_name, "Shorten the name to 253 characters"),
        ("bounce .example.com", characters),
        (" bounce.example.com", characters),
        ("bounce.example.com ", characters),
        (r"bou\u0007nce.example.com", characters),
        (r"bounce\u001b[2J.example.com", characters),
        (r"bounce\n.example.com", characters),
        (r"bounce\u202e.example.com", "Remove the character"),
        (r"bounce\u200f.example.com", "Remove the character"),
        ("https://bounce.example.com", "Write the host name alone"),
        ("*.example.com", "SES knows no wildcards"),
        ("bounce..example.com", "single dots"),
        (".bounce.example.com", "single dots"),
        ("bounce.example.com..", "single dots"),
        (
            "-bounce.example.com",
            "Start and end each label with a letter",
        ),
        (
            "bounce-.example.com",
            "Start and end each label with a letter",
        ),
        ("sender@bounce.example.com", "only the part after the `@`"),
        ("192.0.2.1", "Write a domain name"),
    ];
    let cases =
        cases.map(|(domain, advice)| bad(format!("mail_from_domain = \"{domain}\""), advice));
    refuses(&cases, |index, line| {
        resource(index, &format!("identity = \"example.com\"\n  {line}"))
    });
}

#[test]
fn mail_from_domain_must_be_under_the_domain_of_an_address() {
    let cases = ["example.com", "bounce.example.org", "evilexample.com"];
    let advice = "Use a subdomain of `example.com`";
    let cases = cases.map(|domain| bad(format!("mail_from_domain = \"{domain}\""), advice));
    refuses(&cases, |index, line| {
        resource(
            index,
            &format!("identity = \"Sender@Example.com\"\n  {line}"),
        )
    });
}

#[test]
fn identity_that_cannot_be_one_is_refused() {
    let either = "Write a domain, such as `example.com`, or one e-mail address";
    let address = "Write the address alone";
    let long_label = format!("{}.com", "a".repeat(64));
    let cases = [
        ("", either),
        ("user@", either),
        ("@example.com", either),
        ("user@example@example.com", either),
        ("example", "Write a full domain name"),
        ("user@example", "Write a full domain name"),
        (&long_label, "Shorten the label to 63 octets"),
        (
            "exa mple.com",
            "Use only letters, digits, hyphens and dots.",
        ),
        ("https://example.com", "Write the host name alone"),
        ("*.example.com", "SES knows no wildcards"),
        ("us er@example.com", address),
        ("User <user@example.com>", "Write"),
        (r"user\u0000@example.com", address),
        (r"example\u202e.com", "Remove the character"),
    ];
    let cases = cases.map(|(identity, advice)| bad(format!("identity = \"{identity}\""), advice));
    refuses(&cases, |index, line| {
        let domain = "mail_from_domain = \"bounce.example.com\"";
        resource(index, &format!("{line}\n  {domain}"))
    });
}

#[test]
fn behavior_that_ses_does_not_know_is_refused() {
    let either = "Write one of `UseDefaultValue`, `RejectMessage`.";
    let meant = "Write `RejectMessage`, in exactly this spelling.";
    let cases = [
        ("Reject", meant),
        ("rejectmessage", meant),
        ("REJECT_MESSAGE", meant),
        ("Bounce", either),
        ("", either),
    ];
    let line = |behavior| format!("behavior_on_mx_failure = \"{behavior}\"");
    let cases = cases.map(|(behavior, advice)| bad(line(behavior), advice));
    let unsafe_until = bad(
        "behavior_until_verified = \"RejectMessage\"".to_owned(),
        "Write `UseDefaultValue`, in exactly this spelling",
    );
    let cases: Vec<_> = cases.into_iter().chain([unsafe_until]).collect();
    refuses(&cases, |index, line| {
        resource(index, &format!("{VALID}\n  {line}"))
    });
}

#[test]
fn timeout_that_is_no_duration_is_refused() {
    let advice = "Write a number and a unit";
    let cases = [
        r#"create = "5 parsecs""#,
        r#"create = "-1s""#,
        r#"read = "0s""#,
        r#"update = "5""#,
        r#"delete = """#,
    ];
    let cases = cases.map(|line| bad(line, advice));
    refuses(&cases, |index, line| {
        let timeouts = format!("timeouts {{\n    {line}\n  }}");
        resource(index, &format!("{VALID}\n  {timeouts}"))
    });
}

#[test]
fn provider_setting_that_cannot_be_used_is_refused() {
    let rate = "Write a positive number";
    let region = "such as `eu-west-1`";
    let cases = [
        ("requests_per_second = -1", rate),
        ("requests_per_second = -0.5", rate),
        ("region = \"Frankfurt\"", region),
        ("region = \"local\"", region),
    ];
    let cases = cases.map(|(line, advice)| bad(line, advice));
    refuses(&cases, provider);
}

#[test]
fn dns_setting_that_cannot_be_used_is_refused() {
    let server = "Write an IP address and a port";
    let cases = [
        (r#"nameservers = ["1.1.1.1"]"#, server),
        (r#"nameservers = ["dns.example:53"]"#, server),
        (r#"nameservers = ["1.1.1.1:53", "1.1.1.1:0"]"#, server),
        (r#"nameservers = ["1.1.1.1:65536"]"#, server),
        (r#"nameservers = [""]"#, server),
        (r#"timeout = "soon""#, "Write a number and a unit"),
        (r#"attempts = 0"#, "Write a whole number from 1 to 10."),
        (r#"attempts = 1.5"#, "Write a whole number from 1 to 10."),
    ];
    let cases = cases.map(|(line, advice)| bad(line, advice));
    refuses(&cases, |index, line| {
        provider(index, &format!("dns {{\n    {line}\n  }}"))
    });
}

#[test]
fn endpoint_that_is_no_url_is_refused() {
    let cases = [
        r#"ses = "email.eu-west-1.amazonaws.com""#,
        r#"ses = "ftp://127.0.0.1""#,
        r#"sts = "http://""#,
    ];
    let cases = cases.map(|line| bad(line, "Write a URL such as"));
    refuses(&cases, |index, line| {
        provider(index, &format!("endpoints {{\n    {line}\n  }}"))
    });
}

#[test]
fn valid_but_unusual_values_pass() {
    let ws = Workspace::new();
    let resources = [
        ("example.com", "_bounce.example.com"),
        ("example.com.", "a.b.c.example.com."),
        ("Sender@Example.com", "bounce.example.com"),
        ("o'neil+tag@example.com", "bounce.example.com"),
        ("bücher.example", "bounce.xn--bcher-kva.example"),
        ("_dmarc.example.com", "bounce._dmarc.example.com"),
        ("xn--bcher-kva.example", "1.bücher.example"),
    ];
    let resources = (10..).zip(resources);
    let resources = resources.map(|(index, (identity, domain))| {
        let body = format!("identity = \"{identity}\"\n  mail_from_domain = \"{domain}\"");
        resource(index, &body)
    });
    let rates = ["0", "0.9", "0.1", "1e-3", "14"].iter().enumerate();
    let providers = rates.map(|(index, rate)| {
        let line = format!("requests_per_second = {rate}");
        provider(index, &line)
    });
    let whole: Vec<String> = resources.chain(providers).collect();
    ws.config(&whole.join("\n"));
    ws.terraform(&["validate"]).succeeds();
    assert_eq!(ws.ses().calls(), []);
}

const VALID: &str = "identity = \"example.com\"\n  mail_from_domain = \"bounce.example.com\"";

fn resource(index: usize, body: &str) -> String {
    format!("resource \"ses_identity_mail_from\" \"case_{index}\" {{\n  {body}\n}}\n")
}

/// A provider block, and a resource that needs it: Terraform looks at no other.
fn provider(index: usize, body: &str) -> String {
    let block = format!("provider \"ses\" {{\n  alias = \"case_{index}\"\n  {body}\n}}\n");
    let uses_it = format!("provider = ses.case_{index}\n  {VALID}");
    block + &resource(index, &uses_it)
}
