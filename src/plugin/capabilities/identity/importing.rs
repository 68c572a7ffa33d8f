//! What an import by identity names, read and checked.

use rmpv::Value;
use tf_provider::{AttributePath, Diagnostic, Diagnostics};

use crate::plugin::call::Told;
use crate::plugin::cty::Type;
use crate::plugin::diagnostics::error;
use crate::plugin::dynamic::Dynamic;
use crate::plugin::proto::tfplugin6::{DynamicValue, ResourceIdentitySchema};
use crate::plugin::wire;

/// Reads an identity of type `ty`: it has all that an import needs, nothing else, and
/// nothing of it is unknown.
pub(super) fn read(
    diags: &mut Diagnostics,
    schema: &ResourceIdentitySchema,
    ty: &Type,
    named: &DynamicValue,
) -> Result<Dynamic, Told> {
    let identity = wire::decode_exactly(named, ty).map_err(|malformed| {
        let problem = malformed.to_string();
        let Diagnostic { attribute, .. } = malformed.into();
        diags.errors.push(invalid(schema, attribute, &problem));
        Told
    })?;
    let problems = problems(schema, &identity);
    if problems.is_empty() {
        return Ok(identity);
    }
    for (attribute, problem) in problems {
        diags.errors.push(invalid(schema, attribute, problem));
    }
    Err(Told)
}

/// What an import cannot do with.
fn problems(
    schema: &ResourceIdentitySchema,
    identity: &Dynamic,
) -> Vec<(AttributePath, &'static str)> {
    // It was just written.
    let entries = match wire::to_value(identity) {
        Ok(Value::Map(entries)) => entries,
        Ok(Value::Ext(..)) => return vec![(AttributePath::root(), "it is not known yet")],
        _ => return vec![(AttributePath::root(), "there is none")],
    };
    let problem = |(name, value): (Value, Value)| {
        let name = name.as_str()?.to_owned();
        let mut attributes = schema.identity_attributes.iter();
        let is_required = attributes.any(|a| a.name == name && a.required_for_import);
        let problem = match value {
            Value::Nil if is_required => "it is missing",
            Value::Ext(..) => "it is not known yet, and an import needs it",
            _ => return None,
        };
        Some((AttributePath::new(name), problem))
    };
    entries.into_iter().filter_map(problem).collect()
}

fn invalid(schema: &ResourceIdentitySchema, attribute: AttributePath, problem: &str) -> Diagnostic {
    let place = match attribute.steps.as_slice() {
        [] => "The identity".to_owned(),
        _ => format!("`{attribute}`"),
    };
    let named = |is_required| {
        let attributes = schema.identity_attributes.iter();
        let named = attributes.filter(move |a| a.required_for_import == is_required);
        let named: Vec<_> = named.map(|a| format!("`{}`", a.name)).collect();
        named.join(", ")
    };
    let (required, optional) = (named(true), named(false));
    let optional = match optional.is_empty() {
        true => String::new(),
        false => format!(", and may have {optional}"),
    };
    let detail = format!(
        "{place} cannot be used: {problem}.\n\nThe identity of an import needs {required}{optional}; \
         all values have to be known at plan."
    );
    Diagnostic {
        attribute,
        ..error("Invalid import identity", detail)
    }
}
