//! Attributes that are only computed, configured all the same, and required ones that are
//! null.

use serde_json::json;
use terraform_provider_ses::plugin::proto::tfplugin6::attribute_path::step::Selector;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    Diagnostic, validate_data_resource_config, validate_resource_config,
};

use crate::plugin::Plugin;
use crate::values::{UNKNOWN, msgpack, summaries};

const READ_ONLY: &str = "Invalid configuration of a read-only attribute";

fn is_at(diagnostic: &Diagnostic, attribute: &str) -> bool {
    let steps = &diagnostic.attribute.as_ref().unwrap().steps;
    let selector = Some(Selector::AttributeName(attribute.to_owned()));
    steps.len() == 1 && steps[0].selector == selector
}

#[tokio::test]
async fn they_are_refused_in_a_resource_before_anything_else() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    for id in ["x", UNKNOWN] {
        let config = json!({ "id": id, "name": "", "mode": null, "limits": null });
        let request = validate_resource_config::Request {
            type_name: "toy_thing".to_owned(),
            config: msgpack(&config),
            ..Default::default()
        };
        let answer = provider.validate_resource_config(request).await.unwrap();
        let findings = answer.into_inner().diagnostics;
        assert_eq!(summaries(&findings), [READ_ONLY, "name is empty"]);
        assert!(is_at(&findings[0], "id"));
    }
}

#[tokio::test]
async fn they_are_refused_in_a_data_source() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let request = validate_data_resource_config::Request {
        type_name: "toy_echo".to_owned(),
        config: msgpack(&json!({ "said": "x", "heard": "x" })),
    };
    let answer = provider
        .validate_data_resource_config(request)
        .await
        .unwrap();
    let findings = answer.into_inner().diagnostics;
    assert_eq!(summaries(&findings), [READ_ONLY]);
    assert!(is_at(&findings[0], "heard"));
}

#[tokio::test]
async fn a_required_one_that_is_null_is_refused() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let request = validate_data_resource_config::Request {
        type_name: "toy_echo".to_owned(),
        config: msgpack(&json!({ "said": null, "heard": null })),
    };
    let answer = provider
        .validate_data_resource_config(request)
        .await
        .unwrap();
    let findings = answer.into_inner().diagnostics;
    assert_eq!(summaries(&findings), ["Missing required argument"]);
    assert!(is_at(&findings[0], "said"));
}
