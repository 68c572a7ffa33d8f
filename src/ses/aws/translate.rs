//! Errors of the SDK as ours.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::SystemTime;

use aws_sdk_ses::config::http::HttpResponse;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ses::operation::RequestId;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::answer::{NoAnswer, beginning, check_response};
use super::credentials::LoadFailed;
use super::obstacle::{NotReached, chain, find};
use super::phases;
use crate::ses::api::Departure;
use crate::ses::error::{Error, Obstacle, Operation, Reach};

/// The SDK's error as ours. SES's operations model no errors, so that code,
/// message and request id come from the metadata.
pub(super) fn translate<E>(
    operation: Operation,
    departure: &Arc<dyn Departure>,
    error: &SdkError<E, HttpResponse>,
) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    let no_answer = |reason: String, reach: Reach| Error::NoAnswer {
        operation,
        reason,
        reach,
    };
    let not_ses = |raw: &HttpResponse| Error::NotSes {
        operation,
        status: raw.status().as_u16(),
        begins: beginning(raw.body().bytes()),
    };
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            match service.err().code() {
                Some(code) => Error::Refused {
                    operation,
                    status,
                    code: code.to_owned(),
                    message: message_of(service.err(), service.raw()),
                    request_id: error.request_id().map(str::to_owned),
                },
                None => not_ses(service.raw()),
            }
        }
        SdkError::ResponseError(response) => match check_response(operation, response.raw()) {
            Err(NoAnswer::NotSes) => not_ses(response.raw()),
            checked => {
                let what = checked.map_or_else(
                    |breaks_off| breaks_off.to_string(),
                    |()| "an answer that could not be read".to_owned(),
                );
                let status = response.raw().status();
                no_answer(format!("{what}, of HTTP status {status}"), Reach::MaybeMade)
            }
        },
        _ => {
            if let Some(failed) = find::<LoadFailed>(error) {
                return without_credentials(operation, failed.clone());
            }
            if let Some(NotReached { obstacle, reason }) = find(error) {
                let if_sent = match obstacle {
                    Obstacle::Answer => Reach::MaybeMadeLater,
                    _ => Reach::MaybeMade,
                };
                return no_answer(reason.clone(), reach(departure, if_sent));
            }
            let reason = causes(error);
            match error {
                SdkError::TimeoutError(_) => {
                    let limit = phases::LONGEST.as_secs();
                    let reason = format!("no whole answer within {limit} s");
                    no_answer(reason, reach(departure, Reach::MaybeMadeLater))
                }
                SdkError::DispatchFailure(_) => {
                    no_answer(reason, reach(departure, Reach::MaybeMade))
                }
                _ => Error::Settings { reason },
            }
        }
    }
}

/// There are no credentials to call `operation` with.
pub(super) fn without_credentials(operation: Operation, failed: LoadFailed) -> Error {
    Error::Credentials {
        operation,
        fault: failed.fault,
        reason: failed.reason,
        refusal: failed.refusal,
    }
}

/// AWS's message, without what is secret in it. Where it says no more of the clocks than
/// that they differ, what they say follows, in brackets.
pub(super) fn message_of<E: ProvideErrorMetadata>(error: &E, raw: &HttpResponse) -> String {
    #[expect(clippy::disallowed_methods, reason = "it is this machine's clock")]
    let now = SystemTime::now();
    let message = without_token(error.message().unwrap_or_default());
    match error.code() {
        Some("RequestTimeTooSkewed") => {
            let date = raw.headers().get("date").unwrap_or_default();
            with_clocks(message, date, now)
        }
        _ => message,
    }
}

/// `date` is that of the answer, by AWS's clock.
fn with_clocks(message: String, date: &str, now: SystemTime) -> String {
    let date = DateTime::from_str(date, Format::HttpDate).ok();
    let Some(date) = date.and_then(|date| SystemTime::try_from(date).ok()) else {
        return message;
    };
    let basic = |time| {
        let text = humantime::format_rfc3339_seconds(time).to_string();
        text.replace(['-', ':'], "")
    };
    let (own, aws) = (basic(now), basic(date));
    format!("{message} [{own} by this machine's clock, {aws} by AWS's]")
}

/// To a signature that it does not take, AWS answers with the signed headers
/// that it has computed its own from: the session token is one of them.
pub(super) fn without_token(message: &str) -> String {
    const HEADER: &str = "x-amz-security-token:";
    let mut parts = message.split(HEADER);
    let mut safe = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(char::is_whitespace).unwrap_or(part.len());
        safe.extend([HEADER, "(not shown)", &part[end..]]);
    }
    safe
}

fn reach(departure: &Arc<dyn Departure>, if_sent: Reach) -> Reach {
    if departure.is_sent() {
        if_sent
    } else {
        Reach::NotSent
    }
}

/// What an error and its causes say, each once. (Their `Debug` form, which the SDK's own
/// display appends, is no text for a practitioner.)
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in chain(error) {
        let says = cause.to_string();
        if !said.iter().any(|earlier| earlier.contains(&says)) {
            said.push(says);
        }
    }
    said.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_told_beside_a_message_that_says_nothing_of_them() {
        let now = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_774_862_514);
        let told = |date: &str| with_clocks("They differ.".to_owned(), date, now);
        assert_eq!(
            told("Mon, 30 Mar 2026 09:37:46 GMT"),
            "They differ. [20260330T092154Z by this machine's clock, 20260330T093746Z by AWS's]"
        );
        assert_eq!(told("today"), "They differ.");
    }

    #[test]
    fn messages_lose_the_session_token_and_nothing_else() {
        for (message, safe) in [
            ("Rate exceeded", "Rate exceeded"),
            (
                "'POST\n/\nx-amz-security-token:Fwo+/==\n\nhost;x-amz-security-token\n0'",
                "'POST\n/\nx-amz-security-token:(not shown)\n\nhost;x-amz-security-token\n0'",
            ),
            (
                "x-amz-security-token:Fwo",
                "x-amz-security-token:(not shown)",
            ),
        ] {
            assert_eq!(without_token(message), safe);
        }
    }
}
