//! What others change behind Terraform's back is planned, and repaired.

use serde_json::json;
use simulator::ses::{Behavior, Status};
use simulator::{Lookups, Options, Rate};

use crate::harness::{REGION, THIS, Workspace, basic, mail_from};

/// A workspace where [`basic`] has been applied.
fn applied() -> Workspace {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws
}

#[test]
fn other_domain_is_planned_and_repaired() {
    let ws = applied();
    ws.ses()
        .set_mail_from(
            REGION,
            "example.com",
            "other.example.com",
            Behavior::UseDefaultValue,
        )
        .unwrap();
    ws.plan()
        .exits(2)
        .says("\"other.example.com\" -> \"bounce.example.com\"");
    let change = ws.planned_change(THIS);
    assert_eq!(change["actions"], json!(["update"]));
    assert_eq!(
        change["before"]["dns_records"][0]["name"],
        "other.example.com"
    );
    ws.apply().succeeds().says("1 changed");
    let held = ws.held("example.com").mail_from_domain;
    assert_eq!(held.as_deref(), Some("bounce.example.com"));
    ws.ends_with(&["example.com"]);
}

#[test]
fn other_behavior_is_planned_and_repaired() {
    let ws = applied();
    ws.ses()
        .set_mail_from(
            REGION,
            "example.com",
            "bounce.example.com",
            Behavior::RejectMessage,
        )
        .unwrap();
    ws.plan()
        .exits(2)
        .says("\"RejectMessage\" -> \"UseDefaultValue\"");
    assert_eq!(ws.planned_change(THIS)["actions"], json!(["update"]));
    ws.apply().succeeds().says("1 changed");
    let held = ws.held("example.com");
    assert_eq!(held.behavior, Behavior::UseDefaultValue);
    assert_eq!(held.mail_from_domain.as_deref(), Some("bounce.example.com"));
    ws.ends_with(&["example.com"]);
}

#[test]
fn mail_from_that_was_unset_is_created_again() {
    let ws = applied();
    ws.ses().clear_mail_from(REGION, "example.com").unwrap();
    ws.plan().exits(2);
    assert_eq!(ws.planned_change(THIS)["actions"], json!(["create"]));
    ws.apply().succeeds().says("1 added");
    let held = ws.held("example.com").mail_from_domain;
    assert_eq!(held.as_deref(), Some("bounce.example.com"));
    ws.ends_with(&["example.com"]);
}

#[test]
fn identity_that_was_deleted_is_named_by_apply() {
    let ws = applied();
    assert!(ws.ses().remove_identity(REGION, "example.com"));
    ws.plan().exits(2);
    assert_eq!(ws.planned_change(THIS)["actions"], json!(["create"]));
    ws.apply().fails_with(&[
        "Identity <example.com> does not exist.",
        "SES has no such identity in this region",
    ]);
    ws.ses().add_identity(REGION, "example.com", true);
    ws.apply().succeeds().says("1 added");
    ws.ends_with(&["example.com"]);
}

#[test]
fn status_that_moves_on_is_read_and_is_no_drift() {
    let ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        lookups: Lookups::Off,
        ..Options::default()
    });
    ws.config(&basic());
    ws.apply().succeeds();
    for status in [Status::Success, Status::TemporaryFailure, Status::Pending] {
        ws.ses().set_status(REGION, "example.com", status).unwrap();
        ws.plans_nothing();
        ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
            .succeeds();
        let state = ws.resource(THIS).unwrap();
        assert_eq!(state["verification_status"], status.as_str());
    }
    ws.ends_with(&["example.com"]);
}

#[test]
fn configured_spelling_is_kept_when_ses_answers_in_its_own() {
    let ws = Workspace::new();
    ws.config(&mail_from("EXAMPLE.com.", "Bounce.EXAMPLE.com.", ""));
    ws.apply().succeeds();
    ws.ses()
        .set_mail_from(
            REGION,
            "example.com",
            "other.example.com",
            Behavior::UseDefaultValue,
        )
        .unwrap();
    ws.plan()
        .exits(2)
        .says("\"other.example.com\" -> \"Bounce.EXAMPLE.com.\"");
    ws.apply()
        .succeeds()
        .says("0 added, 1 changed, 0 destroyed");
    ws.ends_with(&["example.com"]);
}

/// The exit codes of a plan and of a plan that only refreshes: 0 if it finds
/// nothing, 2 if it finds something.
fn codes(ws: &Workspace) -> [Option<i32>; 2] {
    let refresh_only = ws.terraform(&["plan", "-refresh-only", "-detailed-exitcode"]);
    [ws.plan().code, refresh_only.code]
}

#[test]
fn refreshed_state_differs_for_no_kind_of_plan_until_ses_changes() {
    for (dns, more, status) in [
        ("", "", "unchecked"),
        ("enabled = false", "", "disabled"),
        ("", "dns_check = false", "disabled"),
    ] {
        let mut ws = Workspace::new();
        ws.provider
            .dns
            .as_mut()
            .unwrap()
            .push_str(&format!("\n    {dns}"));
        ws.config(&mail_from("example.com", "bounce.example.com", more));
        ws.apply().succeeds();
        let created = ws.resource(THIS).unwrap();
        assert_eq!(created["dns"]["mx"]["status"], status, "{dns} {more}");
        assert_eq!(created["dns"]["spf"]["status"], status, "{dns} {more}");
        if status == "disabled" {
            // The first refresh finds what the create has said.
            assert_eq!(codes(&ws), [Some(0); 2], "{dns} {more}");
        }
        let refresh = &["apply", "-refresh-only", "-auto-approve"];
        ws.terraform(refresh).succeeds();
        assert_eq!(codes(&ws), [Some(0); 2], "{dns} {more}");

        let other = "other.example.com";
        ws.ses()
            .set_mail_from(REGION, "example.com", other, Behavior::UseDefaultValue)
            .unwrap();
        assert_eq!(codes(&ws), [Some(2); 2], "{dns} {more}");
        ws.apply().succeeds();
        ws.terraform(refresh).succeeds();
        assert_eq!(codes(&ws), [Some(0); 2], "{dns} {more}");

        ws.ses().clear_mail_from(REGION, "example.com").unwrap();
        assert_eq!(codes(&ws), [Some(2); 2], "{dns} {more}");
        ws.apply().succeeds();
        ws.ends_with(&["example.com"]);
    }
}
