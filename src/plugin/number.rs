//! Numbers as Terraform has them: decimals of any length, never binary floats.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A number of Terraform's: finite, decimal, exact. For attributes that may have
/// fractions, or more digits than an `i64`; where every value is a small
/// integer, an `i64` does as well.
///
/// Its text is the one it came in, so that it goes back unchanged; only an
/// integer of 64 bits is always written in plain digits (`2`, not `2.0` or
/// `0.2e1`). Compared by value: `1.50` is `1.5`. In serde's formats it is a
/// string, and is read from an integer, a float or a string.
#[derive(Clone)]
pub struct Number {
    text: String,
}

/// A text that is no decimal number, or a float that is not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a finite decimal number")]
pub struct NotANumber;

impl Number {
    /// All digits of a float. Terraform sends a float where it stands for its
    /// number exactly: of 0.1 it has computed with 0.1000000000000000055…, and
    /// holds an answer of 0.1 for another number.
    pub(super) fn exactly(float: f64) -> Result<Self, NotANumber> {
        // No float has a longer fraction.
        let mut text = format!("{float:.1074}");
        let significant = text.trim_end_matches('0').trim_end_matches('.').len();
        text.truncate(significant);
        text.parse()
    }

    /// The nearest float; infinite or zero if no float comes near.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        // Rust's floats read whatever the constructors let pass.
        self.text.parse().unwrap_or(f64::NAN)
    }

    /// The number, if it is an integer in the range of `i64`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.text.parse().ok()
    }

    /// The number, if it is an integer in the range of `u64`.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.text.parse().ok()
    }

    /// Whether it is less than zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.parts().negative
    }

    fn parts(&self) -> Parts {
        Parts::parse(&self.text).unwrap_or_default()
    }
}

/// A number as `0.DIGITS × 10^MAGNITUDE`, without zeros at either end of the
/// digits; zero has none.
#[derive(Debug, Default, PartialEq)]
struct Parts {
    negative: bool,
    digits: String,
    magnitude: i64,
}

impl Parts {
    /// Reads what JSON takes for a number.
    fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            // Terraform's own numbers have an exponent of 32 bits.
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !are_digits(whole)
            || !fraction.is_none_or(are_digits)
            || (whole.starts_with('0') && whole.len() > 1)
        {
            return None;
        }
        let all = [whole, fraction.unwrap_or_default()].concat();
        let digits = all.trim_start_matches('0');
        let leading_zeros = all.len() - digits.len();
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self::default());
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading_zeros).ok()?;
        Some(Self {
            negative: unsigned.len() < text.len(),
            digits: digits.to_owned(),
            magnitude: point + i64::from(exponent),
        })
    }

    /// In plain digits, if it is an integer of 64 bits, with or without a sign.
    fn to_integer(&self) -> Option<String> {
        let magnitude = usize::try_from(self.magnitude).ok()?;
        if self.digits.is_empty() {
            return Some("0".to_owned());
        }
        // An integer of 64 bits has up to 20 digits.
        if magnitude < self.digits.len() || magnitude > 20 {
            return None;
        }
        let sign = if self.negative { "-" } else { "" };
        let integer = format!("{sign}{:0<magnitude$}", self.digits);
        let fits = integer.parse::<i64>().is_ok() || integer.parse::<u64>().is_ok();
        fits.then_some(integer)
    }
}

impl FromStr for Number {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let parts = Parts::parse(text).ok_or(NotANumber)?;
        let text = parts.to_integer().unwrap_or_else(|| text.to_owned());
        Ok(Self { text })
    }
}

/// The shortest decimal that reads back as the same float.
impl TryFrom<f64> for Number {
    type Error = NotANumber;

    fn try_from(float: f64) -> Result<Self, NotANumber> {
        float.to_string().parse()
    }
}

macro_rules! from_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Number {
            fn from(integer: $integer) -> Self {
                Self { text: integer.to_string() }
            }
        }
    )*};
}

from_integers!(i32 u32 i64 u64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text || self.parts() == other.parts()
    }
}

impl Eq for Number {}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number")
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Number, E> {
        Ok(integer.into())
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Number, E> {
        Ok(integer.into())
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<Number, E> {
        float.try_into().map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn text_is_kept_but_for_integers_of_64_bits() {
        let long = format!("0.{}7", "3".repeat(10_000));
        for text in ["0.1", "1.50", "1e20", "1E-7", "-0.5", "1e+400", &long] {
            assert_eq!(number(text).to_string(), text);
        }
        for (text, digits) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e5", "0"),
            ("0e-999999", "0"),
            ("2.0", "2"),
            ("1e3", "1000"),
            ("0.2e1", "2"),
            ("1200e-2", "12"),
            ("18446744073709551615", "18446744073709551615"),
            ("1844674407370955161.5e1", "18446744073709551615"),
            ("18446744073709551616.0", "18446744073709551616.0"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("-9223372036854775809.0", "-9223372036854775809.0"),
        ] {
            assert_eq!(number(text).to_string(), digits, "{text}");
        }
    }

    #[test]
    fn what_json_does_not_take_for_a_number_is_none() {
        for text in [
            "",
            "-",
            "+",
            "+1",
            "--1",
            "inf",
            "-inf",
            "Infinity",
            "nan",
            "NaN",
            "0x10",
            "0b1",
            "1_000",
            "1,5",
            "1.",
            ".5",
            ".",
            "01",
            "-007",
            "1e",
            "1e+",
            "e5",
            "1e1.5",
            "1e5e5",
            "1.2.3",
            " 1",
            "1 ",
            "1\0",
            "٣",
            "true",
            "1e2147483648",
            "1e-99999999999999999999",
        ] {
            assert_eq!(text.parse::<Number>(), Err(NotANumber), "{text:?}");
        }
        for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Number::try_from(float), Err(NotANumber));
            assert_eq!(Number::exactly(float), Err(NotANumber));
        }
    }

    #[test]
    fn numbers_are_compared_by_value() {
        for (one, other) in [
            ("1.5", "1.50"),
            ("1.5", "15e-1"),
            ("1e400", "10E+399"),
            ("0.00012", "1.2e-4"),
            ("-2.5", "-25e-1"),
        ] {
            assert_eq!(number(one), number(other));
        }
        for (one, other) in [
            ("1.5", "-1.5"),
            ("1.5", "15"),
            ("0.1", "0.01"),
            ("0", "1e-9"),
        ] {
            assert_ne!(number(one), number(other));
        }
    }

    #[test]
    fn numbers_are_read_as_rusts() {
        assert_eq!(number("0.9").as_f64(), 0.9);
        assert_eq!(number("1e999").as_f64(), f64::INFINITY);
        assert_eq!(number("2.0").as_i64(), Some(2));
        assert_eq!(number("2.5").as_i64(), None);
        assert_eq!(number("-1").as_u64(), None);
        assert_eq!(number("18446744073709551615").as_i64(), None);
        assert_eq!(number("18446744073709551615").as_u64(), Some(u64::MAX));
        assert!(number("-1e-999").is_negative());
        assert!(!number("-0.0").is_negative());
        assert_eq!(Number::from(-3_i32).to_string(), "-3");
        assert_eq!(Number::from(u64::MAX).as_u64(), Some(u64::MAX));
    }

    #[test]
    fn a_float_is_short_or_exact() {
        let exact = "0.1000000000000000055511151231257827021181583404541015625";
        assert_eq!(Number::exactly(0.1).unwrap().to_string(), exact);
        assert_eq!(Number::try_from(0.1).unwrap().to_string(), "0.1");
        let integer = Number::exactly(1e23).unwrap();
        assert_eq!(integer.to_string(), "99999999999999991611392");
        assert_eq!(Number::exactly(-0.5).unwrap().to_string(), "-0.5");
        assert_eq!(Number::exactly(100.0).unwrap().to_string(), "100");
        assert_eq!(Number::try_from(-0.0).unwrap().to_string(), "0");
        let least = Number::exactly(5e-324).unwrap();
        assert_eq!(least.as_f64(), 5e-324);
        assert!(least.to_string().ends_with("625"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_float_comes_back(float in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
            prop_assert_eq!(Number::exactly(float).unwrap().as_f64(), float);
            prop_assert_eq!(Number::try_from(float).unwrap().as_f64(), float);
        }
    }
}
