//! hashicorp/aws: MAIL FROM domains as its versions 3 to 6 keep them, and Route 53's
//! records.
//!
//! One thing is not as there. Defaults (`behavior_on_mx_failure`) are attributes that
//! are optional and computed here: Terraform lets only providers of an older kind plan
//! another value than null for one that is optional and not configured.

use serde_json::{Value, json};
use tf_provider::schema::AttributeConstraint::{Optional, OptionalComputed, Required};
use tf_provider::schema::AttributeType;
use tf_provider::value::ValueAny;

use crate::control::Control;
use crate::kept::{Column, Kind, Object, string, text};

/// The resources of a major version.
pub(crate) fn all(major: u32) -> Vec<Kind> {
    let mut all = vec![domain_mail_from(), record()];
    if major >= 4 {
        all.push(email_identity_mail_from());
    }
    if major >= 6 {
        // Route 53 knows no region.
        for kind in all
            .iter_mut()
            .filter(|kind| kind.name != "aws_route53_record")
        {
            kind.attributes.push(text("region", OptionalComputed));
        }
    }
    all
}

fn domain_mail_from() -> Kind {
    Kind {
        name: "aws_ses_domain_mail_from",
        attributes: vec![
            text("domain", Required),
            text("mail_from_domain", Required),
            behavior("UseDefaultValue"),
        ],
        replaces: &["domain", "region"],
        id: |object| identity(object).to_owned(),
        put: |control, object| {
            let behavior = string(object, "behavior_on_mx_failure");
            put_mail_from(control, object, behavior.unwrap_or("UseDefaultValue"))
        },
        get: |control, object| get_mail_from(control, object, |behavior| behavior),
        delete: delete_mail_from,
        by_id: |id| vec![("domain", id.to_owned())],
    }
}

fn email_identity_mail_from() -> Kind {
    Kind {
        name: "aws_sesv2_email_identity_mail_from_attributes",
        attributes: vec![
            text("email_identity", Required),
            text("mail_from_domain", Optional),
            behavior("USE_DEFAULT_VALUE"),
        ],
        replaces: &["email_identity", "region"],
        put: |control, object| {
            let rejects = string(object, "behavior_on_mx_failure") == Some("REJECT_MESSAGE");
            let behavior = if rejects {
                "RejectMessage"
            } else {
                "UseDefaultValue"
            };
            put_mail_from(control, object, behavior)
        },
        get: |control, object| {
            get_mail_from(control, object, |behavior| match behavior {
                "RejectMessage" => "REJECT_MESSAGE",
                _ => "USE_DEFAULT_VALUE",
            })
        },
        by_id: |id| vec![("email_identity", id.to_owned())],
        ..domain_mail_from()
    }
}

fn behavior(default: &str) -> Column {
    Column {
        default: Some(ValueAny::String(default.to_owned())),
        ..text("behavior_on_mx_failure", OptionalComputed)
    }
}

fn identity(object: &Object) -> &str {
    let identity = string(object, "domain").or(string(object, "email_identity"));
    identity.expect("it is required")
}

/// Where SES has it.
fn key(control: &Control, object: &Object) -> Value {
    let region = string(object, "region").unwrap_or(&control.region);
    json!({ "identity": identity(object), "region": region })
}

fn put_mail_from(control: &Control, object: &Object, behavior: &str) -> Result<(), String> {
    let Some(domain) = string(object, "mail_from_domain") else {
        return delete_mail_from(control, object);
    };
    let mut body = key(control, object);
    body["mail_from_domain"] = domain.into();
    body["behavior"] = behavior.into();
    control.request("PUT", "mail_from", &body).map(drop)
}

fn get_mail_from(
    control: &Control,
    mut object: Object,
    spelled: fn(&str) -> &str,
) -> Result<Option<Object>, String> {
    let state = control.request("GET", "state", &Value::Null)?;
    let key = key(control, &object);
    let found = state["identities"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|held| {
            let same = |name| {
                let (held, asked): (&Value, &Value) = (&held[name], &key[name]);
                let asked = asked.as_str().unwrap_or_default().trim_end_matches('.');
                held.as_str()
                    .is_some_and(|held| held.eq_ignore_ascii_case(asked))
            };
            same("identity") && same("region")
        });
    let Some((domain, behavior)) = found.and_then(|held| {
        Some((
            held["mail_from_domain"].as_str()?,
            held["behavior"].as_str()?,
        ))
    }) else {
        return Ok(None);
    };
    // SES shows it in lower case, and hashicorp/aws keeps what SES shows.
    for (name, value) in [
        ("mail_from_domain", domain),
        ("behavior_on_mx_failure", spelled(behavior)),
    ] {
        object.insert(name.to_owned(), ValueAny::String(value.to_owned()));
    }
    Ok(Some(object))
}

fn delete_mail_from(control: &Control, object: &Object) -> Result<(), String> {
    control
        .request("DELETE", "mail_from", &key(control, object))
        .map(drop)
}

fn record() -> Kind {
    let other = |name, ty, constraint| Column {
        ty,
        ..text(name, constraint)
    };
    let texts = AttributeType::Set(Box::new(AttributeType::String));
    Kind {
        name: "aws_route53_record",
        attributes: vec![
            text("zone_id", Required),
            text("name", Required),
            text("type", Required),
            other("ttl", AttributeType::Number, Optional),
            other("records", texts, Optional),
        ],
        replaces: &["zone_id", "name", "type"],
        id: |record| {
            let part = |name| string(record, name).unwrap_or_default();
            [part("zone_id"), part("name"), part("type")].join("_")
        },
        put: put_record,
        get: |control, record| Ok(is_there(control, &record)?.then_some(record)),
        delete: delete_record,
        by_id: |id| {
            let parts = id.splitn(3, '_').map(str::to_owned);
            ["zone_id", "name", "type"].into_iter().zip(parts).collect()
        },
    }
}

/// As Route 53 takes it: `10 host`, and text that its provider puts into quotes, so that
/// text in quotes comes to two of them.
fn put_record(control: &Control, record: &Object) -> Result<(), String> {
    let Some(ValueAny::List(values)) = record.get("records") else {
        return Err("Route 53 takes records".to_owned());
    };
    let mut records = Vec::new();
    for value in values {
        let ValueAny::String(value) = value else {
            return Err("a record is no text".to_owned());
        };
        let is_text = string(record, "type") == Some("TXT");
        if is_text && (value.starts_with('"') || value.len() > 255 && !value.contains("\" \"")) {
            return Err(format!(
                "InvalidChangeBatch: Invalid Resource Record: {value}"
            ));
        }
        records.push(match is_text {
            true => json!(value.split("\" \"").collect::<Vec<_>>()),
            false => json!(value),
        });
    }
    let body = json!({
        "name": string(record, "name"),
        "type": string(record, "type"),
        "records": records,
    });
    control.request("PUT", "dns/records", &body).map(drop)
}

/// Whether the zone has a record of this name and type.
pub(crate) fn is_there(control: &Control, record: &Object) -> Result<bool, String> {
    let sets = control.request("GET", "dns/records", &Value::Null)?;
    let name = string(record, "name").unwrap_or_default();
    Ok(sets.as_array().into_iter().flatten().any(|set| {
        let held = set["name"].as_str().unwrap_or_default();
        held.eq_ignore_ascii_case(name) && set["type"].as_str() == string(record, "type")
    }))
}

pub(crate) fn delete_record(control: &Control, record: &Object) -> Result<(), String> {
    let key = json!({ "name": string(record, "name"), "type": string(record, "type") });
    control.request("DELETE", "dns/records", &key).map(drop)
}
