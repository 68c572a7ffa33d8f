//! Objects that a plan destroys beside one of the same identity that it keeps: MAIL FROM
//! stays on, as the configuration wants it.

use std::fs;

use serde_json::Value;
use simulator::ses::Behavior;

use crate::harness::{Product, REGION, Run, Workspace, cli};

const LEFT: &str = "MAIL FROM domain left to another resource";

/// A resource that is replaced when `version` changes, the new object first, and another
/// that depends on it, whose creation fails while there is a file `fails`.
fn replaced(version: u32) -> String {
    format!(
        r#"
resource "terraform_data" "version" {{
  input = {version}
}}

resource "ses_identity_mail_from" "this" {{
  identity         = "example.com"
  mail_from_domain = "bounce.example.com"
  lifecycle {{
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.version]
  }}
}}

resource "terraform_data" "dependent" {{
  triggers_replace = [terraform_data.version.output, ses_identity_mail_from.this.id]
  provisioner "local-exec" {{
    command = "test ! -e fails"
  }}
}}
"#
    )
}

/// A workspace with an object that is deposed, because the create of what depends on its
/// successor has failed.
fn with_a_deposed_object() -> Workspace {
    let ws = Workspace::new();
    ws.config(&replaced(1));
    ws.apply().succeeds();
    let fails = ws.folder().join("fails");
    fs::write(&fails, "").unwrap();
    ws.config(&replaced(2));
    ws.apply().fails_with(&["test ! -e fails"]);
    fs::remove_file(fails).unwrap();
    assert!(is_on(&ws));
    ws.ses().clear_calls();
    ws
}

/// Takes the private state from the object that is deposed: an older release has made it.
fn made_by_an_older_release(ws: &Workspace) {
    let path = ws.folder().join("terraform.tfstate");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let resources = state["resources"].as_array_mut().unwrap();
    let instances = resources
        .iter_mut()
        .filter(|resource| resource["type"] == "ses_identity_mail_from")
        .flat_map(|resource| resource["instances"].as_array_mut().unwrap());
    let deposed = instances.filter(|instance| instance["deposed"].is_string());
    for instance in deposed {
        let private = instance.as_object_mut().unwrap().remove("private");
        assert!(private.is_some());
    }
    fs::write(path, state.to_string()).unwrap();
}

/// A folder for temporary files that no other run has used.
fn another_host(ws: &Workspace) {
    let folder = ws.home().join("another-host");
    fs::create_dir(&folder).unwrap();
    ws.set_env("TMPDIR", folder);
}

fn is_on(ws: &Workspace) -> bool {
    let held = ws.held("example.com").mail_from_domain;
    held.as_deref() == Some("bounce.example.com")
}

/// The deposed object is gone, and what is there has stayed on.
#[track_caller]
fn is_gone(ws: &Workspace, run: Run) {
    run.succeeds().says(LEFT);
    assert!(is_on(ws));
    assert_eq!(ws.sets(), []);
    ws.state_is_what_ses_holds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn deposed_object_is_destroyed_by_the_next_apply_and_mail_from_stays_on() {
    let ws = with_a_deposed_object();
    let run = ws.apply();
    is_gone(&ws, run);
}

#[test]
fn deposed_object_is_destroyed_by_a_saved_plan_and_mail_from_stays_on() {
    let ws = with_a_deposed_object();
    ws.terraform(&["plan", "-out=plan"]).succeeds();
    let run = ws.terraform(&["apply", "plan"]);
    is_gone(&ws, run);
}

#[test]
fn deposed_object_of_an_older_release_is_destroyed_and_mail_from_stays_on() {
    for saved in [false, true] {
        let ws = with_a_deposed_object();
        made_by_an_older_release(&ws);
        let run = if saved {
            ws.terraform(&["plan", "-out=plan"]).succeeds();
            ws.terraform(&["apply", "plan"])
        } else {
            ws.apply()
        };
        is_gone(&ws, run);
    }
}

#[test]
fn deposed_object_is_destroyed_on_another_host_than_planned_unless_ses_holds_another_domain() {
    let ws = with_a_deposed_object();
    // Somebody has set another domain, and the configuration follows.
    let other = "mail.example.com";
    let behavior = Behavior::UseDefaultValue;
    let set = ws
        .ses()
        .set_mail_from(REGION, "example.com", other, behavior);
    set.unwrap();
    ws.config(&replaced(2).replace("bounce.example.com", other));
    ws.terraform(&["plan", "-out=plan"])
        .succeeds()
        .says("0 to change, 2 to destroy");
    another_host(&ws);
    ws.terraform(&["apply", "plan"]).succeeds();
    let held = ws.held("example.com").mail_from_domain;
    assert_eq!(held.as_deref(), Some(other));
    assert_eq!(ws.sets(), []);
    ws.ends_with(&["example.com"]);
}

#[test]
fn deposed_object_is_destroyed_with_its_successor_and_mail_from_is_off() {
    for saved in [false, true] {
        let ws = with_a_deposed_object();
        if saved {
            ws.terraform(&["plan", "-destroy", "-out=plan"]).succeeds();
            ws.terraform(&["apply", "plan"]).succeeds();
        } else {
            ws.destroy().succeeds();
        }
        assert_eq!(ws.held("example.com").mail_from_domain, None, "{saved}");
    }
}

/// Two resources for one identity, each by way of one of these provider blocks.
fn two(blocks: [&str; 2]) -> [String; 2] {
    [("one", blocks[0]), ("other", blocks[1])].map(|(name, block)| {
        format!(
            r#"
resource "ses_identity_mail_from" "{name}" {{
  provider         = {block}
  identity         = "example.com"
  mail_from_domain = "bounce.example.com"
}}
"#
        )
    })
}

#[test]
fn resource_beside_another_of_its_identity_is_removed_and_mail_from_stays_on() {
    // Another key of the same account.
    let keys = ["AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"];
    for (blocks, key) in [
        (["ses", "ses"], keys[0]),
        (["ses", "ses.second"], keys[0]),
        (["ses", "ses.second"], keys[1]),
    ] {
        for saved in [false, true] {
            let mut ws = Workspace::new();
            ws.provider.sts_endpoint = Some(format!("{:?}", ws.simulator.sts_url()));
            let mut second = ws.provider.clone();
            second.alias = Some("\"second\"".to_owned());
            second.access_key = Some(format!("{key:?}"));
            let second = second.block();
            let [one, other] = two(blocks);
            ws.config(&[&*second, &one, &other].concat());
            ws.apply().succeeds();
            ws.config(&[&*second, &one].concat());
            ws.ses().clear_calls();
            let run = if saved {
                ws.terraform(&["plan", "-out=plan"]).succeeds();
                ws.terraform(&["apply", "plan"])
            } else {
                ws.apply()
            };
            if key != keys[0] && cli().product == Product::OpenTofu {
                // It does not start the provider of what an apply does not change.
                run.fails_with(&["terraform state rm ADDRESS"]);
                let rm = ["state", "rm", "ses_identity_mail_from.other"];
                ws.terraform(&rm).succeeds();
            } else if saved && key != keys[0] {
                run.fails_with(&["an apply that plans anew compares the two"]);
                ws.apply().succeeds().says(LEFT);
            } else {
                run.succeeds().says(LEFT);
            }
            assert!(is_on(&ws), "{blocks:?} {key} {saved}");
            assert_eq!(ws.sets(), []);
            ws.ends_with(&["example.com"]);
        }
    }
}

#[test]
fn resources_of_one_identity_are_destroyed_together_and_mail_from_is_off() {
    let ws = Workspace::new();
    ws.config(&two(["ses", "ses"]).concat());
    ws.apply().succeeds();
    ws.destroy().succeeds();
    assert_eq!(ws.held("example.com").mail_from_domain, None);
}
