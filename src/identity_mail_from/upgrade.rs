//! States of older releases, rewritten.
//!
//! | version | release | what the next one changes |
//! |---|---|---|
//! | 0 | 0.1.0 | `dns.*.found` becomes `dns.*.records` |

use serde_json::{Map, Value as Json};

use super::resource::IdentityMailFrom;
use crate::plugin::UpgradeState;

impl UpgradeState for IdentityMailFrom {
    fn upgrade(&self, from: i64, state: &mut Map<String, Json>) {
        if from == 0 {
            found_becomes_records(state);
        }
    }
}

fn found_becomes_records(state: &mut Map<String, Json>) {
    let findings = state.get_mut("dns").and_then(Json::as_object_mut);
    for finding in findings.into_iter().flat_map(Map::values_mut) {
        if let Some(finding) = finding.as_object_mut()
            && let Some(found) = finding.remove("found")
        {
            finding.entry("records").or_insert(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn upgraded(state: Json) -> Json {
        let Json::Object(mut state) = state else {
            panic!("{state} is no object");
        };
        IdentityMailFrom::default().upgrade(0, &mut state);
        Json::Object(state)
    }

    #[test]
    fn found_becomes_records_wherever_it_is() {
        let state = json!({
            "identity": "example.com",
            "dns": {
                "mx": { "status": "ok", "found": ["10 host"] },
                "spf": { "status": "missing", "found": [] },
            },
        });
        let expected = json!({
            "identity": "example.com",
            "dns": {
                "mx": { "status": "ok", "records": ["10 host"] },
                "spf": { "status": "missing", "records": [] },
            },
        });
        assert_eq!(upgraded(state), expected);
    }

    #[test]
    fn a_state_that_was_edited_stays_as_it_is() {
        for state in [
            json!({}),
            json!({ "dns": null }),
            json!({ "dns": "unknown" }),
            json!({ "dns": { "mx": null, "spf": ["found"] } }),
            json!({ "dns": { "mx": { "status": "ok" } } }),
            json!({ "found": ["another"] }),
        ] {
            assert_eq!(upgraded(state.clone()), state);
        }
        let both = json!({ "dns": { "mx": { "found": ["a"], "records": ["b"] } } });
        let kept = json!({ "dns": { "mx": { "records": ["b"] } } });
        assert_eq!(upgraded(both), kept);
    }
}
