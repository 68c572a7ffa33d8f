//! `spf_merge(existing)`

use tf_provider::Diagnostics;
use tf_provider::schema::{Description, FunctionSchema, Type};
use tf_provider::value::Value;

use super::{parameter, parse};
use crate::mail_from::spf_merge;
use crate::plugin::{Function, Told};

/// An SPF record with SES added to it.
pub(crate) struct SpfMerge;

impl Function for SpfMerge {
    type Arguments = (Value<String>,);
    type Result = Value<String>;

    fn schema(&self) -> FunctionSchema {
        FunctionSchema {
            parameters: vec![parameter("existing", EXISTING)],
            return_type: Type::String,
            summary: "An SPF record that lets Amazon SES send as well".to_owned(),
            description: Description::markdown(DESCRIPTION),
            ..FunctionSchema::default()
        }
    }

    fn call(
        &self,
        diags: &mut Diagnostics,
        (existing,): Self::Arguments,
    ) -> Result<Self::Result, Told> {
        let merged = parse(diags, 0, &existing, spf_merge, |error| error.remedy())?;
        Ok(merged.map_or(Value::Unknown, Value::Value))
    }
}

const EXISTING: &str = "The text of the SPF record as it is. One of more than 255 octets is \
    written in several strings, as in a zone file (`\"v=spf1 …\" \"… ~all\"`) or as \
    `aws_route53_record` takes them (`v=spf1 …\" \"… ~all`); the result is then written so too.";

const DESCRIPTION: &str = "Returns an SPF record with `include:amazonses.com` added: before its \
    `all`, or before its modifiers where it has none. All else stays as it is, in its order. A \
    record that names SES already is returned as it is.\n\n\
    It refuses what would not hold: a text that is no SPF record, two records in one, a term that \
    is not valid, a second `redirect`, more than ten terms that look something up, a term that \
    refuses mail of SES (such as `-include:amazonses.com`), and more than 255 octets in one string. \
    It looks nothing up, so that look-ups which an `include` leads to are not counted.";
