use super::*;

fn environment(variables: &[(&str, &str)]) -> AwsEnvironment {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    AwsEnvironment::read(variables.iter().map(owned))
}

fn block(http: Option<&str>, https: Option<&str>) -> ProxySettings {
    ProxySettings {
        http: http.map(str::to_owned),
        https: https.map(str::to_owned),
        no: None,
    }
}

/// The proxies before SES by HTTP and by HTTPS.
fn before(block: &ProxySettings, variables: &[(&str, &str)]) -> [Option<String>; 2] {
    let proxies = Proxies::of(block, &environment(variables)).unwrap();
    ["http://email.test", "https://email.test"].map(|uri| {
        let proxy = proxies.before(&uri.parse().unwrap());
        proxy.map(|proxy| proxy.uri.host().unwrap().to_owned())
    })
}

#[test]
fn the_block_comes_before_the_environment_and_serves_both_schemes() {
    let (a, b, c) = ("http://a", "http://b", "http://c");
    let all = [("HTTP_PROXY", a), ("https_proxy", b)];
    for (block, variables, expected) in [
        (block(None, None), &[][..], [None, None]),
        (block(None, None), &all, [Some("a"), Some("b")]),
        (block(None, None), &all[..1], [Some("a"), None]),
        (
            block(None, None),
            &[("HTTPS_PROXY", ""), ("https_proxy", b)],
            [None, Some("b")],
        ),
        (
            block(None, None),
            &[("https_proxy", a), ("HTTPS_PROXY", b)],
            [None, Some("b")],
        ),
        (block(Some(c), None), &[], [Some("c"), Some("c")]),
        (block(Some(c), None), &all, [Some("c"), Some("b")]),
        (block(Some(c), Some("")), &all, [Some("c"), None]),
        (block(Some(""), None), &all, [None, Some("b")]),
        (block(Some(""), Some("")), &all, [None, None]),
        (block(None, Some(c)), &all, [Some("a"), Some("c")]),
    ] {
        let expected = expected.map(|host| host.map(str::to_owned));
        assert_eq!(before(&block, variables), expected, "{variables:?}");
    }
}

#[test]
fn a_proxy_s_url_is_read_and_neither_shown_nor_printed_with_its_password() {
    let parse = |url: &str| Proxy::parse(url, "`https_proxy`");
    let authorization = |url: &str| {
        let proxy = parse(url).unwrap().unwrap();
        let said = format!("{proxy} {proxy:?}");
        assert!(!said.contains("secret") && !said.contains("user"), "{said}");
        let value = proxy.authorization?;
        assert!(value.is_sensitive());
        let value = value
            .to_str()
            .unwrap()
            .strip_prefix("Basic ")
            .unwrap()
            .to_owned();
        Some(String::from_utf8(BASE64_STANDARD.decode(value).unwrap()).unwrap())
    };
    for (url, expected) in [
        ("http://p.test:3128", None),
        ("http://user:secret@p.test:3128", Some("user:secret")),
        ("https://user:se%40cret%3A@p.test/x", Some("user:se@cret:")),
        ("user@p.test:3128", Some("user:")),
        ("http://user:secret@x@[::1]:3128", Some("user:secret@x")),
    ] {
        assert_eq!(authorization(url).as_deref(), expected, "{url}");
    }
    let named = parse("user:secret@p.test:3128").unwrap().unwrap();
    let name = "the proxy http://p.test:3128 that `https_proxy` names";
    assert_eq!(named.to_string(), name);
    assert_eq!(parse("").unwrap().map(|proxy| proxy.name), None);
}

#[test]
fn what_names_no_proxy_is_refused_by_the_name_of_its_setting() {
    for (url, error) in [
        (" http://p.test", ProxyError::NoUrl),
        ("http://", ProxyError::NoUrl),
        ("http://:3128", ProxyError::NoUrl),
        ("http://p.test:x", ProxyError::NoUrl),
        ("http://p.test:99999", ProxyError::NoUrl),
        ("http://u:se%zzcret@p.test", ProxyError::NoUrl),
        ("socks5://p.test", ProxyError::OtherScheme),
    ] {
        assert_eq!(check_proxy(url), Err(error), "{url}");
        let told = Proxies::of(&block(None, None), &environment(&[("https_proxy", url)]));
        let told = told.unwrap_err();
        assert!(told.starts_with("https_proxy cannot be used: "), "{told}");
        assert!(!told.contains("cret"), "{told}");
    }
}

#[test]
fn this_machine_what_belongs_to_it_and_what_is_exempt_lie_before_every_proxy() {
    let variables = [
        ("HTTPS_PROXY", "http://p"),
        ("HTTP_PROXY", "http://p"),
        ("NO_PROXY", "a.test"),
    ];
    let environment = environment(&variables);
    let before = |no: Option<&str>, uri: &str| {
        let block = ProxySettings {
            no: no.map(str::to_owned),
            ..ProxySettings::default()
        };
        let proxies = Proxies::of(&block, &environment).unwrap();
        proxies.before(&uri.parse().unwrap()).is_some()
    };
    for (uri, proxied) in [
        ("http://127.0.0.1:1", false),
        ("https://LOCALHOST", false),
        ("http://[::1]", false),
        ("http://169.254.169.254", false),
        ("http://169.254.170.2", false),
        ("http://[fd00:ec2::254]", false),
        ("http://10.0.0.1", true),
        ("https://email.us-east-1.amazonaws.com", true),
        ("http://localhost.example.com", true),
    ] {
        assert_eq!(before(None, uri), proxied, "{uri}");
    }
    assert!(!before(None, "https://a.test") && before(None, "https://b.test"));
    assert!(before(Some("b.test"), "https://a.test") && !before(Some("b.test"), "https://b.test"));
    assert!(
        !before(Some(""), "https://a.test"),
        "an empty one is not set"
    );
}
