//! Keys as the SDK has them.

use aws_credential_types::Credentials as Keys;
use aws_credential_types::attributes::AccountId;

use crate::ses::aws::settings::AccessKeys;

/// The same credentials, which say what account they belong to, or say nothing of it.
pub(super) fn of_account(keys: &Keys, account: Option<String>) -> Keys {
    let mut same = Keys::builder()
        .access_key_id(keys.access_key_id())
        .secret_access_key(keys.secret_access_key())
        .provider_name("Chain");
    same.set_account_id(account.map(AccountId::from));
    same.set_session_token(keys.session_token().map(str::to_owned));
    same.set_expiry(keys.expiry());
    same.build()
}

/// The part of the keys that no request can carry, and why, as a clause: the SDK panics at
/// an odd character, or tries again, and signs with nothing where nothing is.
pub(super) fn not_sendable(keys: &Keys) -> Option<String> {
    let (access, secret) = (keys.access_key_id(), keys.secret_access_key());
    let token = keys.session_token().unwrap_or_default();
    let is_odd = |text: &str| !text.bytes().all(|byte| byte.is_ascii_graphic());
    let parts = [
        ("access key", access, access.is_empty()),
        ("secret key", secret, secret.is_empty()),
        ("session token", token, false),
    ];
    parts.into_iter().find_map(|(part, text, is_missing)| {
        if is_missing {
            return Some(format!("{part} is empty"));
        }
        is_odd(text).then(|| {
            format!("{part} holds a space, a line break or another character that no key has")
        })
    })
}

pub(super) fn of_keys(keys: &AccessKeys) -> Keys {
    Keys::from_keys(&keys.access_key, &keys.secret_key, keys.token.clone())
}
