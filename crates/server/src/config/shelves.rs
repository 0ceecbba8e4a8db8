//! Where template bodies are kept: folders and buckets.

use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use super::Secret;

/// The longest prefix of a bucket, in bytes: S3's names are 1024 long, and a body's is 67 of it.
const PREFIX_BYTES_MAX: usize = 512;

/// A place for template bodies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Folder(PathBuf),
    Bucket { bucket: String, prefix: String },
}

impl FromStr for Place {
    type Err = String;

    /// `s3://BUCKET/PREFIX`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not s3://BUCKET or s3://BUCKET/PREFIX");
        let rest = text.strip_prefix("s3://").ok_or_else(wrong)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        let is_lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_clean = |part: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !matches!(part, "" | "." | "..") && part.bytes().all(fits)
        };
        let well_formed = (3..=63).contains(&bucket.len())
            && bucket
                .bytes()
                .all(|byte| is_lower(byte) || b"-.".contains(&byte))
            && prefix.len() <= PREFIX_BYTES_MAX
            && (prefix.is_empty() || prefix.split('/').all(is_clean));
        well_formed
            .then(|| Self::Bucket {
                bucket: bucket.to_owned(),
                prefix: prefix.to_owned(),
            })
            .ok_or_else(wrong)
    }
}

impl Place {
    /// A bucket, or whatever else the text says as a folder.
    pub(super) fn of_region(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            text.parse()
        } else if text.is_empty() {
            Err("templates is s3://BUCKET/PREFIX or the name of a folder".to_owned())
        } else {
            Ok(Self::Folder(text.into()))
        }
    }
}

/// How buckets are spoken to.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    pub endpoint: Option<Url>,
    pub region: String,
    pub path_style: bool,
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<Secret>,
    pub session_token: Option<Secret>,
    pub conditional_put: bool,
}

impl Bucket {
    /// Without a key of its own it has that of the environment, or the machine's role.
    pub(super) fn take_credentials(&mut self, variable: &dyn Fn(&str) -> Option<String>) {
        let given = |name| variable(name).filter(|value| !value.is_empty());
        if self.access_key_id.is_some() || self.secret_access_key.is_some() {
            return;
        }
        if let Some(id) = given("AWS_ACCESS_KEY_ID")
            && let Some(secret) = given("AWS_SECRET_ACCESS_KEY")
        {
            self.access_key_id = Some(id);
            self.secret_access_key = Some(Secret::new(secret));
            self.session_token = given("AWS_SESSION_TOKEN").map(Secret::new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bucket_or_a_folder_and_no_other_scheme() {
        let bucket = |prefix: &str| Place::Bucket {
            bucket: "my-templates".into(),
            prefix: prefix.into(),
        };
        assert_eq!("s3://my-templates".parse(), Ok(bucket("")));
        assert_eq!("s3://my-templates/a/b/".parse(), Ok(bucket("a/b")));
        let folder = Place::Folder("bodies".into());
        assert_eq!(Place::of_region("bodies"), Ok(folder));
        for wrong in [
            "s3://",
            "s3://x",
            "s3://My-Bucket",
            "s3://my-templates/../x",
            "s3://my-templates//x",
            "s3://my-templates/a b",
            "gs://my-templates",
            "my-templates",
            "",
        ] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
        assert!(Place::of_region("gs://my-templates").is_err());
    }
}
