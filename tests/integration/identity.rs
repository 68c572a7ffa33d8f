//! Resource identity, as any provider on this server has it.

use serde_json::{Value as Json, json};
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    ClientCapabilities, RawState, ResourceIdentityData, apply_resource_change,
    get_resource_identity_schemas, import_resource_state, plan_resource_change, read_resource,
    upgrade_resource_identity,
};
use tonic::transport::Channel;

use crate::plugin::Plugin;
use crate::values::{
    UNKNOWN, attributes, identity, is_bug, msgpack, read, read_identity, summaries, thing,
};

/// What no answer may ever hold: that of another object.
fn other() -> Option<ResourceIdentityData> {
    identity(&json!({ "name": "another", "id": "another" }))
}

struct Toy {
    _plugin: Plugin,
    provider: ProviderClient<Channel>,
}

impl Toy {
    async fn start() -> Self {
        let plugin = Plugin::start().await;
        Self {
            provider: plugin.provider().await,
            _plugin: plugin,
        }
    }

    /// The identity that a plan answers for a prior one.
    async fn plan(
        &mut self,
        prior: &Json,
        config: &Json,
        was: Option<ResourceIdentityData>,
    ) -> Json {
        let request = plan_resource_change::Request {
            type_name: "toy_thing".to_owned(),
            prior_state: msgpack(prior),
            proposed_new_state: msgpack(config),
            config: msgpack(config),
            prior_identity: was,
            ..Default::default()
        };
        let planned = self.provider.plan_resource_change(request).await.unwrap();
        let planned = planned.into_inner();
        assert_eq!(planned.diagnostics, []);
        read_identity(planned.planned_identity.as_ref())
    }

    async fn apply(&mut self, prior: &Json, planned: &Json) -> apply_resource_change::Response {
        let request = apply_resource_change::Request {
            type_name: "toy_thing".to_owned(),
            prior_state: msgpack(prior),
            planned_state: msgpack(planned),
            config: msgpack(planned),
            planned_identity: other(),
            ..Default::default()
        };
        let applied = self.provider.apply_resource_change(request).await.unwrap();
        applied.into_inner()
    }

    async fn read(&mut self, state: &Json) -> read_resource::Response {
        let request = read_resource::Request {
            type_name: "toy_thing".to_owned(),
            current_state: msgpack(state),
            current_identity: other(),
            ..Default::default()
        };
        self.provider
            .read_resource(request)
            .await
            .unwrap()
            .into_inner()
    }

    async fn import(
        &mut self,
        id: &str,
        identity: Option<ResourceIdentityData>,
        may_defer: bool,
    ) -> import_resource_state::Response {
        let request = import_resource_state::Request {
            type_name: "toy_thing".to_owned(),
            id: id.to_owned(),
            identity,
            client_capabilities: Some(ClientCapabilities {
                deferral_allowed: may_defer,
                ..Default::default()
            }),
        };
        let imported = self.provider.import_resource_state(request).await.unwrap();
        imported.into_inner()
    }
}

fn named(name: &str, id: Json) -> Json {
    json!({ "name": name, "id": id })
}

#[tokio::test]
async fn a_plan_derives_identity_and_echoes_none() {
    let mut toy = Toy::start().await;
    let (nothing, a, b) = (Json::Null, thing("a", None), thing("b", None));
    let created = json!({ "id": UNKNOWN, "name": "b", "mode": null, "limits": null });
    for was in [None, other()] {
        let planned = toy.plan(&nothing, &created, was.clone()).await;
        assert_eq!(planned, named("b", json!(UNKNOWN)), "create");
        let changed = thing("a", Some("x"));
        let planned = toy.plan(&a, &changed, was.clone()).await;
        assert_eq!(planned, named("a", json!("a")), "update");
        assert_eq!(
            toy.plan(&a, &nothing, was.clone()).await,
            nothing,
            "destroy"
        );
        // A replacement is planned with the object that it replaces, and then without:
        // Terraform hands on the identity that the first plan had, OpenTofu none.
        let first = toy.plan(&a, &b, was.clone()).await;
        assert_eq!(first, named("b", json!("a")));
        for was in [None, identity(&first)] {
            let second = toy.plan(&nothing, &created, was).await;
            assert_eq!(second, named("b", json!(UNKNOWN)), "replace");
        }
    }
}

#[tokio::test]
async fn identity_is_known_after_every_apply() {
    let mut toy = Toy::start().await;
    let nothing = Json::Null;
    let a = thing("a", None);
    let planned = |mode: Json| json!({ "id": UNKNOWN, "name": "a", "mode": mode, "limits": null });
    for (prior, planned, errors, identity) in [
        (&nothing, planned(Json::Null), 0, named("a", json!("a"))),
        // Broken off, it may have made what nothing more is known of.
        (&nothing, planned(json!("panic")), 1, named("a", Json::Null)),
        (
            &nothing,
            planned(json!("garbled")),
            1,
            named("a", Json::Null),
        ),
        (&nothing, planned(json!("silent")), 1, Json::Null),
        (&a, thing("a", Some("x")), 0, named("a", json!("a"))),
        (&a, thing("b", Some("panic")), 1, named("a", json!("a"))),
        (&a, thing("b", Some("silent")), 1, named("a", json!("a"))),
        (&a, Json::Null, 0, Json::Null),
        (
            &thing("a", Some("panic")),
            Json::Null,
            1,
            named("a", json!("a")),
        ),
        (
            &thing("a", Some("silent")),
            Json::Null,
            1,
            named("a", json!("a")),
        ),
    ] {
        let applied = toy.apply(prior, &planned).await;
        assert_eq!(applied.diagnostics.len(), errors, "{planned}");
        let found = read_identity(applied.new_identity.as_ref());
        assert_eq!(found, identity, "{prior} {planned}");
    }
}

#[tokio::test]
async fn a_read_answers_the_identity_of_what_it_found() {
    let mut toy = Toy::start().await;
    let known = named("a", json!("a"));
    for (mode, identity) in [
        (None, known.clone()),
        (Some("gone"), Json::Null),
        // It could not be read, and stays.
        (Some("silent"), known.clone()),
        (Some("panic"), known),
    ] {
        let found = toy.read(&thing("a", mode)).await;
        assert_eq!(
            read_identity(found.new_identity.as_ref()),
            identity,
            "{mode:?}"
        );
    }
    let broken = toy.read(&thing("a", Some("panic at identity"))).await;
    assert!(is_bug(&broken.diagnostics), "{:?}", broken.diagnostics);
    assert_eq!(broken.new_identity, None);
}

#[tokio::test]
async fn an_import_by_identity_answers_it_completed() {
    let mut toy = Toy::start().await;
    for (named, state) in [
        (json!({ "name": "a" }), json!({ "name": "a", "id": null })),
        (
            json!({ "name": "a", "id": null }),
            json!({ "name": "a", "id": null }),
        ),
        (
            json!({ "name": "a", "id": "i" }),
            json!({ "name": "a", "id": "i" }),
        ),
    ] {
        let imported = toy.import("", identity(&named), false).await;
        assert_eq!(imported.diagnostics, []);
        let [resource] = imported.imported_resources.as_slice() else {
            panic!("one resource, not {imported:?}");
        };
        assert_eq!(resource.private, b"imported");
        assert_eq!(read_identity(resource.identity.as_ref()), state);
        let imported = read(resource.state.as_ref());
        assert_eq!(
            (&imported["name"], &imported["id"]),
            (&state["name"], &state["id"])
        );
    }
    let by_id = toy.import("x", None, false).await;
    let imported = by_id.imported_resources[0].identity.as_ref();
    assert_eq!(read_identity(imported), json!({ "name": "x", "id": "x" }));

    let deferred = toy
        .import("", identity(&json!({ "name": "unknown" })), true)
        .await;
    assert!(deferred.deferred.is_some());
    assert_eq!(
        (
            deferred.diagnostics.len(),
            deferred.imported_resources.len()
        ),
        (0, 0)
    );
}

#[tokio::test]
async fn an_identity_that_cannot_be_imported_says_why() {
    let mut toy = Toy::start().await;
    for (id, named, summary, problem, path) in [
        (
            "",
            json!({ "id": "a" }),
            "Invalid import identity",
            "it is missing",
            Some("name"),
        ),
        (
            "",
            json!({ "name": null }),
            "Invalid import identity",
            "it is missing",
            Some("name"),
        ),
        (
            "",
            json!({ "name": UNKNOWN }),
            "Invalid import identity",
            "it is not known yet",
            Some("name"),
        ),
        (
            "",
            json!({ "name": "a", "id": UNKNOWN }),
            "Invalid import identity",
            "it is not known yet",
            Some("id"),
        ),
        (
            "",
            json!({ "name": "a", "colour": "red" }),
            "Invalid import identity",
            "the schema has no \"colour\" there",
            Some("colour"),
        ),
        (
            "",
            json!({ "name": ["a"] }),
            "Invalid import identity",
            "expected a string, found a sequence",
            Some("name"),
        ),
        (
            "",
            json!("a"),
            "Invalid import identity",
            "expected an object",
            None,
        ),
        (
            "",
            Json::Null,
            "Invalid import identity",
            "there is none",
            None,
        ),
        (
            "",
            json!(UNKNOWN),
            "Invalid import identity",
            "it is not known yet",
            None,
        ),
        (
            "a",
            json!({ "name": "a" }),
            "Import by two names",
            "by one of them",
            None,
        ),
    ] {
        let refused = toy.import(id, identity(&named), false).await;
        assert_eq!(refused.imported_resources, [], "{named}");
        assert_eq!(summaries(&refused.diagnostics), [summary], "{named}");
        let told = &refused.diagnostics[0];
        assert!(told.detail.contains(problem), "{}", told.detail);
        assert_eq!(attributes(told), path.into_iter().collect::<Vec<_>>());
        if summary == "Invalid import identity" {
            let remedy = "The identity of an import needs `name`, and may have `id`";
            assert!(told.detail.contains(remedy), "{}", told.detail);
        }
    }
}

#[tokio::test]
async fn a_stored_identity_is_fitted_to_the_schema() {
    let mut toy = Toy::start().await;
    let request = get_resource_identity_schemas::Request {};
    let schemas = toy
        .provider
        .get_resource_identity_schemas(request)
        .await
        .unwrap();
    let schemas = schemas.into_inner().identity_schemas;
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["toy_thing"]);
    assert_eq!(schemas["toy_thing"].version, 1);

    for (type_name, version, json, expected) in [
        (
            "toy_thing",
            i64::MIN,
            r#"{"name":"a","id":"i"}"#,
            Ok(json!({"name":"a","id":"i"})),
        ),
        (
            "toy_thing",
            0,
            r#"{"name":"a","old":1}"#,
            Ok(json!({"name":"a","id":null})),
        ),
        (
            "toy_thing",
            1,
            r#"{"name":"a"}"#,
            Ok(json!({"name":"a","id":null})),
        ),
        (
            "toy_thing",
            2,
            "{}",
            Err("Resource identity is newer than the provider"),
        ),
        ("toy_thing", 0, "", Err("Resource identity cannot be read")),
        (
            "toy_thing",
            0,
            "null",
            Err("Resource identity cannot be read"),
        ),
        (
            "toy_thing",
            0,
            r#"{"name":1}"#,
            Err("Resource identity cannot be read"),
        ),
        ("toy_other", 0, "{}", Err("Unknown type")),
    ] {
        let request = upgrade_resource_identity::Request {
            type_name: type_name.to_owned(),
            version,
            raw_identity: Some(RawState {
                json: json.as_bytes().to_vec(),
                ..Default::default()
            }),
        };
        let answer = toy
            .provider
            .upgrade_resource_identity(request)
            .await
            .unwrap();
        let answer = answer.into_inner();
        let found = match summaries(&answer.diagnostics).as_slice() {
            [] => Ok(read_identity(answer.upgraded_identity.as_ref())),
            [summary] => Err(*summary),
            more => panic!("{more:?}"),
        };
        assert_eq!(found, expected, "{version} {json}");
    }
}
