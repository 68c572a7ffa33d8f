//! A resource from its first plan to its destroy.

use serde_json::json;
use simulator::ses::Behavior;

use crate::harness::{REGION, THIS, Workspace, basic, mail_from};

#[test]
fn create_sends_all_three_parameters_and_keeps_what_ses_says() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply()
        .succeeds()
        .says("1 added, 0 changed, 0 destroyed");
    let calls = ws.sets();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].identities, ["example.com"]);
    assert_eq!(
        calls[0].mail_from_domain.as_deref(),
        Some("bounce.example.com")
    );
    assert_eq!(calls[0].behavior.as_deref(), Some("UseDefaultValue"));
    let state = ws.resource(THIS).unwrap();
    assert_eq!(state["id"], "example.com");
    assert_eq!(state["region"], REGION);
    assert_eq!(state["behavior_on_mx_failure"], "UseDefaultValue");
    assert_eq!(state["verification_status"], "Pending");
    assert_eq!(state["dns"]["mx"]["status"], "unchecked");
    assert_eq!(state["dns_check"], json!(null));
    assert_eq!(state["timeouts"], json!(null));
    ws.ends_with(&["example.com"]);
}
