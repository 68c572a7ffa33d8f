//! What tests ask of a workspace again and again.

use serde_json::Value;
use simulator::ses::{Call, Snapshot};

use super::{REGION, Workspace};

const SET: &str = "SetIdentityMailFromDomain";

impl Workspace {
    /// The attributes of a resource in the state; `None` if it is not there.
    #[track_caller]
    pub(crate) fn resource(&self, address: &str) -> Option<Value> {
        let state = self.state();
        let resources = state["values"]["root_module"]["resources"].as_array()?;
        let resource = resources.iter().find(|found| found["address"] == address)?;
        Some(resource["values"].clone())
    }

    /// Whether a resource is tainted in the state.
    #[track_caller]
    pub(crate) fn is_tainted(&self, address: &str) -> bool {
        let state = self.state();
        let resources = state["values"]["root_module"]["resources"].as_array();
        resources
            .into_iter()
            .flatten()
            .any(|found| found["address"] == address && found["tainted"] == true)
    }

    /// What is planned for a resource, as `change` in the plan's JSON.
    #[track_caller]
    pub(crate) fn planned_change(&self, address: &str) -> Value {
        let plan = self.plan_json();
        let changes = plan["resource_changes"].as_array().unwrap();
        let change = changes.iter().find(|found| found["address"] == address);
        change.unwrap()["change"].clone()
    }

    /// What SES holds of an identity in the default region.
    #[track_caller]
    pub(crate) fn held(&self, identity: &str) -> Snapshot {
        self.ses().get(REGION, identity).unwrap()
    }

    /// The calls that change something, in the order in which they came.
    pub(crate) fn sets(&self) -> Vec<Call> {
        let mut calls = self.ses().calls();
        calls.retain(|call| call.action == SET);
        calls
    }

    /// Asserts an empty plan, first without a refresh, then with one.
    #[track_caller]
    pub(crate) fn plans_nothing(&self) {
        self.terraform(&["plan", "-detailed-exitcode", "-refresh=false"])
            .succeeds();
        self.plan().succeeds();
    }

    /// The end of every lifecycle: nothing to change, then a destroy that
    /// unsets what SES holds of each of `identities`, and nothing else.
    #[track_caller]
    pub(crate) fn ends_with(&self, identities: &[&str]) {
        self.plans_nothing();
        self.ses().clear_calls();
        self.destroy().succeeds();
        let mut unset = Vec::new();
        for call in self.sets() {
            assert_eq!(call.mail_from_domain, None, "{call:?}");
            assert_eq!(call.behavior, None, "{call:?}");
            unset.extend(call.identities);
        }
        unset.sort();
        let mut expected = identities.to_vec();
        expected.sort_unstable();
        assert_eq!(unset, expected);
        for held in self.ses().identities() {
            assert_eq!(held.mail_from_domain, None, "{held:?}");
        }
    }
}
