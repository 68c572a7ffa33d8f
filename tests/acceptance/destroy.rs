//! A destroy of what is not there any more.

use crate::harness::{REGION, THIS, Workspace, basic};

#[test]
fn destroy_succeeds_when_mail_from_is_already_unset() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    ws.ses().clear_mail_from(REGION, "example.com").unwrap();
    // The delete itself: a refresh would see that there is nothing to delete.
    ws.terraform(&["destroy", "-auto-approve", "-refresh=false"])
        .succeeds()
        .says("1 destroyed");
    assert_eq!(ws.resource(THIS), None);
}

#[test]
fn destroy_succeeds_when_the_identity_is_gone() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    assert!(ws.ses().remove_identity(REGION, "example.com"));
    ws.terraform(&["destroy", "-auto-approve", "-refresh=false"])
        .succeeds()
        .says("1 destroyed");
    assert_eq!(ws.resource(THIS), None);
}

#[test]
fn destroy_that_refreshes_first_finds_nothing_to_do() {
    let ws = Workspace::new();
    ws.config(&basic());
    ws.apply().succeeds();
    assert!(ws.ses().remove_identity(REGION, "example.com"));
    ws.ses().clear_calls();
    ws.destroy().succeeds();
    assert_eq!(ws.sets(), []);
    assert_eq!(ws.resource(THIS), None);
}
