//! The blocks `assume_role` and `assume_role_with_web_identity`, with hashicorp/aws's names.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use crate::diagnostics::invalid;
use crate::duration;
use crate::mail_from::visible;
use crate::ses::{Role, WebIdentity, WebToken};

pub(super) const ROLE: &str = "assume_role";
pub(super) const WEB_IDENTITY: &str = "assume_role_with_web_identity";

/// STS's limits of a session's length.
const DURATIONS: (Duration, Duration) =
    (Duration::from_secs(15 * 60), Duration::from_secs(12 * 3600));

/// STS's limits of lengths, in characters.
const EXTERNAL_ID: (usize, usize) = (2, 1224);
const NAME: (usize, usize) = (2, 64);
const TOKEN: (usize, usize) = (4, 20_000);

pub(super) type Strings = Value<Vec<Value<String>>>;

/// One `assume_role` block.
#[derive(Clone, Default, Deserialize)]
pub(super) struct AssumeRole {
    pub(super) role_arn: Value<String>,
    pub(super) duration: Value<String>,
    pub(super) external_id: Value<String>,
    pub(super) policy: Value<String>,
    pub(super) policy_arns: Strings,
    pub(super) session_name: Value<String>,
    pub(super) source_identity: Value<String>,
    pub(super) tags: Value<BTreeMap<String, Value<String>>>,
    pub(super) transitive_tag_keys: Strings,
}

/// The `assume_role_with_web_identity` block.
#[derive(Clone, Default, Deserialize)]
pub(super) struct AssumeRoleWithWebIdentity {
    pub(super) role_arn: Value<String>,
    pub(super) duration: Value<String>,
    pub(super) policy: Value<String>,
    pub(super) policy_arns: Strings,
    pub(super) session_name: Value<String>,
    pub(super) web_identity_token: Value<String>,
    pub(super) web_identity_token_file: Value<String>,
}

impl AssumeRole {
    /// What is wrong with the block at `path`.
    pub(super) fn validate(&self, diags: &mut Diagnostics, path: &AttributePath) {
        let mut check = Check { diags, path };
        check.role_arn(&self.role_arn);
        check.duration(&self.duration);
        check.length("external_id", &self.external_id, EXTERNAL_ID);
        check.json(&self.policy);
        check.length("session_name", &self.session_name, NAME);
        check.length("source_identity", &self.source_identity, NAME);
    }

    /// Whether nothing that a call needs is unknown.
    pub(super) fn is_known(&self) -> bool {
        let tags = match &self.tags {
            Value::Value(tags) => tags.values().all(|value| !value.is_unknown()),
            tags => !tags.is_unknown(),
        };
        let texts = [
            &self.role_arn,
            &self.duration,
            &self.external_id,
            &self.policy,
            &self.session_name,
            &self.source_identity,
        ];
        tags && texts.into_iter().all(|text| !text.is_unknown())
            && are_known(&self.policy_arns)
            && are_known(&self.transitive_tag_keys)
    }

    /// The role of a block that was found valid.
    pub(super) fn into_role(self) -> Role {
        let tags = self.tags.as_option().unwrap_or_default().into_iter();
        Role {
            arn: text(self.role_arn).unwrap_or_default(),
            duration: parsed_duration(&self.duration),
            external_id: text(self.external_id),
            policy: text(self.policy),
            policy_arns: texts(self.policy_arns),
            session_name: text(self.session_name),
            source_identity: text(self.source_identity),
            tags: tags
                .filter_map(|(key, value)| Some((key, value.as_option()?)))
                .collect(),
            transitive_tag_keys: texts(self.transitive_tag_keys),
        }
    }
}

impl AssumeRoleWithWebIdentity {
    /// What is wrong with the block at `path`.
    pub(super) fn validate(&self, diags: &mut Diagnostics, path: &AttributePath) {
        let mut check = Check { diags, path };
        check.role_arn(&self.role_arn);
        check.duration(&self.duration);
        check.json(&self.policy);
        check.length("session_name", &self.session_name, NAME);
        check.length("web_identity_token", &self.web_identity_token, TOKEN);
        let (token, file) = (&self.web_identity_token, &self.web_identity_token_file);
        let problem = match (is_set(token), is_set(file)) {
            (Some(true), Some(true)) => "both are set: a token, and a file with one",
            (Some(false), Some(false)) => "there is neither a token nor a file with one",
            _ => return,
        };
        check.tell(
            "web_identity_token_file",
            problem,
            "Set one of `web_identity_token` and `web_identity_token_file`.",
        );
    }

    /// The environment's token, where the block has neither a token nor a file with one.
    pub(super) fn use_token(&mut self, token: &str) {
        let own = [&self.web_identity_token, &self.web_identity_token_file];
        if own.into_iter().all(|value| is_set(value) == Some(false)) {
            self.web_identity_token = Value::Value(token.to_owned());
        }
    }

    /// Whether nothing that a call needs is unknown.
    pub(super) fn is_known(&self) -> bool {
        let texts = [
            &self.role_arn,
            &self.duration,
            &self.policy,
            &self.session_name,
            &self.web_identity_token,
            &self.web_identity_token_file,
        ];
        texts.into_iter().all(|text| !text.is_unknown()) && are_known(&self.policy_arns)
    }

    /// The web identity of a block that was found valid.
    pub(super) fn into_web_identity(self, expand: impl Fn(&str) -> PathBuf) -> WebIdentity {
        let file = text(self.web_identity_token_file);
        WebIdentity {
            token: match file {
                Some(file) => WebToken::File(expand(&file)),
                None => WebToken::Inline(text(self.web_identity_token).unwrap_or_default()),
            },
            role_arn: text(self.role_arn).unwrap_or_default(),
            duration: parsed_duration(&self.duration),
            policy: text(self.policy),
            policy_arns: texts(self.policy_arns),
            session_name: text(self.session_name),
        }
    }
}

fn parsed_duration(text: &Value<String>) -> Option<Duration> {
    match text {
        Value::Value(text) => duration::parse(text).ok(),
        _ => None,
    }
}

/// A text that is set to something.
pub(super) fn text(value: Value<String>) -> Option<String> {
    value.as_option().filter(|text| !text.is_empty())
}

/// The texts of a list that are set to something.
pub(super) fn texts(values: Strings) -> Vec<String> {
    let values = values.as_option().unwrap_or_default().into_iter();
    values.filter_map(text).collect()
}

/// Whether nothing of a list is unknown.
pub(super) fn are_known(values: &Strings) -> bool {
    match values {
        Value::Value(values) => values.iter().all(|value| !value.is_unknown()),
        values => !values.is_unknown(),
    }
}

/// Whether it is set to something; `None` while that is not known.
pub(super) fn is_set(value: &Value<String>) -> Option<bool> {
    match value {
        Value::Unknown => None,
        Value::Null => Some(false),
        Value::Value(text) => Some(!text.is_empty()),
    }
}

/// Tells what is wrong with the block at a path.
struct Check<'a> {
    diags: &'a mut Diagnostics,
    path: &'a AttributePath,
}

impl Check<'_> {
    fn tell(&mut self, name: &'static str, problem: impl std::fmt::Display, remedy: &str) {
        let path = self.path.clone().attribute(name);
        self.diags.add_error(invalid(path, problem, remedy));
    }

    /// A block without a role would go on as somebody else.
    fn role_arn(&mut self, arn: &Value<String>) {
        let remedy = "Write the role's ARN, such as `arn:aws:iam::123456789012:role/terraform`, \
                      or leave the block out.";
        match arn {
            Value::Value(arn) if is_role_arn(arn) => {}
            Value::Value(arn) if !arn.is_empty() => {
                let problem = format!("`{}` is not the ARN of a role", visible(arn));
                self.tell("role_arn", problem, remedy);
            }
            Value::Unknown => {}
            _ => self.tell(
                "role_arn",
                "it is missing, and says which role to assume",
                remedy,
            ),
        }
    }

    fn duration(&mut self, text: &Value<String>) {
        let Value::Value(text) = text else { return };
        if text.is_empty() {
            return;
        }
        let (shortest, longest) = DURATIONS;
        let fits = |duration| (shortest..=longest).contains(&duration);
        if !duration::parse(text).is_ok_and(fits) {
            let problem = format!("`{}` is not from 15 minutes to 12 hours", visible(text));
            self.tell(
                "duration",
                problem,
                "Write a duration such as `15m` or `1h30m`.",
            );
        }
    }

    fn length(&mut self, name: &'static str, text: &Value<String>, limits: (usize, usize)) {
        let Value::Value(text) = text else { return };
        let ((least, most), length) = (limits, text.chars().count());
        if length > 0 && !(least..=most).contains(&length) {
            let problem = format!("it has {length} characters");
            self.tell(name, problem, &format!("AWS takes {least} to {most}."));
        }
    }

    fn json(&mut self, policy: &Value<String>) {
        let Value::Value(policy) = policy else { return };
        if policy.is_empty() {
            return;
        }
        if let Err(error) = serde_json::from_str::<serde_json::Value>(policy) {
            let problem = format!("it is no JSON: {error}");
            self.tell("policy", problem, "Write the policy by `jsonencode`.");
        }
    }
}

/// `arn:PARTITION:iam::ACCOUNT:role/NAME`
fn is_role_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, role] = parts.as_slice() else {
        return false;
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let has_name = role
        .strip_prefix("role/")
        .is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()));
    partition.starts_with("aws") && is_account && has_name
}

#[cfg(test)]
mod tests;
