//! The data source `ses_identities_mail_from`: a region's identities in one block.

use serde_json::{Value, json};
use simulator::Options;
use simulator::ses::{Behavior, Fault, FaultKind, Outcome, Status};

use crate::harness::{Feature, GET, LIST, REGION, Workspace, fleet, lacks, names};

/// A data source for each of these, which are names and the bodies of their blocks, and an
/// output of that name with what it has read.
fn data(blocks: &[(&str, &str)]) -> String {
    let block = |(name, body): &(&str, &str)| {
        format!(
            "data \"ses_identities_mail_from\" \"{name}\" {{\n  {body}\n}}\n\
             output \"{name}\" {{\n  value = data.ses_identities_mail_from.{name}\n}}\n"
        )
    };
    blocks.iter().map(block).collect()
}

/// What was read, once that was applied.
#[track_caller]
fn read(ws: &Workspace) -> Value {
    ws.apply().succeeds().does_not_say("Warning");
    ws.state()["values"]["outputs"].clone()
}

/// The names of the identities of one output, as they come.
fn identities<'a>(outputs: &'a Value, name: &str) -> Vec<&'a str> {
    let identities = outputs[name]["value"]["identities"].as_array().unwrap();
    let name = |one: &'a Value| one["identity"].as_str().unwrap();
    identities.iter().map(name).collect()
}

/// SES holds this for an identity that is new in `region`.
fn hold(ws: &Workspace, region: &str, identity: &str, held: Option<(&str, Status)>) {
    let ses = ws.ses();
    ses.add_identity(region, identity, true);
    if let Some((domain, status)) = held {
        ses.set_mail_from(region, identity, domain, Behavior::RejectMessage)
            .unwrap();
        ses.set_status(region, identity, status).unwrap();
    }
}

#[test]
fn identities_of_both_kinds_are_read_filtered_and_sorted() {
    let ws = Workspace::new();
    let success = Some(("bounce.b.example", Status::Success));
    let failed = Some(("mail.example.com", Status::Failed));
    hold(&ws, REGION, "b.example", success);
    hold(&ws, REGION, "Sender@example.com", failed);
    hold(&ws, REGION, "a@b.example", None);
    let elsewhere = Some(("bounce.c.example", Status::Pending));
    hold(&ws, "eu-west-1", "c.example", elsewhere);
    let (mx, spf) = (
        (10, "feedback-smtp.us-east-1.amazonses.com"),
        "v=spf1 include:amazonses.com ~all",
    );
    ws.dns().set_mx("bounce.b.example", &[mx]).unwrap();
    ws.dns().set_txt("bounce.b.example", &[spf]).unwrap();
    ws.config(&data(&[
        ("all", ""),
        ("domains", "kind = \"Domain\""),
        ("addresses", "kind = \"EmailAddress\""),
        ("failed", "status = \"Failed\""),
        ("set", "mail_from_set = true\n  dns_check = true"),
        ("unset", "mail_from_set = false\n  dns_check = null"),
        ("named", "name_regex = \"(^|@)b\\\\.example$\""),
        (
            "both",
            "name_regex = \"^S\"\n  kind = \"EmailAddress\"\n  status = \"Success\"",
        ),
        ("there", "region = \"eu-west-1\""),
        ("empty", "region = \"eu-north-1\""),
    ]));
    let read = read(&ws);
    for (output, expected) in [
        (
            "all",
            &[
                "Sender@example.com",
                "a@b.example",
                "b.example",
                "example.com",
            ][..],
        ),
        ("domains", &["b.example", "example.com"]),
        ("addresses", &["Sender@example.com", "a@b.example"]),
        ("failed", &["Sender@example.com"]),
        ("set", &["Sender@example.com", "b.example"]),
        ("unset", &["a@b.example", "example.com"]),
        ("named", &["a@b.example", "b.example"]),
        ("both", &[]),
        ("there", &["c.example"]),
        ("empty", &[]),
    ] {
        assert_eq!(identities(&read, output), expected, "{output}");
    }
    let of = |output: &str| read[output]["value"].clone();
    assert_eq!(of("all")["region"], REGION);
    assert_eq!(of("there")["region"], "eu-west-1");
    let set = &of("set")["identities"];
    let (address, domain) = (&set[0], &set[1]);
    assert_eq!(address["kind"], "EmailAddress");
    assert_eq!(address["verification_status"], "Failed");
    assert_eq!(address["dns"]["mx"]["status"], "missing");
    assert_eq!(domain["kind"], "Domain");
    assert_eq!(domain["mail_from_domain"], "bounce.b.example");
    assert_eq!(domain["behavior_on_mx_failure"], "RejectMessage");
    assert_eq!(domain["dns"]["mx"]["status"], "ok");
    assert_eq!(domain["dns"]["spf"]["status"], "ok");
    assert_eq!(
        domain["dns_records"][0]["rdata"],
        format!("{} {}", mx.0, mx.1)
    );
    let there = &of("there")["identities"][0];
    assert_eq!(
        there["dns_records"][0]["value"],
        "feedback-smtp.eu-west-1.amazonses.com"
    );
    assert_eq!(there["dns"]["mx"]["status"], "disabled");
    assert_eq!(
        of("unset")["identities"][0],
        json!({
            "identity": "a@b.example", "kind": "EmailAddress", "mail_from_domain": null,
            "behavior_on_mx_failure": null, "verification_status": null,
            "dns_records": null, "dns": null,
        })
    );
    assert_eq!(ws.sets(), []);
    ws.plan().succeeds();
}

#[test]
fn thousand_identities_are_read_in_ten_gets_and_one_list_and_none_is_throttled() {
    let mut ws = Workspace::with(Options::default());
    ws.provider.requests_per_second = None;
    ws.ses().remove_identity(REGION, "example.com");
    let names = names(1000);
    ws.ses().add_identities(REGION, &names, true);
    for name in &names[..500] {
        let domain = format!("bounce.{name}");
        ws.ses()
            .set_mail_from(REGION, name, &domain, Behavior::UseDefaultValue)
            .unwrap();
    }
    ws.config(&format!(
        "{}output \"counts\" {{\n  value = [for status in [\"missing\", \"ok\"] : length([\n    \
         for one in data.ses_identities_mail_from.all.identities : one\n    \
         if try(one.dns.mx.status == status, false)\n  ])]\n}}\n",
        data(&[("all", "dns_check = true")]),
    ));
    let read = read(&ws);
    assert_eq!(identities(&read, "all").len(), 1000);
    assert_eq!(read["counts"]["value"], json!([500, 0]));
    let (gets, lists) = (ws.calls_of(GET), ws.calls_of(LIST));
    assert!(gets.len() <= 10 && lists.len() == 1, "{} Gets", gets.len());
    let mut calls = gets.iter().chain(&lists);
    assert!(calls.all(|call| call.outcome == Outcome::Accepted));
}

#[test]
fn fleet_that_is_managed_beside_it_is_read_once() {
    let mut ws = Workspace::new();
    let names = names(60);
    ws.ses().add_identities(REGION, &names, true);
    let resources = fleet("bounce", &names);
    ws.config(&resources);
    ws.apply().succeeds();
    ws.ses().clear_calls();
    ws.provider.requests_per_second = Some("0.5".to_owned());
    ws.config(&(resources + &data(&[("all", "")])));
    ws.terraform(&["plan"]).succeeds();
    let (gets, lists) = (ws.calls_of(GET).len(), ws.calls_of(LIST).len());
    assert!(gets <= 3 && lists <= 2, "{gets} Gets, {lists} Lists");
}

#[test]
fn throttling_is_ridden_out_and_a_denied_list_is_an_error_that_names_the_action() {
    let ws = Workspace::new();
    ws.config(&data(&[("all", "")]));
    for operation in [LIST, GET] {
        let throttled = Fault::new(FaultKind::Throttle).on(operation).times(3);
        ws.ses().inject(throttled);
    }
    assert_eq!(identities(&read(&ws), "all"), ["example.com"]);
    for (operation, kind) in [
        (LIST, FaultKind::AccessDenied),
        (GET, FaultKind::AccessDenied),
    ] {
        ws.ses().inject(Fault::new(kind).on(operation).times(1));
        ws.plan().fails_with(&[
            "Could not read the identities in us-east-1",
            &format!("Allow the IAM action `ses:{operation}`"),
        ]);
    }
}

#[test]
fn filters_that_cannot_be_meant_are_refused_at_validate_and_unknown_ones_are_awaited() {
    let mut ws = Workspace::new();
    ws.config(&data(&[
        ("a", "kind = \"domain\"\n  status = \"success\""),
        ("b", "name_regex = \"(example\""),
        ("c", "region = \"EU-WEST-1\""),
        ("d", "identities = []"),
    ]));
    ws.terraform(&["validate"]).fails_with(&[
        "Write `Domain`",
        "Write `Success`",
        "`(example` is not a regular expression",
        "(^|[.@])example\\.com$",
        "Write `eu-west-1`",
        "identities",
    ]);
    assert_eq!(ws.ses().calls(), []);

    let later = "resource \"terraform_data\" \"later\" {\n  input = \"Domain\"\n}\n";
    let kind = "kind = terraform_data.later.output\n  name_regex = terraform_data.later.id";
    ws.config(&(later.to_owned() + &data(&[("later", kind)])));
    assert_eq!(identities(&read(&ws), "later"), [""; 0]);

    ws.provider.region = Some("terraform_data.region.output".to_owned());
    let later = format!("resource \"terraform_data\" \"region\" {{\n  input = {REGION:?}\n}}\n");
    ws.config(&(later + &data(&[("here", "")])));
    ws.terraform(&["plan"]).fails_with(&[
        "Could not read the identities",
        "The provider's region is not known until apply: name it by `region`",
    ]);
}

#[test]
fn check_block_warns_of_what_cannot_be_read() {
    if lacks(Feature::Checks) {
        return;
    }
    let ws = Workspace::new();
    let denied = Fault::new(FaultKind::AccessDenied).on(LIST).forever();
    ws.ses().inject(denied);
    ws.config(
        "check \"fleet\" {\n  data \"ses_identities_mail_from\" \"all\" {}\n  assert {\n    \
         condition     = length(data.ses_identities_mail_from.all.identities) == 0\n    \
         error_message = \"there are some\"\n  }\n}\n",
    );
    ws.apply().succeeds().says("ses:ListIdentities");
    ws.ses().clear_faults();
    ws.apply().succeeds().says("there are some");
}
