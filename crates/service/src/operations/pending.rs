//! Operations still to come: they are decoded and checked like all others, then say so plainly.

use mimeo_api as api;

use crate::cx::{Cx, Handle, Outside, Prepared};
use crate::error::Stop;

macro_rules! pending {
    ($($operation:ident),* $(,)?) => {
        $(impl Handle for api::$operation {
            async fn prepare(_: &Outside<'_>, _: &Self::Input) -> Result<Prepared, Stop> {
                Err(Stop::NotYet(<Self as api::Operation>::NAME))
            }

            async fn handle(_: &mut Cx<'_, '_>, _: &Self::Input) -> Result<Self::Output, Stop> {
                Err(Stop::NotYet(<Self as api::Operation>::NAME))
            }
        })*

        /// Names of the operations that are not implemented yet.
        pub const PENDING: &[&str] = &[$(stringify!($operation)),*];
    };
}

pending! {
    // constraints

    // service_actions
    DescribeServiceActionExecutionParameters,
    ExecuteProvisionedProductServiceAction,

    // plans
    CreateProvisionedProductPlan,
    DeleteProvisionedProductPlan,
    DescribeProvisionedProductPlan,
    ExecuteProvisionedProductPlan,
    ListProvisionedProductPlans,

    // provisioning
    DescribeProvisionedProduct,
    DescribeRecord,
    GetProvisionedProductOutputs,
    ImportAsProvisionedProduct,
    ListRecordHistory,
    ListStackInstancesForProvisionedProduct,
    NotifyProvisionProductEngineWorkflowResult,
    NotifyTerminateProvisionedProductEngineWorkflowResult,
    NotifyUpdateProvisionedProductEngineWorkflowResult,
    ProvisionProduct,
    ScanProvisionedProducts,
    SearchProvisionedProducts,
    TerminateProvisionedProduct,
    UpdateProvisionedProduct,
    UpdateProvisionedProductProperties,
}
