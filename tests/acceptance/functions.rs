//! The functions of the provider, in `terraform console` and in configurations.

use serde_json::{Value, json};

use crate::harness::{Feature, REGION, THIS, Workspace, basic, lacks};

const RECORDS: &str = "provider::ses::mail_from_dns_records";
const ZONE_FILE: &str = "provider::ses::mail_from_zone_file";
const MERGE: &str = "provider::ses::spf_merge";

/// The configuration of `expressions` as outputs `o0`, `o1`, …
fn outputs(expressions: &[String]) -> String {
    let outputs = expressions
        .iter()
        .enumerate()
        .map(|(index, expression)| format!("output \"o{index}\" {{\n  value = {expression}\n}}\n"));
    outputs.collect()
}

/// What is planned for the outputs of [`outputs`].
fn planned(ws: &Workspace, expressions: &[String]) -> Vec<Value> {
    ws.config(&outputs(expressions));
    let plan = ws.plan_json();
    let change = |index: usize| plan["output_changes"][format!("o{index}")].clone();
    (0..expressions.len()).map(change).collect()
}

#[test]
fn functions_are_evaluated_in_the_console_without_credentials() {
    if lacks(Feature::FunctionsInConsole) {
        return;
    }
    let mut ws = Workspace::new();
    ws.provider.access_key = None;
    ws.provider.secret_key = None;
    ws.config("");
    ws.console(&format!("{MERGE}(\"v=spf1 mx -all\")"))
        .succeeds()
        .says("\"v=spf1 mx include:amazonses.com -all\"");
    ws.console(&format!(
        "{RECORDS}(\"Bounce.Example.com.\", \"eu-west-1\")[0].rdata"
    ))
    .succeeds()
    .says("\"10 feedback-smtp.eu-west-1.amazonses.com\"");
    ws.console(&format!(
        "{ZONE_FILE}(\"bounce.example.com\", \"eu-west-1\")"
    ))
    .succeeds()
    .says("bounce.example.com. 600 IN TXT \"v=spf1 include:amazonses.com ~all\"");
    ws.console(&format!("{MERGE}(null)"))
        .fails_with(&["argument must not be null"]);
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn dns_records_are_those_of_the_resource() {
    if lacks(Feature::ProviderFunctions) {
        return;
    }
    let ws = Workspace::new();
    let records = format!("{RECORDS}(\"BOUNCE.example.com.\", \"{REGION}\")");
    ws.config(&(basic() + &outputs(&[records, format!("{THIS}.dns_records")])));
    let plan = ws.plan_json();
    let ours = &plan["output_changes"]["o0"]["after"];
    assert_eq!(ours.as_array().unwrap().len(), 2);
    assert_eq!(*ours, plan["output_changes"]["o1"]["after"]);
    ws.apply().succeeds();
    let state = ws.state();
    let outputs = &state["values"]["outputs"];
    assert_eq!(outputs["o0"]["value"], outputs["o1"]["value"]);
    ws.ends_with(&["example.com"]);
}

#[test]
fn names_are_normalised_as_the_resource_does_it() {
    if lacks(Feature::ProviderFunctions) {
        return;
    }
    let ws = Workspace::new();
    let spellings = ["Bounce.Bücher.example", "bounce.xn--bcher-kva.example."];
    let expressions: Vec<String> = spellings
        .iter()
        .flat_map(|name| {
            let arguments = format!("(\"{name}\", \"us-gov-west-1\")");
            [
                format!("{RECORDS}{arguments}[1].name"),
                format!("{ZONE_FILE}{arguments}"),
            ]
        })
        .collect();
    let planned = planned(&ws, &expressions);
    let zone_file = planned[1]["after"].as_str().unwrap();
    let mx =
        "bounce.xn--bcher-kva.example. 600 IN MX 10 feedback-smtp.us-gov-west-1.amazonses.com.";
    assert!(zone_file.starts_with(mx), "{zone_file}");
    assert_eq!(planned[0]["after"], "bounce.xn--bcher-kva.example");
    assert_eq!((&planned[0], &planned[1]), (&planned[2], &planned[3]));
}

#[test]
fn what_is_not_known_at_plan_is_known_after_apply() {
    if lacks(Feature::ProviderFunctions) {
        return;
    }
    let ws = Workspace::new();
    let later = |value: &str| {
        format!("resource \"terraform_data\" \"{value}\" {{\n  input = \"{value}\"\n}}\n")
    };
    let (domain, spf) = ("terraform_data.domain.output", "terraform_data.spf.output");
    let name = format!("\"bounce.${{{domain}}}.example\"");
    let expressions = [
        format!("{RECORDS}({name}, \"{REGION}\")"),
        format!("{RECORDS}(\"bounce.example.com\", \"eu-west-${{length({domain})}}\")"),
        format!("{ZONE_FILE}({name}, \"{REGION}\")"),
        format!("{MERGE}(\"v=${{{spf}}}1 -all\")"),
    ];
    // What there are records for is known, or this would be refused.
    let each = format!(
        "resource \"terraform_data\" \"record\" {{\n  \
         for_each = {{ for record in {RECORDS}({name}, \"{REGION}\") : record.type => record }}\n  \
         input = each.value.name\n}}\n"
    );
    ws.config(&[later("domain"), later("spf"), each, outputs(&expressions)].concat());
    let plan = ws.plan_json();
    let changes = &plan["output_changes"];
    let unknown_name = json!({ "name": true });
    assert_eq!(
        changes["o0"]["after_unknown"],
        json!([unknown_name, unknown_name])
    );
    assert_eq!(changes["o0"]["after"][0]["priority"], 10);
    let unknown_host = json!({ "value": true, "rdata": true, "zone_rdata": true });
    assert_eq!(changes["o1"]["after_unknown"], json!([unknown_host, {}]));
    assert_eq!(changes["o2"]["after_unknown"], true);
    assert_eq!(changes["o3"]["after_unknown"], true);
    ws.apply().succeeds().says("4 added");
    let state = ws.state();
    let value = |index: usize| &state["values"]["outputs"][format!("o{index}")]["value"];
    assert_eq!(value(0)[1]["name"], "bounce.domain.example");
    let host = "feedback-smtp.eu-west-6.amazonses.com";
    assert_eq!(value(1)[0]["value"], host);
    assert!(
        value(2)
            .as_str()
            .unwrap()
            .contains("bounce.domain.example. 600 IN TXT")
    );
    assert_eq!(*value(3), "v=spf1 include:amazonses.com -all");
    let records = ws.resources();
    assert!(
        records.contains_key("terraform_data.record[\"MX\"]"),
        "{records:?}"
    );
    ws.plan().succeeds();
}

#[test]
fn argument_that_cannot_be_meant_is_told_at_plan_with_what_to_do() {
    if lacks(Feature::ProviderFunctions) {
        return;
    }
    let ws = Workspace::new();
    let long = format!("v=spf1 {}-all", "ip4:192.0.2.1 ".repeat(18));
    let many = format!("v=spf1 {}-all", "a ".repeat(10));
    let mut cases = Vec::new();
    for function in [RECORDS, ZONE_FILE] {
        for (arguments, parameter, told) in [
            (
                "\"bounce\", \"eu-west-1\"",
                "mail_from_domain",
                "Write a full domain name",
            ),
            (
                "\"b ounce.example.com\", \"eu-west-1\"",
                "mail_from_domain",
                "Use only letters",
            ),
            (
                "\"a@example.com\", \"eu-west-1\"",
                "mail_from_domain",
                "after the `@`",
            ),
            (
                "null, \"eu-west-1\"",
                "mail_from_domain",
                "must not be null",
            ),
            (
                "\"bounce.example.com\", \"EU\"",
                "region",
                "`EU` is not the code",
            ),
            (
                "\"bounce.example.com\", \"\"",
                "region",
                "such as `eu-west-1`",
            ),
            ("\"bounce.example.com\", null", "region", "must not be null"),
        ] {
            cases.push((format!("{function}({arguments})"), parameter, told));
        }
    }
    for (existing, told) in [
        ("hello", "it is no SPF record"),
        ("v=spf1 -all v=spf1 -all", "two SPF records"),
        (
            "v=spf1 include: x.example -all",
            "`include:` is not valid SPF",
        ),
        (
            "v=spf1 redirect=a.example redirect=b.example",
            "may stand only once",
        ),
        (&many, "it has 11 terms that look something up"),
        ("v=spf1 -include:amazonses.com -all", "does not let it pass"),
        (&long, "255 octets at most"),
        (r"v=spf1 \u001b[2J -all", r"U+001B"),
    ] {
        cases.push((format!("{MERGE}(\"{existing}\")"), "existing", told));
    }
    let expressions: Vec<String> = cases
        .iter()
        .map(|(expression, ..)| expression.clone())
        .collect();
    ws.config(&outputs(&expressions));
    let run = ws.terraform(&["plan", "-json"]).exits(1);
    let lines = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let diagnostics: Vec<Value> = lines
        .filter(|line: &Value| line["type"] == "diagnostic")
        .map(|line| line["diagnostic"].clone())
        .collect();
    for (expression, parameter, told) in &cases {
        let line = format!("value = {expression}");
        let here = diagnostics.iter().find(|diagnostic| {
            let code = diagnostic["snippet"]["code"].as_str().unwrap_or_default();
            code.trim() == line
        });
        let here = here.unwrap_or_else(|| panic!("no error at {expression}: {diagnostics:#?}"));
        let detail = here["detail"].as_str().unwrap();
        let begins = format!("Invalid value for \"{parameter}\" parameter: ");
        assert!(
            detail.starts_with(&begins) && detail.contains(told),
            "{expression}: {detail}"
        );
        assert!(!detail.contains(char::is_control), "{detail:?}");
    }
    assert_eq!(diagnostics.len(), cases.len(), "{diagnostics:#?}");
    assert_eq!(ws.ses().calls(), []);
}

#[test]
fn zone_file_is_what_ses_and_dns_take() {
    if lacks(Feature::ProviderFunctions) {
        return;
    }
    let ws = Workspace::new();
    let zone_file = format!("{ZONE_FILE}({THIS}.mail_from_domain, {THIS}.region)");
    ws.config(&(basic() + &outputs(&[zone_file])));
    ws.apply().succeeds();
    let text = ws.terraform(&["output", "-raw", "o0"]).succeeds().stdout;
    ws.dns().load(&text).unwrap();
    ws.terraform(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    let dns = ws.resource(THIS).unwrap()["dns"].clone();
    assert_eq!(dns["mx"]["status"], "ok", "{dns}");
    assert_eq!(dns["spf"]["status"], "ok", "{dns}");
    ws.ends_with(&["example.com"]);
}
