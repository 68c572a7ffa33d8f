//! Errors into diagnostics: the one place where causes become the
//! practitioner's text. (Control characters in text from the network are made
//! visible once more below, where diagnostics go onto the wire.)

mod explain;
mod refusals;
mod sts;

use std::fmt::Display;

use tf_provider::{AttributePath, Diagnostic, Diagnostics};

use crate::mail_from::Advice;
use crate::plugin::Told;
use crate::ses::{CredentialFault, Error};

pub use explain::{TimeLimit, explain, explain_within};

/// A diagnostic at `path`. (`Diagnostic::new` would append a backtrace to the
/// practitioner's text where `RUST_BACKTRACE` is set.)
pub fn diagnostic(
    summary: impl Into<String>,
    detail: impl Into<String>,
    path: AttributePath,
) -> Diagnostic {
    Diagnostic {
        summary: summary.into().into(),
        detail: detail.into().into(),
        attribute: path,
    }
}

/// A value that the practitioner has to change: what is wrong with it, and how.
pub fn invalid(path: AttributePath, problem: impl Display, remedy: impl Display) -> Diagnostic {
    let name = path.to_string();
    diagnostic(
        format!("Invalid {name}"),
        format!("{}\n\n{remedy}", sentence(&problem.to_string())),
        path,
    )
}

/// The argument of a function at `index`, from 0, that the practitioner has to change. It
/// has no summary of its own: Terraform puts the text behind a colon, and a full stop
/// behind the text.
pub fn invalid_argument(index: i64, problem: impl Display, remedy: impl Display) -> Diagnostic {
    let remedy = remedy.to_string();
    let text = format!("{problem}. {}", remedy.trim_end_matches('.'));
    diagnostic(text, "", AttributePath::function_argument(index))
}

/// Adds a warning at `path`. Those with one summary are folded by Terraform.
pub fn warn(diags: &mut Diagnostics, advice: Advice, path: AttributePath) {
    diags.add_warning(diagnostic(advice.summary, advice.detail, path));
}

/// The value; an error is told as [`ses`] tells it.
pub fn or_tell<T>(
    diags: &mut Diagnostics,
    doing: &str,
    result: Result<T, Error>,
) -> Result<T, Told> {
    or_tell_within(diags, doing, result, TimeLimit::Timeouts)
}

/// The value; an error is told as [`ses_within`] tells it.
pub fn or_tell_within<T>(
    diags: &mut Diagnostics,
    doing: &str,
    result: Result<T, Error>,
    limit: TimeLimit,
) -> Result<T, Told> {
    result.map_err(|error| {
        diags.add_error(ses_within(doing, &error, limit));
        Told
    })
}

/// A failed call to SES. `doing` says what for, as in "Could not read the MAIL
/// FROM domain of example.com".
pub fn ses(doing: &str, error: &Error) -> Diagnostic {
    ses_within(doing, error, TimeLimit::Timeouts)
}

/// The same for a call that may take as long as `limit` says.
pub fn ses_within(doing: &str, error: &Error, limit: TimeLimit) -> Diagnostic {
    diagnostic(doing, explain_within(error, limit), AttributePath::root())
}

/// Why nothing is called: the profile that is named does not exist.
pub fn profile(error: &Error) -> Diagnostic {
    invalid(
        AttributePath::new("profile"),
        explain(error),
        "Name a profile that exists, or create it (`aws configure sso`, `aws configure`). See also \
         that the files are those of who runs Terraform.",
    )
}

/// Why nothing is called: the account of the credentials is not allowed, or not known.
/// `path` is the list that says what is allowed.
pub fn account(error: &Error, path: AttributePath) -> Diagnostic {
    let told = explain(error);
    let is_known = matches!(
        error,
        Error::Account {
            fault: CredentialFault::NotAllowed,
            ..
        }
    );
    match told.split_once(". ").filter(|_| is_known) {
        Some((summary, detail)) => diagnostic(summary, detail, path),
        None => diagnostic("The AWS account could not be checked", told, path),
    }
}

/// With a capital at the start and a full stop at the end.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string());
    let stop = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{}{}{stop}", first.unwrap_or_default(), characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_names_the_attribute_the_problem_and_the_remedy() {
        let path = AttributePath::new("timeouts").attribute("create");
        let told = invalid(path.clone(), "`5 parsecs` is not a duration", "Write `5m`.");
        assert_eq!(told.summary, "Invalid timeouts.create");
        assert_eq!(told.detail, "`5 parsecs` is not a duration.\n\nWrite `5m`.");
        assert_eq!(told.attribute, path);
    }
}
