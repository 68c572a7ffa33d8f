//! `docs/guides/adopting.md`

use std::fs;

use simulator::ses::Behavior;

use crate::harness::{Feature, Workspace, lacks};

use super::{EUROPE, Guide, at_simulator};

#[test]
fn fleet_comes_under_management_as_it_is() {
    if lacks(Feature::ImportForEach) {
        return;
    }
    let ws = Workspace::new();
    for (identity, domain) in [
        ("example.com", Some("bounce.example.com")),
        ("example.net", Some("mail.example.net")),
        ("someone@example.org", Some("bounce.example.org")),
        ("example.org", None),
    ] {
        ws.ses().add_identity(EUROPE, identity, true);
        if let Some(domain) = domain {
            ws.ses()
                .set_mail_from(EUROPE, identity, domain, Behavior::RejectMessage)
                .unwrap();
        }
    }
    at_simulator(&ws);
    let held = ws.ses().identities();

    let mut guide = Guide::open(&ws, "adopting");
    guide.writes("main.tf");
    guide.runs_and_prints();
    guide.writes("main.tf");
    let run = guide.runs_and_prints().says(&guide.shows());
    run.does_not_say("fleet.json does not know");

    // As it says of what is set past the file.
    ws.ses()
        .set_mail_from(
            EUROPE,
            "example.org",
            "news.example.org",
            Behavior::default(),
        )
        .unwrap();
    ws.plan()
        .succeeds()
        .says("SES holds MAIL FROM domains that fleet.json does not know.");
    ws.ses().clear_mail_from(EUROPE, "example.org").unwrap();

    if !lacks(Feature::Queries) {
        ws.terraform(&["state", "rm", "ses_identity_mail_from.all"])
            .succeeds();
        guide.writes("main.tf");
        guide.writes("fleet.tfquery.hcl");
        guide.runs_and_prints();
        guide.runs_and_prints().says(&guide.shows());
        guide.ends();
        let generated = fs::read_to_string(ws.folder().join("fleet.tf")).unwrap();
        assert_eq!(generated.matches("\nimport {").count(), 3, "{generated}");
    }
    assert_eq!(ws.sets(), []);
    assert_eq!(ws.ses().identities(), held);
}
