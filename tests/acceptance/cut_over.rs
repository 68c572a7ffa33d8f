//! `behavior_until_verified`: no mail is refused before SES has verified a domain.

use std::time::Duration;

use serde_json::json;
use simulator::ses::{Behavior, PATIENCE, Status};
use simulator::{Lookups, Options, Rate};

use crate::harness::{Feature, REGION, THIS, Workspace, lacks, mail_from, pause, wait_until};

const MX: (u16, &str) = (10, "feedback-smtp.us-east-1.amazonses.com");
const SPF: &str = "v=spf1 include:amazonses.com ~all";
const REJECT: &str = "behavior_on_mx_failure = \"RejectMessage\"";
const SAFE: &str = "behavior_on_mx_failure  = \"RejectMessage\"
  behavior_until_verified = \"UseDefaultValue\"";

fn config(domain: &str, more: &str) -> String {
    mail_from("example.com", domain, more)
}

/// What SES was sent since the last time: the label of the domain, and the behaviour.
fn sent(ws: &Workspace) -> Vec<(String, String)> {
    let sets = ws.sets().into_iter();
    let sent = sets.map(|call| {
        let domain = call.mail_from_domain.unwrap_or_default();
        let label = domain.split('.').next().unwrap_or_default().to_owned();
        (label, call.behavior.unwrap_or_default())
    });
    let sent = sent.collect();
    ws.ses().clear_calls();
    sent
}

fn pair(label: &str, behavior: &str) -> (String, String) {
    (label.to_owned(), behavior.to_owned())
}

fn publish(ws: &Workspace, domain: &str) {
    ws.dns().set_mx(domain, &[MX]).unwrap();
    ws.dns().set_txt(domain, &[SPF]).unwrap();
}

fn status_is(ws: &Workspace, status: Status) {
    wait_until("SES has the status", || {
        ws.held("example.com").status == Some(status)
    });
}

/// Pending is no drift, with a refresh and without, and none to a refresh alone.
fn waits(ws: &Workspace) {
    ws.terraform(&["plan", "-detailed-exitcode", "-refresh=false"])
        .succeeds();
    ws.apply().succeeds().says("0 added, 0 changed");
    ws.terraform(&["plan", "-refresh-only", "-detailed-exitcode"])
        .succeeds();
    let state = ws.resource(THIS).unwrap();
    assert_eq!(state["behavior_on_mx_failure"], "RejectMessage");
    assert_eq!(state["behavior_until_verified"], "UseDefaultValue");
}

#[test]
fn record_that_comes_late_costs_no_mail() {
    // An hour of SES's in a second.
    let ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        clock_speed: 3_600.0,
        ..Options::default()
    });
    ws.config(&config("bounce.example.com", SAFE));
    ws.plan().exits(2).does_not_say("All mail will be rejected");
    ws.apply()
        .succeeds()
        .does_not_say("Warning: All mail")
        .says("1 added");
    waits(&ws);
    // SES gives up, and the record is still not there.
    ws.ses().advance_clock(PATIENCE);
    ws.plan()
        .exits(2)
        .says("has failed and will be started again");
    ws.apply().succeeds().says("1 changed");
    waits(&ws);
    let waiting = || pair("bounce", "UseDefaultValue");
    assert_eq!(sent(&ws), [waiting(), waiting()]);

    publish(&ws, "bounce.example.com");
    status_is(&ws, Status::Success);
    ws.plan()
        .exits(2)
        .does_not_say("Warning")
        .says("\"UseDefaultValue\" -> \"RejectMessage\"")
        .says("0 to add, 1 to change, 0 to destroy");
    assert_eq!(ws.held("example.com").behavior, Behavior::UseDefaultValue);
    ws.apply().succeeds().says("1 changed");
    assert_eq!(sent(&ws), [pair("bounce", "RejectMessage")]);
    ws.plans_nothing();
    ws.state_is_what_ses_holds();

    // A record that is lost later is told, and switches nothing back.
    ws.dns().remove("bounce.example.com").unwrap();
    status_is(&ws, Status::TemporaryFailure);
    ws.apply()
        .succeeds()
        .says("SES refuses all mail of example.com")
        .says("0 changed");
    assert_eq!(sent(&ws), []);
    // Another domain begins anew, in one call.
    ws.config(&config("mail.example.com", SAFE));
    ws.plan().exits(2).does_not_say("All mail will be rejected");
    ws.apply().succeeds();
    assert_eq!(sent(&ws), [pair("mail", "UseDefaultValue")]);
    waits(&ws);
    publish(&ws, "mail.example.com");
    status_is(&ws, Status::Success);
    ws.apply().succeeds();
    assert_eq!(sent(&ws), [pair("mail", "RejectMessage")]);
    ws.ends_with(&["example.com"]);
}

#[test]
fn attribute_comes_and_goes_and_others_interfere_while_ses_waits() {
    // SES may fall back to Pending with the very Set that cuts over.
    let ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        lookups: Lookups::Off,
        identical_set_resets_success: true,
        ..Options::default()
    });
    let domain = "bounce.example.com";
    let waiting = [pair("bounce", "UseDefaultValue")];
    let rejecting = [pair("bounce", "RejectMessage")];
    ws.config(&config(domain, REJECT));
    ws.plan().exits(2).says("`behavior_until_verified = ");
    ws.apply().succeeds();
    assert_eq!(sent(&ws), rejecting);
    ws.config(&config(domain, SAFE));
    ws.apply().succeeds();
    assert_eq!(sent(&ws), waiting);
    waits(&ws);

    ws.ses()
        .set_mail_from(REGION, "example.com", domain, Behavior::RejectMessage)
        .unwrap();
    ws.terraform(&["plan", "-refresh-only", "-detailed-exitcode"])
        .exits(2)
        .says("Mail is refused before SES has verified a MAIL FROM domain");
    ws.plan()
        .exits(2)
        .says("+ behavior_until_verified = \"UseDefaultValue\"");
    ws.apply().succeeds();
    assert_eq!(sent(&ws), waiting);
    waits(&ws);

    // What is wanted at last can change, and SES is not called for it.
    let until = "behavior_until_verified = \"UseDefaultValue\"";
    for more in [until, SAFE] {
        ws.config(&config(domain, more));
        let change = ws.planned_change(THIS);
        assert_ne!(change["after_unknown"]["verification_status"], json!(true));
        ws.apply().succeeds().says("1 changed");
        ws.plans_nothing();
    }
    assert_eq!(sent(&ws), []);
    ws.config(&config(domain, REJECT));
    ws.apply().succeeds();
    assert_eq!(sent(&ws), rejecting);
    ws.config(&config(domain, SAFE));
    ws.apply().succeeds();
    assert_eq!(sent(&ws), waiting);

    // A plan that is applied when SES has lost the record again.
    let status = |status| ws.ses().set_status(REGION, "example.com", status).unwrap();
    status(Status::Success);
    ws.terraform(&["plan", "-out=saved"]).succeeds();
    status(Status::TemporaryFailure);
    ws.terraform(&["apply", "saved"])
        .succeeds()
        .says("RejectMessage waits until SES has verified a MAIL FROM domain")
        .says("shows bounce.example.com (TemporaryFailure)");
    assert_eq!(sent(&ws), waiting);
    waits(&ws);
    status(Status::Success);
    ws.apply().succeeds();
    assert_eq!(sent(&ws), rejecting);
    assert_eq!(ws.held("example.com").status, Some(Status::Pending));
    ws.plan()
        .succeeds()
        .says("is looked for again by SES (Pending)");
    status(Status::Success);
    ws.ends_with(&["example.com"]);
}

#[test]
fn what_is_there_already_is_taken_over() {
    if lacks(Feature::ImportBlocks) {
        return;
    }
    let ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        lookups: Lookups::Off,
        ..Options::default()
    });
    let identities = ["example.com", "imported.example", "waiting.example"];
    let ses = ws.ses();
    for identity in identities {
        ses.add_identity(REGION, identity, true);
        let domain = format!("bounce.{identity}");
        let reject = Behavior::RejectMessage;
        ses.set_mail_from(REGION, identity, &domain, reject)
            .unwrap();
        ses.set_status(REGION, identity, Status::Success).unwrap();
    }
    ses.set_status(REGION, "waiting.example", Status::Pending)
        .unwrap();
    let imported: String = ["imported", "waiting"]
        .map(|name| {
            format!(
                "import {{
  to = ses_identity_mail_from.{name}
  id = \"{name}.example\"
}}
resource \"ses_identity_mail_from\" \"{name}\" {{
  identity         = \"{name}.example\"
  mail_from_domain = \"bounce.{name}.example\"
  {SAFE}
}}
"
            )
        })
        .concat();
    ws.config(&(config("bounce.example.com", SAFE) + &imported));
    ws.apply()
        .succeeds()
        .says("2 imported, 1 added, 2 changed, 0 destroyed");
    let mut sets: Vec<_> = ws
        .sets()
        .into_iter()
        .map(|call| (call.identities.concat(), call.behavior.unwrap_or_default()))
        .collect();
    sets.sort();
    // The one that SES has verified keeps what it has; a create has seen nothing yet.
    assert_eq!(
        sets,
        [
            pair("example.com", "UseDefaultValue"),
            pair("waiting.example", "UseDefaultValue"),
        ]
    );
    ses.clear_calls();
    let state = ws.resource(THIS).unwrap();
    assert_eq!(state["behavior_on_mx_failure"], "RejectMessage");
    assert_eq!(state["verification_status"], "Success");
    for refresh in ["-refresh=false", "-refresh=true"] {
        ws.terraform(&["plan", "-detailed-exitcode", refresh])
            .exits(2)
            .says("0 to add, 1 to change, 0 to destroy");
    }
    ws.apply().succeeds().says("1 changed");
    assert_eq!(ws.sets().len(), 1);
    assert_eq!(ws.held("example.com").behavior, Behavior::RejectMessage);
    ws.ends_with(&identities);
}

#[test]
fn late_reads_of_what_was_sent_are_no_drift() {
    let ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        lookups: Lookups::Off,
        ..Options::default()
    });
    ws.config(&config("bounce.example.com", REJECT));
    ws.apply().succeeds();
    ws.ses().show_late(Duration::from_secs(4));
    ws.config(&config("bounce.example.com", SAFE));
    ws.apply().succeeds();
    waits(&ws);
    ws.ses()
        .set_status(REGION, "example.com", Status::Success)
        .unwrap();
    pause(Duration::from_secs(4));
    ws.apply().succeeds().says("1 changed");
    ws.plans_nothing();
    let expected = ["RejectMessage", "UseDefaultValue", "RejectMessage"];
    assert_eq!(sent(&ws), expected.map(|behavior| pair("bounce", behavior)));
    ws.ends_with(&["example.com"]);
}
