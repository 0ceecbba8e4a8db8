//! URLs in S3's style, read from the operator's own S3 endpoint.

use url::{Host, Url};

const SUFFIXES: [&str; 2] = [".amazonaws.com", ".amazonaws.com.cn"];
const BUCKET_BYTES: std::ops::RangeInclusive<usize> = 3..=63;

/// `{endpoint}/BUCKET/KEY` for a URL of an object in S3; `None` for any other URL.
///
/// Of the query only `versionId` is kept: a signature made for AWS means nothing elsewhere.
pub(super) fn rewrite(url: &Url, endpoint: &Url) -> Option<Url> {
    let Some(Host::Domain(host)) = url.host() else {
        return None;
    };
    if url.port().is_some() {
        return None;
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let rest = SUFFIXES
        .iter()
        .find_map(|suffix| host.strip_suffix(suffix))?;
    let path = url.path().strip_prefix('/')?;
    let (bucket, key) = match bucket_of(rest)? {
        "" => path.split_once('/')?,
        bucket => (bucket, path),
    };
    if !is_bucket(bucket) || key.is_empty() {
        return None;
    }
    let mut target = endpoint.clone();
    let prefix = endpoint.path().trim_end_matches('/');
    target.set_path(&format!("{prefix}/{bucket}/{key}"));
    target.set_query(None);
    target.set_fragment(None);
    if let Some((name, version)) = url.query_pairs().find(|(name, _)| name == "versionId") {
        target.query_pairs_mut().append_pair(&name, &version);
    }
    Some(target)
}

// The bucket in a host without AWS's suffix; empty if the host is the service itself.
fn bucket_of(host: &str) -> Option<&str> {
    if is_service(host) {
        return Some("");
    }
    // From the right, since a bucket's name may hold dots and even look like the service.
    let mut dots: Vec<usize> = host.match_indices('.').map(|(at, _)| at).collect();
    dots.reverse();
    dots.into_iter()
        .find(|at| is_service(&host[at + 1..]))
        .map(|at| &host[..at])
}

fn is_service(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    match labels[..] {
        ["s3" | "s3-external-1"] => true,
        ["s3" | "s3-fips", region] | ["s3" | "s3-fips", "dualstack", region] => is_region(region),
        [label] => {
            let region = label
                .strip_prefix("s3-fips-")
                .or_else(|| label.strip_prefix("s3-"));
            region.is_some_and(is_region)
        }
        _ => false,
    }
}

// us-east-1, ap-southeast-2, us-gov-west-1; but not website-us-east-1, which serves pages and not objects.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [area, middle @ .., number] = &parts[..] else {
        return false;
    };
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    (2..=3).contains(&area.len())
        && is_word(area)
        && !middle.is_empty()
        && middle.iter().all(is_word)
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}

// Strict enough that a bucket can never climb out of the endpoint's path.
fn is_bucket(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    BUCKET_BYTES.contains(&text.len())
        && text.bytes().all(is_part)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> Option<String> {
        let endpoint = Url::parse("http://minio:9000/root/").unwrap();
        rewrite(&Url::parse(text).unwrap(), &endpoint).map(String::from)
    }

    #[test]
    fn each_style_of_an_s3_url_names_bucket_and_key() {
        let of_bucket = [
            "https://bucket.s3.amazonaws.com/a/key.yaml",
            "http://bucket.s3.amazonaws.com/a/key.yaml",
            "https://BUCKET.S3.amazonaws.com/a/key.yaml",
            "https://bucket.s3.amazonaws.com./a/key.yaml",
            "https://bucket.s3.amazonaws.com:443/a/key.yaml",
            "https://bucket.s3.eu-west-1.amazonaws.com/a/key.yaml",
            "https://bucket.s3-eu-west-1.amazonaws.com/a/key.yaml",
            "https://bucket.s3.us-gov-west-1.amazonaws.com/a/key.yaml",
            "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a/key.yaml",
            "https://bucket.s3-fips.us-east-1.amazonaws.com/a/key.yaml",
            "https://bucket.s3-fips.dualstack.us-east-1.amazonaws.com/a/key.yaml",
            "https://bucket.s3-external-1.amazonaws.com/a/key.yaml",
            "https://bucket.s3.cn-north-1.amazonaws.com.cn/a/key.yaml",
            "https://s3.amazonaws.com/bucket/a/key.yaml",
            "https://s3.eu-west-1.amazonaws.com/bucket/a/key.yaml",
            "https://s3-eu-west-1.amazonaws.com/bucket/a/key.yaml",
            "https://s3.dualstack.eu-west-1.amazonaws.com/bucket/a/key.yaml",
            "https://s3.cn-northwest-1.amazonaws.com.cn/bucket/a/key.yaml",
            "https://s3.amazonaws.com/x/../bucket/a/key.yaml",
            "https://s3.amazonaws.com/bucket/a/key.yaml?X-Amz-Signature=secret",
        ];
        for text in of_bucket {
            let expected = "http://minio:9000/root/bucket/a/key.yaml";
            assert_eq!(rewritten(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_bucket_with_dots_and_a_key_with_odd_letters_stay_whole() {
        for (text, expected) in [
            (
                "https://my.own.bucket.s3.amazonaws.com/k",
                "/my.own.bucket/k",
            ),
            ("https://a.s3.s3.eu-west-1.amazonaws.com/k", "/a.s3/k"),
            (
                "https://bucket.s3.amazonaws.com/a%20b/c+d.yaml",
                "/bucket/a%20b/c+d.yaml",
            ),
            ("https://bucket.s3.amazonaws.com//k", "/bucket//k"),
            ("https://s3.amazonaws.com/My_Bucket/k", "/My_Bucket/k"),
            (
                "https://bucket.s3.amazonaws.com/../../other/k",
                "/bucket/other/k",
            ),
            (
                "https://bucket.s3.amazonaws.com/k?versionId=a%2Fb&x=1",
                "/bucket/k?versionId=a%2Fb",
            ),
        ] {
            let expected = format!("http://minio:9000/root{expected}");
            assert_eq!(rewritten(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_hosts_are_left_alone() {
        for text in [
            "https://example.com/bucket/key",
            "https://bucket.s3.amazonaws.com.evil.example/key",
            "https://bucket.s3.amazonaws.com.cn.example/key",
            "https://amazonaws.com/bucket/key",
            "https://s3amazonaws.com/bucket/key",
            "https://bucket.s3-website-us-east-1.amazonaws.com/key",
            "https://bucket.s3-website.eu-central-1.amazonaws.com/key",
            "https://ec2.us-east-1.amazonaws.com/bucket/key",
            "https://s3.amazonaws.com/",
            "https://s3.amazonaws.com/bucket",
            "https://s3.amazonaws.com/bucket/",
            "https://s3.amazonaws.com/a%2F..%2Fb/key",
            "https://bucket.s3.amazonaws.com/",
            "https://bucket.s3.amazonaws.com:8443/key",
            "https://a..b.s3.amazonaws.com/key",
            "https://ab.s3.amazonaws.com/key",
            "https://127.0.0.1/bucket/key",
        ] {
            assert_eq!(rewritten(text), None, "{text}");
        }
    }
}
