//! DescribeProvisioningArtifact: one version of a product, and what its template asks for.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeProvisioningArtifact.html>
//!
//! What `Verbose` adds is not documented. Ours: `Info` then has `TemplateDigest`, the SHA-256 of
//! the template as kept, so that copies can be compared with their source.

use mimeo_api::{
    DescribeProvisioningArtifact, DescribeProvisioningArtifactInput,
    DescribeProvisioningArtifactOutput, ProvisioningArtifactParameter, Status,
};
use mimeo_domain::Refusal;
use mimeo_domain::artifacts::Artifact;
use mimeo_store::{AuthScope, Tx, Work};
use mimeo_templates::cloudformation;

use crate::cx::{Cx, Handle, KeptTemplate, Outside, Prepared};
use crate::error::{Failure, Stop};
use crate::view::{self, templates};

impl Handle for DescribeProvisioningArtifact {
    /// Parameters stand in the template, which is on the shelf and not in the store.
    async fn prepare(
        outside: &Outside<'_>,
        input: &DescribeProvisioningArtifactInput,
    ) -> Result<Prepared, Stop> {
        let mut prepared = Prepared::default();
        if input.include_provisioning_artifact_parameters == Some(true) {
            let scope = AuthScope::of(outside.caller);
            let store = outside.world.directory.store(&scope.region);
            let store = store.ok_or_else(|| Failure::Bug("a Region without a store".into()))?;
            let digest = store
                .read(DigestOf {
                    scope,
                    input: input.clone(),
                })
                .await?;
            if let Some(digest) = digest {
                let at = digest
                    .parse()
                    .map_err(|_| Failure::Bug("a digest that is none".into()))?;
                let body = outside.shelf().get(&at).await?;
                prepared.template = body.map(|body| KeptTemplate {
                    digest,
                    body,
                    marks: Vec::new(),
                });
            }
        }
        Ok(prepared)
    }

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribeProvisioningArtifactInput,
    ) -> Result<DescribeProvisioningArtifactOutput, Stop> {
        let artifact = find(cx.tx, cx.scope, input).await?;
        let mut info = view::info(&artifact);
        if let (Some(true), Some(digest)) = (input.verbose, &artifact.digest) {
            info.insert("TemplateDigest".into(), format!("sha256:{digest}"));
        }
        let with_parameters = input.include_provisioning_artifact_parameters == Some(true);
        Ok(DescribeProvisioningArtifactOutput {
            info: Some(info),
            provisioning_artifact_detail: Some(view::artifact_detail(&artifact)),
            provisioning_artifact_parameters: with_parameters.then(|| parameters(cx.prepared)),
            status: Some(Status::Available),
        })
    }
}

async fn find(
    tx: &mut Tx<'_>,
    scope: &AuthScope,
    input: &DescribeProvisioningArtifactInput,
) -> Result<Artifact, Stop> {
    let product = match (&input.product_id, &input.product_name) {
        (Some(id), None) => {
            let id = id.as_str().into();
            tx.find_visible_product(scope, &id)
                .await?
                .ok_or(Refusal::NoSuchProduct(id))?
        }
        (None, Some(name)) => {
            let mut found = tx.products_named(scope, name).await?;
            if found.len() > 1 {
                return Err(Refusal::SeveralProductsNamed(name.clone()).into());
            }
            found
                .pop()
                .ok_or_else(|| Refusal::NoSuchProductNamed(name.clone()))?
        }
        _ => return Err(Refusal::ExactlyOneOf("ProductId and ProductName").into()),
    };
    let product = product.product.id;
    match (
        &input.provisioning_artifact_id,
        &input.provisioning_artifact_name,
    ) {
        (Some(id), None) => {
            let id = id.as_str().into();
            let found = tx.find_artifact(scope, &product, &id).await?;
            Ok(found.ok_or(Refusal::NoSuchArtifact(id))?)
        }
        (None, Some(name)) => {
            let mut found = tx.list_artifacts(scope, &product).await?;
            found.retain(|artifact| artifact.details.name.as_ref() == Some(name));
            if found.len() > 1 {
                return Err(Refusal::SeveralArtifactsNamed(name.clone()).into());
            }
            Ok(found
                .pop()
                .ok_or_else(|| Refusal::NoSuchArtifactNamed(name.clone()))?)
        }
        _ => {
            let both = "ProvisioningArtifactId and ProvisioningArtifactName";
            Err(Refusal::ExactlyOneOf(both).into())
        }
    }
}

/// A template that cannot be read as CloudFormation has no parameters to show.
fn parameters(prepared: &Prepared) -> Vec<ProvisioningArtifactParameter> {
    let template = prepared
        .template
        .as_ref()
        .and_then(|kept| cloudformation::read(&kept.body).ok());
    template
        .as_ref()
        .map(templates::parameters)
        .unwrap_or_default()
}

struct DigestOf {
    scope: AuthScope,
    input: DescribeProvisioningArtifactInput,
}

impl Work for DigestOf {
    type Output = Option<String>;
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<String>, Stop> {
        Ok(find(tx, &self.scope, &self.input).await?.digest)
    }
}
