//! The control routes: the handles' methods as JSON over HTTP.

mod body;

use std::time::Duration;

use hyper::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;

use crate::accounts::Accounts;
use crate::dns::{Dns, RecordError};
use crate::options::Rate;
use crate::ses::{Fault, SceneError, Ses, milliseconds};
use body::{
    ClockBody, IdentityBody, IdentityKey, LatencyBody, MailFromBody, MailFromKey, ModeBody,
    RecordData, RecordsBody, RecordsKey, Text,
};

/// What the control routes act on.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    pub(crate) accounts: Accounts,
    pub(crate) ses: Ses,
    pub(crate) dns: Dns,
}

/// A control request is refused.
#[derive(Debug, Error)]
enum ControlError {
    #[error("no such route: {0} /_simulator/{1}")]
    Route(Method, String),
    #[error("the body is not what this route takes: {0}")]
    Body(#[from] serde_json::Error),
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Scene(#[from] SceneError),
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl ControlError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Route(..) | Self::Scene(SceneError::NoIdentity { .. }) => StatusCode::NOT_FOUND,
            Self::Body(_) | Self::Invalid(_) | Self::Scene(_) | Self::Record(_) => {
                StatusCode::BAD_REQUEST
            }
        }
    }
}

impl Control {
    /// Answers a request to `/_simulator/{route}`: a status and JSON.
    pub(crate) fn answer(&self, method: &Method, route: &str, body: &[u8]) -> (StatusCode, String) {
        match self.carry_out(method, route, body) {
            Ok(value) => (StatusCode::OK, format!("{value}\n")),
            Err(error) => {
                let message = json!({ "error": error.to_string() });
                (error.status(), format!("{message}\n"))
            }
        }
    }

    fn carry_out(&self, method: &Method, route: &str, body: &[u8]) -> Result<Value, ControlError> {
        match (method.as_str(), route) {
            ("GET", "state") => return self.state(),
            ("PUT", "identities") => self.put_identities(read_list(body)?),
            ("DELETE", "identities") => {
                let key: IdentityKey = read(body)?;
                if !self.ses.remove_identity(&key.region, &key.name) {
                    return Err(ControlError::Scene(SceneError::NoIdentity {
                        region: key.region,
                        identity: key.name,
                    }));
                }
            }
            ("PUT", "mail_from") => {
                for mail_from in read_list::<MailFromBody>(body)? {
                    self.put_mail_from(&mail_from)?;
                }
            }
            ("DELETE", "mail_from") => {
                let key: MailFromKey = read(body)?;
                self.ses.clear_mail_from(&key.region, &key.identity)?;
            }
            ("GET", "calls") => return list(&self.ses.calls()),
            ("DELETE", "calls") => self.ses.clear_calls(),
            ("GET", "faults") => return list(&self.ses.faults()),
            ("POST", "faults") => {
                for fault in read_list::<Fault>(body)? {
                    self.ses.inject(fault);
                }
            }
            ("DELETE", "faults") => self.ses.clear_faults(),
            ("PUT", "rate") => self.ses.set_rate(checked(read(body)?)?),
            ("PUT", "latency") => {
                let latency: LatencyBody = read(body)?;
                self.ses.set_latency(Duration::from_millis(latency.ms));
            }
            ("PUT", "clock") => {
                let clock: ClockBody = read(body)?;
                if let Some(speed) = clock.speed {
                    self.ses.set_clock_speed(speed);
                }
                self.ses.advance_clock(clock.advance);
            }
            ("GET", "dns/records") => return list(&self.dns.records()),
            ("PUT", "dns/records") => {
                for records in read_list::<RecordsBody>(body)? {
                    self.put_records(&records)?;
                }
            }
            ("DELETE", "dns/records") if body.is_empty() => self.dns.clear(),
            ("DELETE", "dns/records") => self.delete_records(&read(body)?)?,
            ("PUT", "dns/mode") => {
                let body: ModeBody = read(body)?;
                match body.name {
                    Some(name) => self.dns.set_mode_of(&name, body.mode)?,
                    None => self.dns.set_mode(body.mode.unwrap_or_default()),
                }
            }
            ("GET", "dns/queries") => return list(&self.dns.queries()),
            ("DELETE", "dns/queries") => self.dns.clear_queries(),
            _ => return Err(ControlError::Route(method.clone(), route.to_owned())),
        }
        Ok(json!({}))
    }

    fn state(&self) -> Result<Value, ControlError> {
        Ok(json!({
            "clock": { "now_s": self.ses.now().as_secs_f64(), "speed": self.ses.clock_speed() },
            "rate": self.ses.rate(),
            "latency_ms": milliseconds(self.ses.latency()),
            "identities": self.ses.identities(),
            "faults": self.ses.faults(),
        }))
    }

    fn put_identities(&self, identities: Vec<IdentityBody>) {
        for identity in identities {
            self.ses
                .add_identity(&identity.region, &identity.name, identity.verified);
        }
    }

    fn put_mail_from(&self, body: &MailFromBody) -> Result<(), ControlError> {
        if let Some(domain) = &body.mail_from_domain {
            self.ses
                .set_mail_from(&body.region, &body.identity, domain, body.behavior)?;
        }
        if let Some(status) = body.status {
            self.ses.set_status(&body.region, &body.identity, status)?;
        }
        Ok(())
    }

    fn put_records(&self, body: &RecordsBody) -> Result<(), ControlError> {
        let name = &body.name;
        match &body.data {
            RecordData::Mx(records) => {
                let records = records
                    .iter()
                    .map(|text| parse_mx(text))
                    .collect::<Result<Vec<_>, _>>()?;
                self.dns.set_mx(name, &records)?;
            }
            RecordData::Txt(records) => {
                let records: Vec<Vec<&[u8]>> = records.iter().map(Text::strings).collect();
                self.dns.set_txt_strings(name, &records)?;
            }
            RecordData::Cname([target]) => self.dns.set_cname(name, target)?,
            RecordData::A(addresses) => self.dns.set_a(name, addresses)?,
        }
        Ok(())
    }

    fn delete_records(&self, key: &RecordsKey) -> Result<(), ControlError> {
        match key.kind {
            None => self.dns.remove(&key.name)?,
            Some(kind) => self.dns.remove_type(&key.name, kind)?,
        }
        Ok(())
    }
}

/// `10 host`, as zone files have it.
fn parse_mx(text: &str) -> Result<(u16, &str), ControlError> {
    text.split_once(' ')
        .and_then(|(preference, exchange)| Some((preference.parse().ok()?, exchange.trim())))
        .ok_or_else(|| ControlError::Invalid(format!("{text:?} is not of the form `10 host`")))
}

/// A rate that time can be divided by.
fn checked(rate: Rate) -> Result<Rate, ControlError> {
    match rate {
        Rate::PerOperation(rate) | Rate::PerAccount(rate) if rate.is_nan() || rate <= 0.0 => Err(
            ControlError::Invalid(format!("a rate of {rate} is not above 0")),
        ),
        rate => Ok(rate),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    Ok(serde_json::from_slice(body)?)
}

/// A body that holds one or a list.
fn read_list<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<T>, ControlError> {
    Ok(match read(body)? {
        Value::Array(many) => serde_json::from_value(Value::Array(many))?,
        one => vec![serde_json::from_value(one)?],
    })
}

fn list<T: Serialize>(items: &[T]) -> Result<Value, ControlError> {
    Ok(serde_json::to_value(items)?)
}
