//! Where a copy comes from: a product as the caller may see it now, wherever its Region lives.

mod here;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use mimeo_domain::Caller;
use mimeo_domain::arn::{ProductArn, partition_of};
use mimeo_domain::artifacts::Artifact;
use mimeo_domain::copying::PlannedArtifact;
use mimeo_domain::products::Product;
use mimeo_store::{Store, StoreError};
use mimeo_templates::shelf::{Body, ShelfError};

use crate::world::World;
use here::Here;

/// An answer that is on its way.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, SourceError>> + Send + 'a>>;

/// A Region from which products are copied. What does not exist and what the caller may not see are
/// both `None`: the two cannot be told apart.
pub trait Source: fmt::Debug + Send + Sync {
    /// The product and its versions, as of one instant.
    fn look<'a>(
        &'a self,
        caller: &'a Caller,
        source: &'a ProductArn,
    ) -> Asking<'a, Option<SeenSource>>;

    /// Whether the caller still sees the product: asked again just before the copy lands.
    fn sees<'a>(&'a self, caller: &'a Caller, source: &'a ProductArn) -> Asking<'a, bool>;

    /// The template of a version. Not verified: whoever takes it hashes it.
    fn template<'a>(
        &'a self,
        caller: &'a Caller,
        source: &'a ProductArn,
        artifact: &'a PlannedArtifact,
    ) -> Asking<'a, Option<Body>>;
}

/// A product that the caller may see.
#[derive(Debug)]
pub struct SeenSource {
    pub product: Product,
    /// In the order of their creation.
    pub artifacts: Vec<Artifact>,
    pub digests: Digests,
}

/// What a version without a digest means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digests {
    /// It has no template.
    Known,
    /// Its template has to be read before its digest is known.
    ToBeRead,
}

/// Why a source did not answer. All of these may pass.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The other server is away, is overloaded or does not let us in; the text is for the log.
    #[error("{0}")]
    Away(String),
}

/// The source of an ARN; `None` where neither this process nor a peer has its Region, or the ARN is
/// not of its partition.
pub(crate) fn of(world: &World, source: &ProductArn) -> Option<Arc<dyn Source>> {
    if source.partition != partition_of(&source.region) {
        return None;
    }
    if let Some(peer) = world.peers.get(&source.region) {
        return Some(Arc::clone(peer));
    }
    let store = world.directory.store(&source.region)?.clone();
    let shelf = world.shelves.of(&source.region).clone();
    Some(Arc::new(Here { store, shelf }))
}

/// Reads the source in one snapshot.
pub(crate) async fn look(
    world: &World,
    caller: &Caller,
    source: &ProductArn,
) -> Result<Option<SeenSource>, SourceError> {
    match of(world, source) {
        Some(of) => of.look(caller, source).await,
        None => Ok(None),
    }
}

/// The store of the source's Region, if this process has it and the ARN is of its partition.
pub(crate) fn store_of<'a>(world: &'a World, source: &ProductArn) -> Option<&'a Store> {
    if world.peers.contains_key(&source.region) {
        return None;
    }
    let store = world.directory.store(&source.region)?;
    (source.partition == partition_of(&source.region)).then_some(store)
}
