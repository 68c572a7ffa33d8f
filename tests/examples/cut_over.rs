//! The guide to the cut-over.

use std::fs;
use std::path::Path;

use simulator::ses::{Behavior, Status};

use crate::ADDRESS;
use crate::harness::{Workspace, wait_until};

/// The blocks of code in a guide that are marked with `language`, without their indents.
fn blocks(guide: &str, language: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides");
    let text = fs::read_to_string(path.join(guide)).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let opening = format!("```{language}");
    let begins = (0..lines.len()).filter(|line| lines[*line] == opening);
    let block = |begin: usize| {
        let code = lines[begin + 1..].iter().take_while(|line| **line != "```");
        code.copied().collect::<Vec<_>>().join("\n")
    };
    begins.map(block).collect()
}

#[test]
fn cut_over_guide_refuses_mail_once_the_record_was_there() {
    let ws = Workspace::new();
    let [resource] = &blocks("cut-over.md", "terraform")[..] else {
        panic!("the guide has one configuration");
    };
    ws.config(resource);
    ws.apply().succeeds();
    assert_eq!(ws.held("example.com").behavior, Behavior::UseDefaultValue);
    ws.plans_nothing();

    let record = "feedback-smtp.us-east-1.amazonses.com";
    let domain = "bounce.example.com";
    ws.dns().set_mx(domain, &[(10, record)]).unwrap();
    wait_until("SES says Success", || {
        ws.held("example.com").status == Some(Status::Success)
    });
    let planned = ws.plan().exits(2);
    let [update] = &blocks("cut-over.md", "text")[..] else {
        panic!("the guide shows one plan");
    };
    for line in update.lines() {
        assert!(planned.stdout.contains(line), "{line}\n{}", planned.stdout);
    }
    ws.apply().succeeds();
    assert_eq!(ws.held("example.com").behavior, Behavior::RejectMessage);
    assert_eq!(
        ws.resource(ADDRESS).unwrap()["behavior_on_mx_failure"],
        "RejectMessage"
    );
    ws.ends_with(&["example.com"]);
}
