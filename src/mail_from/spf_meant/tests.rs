use super::*;

/// The terms that were meant, and in brackets what nobody can tell.
fn told(text: &str) -> String {
    let words = words(text).into_iter();
    let words = words.map(|word| word.meant.unwrap_or(format!("<{}>", word.written)));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn valid_terms_are_kept_as_they_are() {
    for text in [
        "a mx ptr a:h.example/24//64 mx/24 ip4:192.0.2.0/24 ip6:2001:db8:a::/48 -all",
        "+include:_spf.x.example ?exists:%{i}._spf.%{d2} redirect=x.example exp=e.x.example",
        "A MX:H.Example unknown=%{d} ~ALL",
    ] {
        assert_eq!(told(&format!("v=spf1 {text}")), text);
    }
}

#[test]
fn what_can_be_told_is_written_right() {
    for (text, expected) in [
        (
            "ipv4:192.0.2.1 IPv4:192.0.2.0/24",
            "ip4:192.0.2.1 ip4:192.0.2.0/24",
        ),
        ("ip:192.0.2.1 ip4=192.0.2.2", "ip4:192.0.2.1 ip4:192.0.2.2"),
        (
            "ipv6:2001:db8::1 ip4:2001:db8::2",
            "ip6:2001:db8::1 ip6:2001:db8::2",
        ),
        (
            "ip6:192.0.2.1 192.0.2.7 2001:db8::3/64",
            "ip4:192.0.2.1 ip4:192.0.2.7 ip6:2001:db8::3/64",
        ),
        (
            "a:192.0.2.1 -mx:192.0.2.0/24 include:192.0.2.2",
            "ip4:192.0.2.1 -ip4:192.0.2.0/24 ip4:192.0.2.2",
        ),
        (
            "a:2001:db8::1 ip6:[2001:db8::2]",
            "ip6:2001:db8::1 ip6:2001:db8::2",
        ),
        (
            "ip4:mail.x.example ip4:x.example/24",
            "a:mail.x.example a:x.example/24",
        ),
        (
            "ip4:192.0.2.1,192.0.2.2,192.0.2.0/25",
            "ip4:192.0.2.1 ip4:192.0.2.2 ip4:192.0.2.0/25",
        ),
        (
            "include:a.example,b.example, c.example",
            "include:a.example include:b.example include:c.example",
        ),
        (
            "include:a.example;include:b.example",
            "include:a.example include:b.example",
        ),
        (
            "ip4:192.0.2.1include:x.example",
            "ip4:192.0.2.1 include:x.example",
        ),
        (
            "ip4:192.0.2.0/24include:x.example~all",
            "ip4:192.0.2.0/24 include:x.example ~all",
        ),
        (
            "include:a.exampleinclude:b.example",
            "include:a.example include:b.example",
        ),
        (
            "include:a.example+include:b.exampleip4:192.0.2.1",
            "include:a.example +include:b.example ip4:192.0.2.1",
        ),
        (
            "include=x.example a=h.example",
            "include:x.example a:h.example",
        ),
        (
            "include: x.example exists :h.example",
            "include:x.example exists:h.example",
        ),
        (
            "include x.example ip4 192.0.2.1",
            "include:x.example ip4:192.0.2.1",
        ),
        (
            "include::x.example include.y.example",
            "include:x.example include:y.example",
        ),
        (
            "include_spf.x.example include:https://x.example/",
            "include:_spf.x.example include:x.example",
        ),
        (
            "inlcude:x.example includes:y.example inc:z.example",
            "include:x.example include:y.example include:z.example",
        ),
        ("redirect:x.example", "redirect=x.example"),
        (
            "ip4:192.0.2.0/255.255.255.0 ip4:192.0.2.0/024",
            "ip4:192.0.2.0/24 ip4:192.0.2.0/24",
        ),
        ("ip4:192.0.2.0/ 24", "ip4:192.0.2.0/24"),
        (
            "include:b\u{fc}cher.example",
            "include:xn--bcher-kva.example",
        ),
        (
            "include:\u{200b}x.example \u{2013}all",
            "include:x.example -all",
        ),
        (
            "\u{201c}include:x.example\u{201d} mx: ~ all",
            "include:x.example mx ~all",
        ),
        (
            "- mx - include:x.example ~ all",
            "mx include:x.example ~all",
        ),
        ("~all; -al ~all.", "~all -all ~all"),
        ("a. mx; <include:x.example>", "a mx include:x.example"),
        ("v=spf1include:x.example v=spf1 mx", "include:x.example mx"),
    ] {
        assert_eq!(told(&format!("v=spf1 {text}")), expected, "{text}");
    }
}

#[test]
fn what_nobody_can_tell_is_kept_apart() {
    for (text, expected) in [
        ("v=spf1 bogus mx", "<bogus> mx"),
        (
            "v=spf1 ip4:192.0.2 ip4:192.0.2.0/33",
            "<ip4:192.0.2> <ip4:192.0.2.0/33>",
        ),
        (
            "v=spf1 ip4:192.0.2.1-192.0.2.9 -all",
            "<ip4:192.0.2.1-192.0.2.9> -all",
        ),
        ("v=spf1 include: -all", "<include:> -all"),
        (
            "v=spf1 mail.x.example include:%{x}.example",
            "<mail.x.example> <include:%{x}.example>",
        ),
        (
            "v=spf1 ip4:192.0.2.1include:%{x}.example ~all",
            "ip4:192.0.2.1 <include:%{x}.example> ~all",
        ),
        ("v=spf1 foo:x.example", "<foo:x.example>"),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn the_version_is_no_term() {
    for text in [
        "v=spf1 mx",
        "\"v=spf1\" \"mx\"",
        "spf1 mx",
        "v=sfp1 mx",
        "v=spf mx",
        "v=spf2 mx",
        "v = spf1 mx",
        "@ TXT \"V=SPF1 mx\"",
        "SPF: v=spf1: mx",
        "v=spf1,mx",
        "v=spf1:mx",
        "v=spf1=mx",
        "v=spf1 v=spf1 mx",
    ] {
        assert_eq!(told(text), "mx", "{text}");
    }
}
