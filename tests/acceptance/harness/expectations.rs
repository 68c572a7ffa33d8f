//! What tests ask of a workspace again and again.

use std::collections::BTreeMap;

use serde_json::Value;
use simulator::ses::{Call, Outcome, Snapshot};

use super::{REGION, SET, Workspace, wait_until};

impl Workspace {
    /// The attributes of a resource in the state; `None` if it is not there.
    #[track_caller]
    pub(crate) fn resource(&self, address: &str) -> Option<Value> {
        self.resources().remove(address)
    }

    /// The attributes of all resources in the state, by address.
    #[track_caller]
    pub(crate) fn resources(&self) -> BTreeMap<String, Value> {
        let state = self.state();
        let resources = state["values"]["root_module"]["resources"].as_array();
        let resources = resources.into_iter().flatten().map(|found| {
            let address = found["address"].as_str().unwrap().to_owned();
            (address, found["values"].clone())
        });
        resources.collect()
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
        self.calls_of(SET)
    }

    /// The calls of one operation, in the order in which they came.
    pub(crate) fn calls_of(&self, operation: &str) -> Vec<Call> {
        let mut calls = self.ses().calls();
        calls.retain(|call| call.action == operation);
        calls
    }

    /// Asserts that the state, once SES is done with what it was sent, holds
    /// what SES holds, no more and no less.
    #[track_caller]
    pub(crate) fn state_is_what_ses_holds(&self) {
        wait_until("SES has carried out what it was sent", || {
            let calls = self.ses().calls();
            calls.iter().all(|call| call.outcome != Outcome::InFlight)
        });
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let known: BTreeMap<_, _> = self
            .resources()
            .into_values()
            .filter(|values| values["mail_from_domain"].is_string())
            .map(|values| {
                let domain = text(&values["mail_from_domain"]);
                let behavior = text(&values["behavior_on_mx_failure"]);
                let status = text(&values["verification_status"]);
                (text(&values["identity"]), (domain, behavior, status))
            })
            .collect();
        let held: BTreeMap<_, _> = self
            .ses()
            .identities()
            .into_iter()
            .filter(|held| held.mail_from_domain.is_some())
            .map(|held| {
                let behavior = Some(held.behavior.as_str().to_owned());
                let status = held.status.map(|status| status.as_str().to_owned());
                let values = (held.mail_from_domain, behavior, status);
                (Some(held.identity), values)
            })
            .collect();
        assert_eq!(known, held, "the state, and what SES holds");
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

/// Waits until SES has been sent `count` calls of `action`.
#[track_caller]
pub(crate) fn wait_for_calls(ws: &Workspace, action: &str, count: usize) {
    wait_until(&format!("there are {count} calls of {action}"), || {
        let calls = ws.ses().calls();
        calls.iter().filter(|call| call.action == action).count() >= count
    });
}
