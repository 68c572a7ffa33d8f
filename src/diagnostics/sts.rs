//! What to do about a refusal of STS's, which stands before all calls to SES.

use super::refusals;
use crate::ses::{Refusal, is_access_denied};

/// What to do, if that is known.
pub(super) fn remedy(refusal: &Refusal) -> Option<String> {
    let Refusal {
        operation,
        code,
        message,
    } = refusal;
    let by_token = *operation == "AssumeRoleWithWebIdentity";
    if by_token
        && matches!(
            code.as_str(),
            "ExpiredTokenException" | "InvalidIdentityToken"
        )
    {
        return Some(
            "The token of the web identity has expired, or is not of an identity provider that \
             the role's account knows: let its issuer write a new one, and see that IAM has the \
             issuer as an identity provider, with the token's audience."
                .to_owned(),
        );
    }
    if let Some(remedy) = refusals::by_message(code, message) {
        return Some(remedy);
    }
    if let Some(remedy) = refusals::of_credentials(code) {
        return Some(remedy.to_owned());
    }
    let is_denied = is_access_denied(code);
    match code.as_str() {
        _ if is_denied && by_token => Some(
            "See that the role exists, and that its trust policy lets the token's issuer assume \
             it, on conditions (`aud`, `sub`) that hold for the token."
                .to_owned(),
        ),
        _ if is_denied && *operation == "AssumeRole" => Some(
            "See that the role exists, that its trust policy lets the caller assume it (on \
             conditions that hold, such as those on `external_id`, `source_identity` or a second \
             factor), and that the caller's policies allow `sts:AssumeRole` on it; session tags \
             need `sts:TagSession`, and a source identity `sts:SetSourceIdentity`, in both."
                .to_owned(),
        ),
        _ if is_denied => {
            Some(format!("Allow the IAM action `sts:{operation}` to the caller."))
        }
        "RegionDisabledException" => Some(
            "Name a region whose STS is active in `sts_region`, or let the account's administrator \
             activate this one."
                .to_owned(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(operation: &'static str, code: &str, message: &str) -> Option<String> {
        remedy(&Refusal {
            operation,
            code: code.to_owned(),
            message: message.to_owned(),
        })
    }

    #[test]
    fn each_refusal_has_the_remedy_that_mends_it() {
        let expired = "Signature expired: 20260330T092154Z is now earlier than 20260330T092246Z \
                       (20260330T093746Z - 15 min.)";
        let denied = "User: u is not authorized to perform: sts:AssumeRole on resource: r";
        let by_organization = format!("{denied} with an explicit deny in a service control policy");
        for (operation, code, message, says) in [
            (
                "AssumeRole",
                "SignatureDoesNotMatch",
                expired,
                "clock is 15m 52s behind",
            ),
            (
                "AssumeRole",
                "SignatureDoesNotMatch",
                "x",
                "belong together",
            ),
            (
                "GetCallerIdentity",
                "InvalidClientTokenId",
                "x",
                "belong together",
            ),
            ("AssumeRole", "ExpiredToken", "x", "Renew the credentials"),
            (
                "AssumeRole",
                "AccessDenied",
                denied,
                "trust policy lets the caller",
            ),
            (
                "AssumeRole",
                "AccessDenied",
                &by_organization,
                "of the organization",
            ),
            (
                "AssumeRoleWithWebIdentity",
                "AccessDenied",
                "x",
                "lets the token's issuer",
            ),
            (
                "AssumeRoleWithWebIdentity",
                "ExpiredTokenException",
                "x",
                "issuer write a new one",
            ),
            (
                "GetCallerIdentity",
                "AccessDenied",
                "x",
                "`sts:GetCallerIdentity`",
            ),
            ("AssumeRole", "RegionDisabledException", "x", "`sts_region`"),
        ] {
            let told = told(operation, code, message).unwrap();
            assert!(told.contains(says), "{told}");
        }
        assert_eq!(told("AssumeRole", "ValidationError", "x"), None);
    }
}
