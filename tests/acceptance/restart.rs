//! What SES has given up, and what it is about to give up.

use simulator::ses::{Fault, FaultKind, PATIENCE, Status};
use simulator::{Lookups, Options, Rate};

use crate::harness::{REGION, THIS, Workspace, basic, mail_from, wait_until};

const MX: (u16, &str) = (10, "feedback-smtp.us-east-1.amazonses.com");
const SPF: &str = "v=spf1 include:amazonses.com ~all";

/// A simulator in which setting a failed domain again restarts it, or does not.
fn world(identical_set_restarts: bool) -> Workspace {
    Workspace::with(Options {
        rate: Rate::Unlimited,
        identical_set_restarts,
        ..Options::default()
    })
}

fn status_is(ws: &Workspace, status: Status) {
    wait_until("SES has the status", || {
        ws.held("example.com").status == Some(status)
    });
}

fn publish(ws: &Workspace) {
    ws.dns().set_mx("bounce.example.com", &[MX]).unwrap();
    ws.dns().set_txt("bounce.example.com", &[SPF]).unwrap();
}

/// The domains that SES was sent, `None` for an unset.
fn sent(ws: &Workspace) -> Vec<Option<String>> {
    let sets = ws.sets().into_iter();
    sets.map(|call| call.mail_from_domain).collect()
}

#[test]
fn failed_is_a_difference_that_apply_repairs_in_both_worlds() {
    let bounce = || Some("bounce.example.com".to_owned());
    for (identical_set_restarts, calls) in [
        (true, vec![bounce()]),
        (false, vec![bounce(), None, bounce()]),
    ] {
        let ws = world(identical_set_restarts);
        ws.config(&basic());
        ws.apply().succeeds();
        ws.plan()
            .succeeds()
            .says("MX record of a MAIL FROM domain is missing");

        ws.ses().advance_clock(PATIENCE);
        let change = ws.planned_change(THIS);
        assert_eq!(change["actions"], serde_json::json!(["update"]));
        assert_eq!(change["after_unknown"]["verification_status"], true);
        ws.plan()
            .exits(2)
            .says("verification_status = \"Failed\" -> (known after apply)")
            .says("has failed and will be started again")
            .says("Publish `10 feedback-smtp.us-east-1.amazonses.com`");

        ws.ses().clear_calls();
        ws.apply()
            .succeeds()
            .says("0 added, 1 changed, 0 destroyed");
        assert_eq!(sent(&ws), calls);
        assert_eq!(ws.resource(THIS).unwrap()["verification_status"], "Pending");
        // The day after: Pending is no drift, with or without the record.
        ws.ses().advance_clock(PATIENCE / 3);
        ws.plan().succeeds();

        publish(&ws);
        status_is(&ws, Status::Success);
        ws.plan().succeeds().does_not_say("Warning");
        ws.apply().succeeds();
        assert_eq!(ws.resource(THIS).unwrap()["verification_status"], "Success");
        ws.ends_with(&["example.com"]);
    }
}

#[test]
fn interrupt_amid_a_restart_leaves_mail_from_on() {
    let ws = world(false);
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ses().advance_clock(PATIENCE);
    ws.ses().clear_calls();
    // The answer to the unset, the second call of the restart, takes a while.
    let slow = Fault::new(FaultKind::SlowAfter { delay_ms: 2_000 });
    ws.ses()
        .inject(slow.on("SetIdentityMailFromDomain").after(1));
    let applying = ws.spawn(&["apply", "-auto-approve"]);
    wait_until("MAIL FROM is off", || {
        ws.held("example.com").mail_from_domain.is_none()
    });
    applying.interrupt_group();
    applying.wait();
    let held = ws.held("example.com");
    assert_eq!(held.mail_from_domain.as_deref(), Some("bounce.example.com"));
    assert_eq!(held.status, Some(Status::Pending));
    assert!(!ws.is_tainted(THIS));
    ws.ends_with(&["example.com"]);
}

#[test]
fn failed_is_only_told_where_it_is_not_to_be_repaired() {
    let ws = world(true);
    let left = "restart_failed_verification = false";
    ws.config(&mail_from("example.com", "bounce.example.com", left));
    ws.apply().succeeds();
    ws.ses().advance_clock(PATIENCE);
    ws.plan()
        .succeeds()
        .says("Verification of a MAIL FROM domain has failed")
        .does_not_say("will be started again");
    // Repaired once it is allowed.
    ws.config(&basic());
    ws.plan().exits(2);
    ws.apply().succeeds();
    assert_eq!(ws.held("example.com").status, Some(Status::Pending));
    ws.ses().clear_calls();
    // And a change of the attribute alone calls for no Set.
    ws.config(&mail_from("example.com", "bounce.example.com", left));
    ws.apply().succeeds().says("1 changed");
    assert!(ws.sets().is_empty());
    ws.ends_with(&["example.com"]);
}

#[test]
fn dns_warns_before_ses_notices_and_temporary_failure_is_no_difference() {
    let ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        lookups: Lookups::Off,
        ..Options::default()
    });
    ws.config(&format!(
        "{}
        resource \"ses_identity_mail_from_verification\" \"this\" {{
          identity         = ses_identity_mail_from.this.identity
          mail_from_domain = ses_identity_mail_from.this.mail_from_domain
        }}",
        basic()
    ));
    publish(&ws);
    let applying = ws.spawn(&["apply", "-auto-approve"]);
    wait_until("MAIL FROM is set", || {
        ws.held("example.com").status == Some(Status::Pending)
    });
    let ses = ws.ses();
    ses.set_status(REGION, "example.com", Status::Success)
        .unwrap();
    applying.wait().succeeds();
    // The resource read its status before SES had found the record.
    ws.plan().succeeds().does_not_say("Warning");

    ws.dns().remove("bounce.example.com").unwrap();
    ws.plan()
        .succeeds()
        .says("MX record of a MAIL FROM domain is missing");

    publish(&ws);
    ses.set_status(REGION, "example.com", Status::TemporaryFailure)
        .unwrap();
    ws.plan()
        .succeeds()
        .says("(TemporaryFailure)")
        .says("72 hours from when it first missed the record")
        .says("DNS has the record by now")
        .says("No changes.");
    ses.set_status(REGION, "example.com", Status::Success)
        .unwrap();
    ws.ends_with(&["example.com"]);
}
