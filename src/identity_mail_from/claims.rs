//! What a plan says of the objects that it goes on with, and of those that it destroys: a
//! delete leaves on what another object goes on with. SES is not called for it.

use async_trait::async_trait;

use super::model::Model;
use super::plan::Plan;
use super::private::Private;
use super::resource::IdentityMailFrom;
use super::validate::Meaning;
use crate::clients::Clients;
use crate::mail_from::Place;
use crate::plugin::{Call, PlanDestroy, Told};
use crate::ses::ObjectId;
use crate::target::region_for;

/// Tells what becomes of the object that a plan is about.
pub(super) fn claim(
    call: &mut Call<Clients>,
    prior: Option<&Model>,
    plan: &Plan,
    meaning: &Meaning,
) -> Result<(), Told> {
    let object = object_of(call);
    let (place, becomes) = match (prior, &object) {
        (None, None) => return Ok(()),
        // Where a replacement is planned, Terraform hands on the private state of the object
        // that is replaced; its delete has that, and the create makes a new one.
        (None, Some(_)) => (plan.place(meaning), Becomes::Destroyed),
        (Some(prior), _) if plan.requires_replace.is_empty() => (prior.place(), Becomes::Kept),
        (Some(prior), _) => (prior.place(), Becomes::Destroyed),
    };
    tell(call, object.as_ref(), place, becomes)
}

/// What becomes of an object.
enum Becomes {
    Kept,
    Destroyed,
}

#[async_trait]
impl PlanDestroy for IdentityMailFrom {
    async fn plan_destroy(&self, call: &mut Call<Clients>, prior: &Model) {
        let object = object_of(call);
        let doing = "Could not plan to destroy a MAIL FROM domain";
        // What is wrong is told.
        let region = region_for(call, doing, [Some(&prior.region), None]).await;
        if let Ok(region) = region {
            let place = prior.placed(region.as_ref()).place();
            let _ = tell(call, object.as_ref(), place, Becomes::Destroyed);
        }
    }
}

/// Tells what becomes of `object` at `place`. Of what is not known yet nothing is told.
fn tell(
    call: &mut Call<Clients>,
    object: Option<&ObjectId>,
    place: Option<Place>,
    becomes: Becomes,
) -> Result<(), Told> {
    if let Some(place) = place
        && let Ok(ses) = call.configured()?.ses(&place.region)
    {
        match becomes {
            Becomes::Kept => ses.keeps(&place.identity, object),
            Becomes::Destroyed => ses.destroys(&place.identity, object),
        }
    }
    Ok(())
}

/// The mark of the object that the call is about. States of older releases have none.
fn object_of(call: &Call<Clients>) -> Option<ObjectId> {
    Private::of(call).map(|private| private.object)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tf_provider::Diagnostics;

    use super::*;
    use crate::attributes::value;
    use crate::clients::Dns;
    use crate::identity_mail_from::plan::plan;
    use crate::identity_mail_from::validate::validate;
    use crate::mail_from::{Identity, Region};
    use crate::plugin::CancellationToken;
    use crate::ses::{Connection, ConnectionSettings, Member};

    /// One run of Terraform's, in which no SES is called.
    struct Scene(Arc<Clients>);

    impl Scene {
        fn new(unknown: Vec<&'static str>) -> Self {
            let connection = Connection::new(ConnectionSettings::default());
            let stop = CancellationToken::new();
            let member = Member::alone();
            let clients = Clients::new(connection, member, unknown, 1.0, Dns::Unknown, stop);
            Self(Arc::new(clients))
        }

        fn call(&self, private: &str) -> Call<Clients> {
            let mut call = Call::new(Some(Arc::clone(&self.0)), CancellationToken::new());
            call.set_private(private.as_bytes().to_vec());
            call
        }

        /// Plans `config` for the object with this private state; returns its private
        /// state as it is planned.
        fn plan(&self, private: &str, prior: Option<&Model>, config: &Model) -> Vec<u8> {
            let mut call = self.call(private);
            let meaning = validate(&mut Diagnostics::default(), config);
            let plan = plan(prior, config, &meaning, Some(&region("eu-west-1")), false);
            claim(&mut call, prior, &plan, &meaning).unwrap();
            assert!(call.diags.errors.is_empty());
            call.private().to_vec()
        }

        /// Whether a delete of another object leaves what `identity` has.
        async fn is_left(&self, identity: &str) -> bool {
            let ses = self.0.ses(&region("eu-west-1")).unwrap();
            let identity = Identity::parse(identity).unwrap();
            ses.is_left(&identity, &ObjectId::random()).await
        }
    }

    fn region(name: &str) -> Region {
        Region::parse(name).unwrap()
    }

    fn state(identity: &str, domain: &str) -> Model {
        Model {
            region: value("eu-west-1"),
            ..Model::of(identity, value(domain))
        }
    }

    fn config(identity: &str, domain: &str) -> Model {
        Model::of(identity, value(domain))
    }

    const MARKED: &str = r#"{"object":"00000000000000aa"}"#;

    #[tokio::test]
    async fn what_a_plan_goes_on_with_is_left_and_what_it_destroys_is_not() {
        let prior = state("example.com", "bounce.example.com");
        for changed in ["bounce.example.com", "mail.example.com"] {
            let scene = Scene::new(Vec::new());
            let config = config("EXAMPLE.com", changed);
            let private = scene.plan(MARKED, Some(&prior), &config);
            assert_eq!(private, MARKED.as_bytes());
            assert!(scene.is_left("example.com").await, "{changed}");
            assert!(!scene.is_left("example.org").await);
            IdentityMailFrom::default()
                .plan_destroy(&mut scene.call(MARKED), &prior)
                .await;
            assert!(!scene.is_left("example.com").await, "{changed}");
        }
    }

    #[tokio::test]
    async fn what_is_replaced_is_not_gone_on_with() {
        let prior = state("example.com", "bounce.example.com");
        let scene = Scene::new(Vec::new());
        let moved = config("example.org", "bounce.example.org");
        scene.plan(MARKED, Some(&prior), &moved);
        assert!(!scene.is_left("example.com").await);
        assert!(!scene.is_left("example.org").await);

        // A replacement that the practitioner asks for shows in the second plan alone.
        let same = config("example.com", "bounce.example.com");
        let private = scene.plan(MARKED, Some(&prior), &same);
        assert!(scene.is_left("example.com").await);
        let private = String::from_utf8(private).unwrap();
        assert_eq!(scene.plan(&private, None, &same), private.as_bytes());
        assert!(!scene.is_left("example.com").await);
    }

    #[tokio::test]
    async fn an_object_of_an_older_release_is_gone_on_with_too() {
        let prior = state("example.com", "bounce.example.com");
        let same = config("example.com", "bounce.example.com");
        for private in ["", "{}", "[]", r#"{"object":"x"}"#, r#"{"object":1}"#] {
            let scene = Scene::new(Vec::new());
            scene.plan(private, Some(&prior), &same);
            assert!(scene.is_left("example.com").await, "{private}");
            IdentityMailFrom::default()
                .plan_destroy(&mut scene.call(private), &prior)
                .await;
            assert!(!scene.is_left("example.com").await, "{private}");
        }
    }

    #[tokio::test]
    async fn of_what_is_not_known_nothing_is_told() {
        let prior = state("example.com", "bounce.example.com");
        let same = config("example.com", "bounce.example.com");
        let scene = Scene::new(Vec::new());
        // A create is told when it is made.
        scene.plan("", None, &same);
        assert!(!scene.is_left("example.com").await);
        let nowhere = Model {
            region: tf_provider::value::Value::Unknown,
            ..prior.clone()
        };
        scene.plan(MARKED, Some(&nowhere), &same);
        assert!(!scene.is_left("example.com").await);
        Scene::new(vec!["endpoints.ses"]).plan(MARKED, Some(&prior), &same);
    }
}
