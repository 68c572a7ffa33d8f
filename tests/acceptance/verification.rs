//! The wait for SES.

use simulator::ses::{Behavior, Fault, FaultKind, Outcome, PATIENCE, Status};
use simulator::{Options, Rate};

use crate::harness::{REGION, Running, Workspace, basic, mail_from, wait_until};

const WAIT: &str = "ses_identity_mail_from_verification.this";
const GET: &str = "GetIdentityMailFromDomainAttributes";
const MX: (u16, &str) = (10, "feedback-smtp.us-east-1.amazonses.com");

/// [`basic`] and a wait for it; `more` goes into the block of the wait.
fn waited_for(more: &str) -> String {
    format!("{}{}", basic(), wait(more))
}

fn wait(more: &str) -> String {
    format!(
        r#"
resource "ses_identity_mail_from_verification" "this" {{
  identity         = ses_identity_mail_from.this.identity
  mail_from_domain = ses_identity_mail_from.this.mail_from_domain
  {more}
}}
"#
    )
}

fn publish(ws: &Workspace, name: &str) {
    ws.dns().set_mx(name, &[MX]).unwrap();
    ws.dns()
        .set_txt(name, &["v=spf1 include:amazonses.com ~all"])
        .unwrap();
}

/// How often SES has been asked for statuses.
fn looks(ws: &Workspace) -> usize {
    let calls = ws.ses().calls();
    calls.iter().filter(|call| call.action == GET).count()
}

/// Returns when the wait has looked at SES more than once.
fn until_waiting(ws: &Workspace, applying: &Running) {
    wait_until("the wait begins", || {
        applying
            .stdout_so_far()
            .contains("verification.this: Creating")
    });
    ws.ses().clear_calls();
    wait_until("SES is asked again and again", || looks(ws) >= 2);
}

#[test]
fn verification_waits_until_success_and_a_changed_domain_waits_again() {
    let ws = Workspace::new();
    ws.config(&waited_for(""));
    let applying = ws.spawn(&["apply", "-auto-approve"]);
    until_waiting(&ws, &applying);
    publish(&ws, "bounce.example.com");
    applying.wait().succeeds().says("2 added");
    let state = ws.resource(WAIT).unwrap();
    assert_eq!(state["verification_status"], "Success");
    assert_eq!(state["id"], "example.com");
    assert_eq!(state["region"], REGION);

    // The change of the domain replaces the wait in the same plan.
    publish(&ws, "mail.example.com");
    let moved = mail_from("example.com", "mail.example.com", "");
    ws.config(&format!("{moved}{}", wait("")));
    ws.plan()
        .exits(2)
        .says("1 to add, 1 to change, 1 to destroy");
    ws.apply().succeeds();
    assert_eq!(ws.held("example.com").status, Some(Status::Success));
    // A change of its timeouts waits for nothing, another spelling even less.
    ws.config(&format!(
        "{}{}",
        mail_from("example.com", "MAIL.example.com.", ""),
        wait("timeouts {\n create = \"1h\"\n }")
    ));
    ws.apply()
        .succeeds()
        .says("0 added, 1 changed, 0 destroyed");
    ws.ends_with(&["example.com"]);
}

#[test]
fn verification_that_takes_too_long_names_status_time_and_record() {
    let ws = Workspace::new();
    ws.dns()
        .set_mx("bounce.example.com", &[(10, "mail.example.com")])
        .unwrap();
    ws.config(&waited_for("timeouts {\n create = \"5s\"\n }"));
    ws.apply().fails_with(&[
        "MAIL FROM domain of example.com is not verified",
        "SES says Pending of bounce.example.com",
        "after 5s",
        "`10 mail.example.com`",
        "`10 feedback-smtp.us-east-1.amazonses.com`",
        "SPF record",
    ]);
    assert!(ws.resource(WAIT).is_none());
    // The next apply goes on.
    publish(&ws, "bounce.example.com");
    ws.apply().succeeds().says("1 added, 0 changed");
    ws.ends_with(&["example.com"]);
}

#[test]
fn verification_fails_at_once_where_waiting_is_in_vain() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ses().advance_clock(PATIENCE);
    // Nothing starts it again here.
    let left = "restart_failed_verification = false";
    let left = mail_from("example.com", "bounce.example.com", left);
    ws.config(&format!("{left}{}", wait("")));
    // A run that waits for the timeout of 45 minutes is ended before.
    ws.apply()
        .fails_with(&["SES says Failed of bounce.example.com", "72 hours"]);

    ws.ses()
        .set_status(REGION, "example.com", Status::Pending)
        .unwrap();
    let applying = ws.spawn(&["apply", "-auto-approve"]);
    until_waiting(&ws, &applying);
    ws.ses().remove_identity(REGION, "example.com");
    applying
        .wait()
        .fails_with(&["SES knows no identity example.com"]);
}

#[test]
fn verification_of_what_is_not_set_is_an_error_after_a_while() {
    let ws = Workspace::new();
    let lone = |identity: &str, domain: &str| {
        format!(
            "resource \"ses_identity_mail_from_verification\" \"this\" {{
               identity         = \"{identity}\"
               mail_from_domain = \"{domain}\"
             }}"
        )
    };
    ws.config(&lone("example.com", "bounce.example.com"));
    ws.apply()
        .fails_with(&["example.com has no custom MAIL FROM domain", "depends_on"]);
    ws.ses()
        .set_mail_from(
            REGION,
            "example.com",
            "old.example.com",
            Behavior::UseDefaultValue,
        )
        .unwrap();
    ws.apply()
        .fails_with(&["has another MAIL FROM domain, old.example.com"]);
    ws.terraform(&["import", WAIT, "example.com"])
        .fails_with(&["cannot be imported"]);
}

#[test]
fn verification_ends_with_an_interrupt_and_the_next_apply_goes_on() {
    let ws = Workspace::new();
    ws.config(&waited_for(""));
    for alone in [true, false] {
        let applying = ws.spawn(&["apply", "-auto-approve"]);
        until_waiting(&ws, &applying);
        if alone {
            applying.interrupt_alone();
        } else {
            applying.interrupt_group();
        }
        applying.wait().fails_with(&["Interrupted while waiting"]);
        assert!(ws.resource(WAIT).is_none());
        assert!(ws.resource("ses_identity_mail_from.this").is_some());
    }
    publish(&ws, "bounce.example.com");
    ws.apply().succeeds().says("1 added, 0 changed");
    ws.ends_with(&["example.com"]);
}

#[test]
fn verification_that_is_lost_is_planned_again() {
    let ws = Workspace::new();
    publish(&ws, "bounce.example.com");
    ws.config(&waited_for(""));
    ws.apply().succeeds();
    let lost: [(&str, &dyn Fn()); 2] = [
        ("Failed", &|| {
            ws.ses()
                .set_status(REGION, "example.com", Status::Failed)
                .unwrap();
        }),
        ("another domain", &|| {
            ws.ses()
                .set_mail_from(
                    REGION,
                    "example.com",
                    "old.example.com",
                    Behavior::UseDefaultValue,
                )
                .unwrap();
        }),
    ];
    for (how, lose) in lost {
        lose();
        let plan = ws.plan().exits(2);
        let create = "ses_identity_mail_from_verification.this will be created";
        assert!(plan.stdout.contains(create), "{how}: {}", plan.stdout);
        ws.apply().succeeds().says("1 added, 1 changed");
        assert_eq!(ws.held("example.com").status, Some(Status::Success));
    }
    ws.ends_with(&["example.com"]);
}

#[test]
fn verification_bears_faults_of_ses_while_it_waits() {
    let ws = Workspace::new();
    ws.config(&waited_for(""));
    for kind in [
        FaultKind::Throttle,
        FaultKind::ResetBefore,
        FaultKind::Html { status: 502 },
        FaultKind::AbsentRead,
    ] {
        ws.ses().inject(Fault::new(kind).on(GET).after(1));
    }
    publish(&ws, "bounce.example.com");
    ws.apply().succeeds().says("2 added");
    ws.ends_with(&["example.com"]);
}

#[test]
fn two_hundred_waits_share_their_looks_at_the_strict_rate() {
    let mut ws = Workspace::with(Options {
        rate: Rate::PerOperation(1.0),
        ..Options::default()
    });
    ws.provider.requests_per_second = None;
    let identities: Vec<String> = (0..200).map(|n| format!("i{n}.example.com")).collect();
    let ses = ws.ses();
    ses.add_identities(REGION, &identities, true);
    for identity in &identities {
        let domain = format!("bounce.{identity}");
        ses.set_mail_from(REGION, identity, &domain, Behavior::UseDefaultValue)
            .unwrap();
    }
    ws.config(
        r#"
locals {
  identities = { for n in range(200) : "i${n}.example.com" => "bounce.i${n}.example.com" }
}

resource "ses_identity_mail_from_verification" "all" {
  for_each         = local.identities
  identity         = each.key
  mail_from_domain = each.value
}
"#,
    );
    let applying = ws.spawn(&["apply", "-auto-approve", "-parallelism=200"]);
    wait_until("SES has been asked for a while", || looks(&ws) >= 12);
    for identity in &identities {
        ses.set_status(REGION, identity, Status::Success).unwrap();
        ws.dns()
            .set_mx(&format!("bounce.{identity}"), &[MX])
            .unwrap();
    }
    applying.wait().succeeds().says("200 added");
    let calls = ses.calls();
    for call in &calls {
        let outcomes = [Outcome::Accepted, Outcome::Throttled];
        assert!(outcomes.contains(&call.outcome), "{call:?}");
    }
    // By itself, each wait would need a Get to see that it is over.
    let gets = calls.iter().filter(|call| call.action == GET).count();
    assert!(gets < identities.len() / 2, "{gets} Gets");
}
