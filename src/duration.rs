//! Durations as practitioners write them: `90s`, `5m`, `1h30m`.

use std::time::Duration;

use crate::mail_from::visible;

/// Why a text is no duration that can be waited for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It cannot be parsed.
    #[error("`{}` is not a duration", visible(.0))]
    NotADuration(String),
    /// It is no time at all.
    #[error("`{}` leaves no time", visible(.0))]
    Zero(String),
}

impl DurationError {
    /// What to write instead.
    pub fn remedy(&self) -> &'static str {
        "Write a number and a unit, or several of them, such as `90s`, `5m` or `1h30m`; more than zero."
    }
}

/// Parses a duration of more than zero.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err(DurationError::Zero(text.to_owned())),
        Ok(duration) => Ok(duration),
        Err(_) => Err(DurationError::NotADuration(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_are_more_than_zero() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("1h30m", 5400), ("1h 30m", 5400)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "5 parsecs",
            "-1s",
            "5",
            "",
            "m",
            "\u{1b}[2J",
            "99999999999999999999h",
        ] {
            assert_eq!(
                parse(text),
                Err(DurationError::NotADuration(text.to_owned()))
            );
        }
        assert_eq!(parse("0s"), Err(DurationError::Zero("0s".to_owned())));
        assert!(
            !parse("\u{1b}[2J")
                .unwrap_err()
                .to_string()
                .contains('\u{1b}')
        );
    }
}
