//! Inputs that are lines of text.

/// The text before and after the first empty line.
pub(crate) fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let cut = bytes.windows(2).position(|pair| pair == b"\n\n");
    cut.map_or((bytes, b""), |at| (&bytes[..at], &bytes[at + 2..]))
}
