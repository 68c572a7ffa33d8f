//! The accounts that the provider block allows, with hashicorp/aws's names.

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::assume_role::{Strings, are_known, texts};
use super::config::Config;
use crate::diagnostics::invalid;
use crate::mail_from::visible;
use crate::ses::Accounts;

pub(super) const ALLOWED: &str = "allowed_account_ids";
pub(super) const FORBIDDEN: &str = "forbidden_account_ids";
pub(super) const SKIP_VALIDATION: &str = "skip_credentials_validation";
pub(super) const SKIP_REQUESTING: &str = "skip_requesting_account_id";

impl Config {
    /// What a block that was found valid allows.
    pub(super) fn accounts(&self) -> Accounts {
        let (allowed, forbidden) = (
            texts(self.allowed_account_ids.clone()),
            texts(self.forbidden_account_ids.clone()),
        );
        match (allowed.is_empty(), forbidden.is_empty()) {
            (false, _) => Accounts::Only(allowed.into_iter().collect()),
            (_, false) => Accounts::AllBut(forbidden.into_iter().collect()),
            _ => Accounts::Any,
        }
    }

    /// Where the block says what it allows.
    pub(super) fn accounts_path(&self) -> AttributePath {
        let name = match is_given(&self.forbidden_account_ids) {
            true => FORBIDDEN,
            false => ALLOWED,
        };
        AttributePath::new(name)
    }

    /// The settings of accounts that are not known yet.
    pub(super) fn unknown_accounts(&self) -> [(&'static str, bool); 3] {
        [
            (ALLOWED, !are_known(&self.allowed_account_ids)),
            (FORBIDDEN, !are_known(&self.forbidden_account_ids)),
            (
                SKIP_REQUESTING,
                self.skip_requesting_account_id.is_unknown(),
            ),
        ]
    }
}

/// Tells what is wrong with the accounts of a provider block.
pub(super) fn validate(diags: &mut Diagnostics, config: &Config) {
    let (allowed, forbidden) = (&config.allowed_account_ids, &config.forbidden_account_ids);
    for (name, accounts) in [(ALLOWED, allowed), (FORBIDDEN, forbidden)] {
        let Value::Value(accounts) = accounts else {
            continue;
        };
        for account in accounts {
            let problem = match account {
                Value::Unknown => continue,
                Value::Value(account) if is_account(account) => continue,
                Value::Value(account) => format!("`{}` is no AWS account ID", visible(account)),
                Value::Null => "an account ID is null".to_owned(),
            };
            let remedy = "Write the twelve digits of an account ID, in quotes: \
                          `\"123456789012\"`.";
            diags.add_error(invalid(AttributePath::new(name), problem, remedy));
        }
    }
    if is_given(allowed) && is_given(forbidden) {
        diags.add_error(invalid(
            AttributePath::new(FORBIDDEN),
            format!("`{ALLOWED}` is set as well"),
            format!(
                "Set `{ALLOWED}` or `{FORBIDDEN}`: an account that is not allowed is forbidden."
            ),
        ));
    }
    let skips = |value: &Value<bool>| matches!(value, Value::Value(true));
    let asks_never =
        skips(&config.skip_credentials_validation) && skips(&config.skip_requesting_account_id);
    if asks_never && (is_given(allowed) || is_given(forbidden)) {
        let name = if is_given(allowed) {
            ALLOWED
        } else {
            FORBIDDEN
        };
        diags.add_error(invalid(
            AttributePath::new(SKIP_REQUESTING),
            format!(
                "`{name}` is set, and with `{SKIP_VALIDATION}` and `{SKIP_REQUESTING}` AWS is \
                 never asked for the account"
            ),
            format!("Leave `{SKIP_REQUESTING}` out, or `{name}`."),
        ));
    }
}

/// Whether there is something in a list, known or not.
fn is_given(accounts: &Strings) -> bool {
    matches!(accounts, Value::Value(accounts) if !accounts.is_empty())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
