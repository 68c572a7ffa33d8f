//! Answers of SES's Query API as XML.

use std::fmt::Write;

use super::service::CALLER_IDENTITY;

const NAMESPACE: &str = "http://ses.amazonaws.com/doc/2010-12-01/";
const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The answer to `action` whose result element holds `result`, which is XML.
pub(crate) fn response(action: &str, result: &str, request_id: &str) -> String {
    let namespace = match action {
        CALLER_IDENTITY => STS_NAMESPACE,
        _ => NAMESPACE,
    };
    format!(
        "<{action}Response xmlns=\"{namespace}\">\n  \
           <{action}Result>{result}</{action}Result>\n  \
           <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
         </{action}Response>\n"
    )
}

/// The answer that an error is. `kind` is `Sender` or `Receiver`.
pub(crate) fn error(kind: &str, code: &str, message: &str, request_id: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>{kind}</Type>\n    \
         <Code>{}</Code>\n    <Message>{}</Message>\n  </Error>\n  \
         <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
        Escaped(code),
        Escaped(message),
    )
}

/// `<name>text</name>`.
pub(crate) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", Escaped(text))
}

/// One entry of a map; `value` is XML.
pub(crate) fn entry(key: &str, value: &str) -> String {
    format!(
        "<entry><key>{}</key><value>{value}</value></entry>",
        Escaped(key)
    )
}

/// Text as XML character data.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                // Not allowed in XML 1.0, not even escaped.
                '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => {
                    f.write_char(char::REPLACEMENT_CHARACTER)?;
                }
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let xml = error(
            "Sender",
            "C",
            "Identity <a&b> does \"not\"\u{1b} exist.",
            "id",
        );
        assert!(xml.contains(
            "<Message>Identity &lt;a&amp;b&gt; does &quot;not&quot;\u{fffd} exist.</Message>"
        ));
    }
}
