//! Credentials that come late, come from somewhere that is away, or expire in the middle.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use simulator::ses::{Fault, FaultKind};
use simulator::{Options, Rate};

use crate::harness::{
    Fares, REGION, SET, Sts, Workspace, basic, fleet, mail_from, names, pause, wait_for_calls,
    wait_until,
};

/// A workspace without keys in the provider block.
fn without_keys(options: Options) -> Workspace {
    let mut ws = Workspace::with(options);
    (ws.provider.access_key, ws.provider.secret_key) = (None, None);
    ws
}

fn as_fast_as_it_can() -> Options {
    Options {
        rate: Rate::Unlimited,
        ..Options::default()
    }
}

/// A workspace whose credentials are those of a role, by a web identity.
fn with_web_identity(options: Options, sts: &Sts) -> Workspace {
    let mut ws = without_keys(options);
    ws.provider.sts_endpoint = Some(format!("{:?}", sts.url()));
    let token = ws.home().join("token");
    fs::write(&token, "a-token\n").unwrap();
    ws.set_env("AWS_WEB_IDENTITY_TOKEN_FILE", token);
    ws.set_env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/terraform");
    ws
}

/// A workspace whose credentials a program gives, which notes each start.
fn with_program(script: &str) -> Workspace {
    let mut ws = without_keys(as_fast_as_it_can());
    let program = ws.home().join("program");
    let started = ws.home().join("started");
    let text = format!("#!/bin/sh\necho started >> {started:?}\n{script}\n");
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = ws.home().join(".aws");
    fs::create_dir(&folder).unwrap();
    let profile = format!(
        "[profile mail]\ncredential_process = {}\n",
        program.display()
    );
    fs::write(folder.join("config"), profile).unwrap();
    ws.provider.profile = Some("\"mail\"".to_owned());
    ws
}

/// How often the program was started.
fn starts(ws: &Workspace) -> usize {
    let started = fs::read_to_string(ws.home().join("started"));
    started.map_or(0, |text| text.lines().count())
}

fn add_fleet(ws: &Workspace, count: usize) -> Vec<String> {
    let names = names(count);
    for name in &names {
        ws.ses().add_identity(REGION, name, true);
    }
    ws.config(&fleet("bounce", &names));
    names
}

#[test]
fn sts_that_is_away_in_the_middle_of_an_apply_is_ridden_out() {
    // Renewed when nine of these seconds have passed.
    let sts = Sts::new(Fares::Well(12));
    let mut ws = with_web_identity(Options::default(), &sts);
    ws.provider.requests_per_second = Some("1".to_owned());
    add_fleet(&ws, 25);
    let apply = ws.spawn(&["apply", "-auto-approve"]);
    wait_for_calls(&ws, SET, 3);
    sts.fares(Fares::Away);
    pause(Duration::from_secs(30));
    assert!(ws.sets().len() < 25, "it was not in the middle");
    sts.fares(Fares::Well(3600));
    apply.wait().succeeds().says("25 added");
    ws.state_is_what_ses_holds();
}

#[test]
fn profile_that_does_not_exist_is_told_by_a_plan_that_calls_nothing() {
    let mut ws = without_keys(as_fast_as_it_can());
    ws.set_env("AWS_ACCESS_KEY_ID", "AKIAENV");
    ws.set_env("AWS_SECRET_ACCESS_KEY", "secret");
    ws.provider.profile = Some("\"missing\"".to_owned());
    ws.config(&basic());
    ws.terraform(&["validate"]).succeeds();
    let told = [
        "Invalid profile",
        "The profile `missing` does not exist",
        ".aws/config",
    ];
    ws.plan().fails_with(&told);
    // As long as it is not known which profile it is, a plan of creates goes on.
    let later = "resource \"terraform_data\" \"profile\" {\n  input = \"missing\"\n}\n";
    ws.provider.profile = Some("terraform_data.profile.output".to_owned());
    ws.config(&format!("{later}{}", basic()));
    ws.terraform(&["plan"]).succeeds();
    ws.apply().fails_with(&told);
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn program_that_takes_long_is_started_once() {
    let ws = with_program(
        "sleep 25\n\
         echo '{\"Version\": 1, \"AccessKeyId\": \"AKIAPROGRAM\", \"SecretAccessKey\": \"s\"}'",
    );
    add_fleet(&ws, 20);
    // What a plan of creates asks SES for is mere advice.
    ws.terraform(&["plan"]).succeeds();
    assert_eq!(starts(&ws), 0);
    ws.apply().succeeds().says("20 added");
    assert_eq!(starts(&ws), 1);
    let keys = ws.sets().into_iter().map(|set| set.access_key);
    assert!(keys.flatten().all(|key| key == "AKIAPROGRAM"));
}

#[test]
fn program_that_takes_longer_than_the_timeout_is_named_and_a_stop_does_not_wait_for_it() {
    let ws = with_program("sleep 25");
    ws.config(&mail_from(
        "example.com",
        "bounce.example.com",
        "timeouts { create = \"2s\" }",
    ));
    ws.apply().fails_with(&[
        "gave up after 2s",
        "the profile `mail` in the provider block has not given any yet",
        "SES was not called",
    ]);
    ws.config(&basic());
    let apply = ws.spawn(&["apply", "-auto-approve"]);
    wait_until("the program runs", || starts(&ws) == 2);
    apply.interrupt_alone();
    let run = apply.wait().fails_with(&["asked to stop"]);
    assert!(run.elapsed < Duration::from_secs(20), "{:?}", run.elapsed);
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn program_that_fails_is_started_once_and_quoted() {
    let ws = with_program("echo 'the second factor was wrong' >&2; exit 3");
    add_fleet(&ws, 30);
    ws.apply().fails_with(&[
        "The AWS credentials could not be loaded",
        "the profile `mail` in the provider block",
        "Stderr: the second factor was wrong",
        "SES was not called",
    ]);
    assert_eq!(starts(&ws), 1);
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn role_that_may_not_be_assumed_is_told_at_once_in_the_words_of_sts() {
    let sts = Sts::new(Fares::Refuses);
    let ws = with_web_identity(as_fast_as_it_can(), &sts);
    add_fleet(&ws, 30);
    ws.apply().fails_with(&[
        "The AWS credentials could not be loaded",
        "STS answered AssumeRoleWithWebIdentity with AccessDenied: Not authorized to perform \
         sts:AssumeRoleWithWebIdentity",
        "request id 7e6d",
    ]);
    // Once for the advice of the plan, once for the apply.
    assert_eq!(sts.requests().len(), 2);
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn role_that_has_expired_by_the_word_of_ses_is_assumed_anew_once() {
    let sts = Sts::new(Fares::Well(3600));
    let ws = with_web_identity(as_fast_as_it_can(), &sts);
    ws.config(&basic());
    ws.ses().inject(Fault::new(FaultKind::ExpiredToken).on(SET));
    ws.apply().succeeds().says("1 added");
    let keys: Vec<_> = ws.sets().into_iter().map(|set| set.access_key).collect();
    // The first was for the advice of the plan.
    assert_eq!(keys, [Some("ASIA2".to_owned()), Some("ASIA3".to_owned())]);

    ws.config("");
    ws.ses().clear_calls();
    ws.ses()
        .inject(Fault::new(FaultKind::ExpiredToken).on(SET).forever());
    ws.apply()
        .fails_with(&["ExpiredToken", "Renew the credentials"]);
    assert_eq!(ws.sets().len(), 2);
    ws.ses().clear_faults();
    ws.apply().succeeds();
}

#[test]
fn role_of_the_provider_block_is_assumed_or_told_of() {
    let sts = Sts::new(Fares::Well(3600));
    let mut ws = Workspace::new();
    ws.provider.sts_endpoint = Some(format!("{:?}", sts.url()));
    let arn = "arn:aws:iam::111122223333:role/mail";
    ws.provider.assume_role = Some(format!(
        "role_arn = {arn:?}\n    tags = {{ team = \"mail\" }}"
    ));
    ws.config(&basic());
    ws.apply().succeeds();
    let keys = ws.sets().into_iter().filter_map(|set| set.access_key);
    assert!(keys.into_iter().all(|key| key.starts_with("ASIA")));
    let requests = sts.requests();
    assert!(
        requests
            .iter()
            .all(|sent| sent.contains("Tags.member.1.Value=mail"))
    );

    let (variable, later) = ("terraform_data.role.output", format!("{arn:?}"));
    let later = format!("resource \"terraform_data\" \"role\" {{\n  input = {later}\n}}\n");
    ws.provider.assume_role = Some(format!("role_arn = {variable}"));
    ws.config(&format!("{later}{}", basic()));
    ws.plan()
        .fails_with(&["setting `assume_role` is not known until apply"]);
    ws.provider.assume_role = Some("session_name = \"s1\"".to_owned());
    ws.config(&basic());
    ws.terraform(&["validate"])
        .fails_with(&["Invalid assume_role[0].role_arn", "which role to assume"]);
    ws.provider.assume_role = Some(format!("role_arn = {arn:?}"));
    ws.config(&basic());
    ws.ends_with(&["example.com"]);
}

#[test]
fn role_that_expires_in_the_middle_of_an_apply_is_renewed_once() {
    // What a role of 16 minutes is to an apply of an hour.
    let valid = Duration::from_secs(8);
    let sts = Sts::new(Fares::Well(valid.as_secs()));
    let mut ws = with_web_identity(as_fast_as_it_can(), &sts);
    ws.provider.requests_per_second = Some("4".to_owned());
    add_fleet(&ws, 60);
    let apply = ws.spawn(&["apply", "-auto-approve"]);
    wait_for_calls(&ws, SET, 3);
    let before = sts.requests().len();
    sts.fares(Fares::Well(3600));
    apply.wait().succeeds().says("60 added");
    assert_eq!(sts.requests().len() - before, 1, "one renewal");
    let sets = ws.sets();
    assert_eq!(sets.len(), 60, "none was refused");
    let first = sets[0].access_key.clone();
    let (old, new): (Vec<_>, Vec<_>) = sets.iter().partition(|set| set.access_key == first);
    assert!(!new.is_empty(), "the first credentials were enough");
    let lasted = old.last().unwrap().at_ms - old[0].at_ms;
    assert!(lasted < valid.as_secs_f64() * 1000.0, "{lasted}");
    ws.state_is_what_ses_holds();
}
