//! The account of the credentials, where the provider block says which may be changed.

use crate::harness::{ACCOUNT, Fares, Sts, Workspace, basic};

#[test]
fn account_is_checked_before_anything_is_planned_and_asked_for_once_a_run() {
    let sts = Sts::new(Fares::Well(3600));
    let mut ws = Workspace::new();
    ws.provider.sts_endpoint = Some(format!("{:?}", sts.url()));
    ws.config(&basic());
    let not_allowed = [
        "AWS account ID not allowed: 123456789012",
        "allowed_account_ids = [\"999999999999\"]",
        "`access_key` and `secret_key` in the provider block",
        "SES was not called",
    ];
    ws.provider.allowed_account_ids = Some("[\"999999999999\"]".to_owned());
    ws.config(&basic());
    ws.terraform(&["validate"]).succeeds();
    ws.plan().fails_with(&not_allowed);
    assert_eq!(ws.ses().calls(), []);

    ws.provider.allowed_account_ids = Some(format!("[{ACCOUNT:?}]"));
    ws.config(&basic());
    let before = sts.requests().len();
    ws.apply().succeeds();
    // Once by the process that plans, once by the one that applies.
    assert_eq!(sts.requests().len() - before, 2);

    // As long as the list is not known, nothing is called.
    let later = |account: &str| {
        format!("resource \"terraform_data\" \"account\" {{\n  input = {account:?}\n}}\n")
    };
    ws.provider.allowed_account_ids = Some("[terraform_data.account.output]".to_owned());
    ws.config(&format!("{}{}", later(ACCOUNT), basic()));
    ws.ses().clear_calls();
    ws.plan()
        .fails_with(&["setting `allowed_account_ids` is not known until apply"]);
    assert_eq!(ws.ses().calls(), []);

    ws.provider.allowed_account_ids = Some("[\"999999999999\"]".to_owned());
    ws.config(&basic());
    ws.destroy().fails_with(&not_allowed);
    assert_eq!(ws.ses().calls(), []);
    ws.provider.allowed_account_ids = None;
    ws.config(&basic());
    ws.ends_with(&["example.com"]);
}
