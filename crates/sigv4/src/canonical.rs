//! The canonical request and the string to sign: one form for what both sides must agree on.
//!
//! Both are written piece by piece into a sink, which is a hasher when a request is served and a
//! buffer when a test wants to see where two sides differ.

use sha2::{Digest, Sha256};

use crate::{
    ALGORITHM, AmzDate, Head, PathForm, SigningKey,
    authorization::{Credential, SignedHeaders},
};

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// The canonical request as text, to show where two sides differ.
///
/// `signed_headers` is the list from the `Authorization` header, such as `host;x-amz-date`.
/// It holds the values of signed headers, session tokens among them: not for logs.
pub fn canonical_request(
    head: &Head<'_>,
    signed_headers: &str,
    body_sha256: &[u8; 32],
    path: PathForm,
) -> Vec<u8> {
    let mut text = Vec::new();
    write_request(head, signed_headers, body_sha256, path, &mut |bytes| {
        text.extend_from_slice(bytes);
    });
    text
}

/// The string to sign as text, to show where two sides differ.
pub fn string_to_sign(signed_at: &AmzDate, scope: &str, canonical_request: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    write_string_to_sign(
        signed_at,
        scope,
        Sha256::digest(canonical_request).into(),
        &mut |bytes| {
            text.extend_from_slice(bytes);
        },
    );
    text
}

/// The signature that this key gives this request.
pub(crate) fn signature(
    head: &Head<'_>,
    signed_headers: SignedHeaders<'_>,
    body_sha256: &[u8; 32],
    path: PathForm,
    (signed_at, credential): (&AmzDate, &Credential<'_>),
    key: &SigningKey,
) -> [u8; 32] {
    let mut hasher = Sha256::new();
    write_request(
        head,
        signed_headers.as_str(),
        body_sha256,
        path,
        &mut |bytes| {
            hasher.update(bytes);
        },
    );
    let hash = hasher.finalize().into();
    key.sign(|put| write_string_to_sign(signed_at, credential.scope(), hash, put))
}

fn write_request(
    head: &Head<'_>,
    signed_headers: &str,
    body_sha256: &[u8; 32],
    path: PathForm,
    put: &mut dyn FnMut(&[u8]),
) {
    put(head.method.as_bytes());
    put(b"\n");
    write_path(head.path, path, put);
    put(b"\n");
    write_query(head.query, put);
    put(b"\n");
    for name in signed_headers.split(';') {
        put(name.as_bytes());
        for (index, value) in head.values(name).enumerate() {
            put(if index == 0 { b":" } else { b"," });
            write_folded(value, put);
        }
        put(b"\n");
    }
    put(b"\n");
    put(signed_headers.as_bytes());
    put(b"\n");
    write_hex(body_sha256, put);
}

fn write_string_to_sign(
    signed_at: &AmzDate,
    scope: &str,
    request_sha256: [u8; 32],
    put: &mut dyn FnMut(&[u8]),
) {
    for line in [ALGORITHM, signed_at.as_str(), scope] {
        put(line.as_bytes());
        put(b"\n");
    }
    write_hex(&request_sha256, put);
}

// The path on the wire is already encoded once; AWS signs it encoded once more, except for S3.
fn write_path(path: &str, form: PathForm, put: &mut dyn FnMut(&[u8])) {
    if form == PathForm::AsSent {
        if !path.starts_with('/') {
            put(b"/");
        }
        return write_encoded(
            path.as_bytes(),
            |byte| is_unreserved(byte) || byte == b'/',
            put,
        );
    }
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    for segment in &kept {
        put(b"/");
        write_encoded(segment.as_bytes(), is_unreserved, put);
    }
    let ends_in_folder = ["", ".", ".."].contains(&path.rsplit('/').next().unwrap_or_default());
    if kept.is_empty() || ends_in_folder {
        put(b"/");
    }
}

// Sorted by what is written, not by what was meant: that is what the specification compares.
fn write_query(query: &str, put: &mut dyn FnMut(&[u8])) {
    let encode = |text: &str| {
        let mut encoded = Vec::with_capacity(text.len());
        let decoded = percent_decoded(text.as_bytes());
        write_encoded(&decoded, is_unreserved, &mut |bytes| {
            encoded.extend_from_slice(bytes);
        });
        encoded
    };
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (encode(key), encode(value)))
        .collect();
    pairs.sort_unstable();
    for (index, (key, value)) in pairs.iter().enumerate() {
        if index > 0 {
            put(b"&");
        }
        put(key);
        put(b"=");
        put(value);
    }
}

// A value is its words with one space between. Line breaks are spaces too: values that were folded
// over lines stay one line here, so that none can pass for the next header.
fn write_folded(value: &[u8], put: &mut dyn FnMut(&[u8])) {
    let words = value
        .split(|byte| b" \t\r\n".contains(byte))
        .filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            put(b" ");
        }
        put(word);
    }
}

fn write_hex(hash: &[u8; 32], put: &mut dyn FnMut(&[u8])) {
    let mut text = [0; 64];
    hex::encode_to_slice(hash, &mut text).expect("64 digits for 32 bytes");
    put(&text);
}

fn write_encoded(bytes: &[u8], keep: impl Fn(u8) -> bool, put: &mut dyn FnMut(&[u8])) {
    for run in bytes.chunk_by(|before, after| keep(*before) && keep(*after)) {
        match run {
            [byte] if !keep(*byte) => {
                put(&[
                    b'%',
                    HEX[usize::from(byte >> 4)],
                    HEX[usize::from(byte & 15)],
                ]);
            }
            kept => put(kept),
        }
    }
}

/// Decodes `%41`. A `%` that starts no pair of hex digits stands for itself.
pub(crate) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let mut byte = [0];
        let escaped = first == b'%'
            && after
                .get(..2)
                .is_some_and(|pair| hex::decode_to_slice(pair, &mut byte).is_ok());
        decoded.push(if escaped { byte[0] } else { first });
        rest = if escaped { &after[2..] } else { after };
    }
    decoded
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str, form: PathForm) -> String {
        let mut text = Vec::new();
        write_path(path, form, &mut |bytes| text.extend_from_slice(bytes));
        String::from_utf8(text).unwrap()
    }

    fn query(query: &str) -> String {
        let mut text = Vec::new();
        write_query(query, &mut |bytes| text.extend_from_slice(bytes));
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn an_encoded_path_is_encoded_once_more() {
        assert_eq!(path("/a%20b/@c", PathForm::Normalized), "/a%2520b/%40c");
        assert_eq!(path("/a%20b//@c", PathForm::AsSent), "/a%2520b//%40c");
    }

    #[test]
    fn dot_segments_never_climb_above_the_root() {
        for (sent, canonical) in [
            ("", "/"),
            ("/../..", "/"),
            ("/a/./b/..", "/a/"),
            ("/a/b/.", "/a/b/"),
            ("//a//", "/a/"),
            ("/...", "/..."),
        ] {
            assert_eq!(path(sent, PathForm::Normalized), canonical, "{sent}");
        }
        assert_eq!(path("", PathForm::AsSent), "/");
    }

    #[test]
    fn a_query_is_sorted_by_its_encoded_form() {
        assert_eq!(query("b=2&a=3&a=1&&c"), "a=1&a=3&b=2&c=");
        assert_eq!(query("A=%41&%5a=~"), "A=A&Z=~");
        assert_eq!(query("a=%zz&b=%4"), "a=%25zz&b=%254");
        assert_eq!(query("a=1+2=3"), "a=1%2B2%3D3");
    }
}
