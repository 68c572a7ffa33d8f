//! Records that are amiss, and where they stand instead.

use super::*;

/// Owners and their records.
type World = &'static [(&'static str, Type, &'static str)];

/// What stands for `name`: itself, or the wildcard at the closest name that exists.
fn owner(world: World, name: &str) -> Option<&'static str> {
    let owners = || world.iter().map(|(owner, _, _)| *owner);
    let exists = |name: &str| {
        let below = format!(".{name}");
        owners().any(|owner| owner == name || owner.ends_with(&below))
    };
    if exists(name) {
        return owners().find(|owner| *owner == name);
    }
    let mut closest = name;
    while !exists(closest) {
        (_, closest) = closest.split_once('.')?;
    }
    owners().find(|owner| *owner == format!("*.{closest}"))
}

/// The verdicts where these names have these records, and no others exist.
async fn check_world(world: World) -> DnsFindings {
    check_against(move |name, kind, _| {
        let Some(of) = owner(world, name) else {
            return Reply::Code(ResponseCode::NXDomain);
        };
        let here = world.iter().filter(|(owner, _, _)| *owner == of);
        let records: Vec<_> = here
            .filter(|(_, of, _)| [kind, Type::CNAME].contains(of))
            .map(|(_, kind, data)| match *kind {
                Type::MX => mx(name, 10, data),
                Type::CNAME => cname(name, data),
                Type::A => record(name, RData::A("192.0.2.1".parse().unwrap())),
                _ => txt(name, &[data.as_bytes()]),
            })
            .collect();
        Reply::Records(records)
    })
    .await
}

#[tokio::test]
async fn another_region_has_to_exist() {
    const OTHER: &str = "feedback-smtp.eu-wset-1.amazonses.com.";
    let findings = check_world(&[(NAME, Type::MX, OTHER)]).await;
    assert_eq!(findings.mx.status, RecordStatus::Wrong);
    let told = reason(&findings.mx);
    assert!(told.contains("no host feedback-smtp.eu-wset-1"), "{told}");

    let findings = check_world(&[(NAME, Type::MX, OTHER), (OTHER, Type::A, "")]).await;
    assert_eq!(findings.mx.status, RecordStatus::OtherRegion);

    let unknown = check_against(|name, kind, _| match (name, kind) {
        (NAME, Type::MX) => Reply::Records(vec![mx(NAME, 10, OTHER)]),
        _ => Reply::Code(ResponseCode::ServFail),
    });
    assert_eq!(unknown.await.mx.status, RecordStatus::OtherRegion);
}

#[tokio::test]
async fn records_that_are_amiss_are_sought_elsewhere() {
    const SPF: &str = "v=spf1 include:amazonses.com ~all";
    let twice = Elsewhere::Twice {
        name: "bounce.example.com.example.com".to_owned(),
        label: "bounce".to_owned(),
    };
    let above = Elsewhere::Above("example.com".to_owned());
    let wildcard = Elsewhere::Wildcard("*.example.com".to_owned());
    let worlds: [(World, _, _, Elsewhere); 6] = [
        (
            &[
                ("bounce.example.com.example.com.", Type::MX, HOST),
                ("bounce.example.com.example.com.", Type::TXT, SPF),
            ],
            RecordStatus::Missing,
            RecordStatus::Missing,
            twice,
        ),
        (
            &[
                ("example.com.", Type::MX, HOST),
                ("example.com.", Type::TXT, SPF),
            ],
            RecordStatus::Missing,
            RecordStatus::Missing,
            above,
        ),
        (
            &[
                ("*.example.com.", Type::MX, "mx.example.com."),
                ("*.example.com.", Type::TXT, "v=spf1 -all"),
            ],
            RecordStatus::Wrong,
            RecordStatus::Wrong,
            wildcard,
        ),
        (
            &[(NAME, Type::CNAME, "gone.example.net.")],
            RecordStatus::Missing,
            RecordStatus::Missing,
            Elsewhere::alias("gone.example.net", None),
        ),
        (
            &[
                ("*.example.com.", Type::CNAME, "web.example.net."),
                ("web.example.net.", Type::MX, "mx.example.net."),
                ("web.example.net.", Type::TXT, "v=spf1 -all"),
            ],
            RecordStatus::Wrong,
            RecordStatus::Wrong,
            Elsewhere::alias("web.example.net", Some("*.example.com")),
        ),
        (
            &[
                (NAME, Type::CNAME, "web.example.net."),
                ("*.example.com.", Type::CNAME, "web.example.net."),
                ("web.example.net.", Type::MX, "mx.example.net."),
                ("web.example.net.", Type::TXT, "v=spf1 -all"),
            ],
            RecordStatus::Wrong,
            RecordStatus::Wrong,
            Elsewhere::alias("web.example.net", None),
        ),
    ];
    for (world, mx, spf, elsewhere) in worlds {
        let findings = check_world(world).await;
        assert_eq!(statuses(&findings), (mx, spf), "{elsewhere:?}");
        assert_eq!(findings.mx.elsewhere.as_ref(), Some(&elsewhere));
        assert_eq!(findings.spf.elsewhere.as_ref(), Some(&elsewhere));
    }
    // A text that is no SPF record may be there by a wildcard, too.
    let quoted: World = &[(
        "*.example.com.",
        Type::TXT,
        "\"v=spf1 include:amazonses.com ~all\"",
    )];
    let spf = check_world(quoted).await.spf;
    assert_eq!(spf.status, RecordStatus::Missing);
    let by = Elsewhere::Wildcard("*.example.com".to_owned());
    assert_eq!(spf.elsewhere, Some(by));
    // So may be one that passes, and is to be replaced all the same.
    let passes: World = &[(
        "*.example.com.",
        Type::TXT,
        "v=spf1 include:amazonses.com +all",
    )];
    let spf = check_world(passes).await.spf;
    assert_eq!(spf.status, RecordStatus::Ok);
    let by = Elsewhere::Wildcard("*.example.com".to_owned());
    assert_eq!(spf.elsewhere, Some(by));
    // It is no wildcard that gives a name what it has itself.
    let same: World = &[
        (NAME, Type::MX, "mx.example.com."),
        (NAME, Type::TXT, "v=spf1 -all"),
        ("*.example.com.", Type::MX, "mx.example.com."),
        ("*.example.com.", Type::TXT, "v=spf1 -all"),
    ];
    // Nor was it typed twice where a wildcard answers to every name.
    let by_wildcard: World = &[
        (NAME, Type::A, ""),
        ("*.example.com.", Type::MX, HOST),
        ("*.example.com.", Type::TXT, SPF),
    ];
    for (world, status) in [
        (same, RecordStatus::Wrong),
        (by_wildcard, RecordStatus::Missing),
    ] {
        let findings = check_world(world).await;
        assert_eq!(statuses(&findings), (status, status));
        let elsewhere = (findings.mx.elsewhere, findings.spf.elsewhere);
        assert_eq!(elsewhere, (None, None));
    }
    // A company's own records explain nothing.
    let own: World = &[
        ("example.com.", Type::MX, "mx.example.com."),
        ("example.com.", Type::TXT, "v=spf1 mx -all"),
    ];
    let findings = check_world(own).await;
    assert_eq!(
        (findings.mx.elsewhere, findings.spf.elsewhere),
        (None, None)
    );
}

#[tokio::test]
async fn an_alias_of_ses_domain_names_ses() {
    let worlds: [World; 2] = [
        &[
            (NAME, Type::TXT, "v=spf1 include:ses.example.com. -all"),
            ("ses.example.com.", Type::CNAME, "amazonses.com."),
            ("amazonses.com.", Type::TXT, "v=spf1 ip4:54.240.0.0/18 -all"),
        ],
        &[
            (NAME, Type::CNAME, "amazonses.com."),
            ("amazonses.com.", Type::TXT, "v=spf1 ip4:54.240.0.0/18 -all"),
        ],
    ];
    for world in worlds {
        let spf = check_world(world).await.spf;
        assert_eq!((spf.status, spf.cause), (RecordStatus::Ok, None));
    }
}

#[tokio::test]
async fn records_are_sought_below_a_domain_that_is_a_zone_itself() {
    let findings = check_world(&[
        ("bounce.bounce.example.com.", Type::MX, HOST),
        (
            "bounce.bounce.example.com.",
            Type::TXT,
            "v=spf1 include:amazonses.com ~all",
        ),
    ])
    .await;
    let twice = Elsewhere::Twice {
        name: "bounce.bounce.example.com".to_owned(),
        label: String::new(),
    };
    assert_eq!(findings.mx.elsewhere.as_ref(), Some(&twice));
    assert_eq!(findings.spf.elsewhere, Some(twice));
}

#[tokio::test]
async fn more_is_asked_only_where_something_is_amiss() {
    let server = ScriptedServer::start(|name, kind, _| published(name, kind)).await;
    check(&resolver(&[&server])).await;
    let kinds: Vec<Type> = server
        .asked()
        .into_iter()
        .map(|(_, kind, _)| kind)
        .collect();
    assert!(
        !kinds.contains(&Type::CNAME) && !kinds.contains(&Type::A),
        "{kinds:?}"
    );
}
