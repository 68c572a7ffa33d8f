//! The resource identity of `ses_identity_mail_from`.

use serde_json::{Value as Json, json};
use terraform_provider_ses::plugin::proto::tfplugin6::{
    RawState, get_resource_identity_schemas, upgrade_resource_identity,
};

use crate::ses::{MAIL_FROM, REGION, World, config};
use crate::values::{UNKNOWN, attributes, identity, msgpack, read, read_identity, summaries};

fn of(identity: &str, region: Json) -> Json {
    json!({ "identity": identity, "region": region })
}

#[tokio::test]
async fn identity_goes_with_every_answer_of_a_life() {
    let mut world = World::start().await;
    world.add_identity("example.com");
    world.add_identity("example.org");
    let nothing = Json::Null;
    let wrong = identity(&of("wrong.example", json!("us-east-1")));

    let wanted = config(json!("EXAMPLE.com."), json!("bounce.example.com"));
    let planned = world.plan(&nothing, &wanted, None).await;
    assert_eq!(planned.diagnostics, []);
    let expected = of("example.com", json!(REGION));
    assert_eq!(read_identity(planned.planned_identity.as_ref()), expected);
    let created = world.apply(&nothing, planned).await;
    assert_eq!(created.diagnostics, []);
    assert_eq!(read_identity(created.new_identity.as_ref()), expected);
    let state = read(created.new_state.as_ref());

    // A state of an older release has none, and a wrong one is put right.
    for current in [None, wrong.clone()] {
        let found = world.read(&state, &created.private, current).await;
        assert_eq!(found.diagnostics, []);
        assert_eq!(read_identity(found.new_identity.as_ref()), expected);
    }

    let changed = config(json!("example.com"), json!("mail.example.com"));
    let planned = world.plan(&state, &changed, wrong.clone()).await;
    assert_eq!(read_identity(planned.planned_identity.as_ref()), expected);
    let updated = world.apply(&state, planned).await;
    assert_eq!(read_identity(updated.new_identity.as_ref()), expected);

    // A replacement is planned twice; Terraform hands on the identity of the first plan,
    // OpenTofu none.
    let other = config(json!("example.org"), json!("mail.example.org"));
    let first = world.plan(&state, &other, identity(&expected)).await;
    assert_eq!(first.requires_replace.len(), 1);
    for was in [first.planned_identity, identity(&expected), None] {
        let second = world.plan(&nothing, &other, was).await;
        let replaced = of("example.org", json!(REGION));
        assert_eq!(read_identity(second.planned_identity.as_ref()), replaced);
    }

    let unset = json!({
        "identity": "example.org",
        "mail_from_domain": "mail.example.org",
        "region": REGION,
    });
    let current = identity(&of("example.org", json!(REGION)));
    let gone = world.read(&unset, &[], current).await;
    assert_eq!(gone.diagnostics, []);
    assert_eq!(read(gone.new_state.as_ref()), nothing);
    assert_eq!(gone.new_identity, None);
}

#[tokio::test]
async fn what_a_create_does_not_know_yet_is_unknown_in_its_identity() {
    let mut world = World::unconfigured().await;
    world.configure(json!(UNKNOWN)).await;
    let domain = json!("bounce.example.com");
    let wanted = config(json!("example.com"), domain.clone());
    let planned = world.plan(&Json::Null, &wanted, None).await;
    assert_eq!(planned.diagnostics, []);
    let expected = of("example.com", json!(UNKNOWN));
    assert_eq!(read_identity(planned.planned_identity.as_ref()), expected);

    let planned = world
        .plan(&Json::Null, &config(json!(UNKNOWN), domain), None)
        .await;
    let expected = of(UNKNOWN, json!(UNKNOWN));
    assert_eq!(read_identity(planned.planned_identity.as_ref()), expected);
}

#[tokio::test]
async fn an_import_by_identity_is_one_by_id() {
    let mut world = World::start().await;
    world.add_identity("example.com");
    world.add_identity("Sender@example.com");
    for (named, id, completed) in [
        (
            json!({ "identity": "EXAMPLE.com." }),
            "example.com",
            of("example.com", json!(REGION)),
        ),
        (
            of("example.com", Json::Null),
            "example.com",
            of("example.com", json!(REGION)),
        ),
        (
            of("Sender@example.com", json!("us-east-1")),
            "Sender@example.com@us-east-1",
            of("Sender@example.com", json!("us-east-1")),
        ),
    ] {
        let by_identity = world.import(MAIL_FROM, "", identity(&named)).await;
        let by_id = world.import(MAIL_FROM, id, None).await;
        let mut states = Vec::new();
        for imported in [by_identity, by_id] {
            assert_eq!(imported.diagnostics, []);
            let resource = &imported.imported_resources[0];
            assert_eq!(read_identity(resource.identity.as_ref()), completed);
            assert!(!resource.private.is_empty());
            states.push(read(resource.state.as_ref()));
        }
        assert_eq!(states[0], states[1]);
    }

    let verification = "ses_identity_mail_from_verification";
    for (type_name, id, named, summary, path) in [
        (
            MAIL_FROM,
            "",
            of("example", Json::Null),
            "Invalid identity",
            vec!["identity"],
        ),
        (
            MAIL_FROM,
            "",
            of("", Json::Null),
            "Invalid identity",
            vec!["identity"],
        ),
        (
            MAIL_FROM,
            "",
            of("example.com", json!("nowhere")),
            "Invalid region",
            vec!["region"],
        ),
        (
            MAIL_FROM,
            "",
            json!({ "region": REGION }),
            "Invalid import identity",
            vec!["identity"],
        ),
        (
            MAIL_FROM,
            "example.com",
            of("example.com", Json::Null),
            "Import by two names",
            vec![],
        ),
        (
            verification,
            "",
            of("example.com", Json::Null),
            "No resource identity",
            vec![],
        ),
    ] {
        let refused = world.import(type_name, id, identity(&named)).await;
        assert_eq!(summaries(&refused.diagnostics), [summary], "{named}");
        assert_eq!(attributes(&refused.diagnostics[0]), path, "{named}");
        assert_eq!(refused.imported_resources, []);
    }
}

#[tokio::test]
async fn the_wait_has_no_identity() {
    let mut world = World::start().await;
    let request = get_resource_identity_schemas::Request {};
    let schemas = world.provider.get_resource_identity_schemas(request).await;
    let schemas = schemas.unwrap().into_inner();
    assert_eq!(schemas.diagnostics, []);
    let schemas = schemas.identity_schemas;
    assert_eq!(schemas.keys().collect::<Vec<_>>(), [MAIL_FROM]);
    let schema = &schemas[MAIL_FROM];
    assert_eq!(schema.version, 0);
    let attributes = schema.identity_attributes.iter().map(|attribute| {
        (
            attribute.name.as_str(),
            attribute.r#type.as_slice(),
            attribute.required_for_import,
            attribute.optional_for_import,
        )
    });
    let string = br#""string""#.as_slice();
    assert_eq!(
        attributes.collect::<Vec<_>>(),
        [
            ("identity", string, true, false),
            ("region", string, false, true)
        ]
    );
    let mut upgrade = async |version, json: &str| {
        let request = upgrade_resource_identity::Request {
            type_name: MAIL_FROM.to_owned(),
            version,
            raw_identity: Some(RawState {
                json: json.as_bytes().to_vec(),
                ..Default::default()
            }),
        };
        let upgraded = world.provider.upgrade_resource_identity(request).await;
        upgraded.unwrap().into_inner()
    };
    let upgraded = upgrade(0, r#"{"identity":"example.com"}"#).await;
    assert_eq!(upgraded.diagnostics, []);
    let data = upgraded.upgraded_identity.unwrap().identity_data;
    assert_eq!(data, msgpack(&of("example.com", Json::Null)));
    let newer = upgrade(1, "{}").await;
    assert_eq!(newer.upgraded_identity, None);
    assert!(
        newer.diagnostics[0]
            .detail
            .ends_with("Upgrade the provider.")
    );
}
