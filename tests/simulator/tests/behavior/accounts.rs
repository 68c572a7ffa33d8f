//! Accounts: which is called, the access key says.

use simulator::Rate;
use simulator::ses::{Fault, FaultKind};

use crate::client::{Answer, call_as, quiet};

const OTHER: &str = "AKIAOTHER";

fn call(simulator: &simulator::Simulator, key: &str, action: &str) -> Answer {
    let parameters = [
        ("Identity", "example.com"),
        ("MailFromDomain", "b.example.com"),
    ];
    call_as(key, simulator, "us-east-1", action, &parameters).unwrap()
}

#[test]
fn each_account_holds_its_own() {
    let simulator = quiet();
    let other = simulator.add_account("444455556666", OTHER);
    for ses in [simulator.ses(), other.clone()] {
        ses.add_identity("us-east-1", "example.com", true);
    }
    call(&simulator, OTHER, "SetIdentityMailFromDomain").assert_ok();
    let held = |ses: &simulator::Ses| ses.get("us-east-1", "example.com").unwrap();
    assert!(held(&other).mail_from_domain.is_some());
    assert_eq!(held(&simulator.ses()).mail_from_domain, None);
    assert_eq!((other.calls().len(), simulator.ses().calls().len()), (1, 0));
}

#[test]
fn sts_tells_the_account_of_a_key_whatever_the_limit_of_ses() {
    let simulator = quiet();
    let other = simulator.add_account("444455556666", OTHER);
    other.set_rate(Rate::PerOperation(0.001));
    for (key, account) in [(OTHER, "444455556666"), ("AKIAANY", "123456789012")] {
        for _ in 0..2 {
            let answer = call(&simulator, key, "GetCallerIdentity");
            answer.assert_ok();
            assert_eq!(answer.text("Account").unwrap(), account);
        }
    }
    let denied = Fault::new(FaultKind::AccessDenied).on("GetCallerIdentity");
    other.inject(denied);
    let (code, _) = call(&simulator, OTHER, "GetCallerIdentity").error();
    assert_eq!(code, "AccessDenied");
}
