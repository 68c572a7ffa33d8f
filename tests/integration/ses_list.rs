//! The list of `ses_identity_mail_from`, which no Terraform before 1.14 calls.

use std::time::Duration;

use serde_json::{Value as Json, json};
use simulator::ses::{Behavior, Fault, FaultKind, Outcome};
use terraform_provider_ses::plugin::proto::tfplugin6::list_resource::{self, Event};
use terraform_provider_ses::plugin::proto::tfplugin6::{
    get_metadata, get_provider_schema, stop_provider, validate_list_resource_config,
};
use tokio::time::{sleep, timeout};
use tonic::Streaming;

use crate::plugin::SOON;
use crate::ses::{MAIL_FROM, REGION, World};
use crate::values::{UNKNOWN, attributes, msgpack, read, read_identity, summaries};

const LIST: &str = "ListIdentities";
const GET: &str = "GetIdentityMailFromDomainAttributes";

/// So many identities with MAIL FROM domains, and half as many without.
fn fill(world: &World, count: usize) {
    let ses = world.simulator.ses();
    let names: Vec<String> = (0..count).map(|n| format!("d{n}.example")).collect();
    let unset: Vec<String> = (0..count / 2).map(|n| format!("u{n}.example")).collect();
    ses.add_identities(REGION, &names, true);
    ses.add_identities(REGION, &unset, true);
    for name in &names {
        let domain = format!("bounce.{name}");
        ses.set_mail_from(REGION, name, &domain, Behavior::RejectMessage)
            .unwrap();
    }
}

/// How many calls of an operation SES has had, none of them refused.
fn calls(world: &World, operation: &str) -> usize {
    let calls = world.simulator.ses().calls().into_iter();
    let calls: Vec<_> = calls.filter(|call| call.action == operation).collect();
    let is_refused = |outcome: &Outcome| !matches!(outcome, Outcome::Accepted | Outcome::InFlight);
    assert!(!calls.iter().any(|call| is_refused(&call.outcome)));
    calls.len()
}

impl World {
    async fn stream(&mut self, config: &Json, objects: bool, limit: i64) -> Streaming<Event> {
        let request = list_resource::Request {
            type_name: MAIL_FROM.to_owned(),
            config: msgpack(config),
            include_resource_object: objects,
            limit,
        };
        let answer = self.provider.list_resource(request).await.unwrap();
        answer.into_inner()
    }

    /// All events of a list.
    async fn list(&mut self, config: &Json, objects: bool, limit: i64) -> Vec<Event> {
        let mut stream = self.stream(config, objects, limit).await;
        let mut events = Vec::new();
        while let Some(event) = stream.message().await.unwrap() {
            events.push(event);
        }
        events
    }

    async fn validate_list(&mut self, config: &Json) -> validate_list_resource_config::Response {
        let request = validate_list_resource_config::Request {
            type_name: MAIL_FROM.to_owned(),
            config: msgpack(config),
            ..Default::default()
        };
        let answer = self.provider.validate_list_resource_config(request).await;
        answer.unwrap().into_inner()
    }
}

/// The names of what was listed; there was nothing to tell.
fn names(events: &[Event]) -> Vec<&str> {
    let name = |event: &'_ Event| {
        assert_eq!(event.diagnostic, []);
        let identity = read_identity(event.identity.as_ref());
        assert_eq!(identity["identity"], event.display_name);
    };
    events.iter().for_each(name);
    events
        .iter()
        .map(|event| event.display_name.as_str())
        .collect()
}

#[tokio::test]
async fn list_is_announced_with_the_filters_of_the_data_source() {
    let mut world = World::unconfigured().await;
    let metadata = world.provider.get_metadata(get_metadata::Request {}).await;
    let lists = metadata.unwrap().into_inner().list_resources;
    let lists: Vec<_> = lists.iter().map(|list| list.type_name.as_str()).collect();
    assert_eq!(lists, [MAIL_FROM]);
    let request = get_provider_schema::Request {};
    let schemas = world.provider.get_provider_schema(request).await.unwrap();
    let schemas = schemas.into_inner();
    let of = |schema: &terraform_provider_ses::plugin::proto::tfplugin6::Schema| {
        let block = schema.block.clone().unwrap();
        let settable = block.attributes.into_iter().filter(|one| one.optional);
        let names = settable.map(|one| one.name);
        names.collect::<Vec<String>>()
    };
    let list = of(&schemas.list_resource_schemas[MAIL_FROM]);
    let mut data = of(&schemas.data_source_schemas["ses_identities_mail_from"]);
    data.retain(|name| name != "dns_check");
    assert_eq!(list, data);
    assert_eq!(list.len(), 5);
}

#[tokio::test]
async fn objects_are_listed_as_an_import_reads_them() {
    let mut world = World::start().await;
    fill(&world, 2);
    let ses = world.simulator.ses();
    ses.add_identity(REGION, "Sender@d0.example", true);
    let domain = "mail.d0.example";
    ses.set_mail_from(REGION, "Sender@d0.example", domain, Behavior::default())
        .unwrap();
    for config in [Json::Null, json!({})] {
        let listed = world.list(&config, true, 0).await;
        assert_eq!(names(&listed).len(), 3);
        for event in &listed {
            let identity = event.identity.clone();
            assert_eq!(read_identity(identity.as_ref())["region"], REGION);
            let imported = world.import(MAIL_FROM, "", identity).await;
            let imported = &imported.imported_resources[0];
            let state = read(imported.state.as_ref());
            let found = world.read(&state, &imported.private, None).await;
            let object = read(event.resource_object.as_ref());
            assert_eq!(object, read(found.new_state.as_ref()));
        }
    }
    let listed = world.list(&Json::Null, false, 0).await;
    assert_eq!(names(&listed).len(), 3);
    assert!(listed.iter().all(|event| event.resource_object.is_none()));
}

#[tokio::test]
async fn thousand_are_listed_in_ten_gets_and_one_list_and_no_more_than_is_wanted() {
    let mut world = World::start().await;
    fill(&world, 660);
    let listed = world.list(&Json::Null, true, 0).await;
    assert_eq!(names(&listed).len(), 660);
    assert_eq!((calls(&world, GET), calls(&world, LIST)), (10, 1));

    for (limit, gets) in [(5, 1), (100, 2), (660, 10), (661, 10)] {
        let mut world = World::start().await;
        fill(&world, 660);
        let limited = world.list(&Json::Null, true, limit).await;
        let expected = usize::try_from(limit).unwrap().min(660);
        assert_eq!(names(&limited).len(), expected);
        // A Get holds some that have none.
        assert!(calls(&world, GET) <= gets, "{limit}");
        assert_eq!(calls(&world, LIST), 1);
    }
}

#[tokio::test]
async fn filters_and_a_region_say_what_is_listed() {
    let mut world = World::start().await;
    fill(&world, 3);
    let ses = world.simulator.ses();
    ses.add_identity("us-east-1", "c.example", true);
    ses.set_mail_from("us-east-1", "c.example", "b.c.example", Behavior::default())
        .unwrap();
    for (config, expected) in [
        (
            json!({ "name_regex": "^d[12]" }),
            &["d1.example", "d2.example"][..],
        ),
        (json!({ "kind": "EmailAddress" }), &[]),
        (json!({ "status": "Success" }), &[]),
        (
            json!({ "mail_from_set": true, "name_regex": "2" }),
            &["d2.example"],
        ),
        (json!({ "mail_from_set": false }), &[]),
        (json!({ "region": "us-east-1" }), &["c.example"]),
    ] {
        let mut listed = world.list(&config, false, 0).await;
        listed.sort_by(|a, b| a.display_name.cmp(&b.display_name));
        assert_eq!(names(&listed), expected, "{config}");
    }
}

#[tokio::test]
async fn list_that_nobody_reads_any_more_or_is_stopped_ends() {
    let mut world = World::start().await;
    fill(&world, 1000);
    // The second Get is waited for.
    world
        .simulator
        .ses()
        .inject(Fault::new(FaultKind::Throttle).on(GET).after(1).forever());
    let mut stream = world.stream(&Json::Null, false, 0).await;
    stream.message().await.unwrap().unwrap();
    drop(stream);
    sleep(Duration::from_millis(500)).await;
    let before = world.simulator.ses().calls().len();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(world.simulator.ses().calls().len(), before);

    // What is not taken holds up what comes after it, and a stop ends the wait.
    let mut world = World::start().await;
    fill(&world, 4000);
    let mut stream = world.stream(&Json::Null, true, 0).await;
    let mut gets = 0;
    while gets != calls(&world, GET) || gets == 0 {
        gets = calls(&world, GET);
        sleep(Duration::from_millis(500)).await;
    }
    assert!(gets < 60, "{gets} Gets");
    let request = stop_provider::Request {};
    world.provider.stop_provider(request).await.unwrap();
    while timeout(SOON, stream.message())
        .await
        .unwrap()
        .unwrap()
        .is_some()
    {}
    assert!(calls(&world, GET) <= gets + 1);
}

#[tokio::test]
async fn errors_end_the_list_and_what_cannot_be_read_is_a_warning() {
    let mut world = World::start().await;
    fill(&world, 2);
    for operation in [LIST, GET] {
        let denied = Fault::new(FaultKind::AccessDenied).on(operation).times(1);
        world.simulator.ses().inject(denied);
        let listed = world.list(&Json::Null, true, 0).await;
        let [
            Event {
                identity: None,
                diagnostic,
                ..
            },
        ] = listed.as_slice()
        else {
            panic!("{listed:?}");
        };
        let expected = format!("Could not read the identities in {REGION}");
        assert_eq!(summaries(diagnostic), [expected]);
        assert!(diagnostic[0].detail.contains(&format!("ses:{operation}")));
    }

    world
        .simulator
        .ses()
        .add_identity(REGION, "two words@d0.example", true);
    world
        .simulator
        .ses()
        .set_mail_from(
            REGION,
            "two words@d0.example",
            "m.d0.example",
            Behavior::default(),
        )
        .unwrap();
    let listed = world.list(&Json::Null, true, 0).await;
    let (warnings, objects): (Vec<_>, Vec<_>) = listed
        .into_iter()
        .partition(|event| event.identity.is_none());
    assert_eq!(names(&objects).len(), 2);
    let [warning] = warnings.as_slice() else {
        panic!("{warnings:?}");
    };
    assert_eq!(warning.resource_object, None);
    let expected = "Identity that this provider cannot manage";
    assert_eq!(summaries(&warning.diagnostic), [expected]);
}

#[tokio::test]
async fn configuration_that_cannot_be_meant_is_refused_before_anything_is_called() {
    let mut world = World::start().await;
    for (config, attribute) in [
        (json!({ "kind": "domain" }), "kind"),
        (json!({ "status": "failed" }), "status"),
        (json!({ "name_regex": "(" }), "name_regex"),
        (json!({ "region": "EU-WEST-1" }), "region"),
    ] {
        let told = world.validate_list(&config).await.diagnostics;
        assert_eq!(attributes(&told[0]), [attribute]);
        let listed = world.list(&config, true, 0).await;
        assert_eq!(attributes(&listed[0].diagnostic[0]), [attribute]);
    }
    for config in [
        Json::Null,
        json!({ "kind": UNKNOWN, "status": UNKNOWN, "region": UNKNOWN, "mail_from_set": UNKNOWN,
            "name_regex": UNKNOWN }),
    ] {
        assert_eq!(world.validate_list(&config).await.diagnostics, []);
    }
    for (type_name, expected) in [
        ("ses_identity_mail_from_verification", "No list"),
        ("ses_other", "Unknown type"),
    ] {
        let request = list_resource::Request {
            type_name: type_name.to_owned(),
            ..Default::default()
        };
        let stream = world.provider.list_resource(request).await;
        let mut stream = stream.unwrap().into_inner();
        let event = stream.message().await.unwrap().unwrap();
        assert_eq!(summaries(&event.diagnostic), [expected]);
        assert!(stream.message().await.unwrap().is_none());
    }
    let none = world
        .validate_list(&json!({ "mail_from_set": false }))
        .await;
    assert_eq!(summaries(&none.diagnostics), ["Nothing will be listed"]);
    assert_eq!(world.simulator.ses().calls(), []);
}
