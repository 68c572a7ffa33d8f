//! Objects taken over from hashicorp/aws, and from the own types under another address.

use serde_json::{Value as Json, json};
use simulator::ses::Behavior;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    RawState, get_metadata, move_resource_state, upgrade_resource_state,
};

use crate::ses::{MAIL_FROM, REGION, World, config};
use crate::values::{read, read_identity, summaries};

const VERIFICATION: &str = "ses_identity_mail_from_verification";
const DOMAIN: &str = "aws_ses_domain_mail_from";
const EMAIL: &str = "aws_sesv2_email_identity_mail_from_attributes";
const AWS: &str = "registry.terraform.io/hashicorp/aws";
const OWN: &str = "registry.terraform.io/terraform-provider-ses/ses";

fn request(address: &str, source: &str, state: &str) -> move_resource_state::Request {
    move_resource_state::Request {
        source_provider_address: address.to_owned(),
        source_type_name: source.to_owned(),
        source_state: Some(RawState {
            json: state.as_bytes().to_vec(),
            ..Default::default()
        }),
        // What hashicorp/aws keeps beside states with timeouts.
        source_private: br#"{"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":{}}"#.to_vec(),
        target_type_name: MAIL_FROM.to_owned(),
        ..Default::default()
    }
}

impl World {
    async fn move_state(
        &mut self,
        request: move_resource_state::Request,
    ) -> move_resource_state::Response {
        let moved = self.provider.move_resource_state(request).await.unwrap();
        moved.into_inner()
    }
}

/// A state of `aws_ses_domain_mail_from`, in versions before 6.
fn domain(identity: &str, mail_from_domain: &str) -> Json {
    json!({
        "id": identity,
        "domain": identity,
        "mail_from_domain": mail_from_domain,
        "behavior_on_mx_failure": "UseDefaultValue",
    })
}

/// A state of `aws_sesv2_email_identity_mail_from_attributes`, in versions before 6.
fn email(identity: &str, mail_from_domain: &str) -> Json {
    json!({
        "id": identity,
        "email_identity": identity,
        "mail_from_domain": mail_from_domain,
        "behavior_on_mx_failure": "REJECT_MESSAGE",
    })
}

fn with_region(mut state: Json, region: Json) -> Json {
    state["region"] = region;
    state
}

#[tokio::test]
async fn what_hashicorp_aws_has_kept_plans_nothing() {
    let mut world = World::unconfigured().await;
    let ses = world.simulator.ses();
    for identity in ["example.com", "Sender@example.com"] {
        world.add_identity(identity);
    }
    let null = Json::Null;
    let plain = "bounce.example.com";
    let opentofu = "registry.opentofu.org/hashicorp/aws";
    for (address, source, state) in [
        (AWS, DOMAIN, domain("example.com", plain)),
        (
            AWS,
            DOMAIN,
            with_region(domain("example.com", plain), json!(REGION)),
        ),
        (
            opentofu,
            DOMAIN,
            with_region(domain("example.com", plain), null.clone()),
        ),
        (
            "mirror.example/hashicorp/aws",
            DOMAIN,
            domain("Example.COM.", "BOUNCE.example.com."),
        ),
        // OpenTofu 1.10 sends what the name of the type implies.
        ("aws", DOMAIN, domain("Sender@example.com", plain)),
        (AWS, EMAIL, email("example.com", plain)),
        (
            AWS,
            EMAIL,
            with_region(email("Sender@example.com", plain), json!(REGION)),
        ),
        (
            AWS,
            EMAIL,
            with_region(email("EXAMPLE.com", "Bounce.example.com"), json!("")),
        ),
        // Of the second instance that has a block of its own, Terraform says that the
        // first has made the resource ours.
        (OWN, DOMAIN, domain("example.com", plain)),
        (
            OWN,
            EMAIL,
            with_region(email("Sender@example.com", plain), json!(REGION)),
        ),
        // By way of a second `moved` block, Terraform says the type that it is moved to.
        (AWS, MAIL_FROM, domain("EXAMPLE.com", plain)),
        (AWS, MAIL_FROM, email("example.com", plain)),
    ] {
        let written = state["id"].as_str().unwrap();
        let held = match written.contains('@') {
            true => "Sender@example.com",
            false => "example.com",
        };
        let (behavior, name) = match state["email_identity"] {
            Json::String(_) => (Behavior::RejectMessage, "RejectMessage"),
            _ => (Behavior::UseDefaultValue, "UseDefaultValue"),
        };
        ses.set_mail_from(REGION, held, plain, behavior).unwrap();

        // A move may come before Configure.
        let moved = world
            .move_state(request(address, source, &state.to_string()))
            .await;
        assert_eq!(moved.diagnostics, [], "{state}");
        let region = match &state["region"] {
            Json::String(region) if region.is_empty() => &null,
            region => region,
        };
        let expected = json!({ "identity": held, "region": region });
        assert_eq!(
            read_identity(moved.target_identity.as_ref()),
            expected,
            "{state}"
        );
        let target = read(moved.target_state.as_ref());
        assert_eq!(target["identity"], written);
        assert_eq!(target["mail_from_domain"], state["mail_from_domain"]);
        assert_eq!(target["behavior_on_mx_failure"], name);
        assert_eq!(&target["region"], region);

        world.configure(json!(REGION)).await;
        let mut wanted = config(state["id"].clone(), state["mail_from_domain"].clone());
        wanted["behavior_on_mx_failure"] = json!(name);
        let identity = moved.target_identity;
        // Without a refresh, what hangs on a region that the source does not have is new.
        let planned = world.plan(&target, &wanted, identity.clone()).await;
        let planned = read(planned.planned_state.as_ref());
        let is_as_moved = state["region"] == json!(REGION);
        assert_eq!(planned == target, is_as_moved, "{state}: {planned}");
        let found = world.read(&target, &moved.target_private, identity).await;
        assert_eq!(found.diagnostics, []);
        assert_eq!(
            found.private, moved.target_private,
            "the move has marked the object"
        );
        let prior = read(found.new_state.as_ref());
        let planned = world.plan(&prior, &wanted, found.new_identity).await;
        assert_eq!(planned.diagnostics, []);
        assert_eq!(read(planned.planned_state.as_ref()), prior, "{state}");
        let expected = json!({ "identity": held, "region": REGION });
        assert_eq!(read_identity(planned.planned_identity.as_ref()), expected);
    }
    let mut calls = ses.calls();
    calls.retain(|call| call.action == "SetIdentityMailFromDomain");
    assert_eq!(calls, []);
}

/// What Terraform has put under the own type by a `moved` block whose target another block
/// moves on, instance by instance: it asks for a move of the first alone.
#[tokio::test]
async fn what_hashicorp_aws_has_kept_is_upgraded_under_the_own_type() {
    let mut world = World::unconfigured().await;
    let plain = "bounce.example.com";
    for (state, region, behavior) in [
        (domain("Example.COM", plain), Json::Null, "UseDefaultValue"),
        (
            with_region(email("Example.COM", plain), json!(REGION)),
            json!(REGION),
            "RejectMessage",
        ),
    ] {
        let request = upgrade_resource_state::Request {
            type_name: MAIL_FROM.to_owned(),
            version: 0,
            raw_state: request(AWS, DOMAIN, &state.to_string()).source_state,
        };
        let upgraded = world.provider.upgrade_resource_state(request).await;
        let upgraded = upgraded.unwrap().into_inner();
        assert_eq!(upgraded.diagnostics, [], "{state}");
        let upgraded = read(upgraded.upgraded_state.as_ref());
        assert_eq!(upgraded["identity"], "Example.COM");
        assert_eq!(upgraded["mail_from_domain"], plain);
        assert_eq!(upgraded["behavior_on_mx_failure"], behavior);
        assert_eq!(upgraded["region"], region);
    }
}

#[tokio::test]
async fn an_own_type_under_another_address_is_kept_whole() {
    let mut world = World::unconfigured().await;
    let mut moved = async |type_name: &str, version: i64, state: Json| {
        let own = request("mirror.example/acme/ses", type_name, &state.to_string());
        let own = move_resource_state::Request {
            source_schema_version: version,
            source_private: b"private".to_vec(),
            target_type_name: type_name.to_owned(),
            ..own
        };
        let moved = world.move_state(own).await;
        assert_eq!(moved.diagnostics, []);
        assert_eq!(moved.target_private, b"private");
        (
            read(moved.target_state.as_ref()),
            read_identity(moved.target_identity.as_ref()),
        )
    };
    let state = |records: &str| {
        let finding = json!({ "status": "ok", records: ["10 host"] });
        json!({
            "identity": "example.com",
            "mail_from_domain": "bounce.example.com",
            "region": REGION,
            "verification_status": "Success",
            "timeouts": { "create": "1m" },
            "dns": { "mx": finding, "spf": null },
        })
    };
    let expected = json!({ "identity": "example.com", "region": REGION });
    for (version, records) in [(0, "found"), (1, "records")] {
        let (target, identity) = moved(MAIL_FROM, version, state(records)).await;
        assert_eq!(identity, expected);
        assert_eq!(target["verification_status"], "Success");
        assert_eq!(target["timeouts"]["create"], "1m");
        assert_eq!(target["dns"]["mx"]["records"], json!(["10 host"]));
    }
    let verified = json!({ "identity": "example.com", "verification_status": "Success" });
    let (target, identity) = moved(VERIFICATION, 0, verified).await;
    assert_eq!(target["verification_status"], "Success");
    assert_eq!(identity, Json::Null);
}

#[tokio::test]
async fn what_cannot_be_moved_is_told_with_a_remedy() {
    let mut world = World::unconfigured().await;
    let good = domain("example.com", "bounce.example.com").to_string();
    let unset = email("example.com", "").to_string();
    let to = |target: &str, request: move_resource_state::Request| move_resource_state::Request {
        target_type_name: target.to_owned(),
        ..request
    };
    let version = |version, request: move_resource_state::Request| move_resource_state::Request {
        source_schema_version: version,
        ..request
    };
    let own = "registry.opentofu.org/terraform-provider-ses/ses";
    let flatmap = move_resource_state::Request {
        source_state: Some(RawState {
            flatmap: [("id".to_owned(), "example.com".to_owned())].into(),
            ..Default::default()
        }),
        ..request(AWS, DOMAIN, "")
    };
    let none = move_resource_state::Request {
        source_state: None,
        ..request(AWS, DOMAIN, "")
    };
    let no_text = r#"{"domain":["example.com"]}"#;
    for (request, summary, remedy) in [
        (
            request(AWS, EMAIL, &unset),
            "Cannot be moved",
            "Leave the `moved` block out",
        ),
        (
            request(AWS, EMAIL, r#"{"id":"example.com"}"#),
            "Cannot be moved",
            "`destroy = false`",
        ),
        (
            request(AWS, DOMAIN, "{}"),
            "Cannot be moved",
            "-refresh-only",
        ),
        (
            request(AWS, DOMAIN, no_text),
            "Cannot be moved",
            "-refresh-only",
        ),
        (
            request(AWS, "aws_ses_domain_identity", &good),
            "Cannot be moved",
            "It takes over aws_ses_domain_mail_from of hashicorp/aws, aws_sesv2_email",
        ),
        (
            request("registry.terraform.io/acme/aws", DOMAIN, &good),
            "Cannot be moved",
            "`terraform state replace-provider registry.terraform.io/acme/aws hashicorp/aws`",
        ),
        (
            to(VERIFICATION, request(AWS, DOMAIN, &good)),
            "Cannot be moved",
            "its own type alone",
        ),
        (
            to(VERIFICATION, request(own, MAIL_FROM, &good)),
            "Cannot be moved",
            "its own type",
        ),
        (
            request(own, VERIFICATION, &good),
            "Cannot be moved",
            "import the object instead",
        ),
        (
            to("ses_other", request(AWS, DOMAIN, &good)),
            "Unknown type",
            "has no resource",
        ),
        (
            version(1, request(AWS, DOMAIN, &good)),
            "State is newer than the provider",
            "Upgrade this provider",
        ),
        (
            version(9, request(own, MAIL_FROM, "{}")),
            "State is newer than the provider",
            "Upgrade the provider",
        ),
        (
            request(AWS, DOMAIN, "{"),
            "State cannot be read",
            "from a backup",
        ),
        (
            request(AWS, DOMAIN, "[]"),
            "State cannot be read",
            "from a backup",
        ),
        (
            request(AWS, DOMAIN, "null"),
            "State cannot be read",
            "-refresh-only",
        ),
        (flatmap, "State cannot be read", "-refresh-only"),
        (none, "State cannot be read", "-refresh-only"),
        (
            request(own, MAIL_FROM, "{"),
            "State cannot be read",
            "from a backup",
        ),
        (
            request(own, MAIL_FROM, "null"),
            "State cannot be read",
            "from a backup",
        ),
    ] {
        let told = format!("{request:?}");
        let refused = world.move_state(request).await;
        assert_eq!(summaries(&refused.diagnostics), [summary], "{told}");
        let detail = &refused.diagnostics[0].detail;
        assert!(detail.contains(remedy), "{detail}");
        assert_eq!(refused.target_state, None, "{told}");
        assert_eq!(refused.target_identity, None, "{told}");
    }
}

#[tokio::test]
async fn moves_are_announced() {
    let mut world = World::unconfigured().await;
    let request = get_metadata::Request {};
    let metadata = world.provider.get_metadata(request).await.unwrap();
    let capabilities = metadata.into_inner().server_capabilities.unwrap();
    assert!(capabilities.move_resource_state);
    assert!(!capabilities.generate_resource_config);
}
