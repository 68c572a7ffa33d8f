//! Check of an answer of success: whether it is SES's, to this operation, and whole.
//!
//! The SDK does not look into the answer to a Set, and takes every HTTP 200 for success;
//! of an answer that breaks off it reads as far as it comes, so that identities are
//! missing from it. But a proxy or a captive portal answers with HTTP 200 as well.
//!
//! SES's answer to `Operation` is one XML element, `<OperationResponse>`. Only how it
//! begins and ends is looked at, however large it is.

use aws_sdk_ses::config::http::HttpResponse;
use aws_sdk_ses::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_ses::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ses::error::BoxError;
use aws_sdk_ses::operation::RequestId;

use crate::ses::error::Operation;

/// Bytes of an answer that are quoted at most.
const QUOTED: usize = 100;

/// An interceptor that fails a call of the operation whose answer is no answer.
#[derive(Debug)]
pub(super) struct AnswerCheck(pub(super) Operation);

/// Why an answer of success is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    /// It is not SES's answer to this operation.
    #[error("an answer that is not SES's")]
    NotSes,
    /// It begins like SES's, and has no end.
    #[error("an answer that breaks off")]
    BreaksOff,
}

impl Intercept for AnswerCheck {
    fn name(&self) -> &'static str {
        "AnswerCheck"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _runtime_components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // The SDK holds one error, and logs another that comes on top of it.
        if context.output_or_error().is_ok() {
            check_response(self.0, context.response())?;
        }
        Ok(())
    }
}

/// Whether a response of success is SES's answer to `operation`, and whole.
pub(super) fn check_response(
    operation: Operation,
    response: &HttpResponse,
) -> Result<(), NoAnswer> {
    // An error of SES's has another form, and the SDK looks into it. What has not
    // arrived as a whole is an error of the SDK's already.
    match response.body().bytes() {
        Some(body) if response.status().is_success() => {
            check(operation, response.headers().request_id(), body)
        }
        _ => Ok(()),
    }
}

fn check(operation: Operation, request_id: Option<&str>, body: &[u8]) -> Result<(), NoAnswer> {
    let is_set = operation == Operation::SetIdentityMailFromDomain;
    let text = body.trim_ascii();
    if is_set && text.is_empty() && request_id.is_some() {
        return Ok(());
    }
    let element = [operation.name().as_bytes(), b"Response"].concat();
    if root(text).is_none_or(|root| local(root) != element) {
        return Err(NoAnswer::NotSes);
    }
    // That it was answered is all that the answer to a Set says.
    if is_set || ends(text).is_some_and(|end| local(end) == element) {
        Ok(())
    } else {
        Err(NoAnswer::BreaksOff)
    }
}

/// The name of the first element: behind a byte order mark, the declaration, comments
/// and a document type.
fn root(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    loop {
        rest = rest.trim_ascii_start().strip_prefix(b"<")?;
        let end: &[u8] = match rest {
            [b'!', b'-', b'-', ..] => b"-->",
            [b'?', ..] => b"?>",
            [b'!', ..] => b">",
            _ => break,
        };
        let at = rest.windows(end.len()).position(|window| window == end)?;
        rest = &rest[at + end.len()..];
    }
    let length = rest
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))?;
    Some(&rest[..length])
}

/// The name in the closing tag at the end.
fn ends(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_suffix(b">")?.trim_ascii_end();
    let at = text.iter().rposition(|byte| *byte == b'<')?;
    text[at + 1..].strip_prefix(b"/")
}

/// A name without its prefix.
fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b':').next().unwrap_or(name)
}

/// How an answer begins, on one line and with an ellipsis if it goes on: raw text from
/// the network.
pub(super) fn beginning(body: Option<&[u8]>) -> String {
    let body = body.unwrap_or_default().trim_ascii();
    let text = String::from_utf8_lossy(&body[..body.len().min(QUOTED)]);
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if body.len() > QUOTED {
        // The cut may have gone through a character.
        line.truncate(line.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: Operation = Operation::SetIdentityMailFromDomain;
    const OPERATIONS: [Operation; 4] = [
        SET,
        Operation::GetIdentityMailFromDomainAttributes,
        Operation::GetIdentityVerificationAttributes,
        Operation::ListIdentities,
    ];

    fn answer(name: &str) -> String {
        format!(
            "<{name}Response xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\">\n  \
             <{name}Result/>\n  <ResponseMetadata/>\n</{name}Response>\n"
        )
    }

    #[test]
    fn an_answer_of_the_operation_is_one_in_every_form_of_xml() {
        for operation in OPERATIONS {
            let name = operation.name();
            for body in [
                answer(name),
                format!("<{name}Response><{name}Result></{name}Result></{name}Response >"),
                format!(
                    "\u{feff}<?xml version=\"1.0\"?>\n<!-- <html> -->\n<!DOCTYPE x>{}",
                    answer(name)
                ),
                format!("<ses:{name}Response xmlns:ses=\"x\"><a/></ses:{name}Response>"),
            ] {
                assert_eq!(check(operation, None, body.as_bytes()), Ok(()), "{body}");
            }
        }
    }

    #[test]
    fn what_others_answer_is_none() {
        for operation in OPERATIONS {
            let name = operation.name();
            let others = [
                String::new(),
                " \n".to_owned(),
                "<!DOCTYPE html>\n<html><body>Log in</body></html>".to_owned(),
                format!("<html>{}</html>", answer(name)),
                format!("<!-- {} -->", answer(name)),
                "{\"error\":\"blocked\"}".to_owned(),
                "<<<\u{0}not xml".to_owned(),
                answer("GetSendQuota"),
                answer(&format!("{name}V2")),
                format!("<ErrorResponse><Error/></ErrorResponse>{}", answer(name)),
                format!("<{name}Resp"),
            ];
            for body in others {
                for request_id in [None, Some("7e6d")] {
                    let checked = check(operation, request_id, body.as_bytes());
                    let accepted =
                        operation == SET && body.trim().is_empty() && request_id.is_some();
                    let expected = if accepted {
                        Ok(())
                    } else {
                        Err(NoAnswer::NotSes)
                    };
                    assert_eq!(checked, expected, "{operation} {body:?}");
                }
            }
        }
    }

    #[test]
    fn an_answer_that_breaks_off_anywhere_is_not_read() {
        for operation in OPERATIONS {
            let body = answer(operation.name());
            let whole = body.trim_end().len();
            for length in 0..whole {
                let checked = check(operation, None, &body.as_bytes()[..length]);
                assert!(operation == SET || checked.is_err(), "{length}");
            }
        }
        let body = answer("ListIdentities");
        let cut = check(
            Operation::ListIdentities,
            Some("7e6d"),
            &body.as_bytes()[..60],
        );
        assert_eq!(cut, Err(NoAnswer::BreaksOff));
    }

    #[test]
    fn a_page_is_quoted_short_and_on_one_line() {
        let page = "<html>\r\n  <head>\t<title>Blocked</title>";
        let told = beginning(Some(page.as_bytes()));
        assert_eq!(told, "<html> <head> <title>Blocked</title>");
        let long = "é".repeat(1000);
        let told = beginning(Some(long.as_bytes()));
        assert_eq!(told, format!("{}…", "é".repeat(50)));
        let odd = format!("a{long}");
        let told = beginning(Some(odd.as_bytes()));
        assert_eq!(told, format!("a{}…", "é".repeat(49)));
        assert_eq!(beginning(None), "");
    }
}
