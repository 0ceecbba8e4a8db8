//! A body on its way: its bytes in pieces, so that nobody has to hold all of it.

use std::fmt;
use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

/// The pieces of a body.
type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A body that comes in pieces. Whoever takes it must hash what came: nothing here is verified.
pub struct Body {
    /// How long it says that it is, in bytes.
    pub bytes_said: Option<u64>,
    pieces: Pieces,
}

impl Body {
    pub fn new(
        bytes_said: Option<u64>,
        pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self {
            bytes_said,
            pieces: Box::pin(pieces),
        }
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.pieces.next().await
    }
}

impl From<Bytes> for Body {
    fn from(whole: Bytes) -> Self {
        let bytes_said = Some(whole.len() as u64);
        Self::new(bytes_said, stream::iter([Ok(whole)]))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("bytes_said", &self.bytes_said)
            .finish_non_exhaustive()
    }
}
