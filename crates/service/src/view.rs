//! Views: the domain's values as the wire shows them.

pub(crate) mod templates;

use std::collections::BTreeMap;

use mimeo_api as api;
use mimeo_domain::arn;
use mimeo_domain::artifacts::{Artifact, ArtifactType, Guidance, Lineage, Origin};
use mimeo_domain::constraints::Constraint;
use mimeo_domain::portfolios::Portfolio;
use mimeo_domain::products::{Product, ProductType};
use mimeo_domain::service_actions::ServiceAction;
use mimeo_domain::tag_options::TagOption;
use mimeo_domain::tags::Tag;
use mimeo_domain::{ArtifactId, ProductId, Timestamp};
use mimeo_store::TaggedResource;

/// Products and versions are shown in whole seconds.
pub(crate) fn seconds(time: Timestamp) -> api::Timestamp {
    api::Timestamp::from_millis(time.whole_second().millis())
}

fn millis(time: Timestamp) -> api::Timestamp {
    api::Timestamp::from_millis(time.millis())
}

pub(crate) fn product_type(product_type: ProductType) -> api::ProductType {
    match product_type {
        ProductType::CloudFormationTemplate => api::ProductType::CloudFormationTemplate,
        ProductType::Marketplace => api::ProductType::Marketplace,
        ProductType::TerraformOpenSource => api::ProductType::TerraformOpenSource,
        ProductType::TerraformCloud => api::ProductType::TerraformCloud,
        ProductType::External => api::ProductType::External,
    }
}

fn artifact_type(artifact_type: ArtifactType) -> api::ProvisioningArtifactType {
    use api::ProvisioningArtifactType as Shown;
    match artifact_type {
        ArtifactType::CloudFormationTemplate => Shown::CloudFormationTemplate,
        ArtifactType::MarketplaceAmi => Shown::MarketplaceAmi,
        ArtifactType::MarketplaceCar => Shown::MarketplaceCar,
        ArtifactType::TerraformOpenSource => Shown::TerraformOpenSource,
        ArtifactType::TerraformCloud => Shown::TerraformCloud,
        ArtifactType::External => Shown::External,
    }
}

fn guidance(guidance: Guidance) -> api::ProvisioningArtifactGuidance {
    match guidance {
        Guidance::Default => api::ProvisioningArtifactGuidance::Default,
        Guidance::Deprecated => api::ProvisioningArtifactGuidance::Deprecated,
    }
}

pub(crate) fn tags(tags: &[Tag]) -> Vec<api::Tag> {
    let shown = |tag: &Tag| api::Tag {
        key: tag.key.clone().into(),
        value: tag.value.clone().into(),
    };
    tags.iter().map(shown).collect()
}

/// `created` is the product's own creation, or in a search that of its newest version, as recorded
/// answers of the real service have it.
pub(crate) fn product_detail(product: &Product, created: Timestamp) -> api::ProductViewDetail {
    api::ProductViewDetail {
        created_time: Some(seconds(created)),
        product_arn: Some(arn::product_arn(
            &product.region,
            &product.account,
            &product.id,
        )),
        product_view_summary: Some(product_summary(product)),
        source_connection: None,
        status: Some(api::Status::Created),
    }
}

pub(crate) fn product_summary(product: &Product) -> api::ProductViewSummary {
    let details = product.details.clone();
    api::ProductViewSummary {
        distributor: details.distributor,
        has_default_path: Some(false),
        id: Some(product.id.view_id()),
        name: Some(details.name),
        owner: Some(details.owner),
        product_id: Some(product.id.to_string()),
        short_description: details.description,
        support_description: details.support_description,
        support_email: details.support_email,
        support_url: details.support_url,
        r#type: Some(product_type(product.product_type)),
    }
}

pub(crate) fn artifact_detail(artifact: &Artifact) -> api::ProvisioningArtifactDetail {
    api::ProvisioningArtifactDetail {
        active: Some(artifact.active),
        created_time: Some(seconds(artifact.created)),
        description: artifact.details.description.clone(),
        guidance: Some(guidance(artifact.guidance)),
        id: Some(artifact.id.to_string()),
        name: artifact.details.name.clone(),
        source_revision: None,
        r#type: Some(artifact_type(artifact.artifact_type)),
    }
}

pub(crate) fn constraint_summary(constraint: &Constraint) -> api::ConstraintSummary {
    api::ConstraintSummary {
        description: constraint.description.clone(),
        r#type: Some(constraint.constraint_type().as_str().to_owned()),
    }
}

/// A version as end users see it.
pub(crate) fn artifact(artifact: &Artifact) -> api::ProvisioningArtifact {
    api::ProvisioningArtifact {
        created_time: Some(seconds(artifact.created)),
        description: artifact.details.description.clone(),
        guidance: Some(guidance(artifact.guidance)),
        id: Some(artifact.id.to_string()),
        name: artifact.details.name.clone(),
    }
}

pub(crate) fn artifact_summary(artifact: &Artifact) -> api::ProvisioningArtifactSummary {
    api::ProvisioningArtifactSummary {
        created_time: Some(seconds(artifact.created)),
        description: artifact.details.description.clone(),
        id: Some(artifact.id.to_string()),
        name: artifact.details.name.clone(),
        provisioning_artifact_metadata: Some(lineage(artifact)),
    }
}

fn lineage(artifact: &Artifact) -> BTreeMap<String, String> {
    let (product, id): (Option<&ProductId>, &ArtifactId) = match &artifact.lineage {
        Lineage::First => (None, &artifact.id),
        Lineage::Later => (Some(&artifact.product), &artifact.id),
        Lineage::Copied { product, artifact } => (Some(product), artifact),
    };
    let mut shown = BTreeMap::from([("SourceProvisioningArtifactId".into(), id.to_string())]);
    shown.extend(product.map(|product| ("SourceProductId".into(), product.to_string())));
    shown
}

/// `Info` as answers have it: re-keyed from what the request said.
pub(crate) fn info(artifact: &Artifact) -> BTreeMap<String, String> {
    let (key, value) = match &artifact.origin {
        Origin::Url(url) => ("TemplateUrl", url),
        Origin::PhysicalId(id) => ("PhysicalId", id),
    };
    BTreeMap::from([(key.to_owned(), value.clone())])
}

pub(crate) fn portfolio_detail(portfolio: &Portfolio) -> api::PortfolioDetail {
    let details = portfolio.details.clone();
    api::PortfolioDetail {
        arn: Some(arn::portfolio_arn(
            &portfolio.region,
            &portfolio.account,
            &portfolio.id,
        )),
        created_time: Some(millis(portfolio.created)),
        description: details.description,
        display_name: Some(details.display_name),
        id: Some(portfolio.id.to_string()),
        provider_name: Some(details.provider_name),
    }
}

pub(crate) fn service_action_summary(action: &ServiceAction) -> api::ServiceActionSummary {
    api::ServiceActionSummary {
        definition_type: Some(api::ServiceActionDefinitionType::SsmAutomation),
        description: action.description.clone(),
        id: Some(action.id.to_string()),
        name: Some(action.name.clone()),
    }
}

pub(crate) fn service_action_detail(action: &ServiceAction) -> api::ServiceActionDetail {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    api::ServiceActionDetail {
        definition: Some(action.definition.pairs().map(owned).collect()),
        service_action_summary: Some(service_action_summary(action)),
    }
}

pub(crate) fn tag_option(option: &TagOption) -> api::TagOptionDetail {
    api::TagOptionDetail {
        active: Some(option.active),
        id: Some(option.id.to_string()),
        key: Some(option.key.clone()),
        owner: Some(option.account.to_string()),
        value: Some(option.value.clone()),
    }
}

pub(crate) fn tag_options(options: &[TagOption]) -> Vec<api::TagOptionDetail> {
    options.iter().map(tag_option).collect()
}

/// A tag key of a launch, and the values that it may have.
pub(crate) fn allowed_tags((key, values): (String, Vec<String>)) -> api::TagOptionSummary {
    api::TagOptionSummary {
        key: Some(key),
        values: Some(values),
    }
}

/// What a TagOption hangs on, described as itself.
pub(crate) fn resource(resource: &TaggedResource) -> api::ResourceDetail {
    match resource {
        TaggedResource::Portfolio(portfolio) => {
            let shown = portfolio_detail(portfolio);
            api::ResourceDetail {
                arn: shown.arn,
                created_time: shown.created_time,
                description: shown.description,
                id: shown.id,
                name: shown.display_name,
            }
        }
        TaggedResource::Product(product) => api::ResourceDetail {
            arn: Some(arn::product_arn(
                &product.region,
                &product.account,
                &product.id,
            )),
            created_time: Some(seconds(product.created)),
            description: product.details.description.clone(),
            id: Some(product.id.to_string()),
            name: Some(product.details.name.clone()),
        },
    }
}

pub(crate) fn budgets(names: Vec<String>) -> Vec<api::BudgetDetail> {
    let shown = |name| api::BudgetDetail {
        budget_name: Some(name),
    };
    names.into_iter().map(shown).collect()
}

pub(crate) fn constraint_detail(constraint: &Constraint) -> api::ConstraintDetail {
    api::ConstraintDetail {
        constraint_id: Some(constraint.id.to_string()),
        description: constraint.description.clone(),
        owner: Some(constraint.account.to_string()),
        portfolio_id: Some(constraint.portfolio.to_string()),
        product_id: Some(constraint.product.to_string()),
        r#type: Some(constraint.constraint_type().as_str().to_owned()),
    }
}
