//! The shelf: template bodies by content hash, in a folder, in a bucket or in memory.

mod body;
mod bucket;
mod digest;
mod folder;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};

pub use body::Body;
use bucket::Bucket;
pub use bucket::{BucketKeys, BucketRules, Patience};
pub use digest::{Digest, NotADigest};
use folder::Folder;

/// The longest body a shelf takes, in bytes: room for a Terraform archive.
pub const BODY_BYTES_MAX: usize = 10 << 20;

/// What a shelf in memory holds in all before it answers [`ShelfError::Full`], in bytes.
pub const MEMORY_BYTES_MAX: usize = 256 << 20;

/// Bodies by content hash. Cheap to clone; clones share the same shelf.
#[derive(Debug, Clone)]
pub struct Shelf {
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(Arc<Folder>),
    Bucket(Arc<Bucket>),
    Memory(Arc<Mutex<HashMap<Digest, Bytes>>>),
}

/// A body as a listing tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shelved {
    pub digest: Digest,
    pub bytes: u64,
}

/// What [`Shelf::verify`] found under a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The body is there, whole, and this long.
    Present { bytes: usize },
    /// There is nothing under this digest.
    Absent,
    /// There is something, but it does not hash to the digest.
    Corrupt,
}

/// Why a shelf could not do its work. None of these texts names a path.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// The disk, the quota or the memory allowance is used up.
    #[error("the template shelf is full")]
    Full,
    /// The body is longer than [`BODY_BYTES_MAX`].
    #[error("a body of {bytes} bytes is longer than the {BODY_BYTES_MAX} that a shelf takes")]
    TooLarge { bytes: usize },
    /// What is stored under the digest does not hash to it.
    #[error("the body stored as {digest} is corrupt")]
    Corrupt { digest: Digest },
    /// The store does not answer, is slow, or asks to be left alone for a while. It may be back.
    #[error("the template store is away")]
    Away {
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store answered that it does not let the body be deleted: it is certainly not deleted by this
    /// request, nor will be.
    #[error("the template shelf does not let bodies be deleted")]
    Refused {
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file system refused; the path is for the log alone.
    #[error("the template shelf could not {step}")]
    Io {
        step: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
}

impl Shelf {
    /// A shelf in the folder at `path`, which is made (mode 0700) if it is not there.
    pub fn folder(path: impl AsRef<Path>) -> Result<Shelf, ShelfError> {
        let folder = Folder::open(path.as_ref())?;
        Ok(Shelf {
            place: Place::Folder(Arc::new(folder)),
        })
    }

    /// A shelf that lasts as long as its last clone.
    pub fn memory() -> Shelf {
        Shelf {
            place: Place::Memory(Arc::default()),
        }
    }

    /// A shelf in an S3-compatible bucket. Nothing is asked of it yet.
    pub fn bucket(rules: &BucketRules) -> Result<Shelf, ShelfError> {
        Ok(Shelf {
            place: Place::Bucket(Arc::new(Bucket::open(rules)?)),
        })
    }

    /// Whether both are the same shelf of this process.
    pub fn is_same(&self, other: &Shelf) -> bool {
        match (&self.place, &other.place) {
            (Place::Folder(one), Place::Folder(two)) => one.root() == two.root(),
            (Place::Bucket(one), Place::Bucket(two)) => one.is_same(two),
            (Place::Memory(one), Place::Memory(two)) => Arc::ptr_eq(one, two),
            _ => false,
        }
    }

    /// Puts a body and answers its digest, once the body would survive a power cut.
    ///
    /// Idempotent: a body that is already there whole is not written again, and a corrupt one is replaced.
    pub async fn put(&self, body: Bytes) -> Result<Digest, ShelfError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(ShelfError::TooLarge { bytes: body.len() });
        }
        match &self.place {
            Place::Folder(folder) => on_folder(folder, move |folder| folder.put(&body)).await,
            Place::Bucket(bucket) => bucket.put(body).await,
            Place::Memory(bodies) => {
                let digest = Digest::of(&body);
                let mut bodies = bodies.lock().unwrap_or_else(PoisonError::into_inner);
                let held: usize = bodies.values().map(Bytes::len).sum();
                if !bodies.contains_key(&digest) && held + body.len() > MEMORY_BYTES_MAX {
                    return Err(ShelfError::Full);
                }
                bodies.entry(digest).or_insert(body);
                Ok(digest)
            }
        }
    }

    /// The same without looking first, for a body that was just seen to be absent.
    pub async fn put_absent(&self, body: Bytes) -> Result<Digest, ShelfError> {
        match &self.place {
            Place::Bucket(bucket) if body.len() <= BODY_BYTES_MAX => bucket.put_absent(body).await,
            Place::Bucket(_) | Place::Folder(_) | Place::Memory(_) => self.put(body).await,
        }
    }

    /// The body with this digest, checked against it; `None` if the shelf has none.
    pub async fn get(&self, digest: &Digest) -> Result<Option<Bytes>, ShelfError> {
        let digest = *digest;
        match &self.place {
            Place::Folder(folder) => on_folder(folder, move |folder| folder.get(&digest)).await,
            Place::Bucket(bucket) => bucket.get(&digest).await,
            Place::Memory(bodies) => {
                let bodies = bodies.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(bodies.get(&digest).cloned())
            }
        }
    }

    /// Takes a body in pieces and puts it, if it is what `digest` says; `None` if it is not.
    ///
    /// No body is longer than [`BODY_BYTES_MAX`], so it is gathered first: what is put has one length and
    /// one hash, and a body that breaks off leaves nothing behind.
    pub async fn put_body(
        &self,
        digest: &Digest,
        body: &mut Body,
    ) -> Result<Option<Digest>, ShelfError> {
        let away = |source: std::io::Error| ShelfError::Away {
            source: Box::new(source),
        };
        let mut whole = BytesMut::new();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(away)?;
            if whole.len() + piece.len() > BODY_BYTES_MAX {
                return Ok(None);
            }
            whole.extend_from_slice(&piece);
        }
        if Digest::of(&whole) != *digest {
            return Ok(None);
        }
        self.put(whole.freeze()).await.map(Some)
    }

    /// The body with this digest in pieces, not yet checked against it; `None` if the shelf has none.
    pub async fn read(&self, digest: &Digest) -> Result<Option<Body>, ShelfError> {
        match &self.place {
            Place::Bucket(bucket) => bucket.read(digest).await,
            Place::Folder(_) | Place::Memory(_) => Ok(self.get(digest).await?.map(Body::from)),
        }
    }

    /// At most `count` of the bodies after `after`, in the order of their digests.
    pub async fn page(
        &self,
        after: Option<&Digest>,
        count: usize,
    ) -> Result<Vec<Shelved>, ShelfError> {
        let after = after.copied();
        match &self.place {
            Place::Folder(folder) => {
                on_folder(folder, move |folder| folder.page(after.as_ref(), count)).await
            }
            Place::Bucket(bucket) => bucket.page(after.as_ref(), count).await,
            Place::Memory(bodies) => {
                let bodies = bodies.lock().unwrap_or_else(PoisonError::into_inner);
                let later = bodies.iter().filter(|(digest, _)| Some(**digest) > after);
                let mut page: Vec<_> = later
                    .map(|(digest, body)| Shelved {
                        digest: *digest,
                        bytes: body.len() as u64,
                    })
                    .collect();
                page.sort_unstable_by_key(|shelved| shelved.digest);
                page.truncate(count);
                Ok(page)
            }
        }
    }

    /// Takes a body off the shelf, whether or not it is there. After an error other than
    /// [`ShelfError::Refused`] it may be gone, or go yet.
    ///
    /// Whoever calls it must know that nothing names the body and that nobody is about to.
    pub async fn remove(&self, digest: &Digest) -> Result<(), ShelfError> {
        let digest = *digest;
        match &self.place {
            Place::Folder(folder) => on_folder(folder, move |folder| folder.remove(&digest)).await,
            Place::Bucket(bucket) => bucket.remove(&digest).await,
            Place::Memory(bodies) => {
                let mut bodies = bodies.lock().unwrap_or_else(PoisonError::into_inner);
                bodies.remove(&digest);
                Ok(())
            }
        }
    }

    /// Reads what is stored under the digest and says whether it is whole.
    pub async fn verify(&self, digest: &Digest) -> Result<Verdict, ShelfError> {
        if let Place::Bucket(bucket) = &self.place {
            return bucket.verify(digest).await;
        }
        match self.get(digest).await {
            Ok(Some(body)) => Ok(Verdict::Present { bytes: body.len() }),
            Ok(None) => Ok(Verdict::Absent),
            Err(ShelfError::Corrupt { .. }) => Ok(Verdict::Corrupt),
            Err(error) => Err(error),
        }
    }

    /// Removes temporary files that are older than `age` at `now`, and answers how many.
    ///
    /// A crash between write and rename leaves one. Give an age far longer than any write takes.
    pub async fn sweep_temporaries(
        &self,
        now: SystemTime,
        age: Duration,
    ) -> Result<usize, ShelfError> {
        match &self.place {
            Place::Folder(folder) => on_folder(folder, move |folder| folder.sweep(now, age)).await,
            // A bucket has none: a body that breaks off leaves nothing.
            Place::Bucket(_) | Place::Memory(_) => Ok(0),
        }
    }
}

// The work goes on to its end even if the caller is dropped, so no half-written file loses its owner.
async fn on_folder<T: Send + 'static>(
    folder: &Arc<Folder>,
    work: impl FnOnce(&Folder) -> Result<T, ShelfError> + Send + 'static,
) -> Result<T, ShelfError> {
    let folder = Arc::clone(folder);
    let root = folder.root().to_path_buf();
    match tokio::task::spawn_blocking(move || work(&folder)).await {
        Ok(outcome) => outcome,
        Err(error) => Err(ShelfError::Io {
            step: "finish its work on a thread",
            path: root,
            source: std::io::Error::other(error),
        }),
    }
}
