//! The operations around identities.

use crate::client::{call, get, quiet};

#[test]
fn list_is_paged_and_filtered() {
    let simulator = quiet();
    let names: Vec<_> = (0..25).map(|n| format!("{n:02}.test")).collect();
    simulator.ses().add_identities("us-east-1", &names, true);
    simulator.ses().add_identity("us-east-1", "a@00.test", true);
    simulator
        .ses()
        .add_identity("eu-west-1", "elsewhere.test", true);

    let mut listed = Vec::new();
    let mut pages = 0;
    let mut token: Option<String> = None;
    loop {
        let mut parameters = vec![("MaxItems", "10"), ("IdentityType", "Domain")];
        parameters.extend(token.as_deref().map(|token| ("NextToken", token)));
        let page = call(&simulator, "ListIdentities", &parameters).unwrap();
        page.assert_ok();
        pages += 1;
        let members = page.body.split("<member>").skip(1);
        listed.extend(members.map(|m| m.split('<').next().unwrap().to_owned()));
        token = page.text("NextToken");
        if token.is_none() {
            break;
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(listed, names);

    let parameters = [("IdentityType", "EmailAddress")];
    let addresses = call(&simulator, "ListIdentities", &parameters).unwrap();
    assert_eq!(addresses.body.matches("<member>").count(), 1);
    assert_eq!(addresses.text("member").unwrap(), "a@00.test");
}

#[test]
fn a_domain_that_was_registered_in_capitals_is_answered_so() {
    let simulator = quiet();
    simulator
        .ses()
        .add_identity("us-east-1", "MiXed.Test", true);
    let page = call(&simulator, "ListIdentities", &[]).unwrap();
    assert_eq!(page.text("member").unwrap(), "MiXed.Test");
    let answer = get(&simulator, "mixed.test");
    assert_eq!(answer.text("key").unwrap(), "MiXed.Test");
}

#[test]
fn a_full_last_page_has_no_token() {
    let simulator = quiet();
    simulator
        .ses()
        .add_identities("us-east-1", ["a.test", "b.test"], true);
    let page = call(&simulator, "ListIdentities", &[("MaxItems", "2")]).unwrap();
    assert_eq!(page.body.matches("<member>").count(), 2);
    assert_eq!(page.text("NextToken"), None);
}

#[test]
fn a_list_holds_a_thousand_at_most() {
    let simulator = quiet();
    let names = (0..10_000).map(|n| format!("{n}.test"));
    simulator.ses().add_identities("us-east-1", names, true);
    let page = call(&simulator, "ListIdentities", &[]).unwrap();
    assert_eq!(page.body.matches("<member>").count(), 1000);
    for refused in [
        ("MaxItems", "0"),
        ("MaxItems", "1001"),
        ("MaxItems", "ten"),
        ("NextToken", "zz"),
        ("IdentityType", "Address"),
    ] {
        let answer = call(&simulator, "ListIdentities", &[refused]).unwrap();
        assert_eq!(answer.status, 400, "{refused:?}");
    }
}

#[test]
fn an_identity_is_registered_verified_and_deleted() {
    let simulator = quiet();
    let ses = simulator.ses();
    let register = |action, name, value| call(&simulator, action, &[(name, value)]).unwrap();
    let answer = register("VerifyDomainIdentity", "Domain", "Example.com");
    assert_eq!(answer.text("VerificationToken").unwrap().len(), 44);
    register("VerifyEmailIdentity", "EmailAddress", "A@example.com").assert_ok();
    assert_eq!(register("VerifyDomainIdentity", "Domain", "x").status, 400);
    assert_eq!(
        register("VerifyEmailIdentity", "EmailAddress", "@x.test").status,
        400
    );

    let asked = [
        ("Identities.member.1", "example.com"),
        ("Identities.member.2", "A@example.com"),
    ];
    let statuses = || {
        let answer = call(&simulator, "GetIdentityVerificationAttributes", &asked).unwrap();
        let count = |status| {
            let element = format!("<VerificationStatus>{status}</VerificationStatus>");
            answer.body.matches(&element).count()
        };
        (count("Pending"), count("Success"))
    };
    assert_eq!(statuses(), (2, 0));
    ses.add_identity("us-east-1", "example.com", true);
    assert_eq!(statuses(), (1, 1));

    for _ in 0..2 {
        register("DeleteIdentity", "Identity", "EXAMPLE.com").assert_ok();
        assert_eq!(ses.get("us-east-1", "example.com"), None);
    }
    assert!(!get(&simulator, "example.com").body.contains("<entry>"));
    assert_eq!(statuses(), (1, 0));
}
