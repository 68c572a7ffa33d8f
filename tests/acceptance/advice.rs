//! Warnings about a MAIL FROM domain that is new.

use std::time::Duration;

use serde_json::json;
use simulator::dns::Mode;
use simulator::ses::{Behavior, Fault, FaultKind};
use simulator::{Options, Rate};

use crate::harness::{REGION, THIS, Workspace, basic, mail_from};

const VERIFICATION: &str = "GetIdentityVerificationAttributes";
const REJECT: &str = "behavior_on_mx_failure = \"RejectMessage\"";

#[test]
fn domain_that_is_an_identity_or_receives_mail_is_told_at_plan() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.plan().exits(2).does_not_say("Warning");
    ws.ses().add_identity(REGION, "bounce.example.com", true);
    ws.dns()
        .set_mx("bounce.example.com", &[(10, "mail.example.com")])
        .unwrap();
    ws.plan()
        .exits(2)
        .says("MAIL FROM domain is itself an identity of SES")
        .says("MAIL FROM domain receives mail")
        .says("`10 mail.example.com`");
    ws.dns()
        .set_mx(
            "bounce.example.com",
            &[(10, "feedback-smtp.eu-west-1.amazonses.com")],
        )
        .unwrap();
    ws.plan().exits(2).does_not_say("receives mail");
    ws.apply().succeeds();
    // What stays is told no more; a change is.
    ws.plan().succeeds().does_not_say("is itself an identity");
    ws.ses().add_identity(REGION, "mail.example.com", false);
    ws.config(&mail_from("example.com", "mail.example.com", ""));
    ws.plan()
        .exits(2)
        .says("mail.example.com is an identity of this account");
}

#[test]
fn reject_message_before_the_record_is_there_is_told_at_plan() {
    let ws = Workspace::new();
    ws.config(&mail_from("example.com", "bounce.example.com", REJECT));
    ws.plan()
        .exits(2)
        .says("All mail will be rejected until the MX record is found (RejectMessage)")
        .says("`behavior_until_verified = ");
    for region in ["us-east-1", "eu-west-1"] {
        let host = format!("feedback-smtp.{region}.amazonses.com");
        ws.dns()
            .set_mx("bounce.example.com", &[(10, &host)])
            .unwrap();
        ws.plan().exits(2).does_not_say("Warning");
    }
    // Whether it is there cannot be said.
    ws.dns().set_mode(Mode::ServFail);
    ws.plan().exits(2).does_not_say("Warning");
}

#[test]
fn identity_that_has_another_domain_is_told_at_plan() {
    let ws = Workspace::new();
    let hold = |domain: &str| {
        ws.ses()
            .set_mail_from(REGION, "example.com", domain, Behavior::UseDefaultValue)
            .unwrap();
    };
    hold("old.example.com");
    ws.config(&basic());
    ws.plan()
        .exits(2)
        .says("Identity has another MAIL FROM domain already")
        .says("terraform import ses_identity_mail_from.NAME example.com")
        .says("`mail_from_domain = \"old.example.com\"`");
    assert!(ws.sets().is_empty());
    hold("bounce.example.com");
    ws.plan().exits(2).does_not_say("Warning");
}

#[test]
fn advice_for_many_is_asked_for_together_and_folds() {
    let mut ws = Workspace::with(Options {
        rate: Rate::PerOperation(1.0),
        ..Options::default()
    });
    ws.provider.requests_per_second = None;
    ws.config(&format!(
        r#"
resource "ses_identity_mail_from" "all" {{
  count            = 10
  identity         = "example.com"
  mail_from_domain = "b${{count.index}}.example.com"
  {REJECT}
}}
"#
    ));
    let plan = ws
        .plan()
        .exits(2)
        .says("9 more similar warnings elsewhere")
        .says("8 more similar warnings elsewhere");
    assert_eq!(
        plan.stdout.matches("Warning:").count(),
        2,
        "{}",
        plan.stdout
    );
    let calls = ws.ses().calls();
    let asked = calls.iter().filter(|call| call.action == VERIFICATION);
    assert!((1..=2).contains(&asked.count()), "{calls:?}");
}

#[test]
fn plan_of_a_create_waits_for_nothing_that_is_out_of_reach() {
    const OUT_OF_REACH: Duration = Duration::from_secs(30);
    let within = |ws: &Workspace| {
        let plan = ws.plan().exits(2).does_not_say("Warning");
        assert!(plan.elapsed < OUT_OF_REACH, "{:?}", plan.elapsed);
        let change = ws.planned_change(THIS);
        assert_eq!(change["after"]["mail_from_domain"], "bounce.example.com");
        assert_eq!(change["actions"], json!(["create"]));
    };
    let reject = mail_from("example.com", "bounce.example.com", REJECT);

    // No credentials.
    let mut ws = Workspace::new();
    ws.provider.access_key = None;
    ws.provider.secret_key = None;
    ws.config(&basic());
    within(&ws);

    // No DNS.
    let mut ws = Workspace::new();
    let dns = ws.provider.dns.as_mut().unwrap();
    *dns += &format!("\n    timeout = \"{}s\"", OUT_OF_REACH.as_secs());
    ws.config(&reject);
    ws.dns().set_mode(Mode::Silent);
    within(&ws);

    // No permission, and no answer at all.
    let delay_ms = OUT_OF_REACH.as_millis() as u64;
    for kind in [FaultKind::AccessDenied, FaultKind::SlowBefore { delay_ms }] {
        let ws = Workspace::new();
        ws.config(&basic());
        ws.ses().inject(Fault::new(kind).forever());
        within(&ws);
    }
}

#[test]
fn two_regions_share_one_domain_with_one_record_without_a_warning() {
    let mut ws = Workspace::new();
    let region = "eu-west-1";
    ws.ses().add_identity(region, "example.com", true);
    ws.dns()
        .set_mx(
            "bounce.example.com",
            &[(10, "feedback-smtp.us-east-1.amazonses.com")],
        )
        .unwrap();
    ws.dns()
        .set_txt("bounce.example.com", &["v=spf1 include:amazonses.com ~all"])
        .unwrap();
    ws.provider.region = Some(format!("{region:?}"));
    ws.config(&mail_from("example.com", "bounce.example.com", REJECT));
    ws.plan().exits(2).does_not_say("Warning");
    ws.apply().succeeds();
    ws.plan().succeeds().does_not_say("Warning");
    let found = &ws.resource(THIS).unwrap()["dns"]["mx"]["status"];
    assert_eq!(found, "unchecked");
}

/// Whether the plan warns of another MAIL FROM domain, with these arguments.
#[track_caller]
fn warns_of_another(ws: &Workspace, args: &[&str]) -> bool {
    let plan = ws.terraform(&[&["plan"], args].concat()).succeeds();
    plan.stdout
        .contains("Identity has another MAIL FROM domain already")
}

#[test]
fn domain_of_a_resource_in_the_state_is_nobody_elses() {
    let before = Workspace::new();
    before.config(&basic());
    before.apply().succeeds();
    let after = mail_from("example.com", "mail.example.com", "");

    // Tainted, with a new domain.
    before.terraform(&["taint", THIS]).succeeds();
    before.config(&after);
    assert!(!warns_of_another(&before, &[]));
    before.terraform(&["untaint", THIS]).succeeds();

    // Renamed without `moved`, with a new domain.
    before.config(&after.replace("\"this\"", "\"other\""));
    assert!(!warns_of_another(&before, &[]));

    // Replaced before it is destroyed, with a new domain.
    let first = "lifecycle {\n    create_before_destroy = true\n  }";
    before.config(&mail_from("example.com", "mail.example.com", first));
    let replace = format!("-replace={THIS}");
    assert!(!warns_of_another(&before, &[&replace]));
    assert!(!warns_of_another(&before, &[&replace, "-refresh=false"]));

    // What was set by something else since is told.
    before
        .ses()
        .set_mail_from(
            REGION,
            "example.com",
            "theirs.example.com",
            Behavior::UseDefaultValue,
        )
        .unwrap();
    before.terraform(&["state", "rm", THIS]).succeeds();
    assert!(warns_of_another(&before, &[]));
}

#[test]
fn what_is_told_while_a_replacement_is_applied_holds_for_it() {
    let another = "Identity has another MAIL FROM domain already";
    let first = "lifecycle {\n    create_before_destroy = true\n  }";
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.config(&mail_from("example.com", "mail.example.com", first));
    let replace = format!("-replace={THIS}");
    ws.terraform(&["plan", "-out=plan", &replace])
        .succeeds()
        .does_not_say(another);
    // Terraform tells of the old one after it has created the new one.
    let apply = ws.terraform(&["apply", "plan"]).succeeds();
    if apply.stdout.contains(another) {
        apply
            .says("create_before_destroy")
            .says("nothing has to be done");
    }
    ws.plans_nothing();
}

#[test]
fn address_that_ses_does_not_know_is_told_what_its_domain_does() {
    let ws = Workspace::new();
    ws.config(&mail_from("sender@example.com", "bounce.example.com", ""));
    ws.plan()
        .exits(2)
        .says("SES does not know an e-mail address, and knows its domain")
        .says("`identity = \"example.com\"`");
    ws.apply()
        .fails_with(&["the MAIL FROM domain of the domain holds for all its addresses"]);
    ws.ses().add_identity(REGION, "sender@example.com", true);
    ws.plan().exits(2).does_not_say("Warning");
    ws.config(&mail_from("sender@example.net", "bounce.example.net", ""));
    ws.plan().exits(2).does_not_say("Warning");
}
