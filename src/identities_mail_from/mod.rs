//! `ses_identities_mail_from`: the custom MAIL FROM domains of all SES identities of a
//! region, as a data source.
//!
//! - [`model`]: what a practitioner writes and reads, as Rust types.
//! - [`schema`]: the same as Terraform sees it.
//! - [`data_source`]: Terraform's calls, by way of SES and DNS.

mod data_source;
mod model;
mod schema;

pub(crate) use data_source::IdentitiesMailFromData;

/// The type name in a configuration.
pub(crate) const TYPE_NAME: &str = "ses_identities_mail_from";
