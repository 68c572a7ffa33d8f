//! Settings that the environment says, or else the profile, where the provider block does
//! not; and the errors about them, which say where they were said.

use super::files::Files;
use super::settings::ConnectionSettings;

/// What was said, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said<'a> {
    pub(super) text: &'a str,
    pub(super) by: String,
}

impl ConnectionSettings {
    /// The first of the variables that is set, or else the selected profile's property.
    pub(super) fn said<'a>(
        &'a self,
        files: &'a Files,
        variables: &[&'static str],
        property: &str,
    ) -> Option<Said<'a>> {
        let environment = self.environment_says(variables);
        environment.or_else(|| self.profile_says(files, property))
    }

    /// The first of the variables that is set.
    pub(super) fn environment_says(&self, variables: &[&'static str]) -> Option<Said<'_>> {
        let (name, text) = self.environment.first(variables)?;
        let by = name.to_owned();
        Some(Said { text, by })
    }

    /// The property of the selected profile.
    pub(super) fn profile_says<'a>(&self, files: &'a Files, property: &str) -> Option<Said<'a>> {
        let profile = self.profile_name();
        let text = files.profile(profile)?.get(property)?.as_str();
        (!text.is_empty()).then(|| Said {
            text,
            by: format!("{property} of the profile `{profile}`"),
        })
    }

    /// As `said`, where it may be nothing but `true` or `false`. An error, as a clause; of a
    /// profile, whatever else it says is `false`, as it is to AWS's tools in Go.
    pub(super) fn said_flag(
        &self,
        files: &Files,
        variable: &'static str,
        property: &str,
    ) -> Result<bool, String> {
        const PROBLEM: &str = "neither `true` nor `false`";
        if let Some(said) = self.environment_says(&[variable]) {
            return said.flag().ok_or_else(|| said.wrong(PROBLEM));
        }
        let Some(said) = self.profile_says(files, property) else {
            return Ok(false);
        };
        Ok(said.flag().unwrap_or_else(|| {
            tracing::warn!(problem = said.wrong(PROBLEM), "it is taken for `false`");
            false
        }))
    }
}

impl Said<'_> {
    /// `true` or `false`, in any case.
    fn flag(&self) -> Option<bool> {
        self.text.to_ascii_lowercase().parse().ok()
    }

    /// What is wrong with it, as a clause.
    pub(super) fn wrong(&self, problem: &str) -> String {
        format!("{} is `{}`, {problem}", self.by, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::environment::AwsEnvironment;
    use super::super::files::tests::files;
    use super::*;

    #[test]
    fn the_environment_comes_before_the_profile_and_an_empty_word_is_none() {
        let settings = |value: &str| ConnectionSettings {
            profile: Some("p".to_owned()),
            environment: AwsEnvironment::read([("A".to_owned(), value.to_owned())]),
            ..ConnectionSettings::default()
        };
        let files = files("[default]\na = x\n[profile p]\na = TRUE\nb =\n", "");
        let said = |value: &str, property: &str| {
            let settings = settings(value);
            let said = settings.said(&files, &["A"], property);
            said.map(|said| (said.text.to_owned(), said.by))
        };
        let of = |text: &str, by: &str| Some((text.to_owned(), by.to_owned()));
        assert_eq!(said("y", "a"), of("y", "A"));
        assert_eq!(said("", "a"), of("TRUE", "a of the profile `p`"));
        assert_eq!(said("", "b"), None);
        assert_eq!(said("", "c"), None);
        let flag = |value: &str| settings(value).said_flag(&files, "A", "a");
        assert_eq!((flag(""), flag("false")), (Ok(true), Ok(false)));
        let problem = "A is `yes`, neither `true` nor `false`";
        assert_eq!(flag("yes"), Err(problem.to_owned()));
        let of_profile = |property: &str| settings("").said_flag(&files, "A", property);
        let junk = super::super::files::tests::files("[profile p]\na = yes\n", "");
        assert_eq!(of_profile("a"), Ok(true));
        assert_eq!(settings("").said_flag(&junk, "A", "a"), Ok(false));
    }
}
