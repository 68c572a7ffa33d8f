//! The caller of AWS, as the rest of this module sees it: whose credentials the calls are
//! made with.

use async_trait::async_trait;

/// What is known of the owner of credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The AWS account, twelve digits.
    pub(super) account: Option<String>,
    /// A text that no other account's credentials have: no part of them that is secret.
    pub(super) mark: Option<String>,
}

/// Whoever knows whose credentials a process uses.
#[async_trait]
pub(super) trait Caller: Send + Sync + 'static {
    /// A text that two processes of one Terraform run have in common only if their
    /// settings lead to the same credentials.
    fn settings(&self) -> String;

    /// What is known without a call.
    async fn known(&self) -> Known;

    /// What the credentials say, or else AWS; an account always. `Err` is a clause, fit to be
    /// shown.
    async fn asked(&self) -> Result<Known, String>;
}
