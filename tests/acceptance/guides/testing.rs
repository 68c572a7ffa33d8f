//! `docs/guides/testing.md`

use std::fs;

use crate::harness::{Counted, Feature, Product, Workspace, cli, lacks};

use super::Guide;

#[test]
fn modules_are_tested_without_an_account() {
    if lacks(Feature::MocksAtPlan) {
        return;
    }
    let ws = Workspace::new();
    ws.add_stand_in("hashicorp/aws", "6.20.0");
    // The only way out.
    let proxy = Counted::proxy(407);
    ws.set_env("HTTPS_PROXY", format!("http://{}", proxy.address));

    let mut guide = Guide::open(&ws, "testing");
    guide.writes("main.tf");
    guide.writes("tests/records.tftest.hcl");
    let run = guide.runs_and_prints();
    assert_eq!(proxy.count(), 0, "{run:?}");
    assert_eq!(ws.dns().queries(), []);

    // As it says of machines with credentials.
    ws.set_env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    ws.set_env("AWS_SECRET_ACCESS_KEY", "secret");
    ws.terraform(&["test"]).succeeds();
    assert!(proxy.count() > 0);

    let mocked = guide.writes("tests/mocked.tftest.hcl");
    if cli().product == Product::OpenTofu {
        let (line, file) = ("    override_during = plan\n", "tests/mocked.tofutest.hcl");
        assert!(mocked.contains(line));
        fs::write(ws.folder().join(file), mocked.replace(line, "")).unwrap();
    }
    guide.runs_and_prints();
    guide.ends();
}

#[test]
fn what_the_provider_refuses_fails_the_test_of_a_module() {
    if lacks(Feature::MocksAtPlan) {
        return;
    }
    let ws = Workspace::new();
    ws.add_stand_in("hashicorp/aws", "6.20.0");
    let mut guide = Guide::open(&ws, "testing");
    guide.writes("main.tf");
    let tests = guide.writes("tests/records.tftest.hcl");
    let wrong = tests.replace("\"example.com\"", "\"example..com\"");
    fs::write(ws.folder().join("tests/records.tftest.hcl"), wrong).unwrap();
    ws.terraform(&["init"]).succeeds();
    ws.terraform(&["test"])
        .fails_with(&["Invalid identity", "The domain name has an empty label"]);
}
