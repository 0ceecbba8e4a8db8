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
    AssociateBudgetWithResource,
    AssociatePrincipalWithPortfolio,
    AssociateServiceActionWithProvisioningArtifact,
    AssociateTagOptionWithResource,
    BatchAssociateServiceActionWithProvisioningArtifact,
    BatchDisassociateServiceActionFromProvisioningArtifact,
    CreateConstraint,
    CreateProvisionedProductPlan,
    CreateServiceAction,
    CreateTagOption,
    DeleteConstraint,
    DeleteProvisionedProductPlan,
    DeleteServiceAction,
    DeleteTagOption,
    DescribeConstraint,
    DescribePortfolioShareStatus,
    DescribeProduct,
    DescribeProductView,
    DescribeProvisionedProduct,
    DescribeProvisionedProductPlan,
    DescribeProvisioningParameters,
    DescribeRecord,
    DescribeServiceAction,
    DescribeServiceActionExecutionParameters,
    DescribeTagOption,
    DisableAWSOrganizationsAccess,
    DisassociateBudgetFromResource,
    DisassociatePrincipalFromPortfolio,
    DisassociateServiceActionFromProvisioningArtifact,
    DisassociateTagOptionFromResource,
    EnableAWSOrganizationsAccess,
    ExecuteProvisionedProductPlan,
    ExecuteProvisionedProductServiceAction,
    GetAWSOrganizationsAccessStatus,
    GetProvisionedProductOutputs,
    ImportAsProvisionedProduct,
    ListBudgetsForResource,
    ListConstraintsForPortfolio,
    ListLaunchPaths,
    ListOrganizationPortfolioAccess,
    ListPrincipalsForPortfolio,
    ListProvisionedProductPlans,
    ListProvisioningArtifactsForServiceAction,
    ListRecordHistory,
    ListResourcesForTagOption,
    ListServiceActions,
    ListServiceActionsForProvisioningArtifact,
    ListStackInstancesForProvisionedProduct,
    ListTagOptions,
    NotifyProvisionProductEngineWorkflowResult,
    NotifyTerminateProvisionedProductEngineWorkflowResult,
    NotifyUpdateProvisionedProductEngineWorkflowResult,
    ProvisionProduct,
    ScanProvisionedProducts,
    SearchProducts,
    SearchProvisionedProducts,
    TerminateProvisionedProduct,
    UpdateConstraint,
    UpdatePortfolioShare,
    UpdateProvisionedProduct,
    UpdateProvisionedProductProperties,
    UpdateServiceAction,
    UpdateTagOption,
}
