//! CopyProduct: accepts a copy into the caller's account and Region. The row that it writes is the
//! job; `workflows/copy.rs` does the work.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CopyProduct.html>

use std::collections::BTreeSet;

use mimeo_api::{CopyProduct, CopyProductInput, CopyProductOutput};
use mimeo_domain::arn::ProductArn;
use mimeo_domain::copying::{self, Copy, CopyRequest, CopyTags, State, Target};
use mimeo_domain::products::ProductType;
use mimeo_domain::{ArtifactId, CopyToken, ProductId, Refusal};
use mimeo_store::Level;

use crate::cx::{Cx, Handle, Outside, Prepared};
use crate::error::{Failure, Stop};
use crate::source;
use crate::world::World;

impl Handle for CopyProduct {
    /// Accepting locks the account's lane, so that its copies are counted one acceptance after the other;
    /// as serializable transactions those of all accounts would collide on the index of what is under way.
    const LEVEL: Level = Level::RowLocks;

    /// The source may live in another Region's store: it is looked at as the caller may see it.
    async fn prepare(outside: &Outside<'_>, input: &CopyProductInput) -> Result<Prepared, Stop> {
        look(outside, source_arn(input)?, &asked_artifacts(input)?).await
    }

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &CopyProductInput,
    ) -> Result<CopyProductOutput, Stop> {
        let asked = Asked {
            source: source_arn(input)?,
            artifacts: asked_artifacts(input)?,
            target: input
                .target_product_id
                .as_ref()
                .map(|id| id.as_str().into()),
            // An empty name is none: nobody wants a product without one.
            name: input
                .target_product_name
                .clone()
                .filter(|name| !name.is_empty()),
            tags: copy_tags(input),
        };
        let token = accept(cx, asked).await?;
        cx.tx
            .note_copy_request(cx.scope, &token, &input.idempotency_token)
            .await?;
        Ok(CopyProductOutput {
            copy_product_token: Some(token.to_string()),
        })
    }

    fn done(world: &World) {
        world.ring();
    }
}

/// What a copy is asked to do, before its target has an id.
pub(crate) struct Asked {
    pub source: ProductArn,
    pub artifacts: Vec<ArtifactId>,
    pub target: Option<ProductId>,
    pub name: Option<String>,
    pub tags: CopyTags,
}

/// Looks at the source as the caller may see it now.
pub(crate) async fn look(
    outside: &Outside<'_>,
    arn: ProductArn,
    artifacts: &[ArtifactId],
) -> Result<Prepared, Stop> {
    let seen = source::look(outside.world, outside.caller, &arn).await?;
    let seen = seen.ok_or(Refusal::NoSuchProduct(arn.product))?;
    if seen.product.product_type == ProductType::Marketplace {
        return Err(Refusal::MarketplaceProduct.into());
    }
    copying::all_there(artifacts, &seen.artifacts)?;
    let rehearsal = outside.world.rehearsal.as_ref();
    Ok(Prepared {
        source: Some(seen),
        rehearsed: rehearsal.map(|rehearsal| rehearsal.copy(outside.caller)),
        ..Prepared::default()
    })
}

/// Accepts a copy whose source was looked at: the row that it writes is the job.
pub(crate) async fn accept(cx: &mut Cx<'_, '_>, asked: Asked) -> Result<CopyToken, Stop> {
    let seen = cx.prepared.source.as_ref();
    let source = &seen
        .ok_or_else(|| Failure::Bug("a copy without a source".into()))?
        .product;
    let target = match &asked.target {
        None => Target::New(cx.mint.product_id()),
        Some(id) => {
            let target = cx.own_product(id).await?.product;
            copying::same_type(source.product_type, target.product_type)?;
            Target::Existing(target.id)
        }
    };
    // From here until the commit no other copy of the account is accepted.
    cx.tx.join_lane(cx.scope).await?;
    let copies_max = cx.quotas.copies_under_way;
    if cx.tx.count_copies_under_way(cx.scope).await? >= copies_max {
        return Err(Refusal::TooManyCopies { copies_max }.into());
    }
    let rehearsed = cx.prepared.rehearsed.as_ref();
    let copy = Copy {
        token: cx.mint.copy_token(),
        caller: cx.caller.clone(),
        request: CopyRequest {
            source: asked.source,
            artifacts: asked.artifacts,
            target,
            name: asked.name,
            tags: asked.tags,
        },
        seed: cx.mint.seed(),
        state: State::Queued,
        fence: rehearsed.map_or(0, |rehearsed| rehearsed.fence),
        attempts: 0,
        failures: 0,
        deadline: cx.now.plus_millis(copying::DEADLINE_MILLIS),
        created: cx.now,
        plan: None,
        course: rehearsed.and_then(|rehearsed| rehearsed.course.clone()),
    };
    cx.tx.insert_copy(&copy).await?;
    Ok(copy.token)
}

fn source_arn(input: &CopyProductInput) -> Result<ProductArn, Refusal> {
    ProductArn::parse(&input.source_product_arn)
        .ok_or_else(|| Refusal::NotAProductArn(input.source_product_arn.to_string()))
}

/// The versions named, each once; an empty list means all, as if it had not been given.
fn asked_artifacts(input: &CopyProductInput) -> Result<Vec<ArtifactId>, Refusal> {
    let identifiers = input
        .source_provisioning_artifact_identifiers
        .iter()
        .flatten();
    let ids: Result<BTreeSet<ArtifactId>, Refusal> = identifiers
        .map(|pairs| {
            let id = pairs.get("Id").ok_or(Refusal::NoArtifactIdentifier)?;
            Ok(id.as_str().into())
        })
        .collect();
    Ok(ids?.into_iter().collect())
}

fn copy_tags(input: &CopyProductInput) -> CopyTags {
    match input.copy_options.as_deref() {
        None | Some([]) => CopyTags::Leave,
        Some(_) => CopyTags::Copy,
    }
}
