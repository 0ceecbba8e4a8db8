//! DescribeProvisioningParameters: what a launch of a version through a path asks for.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeProvisioningParameters.html>
//!
//! Only CloudFormation templates are read. Ours: versions of the other types, whose parameters AWS
//! lets an engine of the account's find out, have none; nor has a version that was made without a
//! template, where nothing is fetched.

use mimeo_api::{
    DescribeProvisioningParameters, DescribeProvisioningParametersInput,
    DescribeProvisioningParametersOutput,
};
use mimeo_domain::artifacts::Artifact;
use mimeo_domain::launch_paths::PathChoice;
use mimeo_domain::portfolios::Portfolio;
use mimeo_domain::products::Product;
use mimeo_domain::{
    ArtifactId, Caller, Refusal, ResourceId, constraints, provisioning, tag_options,
};
use mimeo_store::{AuthScope, Tx, Work};
use mimeo_templates::cloudformation::Template;
use mimeo_templates::shelf::ShelfError;

use crate::cx::{Cx, Handle, Outside, Prepared, Reach, ReadTemplate};
use crate::draft;
use crate::error::{Failure, Stop};
use crate::operations::launch_paths::EndUser;
use crate::view::{self, templates};

impl Handle for DescribeProvisioningParameters {
    const REACH: Reach = Reach::Scan;

    /// Most of the answer stands in the template, which is on the shelf and not in the store.
    async fn prepare(
        outside: &Outside<'_>,
        input: &DescribeProvisioningParametersInput,
    ) -> Result<Prepared, Stop> {
        let look = Look {
            caller: outside.caller.clone(),
            input: input.clone(),
        };
        let store = outside.world.directory.store(&outside.caller.region);
        let store = store.ok_or_else(|| Failure::Bug("a Region without a store".into()))?;
        let found = store.scan(look).await?;
        let read = match &found.artifact.digest {
            Some(digest) if found.product.product_type.has_readable_templates() => {
                Some(read(outside, &found.artifact.id, digest).await?)
            }
            Some(_) | None => None,
        };
        Ok(Prepared {
            read,
            ..Prepared::default()
        })
    }

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribeProvisioningParametersInput,
    ) -> Result<DescribeProvisioningParametersOutput, Stop> {
        let found = find(&mut cx.end_user(), input).await?;
        let (product, path) = (&found.product.id, &found.path.id);
        let in_force = cx.tx.constraints_in_force(cx.scope, path, product).await?;
        let role = constraints::launch_role(&in_force);
        let role = role.map(|role| role.arn_for(&cx.scope.region, &cx.scope.account));
        let template = if found.product.product_type.has_readable_templates() {
            template(cx.prepared, &found.artifact)?
        } else if role.is_none() {
            return Err(Refusal::NoLaunchRole.into());
        } else {
            None
        };
        let (on_path, on_product) = (
            ResourceId::Portfolio(path.clone()),
            ResourceId::Product(product.clone()),
        );
        let on_path = cx.tx.active_tag_options(cx.scope, &on_path).await?;
        let on_product = cx.tx.active_tag_options(cx.scope, &on_product).await?;
        let tags = tag_options::allowed(&on_path, &on_product);
        let summaries = in_force.iter().map(view::constraint_summary);
        Ok(DescribeProvisioningParametersOutput {
            constraint_summaries: Some(summaries.collect()),
            provisioning_artifact_output_keys: Some(
                template.map(templates::output_keys).unwrap_or_default(),
            ),
            provisioning_artifact_outputs: Some(templates::outputs(&found.artifacts)),
            provisioning_artifact_parameters: Some(
                template.map(templates::parameters).unwrap_or_default(),
            ),
            provisioning_artifact_preferences: Some(templates::preferences(&in_force)),
            tag_options: Some(tags.into_iter().map(view::allowed_tags).collect()),
            usage_instructions: Some(templates::usage_instructions(template, &in_force, role)),
        })
    }
}

/// What a launch would begin with.
struct Found {
    product: Product,
    path: Portfolio,
    /// The version that is meant.
    artifact: Artifact,
    /// All versions of the product.
    artifacts: Vec<Artifact>,
}

async fn find(
    user: &mut EndUser<'_, '_>,
    input: &DescribeProvisioningParametersInput,
) -> Result<Found, Stop> {
    let (product, artifact) = provisioning::selectors(
        (input.product_id.as_deref(), input.product_name.as_deref()),
        (
            input.provisioning_artifact_id.as_deref(),
            input.provisioning_artifact_name.as_deref(),
        ),
    )?;
    let choice = PathChoice::of(input.path_id.as_deref(), input.path_name.as_deref())?;
    let (product, path) = user.launch_path(product, choice).await?;
    let artifacts = user.tx.list_artifacts(user.scope, &product.id).await?;
    let artifact = provisioning::choose_artifact(&artifacts, artifact)?.clone();
    Ok(Found {
        product,
        path,
        artifact,
        artifacts,
    })
}

async fn read(
    outside: &Outside<'_>,
    artifact: &ArtifactId,
    digest: &str,
) -> Result<ReadTemplate, Stop> {
    let absent = || Refusal::TemplateAbsent(artifact.clone());
    let at = digest
        .parse()
        .map_err(|_| Failure::Bug("a digest that is none".into()))?;
    let body = match outside.shelf().get(&at).await {
        Ok(body) => body.ok_or_else(absent)?,
        Err(ShelfError::Corrupt { .. }) => return Err(absent().into()),
        Err(error) => return Err(error.into()),
    };
    Ok(ReadTemplate {
        digest: digest.to_owned(),
        template: draft::read_template(body).await?,
    })
}

/// The template of the version, if it has one. A name may mean another version by now than the one
/// whose template was read; that one's was not.
fn template<'a>(
    prepared: &'a Prepared,
    artifact: &Artifact,
) -> Result<Option<&'a Template>, Refusal> {
    let Some(digest) = &artifact.digest else {
        return Ok(None);
    };
    match &prepared.read {
        Some(read) if read.digest == *digest => Ok(Some(&read.template)),
        Some(_) | None => Err(Refusal::TemplateAbsent(artifact.id.clone())),
    }
}

/// Finds out, before the transaction, which template to read.
struct Look {
    caller: Caller,
    input: DescribeProvisioningParametersInput,
}

impl Work for Look {
    type Output = Found;
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Found, Stop> {
        let scope = &AuthScope::of(&self.caller);
        let caller = &self.caller;
        find(&mut EndUser { caller, scope, tx }, &self.input).await
    }
}
