//! cloudflare/cloudflare, version 5: its DNS record, which takes the priority apart and
//! wants text in quotes.

use serde_json::{Value, json};
use tf_provider::schema::AttributeConstraint::{Optional, Required};
use tf_provider::schema::AttributeType::Number;
use tf_provider::value::ValueAny;

use crate::aws::{delete_record, is_there};
use crate::control::Control;
use crate::kept::{Column, Kind, Object, string, text};

pub(crate) fn all() -> Vec<Kind> {
    let number = |name, constraint| Column {
        ty: Number,
        ..text(name, constraint)
    };
    vec![Kind {
        name: "cloudflare_dns_record",
        attributes: vec![
            text("zone_id", Required),
            text("name", Required),
            text("type", Required),
            number("ttl", Required),
            number("priority", Optional),
            text("content", Optional),
        ],
        replaces: &["zone_id", "type"],
        id: |record| {
            let part = |name| string(record, name).unwrap_or_default();
            format!("{}-{}", part("name"), part("type"))
        },
        put,
        get: |control, record| Ok(is_there(control, &record)?.then_some(record)),
        delete: delete_record,
        by_id: |_| Vec::new(),
    }]
}

fn put(control: &Control, record: &Object) -> Result<(), String> {
    let content = string(record, "content").ok_or("content is missing")?;
    let kind = string(record, "type");
    let data: Value = match (kind, record.get("priority")) {
        (Some("MX"), Some(ValueAny::Number(priority))) => json!(format!("{priority} {content}")),
        (Some("MX"), _) => return Err("priority is a required data field".to_owned()),
        (Some("TXT"), _) => {
            let text = content
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'));
            let text = text.ok_or("content of a TXT record must be in quotation marks")?;
            json!(text.split("\" \"").collect::<Vec<_>>())
        }
        _ => json!(content),
    };
    let body = json!({ "name": string(record, "name"), "type": kind, "records": [data] });
    control.request("PUT", "dns/records", &body).map(drop)
}
