//! A shelf in an S3-compatible bucket: `prefix/ab/abcd…`, put only where it is absent.
//!
//! No body is longer than [`BODY_BYTES_MAX`], so each is one PUT, signed with its hash: the store refuses
//! what was changed on the way, and there are no parts that a crash could leave behind.

mod breaker;
mod client;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RetryConfig,
};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{BODY_BYTES_MAX, Body, Digest, ShelfError, Shelved, Verdict};
use breaker::Breaker;
use client::Connector;

/// How often one request is made again, within [`Patience::retry`].
const RETRIES_MAX: usize = 3;

/// Where a bucket is and how it is spoken to.
#[derive(Debug, Clone)]
pub struct BucketRules {
    pub bucket: String,
    /// What the names of all bodies begin with; may be empty.
    pub prefix: String,
    pub region: String,
    /// `None` for AWS itself.
    pub endpoint: Option<Url>,
    /// `https://host/bucket/…` in place of `https://bucket.host/…`.
    pub path_style: bool,
    /// `None` asks the machine's role.
    pub keys: Option<BucketKeys>,
    /// Puts with `If-None-Match: *`. Without it two who put one body at once both write it, which does no
    /// harm as they write the same.
    pub conditional_put: bool,
    pub patience: Patience,
}

/// An access key.
#[derive(Clone)]
pub struct BucketKeys {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
}

impl std::fmt::Debug for BucketKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BucketKeys")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// How long a bucket is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub connect: Duration,
    /// Until an answer begins, and from one piece of it to the next.
    pub silence: Duration,
    /// All tries of one request together.
    pub retry: Duration,
    /// Failures in a row after which nobody asks for a while, and that while.
    pub failures_max: u32,
    pub rest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(20),
            retry: Duration::from_secs(20),
            failures_max: 5,
            rest: Duration::from_secs(10),
        }
    }
}

#[derive(Debug)]
pub(super) struct Bucket {
    store: AmazonS3,
    prefix: Path,
    /// Endpoint, bucket and prefix: two shelves with one address are the same.
    address: String,
    /// Whether the store is believed to know `If-None-Match`.
    is_conditional: AtomicBool,
    breaker: Breaker,
}

impl Bucket {
    pub(super) fn open(rules: &BucketRules) -> Result<Self, ShelfError> {
        let connector = Connector::new(&rules.patience).map_err(boxed)?;
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(2),
                base: 2.0,
            },
            max_retries: RETRIES_MAX,
            retry_timeout: rules.patience.retry,
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&rules.bucket)
            .with_region(&rules.region)
            .with_virtual_hosted_style_request(!rules.path_style)
            // Not every compatible store deletes in bulk, and few bodies are ever deleted.
            .with_disable_bulk_delete(true)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_retry(retry)
            .with_http_connector(connector);
        if let Some(endpoint) = &rules.endpoint {
            builder = builder
                .with_endpoint(endpoint_of(endpoint, rules))
                .with_allow_http(endpoint.scheme() == "http");
        }
        if let Some(keys) = &rules.keys {
            builder = builder
                .with_access_key_id(&keys.access_key_id)
                .with_secret_access_key(&keys.secret_access_key);
            if let Some(token) = &keys.session_token {
                builder = builder.with_token(token);
            }
        }
        let endpoint = rules.endpoint.as_ref().map_or("aws", Url::as_str);
        let prefix = Path::from(rules.prefix.as_str());
        Ok(Self {
            store: builder.build().map_err(away)?,
            address: format!("{endpoint} {} {prefix}", rules.bucket),
            prefix,
            is_conditional: AtomicBool::new(rules.conditional_put),
            breaker: Breaker::new(rules.patience.failures_max, rules.patience.rest),
        })
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.address == other.address
    }

    pub(super) async fn put(&self, body: Bytes) -> Result<Digest, ShelfError> {
        let digest = Digest::of(&body);
        let mode = match self.get(&digest).await {
            Ok(Some(_)) => return Ok(digest),
            Ok(None) => PutMode::Create,
            Err(ShelfError::Corrupt { .. }) => PutMode::Overwrite,
            Err(error) => return Err(error),
        };
        self.breaker.guard(self.write(&digest, body, mode)).await?;
        Ok(digest)
    }

    /// Without looking: if it is there after all, the store says so, or gets the same bytes again.
    pub(super) async fn put_absent(&self, body: Bytes) -> Result<Digest, ShelfError> {
        let digest = Digest::of(&body);
        let written = self.write(&digest, body, PutMode::Create);
        self.breaker.guard(written).await?;
        Ok(digest)
    }

    /// Reads the body through without keeping it.
    pub(super) async fn verify(&self, digest: &Digest) -> Result<Verdict, ShelfError> {
        self.breaker.guard(self.hash(digest)).await
    }

    async fn hash(&self, digest: &Digest) -> Result<Verdict, ShelfError> {
        let Some((_, mut pieces)) = self.open_body(digest).await? else {
            return Ok(Verdict::Absent);
        };
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        while let Some(piece) = pieces.try_next().await.map_err(away)? {
            bytes += piece.len();
            if bytes > BODY_BYTES_MAX {
                return Ok(Verdict::Corrupt);
            }
            hash.update(&piece);
        }
        let hash: [u8; 32] = hash.finalize().into();
        Ok(if Digest::from(hash) == *digest {
            Verdict::Present { bytes }
        } else {
            Verdict::Corrupt
        })
    }

    async fn write(&self, digest: &Digest, body: Bytes, mode: PutMode) -> Result<(), ShelfError> {
        let is_create = matches!(mode, PutMode::Create);
        if is_create && self.is_conditional.load(Ordering::Relaxed) {
            match self.send(digest, body.clone(), PutMode::Create).await {
                // Another worker put it, or an earlier try of ours whose answer was lost.
                Ok(()) | Err(object_store::Error::AlreadyExists { .. }) => return Ok(()),
                Err(error) if is_unknown_condition(&error) => {
                    self.is_conditional.store(false, Ordering::Relaxed);
                }
                Err(error) => return Err(away(error)),
            }
        }
        let sent = self.send(digest, body, PutMode::Overwrite).await;
        sent.map_err(away)
    }

    async fn send(
        &self,
        digest: &Digest,
        body: Bytes,
        mode: PutMode,
    ) -> Result<(), object_store::Error> {
        let options = PutOptions::from(mode);
        let payload = PutPayload::from_bytes(body);
        let path = self.path(digest);
        let sent = self.store.put_opts(&path, payload, options).await;
        sent.map(drop)
    }

    pub(super) async fn get(&self, digest: &Digest) -> Result<Option<Bytes>, ShelfError> {
        self.breaker.guard(self.fetch(digest)).await
    }

    async fn fetch(&self, digest: &Digest) -> Result<Option<Bytes>, ShelfError> {
        let Some((_, mut pieces)) = self.open_body(digest).await? else {
            return Ok(None);
        };
        let mut body = BytesMut::new();
        while let Some(piece) = pieces.try_next().await.map_err(away)? {
            body.extend_from_slice(&piece);
            if body.len() > BODY_BYTES_MAX {
                return Err(ShelfError::Corrupt { digest: *digest });
            }
        }
        if Digest::of(&body) != *digest {
            return Err(ShelfError::Corrupt { digest: *digest });
        }
        Ok(Some(body.freeze()))
    }

    pub(super) async fn read(&self, digest: &Digest) -> Result<Option<Body>, ShelfError> {
        let opened = self.breaker.guard(self.open_body(digest)).await?;
        Ok(opened.map(|(bytes, pieces)| {
            let pieces = pieces.map(|piece| piece.map_err(std::io::Error::other));
            Body::new(Some(bytes), pieces)
        }))
    }

    async fn open_body(&self, digest: &Digest) -> Result<Option<(u64, Pieces)>, ShelfError> {
        match self.store.get(&self.path(digest)).await {
            Ok(found) => Ok(Some((found.meta.size, found.into_stream()))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(away(error)),
        }
    }

    pub(super) async fn page(
        &self,
        after: Option<&Digest>,
        count: usize,
    ) -> Result<Vec<Shelved>, ShelfError> {
        self.breaker.guard(self.list(after, count)).await
    }

    async fn list(&self, after: Option<&Digest>, count: usize) -> Result<Vec<Shelved>, ShelfError> {
        let mut all = match after {
            Some(digest) => {
                let offset = self.path(digest);
                self.store.list_with_offset(Some(&self.prefix), &offset)
            }
            None => self.store.list(Some(&self.prefix)),
        };
        let mut page = Vec::new();
        while page.len() < count
            && let Some(found) = all.try_next().await.map_err(away)?
        {
            // Whatever else lies under the prefix is not ours.
            let digest = found.location.filename().and_then(|name| name.parse().ok());
            if let Some(digest) = digest.filter(|digest| self.path(digest) == found.location) {
                let bytes = found.size;
                page.push(Shelved { digest, bytes });
            }
        }
        Ok(page)
    }

    pub(super) async fn remove(&self, digest: &Digest) -> Result<(), ShelfError> {
        let path = self.path(digest);
        let removed = async {
            match self.store.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) if is_refusal(&error) => Err(ShelfError::Refused {
                    source: Box::new(error),
                }),
                Err(error) => Err(away(error)),
            }
        };
        self.breaker.guard(removed).await
    }

    fn path(&self, digest: &Digest) -> Path {
        let name = digest.to_string();
        let mut parts: Vec<_> = self.prefix.parts().collect();
        parts.push(name[..2].to_owned().into());
        parts.push(name.into());
        parts.into_iter().collect()
    }
}

type Pieces = futures_util::stream::BoxStream<'static, object_store::Result<Bytes>>;

/// In virtual style the endpoint's name begins with the bucket's.
fn endpoint_of(endpoint: &Url, rules: &BucketRules) -> String {
    let text = endpoint.as_str().trim_end_matches('/');
    if rules.path_style {
        return text.to_owned();
    }
    match text.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}.{rest}", rules.bucket),
        None => text.to_owned(),
    }
}

/// A store that does not know `If-None-Match` refuses it as not implemented.
fn is_unknown_condition(error: &object_store::Error) -> bool {
    let text = error.to_string();
    matches!(error, object_store::Error::NotImplemented { .. })
        || text.contains("501 ")
        || text.contains("NotImplemented")
}

/// The answer to the first try: of earlier ones nobody knows what they still do.
fn is_refusal(error: &object_store::Error) -> bool {
    use object_store::Error::{PermissionDenied, Unauthenticated};
    let is_answer = matches!(error, PermissionDenied { .. } | Unauthenticated { .. });
    is_answer && !error.to_string().contains(" retries, ")
}

fn away(error: object_store::Error) -> ShelfError {
    let text = error.to_string();
    let is_full = [
        "507 ",
        "StorageFull",
        "QuotaExceeded",
        "InsufficientCapacity",
    ];
    if is_full.iter().any(|sign| text.contains(sign)) {
        return ShelfError::Full;
    }
    boxed(error)
}

fn boxed(error: impl std::error::Error + Send + Sync + 'static) -> ShelfError {
    ShelfError::Away {
        source: Box::new(error),
    }
}
