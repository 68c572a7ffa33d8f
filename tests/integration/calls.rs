//! The calls of the protocol, in a process where GetProviderSchema was never
//! called.

use serde_json::{Value as Json, json};
use terraform_provider_ses::plugin::proto::tfplugin6::attribute_path::step::Selector;
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    ClientCapabilities, Deferred, DynamicValue, RawState, apply_resource_change, call_function,
    deferred, get_functions, get_provider_schema, import_resource_state, plan_resource_change,
    read_data_source, read_resource, upgrade_resource_state, validate_provider_config,
    validate_resource_config,
};
use tonic::transport::Channel;

use crate::plugin::Plugin;
use crate::values::{UNKNOWN, is_bug, msgpack, read, summaries, thing};

type Provider = ProviderClient<Channel>;

async fn plan(
    provider: &mut Provider,
    prior: &Json,
    proposed: &Json,
) -> plan_resource_change::Response {
    let request = plan_resource_change::Request {
        type_name: "toy_thing".to_owned(),
        prior_state: msgpack(prior),
        proposed_new_state: msgpack(proposed),
        config: msgpack(proposed),
        prior_private: b"private".to_vec(),
        ..Default::default()
    };
    provider
        .plan_resource_change(request)
        .await
        .unwrap()
        .into_inner()
}

async fn apply(
    provider: &mut Provider,
    prior: &Json,
    planned: &Json,
) -> apply_resource_change::Response {
    let request = apply_resource_change::Request {
        type_name: "toy_thing".to_owned(),
        prior_state: msgpack(prior),
        planned_state: msgpack(planned),
        config: msgpack(planned),
        planned_private: b"private".to_vec(),
        ..Default::default()
    };
    provider
        .apply_resource_change(request)
        .await
        .unwrap()
        .into_inner()
}

async fn refresh(provider: &mut Provider, state: &Json) -> read_resource::Response {
    let request = read_resource::Request {
        type_name: "toy_thing".to_owned(),
        current_state: msgpack(state),
        private: b"private".to_vec(),
        ..Default::default()
    };
    provider.read_resource(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_resource_lives_from_plan_to_destroy() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let proposed = json!({ "id": UNKNOWN, "name": "a", "mode": null, "limits": { "rate": 0.9 } });

    let planned = plan(&mut provider, &Json::Null, &proposed).await;
    assert_eq!(planned.diagnostics, []);
    let state = json!({ "id": UNKNOWN, "name": "a", "mode": null, "limits": { "rate": "0.9" } });
    assert_eq!(read(planned.planned_state.as_ref()), state);
    assert_eq!(planned.planned_private, b"planned");

    let created = apply(&mut provider, &Json::Null, &proposed).await;
    assert_eq!(created.diagnostics, []);
    let state = json!({ "id": "a", "name": "a", "mode": null, "limits": { "rate": "0.9" } });
    assert_eq!(read(created.new_state.as_ref()), state);
    assert_eq!(created.private, b"private");

    let refreshed = refresh(&mut provider, &state).await;
    assert_eq!(refreshed.diagnostics, []);
    assert_eq!(read(refreshed.new_state.as_ref()), state);
    assert_eq!(refreshed.private, b"private");

    let renamed = plan(&mut provider, &thing("a", None), &thing("b", None)).await;
    let [path] = renamed.requires_replace.as_slice() else {
        panic!("one path, not {:?}", renamed.requires_replace);
    };
    let name = Some(Selector::AttributeName("name".to_owned()));
    assert_eq!(path.steps[0].selector, name);

    let updated = apply(&mut provider, &thing("a", None), &thing("a", Some("x"))).await;
    assert_eq!(read(updated.new_state.as_ref()), thing("a", Some("x")));

    let planned = plan(&mut provider, &thing("a", None), &Json::Null).await;
    assert_eq!(read(planned.planned_state.as_ref()), Json::Null);
    assert_eq!(planned.planned_private, b"private");
    let destroyed = apply(&mut provider, &thing("a", None), &Json::Null).await;
    assert_eq!(destroyed.diagnostics, []);
    assert_eq!(read(destroyed.new_state.as_ref()), Json::Null);
}

#[tokio::test]
async fn a_resource_is_told_of_a_destroy_that_is_planned() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    for (mode, expected) in [
        (None, vec![]),
        (Some("warn"), vec!["a destroy is planned"]),
        (Some("unknown"), vec!["rate is unknown"]),
    ] {
        let planned = plan(&mut provider, &thing("a", mode), &Json::Null).await;
        assert_eq!(summaries(&planned.diagnostics), expected);
        assert_eq!(planned.planned_private, b"private");
        assert_eq!(read(planned.planned_state.as_ref()), Json::Null);
        if mode == Some("warn") {
            assert_eq!(planned.diagnostics[0].detail, "private");
        }
    }
    let planned = plan(&mut provider, &thing("a", Some("panic")), &Json::Null).await;
    assert!(is_bug(&planned.diagnostics), "{:?}", planned.diagnostics);
}

#[tokio::test]
async fn a_handler_that_panics_orphans_and_forgets_nothing() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let panics = thing("a", Some("panic"));

    let planned = json!({ "id": UNKNOWN, "name": "a", "mode": "panic", "limits": null });
    let created = apply(&mut provider, &Json::Null, &planned).await;
    assert!(is_bug(&created.diagnostics), "{:?}", created.diagnostics);
    let known = json!({ "id": null, "name": "a", "mode": "panic", "limits": null });
    assert_eq!(read(created.new_state.as_ref()), known);

    let updated = apply(&mut provider, &thing("a", None), &panics).await;
    assert!(is_bug(&updated.diagnostics));
    assert_eq!(read(updated.new_state.as_ref()), thing("a", None));
    assert_eq!(updated.private, b"private");

    let destroyed = apply(&mut provider, &panics, &Json::Null).await;
    assert!(is_bug(&destroyed.diagnostics));
    assert_eq!(read(destroyed.new_state.as_ref()), panics);

    let refreshed = refresh(&mut provider, &panics).await;
    assert!(is_bug(&refreshed.diagnostics));
    assert_eq!(read(refreshed.new_state.as_ref()), panics);
    assert_eq!(refreshed.private, b"private");
}

#[tokio::test]
async fn a_panic_at_validation_is_an_error() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let config = json!({ "id": null, "name": "a", "mode": "panic at validation", "limits": null });
    let request = validate_resource_config::Request {
        type_name: "toy_thing".to_owned(),
        config: msgpack(&config),
        ..Default::default()
    };
    let answer = provider.validate_resource_config(request).await.unwrap();
    assert!(is_bug(&answer.into_inner().diagnostics));
}

#[tokio::test]
async fn what_is_no_object_is_refused() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    for nothing in [Json::Null, json!(UNKNOWN)] {
        let request = validate_resource_config::Request {
            type_name: "toy_thing".to_owned(),
            config: msgpack(&nothing),
            ..Default::default()
        };
        let answer = provider.validate_resource_config(request).await.unwrap();
        let validated = answer.into_inner().diagnostics;
        let refreshed = refresh(&mut provider, &nothing).await.diagnostics;
        for diagnostics in [validated, refreshed] {
            assert_eq!(summaries(&diagnostics), ["Value cannot be decoded"]);
        }
    }
}

#[tokio::test]
async fn what_was_made_and_cannot_be_written_is_not_orphaned() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let planned = json!({ "id": UNKNOWN, "name": "a", "mode": "garbled", "limits": null });
    let created = apply(&mut provider, &Json::Null, &planned).await;
    assert!(is_bug(&created.diagnostics), "{:?}", created.diagnostics);
    let known = json!({ "id": null, "name": "a", "mode": "garbled", "limits": null });
    assert_eq!(read(created.new_state.as_ref()), known);
    assert_eq!(created.private, b"private");

    let garbled = thing("b", Some("garbled"));
    let updated = apply(&mut provider, &thing("a", None), &garbled).await;
    assert!(is_bug(&updated.diagnostics));
    assert_eq!(read(updated.new_state.as_ref()), thing("a", None));
}

#[tokio::test]
async fn what_needs_an_unknown_setting_is_put_off_where_the_host_takes_that() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let unknown = thing("a", Some("unknown"));
    for deferral_allowed in [true, false] {
        let client = Some(ClientCapabilities {
            deferral_allowed,
            ..Default::default()
        });
        let reason = deferral_allowed.then(|| Deferred {
            reason: deferred::Reason::ProviderConfigUnknown.into(),
        });
        let request = read_resource::Request {
            type_name: "toy_thing".to_owned(),
            current_state: msgpack(&unknown),
            private: b"private".to_vec(),
            client_capabilities: client,
            ..Default::default()
        };
        let answer = provider.read_resource(request).await.unwrap().into_inner();
        assert_eq!(answer.deferred, reason);
        assert_eq!(answer.diagnostics.is_empty(), deferral_allowed);
        assert_eq!(read(answer.new_state.as_ref()), unknown);
        assert_eq!(answer.private, b"private");
    }
    let client = Some(ClientCapabilities {
        deferral_allowed: true,
        ..Default::default()
    });
    let request = plan_resource_change::Request {
        type_name: "toy_thing".to_owned(),
        prior_state: msgpack(&Json::Null),
        proposed_new_state: msgpack(&unknown),
        config: msgpack(&unknown),
        client_capabilities: client,
        ..Default::default()
    };
    let planned = provider.plan_resource_change(request).await.unwrap();
    let planned = planned.into_inner();
    assert!(planned.deferred.is_some() && planned.diagnostics.is_empty());
    assert_eq!(read(planned.planned_state.as_ref()), unknown);

    let request = import_resource_state::Request {
        type_name: "toy_thing".to_owned(),
        id: "unknown".to_owned(),
        client_capabilities: client,
        ..Default::default()
    };
    let answer = provider.import_resource_state(request).await.unwrap();
    let answer = answer.into_inner();
    assert!(answer.deferred.is_some() && answer.diagnostics.is_empty());
    let imported = answer.imported_resources[0].state.as_ref();
    assert_eq!(read(imported), json!(UNKNOWN));
}

#[tokio::test]
async fn a_provider_that_was_not_configured_says_so() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let refreshed = refresh(&mut provider, &thing("a", Some("settings"))).await;
    assert_eq!(
        summaries(&refreshed.diagnostics),
        ["Provider not configured"]
    );
}

#[tokio::test]
async fn no_answer_and_no_reason_is_an_error_and_changes_nothing() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let silent = thing("a", Some("silent"));

    let refreshed = refresh(&mut provider, &silent).await;
    assert!(is_bug(&refreshed.diagnostics));
    assert_eq!(read(refreshed.new_state.as_ref()), silent);
    assert_eq!(refreshed.private, b"private");

    let created = apply(&mut provider, &Json::Null, &silent).await;
    assert!(is_bug(&created.diagnostics));
    assert_eq!(read(created.new_state.as_ref()), Json::Null);

    let updated = apply(&mut provider, &thing("a", None), &silent).await;
    assert!(is_bug(&updated.diagnostics));
    assert_eq!(read(updated.new_state.as_ref()), thing("a", None));

    let destroyed = apply(&mut provider, &silent, &Json::Null).await;
    assert!(is_bug(&destroyed.diagnostics));
    assert_eq!(read(destroyed.new_state.as_ref()), silent);
    assert_eq!(destroyed.private, b"private");
}

#[tokio::test]
async fn a_resource_that_is_gone_reads_as_null() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let refreshed = refresh(&mut provider, &thing("a", Some("gone"))).await;
    assert_eq!(refreshed.diagnostics, []);
    assert_eq!(read(refreshed.new_state.as_ref()), Json::Null);
}

#[tokio::test]
async fn an_import_has_its_private_state() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let request = import_resource_state::Request {
        type_name: "toy_thing".to_owned(),
        id: "x".to_owned(),
        ..Default::default()
    };
    let answer = provider
        .import_resource_state(request)
        .await
        .unwrap()
        .into_inner();
    let [imported] = answer.imported_resources.as_slice() else {
        panic!("one resource, not {answer:?}");
    };
    assert_eq!(imported.type_name, "toy_thing");
    assert_eq!(read(imported.state.as_ref()), thing("x", None));
    assert_eq!(imported.private, b"imported");
}

#[tokio::test]
async fn a_finding_has_a_path_and_harmless_text() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let validate = |config: Json| validate_resource_config::Request {
        type_name: "toy_thing".to_owned(),
        config: msgpack(&config),
        ..Default::default()
    };
    let nameless = json!({ "id": null, "name": "", "mode": null, "limits": null });
    let answer = provider.validate_resource_config(validate(nameless)).await;
    let answer = answer.unwrap().into_inner();
    let [finding] = answer.diagnostics.as_slice() else {
        panic!("one finding, not {answer:?}");
    };
    assert_eq!(finding.detail, "say \\u{1b}[31msomething");
    let step = &finding.attribute.as_ref().unwrap().steps[0];
    let name = Some(Selector::AttributeName("name".to_owned()));
    assert_eq!(step.selector, name);

    let unknown = json!({ "id": null, "name": UNKNOWN, "mode": UNKNOWN, "limits": UNKNOWN });
    let answer = provider.validate_resource_config(validate(unknown)).await;
    assert_eq!(answer.unwrap().into_inner().diagnostics, []);

    let wrong = json!({ "name": ["a"] });
    let answer = provider.validate_resource_config(validate(wrong)).await;
    let answer = answer.unwrap().into_inner();
    let finding = &answer.diagnostics[0];
    assert!(
        finding
            .detail
            .contains("expected a string, found a sequence")
    );
    assert_eq!(finding.attribute.as_ref().unwrap().steps[0].selector, name);
}

#[tokio::test]
async fn a_fraction_in_the_provider_block_is_read() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    for (rate, findings) in [
        (json!(0.9), 0),
        (json!(1), 0),
        (json!(-0.1), 1),
        (json!(UNKNOWN), 0),
    ] {
        let config = msgpack(&json!({ "rate": rate }));
        let request = validate_provider_config::Request { config };
        let answer = provider.validate_provider_config(request).await.unwrap();
        assert_eq!(answer.into_inner().diagnostics.len(), findings, "{rate}");
    }
}

#[tokio::test]
async fn an_unknown_type_is_an_error() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let request = read_resource::Request {
        type_name: "toy_other".to_owned(),
        current_state: msgpack(&json!({ "x": 1 })),
        private: b"private".to_vec(),
        ..Default::default()
    };
    let answer = provider.read_resource(request).await.unwrap().into_inner();
    assert_eq!(
        answer.diagnostics[0].detail,
        "The provider has no resource \"toy_other\"."
    );
    assert_eq!(read(answer.new_state.as_ref()), json!({ "x": 1 }));
    assert_eq!(answer.private, b"private");
}

#[tokio::test]
async fn a_stored_state_is_fitted_to_the_schema() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let stored = |version, json: &str| upgrade_resource_state::Request {
        type_name: "toy_thing".to_owned(),
        version,
        raw_state: Some(RawState {
            json: json.as_bytes().to_vec(),
            ..Default::default()
        }),
    };
    for (version, name) in [(i64::MIN, "title"), (0, "title"), (1, "label"), (2, "name")] {
        let state = format!(r#"{{ "id": "a", "{name}": "a", "retired": [1] }}"#);
        let request = stored(version, &state);
        let answer = provider
            .upgrade_resource_state(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.diagnostics, []);
        assert_eq!(read(answer.upgraded_state.as_ref()), thing("a", None));
    }

    let panics = provider
        .upgrade_resource_state(stored(1, r#"{ "panic": true }"#))
        .await
        .unwrap();
    assert!(is_bug(&panics.into_inner().diagnostics));

    let newer = provider
        .upgrade_resource_state(stored(3, "{}"))
        .await
        .unwrap();
    let newer = newer.into_inner();
    assert_eq!(
        summaries(&newer.diagnostics),
        ["State is newer than the provider"]
    );
    assert_eq!(newer.upgraded_state, None);

    for nothing in ["", "null"] {
        let request = stored(2, nothing);
        let refused = provider.upgrade_resource_state(request).await.unwrap();
        let refused = refused.into_inner().diagnostics;
        assert_eq!(summaries(&refused), ["State cannot be read"]);
    }
}

#[tokio::test]
async fn data_sources_and_functions_answer() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let request = read_data_source::Request {
        type_name: "toy_echo".to_owned(),
        config: msgpack(&json!({ "said": "a" })),
        ..Default::default()
    };
    let answer = provider
        .read_data_source(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        read(answer.state.as_ref()),
        json!({ "said": "a", "heard": "a" })
    );

    let functions = provider
        .get_functions(get_functions::Request {})
        .await
        .unwrap();
    let functions = functions.into_inner().functions;
    assert_eq!(functions["shout"].parameters[0].r#type, br#""string""#);
    let mut shout = async |text: &str| {
        let request = call_function::Request {
            name: "shout".to_owned(),
            arguments: msgpack(&json!(text)).into_iter().collect(),
        };
        provider.call_function(request).await.unwrap().into_inner()
    };
    assert_eq!(read(shout("a").await.result.as_ref()), json!("A"));
    let error = shout("").await.error.unwrap();
    assert_eq!(
        (error.text.as_str(), error.function_argument),
        ("nothing to shout", Some(0))
    );
}

#[tokio::test]
async fn what_is_announced_is_what_is_served() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let request = get_provider_schema::Request {};
    let schemas = provider
        .get_provider_schema(request)
        .await
        .unwrap()
        .into_inner();
    let capabilities = schemas.server_capabilities.unwrap();
    assert!(capabilities.plan_destroy);
    assert!(capabilities.get_provider_schema_optional);
    assert!(capabilities.move_resource_state);
    assert!(!capabilities.generate_resource_config);
    assert!(schemas.data_source_schemas.contains_key("toy_echo"));
    assert!(schemas.functions.contains_key("shout"));
    let schema = &schemas.resource_schemas["toy_thing"];
    assert_eq!(schema.version, 2);
    let block = schema.block.as_ref().unwrap();
    let names: Vec<_> = block.attributes.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["id", "mode", "name"]);
}

#[tokio::test]
async fn messages_may_be_large() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    let name = "a".repeat(20 << 20);
    let refreshed = refresh(&mut provider, &thing(&name, None)).await;
    assert_eq!(refreshed.diagnostics, []);
    assert_eq!(read(refreshed.new_state.as_ref()), thing(&name, None));
}

#[tokio::test]
async fn hostile_values_are_errors() {
    let plugin = Plugin::start().await;
    let mut provider = plugin.provider().await;
    for msgpack in [
        [0x91].repeat(1 << 20),
        vec![0xdd, 0xff, 0xff, 0xff, 0xff],
        vec![0xc0, 0xc0],
    ] {
        let request = validate_resource_config::Request {
            type_name: "toy_thing".to_owned(),
            config: Some(DynamicValue {
                msgpack,
                json: Vec::new(),
            }),
            ..Default::default()
        };
        let answer = provider.validate_resource_config(request).await.unwrap();
        let diagnostics = answer.into_inner().diagnostics;
        assert_eq!(summaries(&diagnostics), ["Value cannot be decoded"]);
    }
}
