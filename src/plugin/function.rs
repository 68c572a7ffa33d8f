//! What a provider-defined function is written as.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tf_provider::Diagnostics;
use tf_provider::schema::FunctionSchema;

use super::call::Told;

/// A function, called as `provider::TYPE::NAME`. Pure: it calls nothing, and
/// answers the same arguments the same.
pub trait Function: Send + Sync + 'static {
    /// The arguments, read from a sequence: a tuple, or a struct with one field
    /// for each parameter.
    type Arguments: DeserializeOwned;

    /// The result.
    type Result: Serialize;

    /// Parameters and return type.
    fn schema(&self) -> FunctionSchema;

    /// Calls the function. An error whose path is
    /// [`AttributePath::function_argument`](tf_provider::AttributePath::function_argument)
    /// is told at that argument.
    fn call(
        &self,
        diags: &mut Diagnostics,
        arguments: Self::Arguments,
    ) -> Result<Self::Result, Told>;
}
