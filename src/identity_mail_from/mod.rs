//! `ses_identity_mail_from`: the custom MAIL FROM domain of one SES identity, as a resource
//! and as a data source.
//!
//! - [`schema`]: what a practitioner may write, and reads.
//! - [`model`]: the same as Rust types.
//! - [`validate`]: what can be refused before anything is planned. Pure.
//! - [`plan`]: what will be, and whether SES will be called. Pure.
//! - [`cut_over`]: what SES is to do on MX failure until it has verified the domain. Pure.
//! - [`claims`]: which objects a plan goes on with, and which it destroys.
//! - [`advise`]: what is worth a warning about a domain that is new.
//! - [`resource`]: Terraform's calls, by way of SES and DNS.
//! - [`apply`]: what a create or an update sends, and the state after it.
//! - [`refresh`]: the state after a read.
//! - [`private`]: what Terraform keeps beside the state, for this provider alone.
//! - [`report`]: what is told about it.
//! - [`import`]: what an import id says.
//! - [`identity`]: what tells one object from all others.
//! - [`list`]: which of them there are.
//! - [`moved`]: states of hashicorp/aws, taken over.
//! - [`upgrade`]: states of older releases, rewritten.
//! - [`data_source`]: the data source, which reads alone.

mod advise;
mod apply;
mod claims;
mod cut_over;
mod data_source;
mod identity;
mod import;
mod list;
mod model;
mod moved;
mod plan;
mod private;
mod refresh;
mod report;
mod resource;
mod schema;
mod upgrade;
mod validate;

pub(crate) use data_source::IdentityMailFromData;
pub(crate) use resource::IdentityMailFrom;

/// The type name in a configuration.
pub(crate) const TYPE_NAME: &str = "ses_identity_mail_from";
