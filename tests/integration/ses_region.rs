//! What a region may be called, wherever one is named beside the provider block.

use serde_json::{Value as Json, json};
use simulator::ses::Behavior;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    Diagnostic, RawState, list_resource, move_resource_state, read_data_source,
    validate_data_resource_config, validate_list_resource_config, validate_provider_config,
    validate_resource_config,
};

use crate::ses::{MAIL_FROM, REGION, World, config};
use crate::values::{identity, msgpack, read, summaries};

/// What an emulator calls its region.
const LOCAL: &str = "local";

const ARGUMENT: &str = "set `skip_region_validation = true` in the provider block";

impl World {
    async fn validate_block(&mut self, skip: Json) {
        let request = validate_provider_config::Request {
            config: msgpack(&self.block(json!(REGION), skip)),
        };
        let validated = self.provider.validate_provider_config(request).await;
        assert_eq!(validated.unwrap().into_inner().diagnostics, []);
    }

    /// What validation tells of a resource, a data source of each kind and a list with
    /// `region`.
    async fn validate_all(&mut self, region: &str) -> Vec<Vec<Diagnostic>> {
        let mut wanted = config(json!("example.com"), json!("bounce.example.com"));
        wanted["region"] = json!(region);
        let mut told = Vec::new();
        for type_name in [MAIL_FROM, "ses_identity_mail_from_verification"] {
            let request = validate_resource_config::Request {
                type_name: type_name.to_owned(),
                config: msgpack(&wanted),
                ..Default::default()
            };
            let validated = self.provider.validate_resource_config(request).await;
            told.push(validated.unwrap().into_inner().diagnostics);
        }
        for (type_name, config) in audits(region) {
            let request = validate_data_resource_config::Request {
                type_name: type_name.to_owned(),
                config: msgpack(&config),
            };
            let validated = self.provider.validate_data_resource_config(request).await;
            told.push(validated.unwrap().into_inner().diagnostics);
        }
        let request = validate_list_resource_config::Request {
            type_name: MAIL_FROM.to_owned(),
            config: msgpack(&json!({ "region": region })),
            ..Default::default()
        };
        let validated = self.provider.validate_list_resource_config(request).await;
        told.push(validated.unwrap().into_inner().diagnostics);
        told
    }

    /// What is told where `region` is planned, read, listed, imported in either way, and
    /// taken over from hashicorp/aws.
    async fn use_all(&mut self, region: &str) -> Vec<Vec<Diagnostic>> {
        let mut wanted = config(json!("example.com"), json!("bounce.example.com"));
        wanted["region"] = json!(region);
        let mut told = vec![self.plan(&Json::Null, &wanted, None).await.diagnostics];
        for (type_name, config) in audits(region) {
            let request = read_data_source::Request {
                type_name: type_name.to_owned(),
                config: msgpack(&config),
                ..Default::default()
            };
            let read = self.provider.read_data_source(request).await.unwrap();
            told.push(read.into_inner().diagnostics);
        }
        let request = list_resource::Request {
            type_name: MAIL_FROM.to_owned(),
            config: msgpack(&json!({ "region": region })),
            include_resource_object: false,
            limit: 10,
        };
        let listed = self.provider.list_resource(request).await.unwrap();
        let mut listed = listed.into_inner();
        let event = listed.message().await.unwrap().expect("nothing is listed");
        told.push(event.diagnostic);

        let id = format!("example.com@{region}");
        told.push(self.import(MAIL_FROM, &id, None).await.diagnostics);
        let named = json!({ "identity": "example.com", "region": region });
        let imported = self.import(MAIL_FROM, "", identity(&named)).await;
        told.push(imported.diagnostics);

        let moved = self.take_over(region).await;
        assert_eq!(
            moved.diagnostics,
            [],
            "the read that follows knows the block"
        );
        let state = read(moved.target_state.as_ref());
        let found = self.read(&state, &moved.target_private, None).await;
        told.push(found.diagnostics);
        told
    }

    async fn take_over(&mut self, region: &str) -> move_resource_state::Response {
        let state = json!({
            "domain": "example.com", "id": "example.com", "region": region,
            "mail_from_domain": "bounce.example.com",
        });
        let request = move_resource_state::Request {
            source_provider_address: "registry.terraform.io/hashicorp/aws".to_owned(),
            source_type_name: "aws_ses_domain_mail_from".to_owned(),
            source_state: Some(RawState {
                json: state.to_string().into_bytes(),
                ..Default::default()
            }),
            target_type_name: MAIL_FROM.to_owned(),
            ..Default::default()
        };
        let moved = self.provider.move_resource_state(request).await.unwrap();
        moved.into_inner()
    }
}

/// A configuration of each data source.
fn audits(region: &str) -> [(&'static str, Json); 2] {
    [
        (
            MAIL_FROM,
            json!({ "identity": "example.com", "region": region }),
        ),
        ("ses_identities_mail_from", json!({ "region": region })),
    ]
}

/// Whether each tells of one error, which names the argument that would help.
fn name_the_argument(told: &[Vec<Diagnostic>]) -> bool {
    told.iter().all(|told| match told.as_slice() {
        [one] => one.detail.contains(ARGUMENT),
        _ => false,
    })
}

#[tokio::test]
async fn what_is_no_code_is_refused_wherever_a_region_is_named() {
    let mut world = World::unconfigured().await;
    world.validate_block(Json::Null).await;
    for region in [LOCAL, "EU-WEST-1"] {
        let told = world.validate_all(region).await;
        assert!(name_the_argument(&told), "{told:#?}");
    }
    world.configure(json!(REGION)).await;
    for region in [LOCAL, "EU-WEST-1"] {
        let told = world.use_all(region).await;
        assert!(name_the_argument(&told), "{told:#?}");
    }
    assert_eq!(world.simulator.ses().calls(), []);
}

#[tokio::test]
async fn an_emulator_s_region_is_taken_wherever_the_block_says_so() {
    let mut world = World::unconfigured().await;
    let ses = world.simulator.ses();
    ses.add_identity(LOCAL, "example.com", true);
    ses.set_mail_from(
        LOCAL,
        "example.com",
        "bounce.example.com",
        Behavior::UseDefaultValue,
    )
    .unwrap();
    world.validate_block(json!(true)).await;
    let told = world.validate_all(LOCAL).await;
    assert!(told.iter().all(Vec::is_empty), "{told:#?}");

    world.configure_with(json!(REGION), json!(true)).await;
    let told = world.use_all(LOCAL).await;
    assert!(told.iter().all(Vec::is_empty), "{told:#?}");
    let calls = world.simulator.ses().calls();
    assert!(calls.iter().all(|call| call.region == LOCAL), "{calls:?}");

    // What can be no label is none for anybody.
    for told in world.validate_all("lo.cal").await {
        assert_eq!(summaries(&told).len(), 1, "{told:#?}");
    }
}

#[tokio::test]
async fn a_block_that_is_not_known_yet_lets_validation_pass() {
    let mut world = World::unconfigured().await;
    world.validate_block(json!(crate::values::UNKNOWN)).await;
    let told = world.validate_all(LOCAL).await;
    assert!(told.iter().all(Vec::is_empty), "{told:#?}");
}
