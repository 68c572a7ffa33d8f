//! What to do about a refusal of AWS's that is not about SES: clocks that differ, and
//! policies that deny.

use std::time::Duration;

use time::{Date, PrimitiveDateTime, Time};

/// What to do about a refusal with this message, if that says more than its code.
pub(super) fn remedy(code: &str, message: &str) -> Option<String> {
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
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => Some(
            "Renew the credentials (for example `aws sso login`), and see that this machine's \
             clock is right.",
        ),
        "InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch" => Some(
            "AWS does not take these credentials: see that the access key, the secret key and the \
             session token belong together and are still valid.",
        ),
        _ => None,
    }
}

fn clock(message: &str) -> String {
    let what = match difference(message) {
        Some((by, Side::Behind)) => format!("is {by} behind AWS's"),
        Some((by, Side::Ahead)) => format!("is {by} ahead of AWS's"),
        None => "differs from AWS's".to_owned(),
    };
    format!("This machine's clock {what}, and AWS takes five minutes at most: set it right (NTP).")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Behind,
    Ahead,
}

/// By how much the clocks differ: the message names the time of the signature first, and
/// AWS's own behind a parenthesis.
fn difference(message: &str) -> Option<(humantime::FormattedDuration, Side)> {
    let (signed, _) = times(message).next()?;
    let (_, own) = message.split_once('(')?;
    let (own, _) = times(own).next()?;
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
            ("RequestTimeTooSkewed", "x", "clock differs from AWS's"),
        ] {
            let told = remedy(code, message).unwrap();
            assert!(told.contains(says), "{told}");
        }
        assert_eq!(
            remedy("SignatureDoesNotMatch", "The request signature we"),
            None
        );
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
            let told = remedy("AccessDenied", &message).unwrap();
            assert!(told.contains(says), "{told}");
        }
        let plain = format!("{user} because no identity-based policy allows the action");
        assert_eq!(remedy("AccessDenied", &plain), None);
    }
}
