//! How the text of a setting becomes a value.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::{Data, LogFormat};

/// What was answered about a copy holds at least for so long.
const RETENTION_DAYS_MIN: u32 = 30;

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" | "" => Ok(false),
        other => Err(format!("{other:?} is neither \"on\" nor \"off\"")),
    }
}

/// A number of something; none of them makes sense at 0.
pub(super) fn count<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    text.parse()
        .ok()
        .filter(|number| *number >= T::from(1))
        .ok_or_else(|| format!("{text:?} is not a number from 1 on"))
}

/// A number of something, of which there may be none.
pub(super) fn count_or_none(text: &str) -> Result<usize, String> {
    text.parse::<u16>()
        .map(usize::from)
        .map_err(|_| format!("{text:?} is not a number"))
}

/// Days from 30 on; 0 is for ever.
pub(super) fn retention_days(text: &str) -> Result<Option<u32>, String> {
    match text.parse() {
        Ok(0) => Ok(None),
        Ok(days) if days >= RETENTION_DAYS_MIN => Ok(Some(days)),
        _ => Err(format!(
            "{text:?} is neither 0 nor a number from {RETENTION_DAYS_MIN} on"
        )),
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    count::<u16>(text).map(|number| Duration::from_secs(number.into()))
}

pub(super) fn hours(text: &str) -> Result<Duration, String> {
    count::<u16>(text).map(|number| Duration::from_secs(u64::from(number) * 3600))
}

pub(super) fn millis(text: &str) -> Result<Duration, String> {
    count::<u16>(text).map(|number| Duration::from_millis(number.into()))
}

/// Texts separated by commas.
pub(super) fn list<T: FromStr<Err: ToString>, C: FromIterator<T>>(text: &str) -> Result<C, String> {
    let items = text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    items
        .map(|item| item.parse().map_err(|error: T::Err| error.to_string()))
        .collect()
}

pub(super) fn maybe<T>(
    text: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    if text.is_empty() {
        Ok(None)
    } else {
        read(text).map(Some)
    }
}

pub(super) fn data(text: &str) -> Result<Data, String> {
    match text {
        "" => Err("the name of a folder, :memory: or postgres://… is needed".to_owned()),
        ":memory:" => Ok(Data::Memory),
        url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(Data::Postgres(url.to_owned()))
        }
        // A mistyped scheme must not become a folder of that name.
        url if url.contains("://") => {
            Err("data is the name of a folder, :memory: or postgres://…".to_owned())
        }
        folder => Ok(Data::Folder(PathBuf::from(folder))),
    }
}

pub(super) fn listen(text: &str) -> Result<String, String> {
    let has_port = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if has_port {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is not host:port, such as 127.0.0.1:4566"))
    }
}

pub(super) fn log(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("{other:?} is not one of auto, text, json")),
    }
}

pub(super) fn log_level(text: &str) -> Result<String, String> {
    let well_formed = text.parse::<tracing_subscriber::filter::Targets>().is_ok();
    if well_formed && !text.is_empty() {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text:?} is not a level such as info, warn or debug"
        ))
    }
}
