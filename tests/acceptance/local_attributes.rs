//! `timeouts` and `dns_check` are the provider's own affair: SES is not told.

use serde_json::{Value, json};
use simulator::ses::{Fault, FaultKind, Status};
use simulator::{Lookups, Options, Rate};

use crate::harness::{REGION, THIS, Workspace, basic, mail_from};

const SET: &str = "SetIdentityMailFromDomain";
const GET: &str = "GetIdentityMailFromDomainAttributes";

/// The resource of [`basic`] with `more` in it.
fn with(more: &str) -> String {
    mail_from("example.com", "bounce.example.com", more)
}

#[test]
fn change_of_local_attributes_alone_changes_nothing_in_ses() {
    // A status that only a Set would change.
    let ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        lookups: Lookups::Off,
        identical_set_resets_success: true,
        ..Options::default()
    });
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ses()
        .set_status(REGION, "example.com", Status::Success)
        .unwrap();
    ws.ses().clear_calls();
    for (more, timeouts, dns_check) in [
        (
            "timeouts {\n    create = \"10m\"\n  }",
            json!("10m"),
            Value::Null,
        ),
        (
            "timeouts {\n    create = \"600s\"\n  }",
            json!("600s"),
            Value::Null,
        ),
        ("dns_check = false", Value::Null, json!(false)),
        ("dns_check = true", Value::Null, json!(true)),
        ("", Value::Null, Value::Null),
        ("timeouts {}", Value::Null, Value::Null),
    ] {
        ws.config(&with(more));
        let change = ws.planned_change(THIS);
        assert_eq!(change["actions"], json!(["update"]), "{more}");
        let unknown = &change["after_unknown"]["verification_status"];
        assert_ne!(*unknown, true, "{more}");
        assert_eq!(change["after"]["verification_status"], "Success", "{more}");
        ws.apply()
            .succeeds()
            .says("0 added, 1 changed, 0 destroyed");
        let state = ws.resource(THIS).unwrap();
        assert_eq!(state["timeouts"]["create"], timeouts, "{more}");
        assert_eq!(state["dns_check"], dns_check, "{more}");
        assert_eq!(state["verification_status"], "Success", "{more}");
        ws.plans_nothing();
    }
    assert_eq!(ws.sets(), []);
    ws.ends_with(&["example.com"]);
}

#[test]
fn dns_check_false_asks_no_name_server() {
    let ws = Workspace::new();
    ws.config(&with("dns_check = false"));
    ws.apply().succeeds();
    ws.plan().succeeds().does_not_say("Warning");
    ws.apply().succeeds();
    let dns = &ws.resource(THIS).unwrap()["dns"];
    assert_eq!(dns["mx"]["status"], "disabled");
    assert_eq!(dns["spf"]["status"], "disabled");
    assert_eq!(ws.dns().queries(), []);
    ws.ends_with(&["example.com"]);
}

#[test]
fn dns_check_comes_before_the_provider_block() {
    let mut ws = Workspace::new();
    let dns = ws.provider.dns.take().unwrap_or_default();
    ws.provider.dns = Some(format!("enabled = false\n    {dns}"));
    ws.config(&basic());
    ws.apply().succeeds();
    ws.plan().succeeds();
    assert_eq!(ws.dns().queries(), []);
    ws.config(&with("dns_check = true"));
    ws.apply().succeeds();
    let dns = &ws.resource(THIS).unwrap()["dns"];
    assert_eq!(dns["mx"]["status"], "missing");
    assert_eq!(dns["spf"]["status"], "missing");
    assert_ne!(ws.dns().queries(), []);
    ws.ends_with(&["example.com"]);
}

#[test]
fn create_that_runs_out_of_its_time_says_so_and_leaves_no_state() {
    let ws = Workspace::new();
    ws.config(&with("timeouts {\n    create = \"2s\"\n  }"));
    ws.ses()
        .inject(Fault::new(FaultKind::Throttle).on(SET).forever());
    ws.apply().fails_with(&[
        "gave up after 2s",
        "Throttling: Rate exceeded",
        "`timeouts` block",
    ]);
    assert_eq!(ws.resource(THIS), None);
    assert_eq!(ws.held("example.com").mail_from_domain, None);
}

#[test]
fn read_update_and_delete_have_times_of_their_own() {
    let ws = Workspace::new();
    let timeouts = "timeouts {\n    read   = \"2s\"\n    update = \"3s\"\n    delete = \"4s\"\n  }";
    ws.config(&with(timeouts));
    ws.apply().succeeds();
    ws.ses()
        .inject(Fault::new(FaultKind::Throttle).on(GET).forever());
    ws.plan()
        .fails_with(&["gave up after 2s", "Throttling: Rate exceeded"]);
    ws.ses().clear_faults();

    ws.config(&mail_from("example.com", "mail.example.com", timeouts));
    ws.ses()
        .inject(Fault::new(FaultKind::Throttle).on(SET).forever());
    ws.apply().fails_with(&["gave up after 3s"]);
    let domain = &ws.resource(THIS).unwrap()["mail_from_domain"];
    assert_eq!(domain, "bounce.example.com");
    ws.destroy().fails_with(&["gave up after 4s"]);
    assert!(ws.resource(THIS).is_some());
    ws.ses().clear_faults();

    ws.apply().succeeds();
    ws.ends_with(&["example.com"]);
}
