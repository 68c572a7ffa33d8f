//! SES shows the state of some seconds ago: the same calls of change, and the same end in
//! SES and in the state, as where it shows the present one.

use std::time::Duration;

use simulator::ses::{Fault, FaultKind, PATIENCE, Status};
use simulator::{Options, Rate};

use crate::harness::{REGION, SET, THIS, Workspace, basic, mail_from, wait_until};

/// Runs `check` in a world of each delay, at the same time: they do little but wait.
fn for_each_delay(check: impl Fn(Workspace, Duration) + Sync) {
    std::thread::scope(|scope| {
        for seconds in [0, 1, 4, 10] {
            let check = &check;
            scope.spawn(move || {
                let ws = Workspace::with(Options {
                    rate: Rate::Unlimited,
                    identical_set_restarts: false,
                    ..Options::default()
                });
                let late = Duration::from_secs(seconds);
                ws.ses().show_late(late);
                check(ws, late);
            });
        }
    });
}

/// The domains that SES was sent since the last time, `None` for an unset.
fn sent(ws: &Workspace) -> Vec<Option<String>> {
    let sets = ws.sets().into_iter();
    let sent = sets.map(|call| call.mail_from_domain).collect();
    ws.ses().clear_calls();
    sent
}

fn domain(label: &str) -> Option<String> {
    Some(format!("{label}.example.com"))
}

#[test]
fn create_update_and_destroy_send_the_same_however_late_ses_shows_it() {
    for_each_delay(|ws, late| {
        ws.config(&basic());
        ws.apply().succeeds().does_not_say("Warning: MAIL FROM");
        assert_eq!(sent(&ws), [domain("bounce")], "{late:?}");
        ws.plans_nothing();
        ws.state_is_what_ses_holds();

        ws.config(&mail_from("example.com", "mail.example.com", ""));
        ws.apply().succeeds().does_not_say("Warning: MAIL FROM");
        assert_eq!(sent(&ws), [domain("mail")], "{late:?}");
        ws.plans_nothing();
        ws.state_is_what_ses_holds();

        ws.destroy().succeeds();
        assert_eq!(sent(&ws), [None], "{late:?}");
        // It is created again at once, and nothing of before is taken for it.
        ws.apply().succeeds();
        assert_eq!(sent(&ws), [domain("mail")], "{late:?}");
        ws.plans_nothing();
        ws.destroy().succeeds();
        assert_eq!(ws.held("example.com").mail_from_domain, None);
    });
}

#[test]
fn restart_sends_the_same_however_late_ses_shows_it() {
    for_each_delay(|ws, late| {
        ws.config(&basic());
        ws.apply().succeeds();
        sent(&ws);
        ws.ses().advance_clock(PATIENCE);
        ws.apply().succeeds().says("1 changed");
        let expected = [domain("bounce"), None, domain("bounce")];
        assert_eq!(sent(&ws), expected, "{late:?}");
        assert_eq!(ws.resource(THIS).unwrap()["verification_status"], "Pending");
        ws.plans_nothing();
        ws.ends_with(&["example.com"]);
    });
}

#[test]
fn wait_for_what_was_started_again_is_not_ended_by_the_failure_before() {
    for_each_delay(|ws, late| {
        ws.config(&basic());
        ws.apply().succeeds();
        ws.ses().advance_clock(PATIENCE);
        sent(&ws);
        let feedback = (10, "feedback-smtp.us-east-1.amazonses.com");
        ws.dns().set_mx("bounce.example.com", &[feedback]).unwrap();
        ws.config(&format!(
            "{}
            resource \"ses_identity_mail_from_verification\" \"this\" {{
              identity         = ses_identity_mail_from.this.identity
              mail_from_domain = ses_identity_mail_from.this.mail_from_domain
            }}",
            basic()
        ));
        ws.apply().succeeds();
        assert_eq!(sent(&ws).len(), 3, "{late:?}");
        wait_until("SES says Success", || {
            ws.held("example.com").status == Some(Status::Success)
        });
        ws.terraform(&["plan", "-detailed-exitcode"]).succeeds();
        ws.ends_with(&["example.com"]);
    });
}

#[test]
fn set_whose_answer_is_lost_is_never_forgotten() {
    for_each_delay(|ws, late| {
        ws.config(&basic());
        ws.ses().inject(Fault::new(FaultKind::ResetAfter).on(SET));
        let refused = Fault::new(FaultKind::AccessDenied).on(SET);
        ws.ses().inject(refused.forever());
        // Made, as a look shows in time.
        ws.apply().succeeds();
        ws.ses().clear_faults();
        assert!(ws.resource(THIS).is_some(), "{late:?}");
        ws.plans_nothing();
        ws.ends_with(&["example.com"]);
    });
}

#[test]
fn interrupted_create_whose_answer_is_lost_is_found_by_the_next_run() {
    for_each_delay(|ws, late| {
        ws.config(&basic());
        ws.ses().inject(Fault::new(FaultKind::ResetAfter).on(SET));
        let throttled = Fault::new(FaultKind::Throttle).on(SET);
        ws.ses().inject(throttled.forever());
        let applying = ws.spawn(&["apply", "-auto-approve"]);
        wait_until("the Set is sent again", || ws.sets().len() > 1);
        applying.interrupt_group();
        applying.wait();
        ws.ses().clear_faults();
        assert!(ws.resource(THIS).is_some(), "{late:?}");
        ws.apply().succeeds();
        ws.state_is_what_ses_holds();
        ws.ends_with(&["example.com"]);
    });
}

#[test]
fn replacement_does_not_end_with_the_status_of_before() {
    for_each_delay(|ws, late| {
        ws.config(&basic());
        ws.apply().succeeds();
        ws.ses()
            .set_status(REGION, "example.com", Status::TemporaryFailure)
            .unwrap();
        sent(&ws);
        let replace = format!("-replace={THIS}");
        ws.terraform(&["apply", "-auto-approve", &replace])
            .succeeds();
        assert_eq!(sent(&ws), [None, domain("bounce")], "{late:?}");
        ws.state_is_what_ses_holds();
        ws.ends_with(&["example.com"]);
    });
}

#[test]
fn lost_unset_is_not_taken_for_made_by_what_ses_showed_before_the_create() {
    for_each_delay(|ws, late| {
        ws.config(&basic());
        let applying = ws.spawn(&["apply", "-auto-approve"]);
        wait_until("the Set is answered", || {
            ws.held("example.com").mail_from_domain.is_some()
        });
        applying.interrupt_group();
        applying.wait();
        ws.ses().inject(Fault::new(FaultKind::ResetBefore).on(SET));
        ws.terraform(&["destroy", "-auto-approve", "-refresh=false"])
            .succeeds();
        assert_eq!(ws.held("example.com").mail_from_domain, None, "{late:?}");
    });
}
