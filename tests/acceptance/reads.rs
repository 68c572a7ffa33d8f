//! What reads cost: one Get for many, whichever resources ask and how many at a time.

use simulator::ses::Status;
use simulator::{Lookups, Options, Rate};

use crate::harness::{GET, LIST, REGION, SET, Workspace, fleet, names};

/// A wait for each resource of [`fleet`].
const VERIFICATIONS: &str = r#"
resource "ses_identity_mail_from_verification" "all" {
  for_each         = local.mail_from
  identity         = ses_identity_mail_from.all[each.key].identity
  mail_from_domain = ses_identity_mail_from.all[each.key].mail_from_domain
}
"#;

/// A workspace with so many identities in SES, all verified, at 20 requests a second.
fn with_identities(count: usize) -> Workspace {
    let mut ws = Workspace::with(Options {
        rate: Rate::Unlimited,
        // A status stays as the test sets it.
        lookups: Lookups::Off,
        ..Options::default()
    });
    ws.ses().add_identities(REGION, names(count), true);
    ws.provider.requests_per_second = Some("20".to_owned());
    ws.provider.dns = Some("enabled = false".to_owned());
    ws
}

/// Applies a fleet of so many identities, and the verification of each.
fn verified(count: usize) -> Workspace {
    let ws = with_identities(count);
    ws.config(&fleet("bounce", &names(count)));
    ws.apply().succeeds();
    for identity in names(count) {
        let success = Status::Success;
        ws.ses().set_status(REGION, &identity, success).unwrap();
    }
    ws.config(&[&fleet("bounce", &names(count)), VERIFICATIONS].concat());
    ws.apply().succeeds();
    ws.ses().clear_calls();
    ws
}

/// Asserts that a plan finds nothing to change, in at most so many Gets and Lists.
#[track_caller]
fn plans_nothing(ws: &Workspace, parallelism: usize, gets: usize, lists: usize) {
    let parallelism = format!("-parallelism={parallelism}");
    ws.ses().clear_calls();
    let plan = ["plan", "-detailed-exitcode", &parallelism];
    ws.terraform(&plan).succeeds();
    let cost = (ws.calls_of(GET).len(), ws.calls_of(LIST).len());
    assert!(cost.0 <= gets && cost.1 <= lists, "{cost:?}");
}

#[test]
fn lone_resource_and_its_verification_cost_one_get() {
    let ws = verified(1);
    plans_nothing(&ws, 10, 1, 0);
    plans_nothing(&ws, 1, 1, 0);
}

#[test]
fn verifications_of_a_fleet_cost_no_gets_of_their_own() {
    let ws = verified(90);
    // One for the first ten, and one for the others; or a few more where the list is late.
    plans_nothing(&ws, 10, 5, 1);
    plans_nothing(&ws, 1, 5, 1);
}

#[test]
fn change_outside_is_seen_by_both_resources() {
    let ws = verified(12);
    ws.ses()
        .set_status(REGION, "d7.example", Status::Failed)
        .unwrap();
    let plan = ws.plan().exits(2);
    plan.says("1 to add, 1 to change, 0 to destroy");
}

#[test]
fn creates_share_the_gets_of_their_statuses() {
    let mut ws = with_identities(13);
    // Slow enough for a queue: ten Sets, one Get, three Sets, one Get.
    ws.provider.requests_per_second = Some("1".to_owned());
    ws.config(&fleet("bounce", &names(13)));
    ws.terraform(&["apply", "-auto-approve", "-refresh=false"])
        .succeeds()
        .does_not_say("Warning");
    assert_eq!(ws.calls_of(SET).len(), 13);
    let planned = ws.calls_of(SET)[0].at_ms;
    let mut gets = ws.calls_of(GET);
    gets.retain(|get| get.at_ms > planned);
    assert!(gets.len() <= 5, "{} Gets", gets.len());
    ws.state_is_what_ses_holds();
}

#[test]
fn lone_create_and_update_read_their_status_at_once() {
    let mut ws = with_identities(1);
    ws.provider.requests_per_second = Some("1".to_owned());
    for label in ["bounce", "mail"] {
        ws.config(&fleet(label, &names(1)));
        ws.ses().clear_calls();
        ws.apply().succeeds().does_not_say("Warning");
        let (set, get) = (ws.calls_of(SET), ws.calls_of(GET));
        let waited = get.last().unwrap().at_ms - set[0].at_ms;
        // Ten seconds would be a wait for others.
        assert!((0.0..8000.0).contains(&waited), "{waited} ms");
    }
}
