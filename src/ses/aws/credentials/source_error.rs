//! Errors of the sources of credentials: whether they pass, and what is told about them.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ses::config::http::HttpResponse;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ses::operation::RequestId;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use aws_smithy_types::error::ErrorMetadata;

use super::LoadFailed;
use crate::mail_from::visible;
use crate::ses::aws::http::Answered;
use crate::ses::aws::obstacle::{NotReached, chain, find};
use crate::ses::aws::translate::message_of;
use crate::ses::error::{CredentialFault, Obstacle, Refusal, passes};

/// The first characters of a secret, by which one that is cut off is known.
const BEGINS: usize = 16;

/// The code of an answer that has none.
const NO_CODE: &str = "";

/// The failure of the source that `source` names; `last` is the last HTTP answer that it was
/// given.
pub(in crate::ses::aws) fn failed(
    source: &str,
    error: &CredentialsError,
    last: Option<&Answered>,
) -> LoadFailed {
    let answer = answer_of_sts(error);
    let refusal = answer.as_ref().and_then(|answer| answer.refusal.clone());
    let (fault, said) = told(error, last, answer);
    LoadFailed {
        refusal,
        ..LoadFailed::new(fault, format!("{source}: {said}"))
    }
}

fn told(
    error: &CredentialsError,
    last: Option<&Answered>,
    answer: Option<StsAnswer>,
) -> (CredentialFault, String) {
    let fault_if = |passes: bool| match passes {
        true => CredentialFault::Passing,
        false => CredentialFault::Lasting,
    };
    if let Some(NotReached { obstacle, reason }) = find(error) {
        // The system may have said anything.
        let mut reason = visible(reason);
        if *obstacle == Obstacle::ProxyAuthentication {
            reason.push_str(
                "; `https_proxy` in the provider block, or else HTTPS_PROXY, takes them as \
                 `http://USER:PASSWORD@HOST:PORT`",
            );
        }
        return (fault_if(!obstacle.stays()), reason);
    }
    if let Some(StsAnswer { passes, said, .. }) = answer {
        return (fault_if(passes), said);
    }
    let fault = match error {
        CredentialsError::CredentialsNotLoaded(_) => CredentialFault::Absent,
        CredentialsError::InvalidConfiguration(_) => CredentialFault::Lasting,
        CredentialsError::ProviderTimedOut(_) => CredentialFault::Passing,
        _ => fault_if(last.is_some_and(|last| passes(last.status, NO_CODE))),
    };
    // A program may have said anything.
    let said = visible(&said(error));
    match last {
        // The SDK has a form of its own for it.
        Some(Answered { status, says }) if said.contains("StatusCode(") => {
            let told = match says {
                Some(says) => format!("it answers with {} (HTTP status {status})", visible(says)),
                None => format!("it answers with HTTP status {status}"),
            };
            (fault, told)
        }
        _ => (fault, said),
    }
}

/// What STS has answered in place of what it was asked for.
struct StsAnswer {
    passes: bool,
    said: String,
    refusal: Option<Refusal>,
}

fn answer_of_sts(error: &CredentialsError) -> Option<StsAnswer> {
    answer::<AssumeRoleError>("AssumeRole", error).or_else(|| {
        let operation = "AssumeRoleWithWebIdentity";
        answer::<AssumeRoleWithWebIdentityError>(operation, error)
            .or_else(|| answer::<GetCallerIdentityError>("GetCallerIdentity", error))
    })
}

fn answer<E>(operation: &'static str, error: &CredentialsError) -> Option<StsAnswer>
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    let error: &SdkError<E, HttpResponse> = find(error)?;
    let SdkError::ServiceError(service) = error else {
        return None;
    };
    let status = service.raw().status().as_u16();
    let Some(code) = service.err().code() else {
        let said = format!(
            "{operation} was answered with HTTP status {status} and an answer that is not STS's"
        );
        return Some(StsAnswer {
            passes: passes(status, NO_CODE),
            said,
            refusal: None,
        });
    };
    let message = message_of(service.err(), service.raw());
    let request = error.request_id();
    let request = request.map_or_else(String::new, |id| format!(", request id {id}"));
    // The identity provider could not be reached by STS.
    let passes = passes(status, code) || code == "IDPCommunicationError";
    let code = code.to_owned();
    let said = format!(
        "STS answered {operation} with {}: {} (HTTP {status}{})",
        visible(&code),
        visible(&message),
        visible(&request)
    );
    Some(StsAnswer {
        passes,
        said,
        refusal: Some(Refusal {
            operation,
            code,
            message,
        }),
    })
}

/// What a service has answered, whose own display is for debugging.
fn answered(answer: &ErrorMetadata) -> String {
    let code = answer.code().unwrap_or("an answer without a code");
    let message = answer
        .message()
        .map_or_else(String::new, |message| format!(": {message}"));
    let request = answer
        .request_id()
        .map_or_else(String::new, |id| format!(" (request id {id})"));
    format!("{code}{message}{request}")
}

/// What an error and its causes say, each once, without what all say.
fn said(error: &CredentialsError) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in chain(error).skip(1) {
        let says = match cause.downcast_ref() {
            Some(answer) => answered(answer),
            None => cause.to_string().trim().to_owned(),
        };
        // What stands around an answer.
        let is_frame = says == "service error" || says.starts_with("unhandled error");
        if !is_frame && !said.iter().any(|earlier| earlier.contains(&says)) {
            said.push(says);
        }
    }
    if said.is_empty() {
        said.push(error.to_string());
    }
    said.join(": ")
}

/// The text without a secret, also where the end of the text has cut the secret off.
pub(super) fn without(text: &str, secret: &str) -> String {
    if secret.is_empty() {
        return text.to_owned();
    }
    let mut safe = text.replace(secret, "…");
    let begins: String = secret.chars().take(BEGINS).collect();
    if begins.len() < secret.len()
        && let Some(cut_off) = safe.find(&begins)
    {
        safe.truncate(cut_off);
        safe.push('…');
    }
    safe
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn of_sts(status: u16, code: Option<&str>) -> CredentialsError {
        let mut metadata = ErrorMetadata::builder().message("the message");
        if let Some(code) = code {
            metadata = metadata.code(code);
        }
        let error = AssumeRoleError::generic(metadata.build());
        let status = StatusCode::try_from(status).unwrap();
        let raw = HttpResponse::new(status, SdkBody::empty());
        CredentialsError::provider_error(SdkError::service_error(error, raw))
    }

    fn not_reached(obstacle: Obstacle) -> CredentialsError {
        CredentialsError::provider_error(NotReached {
            obstacle,
            reason: "why".to_owned(),
        })
    }

    #[test]
    fn a_source_that_is_away_passes_and_one_that_refuses_does_not() {
        use CredentialFault::{Absent, Lasting, Passing};
        let process = || CredentialsError::provider_error("exited with code 1");
        for (error, status, fault) in [
            (of_sts(503, Some("ServiceUnavailable")), None, Passing),
            (of_sts(502, None), None, Passing),
            (of_sts(400, Some("Throttling")), None, Passing),
            (of_sts(400, Some("IDPCommunicationError")), None, Passing),
            (of_sts(403, Some("AccessDenied")), None, Lasting),
            (of_sts(400, Some("ExpiredTokenException")), None, Lasting),
            (not_reached(Obstacle::Refused), None, Passing),
            (not_reached(Obstacle::NoSuchHost), None, Passing),
            (not_reached(Obstacle::Certificate), None, Lasting),
            (not_reached(Obstacle::Proxy), None, Passing),
            (not_reached(Obstacle::ProxyAuthentication), None, Lasting),
            (process(), None, Lasting),
            (process(), Some(503), Passing),
            (process(), Some(429), Passing),
            (process(), Some(401), Lasting),
            (CredentialsError::not_loaded("x"), Some(404), Absent),
            (CredentialsError::invalid_configuration("x"), None, Lasting),
        ] {
            let last = status.map(|status| Answered { status, says: None });
            let failed = failed("the source", &error, last.as_ref());
            assert_eq!(failed.fault, fault, "{error:?}");
        }
    }

    #[test]
    fn the_session_token_that_sts_quotes_is_not_told() {
        let metadata = ErrorMetadata::builder()
            .code("SignatureDoesNotMatch")
            .message("should have been\nx-amz-security-token:Fwo+/==\n\nhost");
        let error = AssumeRoleError::generic(metadata.build());
        let raw = HttpResponse::new(StatusCode::try_from(403).unwrap(), SdkBody::empty());
        let error = CredentialsError::provider_error(SdkError::service_error(error, raw));
        let told = failed("the source", &error, None).reason;
        assert!(told.contains("SignatureDoesNotMatch"), "{told}");
        assert!(!told.contains("Fwo"), "{told}");
    }

    #[test]
    fn it_is_told_which_source_failed_and_what_it_said() {
        let refused = of_sts(403, Some("AccessDenied"));
        for (error, reason) in [
            (
                refused,
                "the profile `p`: STS answered AssumeRole with AccessDenied: the message \
                 (HTTP 403)",
            ),
            (
                CredentialsError::provider_error("exited with code 1"),
                "the profile `p`: exited with code 1",
            ),
            (not_reached(Obstacle::Refused), "the profile `p`: why"),
        ] {
            assert_eq!(failed("the profile `p`", &error, None).reason, reason);
        }
    }

    #[test]
    fn a_secret_is_taken_out_whole_or_cut_off() {
        let secret = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
        for (text, safe) in [
            ("it answers with x", "it answers with x"),
            (
                &format!("token {secret} and {secret}: no"),
                "token … and …: no",
            ),
            (
                &format!("token {}… (HTTP status 401)", &secret[..30]),
                "token …",
            ),
        ] {
            assert_eq!(without(text, secret), safe);
        }
        assert_eq!(without("a short one", "short"), "a … one");
        assert_eq!(without("text", ""), "text");
    }
}
