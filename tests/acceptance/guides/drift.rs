//! `docs/guides/drift.md`

use std::fs;
use std::time::Duration;

use simulator::dns::RecordKind;
use simulator::ses::{Behavior, Status};

use crate::harness::{Feature, Workspace, lacks, wait_until};

use super::{EUROPE, Guide, at_simulator};

#[test]
fn scheduled_job_tells_what_has_become_of_a_domain() {
    if lacks(Feature::Checks) {
        return;
    }
    let (ws, domain) = (Workspace::new(), "bounce.example.com");
    ws.ses().add_identity(EUROPE, "example.com", true);
    at_simulator(&ws);
    let status = || ws.ses().get(EUROPE, "example.com").unwrap().status;

    let mut guide = Guide::open(&ws, "drift");
    guide.writes("main.tf");
    // A configuration that has more to it, such as a status which is none of a check's.
    let more = "output \"job\" {\n  value = { status = \"fail\" }\n}\n";
    fs::write(ws.folder().join("more.tf"), more).unwrap();
    guide
        .runs_and_prints()
        .says("SES does not send with the MAIL FROM domain of example.com.");
    let dns = ws.dns();
    let publish = || {
        let host = "feedback-smtp.eu-west-1.amazonses.com";
        dns.set_mx(domain, &[(10, host)]).unwrap();
    };
    publish();
    dns.set_txt(domain, &["v=spf1 include:amazonses.com ~all"])
        .unwrap();
    wait_until("SES has found it", || status() == Some(Status::Success));

    guide.runs_and_prints().does_not_say("Warning");
    let run = guide.runs_and_prints();
    assert!(run.stdout.ends_with(&(guide.shows() + "\n")));

    guide.writes("drift.sh");
    guide.runs_and_prints();
    ws.ses().clear_calls();
    dns.remove_type(domain, RecordKind::Mx).unwrap();
    let run = guide.runs_and_prints();
    run.says("The MX record of bounce.example.com is not as SES needs it.");
    publish();
    ws.ses()
        .set_mail_from(EUROPE, "example.com", domain, Behavior::UseDefaultValue)
        .unwrap();
    guide.runs_and_prints().says(&guide.shows());
    assert_eq!(ws.sets(), []);
    for call in ws.ses().calls() {
        assert_eq!(call.action, crate::harness::GET, "{call:?}");
    }
    guide.runs_and_prints();
    guide.ends();

    // What it says of SES's statuses.
    wait_until("SES has found it", || status() == Some(Status::Success));
    dns.remove_type(domain, RecordKind::Mx).unwrap();
    wait_until("SES misses it", || {
        status() == Some(Status::TemporaryFailure)
    });
    ws.shell("sh drift.sh").exits(3);
    ws.ses().advance_clock(Duration::from_secs(73 * 60 * 60));
    wait_until("SES has given up", || status() == Some(Status::Failed));
    ws.shell("sh drift.sh").exits(2);
    publish();
    ws.apply().succeeds();
    wait_until("SES has found it", || status() == Some(Status::Success));
    ws.shell("sh drift.sh").exits(0);
}
