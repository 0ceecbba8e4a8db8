//! Refusals: the catalogue says no. One variant a rule, carrying what the text needs.

use serde::Serialize;

use crate::constraints::ConstraintType;
use crate::products::ProductType;
use crate::{
    AccountId, ArtifactId, ConstraintId, CopyToken, PortfolioId, ProductId, ResourceId,
    ServiceActionId, ShareToken, TagOptionId,
};

/// Why a well-formed, authorised request was not carried out. Nothing changed.
///
/// Texts follow those seen in public where there are any; what may not be seen reads exactly as
/// what does not exist. Serialized, a refusal is its name and its data, which translations are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub enum Refusal {
    #[error("{0} does not exist or access was denied")]
    NoSuchProduct(ProductId),
    #[error("Product with name {0} not found")]
    NoSuchProductNamed(String),
    #[error("Multiple products with name {0} found.")]
    SeveralProductsNamed(String),
    #[error("Provisioning artifact {0} not found.")]
    NoSuchArtifact(ArtifactId),
    #[error("Provisioning Artifact with name {0} not found.")]
    NoSuchArtifactNamed(String),
    #[error("Multiple Provisioning Artifact with name {0} found.")]
    SeveralArtifactsNamed(String),
    #[error("Portfolio {0} not found.")]
    NoSuchPortfolio(PortfolioId),
    #[error("Portfolio {portfolio} is not shared with {recipient}.")]
    NoSuchShare {
        portfolio: PortfolioId,
        /// The bare id of an account or of a node.
        recipient: String,
    },
    #[error("Portfolio not found: {0}")]
    NoShareToAccept(PortfolioId),
    #[error("Product {product} is not associated with portfolio {portfolio}.")]
    NotAssociated {
        product: ProductId,
        portfolio: PortfolioId,
    },
    #[error("Copy operation {0} not found.")]
    NoSuchCopy(CopyToken),
    #[error("Copy operation {copy} has ended: it is {state}.")]
    CopyEnded {
        copy: CopyToken,
        state: &'static str,
    },
    #[error("Copy operation {copy} is {state}. Only one that FAILED is retried.")]
    CopyNotFailed {
        copy: CopyToken,
        state: &'static str,
    },
    #[error("Template upload {0} not found.")]
    NoSuchUpload(String),
    #[error(
        "{0:?} is not a name for a template: up to 128 letters, digits, dots, hyphens and \
         underscores, the first one a letter or digit."
    )]
    UploadName(String),

    #[error("Give exactly one of {0}.")]
    ExactlyOneOf(&'static str),
    #[error("{member} must start with http:// or https://.")]
    NotAWebAddress { member: &'static str },
    #[error("Info must hold exactly one of LoadTemplateFromURL and ImportFromPhysicalId.")]
    ArtifactInfo,
    #[error("ProvisioningArtifactParameters must be given.")]
    NoArtifactParameters,
    #[error(
        "SourceConnection is not supported: Mimeo does not sync from repositories. Give \
         ProvisioningArtifactParameters with a LoadTemplateFromURL instead."
    )]
    SourceConnection,
    #[error(
        "ImportFromPhysicalId is not supported: Mimeo has no CloudFormation stacks to read. Give \
         LoadTemplateFromURL instead."
    )]
    PhysicalId,
    #[error("Invalid templateBody. Please make sure that your template is valid ({0})")]
    InvalidTemplate(String),
    #[error("{0}")]
    TemplateUrl(String),
    #[error("Products of type MARKETPLACE are made by AWS Marketplace only.")]
    MarketplaceProduct,
    #[error(
        "The {} Product Type only supports the following ProvisioningArtifact Types: {}.",
        product_type.as_str(),
        product_type.artifact_types()
    )]
    ArtifactTypeMismatch { product_type: ProductType },
    #[error("{0:?} is not the ARN of a product: arn:aws:catalog:REGION:ACCOUNT:product/prod-….")]
    NotAProductArn(String),
    #[error("Each of SourceProvisioningArtifactIdentifiers must hold an Id.")]
    NoArtifactIdentifier,
    #[error("A product of type {} cannot be copied to one of type {}.", from.as_str(), to.as_str())]
    CopyTypeMismatch { from: ProductType, to: ProductType },
    #[error("Tag key {0:?} is given twice.")]
    TagKeyTwice(String),
    #[error("Tag key {0:?} starts with aws:, which is reserved.")]
    TagKeyReserved(String),
    #[error("PageToken is not one that this operation gave to this account in this Region.")]
    PageToken,
    #[error(
        "IdempotencyToken was used before with other parameters. Use a new token for a new request."
    )]
    TokenReused,
    #[error("Account {0} already owns the portfolio.")]
    ShareWithOwner(AccountId),
    #[error("Portfolio {0} holds products that are shared with you; it cannot be shared on.")]
    ShareOfForeignProducts(PortfolioId),
    #[error("{0} is shared with you; only its owner can change it.")]
    SharedWithYou(String),
    #[error("SharePrincipals can be used with organizations and organizational units only.")]
    SharePrincipalsWithAccount,

    #[error("Product {product} still has associated {}", what.join(", "))]
    ProductHolds {
        product: ProductId,
        what: Vec<&'static str>,
    },
    #[error("Provisioning artifact {0} still has associated Service Actions")]
    ArtifactHolds(ArtifactId),
    #[error("Portfolio {portfolio} still has associated {what}")]
    PortfolioHolds {
        portfolio: PortfolioId,
        what: &'static str,
    },
    #[error("{0} must have at least one provisioning artifact")]
    LastArtifact(ProductId),

    #[error("The account already has {products_max} products in this Region, its quota.")]
    TooManyProducts { products_max: u64 },
    #[error("The account already has {portfolios_max} portfolios in this Region, its quota.")]
    TooManyPortfolios { portfolios_max: u64 },
    #[error("Portfolio {portfolio} already holds {products_max} products, the quota.")]
    TooManyProductsInPortfolio {
        portfolio: PortfolioId,
        products_max: u64,
    },
    #[error("Product {product} already has {artifacts_max} provisioning artifacts, the quota.")]
    TooManyArtifacts {
        product: ProductId,
        artifacts_max: u64,
    },
    #[error("Portfolio {portfolio} is already shared with {shares_max} accounts, the quota.")]
    TooManyShares {
        portfolio: PortfolioId,
        shares_max: u64,
    },
    #[error("A resource may have at most {tags_max} tags.")]
    TooManyTags { tags_max: u64 },
    #[error("The account already keeps {uploads_max} uploaded templates, its quota.")]
    TooManyUploads { uploads_max: u64 },
    #[error("Rate exceeded: {copies_max} copies of this account are under way. Try again later.")]
    TooManyCopies { copies_max: u64 },
    // principals
    #[error(
        "{0:?} is not the ARN of a user, group or role: arn:PARTITION:iam::ACCOUNT:TYPE/PATH/NAME, \
         where TYPE is user, group or role."
    )]
    NotAPrincipalArn(String),
    #[error(
        "{0:?} is a session. Give the ARN of its role: arn:PARTITION:iam::ACCOUNT:role/PATH/NAME."
    )]
    SessionPrincipal(String),
    #[error(
        "{arn:?} is not of account {account}, which associates its own users, groups and roles."
    )]
    PrincipalOfAnotherAccount { arn: String, account: AccountId },
    #[error(
        "{0:?} is not a pattern: arn:PARTITION:iam:::TYPE/PATH/NAME without an account, where TYPE \
         is user, group or role, and * and ? stand after it only."
    )]
    NotAPrincipalPattern(String),
    #[error("Principal {principal} is not associated with portfolio {portfolio}.")]
    NoSuchPrincipal {
        principal: String,
        portfolio: PortfolioId,
    },
    #[error("Portfolio {portfolio} already has {principals_max} principals, the quota.")]
    TooManyPrincipals {
        portfolio: PortfolioId,
        principals_max: u64,
    },
    #[error("Portfolio {portfolio} already has {patterns_max} patterns of principals, the quota.")]
    TooManyPatterns {
        portfolio: PortfolioId,
        patterns_max: u64,
    },
    #[error("Product {product} already has {principals_max} principals, the quota.")]
    TooManyPrincipalsOfProduct {
        product: ProductId,
        principals_max: u64,
    },

    // constraints
    #[error("Constraint {0} not found.")]
    NoSuchConstraint(ConstraintId),
    #[error(
        "{0:?} is not a constraint type; the types are LAUNCH, NOTIFICATION, RESOURCE_UPDATE, \
         STACKSET and TEMPLATE."
    )]
    NoSuchConstraintType(String),
    #[error(
        "Parameters are not those of a {} constraint: {}.",
        constraint_type.as_str(),
        problems.join("; ")
    )]
    ConstraintParameters {
        constraint_type: ConstraintType,
        /// Each with the JSON path of its place.
        problems: Vec<String>,
    },
    #[error(
        "Product {product} in portfolio {portfolio} already has a {} constraint.",
        constraint_type.as_str()
    )]
    ConstraintExists {
        constraint_type: ConstraintType,
        portfolio: PortfolioId,
        product: ProductId,
    },
    #[error(
        "Product {product} in portfolio {portfolio} cannot have both a LAUNCH and a STACKSET \
         constraint."
    )]
    LaunchAndStackSet {
        portfolio: PortfolioId,
        product: ProductId,
    },
    #[error(
        "Product {product} in portfolio {portfolio} already has {constraints_max} constraints, \
         the quota."
    )]
    TooManyConstraints {
        portfolio: PortfolioId,
        product: ProductId,
        constraints_max: u64,
    },
    #[error(
        "Product {product} in portfolio {portfolio} still has associated Constraints \
         ({constraints_count})"
    )]
    ProductConstrained {
        portfolio: PortfolioId,
        product: ProductId,
        constraints_count: usize,
    },
    // tag_options
    #[error("TagOption {0} not found.")]
    NoSuchTagOption(TagOptionId),
    /// Neither a portfolio nor a product.
    #[error("Resource {0} not found.")]
    NoSuchResource(String),
    #[error("TagOption {tag_option} is not associated with {resource}.")]
    TagOptionNotAssociated {
        tag_option: TagOptionId,
        resource: ResourceId,
    },
    #[error("TagOption {tag_option} is already associated with {resource}.")]
    TagOptionAssociated {
        tag_option: TagOptionId,
        resource: ResourceId,
    },
    #[error("A TagOption with key {key:?} and value {value:?} already exists.")]
    SameTagOption { key: String, value: String },
    #[error("TagOption {0} is still associated with a portfolio or product.")]
    TagOptionInUse(TagOptionId),
    #[error("ResourceType must be Portfolio or Product, not {0:?}.")]
    NotAResourceType(String),
    #[error("TagOption key {key:?} already has {values_max} values, the quota.")]
    TooManyTagOptionValues { key: String, values_max: u64 },
    #[error("{resource} already has {tag_options_max} TagOptions, the quota.")]
    TooManyTagOptions {
        resource: ResourceId,
        tag_options_max: u64,
    },

    // budgets
    #[error("Budget {budget} is not associated with {resource}.")]
    BudgetNotAssociated {
        budget: String,
        resource: ResourceId,
    },
    #[error("Budget {budget} is already associated with {resource}.")]
    BudgetAssociated {
        budget: String,
        resource: ResourceId,
    },
    #[error("{resource} already has {budgets_max} budget, the most there can be.")]
    TooManyBudgets {
        resource: ResourceId,
        budgets_max: u64,
    },
    // service_actions
    #[error("Service action {0} not found.")]
    NoSuchServiceAction(ServiceActionId),
    #[error("Definition is not valid: {0}.")]
    ServiceActionDefinition(String),
    #[error("Service action {action} is already associated with provisioning artifact {artifact}.")]
    ServiceActionAssociated {
        action: ServiceActionId,
        artifact: ArtifactId,
    },
    #[error("Service action {action} is not associated with provisioning artifact {artifact}.")]
    ServiceActionNotAssociated {
        action: ServiceActionId,
        artifact: ArtifactId,
    },
    #[error(
        "Service action {action} still has associated Provisioning Artifacts ({artifacts_count})"
    )]
    ServiceActionInUse {
        action: ServiceActionId,
        artifacts_count: u64,
    },
    #[error(
        "The account already has {service_actions_max} service actions in this Region, its quota."
    )]
    TooManyServiceActions { service_actions_max: u64 },
    #[error(
        "Provisioning artifact {artifact} already has {service_actions_max} service actions, the \
         quota."
    )]
    TooManyServiceActionsOfArtifact {
        artifact: ArtifactId,
        service_actions_max: u64,
    },
    // launch_paths
    #[error("No launch paths found for resource: {0}")]
    NoLaunchPaths(ProductId),
    #[error("More than one launch path ids exist. Please specify the launch path id")]
    SeveralLaunchPaths,
    #[error("Invalid PathId: {0}")]
    InvalidPathId(String),
    #[error("Invalid PathName: {0}")]
    InvalidPathName(String),
    #[error("Give at most one of PathId and PathName.")]
    PathTwice,
    #[error("Product with name {0} does not exist or access was denied.")]
    NoVisibleProductNamed(String),
    // provisioning
    #[error(
        "The template of provisioning artifact {0} is not there, or not what it was. Its owner must \
         make the version anew."
    )]
    TemplateAbsent(ArtifactId),
    #[error(
        "Error occurred during parameter parsing: LaunchRoleArn is required and must be non empty"
    )]
    NoLaunchRole,
    // organizations
    #[error(
        "This server knows of no organization. Describe one to it first: its id, its management \
         account, its units and its accounts."
    )]
    NoOrganization,
    #[error(
        "Account {0} is neither the management account nor a delegated administrator of the \
         organization."
    )]
    NotAdministrator(AccountId),
    #[error("Account {0} is not the management account of the organization.")]
    NotManagementAccount(AccountId),
    #[error(
        "Access to the organization is not enabled. Its management account enables it with \
         EnableAWSOrganizationsAccess."
    )]
    OrganizationsAccessDisabled,
    #[error(
        "Access to the organization cannot be disabled while it has delegated administrators \
         ({delegates_count})."
    )]
    DelegatesRegistered { delegates_count: u64 },
    #[error("Organization node {0} not found.")]
    NoSuchNode(String),
    #[error("OrganizationNode must hold Type and Value.")]
    HalfANode,
    #[error("{value:?} is not the Value of an OrganizationNode of Type {node_type}.")]
    NotANode {
        value: String,
        node_type: &'static str,
    },
    #[error("Portfolio share operation {0} not found.")]
    NoSuchShareOperation(ShareToken),
    #[error("Portfolio {0} is shared through the organization; only its owner can end that.")]
    LeaveOrganizationShare(PortfolioId),
}
