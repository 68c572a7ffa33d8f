//! Resources that move from one provider block to another: each block is a process of its
//! own, and the two know of each other only what they tell.

use simulator::Ses;
use simulator::ses::{Fault, FaultKind};

use crate::harness::{REGION, Run, SET, Workspace, names};

const STS: &str = "GetCallerIdentity";

/// An access key beside that of the default provider block.
const OTHER_KEY: &str = "AKIAI44QH8DHBEXAMPLE";

/// The resources `ses_identity_mail_from.NAME`, one for each of six identities, by way of
/// the provider block `ses.NAME`.
fn six(name: &str) -> String {
    let entries: String = names(6)
        .iter()
        .map(|identity| format!("    \"{identity}\" = \"bounce.{identity}\"\n"))
        .collect();
    format!(
        r#"
locals {{
  mail_from = {{
{entries}  }}
}}

resource "ses_identity_mail_from" "{name}" {{
  provider         = ses.{name}
  for_each         = local.mail_from
  identity         = each.key
  mail_from_domain = each.value
}}
"#
    )
}

/// The two provider blocks, `ses.new` with this access key. It spells the endpoint of SES
/// otherwise.
fn blocks(ws: &mut Workspace, new_key: Option<&str>) -> String {
    ws.provider.requests_per_second = Some("20".to_owned());
    ws.provider.sts_endpoint = Some(format!("{:?}", ws.simulator.sts_url()));
    let mut new = ws.provider.clone();
    new.alias = Some("\"new\"".to_owned());
    let respelt = ws.simulator.ses_url().replace("127.0.0.1", "localhost");
    new.ses_endpoint = Some(format!("\"{respelt}/\""));
    if let Some(key) = new_key {
        new.access_key = Some(format!("{key:?}"));
    }
    ws.provider.alias = Some("\"old\"".to_owned());
    new.block()
}

/// Six resources of `ses.old`, with verified identities there and in `new`.
fn six_of_old(ws: &Workspace, blocks: &str, new: &Ses) {
    for ses in [&ws.ses(), new] {
        ses.add_identities(REGION, names(6), true);
    }
    ws.config(&(blocks.to_owned() + &six("old")));
    ws.apply().succeeds();
    ws.ses().clear_calls();
}

fn moved(ws: &Workspace, blocks: &str) -> Run {
    ws.config(&(blocks.to_owned() + &six("new")));
    ws.apply()
}

/// How many of the six have a MAIL FROM domain.
fn are_set(ses: &Ses) -> usize {
    let held = names(6).into_iter().map(|name| ses.get(REGION, &name));
    held.filter(|held| held.as_ref().unwrap().mail_from_domain.is_some())
        .count()
}

/// Strikes Sets of some of the six, whichever resource they are for.
fn strike_some(ses: &Ses) {
    let slow_before = FaultKind::SlowBefore { delay_ms: 2500 };
    let slow_after = FaultKind::SlowAfter { delay_ms: 2500 };
    for fault in [
        Fault::new(slow_before).of("d1.example"),
        Fault::new(slow_after).of("d2.example"),
        Fault::new(FaultKind::Throttle).of("d3.example").times(2),
        Fault::new(FaultKind::ResetAfter).of("d4.example"),
    ] {
        ses.inject(fault.on(SET));
    }
}

/// Takes two seconds to be destroyed, before the resources of `ses.old` are.
fn last(body: &str) -> String {
    format!(
        r#"
resource "terraform_data" "last" {{
  {body}
  provisioner "local-exec" {{
    when    = destroy
    command = "sleep 2"
  }}
}}
"#
    )
}

#[test]
fn resources_that_move_within_an_account_keep_mail_from() {
    let identities = names(6);
    let identities: Vec<&str> = identities.iter().map(String::as_str).collect();
    for (new_key, strikes) in [(None, false), (None, true), (Some(OTHER_KEY), true)] {
        let mut ws = Workspace::new();
        let blocks = blocks(&mut ws, new_key);
        six_of_old(&ws, &blocks, &ws.ses());
        if strikes {
            strike_some(&ws.ses());
        }
        moved(&ws, &blocks)
            .succeeds()
            .says("6 added, 0 changed, 6 destroyed");
        assert_eq!(are_set(&ws.ses()), 6, "{new_key:?} {strikes}");
        let asked = ws.calls_of(STS).len();
        let expected = if new_key.is_some() { 2 } else { 0 };
        assert!(asked <= expected, "{asked} times");
        ws.state_is_what_ses_holds();
        ws.ends_with(&identities);
    }
}

#[test]
fn resources_that_move_to_another_account_are_set_there_and_unset_here() {
    for strikes in [false, true] {
        let mut ws = Workspace::new();
        let other = ws.simulator.add_account("444455556666", OTHER_KEY);
        let blocks = blocks(&mut ws, Some(OTHER_KEY));
        six_of_old(&ws, &blocks, &other);
        if strikes {
            strike_some(&ws.ses());
            strike_some(&other);
        }
        moved(&ws, &blocks)
            .succeeds()
            .says("6 added, 0 changed, 6 destroyed");
        assert_eq!((are_set(&ws.ses()), are_set(&other)), (0, 6));
        ws.plans_nothing();
        ws.destroy().succeeds();
        assert_eq!((are_set(&ws.ses()), are_set(&other)), (0, 0));
    }
}

#[test]
fn resources_that_move_to_an_account_that_nobody_can_tell_stay_in_the_state() {
    let mut ws = Workspace::new();
    let blocks = blocks(&mut ws, Some(OTHER_KEY));
    let there = last("depends_on = [ses_identity_mail_from.old]\n  count = 1");
    six_of_old(&ws, &(blocks.clone() + &there), &ws.ses());
    let denied = Fault::new(FaultKind::AccessDenied).on(STS);
    ws.ses().inject(denied.forever());
    moved(&ws, &(blocks + &last("count = 0"))).fails_with(&["GetCallerIdentity with AccessDenied"]);
    assert_eq!(are_set(&ws.ses()), 6);
    for name in names(6) {
        for resource in ["old", "new"] {
            let address = format!("ses_identity_mail_from.{resource}[{name:?}]");
            assert!(ws.resource(&address).is_some(), "{address}");
        }
    }

    // Once the accounts can be compared, what is set by way of the other block stays.
    ws.ses().clear_faults();
    ws.apply()
        .succeeds()
        .says("0 added, 0 changed, 6 destroyed");
    assert_eq!(are_set(&ws.ses()), 6);
    ws.plans_nothing();
}
