//! The export of audit records: those of all accounts of a store, oldest first, as JSON lines.

use std::io::Write;
use std::path::Path;

use mimeo_domain::Timestamp;
use mimeo_store::{ExportedAudit, Store, StoreError, Tx, Work};

use super::{UpkeepError, at};
use crate::clock;
use crate::config::Config;
use crate::opening;

/// Records that are read at once.
const PAGE: usize = 100;

/// A record may come into the store so much later than its instant: it is kept when its request is
/// done. What a cursor has passed is complete.
const SETTLED_MILLIS: i64 = 5 * 60_000;

/// Which records are exported.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// Not before this instant.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

impl Span {
    /// Reads instants such as `2026-01-15T08:00:00Z`.
    pub fn read(since: Option<&str>, until: Option<&str>) -> Result<Self, UpkeepError> {
        Ok(Self {
            since: since.map(instant).transpose()?,
            until: until.map(instant).transpose()?,
        })
    }
}

/// Writes the records of a span, and says how many.
pub async fn export_audit(
    config: &Config,
    span: Span,
    output: &mut impl Write,
) -> Result<u64, UpkeepError> {
    let store = opening::look(config).await?;
    let exported = export(&store, span, output).await;
    store.close().await;
    exported
}

/// Writes what came since the last time that the file `cursor` says, and has it say where this one
/// ended: five minutes ago, so that no record that is still on its way is missed, and none comes
/// twice.
pub async fn export_audit_from(
    config: &Config,
    cursor: &Path,
    output: &mut impl Write,
) -> Result<u64, UpkeepError> {
    let since = match std::fs::read_to_string(cursor) {
        Ok(text) => Some(instant(text.trim())?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(source) => return Err(at(cursor)(source)),
    };
    let until = clock::now().plus_millis(-SETTLED_MILLIS).whole_second();
    let until = since.map_or(until, |since| since.max(until));
    let span = Span {
        since,
        until: Some(until),
    };
    let exported = export_audit(config, span, output).await?;
    // Written beside it and moved there, so that it is never half a cursor.
    let mut beside = cursor.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, told(until) + "\n").map_err(at(&beside))?;
    std::fs::rename(&beside, cursor).map_err(at(cursor))?;
    Ok(exported)
}

async fn export(store: &Store, span: Span, output: &mut impl Write) -> Result<u64, UpkeepError> {
    let mut page = Page {
        since: span.since.unwrap_or_default(),
        until: span.until.unwrap_or(Timestamp::from_millis(i64::MAX)),
        after: None,
    };
    let mut count = 0;
    loop {
        let mut records = store.scan(page.clone()).await?;
        for record in &records {
            let written = output.write_all(record.body.as_bytes());
            written
                .and_then(|()| output.write_all(b"\n"))
                .map_err(at("standard output"))?;
        }
        count += records.len() as u64;
        let is_last = records.len() < PAGE;
        page.after = records.pop();
        if is_last || page.after.is_none() {
            output.flush().map_err(at("standard output"))?;
            return Ok(count);
        }
    }
}

fn instant(text: &str) -> Result<Timestamp, UpkeepError> {
    let instant: jiff::Timestamp = text
        .parse()
        .map_err(|error| UpkeepError::Other(format!("{text:?} is no instant: {error}")))?;
    Ok(Timestamp::from_millis(instant.as_millisecond()))
}

fn told(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map_or_else(|_| String::new(), |at| at.to_string())
}

#[derive(Clone)]
struct Page {
    since: Timestamp,
    until: Timestamp,
    after: Option<ExportedAudit>,
}

impl Work for Page {
    type Output = Vec<ExportedAudit>;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<Vec<ExportedAudit>, StoreError> {
        tx.export_audit(self.since, self.after.as_ref(), self.until, PAGE)
            .await
    }
}
