//! Several regions behind one provider block.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use simulator::ses::{Behavior, Call, Status};
use simulator::{Options, Rate};

use crate::harness::{Feature, GET, REGION, THIS, Workspace, lacks, mail_from, names};

const EUROPE: &str = "eu-west-1";
const ASIA: &str = "ap-southeast-2";
const MOVED_TO: &str = "eu-central-1";

/// Two identities in each region; those of the key `own` name none. The MAIL FROM domain
/// of example.com is the same in all.
fn three_regions(with_own: bool) -> String {
    let own = if with_own { "own = null," } else { "" };
    format!(
        r#"
locals {{
  regions = {{ {own} europe = "{EUROPE}", asia = "{ASIA}" }}
  places = {{
    for pair in setproduct(keys(local.regions), ["example.com", "example.org"]) :
    "${{pair[0]}}/${{pair[1]}}" => {{ region = local.regions[pair[0]], identity = pair[1] }}
  }}
}}

resource "ses_identity_mail_from" "all" {{
  for_each         = local.places
  identity         = each.value.identity
  region           = each.value.region
  mail_from_domain = "bounce.${{each.value.identity}}"
}}
"#
    )
}

fn address(key: &str) -> String {
    format!("ses_identity_mail_from.all[\"{key}\"]")
}

/// The region of each key of [`three_regions`].
fn region_of(key: &str, own: &'static str) -> &'static str {
    match key.split('/').next() {
        Some("europe") => EUROPE,
        Some("asia") => ASIA,
        _ => own,
    }
}

/// The changes that a plan makes, by address.
fn changes(plan: &Value) -> BTreeMap<String, Value> {
    let changes = plan["resource_changes"].as_array().unwrap().iter();
    let changes = changes.map(|found| {
        let address = found["address"].as_str().unwrap().to_owned();
        (address, found["change"].clone())
    });
    changes
        .filter(|(_, change)| change["actions"] != json!(["no-op"]))
        .collect()
}

/// A workspace whose SES is as strict as the real one, with both identities everywhere.
fn strict() -> Workspace {
    let mut ws = Workspace::with(Options {
        rate: Rate::PerOperation(1.0),
        ..Options::default()
    });
    for region in [REGION, EUROPE, ASIA, MOVED_TO] {
        for identity in ["example.com", "example.org"] {
            ws.ses().add_identity(region, identity, true);
        }
    }
    ws.provider.requests_per_second = None;
    ws.provider.dns = Some("enabled = false".to_owned());
    ws
}

/// Asserts that no region was called before its time from `begun` on, at a call a second,
/// and that one was called while another had to wait.
#[track_caller]
fn each_at_its_own_pace(begun: f64, calls: &[Call]) {
    let mut last: BTreeMap<&str, &Call> = BTreeMap::new();
    let mut earliest: BTreeMap<&str, f64> = BTreeMap::new();
    let mut are_close = false;
    for call in calls {
        let earliest = earliest.entry(&call.region).or_insert(begun);
        assert!(call.at_ms >= *earliest, "{call:?}");
        *earliest += 1000.0;
        let others = last.iter().filter(|(region, _)| **region != call.region);
        are_close |= others
            .into_iter()
            .any(|(_, other)| call.at_ms - other.at_ms < 1000.0);
        last.insert(&call.region, call);
    }
    assert!(are_close, "{calls:#?}");
}

#[test]
fn regions_of_one_block_have_their_own_pace_records_imports_and_moves() {
    let mut ws = strict();
    ws.config(&three_regions(true));
    let plan = ws.plan_json();
    let created = changes(&plan);
    assert_eq!(created.len(), 6);
    for key in ["own/example.com", "europe/example.com", "asia/example.org"] {
        let (change, region) = (&created[&address(key)], region_of(key, REGION));
        assert_eq!(change["after"]["region"], region, "{key}");
        let host = format!("feedback-smtp.{region}.amazonses.com");
        assert_eq!(change["after"]["dns_records"][0]["value"], host, "{key}");
    }
    ws.ses().clear_calls();
    let begun = 1000.0 * ws.ses().now().as_secs_f64();
    ws.terraform(&["apply", "plan"])
        .succeeds()
        .says("6 added")
        .does_not_say("Warning");
    each_at_its_own_pace(begun, &ws.sets());
    for region in [REGION, EUROPE, ASIA] {
        let held = ws.ses().get(region, "example.com").unwrap();
        assert_eq!(held.mail_from_domain.as_deref(), Some("bounce.example.com"));
    }

    // Without a limit from here on, to be done soon.
    ws.ses().set_rate(Rate::Unlimited);
    ws.provider.requests_per_second = Some("0".to_owned());

    // The provider moves, and with it exactly those that named no region.
    ws.provider.region = Some(format!("{MOVED_TO:?}"));
    ws.config(&three_regions(true));
    let moved = changes(&ws.plan_json());
    let keys: Vec<&String> = moved.keys().collect();
    let own = ["own/example.com", "own/example.org"].map(address);
    assert_eq!(keys, own.iter().collect::<Vec<_>>());
    for change in moved.values() {
        assert_eq!(change["actions"], json!(["delete", "create"]));
        assert_eq!(change["replace_paths"], json!([["region"]]));
        assert_eq!(change["after"]["region"], MOVED_TO);
    }
    ws.terraform(&["apply", "plan"])
        .succeeds()
        .says("2 added, 0 changed, 2 destroyed");
    let left = ws.ses().get(REGION, "example.com").unwrap();
    assert_eq!(left.mail_from_domain, None);

    // What is left names its region: the provider needs none, and looks for none.
    ws.provider.region = None;
    ws.config(&three_regions(false));
    ws.apply()
        .succeeds()
        .says("0 added, 0 changed, 2 destroyed");
    let asian = address("asia/example.org");
    ws.terraform(&["state", "rm", &asian]).succeeds();
    ws.terraform(&["import", &asian, &format!("example.org@{ASIA}")])
        .succeeds();
    assert_eq!(ws.resource(&asian).unwrap()["region"], ASIA);
    ws.ends_with(&["example.com", "example.com", "example.org", "example.org"]);
}

#[test]
fn generated_configuration_names_the_region_of_what_is_imported() {
    if lacks(Feature::ImportBlocks) {
        return;
    }
    let mut ws = Workspace::new();
    ws.ses().add_identity(EUROPE, "example.com", true);
    let domain = "bounce.example.com";
    let behavior = Behavior::RejectMessage;
    ws.ses()
        .set_mail_from(EUROPE, "example.com", domain, behavior)
        .unwrap();
    let import = format!("import {{\n  to = {THIS}\n  id = \"example.com@{EUROPE}\"\n}}\n");
    ws.config(&import);
    ws.terraform(&["plan", "-generate-config-out=generated.tf", "-out=plan"])
        .succeeds()
        .says("1 to import, 0 to add, 0 to change, 0 to destroy");
    let generated = fs::read_to_string(ws.folder().join("generated.tf")).unwrap();
    assert!(generated.contains(&format!("= {EUROPE:?}")), "{generated}");
    ws.terraform(&["apply", "plan"]).succeeds();
    ws.provider.region = Some(format!("{MOVED_TO:?}"));
    ws.config("");
    assert_eq!(ws.sets(), []);
    ws.ends_with(&["example.com"]);
}

#[test]
fn one_domain_in_two_regions_is_verified_in_both_by_one_mx_record() {
    let mut ws = Workspace::new();
    ws.ses().add_identity(EUROPE, "example.com", true);
    ws.provider.region = None;
    let name = "bounce.example.com";
    let hosts = [(10, "feedback-smtp.us-east-1.amazonses.com")];
    ws.dns().set_mx(name, &hosts).unwrap();
    ws.dns()
        .set_txt(name, &["v=spf1 include:amazonses.com ~all"])
        .unwrap();
    let config = format!(
        r#"
resource "ses_identity_mail_from" "all" {{
  for_each         = toset(["{REGION}", "{EUROPE}"])
  identity         = "example.com"
  region           = each.key
  mail_from_domain = "{name}"
}}

resource "ses_identity_mail_from_verification" "all" {{
  for_each         = ses_identity_mail_from.all
  identity         = each.value.identity
  region           = each.value.region
  mail_from_domain = each.value.mail_from_domain
}}

data "ses_identity_mail_from" "all" {{
  for_each  = ses_identity_mail_from_verification.all
  identity  = each.value.identity
  region    = each.key
  dns_check = true
}}
"#
    );
    ws.config(&config);
    ws.apply()
        .succeeds()
        .says("4 added")
        .does_not_say("Warning");
    for (region, mx) in [(REGION, "ok"), (EUROPE, "other_region")] {
        let held = ws.ses().get(region, "example.com").unwrap();
        assert_eq!(held.status, Some(Status::Success), "{region}");
        let waited = format!("ses_identity_mail_from_verification.all[\"{region}\"]");
        let waited = ws.resource(&waited).unwrap();
        assert_eq!(waited["region"], region);
        assert_eq!(waited["verification_status"], "Success", "{region}");
        let read = format!("data.ses_identity_mail_from.all[\"{region}\"]");
        let read = ws.resource(&read).unwrap();
        assert_eq!(read["region"], region);
        assert_eq!(read["mail_from_domain"], name, "{region}");
        assert_eq!(read["dns"]["mx"]["status"], mx, "{region}");
    }
    ws.plan().succeeds().does_not_say("Warning");
    ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    let other = format!("ses_identity_mail_from.all[\"{EUROPE}\"]");
    let other = ws.resource(&other).unwrap();
    assert_eq!(other["dns"]["mx"]["status"], "other_region");

    // As in states of other providers: what names no region is in the provider's.
    ws.provider.region = Some(format!("{REGION:?}"));
    ws.config(&config);
    let path = ws.folder().join("terraform.tfstate");
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let resources = state["resources"].as_array_mut().unwrap().iter_mut();
    let instances = resources.flat_map(|all| all["instances"].as_array_mut().unwrap());
    let regions = instances.map(|instance| &mut instance["attributes"]["region"]);
    let named = regions.filter(|region| **region == REGION);
    assert_eq!(named.map(Value::take).count(), 3);
    fs::write(&path, state.to_string()).unwrap();
    ws.plan().succeeds();
    ws.apply()
        .succeeds()
        .says("0 added, 0 changed, 0 destroyed");
    for (address, values) in ws.resources() {
        assert!(values["region"].is_string(), "{address}");
    }
    ws.ends_with(&["example.com", "example.com"]);
}

#[test]
fn fleets_of_two_regions_are_read_in_gets_of_each() {
    const COUNT: usize = 40;
    let mut ws = Workspace::new();
    ws.provider.dns = Some("enabled = false".to_owned());
    let fleet = names(COUNT);
    for region in [REGION, EUROPE] {
        ws.ses().add_identities(region, &fleet, true);
    }
    let config = format!(
        r#"
locals {{
  names  = {fleet:?}
  places = merge([for region in ["{REGION}", "{EUROPE}"] :
    {{ for name in local.names : "${{name}}@${{region}}" => {{ name = name, region = region }} }}
  ]...)
}}

resource "ses_identity_mail_from" "all" {{
  for_each         = local.places
  identity         = each.value.name
  region           = each.value.region
  mail_from_domain = "bounce.${{each.value.name}}"
}}
"#
    );
    ws.config(&config);
    ws.apply().succeeds().says("80 added");
    ws.ses().clear_calls();
    // So slow that what Terraform asks for at a time has come before the next Get.
    ws.provider.requests_per_second = Some("0.1".to_owned());
    ws.config(&config);
    ws.plan().succeeds();
    for region in [REGION, EUROPE] {
        let gets = ws.calls_of(GET);
        let gets: Vec<_> = gets.iter().filter(|get| get.region == region).collect();
        assert!((1..=2).contains(&gets.len()), "{region}: {gets:#?}");
        let read = gets.iter().flat_map(|get| &get.identities);
        let read: BTreeSet<&String> = read.collect();
        let missing: Vec<_> = fleet.iter().filter(|name| !read.contains(name)).collect();
        assert_eq!(missing, Vec::<&String>::new(), "{region}");
    }
}

#[test]
fn region_that_no_code_can_be_is_told_with_what_to_write() {
    let ws = Workspace::new();
    for (region, remedy) in [
        ("EU-WEST-1", "Write `eu-west-1`."),
        ("eu-west-1 ", "Write `eu-west-1`."),
        ("", "leave it out (or write `null`) for the provider's"),
    ] {
        let more = format!("region = {region:?}");
        ws.config(&mail_from("example.com", "bounce.example.com", &more));
        ws.terraform(&["validate"])
            .fails_with(&["Invalid region", remedy]);
    }
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn an_emulator_s_region_serves_where_the_provider_block_takes_it() {
    let mut ws = Workspace::new();
    ws.ses().add_identity("local", "example.com", true);
    ws.provider.skip_region_validation = Some("true".to_owned());
    let config = r#"
resource "ses_identity_mail_from" "this" {
  identity         = "example.com"
  region           = "local"
  mail_from_domain = "bounce.example.com"
}

data "ses_identity_mail_from" "this" {
  identity = ses_identity_mail_from.this.identity
  region   = "local"
}
"#;
    ws.config(config);
    // Terraform has the block validated first, by the same process.
    ws.terraform(&["validate"]).succeeds();
    ws.apply().succeeds().says("1 added");
    assert!(ws.ses().get("local", "example.com").is_some());
    ws.plans_nothing();

    ws.provider.skip_region_validation = None;
    ws.config(config);
    let argument = "skip_region_validation = true";
    ws.terraform(&["validate"])
        .fails_with(&["Invalid region", argument]);
    let sets = ws.sets();
    // What is only in the state is told of by its read.
    ws.config("");
    ws.plan()
        .fails_with(&["Unusable state of a ses_identity_mail_from", argument]);
    assert_eq!(ws.sets(), sets);
}
