//! A version to be made: what a request says of it, and its template fetched, checked and kept.

use bytes::Bytes;
use mimeo_api::{ProvisioningArtifactProperties, Required};
use mimeo_domain::artifacts::{self, Artifact, ArtifactType, Details, Guidance, Lineage, Origin};
use mimeo_domain::products::ProductType;
use mimeo_domain::{ArtifactId, ProductId, Refusal, Timestamp};
use mimeo_templates::cloudformation::{self, Template};

use crate::cx::{KeptTemplate, Outside, Prepared};
use crate::error::{Failure, Stop};
use crate::uploads::{self, UploadedAt};
use crate::world::Fetching;

/// `ProvisioningArtifactParameters`, parsed.
pub(crate) struct Draft {
    details: Details,
    artifact_type: ArtifactType,
    origin: Origin,
    validation: Validation,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Validation {
    Checked,
    Disabled,
}

impl Draft {
    pub(crate) fn read(
        product_type: ProductType,
        properties: &ProvisioningArtifactProperties,
    ) -> Result<Self, Refusal> {
        let asked = properties.r#type.as_deref().and_then(ArtifactType::named);
        let info = properties.info.iter().flatten();
        let disabled = properties.disable_template_validation == Some(true);
        Ok(Self {
            artifact_type: artifacts::fitting_type(product_type, asked)?,
            origin: artifacts::origin(info.map(|(key, value)| (key.as_str(), value.as_str())))?,
            details: Details {
                name: properties.name.clone(),
                description: properties.description.clone(),
            },
            validation: if disabled || !product_type.has_readable_templates() {
                Validation::Disabled
            } else {
                Validation::Checked
            },
        })
    }

    /// Fetches, checks and keeps the template, before any transaction.
    pub(crate) async fn prepare(&self, outside: &Outside<'_>) -> Result<Prepared, Stop> {
        let Some(body) = self.fetch(outside).await? else {
            return Ok(Prepared::default());
        };
        if self.validation == Validation::Checked {
            drop(read_template(body.clone()).await?);
        }
        let (digest, marks) = uploads::put(outside.world, &outside.caller.region, &body).await?;
        Ok(Prepared {
            template: Some(KeptTemplate {
                digest,
                body,
                marks,
            }),
            ..Prepared::default()
        })
    }

    async fn fetch(&self, outside: &Outside<'_>) -> Result<Option<Bytes>, Stop> {
        let fetching = &outside.world.fetching;
        let url = match (&self.origin, fetching) {
            (Origin::Url(url), _) => url,
            (Origin::PhysicalId(_), Fetching::Off) => return Ok(None),
            (Origin::PhysicalId(_), Fetching::On(_)) => return Err(Refusal::PhysicalId.into()),
        };
        // An upload is read whether or not anything is fetched: nobody makes such a URL up.
        if let Some(upload) = UploadedAt::read(url, outside.host) {
            let body = uploads::read(outside.world, outside.caller, &upload).await?;
            return Ok(Some(body.ok_or(Refusal::NoSuchUpload(upload.name))?));
        }
        match fetching {
            Fetching::Off => Ok(None),
            Fetching::On(fetcher) => {
                let body = fetcher.fetch(url).await;
                Ok(Some(body.map_err(|refused| {
                    Refusal::TemplateUrl(refused.to_string())
                })?))
            }
        }
    }

    pub(crate) fn artifact(
        self,
        id: ArtifactId,
        product: &ProductId,
        lineage: Lineage,
        prepared: &Prepared,
        now: Timestamp,
    ) -> Artifact {
        Artifact {
            id,
            product: product.clone(),
            details: self.details,
            artifact_type: self.artifact_type,
            active: true,
            guidance: Guidance::Default,
            origin: self.origin,
            digest: prepared
                .template
                .as_ref()
                .map(|template| template.digest.clone()),
            lineage,
            created: now,
        }
    }
}

/// Reads the template as CloudFormation, on a thread where a hostile one holds up nobody else.
pub(crate) async fn read_template(body: Bytes) -> Result<Template, Stop> {
    let read = tokio::task::spawn_blocking(move || cloudformation::read(&body));
    let read = read
        .await
        .map_err(|error| Failure::Bug(format!("reading a template: {error}")))?;
    Ok(read.map_err(|invalid| Refusal::InvalidTemplate(invalid.to_string()))?)
}

/// Tags of a request as the domain has them.
pub(crate) fn tags(given: Option<&Vec<mimeo_api::Tag>>) -> Vec<mimeo_domain::tags::Tag> {
    let read = |tag: &mimeo_api::Tag| mimeo_domain::tags::Tag {
        key: text(&tag.key),
        value: text(&tag.value),
    };
    given.into_iter().flatten().map(read).collect()
}

fn text(member: &Required<String>) -> String {
    member.to_string()
}
