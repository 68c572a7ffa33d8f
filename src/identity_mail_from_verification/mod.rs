//! The resource `ses_identity_mail_from_verification`: a wait until SES has
//! verified the MAIL FROM domain of one identity. It stands for a wait and for nothing in
//! SES, so that it is neither imported nor listed, and has no resource identity.
//!
//! - [`schema`]: what a practitioner may write, and reads.
//! - [`model`]: the same as Rust types.
//! - [`validate`]: what can be refused before anything is planned. Pure.
//! - [`plan`]: what will be. Pure.
//! - [`resource`]: Terraform's calls.
//! - [`progress`]: what one look at SES means for the wait. Pure.
//! - [`wait`]: looks at SES until the wait is over.
//! - [`report`]: what is told about a wait that ended otherwise than well.

mod model;
mod plan;
mod progress;
mod report;
mod resource;
mod schema;
mod validate;
mod wait;

pub(crate) use resource::IdentityMailFromVerification;

/// The type name in a configuration.
pub(crate) const TYPE_NAME: &str = "ses_identity_mail_from_verification";
