//! Names as DNS holds them, where they come from the network and need not be
//! domain names that people would write.

/// Whether DNS can hold `name`, given without final dot: labels of 1 to 63
/// octets, 253 in all (RFC 1035, section 2.3.4).
pub(super) fn fits_dns(name: &str) -> bool {
    let fits = |label: &str| (1..=63).contains(&label.len());
    name.len() <= 253 && name.split('.').all(fits)
}

/// How many characters have to be put in, left out, replaced or swapped with
/// their neighbour to make `b` of `a`.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_slips_of_the_hand() {
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("eu-wset-1", "eu-west-1", 1),
            ("amazonse.com", "amazonses.com", 1),
            ("amazonaws.com", "amazonses.com", 2),
            ("feedbak-stmp", "feedback-smtp", 2),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{a} {b}");
        }
    }

    #[test]
    fn dns_holds_labels_of_63_octets_and_names_of_253() {
        let label = "a".repeat(63);
        assert!(fits_dns(&format!("{label}.example")));
        assert!(!fits_dns(&format!("a{label}.example")));
        assert!(fits_dns(&format!(
            "{}.{}",
            [label.as_str(); 3].join("."),
            "a".repeat(61)
        )));
        assert!(!fits_dns(&format!(
            "{}.{}",
            [label.as_str(); 3].join("."),
            "a".repeat(62)
        )));
        for name in ["", ".a", "a.", "a..b"] {
            assert!(!fits_dns(name), "{name}");
        }
    }
}
