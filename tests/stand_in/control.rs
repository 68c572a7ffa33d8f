//! The simulator's control routes, by HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

/// The simulator, by way of a provider block.
pub(crate) struct Control {
    /// Where it listens.
    authority: String,
    /// The region of the block.
    pub(crate) region: String,
}

impl Control {
    pub(crate) fn of(region: Option<&String>) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the harness says so by the environment, which Terraform hands on"
        )]
        let url = std::env::var("STAND_IN_SIMULATOR").unwrap_or_default();
        let authority = url.strip_prefix("http://").unwrap_or(&url);
        Self {
            authority: authority.trim_end_matches('/').to_owned(),
            region: region.map_or("us-east-1", String::as_str).to_owned(),
        }
    }

    /// The answer to a request; `Err` is why there is none, or none that is good.
    pub(crate) fn request(&self, method: &str, route: &str, body: &Value) -> Result<Value, String> {
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let answer = self
            .exchange(method, route, &body)
            .map_err(|error| format!("STAND_IN_SIMULATOR {:?}: {error}", self.authority))?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        match head.split(' ').nth(1) {
            Some("200") => serde_json::from_str(body).map_err(|error| error.to_string()),
            _ => Err(body.trim().to_owned()),
        }
    }

    fn exchange(&self, method: &str, route: &str, body: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.authority)?;
        write!(
            stream,
            "{method} /_simulator/{route} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            self.authority,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}
