//! Errors of the SDK as ours.

use std::error::Error as StdError;
use std::sync::Arc;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ses::config::http::HttpResponse;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ses::operation::RequestId;

use super::answer::{NoAnswer, beginning, check_response};
use super::calls::ATTEMPT_TIMEOUT;
use crate::machine;
use crate::ses::api::Departure;
use crate::ses::error::{Error, Operation, Reach};

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
                    message: without_token(service.err().message().unwrap_or_default()),
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
        _ if credentials_at_fault(error) => Error::Credentials {
            operation,
            reason: causes(error),
        },
        SdkError::TimeoutError(_) => {
            let reason = format!("no answer within {} s", ATTEMPT_TIMEOUT.as_secs());
            no_answer(reason, reach(departure, Reach::MaybeMadeLater))
        }
        SdkError::DispatchFailure(_) => {
            no_answer(causes(error), reach(departure, Reach::MaybeMade))
        }
        _ => Error::Settings {
            reason: causes(error),
        },
    }
}

/// To a signature that it does not take, AWS answers with the signed headers
/// that it has computed its own from: the session token is one of them.
fn without_token(message: &str) -> String {
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

/// The SDK wraps what its credential providers say in several layers of its own.
fn credentials_at_fault(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|cause| cause.is::<CredentialsError>())
}

/// What an error and its causes say, each once, and the limit of open files where it was
/// that. (Their `Debug` form, which the SDK's own display appends, is no text for a
/// practitioner.)
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in chain(error) {
        let says = cause.to_string();
        if !said.iter().any(|earlier| earlier.contains(&says)) {
            said.push(says);
        }
    }
    said.extend(machine::file_shortage(error));
    said.join(": ")
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_lack_of_open_files_is_told_with_its_limit() {
        #[derive(Debug, thiserror::Error)]
        #[error("dispatch failure")]
        struct Outer(#[source] std::io::Error);
        let told = causes(&Outer(std::io::Error::from_raw_os_error(24)));
        assert!(told.starts_with("dispatch failure: "), "{told}");
        assert!(told.ends_with("(ulimit -n)"), "{told}");
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
