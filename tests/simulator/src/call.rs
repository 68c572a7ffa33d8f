//! `simulator call`: sends one request to the control routes of a simulator
//! that runs, for scripts that cannot count on an HTTP client.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long to wait for the simulator at each step.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request to `/_simulator/{route}` of the simulator at `authority`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Host and port.
    pub(crate) authority: String,
    pub(crate) method: String,
    pub(crate) route: String,
    /// JSON; empty for none.
    pub(crate) body: String,
}

impl Call {
    /// Parses `URL METHOD ROUTE [JSON]`, where URL is what the simulator prints
    /// as `ses`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let (url, method, route, body) = match arguments {
            [url, method, route] => (url, method, route, String::new()),
            [url, method, route, body] => (url, method, route, body.clone()),
            _ => return Err("call takes URL METHOD ROUTE [JSON]".to_owned()),
        };
        let authority = url
            .strip_prefix("http://")
            .map(|rest| rest.trim_end_matches('/'))
            .ok_or_else(|| format!("{url:?} does not start with http://"))?;
        Ok(Self {
            authority: authority.to_owned(),
            method: method.to_uppercase(),
            route: route.trim_start_matches('/').to_owned(),
            body,
        })
    }

    /// Sends the request and returns the answer's body. A refusal is an error
    /// that carries it.
    pub(crate) fn send(&self) -> io::Result<String> {
        let mut stream = TcpStream::connect(&self.authority)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(self.request().as_bytes())?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        answer(&response)
    }

    fn request(&self) -> String {
        let Self {
            authority,
            method,
            route,
            body,
        } = self;
        let length = body.len();
        format!(
            "{method} /_simulator/{route} HTTP/1.1\r\nhost: {authority}\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    }
}

/// The body of a response that says success.
fn answer(response: &str) -> io::Result<String> {
    let (head, body) = response
        .split_once("\r\n\r\n")
        .ok_or_else(|| io::Error::other("the answer is cut off"))?;
    if head.starts_with("HTTP/1.1 200 ") {
        Ok(body.to_owned())
    } else {
        Err(io::Error::other(body.trim_end().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::{Options, Simulator};

    fn call(url: &str, method: &str, route: &str, body: &str) -> io::Result<String> {
        let arguments = [url, method, route, body].map(str::to_owned);
        Call::parse(&arguments).unwrap().send()
    }

    #[test]
    fn answer_is_the_body_and_a_refusal_an_error() {
        let simulator = Simulator::start(Options::default()).unwrap();
        let url = simulator.ses_url();

        call(&url, "put", "identities", r#"{"name":"example.com"}"#).unwrap();
        let state = call(&url, "GET", "/state", "").unwrap();
        assert!(state.contains(r#""identity":"example.com""#), "{state}");

        let refused = call(&url, "DELETE", "identities", r#"{"name":"example.org"}"#);
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("example.org"), "{refused}");
    }

    #[test]
    fn arguments_are_url_method_route_and_perhaps_json() {
        for wrong in [
            &["http://127.0.0.1:1", "GET"][..],
            &["127.0.0.1:1", "GET", "state"],
            &["http://127.0.0.1:1", "GET", "state", "{}", "{}"],
        ] {
            let arguments: Vec<String> = wrong.iter().map(|&text| text.to_owned()).collect();
            assert!(Call::parse(&arguments).is_err(), "{wrong:?}");
        }
    }
}
