//! What a call on an entity carries beside its values.

use std::sync::Arc;

use tf_provider::Diagnostics;

use super::CancellationToken;
use super::diagnostics::error;

/// One call of Terraform on an entity. `C` is what Configure has made of the
/// provider block.
#[derive(Debug)]
pub struct Call<C> {
    /// What the practitioner is told: errors and warnings.
    pub diags: Diagnostics,
    configured: Option<Arc<C>>,
    stop: CancellationToken,
    private: Vec<u8>,
    deferral: Deferral,
}

/// Whether the call may be, or is, put off until the provider block is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deferral {
    Refused,
    Allowed,
    Asked,
}

/// An error was told in the call's diagnostics, or the call is deferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told;

impl<C> Call<C> {
    pub(crate) fn new(configured: Option<Arc<C>>, stop: CancellationToken) -> Self {
        Self {
            diags: Diagnostics::default(),
            configured,
            stop,
            private: Vec::new(),
            deferral: Deferral::Refused,
        }
    }

    /// The same with the private state of the object that it is about.
    pub(super) fn with_private(self, private: Vec<u8>) -> Self {
        Self { private, ..self }
    }

    /// The same, for a host that takes "later" for an answer or does not.
    pub(crate) fn deferrable(self, allowed: bool) -> Self {
        let deferral = match allowed {
            true => Deferral::Allowed,
            false => Deferral::Refused,
        };
        Self { deferral, ..self }
    }

    /// What Configure has made of the provider block; an error where Terraform
    /// has not configured the provider.
    pub fn configured(&mut self) -> Result<Arc<C>, Told> {
        self.configured.clone().ok_or_else(|| {
            self.diags.errors.push(error(
                "Provider not configured",
                "Terraform has not configured the provider before it called it.".to_owned(),
            ));
            Told
        })
    }

    /// Ends when Terraform asks to stop, or nobody waits for the answer any more.
    /// Every wait must end with it and nothing new may begin; a change that is
    /// under way is brought to its end.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Opaque bytes that Terraform keeps beside the state of this object.
    pub fn private(&self) -> &[u8] {
        &self.private
    }

    /// Other bytes in the place of [`private`](Self::private), to be kept from
    /// now on. Without this call, Terraform keeps those that it has.
    pub fn set_private(&mut self, private: Vec<u8>) {
        self.private = private;
    }

    /// Asks Terraform to make this call again once the provider block is known;
    /// to be followed by [`Told`]. `false` where the host does not take that for
    /// an answer: then tell an error.
    pub fn defer(&mut self) -> bool {
        if self.deferral == Deferral::Allowed {
            self.deferral = Deferral::Asked;
        }
        self.is_deferred()
    }

    pub(crate) fn is_deferred(&self) -> bool {
        self.deferral == Deferral::Asked
    }

    pub(super) fn into_parts(self) -> (Diagnostics, Vec<u8>) {
        (self.diags, self.private)
    }
}
