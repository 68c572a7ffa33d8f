//! What to do about a refusal of AWS's: by its message, by what was called, and by its code.

use std::time::Duration;

use time::{Date, PrimitiveDateTime, Time};

use crate::mail_from::visible;
use crate::ses::{Operation, is_access_denied, passes};

/// What to do about a refusal of SES's; `None` where it passes, and whoever has called goes on.
pub(super) fn of_ses(
    operation: Operation,
    status: u16,
    code: &str,
    message: &str,
) -> Option<String> {
    if passes(status, code) {
        return None;
    }
    if let Some(remedy) = by_message(code, message) {
        return Some(visible(&remedy));
    }
    if is_access_denied(code) {
        return Some(format!(
            "Allow the IAM action `ses:{operation}` to the caller, on resource `*` (SES knows no \
             narrower resource for it)."
        ));
    }
    let is_of_set = operation == Operation::SetIdentityMailFromDomain;
    let of_set = match code {
        "InvalidParameterValue" if is_of_set => set(message),
        _ => None,
    };
    Some(of_set.unwrap_or_else(|| by_code(code).to_owned()))
}

/// What to do about a refusal of AWS's with this message, if that says more than its code:
/// clocks that differ, and policies that deny.
pub(super) fn by_message(code: &str, message: &str) -> Option<String> {
    let is_clock = message.contains("Signature expired")
        || message.contains("Signature not yet current")
        || code == "RequestTimeTooSkewed";
    if is_clock {
        return Some(clock(message));
    }
    denied(message)
}

/// What to do about credentials that AWS does not take.
pub(super) fn of_credentials(code: &str) -> Option<&'static str> {
    // Some of AWS's services end their codes so, and others do not.
    match code.strip_suffix("Exception").unwrap_or(code) {
        "ExpiredToken" | "RequestExpired" => Some(
            "Renew the credentials (for example `aws sso login`), and see that this machine's \
             clock is right.",
        ),
        "InvalidClientTokenId"
        | "UnrecognizedClient"
        | "InvalidAccessKeyId"
        | "AuthFailure"
        | "SignatureDoesNotMatch"
        | "InvalidSignature" => Some(
            "AWS does not take these credentials: see that the access key, the secret key and the \
             session token belong together and are still valid. In a region that an account has \
             to enable, AWS says the same until it is enabled; and China and GovCloud have \
             accounts of their own.",
        ),
        _ => None,
    }
}

/// SES does not set the MAIL FROM domain of this identity.
fn set(message: &str) -> Option<String> {
    let does_not_exist = message.contains("does not exist");
    if !does_not_exist && !message.contains("not verified") {
        return None;
    }
    // SES names the identity: an address, or a domain.
    if does_not_exist && message.contains('@') {
        return Some(
            "SES has no such address as an identity in this region. If its domain is one, the MAIL \
             FROM domain of the domain holds for all its addresses: set `identity` to the domain. \
             Otherwise register the address itself with SES, and wait until it is verified (for \
             example `aws_ses_email_identity`); see also that account and region are the \
             identity's: the account is that of the provider configuration that `provider` names, \
             or else of the default one, and so is the region unless `region` names another."
                .to_owned(),
        );
    }
    let problem = if does_not_exist {
        "SES has no such identity in this region"
    } else {
        "SES has not verified this identity yet"
    };
    Some(format!(
        "{problem}. MAIL FROM can be set once the identity is verified: create it and wait for its \
         verification (for example `aws_ses_domain_identity` and \
         `aws_ses_domain_identity_verification`, named in `depends_on`), and see that account and \
         region are the identity's: the account is that of the provider configuration that \
         `provider` names, or else of the default one, and so is the region unless `region` names \
         another."
    ))
}

/// What to do by the code alone (Amazon SES API Reference, "Common Errors").
fn by_code(code: &str) -> &'static str {
    if let Some(remedy) = of_credentials(code) {
        return remedy;
    }
    match code.strip_suffix("Exception").unwrap_or(code) {
        "OptInRequired" | "SubscriptionRequired" => {
            "The account may not use SES here: enable the region for the account (AWS Console, \
             Account, AWS Regions), which takes some minutes; see that the account's sign-up is \
             complete; or name another region."
        }
        "IncompleteSignature" | "MissingAuthenticationToken" => {
            "The request has come to AWS without a signature that can be read: see that the access \
             key is one, and that nothing between changes requests (a proxy of `https_proxy` or \
             HTTPS_PROXY, a gateway that `endpoints.ses` or AWS_ENDPOINT_URL names)."
        }
        "InvalidAction"
        | "MissingAction"
        | "UnknownOperation"
        | "NotImplemented"
        | "MalformedQueryString"
        | "MalformedHttpRequest"
        | "InvalidQueryParameter"
        | "MissingParameter"
        | "RequestEntityTooLarge" => {
            "What has answered does not know the request as SES's first API has it: see that \
             `endpoints.ses`, AWS_ENDPOINT_URL_SES and AWS_ENDPOINT_URL, if set, lead to SES, that \
             an emulator there implements the operation, and that nothing between changes requests."
        }
        "AccountSendingPaused" | "AccountSuspended" | "AccountBlocked" => {
            "Sending is paused for this account in this region, and SES refuses the request for it. \
             The account dashboard of SES says why, and so does `aws ses \
             get-account-sending-enabled`: if AWS has paused it, answer its case in the AWS Support \
             Center; if somebody of the account has, `aws ses update-account-sending-enabled \
             --enabled` takes it back. Then apply again."
        }
        "MailFromDomainNotVerified" => {
            "SES sends nothing for the identity while its MAIL FROM domain is not verified and \
             `behavior_on_mx_failure` is `RejectMessage`: publish the records of `dns_records`, or \
             set `UseDefaultValue` until SES says Success."
        }
        "LimitExceeded" => {
            "A quota of SES is used up in this account and region: see the Service Quotas console, \
             and remove what is not needed or ask for more."
        }
        "InvalidParameterValue" | "InvalidParameterCombination" | "ValidationError" => {
            "SES does not take a value of the request, as its message says: see that the identity \
             and its MAIL FROM domain are written as SES has them."
        }
        code if code.starts_with("ConfigurationSet") => {
            "SES speaks of a configuration set, which this provider neither names nor changes: see \
             the default configuration set of the identity (`aws sesv2 get-email-identity`), and \
             put it right there, enable its sending, or take it off the identity."
        }
        _ => {
            "See what SES's API reference says of this code (\"Common Errors\"). If that does not \
             help, AWS Support finds the call by its request id."
        }
    }
}

fn clock(message: &str) -> String {
    let what = match difference(message) {
        Some((by, Side::Behind)) => format!("is {by} behind AWS's"),
        Some((by, Side::Ahead)) => format!("is {by} ahead of AWS's"),
        None => "differs from AWS's".to_owned(),
    };
    format!("This machine's clock {what}, which is more than AWS takes: set it right (NTP).")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Behind,
    Ahead,
}

/// By how much the clocks differ: the message names the time of the signature first, and
/// AWS's own behind a parenthesis, or else next.
fn difference(message: &str) -> Option<(humantime::FormattedDuration, Side)> {
    let (signed, _) = times(message).next()?;
    let (own, _) = match message.split_once('(') {
        Some((_, own)) => times(own).next()?,
        None => times(message).nth(1)?,
    };
    let difference = own - signed;
    let side = match difference.is_negative() {
        true => Side::Ahead,
        false => Side::Behind,
    };
    let by = Duration::from_secs(difference.whole_seconds().unsigned_abs());
    Some((humantime::format_duration(by), side))
}

/// The times in a text, as `20260102T030405Z`, each with what it was read from.
fn times(text: &str) -> impl Iterator<Item = (PrimitiveDateTime, &str)> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| Some((time(word)?, word)))
}

fn time(word: &str) -> Option<PrimitiveDateTime> {
    let number = |from: usize, to: usize| word.get(from..to)?.parse::<u8>().ok();
    let shape = word.len() == 16 && word.get(8..9) == Some("T") && word.ends_with('Z');
    if !shape {
        return None;
    }
    let year = word.get(..4)?.parse().ok()?;
    let date = Date::from_calendar_date(year, number(4, 6)?.try_into().ok()?, number(6, 8)?);
    let time = Time::from_hms(number(9, 11)?, number(11, 13)?, number(13, 15)?);
    Some(PrimitiveDateTime::new(date.ok()?, time.ok()?))
}

/// IAM says which kind of policy denies, and whether by a word or by its absence.
fn denied(message: &str) -> Option<String> {
    if let Some((_, kind)) = message.split_once("with an explicit deny in ") {
        let kind = kind
            .split(['.', '\n', ';', ':'])
            .next()
            .unwrap_or(kind)
            .trim();
        if kind.contains("service control policy") || kind.contains("resource control policy") {
            return Some(format!(
                "It is denied by {kind} of the organization, which no policy of the account can \
                 allow: ask who administers the organization."
            ));
        }
        return Some(format!(
            "It is denied by a word in {kind}, which comes before whatever allows it: change it \
             there."
        ));
    }
    let kinds = [
        (
            "no service control policy allows",
            "the organization's service control policies",
        ),
        ("no permissions boundary allows", "the permissions boundary"),
        (
            "no session policy allows",
            "the session policy (`assume_role`: `policy`, `policy_arns`)",
        ),
        (
            "no VPC endpoint policy allows",
            "the policy of the VPC endpoint",
        ),
    ];
    let (_, who) = kinds.iter().find(|(says, _)| message.contains(says))?;
    Some(format!("It has to be allowed by {who} too, and is not."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a refused Get.
    fn told(code: &str, message: &str) -> String {
        let get = Operation::GetIdentityMailFromDomainAttributes;
        of_ses(get, 403, code, message).unwrap()
    }

    #[test]
    fn every_refusal_says_what_to_do_on_a_read_and_on_a_set() {
        let set = Operation::SetIdentityMailFromDomain;
        for (code, says) in [
            ("OptInRequired", "enable the region for the account"),
            ("SubscriptionRequiredException", "sign-up is complete"),
            ("IncompleteSignature", "the access key is one"),
            (
                "MissingAuthenticationToken",
                "nothing between changes requests",
            ),
            (
                "MissingAuthenticationTokenException",
                "nothing between changes",
            ),
            (
                "UnrecognizedClientException",
                "enabled; and China and GovCloud",
            ),
            (
                "InvalidClientTokenId",
                "belong together and are still valid",
            ),
            ("InvalidSignatureException", "belong together"),
            ("AccountSendingPaused", "update-account-sending-enabled"),
            ("AccountSendingPausedException", "AWS Support Center"),
            (
                "ConfigurationSetDoesNotExist",
                "configuration set of the identity",
            ),
            (
                "ConfigurationSetSendingPausedException",
                "enable its sending",
            ),
            ("LimitExceededException", "Service Quotas"),
            (
                "InvalidAction",
                "an emulator there implements the operation",
            ),
            ("ValidationError", "as its message says"),
            ("ExpiredTokenException", "Renew the credentials"),
            ("Novel", "by its request id"),
        ] {
            let message = "The message of SES";
            let of_set = of_ses(set, 400, code, message).unwrap();
            for told in [told(code, message), of_set] {
                assert!(told.contains(says), "{code}: {told}");
                assert!(told.ends_with('.'), "{told}");
            }
        }
        for (status, code) in [
            (400, "Throttling"),
            (503, "ServiceUnavailable"),
            (500, "Novel"),
        ] {
            assert_eq!(of_ses(set, status, code, ""), None, "{code}");
        }
    }

    #[test]
    fn clocks_that_differ_are_told_by_how_much() {
        let behind = "Signature expired: 20260330T092154Z is now earlier than 20260330T092246Z \
                      (20260330T093746Z - 15 min.)";
        let ahead = "Signature not yet current: 20260330T094500Z is still later than \
                     20260330T093500Z (20260330T093000Z + 5 min.)";
        for (code, message, says) in [
            (
                "SignatureDoesNotMatch",
                behind,
                "clock is 15m 52s behind AWS's",
            ),
            (
                "InvalidSignatureException",
                ahead,
                "clock is 15m ahead of AWS's",
            ),
            (
                "RequestTimeTooSkewed",
                "x [20260330T093000Z by this machine's clock, 20260330T091000Z by AWS's]",
                "clock is 20m ahead of AWS's",
            ),
            ("RequestTimeTooSkewed", "x", "clock differs from AWS's"),
        ] {
            let told = told(code, message);
            assert!(told.contains(says), "{told}");
        }
        let told = told("SignatureDoesNotMatch", "The request signature we");
        assert!(told.contains("belong together"), "{told}");
    }

    #[test]
    fn a_denial_names_the_policy_that_has_to_change() {
        let user = "User: arn:aws:sts::111122223333:assumed-role/r/s is not authorized to perform: \
                    ses:ListIdentities";
        for (message, says) in [
            (
                format!("{user} with an explicit deny in a service control policy"),
                "denied by a service control policy of the organization",
            ),
            (
                format!("{user} with an explicit deny in an identity-based policy"),
                "denied by a word in an identity-based policy",
            ),
            (
                format!("{user} because no session policy allows the ses:ListIdentities action"),
                "allowed by the session policy (`assume_role`",
            ),
            (
                format!("{user} because no permissions boundary allows the action"),
                "allowed by the permissions boundary",
            ),
        ] {
            let told = told("AccessDenied", &message);
            assert!(told.contains(says), "{told}");
        }
        let plain = format!("{user} because no identity-based policy allows the action");
        let told = told("AccessDenied", &plain);
        assert!(
            told.contains("Allow the IAM action `ses:GetIdentity"),
            "{told}"
        );
    }
}
