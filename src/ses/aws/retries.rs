//! Retries of the calls that lead to credentials: STS, SSO and the metadata service. SES's
//! calls are retried above the limiter, until their operation's timeout.

use aws_sdk_sts::config::retry::RetryConfig;

use super::files::Files;
use super::settings::ConnectionSettings;

/// More attempts than anybody waits for.
const MOST: u32 = 1000;

/// How attempts follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryMode {
    /// Each after a pause that grows.
    Standard,
    /// The same, and no faster than the service lets through.
    Adaptive,
}

impl RetryMode {
    /// By its name in AWS's configuration, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "standard" => Some(Self::Standard),
            "adaptive" => Some(Self::Adaptive),
            _ => None,
        }
    }
}

/// How a call is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retries {
    mode: RetryMode,
    /// Where it is said.
    pub(super) max_attempts: Option<u32>,
}

impl Retries {
    /// An error, as a clause, where something is said that means nothing.
    pub(super) fn of(settings: &ConnectionSettings, files: &Files) -> Result<Self, String> {
        let mode = match settings.retry_mode {
            Some(mode) => mode,
            None => match settings.said(files, &["AWS_RETRY_MODE"], "retry_mode") {
                Some(said) => RetryMode::parse(said.text)
                    .ok_or_else(|| said.wrong("neither `standard` nor `adaptive`"))?,
                None => RetryMode::Standard,
            },
        };
        let max_attempts = match settings.max_attempts {
            Some(attempts) => Some(attempts),
            None => said_attempts(settings, files)?,
        };
        Ok(Self { mode, max_attempts })
    }

    /// The same as the SDK takes it.
    pub(super) fn config(self) -> RetryConfig {
        let config = match self.mode {
            RetryMode::Standard => RetryConfig::standard(),
            RetryMode::Adaptive => RetryConfig::adaptive(),
        };
        match self.max_attempts {
            Some(attempts) => config.with_max_attempts(attempts),
            None => config,
        }
    }
}

/// The attempts that the environment says, or else the profile. Zero says nothing, as to
/// AWS's tools in Go; nor does less, which stands for no limit there: a load that has failed
/// is made again here, as long as somebody waits for it.
fn said_attempts(settings: &ConnectionSettings, files: &Files) -> Result<Option<u32>, String> {
    let environment = settings.environment_says(&["AWS_MAX_ATTEMPTS"]);
    let profile = settings.profile_says(files, "max_attempts");
    for said in [environment, profile].into_iter().flatten() {
        let attempts = said.text.parse::<i64>();
        let attempts = attempts.map_err(|_| said.wrong("not a whole number"))?;
        if attempts > 0 {
            let attempts = u32::try_from(attempts).unwrap_or(MOST);
            return Ok(Some(attempts.min(MOST)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::environment::AwsEnvironment;
    use super::super::files::tests::files;
    use super::*;

    fn retries(
        block: (Option<u32>, Option<RetryMode>),
        environment: [&str; 2],
        file: [&str; 2],
    ) -> Result<(RetryMode, Option<u32>), String> {
        let variable = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let variables = ["AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"]
            .into_iter()
            .zip(environment);
        let settings = ConnectionSettings {
            max_attempts: block.0,
            retry_mode: block.1,
            environment: AwsEnvironment::read(variables.map(variable)),
            ..ConnectionSettings::default()
        };
        let [attempts, mode] = file;
        let config = format!("[default]\nmax_attempts = {attempts}\nretry_mode = {mode}\n");
        let retries = Retries::of(&settings, &files(&config, ""))?;
        Ok((retries.mode, retries.max_attempts))
    }

    #[test]
    fn the_block_comes_first_then_the_environment_then_the_profile() {
        use RetryMode::{Adaptive, Standard};
        let none = (None, None);
        for (block, environment, file, expected) in [
            (none, ["", ""], ["", ""], (Standard, None)),
            (none, ["", ""], ["7", "adaptive"], (Adaptive, Some(7))),
            (
                none,
                ["5", "standard"],
                ["7", "adaptive"],
                (Standard, Some(5)),
            ),
            (none, ["0", ""], ["", ""], (Standard, None)),
            (none, ["0", ""], ["7", ""], (Standard, Some(7))),
            (none, ["-1", ""], ["0", ""], (Standard, None)),
            (none, ["99999999999", ""], ["", ""], (Standard, Some(MOST))),
            (
                (Some(2), Some(Adaptive)),
                ["5", "x"],
                ["7", "y"],
                (Adaptive, Some(2)),
            ),
            (
                (Some(2), None),
                ["x", "Adaptive"],
                ["", ""],
                (Adaptive, Some(2)),
            ),
        ] {
            assert_eq!(retries(block, environment, file), Ok(expected));
        }
    }

    #[test]
    fn what_means_nothing_is_told_with_who_has_said_it() {
        for (environment, file, told) in [
            (
                ["many", ""],
                ["", ""],
                "AWS_MAX_ATTEMPTS is `many`, not a whole number",
            ),
            (
                ["", ""],
                ["1.5", ""],
                "max_attempts of the profile `default` is `1.5`, not a whole number",
            ),
            (
                ["", "legacy"],
                ["", ""],
                "AWS_RETRY_MODE is `legacy`, neither `standard` nor `adaptive`",
            ),
            (
                ["", ""],
                ["", "fast"],
                "retry_mode of the profile `default` is `fast`, neither `standard` nor `adaptive`",
            ),
        ] {
            assert_eq!(
                retries((None, None), environment, file),
                Err(told.to_owned())
            );
        }
    }
}
