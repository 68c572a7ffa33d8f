//! What a resource may have beside [`Resource`](super::Resource): each capability
//! is a trait with its RPCs in a file of its own, and is registered where the
//! resource is ([`Registered`](super::Registered)), so that no other resource
//! changes when one comes. What the server announces follows from what is
//! registered.
//!
//! | capability | RPCs | |
//! |---|---|---|
//! | [`upgrade`] | UpgradeResourceState | rewrites states of older schema versions |
//! | [`identity`] | GetResourceIdentitySchemas, UpgradeResourceIdentity, ImportResourceState | what tells an object from all others |
//! | [`list`] | ValidateListResourceConfig, ListResource | what there is, whoever manages it |
//! | [`move_state`] | MoveResourceState | takes over objects of other types |
//! | [`plan_destroy`] | PlanResourceChange | is told of destroys that are planned |
//!
//! Those that the protocol has, and no resource of ours yet, have their place
//! here: attributes that are write-only or deprecated with a message, and the configuration
//! at apply.

pub(super) mod identity;
pub(super) mod list;
pub(super) mod move_state;
pub(super) mod plan_destroy;
pub(super) mod upgrade;
