//! Settings that the environment says, or else the profile, where the provider block does
//! not; and the errors about them, which say where they were said.

use super::connection::ConnectionSettings;
use super::files::Files;

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
        if let Some((name, text)) = self.environment.first(variables) {
            return Some(Said {
                text,
                by: name.to_owned(),
            });
        }
        let profile = self.profile_name();
        let text = files.profile(profile)?.get(property)?.as_str();
        (!text.is_empty()).then(|| Said {
            text,
            by: format!("{property} of the profile `{profile}`"),
        })
    }

    /// As `said`, where it may be nothing but `true` or `false`. An error, as a clause.
    pub(super) fn said_flag(
        &self,
        files: &Files,
        variable: &'static str,
        property: &str,
    ) -> Result<bool, String> {
        let Some(said) = self.said(files, &[variable], property) else {
            return Ok(false);
        };
        match said.text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(said.wrong("neither `true` nor `false`")),
        }
    }
}

impl Said<'_> {
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
    }
}
