//! The shelf: template bodies by content hash, in a folder or in memory.

mod body;
mod digest;
mod folder;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

pub use body::Body;
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
    Memory(Arc<Mutex<HashMap<Digest, Bytes>>>),
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

    /// Puts a body and answers its digest, once the body would survive a power cut.
    ///
    /// Idempotent: a body that is already there whole is not written again, and a corrupt one is replaced.
    pub async fn put(&self, body: Bytes) -> Result<Digest, ShelfError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(ShelfError::TooLarge { bytes: body.len() });
        }
        match &self.place {
            Place::Folder(folder) => on_folder(folder, move |folder| folder.put(&body)).await,
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

    /// The body with this digest, checked against it; `None` if the shelf has none.
    pub async fn get(&self, digest: &Digest) -> Result<Option<Bytes>, ShelfError> {
        let digest = *digest;
        match &self.place {
            Place::Folder(folder) => on_folder(folder, move |folder| folder.get(&digest)).await,
            Place::Memory(bodies) => {
                let bodies = bodies.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(bodies.get(&digest).cloned())
            }
        }
    }

    /// Reads what is stored under the digest and says whether it is whole.
    pub async fn verify(&self, digest: &Digest) -> Result<Verdict, ShelfError> {
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
            Place::Memory(_) => Ok(0),
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
