//! Which characters can be part of a domain name, by what they are.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// What a character is, as far as domain names go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A letter, a digit, a mark, or what stands between letters in some scripts.
    Letter,
    /// An emoji or the like: no registry has it, and DNS does.
    Symbol,
    /// A dash that is not the keyboard's hyphen.
    Dash,
    /// A quotation mark.
    Quote,
    /// The wide form of this character of ASCII that is neither letter nor digit.
    FullWidth(char),
    /// What is not seen, and often comes with copied text.
    Unseen,
    /// Other punctuation, signs of mathematics and money, spaces, and what is not
    /// assigned.
    Other,
}

/// What is punctuation to Unicode and part of names all the same: the exceptions of
/// RFC 5892 (section 2.6 and appendix A), and the full stops of UTS 46.
const EXCEPTIONS: [char; 11] = [
    '\u{b7}', '\u{375}', '\u{5f3}', '\u{5f4}', '\u{f0b}', '\u{200c}', '\u{200d}', '\u{30fb}',
    '\u{3002}', '\u{ff0e}', '\u{ff61}',
];

/// What is a letter or a symbol to Unicode and is not seen, or stands for what is lost.
const UNSEEN: [char; 9] = [
    '\u{115f}',
    '\u{1160}',
    '\u{2800}',
    '\u{3164}',
    '\u{ffa0}',
    '\u{fffc}',
    '\u{fffd}',
    '\u{16fe4}',
    '\u{1d159}',
];

/// What `c` is. ASCII is told by its own rules.
pub(super) fn kind(c: char) -> Kind {
    if c.is_ascii() || EXCEPTIONS.contains(&c) {
        return Kind::Letter;
    }
    if UNSEEN.contains(&c) {
        return Kind::Unseen;
    }
    match CodePointMapData::<GeneralCategory>::new().get(c) {
        GeneralCategory::OtherSymbol => Kind::Symbol,
        GeneralCategory::DashPunctuation => Kind::Dash,
        GeneralCategory::MathSymbol if c == '\u{2212}' => Kind::Dash,
        GeneralCategory::InitialPunctuation | GeneralCategory::FinalPunctuation => Kind::Quote,
        GeneralCategory::OpenPunctuation if "\u{201a}\u{201e}".contains(c) => Kind::Quote,
        GeneralCategory::ConnectorPunctuation
        | GeneralCategory::OpenPunctuation
        | GeneralCategory::ClosePunctuation
        | GeneralCategory::OtherPunctuation
        | GeneralCategory::MathSymbol
        | GeneralCategory::CurrencySymbol
        | GeneralCategory::ModifierSymbol
        | GeneralCategory::SpaceSeparator
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator
        | GeneralCategory::PrivateUse
        | GeneralCategory::Surrogate
        | GeneralCategory::Unassigned => full_width(c).map_or(Kind::Other, Kind::FullWidth),
        GeneralCategory::Control | GeneralCategory::Format => Kind::Unseen,
        _ => Kind::Letter,
    }
}

fn full_width(c: char) -> Option<char> {
    let ascii = u32::from(c).checked_sub(0xfee0)?;
    char::from_u32(ascii).filter(char::is_ascii_punctuation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_told_by_their_category() {
        for (c, expected) in [
            ('\u{2010}', Kind::Dash),
            ('\u{2015}', Kind::Dash),
            ('\u{2212}', Kind::Dash),
            ('\u{201c}', Kind::Quote),
            ('\u{2019}', Kind::Quote),
            ('\u{201e}', Kind::Quote),
            ('\u{ab}', Kind::Quote),
            ('\u{ff20}', Kind::FullWidth('@')),
            ('\u{ff0f}', Kind::FullWidth('/')),
            ('\u{20ac}', Kind::Other),
            ('\u{a8}', Kind::Other),
            ('\u{d7}', Kind::Other),
            ('\u{3001}', Kind::Other),
            ('\u{e000}', Kind::Other),
            ('\u{2800}', Kind::Unseen),
            ('\u{3164}', Kind::Unseen),
            ('\u{200b}', Kind::Unseen),
            ('\u{ad}', Kind::Unseen),
            ('\u{1f600}', Kind::Symbol),
            ('\u{2764}', Kind::Symbol),
            ('\u{30fb}', Kind::Letter),
            ('\u{3002}', Kind::Letter),
            ('\u{fc}', Kind::Letter),
            ('\u{661}', Kind::Letter),
            ('\u{301}', Kind::Letter),
        ] {
            assert_eq!(kind(c), expected, "U+{:04X}", u32::from(c));
        }
    }
}
