//! What every acceptance test stands on: a workspace of its own, a simulator of
//! its own, and a `terraform` that cannot outlive its time.

mod expectations;
mod process;
mod provider_block;
mod workspace;

pub(crate) use process::{Running, wait_until};
pub(crate) use workspace::Workspace;

/// The region of the default provider block.
pub(crate) const REGION: &str = "us-east-1";

/// The address of the resource that [`mail_from`] writes.
pub(crate) const THIS: &str = "ses_identity_mail_from.this";

/// The resource [`THIS`]; `more` goes into its block as it is.
pub(crate) fn mail_from(identity: &str, mail_from_domain: &str, more: &str) -> String {
    format!(
        r#"
resource "ses_identity_mail_from" "this" {{
  identity         = "{identity}"
  mail_from_domain = "{mail_from_domain}"
  {more}
}}
"#
    )
}

/// The identity example.com with the MAIL FROM domain bounce.example.com, and
/// nothing optional.
pub(crate) fn basic() -> String {
    mail_from("example.com", "bounce.example.com", "")
}
