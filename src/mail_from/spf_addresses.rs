//! Addresses and networks as people write them into SPF records.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether a text is an address or a network, however its length is written.
pub(super) fn is_address(text: &str) -> bool {
    addresses(text).is_some()
}

/// The mechanism of an address or a network, however its length is written.
pub(super) fn addresses(text: &str) -> Option<String> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let (name, whole) = if address.parse::<Ipv4Addr>().is_ok() {
        ("ip4", 32)
    } else if address.parse::<Ipv6Addr>().is_ok() {
        ("ip6", 128)
    } else {
        return None;
    };
    let length = match length {
        None => None,
        Some(length) => Some(prefix_length(length).filter(|length| *length <= whole)?),
    };
    Some(match length {
        Some(length) => format!("{name}:{address}/{length}"),
        None => format!("{name}:{address}"),
    })
}

/// `24`, `024` or `255.255.255.0`.
fn prefix_length(text: &str) -> Option<u32> {
    if let Ok(mask) = text.parse::<Ipv4Addr>() {
        let ones = mask.to_bits().leading_ones();
        return (mask.to_bits().count_ones() == ones).then_some(ones);
    }
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_networks_are_read_as_they_are_written() {
        for (text, expected) in [
            ("192.0.2.1", Some("ip4:192.0.2.1")),
            ("192.0.2.0/24", Some("ip4:192.0.2.0/24")),
            ("192.0.2.0/024", Some("ip4:192.0.2.0/24")),
            ("192.0.2.0/255.255.255.0", Some("ip4:192.0.2.0/24")),
            ("192.0.2.0/0.0.0.0", Some("ip4:192.0.2.0/0")),
            ("2001:db8::/32", Some("ip6:2001:db8::/32")),
            ("192.0.2.0/255.0.255.0", None),
            ("192.0.2.0/33", None),
            ("2001:db8::/129", None),
            ("192.0.2.0/", None),
            ("192.0.2.0/+24", None),
            ("192.0.2", None),
            ("x.example", None),
        ] {
            assert_eq!(addresses(text).as_deref(), expected, "{text}");
        }
    }
}
