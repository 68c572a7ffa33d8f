//! Accounts that the provider may work in, by the practitioner's word.

use std::collections::BTreeSet;

/// Which accounts the credentials may belong to. Accounts are twelve digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Accounts {
    /// Any.
    #[default]
    Any,
    /// These alone (`allowed_account_ids`).
    Only(BTreeSet<String>),
    /// All but these (`forbidden_account_ids`).
    AllBut(BTreeSet<String>),
}

impl Accounts {
    /// Whether the account has to be known before SES is called.
    pub(super) fn are_limited(&self) -> bool {
        *self != Self::Any
    }

    /// `Err`, as a clause, where `account`, which `whose` belong to, is ruled out.
    pub(super) fn check(&self, account: &str, whose: &str) -> Result<(), String> {
        let why = match self {
            Self::Only(allowed) if !allowed.contains(account) => {
                let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
                format!("`allowed_account_ids` has {} alone", allowed.join(", "))
            }
            Self::AllBut(forbidden) if forbidden.contains(account) => {
                "`forbidden_account_ids` has it".to_owned()
            }
            _ => return Ok(()),
        };
        Err(format!(
            "AWS account ID not allowed: {account}. {why}, and it is the account of {whose}"
        ))
    }
}

/// Twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_allowed_unless_a_list_rules_it_out() {
        let one = || BTreeSet::from(["111122223333".to_owned()]);
        let refused = |accounts: Accounts, account: &str| {
            let checked = accounts.check(account, "somebody");
            checked.err().unwrap_or_default()
        };
        assert_eq!(refused(Accounts::Any, "111122223333"), "");
        assert_eq!(refused(Accounts::Only(one()), "111122223333"), "");
        assert_eq!(refused(Accounts::AllBut(one()), "444455556666"), "");
        assert_eq!(
            refused(Accounts::Only(one()), "444455556666"),
            "AWS account ID not allowed: 444455556666. `allowed_account_ids` has 111122223333 \
             alone, and it is the account of somebody"
        );
        assert_eq!(
            refused(Accounts::AllBut(one()), "111122223333"),
            "AWS account ID not allowed: 111122223333. `forbidden_account_ids` has it, and it is \
             the account of somebody"
        );
    }
}
