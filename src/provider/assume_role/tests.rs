//! What is right and wrong in the blocks.

use super::*;

const ARN: &str = "arn:aws:iam::111122223333:role/path/name";

fn value(text: impl Into<String>) -> Value<String> {
    Value::Value(text.into())
}

fn role() -> AssumeRole {
    AssumeRole {
        role_arn: value(ARN),
        ..AssumeRole::default()
    }
}

fn errors(validate: impl FnOnce(&mut Diagnostics, &AttributePath)) -> Vec<String> {
    let mut diags = Diagnostics::default();
    validate(&mut diags, &AttributePath::new("block"));
    let paths = diags.errors.iter().map(|error| error.attribute.to_string());
    paths.collect()
}

#[test]
fn what_sts_would_refuse_is_told_with_its_path() {
    type Change = fn(&mut AssumeRole);
    let wrong: [(&str, Change); 10] = [
        ("role_arn", |role| role.role_arn = Value::Null),
        ("role_arn", |role| role.role_arn = value("")),
        ("role_arn", |role| role.role_arn = value("terraform")),
        ("role_arn", |role| {
            role.role_arn = value("arn:aws:iam::1:role/x")
        }),
        ("duration", |role| role.duration = value("14m")),
        ("duration", |role| role.duration = value("13h")),
        ("external_id", |role| role.external_id = value("x")),
        ("policy", |role| role.policy = value("{")),
        ("session_name", |role| {
            role.session_name = value("x".repeat(65))
        }),
        ("source_identity", |role| role.source_identity = value("x")),
    ];
    for (name, wrong) in wrong {
        let mut role = role();
        wrong(&mut role);
        let told = errors(|diags, path| role.validate(diags, path));
        assert_eq!(told, [format!("block.{name}")]);
    }
    let right = AssumeRole {
        role_arn: value("arn:aws-us-gov:iam::111122223333:role/x"),
        duration: value("1h30m"),
        external_id: value(""),
        policy: value("{}"),
        session_name: value("s1"),
        ..AssumeRole::default()
    };
    assert_eq!(errors(|diags, path| right.validate(diags, path)), [""; 0]);
}

#[test]
fn a_web_identity_has_one_token() {
    let web = |token, file| AssumeRoleWithWebIdentity {
        role_arn: value(ARN),
        web_identity_token: token,
        web_identity_token_file: file,
        ..AssumeRoleWithWebIdentity::default()
    };
    for (web, right) in [
        (web(value("token"), Value::Null), true),
        (web(value(""), value("file")), true),
        (web(Value::Unknown, Value::Null), true),
        (web(value("token"), value("file")), false),
        (web(Value::Null, Value::Null), false),
    ] {
        let told = errors(|diags, path| web.validate(diags, path));
        assert_eq!(told.is_empty(), right, "{told:?}");
    }
}

#[test]
fn unknown_parts_make_a_block_unknown() {
    assert!(role().is_known());
    let unknown = |change: fn(&mut AssumeRole)| {
        let mut role = role();
        change(&mut role);
        !role.is_known()
    };
    assert!(unknown(|role| role.role_arn = Value::Unknown));
    assert!(unknown(
        |role| role.policy_arns = Value::Value(vec![Value::Unknown])
    ));
    assert!(unknown(|role| {
        let tags = BTreeMap::from([("k".to_owned(), Value::Unknown)]);
        role.tags = Value::Value(tags);
    }));
}
