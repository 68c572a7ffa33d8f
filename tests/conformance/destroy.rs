//! A destroy of what is gone already succeeds. moto answers it with an error of
//! the server, HTTP 500 in HTML, or says that the identity does not exist.

use crate::harness::{THIS, basic};
use crate::world::World;

impl World {
    /// Asserts that a destroy goes through, first without a refresh: so it has
    /// to ask SES to unset what is not set.
    #[track_caller]
    fn destroys(self) {
        let run = self
            .ws
            .terraform(&["destroy", "-auto-approve", "-refresh=false"])
            .succeeds();
        run.says("Destroy complete! Resources: 1 destroyed.");
        assert_eq!(self.ws.resource(THIS), None);
    }
}

#[test]
#[ignore = "needs moto: make conformance"]
fn destroy_succeeds_when_the_domain_is_unset_already() {
    let world = World::applied(&basic());
    world.moto.unset("example.com");
    world.destroys();
}

#[test]
#[ignore = "needs moto: make conformance"]
fn destroy_succeeds_when_the_identity_is_gone() {
    let world = World::applied(&basic());
    world.moto.delete("example.com");
    world.destroys();
}

#[test]
#[ignore = "needs moto: make conformance"]
fn destroy_with_a_refresh_finds_nothing_left_to_do() {
    let world = World::applied(&basic());
    world.moto.unset("example.com");
    let run = world.ws.destroy().succeeds();
    run.says("Destroy complete! Resources: 0 destroyed.");
}
