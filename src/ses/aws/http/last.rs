//! The last answer of a source of credentials, for what is told where it failed: the SDK
//! keeps a status at most.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use http::Response;
use serde_json::{Map, Value as Json};

/// The most of an answer that is read for its code and message, in octets.
const READ: usize = 64 * 1024;

/// The most characters of a code and of a message that are told.
const TOLD: usize = 300;

/// The last answer that somebody was given.
#[derive(Clone, Debug, Default)]
pub(in crate::ses::aws) struct LastAnswer(Arc<Mutex<Option<Answered>>>);

/// What is known of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ses::aws) struct Answered {
    /// The HTTP status.
    pub(in crate::ses::aws) status: u16,
    /// The code and the message of an error, as they came from the network.
    pub(in crate::ses::aws) says: Option<String>,
}

impl LastAnswer {
    pub(in crate::ses::aws) fn get(&self) -> Option<Answered> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }

    /// Notes an answer, or that there was none. Of an error the body is read.
    pub(super) async fn note(&self, answer: Option<&mut Response<SdkBody>>) {
        let answered = match answer {
            Some(answer) => {
                let status = answer.status().as_u16();
                let is_error = status >= 400;
                let says = if is_error {
                    read(answer.body_mut()).await
                } else {
                    None
                };
                Some(Answered { status, says })
            }
            None => None,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = answered;
    }
}

/// What an error says; the body holds afterwards what was read of it.
async fn read(body: &mut SdkBody) -> Option<String> {
    let mut stream = ByteStream::new(std::mem::replace(body, SdkBody::taken()));
    let mut bytes = Vec::new();
    while bytes.len() < READ
        && let Some(Ok(some)) = stream.next().await
    {
        bytes.extend_from_slice(&some);
    }
    let says = says(&bytes);
    *body = SdkBody::from(bytes);
    says
}

/// `CODE: MESSAGE` of an error in JSON, as far as it has them.
fn says(body: &[u8]) -> Option<String> {
    let error: Map<String, Json> = serde_json::from_slice(body).ok()?;
    let text = |names: [&str; 2]| {
        let text = names.iter().find_map(|name| error.get(*name)?.as_str())?;
        let mut told: String = text.trim().chars().take(TOLD).collect();
        if text.trim().chars().count() > TOLD {
            told.push('…');
        }
        (!told.is_empty()).then_some(told)
    };
    let parts = [text(["code", "Code"]), text(["message", "Message"])];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn noted(status: u16, body: &str) -> (Option<Answered>, Vec<u8>) {
        let last = LastAnswer::default();
        let answer = Response::builder().status(status);
        let mut answer = answer.body(SdkBody::from(body)).unwrap();
        last.note(Some(&mut answer)).await;
        let left = answer.into_body();
        (last.get(), left.bytes().unwrap().to_vec())
    }

    #[tokio::test]
    async fn an_error_is_noted_with_its_code_and_message_and_can_still_be_read() {
        let long = "x".repeat(1000);
        let long_error = format!(r#"{{"code":"C","message":"{long}"}}"#);
        let cut = format!("C: {}…", "x".repeat(TOLD));
        for (status, body, says) in [
            (
                403,
                r#"{"code":"AccessDenied","message":"no"}"#,
                Some("AccessDenied: no"),
            ),
            (
                400,
                r#"{"Code":"Bad","Message":" why\n"}"#,
                Some("Bad: why"),
            ),
            (401, r#"{"message":"who are you?"}"#, Some("who are you?")),
            (500, &long_error, Some(&cut)),
            (403, r#"{"code":7,"message":""}"#, None),
            (403, "[]", None),
            (403, "<html>", None),
            (403, "", None),
            // What is no error may hold credentials.
            (200, r#"{"code":"Success","message":"no"}"#, None),
        ] {
            let (noted, left) = noted(status, body).await;
            let says = says.map(str::to_owned);
            assert_eq!(noted, Some(Answered { status, says }), "{body}");
            assert_eq!(left, body.as_bytes());
        }
    }

    #[tokio::test]
    async fn no_answer_leaves_none_of_an_earlier_one() {
        let last = LastAnswer::default();
        let mut answer = Response::new(SdkBody::empty());
        last.note(Some(&mut answer)).await;
        assert!(last.get().is_some());
        last.note(None).await;
        assert_eq!(last.get(), None);
    }
}
