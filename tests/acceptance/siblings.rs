//! Two resources stand for one MAIL FROM domain for the length of an apply: the
//! delete of the one never undoes the create of the other.

use simulator::ses::{Fault, FaultKind};

use crate::harness::{REGION, Run, SET, THIS, Workspace, mail_from};

const LEFT: &str = "MAIL FROM domain left to another resource";

/// The resource under `key` in a `for_each`; `more` goes into its block.
fn keyed(key: &str, more: &str) -> String {
    format!(
        r#"
locals {{
  keys = {{ "{key}" = "example.com" }}
}}

resource "ses_identity_mail_from" "this" {{
  for_each         = local.keys
  identity         = each.value
  mail_from_domain = "bounce.example.com"
  {more}
}}
"#
    )
}

/// The resource under a name of its own.
fn named(name: &str) -> String {
    format!(
        r#"
resource "ses_identity_mail_from" "{name}" {{
  identity         = "example.com"
  mail_from_domain = "bounce.example.com"
}}
"#
    )
}

/// Takes two seconds to be destroyed, and whatever it depends on waits for that.
fn last(body: &str) -> String {
    format!(
        r#"
resource "terraform_data" "last" {{
  {body}
  provisioner "local-exec" {{
    when    = destroy
    command = "sleep 2"
  }}
}}
"#
    )
}

/// Takes two seconds to be created.
const FIRST: &str = r#"
resource "terraform_data" "first" {
  provisioner "local-exec" {
    command = "sleep 2"
  }
}
"#;

/// Renames the resource without `moved`, so that the two calls come in the
/// order asked for and two seconds apart, while `fault` strikes the first of
/// them. (Terraform lets a delete of one key wait for others before the create
/// of another key, never the other way round: so it is a name that changes
/// where the create is to come first.)
#[track_caller]
fn rename(create_first: bool, fault: Option<&Fault>) -> (Workspace, Run) {
    let (before, after) = if create_first {
        let there = last("depends_on = [ses_identity_mail_from.old]\n  count = 1");
        (named("old") + &there, named("new") + &last("count = 0"))
    } else {
        let waits = keyed("new", "depends_on = [terraform_data.first]");
        (keyed("old", ""), waits + FIRST)
    };
    let ws = Workspace::new();
    ws.config(&before);
    ws.apply().succeeds();
    ws.ses().clear_calls();
    if let Some(fault) = fault {
        ws.ses().inject(fault.clone());
    }
    ws.config(&after);
    let run = ws.apply().succeeds();
    assert_eq!(ws.ses().faults(), []);
    ws.state_is_what_ses_holds();
    let held = ws.held("example.com").mail_from_domain;
    assert_eq!(held.as_deref(), Some("bounce.example.com"));
    (ws, run)
}

/// What strikes the first call: nothing, or what makes it last until the other
/// call has come.
fn faults() -> [Option<Fault>; 4] {
    let slow_before = FaultKind::SlowBefore { delay_ms: 4000 };
    let slow_after = FaultKind::SlowAfter { delay_ms: 4000 };
    [
        None,
        Some(Fault::new(slow_before).on(SET)),
        Some(Fault::new(slow_after).on(SET)),
        Some(Fault::new(FaultKind::Throttle).on(SET).times(3)),
    ]
}

#[test]
fn renamed_resource_whose_create_comes_first_keeps_mail_from() {
    for fault in &faults() {
        let (ws, run) = rename(true, fault.as_ref());
        run.says(LEFT);
        for call in ws.sets() {
            assert!(call.mail_from_domain.is_some(), "{fault:?}: {call:?}");
        }
        ws.ends_with(&["example.com"]);
    }
}

#[test]
fn renamed_key_whose_delete_comes_first_gets_mail_from_back() {
    for fault in &faults()[..3] {
        let (ws, run) = rename(false, fault.as_ref());
        run.does_not_say(LEFT);
        let sets = ws.sets();
        assert_eq!(sets.len(), 2, "{fault:?}: {sets:?}");
        assert_eq!(sets[0].mail_from_domain, None);
        assert!(sets[1].mail_from_domain.is_some());
        assert!(sets[1].at_ms >= sets[0].at_ms, "one at a time");
        ws.ends_with(&["example.com"]);
    }
}

#[test]
fn renamed_key_whose_delete_is_throttled_first_keeps_mail_from() {
    let throttled = faults()[3].clone();
    let (ws, run) = rename(false, throttled.as_ref());
    run.says(LEFT);
    assert_eq!(ws.sets()[0].mail_from_domain, None);
    ws.ends_with(&["example.com"]);
}

/// A fleet under keys of its own: identities `d1.example` and so on under
/// `PREFIX1` and so on.
fn keyed_fleet(prefix: &str) -> String {
    let entries: String = (1..=FLEET)
        .map(|n| format!("    \"{prefix}{n}\" = \"d{n}.example\"\n"))
        .collect();
    format!(
        r#"
locals {{
  keys = {{
{entries}  }}
}}

resource "ses_identity_mail_from" "this" {{
  for_each         = local.keys
  identity         = each.value
  mail_from_domain = "bounce.${{each.value}}"
}}
"#
    )
}

const FLEET: usize = 20;

#[test]
fn renamed_keys_of_a_fleet_keep_mail_from_in_whatever_order() {
    let names: Vec<_> = (1..=FLEET).map(|n| format!("d{n}.example")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    for parallelism in ["-parallelism=1", "-parallelism=10", "-parallelism=40"] {
        let mut ws = Workspace::new();
        ws.ses().add_identities(REGION, &names, true);
        ws.config(&keyed_fleet("old"));
        ws.apply().succeeds();
        ws.ses().clear_calls();
        // Lets calls queue up, so that what is decided when a turn comes matters.
        ws.provider.requests_per_second = Some("20".to_owned());
        ws.config(&keyed_fleet("new"));
        ws.terraform(&["apply", "-auto-approve", parallelism])
            .succeeds()
            .says("20 added, 0 changed, 20 destroyed");
        for name in &names {
            let sets = ws.sets();
            let last = sets.iter().rfind(|call| call.identities == [*name]);
            assert!(last.unwrap().mail_from_domain.is_some(), "{sets:?}");
        }
        ws.state_is_what_ses_holds();
        ws.ends_with(&names);
    }
}

#[test]
fn replacement_that_creates_before_it_destroys_keeps_mail_from() {
    for fault in &faults() {
        let ws = Workspace::new();
        let lifecycle = "lifecycle {\n    create_before_destroy = true\n  }";
        ws.config(&mail_from("example.com", "bounce.example.com", lifecycle));
        ws.apply().succeeds();
        ws.ses().clear_calls();
        if let Some(fault) = fault {
            ws.ses().inject(fault.clone());
        }
        let replace = format!("-replace={THIS}");
        ws.terraform(&["apply", "-auto-approve", &replace])
            .succeeds()
            .says("1 added, 0 changed, 1 destroyed")
            .says(LEFT)
            .says("the MAIL FROM domain of example.com in us-east-1 with this apply");
        for call in ws.sets() {
            assert!(call.mail_from_domain.is_some(), "{fault:?}: {call:?}");
        }
        ws.state_is_what_ses_holds();
        ws.ends_with(&["example.com"]);
    }
}

#[test]
fn replacement_that_destroys_first_gets_mail_from_back() {
    let ws = Workspace::new();
    ws.config(&mail_from("example.com", "bounce.example.com", ""));
    ws.apply().succeeds();
    ws.ses().clear_calls();
    let replace = format!("-replace={THIS}");
    ws.terraform(&["apply", "-auto-approve", &replace])
        .succeeds()
        .does_not_say(LEFT);
    assert_eq!(ws.sets().len(), 2);
    ws.state_is_what_ses_holds();
    ws.ends_with(&["example.com"]);
}

#[test]
fn renamed_keys_that_ses_refuses_are_not_forgotten() {
    let names: Vec<_> = (1..=FLEET).map(|n| format!("d{n}.example")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut ws = Workspace::new();
    ws.ses().add_identities(REGION, &names, true);
    ws.config(&keyed_fleet("old"));
    ws.apply().succeeds();
    ws.ses().clear_calls();
    // Lets calls queue up, so that deletes wait for what becomes of a Set.
    ws.provider.requests_per_second = Some("20".to_owned());
    for name in &names {
        let throttled = Fault::new(FaultKind::Throttle).of(name).on(SET);
        ws.ses().inject(throttled);
    }
    ws.ses().add_identities(REGION, &names, false);
    ws.config(&keyed_fleet("new"));
    ws.apply().fails_with(&["are not verified for identity"]);
    // What SES holds is what the state says, whichever came first.
    ws.state_is_what_ses_holds();
    ws.ses().add_identities(REGION, &names, true);
    ws.apply().succeeds();
    ws.state_is_what_ses_holds();
    ws.ends_with(&names);
}

#[test]
fn two_resources_of_one_identity_are_told_at_plan() {
    let two = |other: &str| {
        let named = |name: &str, domain: &str| named(name).replace("bounce.example.com", domain);
        named("one", "bounce.example.com") + &named("two", other)
    };
    let ws = Workspace::new();
    ws.config(&two("bounce.example.com"));
    ws.plan().exits(2).does_not_say("Two resources");
    ws.config(&two("mail.example.com"));
    ws.plan()
        .exits(2)
        .says("Two resources set the MAIL FROM domain of one identity")
        .says("of example.com in us-east-1");
    ws.apply()
        .succeeds()
        .does_not_say("its status could not be read");
    // Following the advice: what the other has stays on.
    ws.config(&named("two").replace("bounce.example.com", "mail.example.com"));
    ws.apply().succeeds();
    let held = ws.held("example.com").mail_from_domain;
    assert_eq!(held.as_deref(), Some("mail.example.com"));
    ws.plans_nothing();
    ws.ends_with(&["example.com"]);
}
