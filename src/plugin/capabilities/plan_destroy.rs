//! The planning of a destroy: a resource is told of it while nothing has changed yet.

use async_trait::async_trait;

use crate::plugin::call::{Call, Told};
use crate::plugin::dynamic::Dynamic;
use crate::plugin::erased::model;
use crate::plugin::resource::Resource;

/// Is told when a plan destroys its objects. Without it, a destroy is planned without a
/// word. That of a deposed object is planned again when the plan is applied.
#[async_trait]
pub trait PlanDestroy: Resource {
    /// A plan destroys the object of `prior`. What is told of it in the call's diagnostics
    /// is shown; the planned state is null in any case.
    async fn plan_destroy(&self, call: &mut Call<Self::Configured>, prior: &Self::Model);
}

/// A [`PlanDestroy`] of whatever model.
#[async_trait]
pub(in crate::plugin) trait ErasedPlanDestroy<C>: Send + Sync {
    async fn plan_destroy(&self, call: &mut Call<C>, prior: &Dynamic) -> Result<(), Told>;
}

#[async_trait]
impl<R: PlanDestroy> ErasedPlanDestroy<R::Configured> for R {
    async fn plan_destroy(
        &self,
        call: &mut Call<R::Configured>,
        prior: &Dynamic,
    ) -> Result<(), Told> {
        let prior = model(&mut call.diags, prior)?;
        PlanDestroy::plan_destroy(self, call, &prior).await;
        Ok(())
    }
}
