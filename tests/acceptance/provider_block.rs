//! The provider block: what it may leave out, and what may be unknown in it.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{GET, REGION, THIS, Workspace, basic, mail_from, provider_address};

/// An expression that is unknown until apply, and then is `value`; with the
/// resource that makes it so.
fn unknown_until_apply(name: &str, value: &str) -> (String, String) {
    let resource = format!("resource \"terraform_data\" \"{name}\" {{\n  input = {value}\n}}\n");
    (format!("terraform_data.{name}.output"), resource)
}

#[test]
fn unknown_region_is_planned_unknown_and_applied() {
    let mut ws = Workspace::new();
    let (region, later) = unknown_until_apply("region", "\"us-east-1\"");
    ws.provider.region = Some(region);
    ws.config(&format!("{later}{}", basic()));
    ws.terraform(&["validate"]).succeeds();
    let change = ws.planned_change(THIS);
    let unknown = &change["after_unknown"];
    assert_eq!(unknown["region"], true);
    assert_eq!(unknown["dns_records"][0]["value"], true);
    let record = &change["after"]["dns_records"][0];
    assert_eq!(record["type"], "MX");
    assert_eq!(record["name"], "bounce.example.com");
    let spf = &change["after"]["dns_records"][1]["value"];
    assert_eq!(spf, "v=spf1 include:amazonses.com ~all");
    ws.apply().succeeds();
    assert_eq!(ws.resource(THIS).unwrap()["region"], REGION);
    ws.ends_with(&["example.com"]);
}

#[test]
fn unknown_region_alone_does_not_stop_the_refresh_of_what_names_its_own() {
    let mut ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ses().clear_calls();
    let (region, later) = unknown_until_apply("region", "\"us-east-1\"");
    ws.provider.region = Some(region);
    ws.config(&format!("{later}{}", basic()));
    ws.plan().exits(2).does_not_say("Error");
    assert_eq!(ws.calls_of(GET).len(), 1);
    ws.apply().succeeds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn unknown_settings_let_creates_be_planned_and_applied() {
    let mut ws = Workspace::new();
    let simulator = &ws.simulator;
    let url = format!("{:?}", simulator.ses_url());
    let nameservers = format!("[\"{}\"]", simulator.dns_addr());
    let (access_key, a) = unknown_until_apply("access_key", "\"AKIAIOSFODNN7EXAMPLE\"");
    let (secret_key, b) = unknown_until_apply("secret_key", "\"secret\"");
    let (rate, c) = unknown_until_apply("rate", "0");
    let (url, d) = unknown_until_apply("url", &url);
    let (nameservers, e) = unknown_until_apply("nameservers", &nameservers);
    ws.provider.access_key = Some(access_key);
    ws.provider.secret_key = Some(secret_key);
    ws.provider.requests_per_second = Some(rate);
    ws.provider.ses_endpoint = Some(url);
    ws.provider.dns = Some(format!("nameservers = {nameservers}"));
    ws.config(&[a, b, c, d, e, basic()].concat());
    ws.terraform(&["validate"]).succeeds();
    let change = ws.planned_change(THIS);
    let exchange = &change["after"]["dns_records"][0]["value"];
    assert_eq!(exchange, "feedback-smtp.us-east-1.amazonses.com");
    assert_eq!(ws.ses().calls(), []);
    ws.apply().succeeds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn read_that_needs_an_unknown_setting_names_it() {
    let mut ws = Workspace::new();
    let url = ws.simulator.ses_url();
    let (endpoint, later) = unknown_until_apply("url", &format!("{url:?}"));
    ws.provider.ses_endpoint = Some(endpoint.clone());
    ws.config(&format!("{later}{}", basic()));
    ws.apply().succeeds();
    // The same endpoint in other words is not known until apply.
    let (_, later) = unknown_until_apply("url", &format!("\"{url}/\""));
    ws.config(&format!("{later}{}", basic()));
    ws.ses().clear_calls();
    ws.plan().fails_with(&[
        "Could not read the MAIL FROM domain of example.com",
        "setting `endpoints.ses` is not known until apply",
        "terraform apply -target",
    ]);
    assert_eq!(ws.ses().calls(), []);
    ws.terraform(&["apply", "-auto-approve", "-target=terraform_data.url"])
        .succeeds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn missing_region_is_told_with_where_to_set_it() {
    let mut ws = Workspace::new();
    ws.provider.region = None;
    ws.config(&basic());
    ws.terraform(&["validate"]).succeeds();
    ws.plan().fails_with(&["`region`", "AWS_REGION"]);
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn missing_credentials_let_a_create_be_planned_and_are_told_at_apply() {
    let mut ws = Workspace::new();
    ws.provider.access_key = None;
    ws.provider.secret_key = None;
    ws.config(&basic());
    ws.terraform(&["validate"]).succeeds();
    let change = ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["create"]));
    ws.apply().fails_with(&[
        "Could not set the MAIL FROM domain of example.com",
        "There are no AWS credentials",
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ]);
    assert_eq!(ws.ses().calls(), []);
    assert_eq!(ws.resource(THIS), None);
}

#[test]
fn region_credentials_and_endpoint_come_from_the_environment() {
    let mut ws = Workspace::new();
    ws.provider.region = None;
    ws.provider.access_key = None;
    ws.provider.secret_key = None;
    ws.provider.ses_endpoint = None;
    ws.config(&basic());
    ws.set_env("AWS_REGION", REGION);
    ws.set_env("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT");
    ws.set_env("AWS_SECRET_ACCESS_KEY", "secret");
    ws.set_env("AWS_ENDPOINT_URL_SES", ws.simulator.ses_url());
    ws.apply().succeeds();
    let set = &ws.sets()[0];
    assert_eq!(set.region, REGION);
    assert_eq!(set.access_key.as_deref(), Some("AKIAENVIRONMENT"));
    ws.ends_with(&["example.com"]);
}

#[test]
fn profile_gives_region_and_credentials() {
    let mut ws = Workspace::new();
    ws.provider.region = None;
    ws.provider.access_key = None;
    ws.provider.secret_key = None;
    ws.provider.profile = Some("\"mail\"".to_owned());
    ws.config(&basic());
    let folder = ws.home().join(".aws");
    fs::create_dir(&folder).unwrap();
    fs::write(
        folder.join("config"),
        "[default]\nregion = eu-west-1\n\n[profile mail]\nregion = us-east-1\n",
    )
    .unwrap();
    fs::write(
        folder.join("credentials"),
        "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = secret\n\n\
         [mail]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = secret\n",
    )
    .unwrap();
    ws.apply().succeeds();
    let set = &ws.sets()[0];
    assert_eq!(set.region, REGION);
    assert_eq!(set.access_key.as_deref(), Some("AKIAPROFILE"));
    ws.ends_with(&["example.com"]);
}

#[test]
fn unknown_profile_is_planned_with_an_unknown_region() {
    let mut ws = Workspace::new();
    let (profile, later) = unknown_until_apply("profile", "\"mail\"");
    ws.provider.region = None;
    ws.provider.profile = Some(profile);
    ws.config(&format!("{later}{}", basic()));
    ws.terraform(&["validate"]).succeeds();
    let change = ws.planned_change(THIS);
    assert_eq!(change["after_unknown"]["region"], true);
}

#[test]
fn configured_region_is_known_whatever_else_is_not() {
    let mut ws = Workspace::new();
    let (profile, later) = unknown_until_apply("profile", "\"mail\"");
    ws.provider.profile = Some(profile);
    ws.config(&format!("{later}{}", basic()));
    let change = ws.planned_change(THIS);
    assert_eq!(change["after"]["region"], REGION);
    let exchange = &change["after"]["dns_records"][0]["value"];
    assert_eq!(exchange, "feedback-smtp.us-east-1.amazonses.com");
}

#[test]
fn aliases_keep_regions_apart() {
    let ws = Workspace::new();
    ws.ses().add_identity("eu-west-1", "example.com", true);
    let mut other = ws.provider.clone();
    other.region = Some("\"eu-west-1\"".to_owned());
    other.alias = Some("\"europe\"".to_owned());
    let resource = r#"
resource "ses_identity_mail_from" "europe" {
  provider         = ses.europe
  identity         = "example.com"
  mail_from_domain = "bounce.example.com"
}
"#;
    ws.config(&[&other.block(), resource, &basic()].concat());
    ws.apply().succeeds().says("2 added");
    let mut regions: Vec<_> = ws.sets().into_iter().map(|call| call.region).collect();
    regions.sort();
    assert_eq!(regions, ["eu-west-1", REGION]);
    let europe = ws.resource("ses_identity_mail_from.europe").unwrap();
    let exchange = &europe["dns_records"][0]["value"];
    assert_eq!(exchange, "feedback-smtp.eu-west-1.amazonses.com");
    ws.ends_with(&["example.com", "example.com"]);
}

#[test]
fn fractional_rates_are_taken() {
    // Terraform sends each of these numbers in another encoding.
    for rate in ["0.9", "0.1", "1e-3"] {
        let mut ws = Workspace::new();
        ws.provider.requests_per_second = Some(rate.to_owned());
        // The last allows a second Get after a quarter of an hour: should there have to
        // be one, the resource is done without.
        let timeouts = "timeouts {\n create = \"60s\"\n }";
        ws.config(&mail_from("example.com", "bounce.example.com", timeouts));
        ws.apply().succeeds();
        let held = ws.held("example.com").mail_from_domain;
        assert_eq!(held.as_deref(), Some("bounce.example.com"), "{rate}");
        ws.terraform(&["plan", "-detailed-exitcode", "-refresh=false"])
            .succeeds();
    }
}

#[test]
fn schema_hides_secrets_and_takes_one_block_of_each_kind() {
    let ws = Workspace::new();
    let run = ws.terraform(&["providers", "schema", "-json"]).succeeds();
    let schemas: Value = serde_json::from_str(&run.stdout).unwrap();
    let schema = &schemas["provider_schemas"][provider_address()];
    let provider = &schema["provider"]["block"];
    for (name, attribute) in provider["attributes"].as_object().unwrap() {
        let secret = ["access_key", "secret_key", "token"].contains(&name.as_str());
        assert_eq!(attribute["sensitive"] == true, secret, "{name}");
        assert_eq!(attribute["optional"], true, "{name}");
    }
    let resource = &schema["resource_schemas"]["ses_identity_mail_from"]["block"];
    let blocks = [
        &provider["block_types"]["endpoints"],
        &provider["block_types"]["dns"],
        &resource["block_types"]["timeouts"],
    ];
    for block in blocks {
        assert_eq!(block["nesting_mode"], "single", "{block}");
        assert_eq!(block["min_items"], Value::Null, "{block}");
        assert_eq!(block["max_items"], Value::Null, "{block}");
    }
}

/// Answers every request as STS answers AssumeRole, until the test ends. Returns
/// its URL.
fn sts() -> String {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};

    const ANSWER: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
        <AssumeRoleResult><Credentials>\
        <AccessKeyId>ASIAOFTHEROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
        <SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>\
        </Credentials></AssumeRoleResult></AssumeRoleResponse>";
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            assert!(
                String::from_utf8(body)
                    .unwrap()
                    .contains("Action=AssumeRole&")
            );
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{ANSWER}",
                ANSWER.len()
            );
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

#[test]
fn role_of_a_profile_is_assumed_at_the_sts_endpoint() {
    let mut ws = Workspace::new();
    let file = ws.folder().join("aws-config");
    let role = "role_arn = arn:aws:iam::123456789012:role/mail\nsource_profile = base\n";
    let base = "aws_access_key_id = AKIAOFTHEBASE\naws_secret_access_key = secret\n";
    fs::write(
        &file,
        format!("[profile mail]\n{role}\n[profile base]\n{base}"),
    )
    .unwrap();
    ws.set_env("AWS_CONFIG_FILE", file.to_str().unwrap());
    (ws.provider.access_key, ws.provider.secret_key) = (None, None);
    ws.provider.profile = Some("\"mail\"".to_owned());
    ws.provider.sts_endpoint = Some(format!("{:?}", sts()));
    ws.config(&basic());
    ws.apply().succeeds();
    let keys: Vec<_> = ws
        .ses()
        .calls()
        .into_iter()
        .map(|call| call.access_key)
        .collect();
    assert!(
        keys.iter()
            .all(|key| key.as_deref() == Some("ASIAOFTHEROLE")),
        "{keys:?}"
    );
    ws.ends_with(&["example.com"]);
}
