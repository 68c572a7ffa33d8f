//! What every acceptance test stands on: a workspace of its own, a simulator of
//! its own, and a Terraform that cannot outlive its time.

mod cli;
mod expectations;
mod process;
mod provider_block;
mod servers;
mod stand_in;
mod sts;
mod workspace;

pub(crate) use cli::{Feature, Product, cli, lacks};
pub(crate) use expectations::wait_for_calls;
pub(crate) use process::{Run, Running, pause, reattach, wait_until};
pub(crate) use servers::{Counted, closed_port};
pub(crate) use sts::{ACCOUNT, Fares, Sts};
pub(crate) use workspace::{Workspace, provider_address};

/// The region of the default provider block.
pub(crate) const REGION: &str = "us-east-1";

/// The address of the resource that [`mail_from`] writes.
pub(crate) const THIS: &str = "ses_identity_mail_from.this";

/// The operation that changes something.
pub(crate) const SET: &str = "SetIdentityMailFromDomain";

/// The operation that reads.
pub(crate) const GET: &str = "GetIdentityMailFromDomainAttributes";

/// The operation that says which identities there are.
pub(crate) const LIST: &str = "ListIdentities";

/// The identities `d1.example` to `dCOUNT.example`.
pub(crate) fn names(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("d{n}.example")).collect()
}

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

/// Resources `ses_identity_mail_from.all`, one for each of `identities`: a
/// domain `NAME` with the MAIL FROM domain `LABEL.NAME`. A local map, because
/// Terraform itself is slow with a `for_each` over an expression.
pub(crate) fn fleet<N: AsRef<str>>(label: &str, identities: &[N]) -> String {
    let entries = identities.iter().map(AsRef::as_ref);
    let entries: String = entries
        .map(|name| format!("    \"{name}\" = \"{label}.{name}\"\n"))
        .collect();
    format!(
        r#"
locals {{
  mail_from = {{
{entries}  }}
}}

resource "ses_identity_mail_from" "all" {{
  for_each         = local.mail_from
  identity         = each.key
  mail_from_domain = each.value
}}
"#
    )
}

/// The address of one resource of [`fleet`].
pub(crate) fn of_fleet(identity: &str) -> String {
    format!("ses_identity_mail_from.all[\"{identity}\"]")
}
