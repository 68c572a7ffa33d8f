use std::net::IpAddr;

use super::super::connection::Connection;
use super::super::files::tests::files;
use super::super::http::Trust;
use super::super::instance::MetadataSettings;
use super::super::look_up::LookUps;
use super::super::look_up::tests::Scripted;
use super::super::proxies::{Proxies, ProxySettings};
use super::*;

fn settings(variables: &[(&str, &str)]) -> ConnectionSettings {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    ConnectionSettings {
        environment: AwsEnvironment::read(variables.iter().map(owned)),
        ..ConnectionSettings::default()
    }
}

const CONFIG: &str = "[default]\nendpoint_url = http://file\n[profile p]\nservices = s\n\
                      endpoint_url = http://p\n[services s]\nses =\n  endpoint_url = http://s\n\
                      [profile off]\nendpoint_url = http://off\n\
                      ignore_configured_endpoint_urls = true\n";

/// Where SES and STS are.
fn urls(settings: &ConnectionSettings) -> [Option<String>; 2] {
    let endpoints = Endpoints::of(settings, &files(CONFIG, "")).unwrap();
    [endpoints.ses.url, endpoints.sts.unwrap().url]
}

#[test]
fn a_service_s_endpoint_is_the_first_that_is_named() {
    let profile = |name| ("AWS_PROFILE", name);
    let (ses, sts) = (
        ("AWS_ENDPOINT_URL_SES", "http://ses"),
        ("AWS_ENDPOINT_URL_STS", "http://sts"),
    );
    let (tf, old) = (
        ("TF_AWS_STS_ENDPOINT", "http://tf"),
        ("AWS_STS_ENDPOINT", "http://old"),
    );
    let base = ("AWS_ENDPOINT_URL", "http://base");
    let ignore = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    for (variables, expected) in [
        (&[][..], [Some("http://file"), Some("http://file")]),
        (&[profile("p")], [Some("http://s"), Some("http://p")]),
        (&[profile("off")], [None, None]),
        (
            &[base, profile("p")],
            [Some("http://base"), Some("http://base")],
        ),
        (&[ses, base, sts], [Some("http://ses"), Some("http://sts")]),
        (&[base, tf, old], [Some("http://base"), Some("http://tf")]),
        (&[old, base], [Some("http://base"), Some("http://old")]),
        (&[sts, tf, old], [Some("http://file"), Some("http://sts")]),
        (&[ignore, ses, sts, base], [None, None]),
        (&[ignore, sts, tf, base], [None, Some("http://tf")]),
    ] {
        let mut settings = settings(variables);
        let expected = expected.map(|url| url.map(str::to_owned));
        assert_eq!(urls(&settings), expected, "{variables:?}");
        settings.ses_endpoint = Some("http://block".to_owned());
        settings.sts_endpoint = Some(String::new());
        let block = Some("http://block".to_owned());
        assert_eq!(
            urls(&settings),
            [block, expected[1].clone()],
            "{variables:?}"
        );
    }
}

#[test]
fn one_ses_is_one_by_whatever_name() {
    for url in [
        "https://email.us-east-1.amazonaws.com",
        "https://EMAIL-FIPS.us-east-1.amazonaws.com:443/",
        "https://email.us-east-1.api.aws",
        "https://vpce-0a1b.email.us-east-1.vpce.amazonaws.com",
        "https://email.cn-north-1.amazonaws.com.cn",
        "https://email.eusc-de-east-1.amazonaws.eu",
        "https://email-fips.us-iso-east-1.c2s.ic.gov",
    ] {
        assert_eq!(which_ses(url), None, "{url}");
    }
    let emulator = which_ses("http://localhost:4566").unwrap();
    for same in [
        "http://LOCALHOST:4566/",
        "http://127.0.0.1:4566",
        "http://[::1]:4566",
        "http://[0:0:0:0:0:0:0:1]:4566/",
        "https://user:hush@localhost:4566",
    ] {
        assert_eq!(which_ses(same).as_ref(), Some(&emulator), "{same}");
    }
    for other in [
        "http://localhost:4567",
        "http://localhost:4566/other",
        "http://localhost",
        "https://localhost",
        "http://amazonaws.com.evil.example",
        "http://notamazonaws.com:4566",
        "http://[::2]:4566",
        // Of customers: an emulator behind a load balancer.
        "http://moto-1.us-east-1.elb.amazonaws.com",
    ] {
        let which = which_ses(other);
        assert!(
            which.is_some() && which.as_ref() != Some(&emulator),
            "{other}"
        );
    }
    assert_ne!(
        which_ses("http://localhost"),
        which_ses("https://localhost")
    );
    let one = which_ses("http://[2001:DB8:0::1]:80").unwrap();
    assert_eq!(which_ses("http://[2001:db8::1]"), Some(one));
}

#[tokio::test]
async fn connections_to_one_ses_are_told_from_others_whatever_says_where_it_is() {
    let which = async |settings: ConnectionSettings| {
        let connection = Connection::new(settings);
        connection.read_files().await;
        connection.which_ses()
    };
    let block = |url: &str| ConnectionSettings {
        ses_endpoint: Some(url.to_owned()),
        ..ConnectionSettings::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let services = "[default]\nservices = s\n[services s]\nses =\n  endpoint_url = ";
    std::fs::write(&file, format!("{services}http://127.0.0.1:4566/\n")).unwrap();
    let of_profile = ConnectionSettings {
        config_files: vec![file],
        ..ConnectionSettings::default()
    };
    let emulator = Some("127.0.0.1:4566".to_owned());
    assert_eq!(which(block("http://localhost:4566")).await, emulator);
    assert_eq!(which(of_profile).await, emulator);
    let of_environment = settings(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")]);
    assert_eq!(which(of_environment).await, emulator);

    assert_eq!(which(settings(&[])).await, None);
    assert_eq!(
        which(settings(&[("AWS_USE_FIPS_ENDPOINT", "true")])).await,
        None
    );
    let own = block("https://email.us-east-1.amazonaws.com");
    assert_eq!(which(own).await, None);
    let other = which(block("http://localhost:4567")).await;
    assert!(other.is_some() && other != emulator);
}

#[test]
fn what_is_no_url_is_told_with_who_has_said_it() {
    let told = |variables: &[(&str, &str)], config: &str| {
        Endpoints::of(&settings(variables), &files(config, "")).unwrap_err()
    };
    for (variables, config, text) in [
        (
            &[("AWS_ENDPOINT_URL_SES", "ses.test")][..],
            "",
            "AWS_ENDPOINT_URL_SES is `ses.test`, not the URL of an endpoint",
        ),
        (
            &[],
            "[default]\nendpoint_url = ftp://x\n",
            "endpoint_url of the profile `default` is `ftp://x`",
        ),
        (
            &[],
            "[default]\nservices = s\n[services s]\nses =\n  endpoint_url = x\n",
            "endpoint_url of ses in the services `s` is `x`",
        ),
        (
            &[("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5")],
            "",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is `IPv5`, neither `IPv4` nor `IPv6`",
        ),
        (
            &[("AWS_USE_FIPS_ENDPOINT", "yes")],
            "",
            "AWS_USE_FIPS_ENDPOINT is `yes`, neither `true` nor `false`",
        ),
    ] {
        let told = told(variables, config);
        assert!(told.starts_with(text), "{told}");
    }
}

#[test]
fn the_metadata_service_is_where_it_is_said_to_be() {
    let file = "[default]\nec2_metadata_service_endpoint = http://file\n\
                ec2_metadata_service_endpoint_mode = IPv6\n";
    let (current, old) = (
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://current"),
        ("AWS_METADATA_URL", "http://old"),
    );
    let mode = |mode| ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", mode);
    let (ipv4, ipv6) = ("http://169.254.169.254", "http://[fd00:ec2::254]");
    for (block, variables, config, expected) in [
        ((None, None), &[][..], "", ipv4),
        ((None, None), &[mode("ipv6")], "", ipv6),
        ((None, Some(false)), &[mode("IPv6")], "", ipv4),
        ((None, Some(true)), &[mode("IPv4")], "", ipv6),
        ((None, None), &[], file, "http://file"),
        ((None, None), &[old], file, "http://old"),
        ((None, None), &[old, current], file, "http://current"),
        (
            (Some("http://block"), None),
            &[current],
            file,
            "http://block",
        ),
        ((Some(""), None), &[current], file, "http://current"),
    ] {
        let (endpoint, is_ipv6) = block;
        let settings = ConnectionSettings {
            metadata: MetadataSettings {
                skip: None,
                endpoint: endpoint.map(str::to_owned),
                is_ipv6,
            },
            ..settings(variables)
        };
        let endpoints = Endpoints::of(&settings, &files(config, "")).unwrap();
        let metadata = endpoints.metadata.unwrap();
        assert_eq!(metadata, expected, "{variables:?}");
    }
    let config = "[default]\nservices = s\n[services s]\nsts =\n  endpoint_url = x\n";
    let endpoints = Endpoints::of(&settings(&[]), &files(config, "")).unwrap();
    let wrong = endpoints.sts.unwrap_err();
    assert!(
        wrong.starts_with("endpoint_url of sts in the services `s` is `x`"),
        "{wrong}"
    );
    // Whoever does not ask it never learns of this.
    for variables in [&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", "here")][..], &[]] {
        let config = "[default]\nec2_metadata_service_endpoint = here\n";
        let endpoints = Endpoints::of(&settings(variables), &files(config, "")).unwrap();
        let wrong = endpoints.metadata.unwrap_err();
        assert!(
            wrong.ends_with("is `here`, not the URL of an endpoint"),
            "{wrong}"
        );
    }
    let old_name = |variables: &[_]| {
        let environment = settings(variables).environment;
        environment
            .deprecated_metadata_endpoint()
            .map(|(old, _)| old)
    };
    assert_eq!(old_name(&[old]), Some("AWS_METADATA_URL"));
    assert_eq!(old_name(&[old, current]), None);
}

async fn http(says: Result<IpAddr, &'static str>, proxy: Option<&str>) -> Http {
    let look_ups = LookUps::by(Scripted::new(0, says));
    let block = ProxySettings {
        https: proxy.map(str::to_owned),
        ..ProxySettings::default()
    };
    let proxies = Proxies::of(&block, &AwsEnvironment::default()).unwrap();
    let http = Http::new(&Trust::System, proxies, None, look_ups).await;
    http.unwrap()
}

#[tokio::test]
async fn own_hosts_are_those_of_aws_and_fips_gives_way_where_it_is_not_there() {
    let loopback = Ok(IpAddr::from([127, 0, 0, 1]));
    let there = http(loopback, None).await;
    let away = http(Err("Name or service not known"), None).await;
    let broken = http(Err("Temporary failure in name resolution"), None).await;
    // What a proxy looks up, this machine need not know.
    let proxied = http(Err("Name or service not known"), Some("http://p")).await;
    for (fips, dual_stack, hosts) in [
        (
            false,
            false,
            [
                "email.us-west-2.amazonaws.com",
                "sts.us-west-2.amazonaws.com",
            ],
        ),
        (
            true,
            false,
            [
                "email-fips.us-west-2.amazonaws.com",
                "sts-fips.us-west-2.amazonaws.com",
            ],
        ),
        (
            false,
            true,
            ["email.us-west-2.api.aws", "sts.us-west-2.api.aws"],
        ),
        (
            true,
            true,
            ["email-fips.us-west-2.api.aws", "sts-fips.us-west-2.api.aws"],
        ),
    ] {
        let place = Place {
            url: None,
            fips,
            dual_stack,
        };
        for (service, host) in [Service::Ses, Service::Sts].into_iter().zip(hosts) {
            let url = place.own_url(service, "us-west-2").await.unwrap();
            assert_eq!(url, format!("https://{host}"));
            for http in [&there, &broken, &proxied] {
                assert_eq!(place.existing(service, "us-west-2", http).await, place);
            }
            let without = place.existing(service, "us-west-2", &away).await;
            assert_eq!((without.fips, without.dual_stack), (false, dual_stack));
        }
    }
}
