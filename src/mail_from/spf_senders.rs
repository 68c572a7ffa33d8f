//! The addresses that SES sends from, as far as an evaluation tells them apart.

use super::spf::AddressRange;

/// A set of IPv4 addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Senders(Vec<AddressRange>);

impl Senders {
    /// Any of `ranges`.
    pub(super) fn new(ranges: Vec<AddressRange>) -> Senders {
        Senders(ranges)
    }

    /// Senders whose addresses are not known: an address that no host has, so that
    /// only a list of all addresses holds it.
    pub(super) fn unlisted() -> Senders {
        let (first, last) = (u32::MAX, u32::MAX);
        Senders(vec![AddressRange { first, last }])
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those in `range`.
    pub(super) fn within(&self, range: AddressRange) -> Senders {
        let within = self.0.iter().map(|own| AddressRange {
            first: own.first.max(range.first),
            last: own.last.min(range.last),
        });
        Senders(within.filter(|own| own.first <= own.last).collect())
    }

    /// Those that are not in `others`.
    pub(super) fn without(&self, others: &Senders) -> Senders {
        let mut left = self.0.clone();
        for other in &others.0 {
            let pieces = left.iter().flat_map(|own| {
                let below = other.first.checked_sub(1).map(|last| AddressRange {
                    first: own.first,
                    last: own.last.min(last),
                });
                let above = other.last.checked_add(1).map(|first| AddressRange {
                    first: own.first.max(first),
                    last: own.last,
                });
                [below, above].into_iter().flatten()
            });
            left = pieces.filter(|own| own.first <= own.last).collect();
        }
        Senders(left)
    }

    pub(super) fn add(&mut self, others: Senders) {
        self.0.extend(others.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senders(ranges: &[(u32, u32)]) -> Senders {
        let range = |&(first, last)| AddressRange { first, last };
        Senders::new(ranges.iter().map(range).collect())
    }

    #[test]
    fn sets_are_cut_at_the_ends_of_ranges() {
        let all = senders(&[(0, 9), (20, 29), (u32::MAX - 1, u32::MAX)]);
        for (other, within, without) in [
            (
                (5, 22),
                senders(&[(5, 9), (20, 22)]),
                vec![(0, 4), (23, 29)],
            ),
            ((10, 19), senders(&[]), vec![(0, 9), (20, 29)]),
            ((0, 3), senders(&[(0, 3)]), vec![(4, 9), (20, 29)]),
            (
                (22, 23),
                senders(&[(22, 23)]),
                vec![(0, 9), (20, 21), (24, 29)],
            ),
        ] {
            let (first, last) = other;
            assert_eq!(all.within(AddressRange { first, last }), within);
            let expected = [without, vec![(u32::MAX - 1, u32::MAX)]].concat();
            assert_eq!(all.without(&senders(&[other])), senders(&expected));
        }
        let (first, last) = (0, u32::MAX);
        let everything = AddressRange { first, last };
        assert_eq!(all.within(everything), all);
        assert!(all.without(&Senders::new(vec![everything])).is_empty());
    }
}
