//! Templates uploaded to Mimeo itself, under URLs that CreateProduct accepts.

use bytes::Bytes;
use mimeo_domain::{AccountId, Caller, Refusal, RegionName, Timestamp};
use mimeo_store::{AuditRecord, AuthScope, Mark, Tally, Tx, Work};
use mimeo_templates::shelf::{Digest, ShelfError};
use serde_json::json;

use crate::audit::{Event, Trail};
use crate::error::{Failure, Stop};
use crate::workflows::orphans::FindMarks;
use crate::world::{Service, UploadReaders, World};

/// The path under which uploads are put and read.
pub const UPLOAD_PATH: &str = "/_mimeo/templates/";

/// How records name an upload.
const PUT_TEMPLATE: Event = Event::ours("PutTemplate");

const NAME_LENGTH_MAX: usize = 128;

/// Where an upload lies: what its URL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedAt {
    pub region: RegionName,
    pub account: AccountId,
    pub name: String,
}

impl UploadedAt {
    /// Reads `http://HOST/_mimeo/templates/REGION/ACCOUNT/NAME`, where HOST is the authority under
    /// which the caller reached this server: other hosts' URLs are fetched like any other.
    pub(crate) fn read(url: &str, host: Option<&str>) -> Option<Self> {
        let rest = url
            .strip_prefix("http://")
            .or_else(|| url.strip_prefix("https://"))?;
        let path = rest.strip_prefix(host?)?;
        Self::of_path(path)
    }

    /// Reads the path of an upload's URL.
    pub fn of_path(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix(UPLOAD_PATH)?.splitn(3, '/');
        let region = parts.next()?.parse().ok()?;
        let account = parts.next()?.parse().ok()?;
        let name = upload_name(parts.next()?).ok()?;
        Some(Self {
            region,
            account,
            name,
        })
    }

    fn url(&self, host: &str) -> String {
        format!(
            "http://{host}{UPLOAD_PATH}{}/{}/{}",
            self.region, self.account, self.name
        )
    }
}

/// A file name and nothing more: no path, no escapes.
fn upload_name(text: &str) -> Result<String, Refusal> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let well_formed = text.len() <= NAME_LENGTH_MAX
        && text.bytes().all(fits)
        && text.starts_with(|first: char| first.is_ascii_alphanumeric());
    well_formed
        .then(|| text.to_owned())
        .ok_or_else(|| Refusal::UploadName(text.to_owned()))
}

impl Service {
    /// Keeps a template under a name of the caller's, replacing an earlier one, and answers its URL.
    pub async fn put_template(
        &self,
        (caller, trail): (&Caller, &Trail<'_>),
        name: &str,
        body: Bytes,
        host: &str,
        now: Timestamp,
    ) -> Result<String, Stop> {
        let at = UploadedAt {
            region: caller.region.clone(),
            account: caller.account.clone(),
            name: upload_name(name)?,
        };
        let (digest, marks) = self::put(&self.world, &caller.region, &body).await?;
        let parameters = json!({"name": at.name, "sha256": digest});
        let head = self
            .world
            .head(caller, trail, now, PUT_TEMPLATE, parameters);
        let url = at.url(host);
        let record = head.map(|head| head.done(json!({"url": url})));
        let put = PutUpload {
            scope: AuthScope::of(caller),
            name: at.name,
            digest,
            shelf: self.world.shelves.name_of(&caller.region).to_owned(),
            marks,
            now,
            uploads_max: self.world.quotas.uploads,
            record,
        };
        self.store(caller)?.write(put).await?;
        Ok(url)
    }

    /// The body of an upload, if the caller may read it.
    pub async fn get_template(
        &self,
        caller: &Caller,
        upload: &UploadedAt,
    ) -> Result<Option<Bytes>, Stop> {
        read(&self.world, caller, upload).await
    }
}

/// Puts a body on the shelf of a Region, and answers its digest and the marks that were on it before.
pub(crate) async fn put(
    world: &World,
    region: &RegionName,
    body: &Bytes,
) -> Result<(String, Vec<Mark>), Stop> {
    let find = FindMarks {
        shelf: world.shelves.name_of(region).to_owned(),
        digests: vec![Digest::of(body).to_string()],
    };
    let marks = match world.directory.store(region) {
        Some(store) => store.read(find).await?,
        None => Vec::new(),
    };
    let digest = world.shelves.of(region).put(body.clone()).await?;
    Ok((digest.to_string(), marks))
}

/// States that this transaction names a body that [`put`] put.
pub(crate) async fn name(
    tx: &mut Tx<'_>,
    shelf: &str,
    digest: &str,
    marks: &[Mark],
) -> Result<(), Stop> {
    if tx.name_bodies(shelf, &[digest], marks).await? {
        return Ok(());
    }
    // It was there, and was deleted before this transaction could name it. The next try puts it.
    Err(ShelfError::Away {
        source: "the body was deleted meanwhile, as nothing named it".into(),
    }
    .into())
}

pub(crate) async fn read(
    world: &World,
    caller: &Caller,
    upload: &UploadedAt,
) -> Result<Option<Bytes>, Stop> {
    let may_read = match world.upload_readers {
        UploadReaders::Everyone => true,
        UploadReaders::Uploader => upload.account == caller.account,
    };
    let Some(store) = world.directory.store(&upload.region).filter(|_| may_read) else {
        return Ok(None);
    };
    let uploader = Caller {
        account: upload.account.clone(),
        region: upload.region.clone(),
        ..caller.clone()
    };
    let find = FindUpload {
        scope: AuthScope::of(&uploader),
        name: upload.name.clone(),
    };
    let Some(digest) = store.read(find).await? else {
        return Ok(None);
    };
    let digest = digest
        .parse()
        .map_err(|_| Failure::Bug("a stored digest is none".into()))?;
    let body = world.shelves.of(&upload.region).get(&digest).await?;
    Ok(Some(body.ok_or_else(|| {
        Failure::Bug(format!("upload {digest} is not on the shelf"))
    })?))
}

struct PutUpload {
    scope: AuthScope,
    name: String,
    digest: String,
    shelf: String,
    marks: Vec<Mark>,
    now: Timestamp,
    uploads_max: u64,
    record: Option<AuditRecord>,
}

impl Work for PutUpload {
    type Output = ();
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Stop> {
        name(tx, &self.shelf, &self.digest, &self.marks).await?;
        if tx.find_upload(&self.scope, &self.name).await?.is_none() {
            let count_after = tx.raise_tally(&self.scope, Tally::Uploads).await?;
            if count_after > self.uploads_max {
                return Err(Refusal::TooManyUploads {
                    uploads_max: self.uploads_max,
                }
                .into());
            }
        }
        tx.put_upload(&self.scope, &self.name, &self.digest, self.now)
            .await?;
        if let Some(record) = &self.record {
            tx.insert_audit(&self.scope, record).await?;
        }
        Ok(())
    }
}

struct FindUpload {
    scope: AuthScope,
    name: String,
}

impl Work for FindUpload {
    type Output = Option<String>;
    type Error = Stop;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Option<String>, Stop> {
        Ok(tx.find_upload(&self.scope, &self.name).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Option<&str> = Some("127.0.0.1:4566");

    #[test]
    fn only_this_servers_urls_are_uploads() {
        let url = "http://127.0.0.1:4566/_mimeo/templates/eu-west-1/111111111111/vpc.yaml";
        let at = UploadedAt::read(url, HOST).expect("an upload");
        assert_eq!(at.url("127.0.0.1:4566"), url);
        assert_eq!(UploadedAt::read(url, Some("mimeo.example")), None);
        assert_eq!(UploadedAt::read(url, None), None);
        for path in [
            "/_mimeo/templates/eu-west-1/111111111111/../x",
            "/_mimeo/templates/eu-west-1/111111111111/",
            "/_mimeo/templates/eu-west-1/1/vpc.yaml",
            "/_mimeo/templates/x/111111111111/vpc.yaml",
            "/other/eu-west-1/111111111111/vpc.yaml",
        ] {
            assert_eq!(UploadedAt::of_path(path), None, "{path}");
        }
    }
}
