//! What profiles say, by the texts of files.

use super::super::files::tests::files;
use super::*;

const KEYS: &str = "aws_access_key_id = K\naws_secret_access_key = S\n";

fn of(config: &str) -> Result<Option<Profile>, String> {
    Profile::of(&files(config, ""), "p")
}

fn roles(profile: &Profile) -> Vec<&str> {
    profile.roles.iter().map(|role| role.arn.as_str()).collect()
}

#[test]
fn a_profile_gives_keys_a_program_sso_or_a_web_identity() {
    let found = |properties: &str| {
        let found = of(&format!(
            "[profile p]\n{properties}\n[sso-session s]\nsso_region = r\n\
                                 sso_start_url = u\n"
        ));
        found.unwrap().map(|profile| profile.base)
    };
    let program = "credential_process = x\n";
    let base = found(&format!("{program}{KEYS}"));
    assert!(matches!(base, Some(Base::Keys(keys)) if keys.access_key == "K"));
    assert!(matches!(found(program), Some(Base::Program(program)) if program == "x"));
    let web = "web_identity_token_file = t\nrole_arn = a";
    assert!(matches!(found(web), Some(Base::WebIdentity(web)) if web.role_arn == "a"));
    assert!(found("region = eu-west-1").is_none());
    let account = "sso_account_id = 1\nsso_role_name = n\n";
    let sso = |session: Option<&str>| Sso {
        account_id: "1".to_owned(),
        role_name: "n".to_owned(),
        start_url: "u".to_owned(),
        region: "r".to_owned(),
        session: session.map(str::to_owned),
    };
    for (properties, session) in [
        ("sso_session = s\n", Some("s")),
        // As the AWS command line writes it.
        (
            "sso_session = s\nsso_region = r\nsso_start_url = u\n",
            Some("s"),
        ),
        ("sso_region = r\nsso_start_url = u\n", None),
    ] {
        let Some(Base::Sso(found)) = found(&format!("{account}{properties}")) else {
            panic!("{properties}");
        };
        assert_eq!(found, sso(session));
    }
}

#[test]
fn roles_are_assumed_from_the_source_on() {
    let found = of(&format!(
        "[profile p]\nrole_arn = a\nsource_profile = q\nduration_seconds = 900\n\
         [profile q]\nrole_arn = b\nsource_profile = r\nexternal_id = e\n[profile r]\n{KEYS}"
    ));
    let found = found.unwrap().unwrap();
    assert_eq!(roles(&found), ["b", "a"]);
    assert!(matches!(found.base, Base::Keys(_)));
    assert_eq!(found.roles[1].duration, Some(Duration::from_secs(900)));
    assert_eq!(found.roles[0].external_id.as_deref(), Some("e"));

    let itself = of(&format!(
        "[profile p]\nrole_arn = a\nsource_profile = p\nduration_seconds = x\n{KEYS}"
    ));
    let itself = itself.unwrap().unwrap();
    assert_eq!(roles(&itself), ["a"]);
    assert_eq!(itself.roles[0].duration, None);
    assert!(matches!(itself.base, Base::Keys(_)));
    for (source, is) in [
        ("Environment", matches as fn(&Base) -> u8),
        ("EcsContainer", matches),
        ("Ec2InstanceMetadata", matches),
    ] {
        let text = format!("[profile p]\nrole_arn = a\ncredential_source = {source}\n");
        let found = of(&text).unwrap().unwrap();
        assert_eq!(roles(&found), ["a"]);
        assert!(is(&found.base) > 0);
    }
}

fn matches(base: &Base) -> u8 {
    match base {
        Base::Environment => 1,
        Base::Container => 2,
        Base::Instance => 3,
        _ => 0,
    }
}

#[test]
fn what_is_wrong_with_a_profile_is_said() {
    for (config, says) in [
        ("", "the profile `p` does not exist (looked for in config"),
        (
            "[profile p]\nrole_arn = a\nsource_profile = q\n",
            "the profile `q`, which `p` names as its source, does not exist",
        ),
        (
            "[profile p]\nrole_arn = a\nsource_profile = q\n[profile q]\nrole_arn = b\n\
             source_profile = p\n",
            "the profiles `p`, `q`, `p` go round in a circle",
        ),
        (
            "[profile p]\nsource_profile = q\n",
            "has source_profile and no role_arn",
        ),
        (
            "[profile p]\nrole_arn = a\nsource_profile = q\n[profile q]\nrole_arn = b\n",
            "the profile `q` has role_arn, and neither source_profile nor credential_source",
        ),
        (
            "[profile p]\nrole_arn = a\nsource_profile = q\n[profile q]\nregion = x\n",
            "the profile `q` has no credentials",
        ),
        (
            "[profile p]\naws_access_key_id = K\n",
            "has aws_access_key_id and no aws_secret",
        ),
        (
            "[profile p]\nrole_arn = a\nmfa_serial = m\n",
            "second factor",
        ),
        ("[profile p]\nlogin_session = x\n", "does not support"),
        (
            "[profile p]\nsso_session = s\n",
            "the sso-session `s` of the profile `p`",
        ),
        (
            "[profile p]\nrole_arn = a\nsource_profile = q\nweb_identity_token_file = f\n",
            "the profile `p` has both source_profile and web_identity_token_file",
        ),
        (
            "[profile p]\nsso_account_id = 1\nsso_role_name = r\n",
            "uses SSO and has no sso_start_url",
        ),
        (
            "[profile p]\nrole_arn = a\ncredential_source = x\n",
            "is none of Environment",
        ),
    ] {
        let told = of(config).unwrap_err();
        assert!(told.contains(says), "{told}");
    }
}
