//! The one description of every setting: name, default, meaning, effect.

use std::time::Duration;

use super::values::{
    count, count_or_none, data, hours, list, listen, log, log_level, maybe, millis, retention_days,
    seconds, switch,
};
use super::{Config, MasterKey, Secret};

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// The TOML key; the variable's name follows from it.
    pub key: &'static str,
    /// The flag without its hyphens, if it has one.
    pub flag: Option<&'static str>,
    /// What stands for the value in the help; empty for a switch.
    pub value: &'static str,
    pub default: &'static str,
    pub meaning: &'static str,
    pub(super) set: fn(&mut Config, &str) -> Result<(), String>,
}

impl Setting {
    /// `MIMEO_` and the key.
    pub fn variable(&self) -> String {
        format!("MIMEO_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }

    pub(super) fn is_switch(&self) -> bool {
        self.value.is_empty()
    }
}

macro_rules! settings {
    ($($key:literal [$($flag:literal)?] $value:literal = $default:literal, $meaning:literal,
        |$config:ident, $text:ident| $set:expr;)*) => {
        /// Every setting but the accounts, in the order of the reference.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            key: $key,
            flag: settings!(@flag $($flag)?),
            value: $value,
            default: $default,
            meaning: $meaning,
            set: |$config, $text| {
                $set;
                Ok(())
            },
        }),*];
    };
    (@flag) => { None };
    (@flag $flag:literal) => { Some($flag) };
}

settings! {
    "listen" ["listen"] "HOST:PORT" = "127.0.0.1:4566",
        "Where to listen; port 0 picks a free one.",
        |config, text| config.listen = listen(text)?;
    "data" ["data"] "PLACE" = "mimeo-data",
        "Where the catalogue is kept: a folder (SQLite), `:memory:`, or `postgres://…`.",
        |config, text| config.data = data(text)?;
    "config" ["config"] "FILE" = "",
        "The TOML file to read; `mimeo.toml` when it is there.",
        |_config, _text| {};
    "allow_open_network" ["allow-open-network"] "" = "off",
        "Lets open mode, in which anybody is any account, listen beyond this machine.",
        |config, text| config.allow_open_network = switch(text)?;
    "hosts" ["hosts"] "NAMES" = "",
        "Further names under which clients may reach open mode (a list).",
        |config, text| config.hosts = list(text)?;
    "regions" ["regions"] "REGIONS" = "",
        "The Regions that exist, in verified mode (a list). Open mode has them all.",
        |config, text| config.regions = list(text)?;
    "seed" ["seed"] "FILE" = "",
        "A YAML document whose catalogue is made at the start, as far as it is not there.",
        |config, text| config.seed = maybe(text, |text| Ok(text.into()))?;
    "drain_seconds" ["drain-seconds"] "SECONDS" = "10",
        "How long requests and copies may go on after SIGTERM.",
        |config, text| config.drain = seconds(text)?;
    "log" ["log"] "FORMAT" = "auto",
        "Form of the log on standard error: `text`, `json`, or `auto` (text on a terminal).",
        |config, text| config.log = log(text)?;
    "log_level" ["log-level"] "LEVEL" = "info",
        "What is logged: `error`, `warn`, `info` (a line a request), `debug`.",
        |config, text| config.log_level = log_level(text)?;

    "identities.key_file" ["identities-key-file"] "FILE" = "",
        "A file with the master key: secrets in the store are sealed with it.",
        |config, text| config.identities.of_file = maybe(text, MasterKey::read)?;
    "identities.key" [] "KEY" = "",
        "The master key itself, instead of a file: 64 hexadecimal digits, or 32 bytes in Base64.",
        |config, text| config.identities.given = maybe(text, MasterKey::parse)?;

    "peers.key_file" ["peers-key-file"] "FILE" = "",
        "A file with the key by which servers that copy from each other act for their callers.",
        |config, text| config.peers.of_file = maybe(text, MasterKey::read)?;
    "peers.key" [] "KEY" = "",
        "That key itself, instead of a file: 64 hexadecimal digits, or 32 bytes in Base64.",
        |config, text| config.peers.given = maybe(text, MasterKey::parse)?;

    "templates.fetch" ["templates-fetch"] "ON|OFF" = "on",
        "Whether LoadTemplateFromURL is fetched. `off` keeps the URL without a body.",
        |config, text| config.templates.fetch = switch(text)?;
    "templates.s3_endpoint" ["templates-s3-endpoint"] "URL" = "",
        "Where URLs in S3's style are read instead of AWS.",
        |config, text| config.templates.s3_endpoint = maybe(text, |text| {
            text.parse().map_err(|error| format!("{text:?}: {error}"))
        })?;
    "templates.folder" ["templates-folder"] "FOLDER" = "",
        "Where template bodies are kept; `templates` in the data folder, or `mimeo-data/templates` beside PostgreSQL.",
        |config, text| config.templates.folder = maybe(text, |text| Ok(text.into()))?;
    "templates.store" ["templates-store"] "URL" = "",
        "A bucket for template bodies in place of a folder: `s3://BUCKET/PREFIX`.",
        |config, text| config.templates.store = maybe(text, str::parse)?;
    "templates.orphan_grace_hours" ["templates-orphan-grace-hours"] "HOURS" = "24",
        "How long a template body that nothing names is kept before it is deleted.",
        |config, text| config.templates.orphan_grace = hours(text)?;
    "templates.allow" ["templates-allow"] "ORIGINS" = "",
        "Hosts with private addresses that may be fetched from, as `host:port` (a list).",
        |config, text| config.templates.allow = list(text)?;
    "templates.plain_http" ["templates-plain-http"] "ON|OFF" = "off",
        "Whether templates may be fetched without TLS; open mode always may.",
        |config, text| config.templates.plain_http = switch(text)?;

    "bucket.endpoint" ["bucket-endpoint"] "URL" = "",
        "Where buckets are; AWS's S3 without it.",
        |config, text| config.bucket.endpoint = maybe(text, |text| {
            text.parse().map_err(|error| format!("{text:?}: {error}"))
        })?;
    "bucket.region" ["bucket-region"] "REGION" = "us-east-1",
        "The Region of the bucket in `templates.store`.",
        |config, text| text.clone_into(&mut config.bucket.region);
    "bucket.path_style" ["bucket-path-style"] "ON|OFF" = "off",
        "Names the bucket in the path and not in the host: most stores but AWS's want it.",
        |config, text| config.bucket.path_style = switch(text)?;
    "bucket.access_key_id" [] "ID" = "",
        "The key to buckets; `AWS_ACCESS_KEY_ID` without it, then the machine's role.",
        |config, text| config.bucket.access_key_id = maybe(text, |text| Ok(text.to_owned()))?;
    "bucket.secret_access_key" [] "KEY" = "",
        "Its secret; `AWS_SECRET_ACCESS_KEY` without it.",
        |config, text| config.bucket.secret_access_key = maybe(text, |text| Ok(Secret::new(text)))?;
    "bucket.session_token" [] "TOKEN" = "",
        "The token of a temporary key; `AWS_SESSION_TOKEN` without it.",
        |config, text| config.bucket.session_token = maybe(text, |text| Ok(Secret::new(text)))?;
    "bucket.conditional_put" ["bucket-conditional-put"] "ON|OFF" = "on",
        "Whether bodies are put with `If-None-Match: *`; a store that does not know it is found out.",
        |config, text| config.bucket.conditional_put = switch(text)?;

    "workers.copies_max" ["workers-copies-max"] "NUMBER" = "4",
        "Copies that this server works on at once; with 0 it leaves them to others.",
        |config, text| config.workers.copies_max = count_or_none(text)?;
    "workers.copies_per_account_max" ["workers-copies-per-account-max"] "NUMBER" = "2",
        "Copies of one account that run at once, over all servers on a store.",
        |config, text| config.workers.copies_per_account_max = count(text)?;

    "audit.enabled" ["audit-enabled"] "ON|OFF" = "on",
        "Whether mutations and denied attempts are recorded; in verified mode they always are.",
        |config, text| config.audit.enabled = switch(text)?;
    "audit.retention_days" ["audit-retention-days"] "DAYS" = "90",
        "How long audit records are kept; 0 keeps them for ever.",
        |config, text| config.audit.retention = match text {
            "0" => None,
            _ => Some(Duration::from_secs(u64::from(count::<u16>(text)?) * 86_400)),
        };

    "copies.retention_days" ["copies-retention-days"] "DAYS" = "90",
        "How long copies and their events are kept after their end: 30 days or more, or 0 for ever.",
        |config, text| config.copies.retention_days = retention_days(text)?;

    "quotas.portfolios" [] "NUMBER" = "100", "Portfolios of an account in a Region.",
        |config, text| config.quotas.portfolios = count(text)?;
    "quotas.products" [] "NUMBER" = "350", "Products of an account in a Region.",
        |config, text| config.quotas.products = count(text)?;
    "quotas.products_per_portfolio" [] "NUMBER" = "150", "Products in a portfolio.",
        |config, text| config.quotas.products_per_portfolio = count(text)?;
    "quotas.artifacts_per_product" [] "NUMBER" = "100", "Versions of a product.",
        |config, text| config.quotas.artifacts_per_product = count(text)?;
    "quotas.shares_per_portfolio" [] "NUMBER" = "5000", "Accounts that a portfolio is shared with.",
        |config, text| config.quotas.shares_per_portfolio = count(text)?;
    "quotas.tags" [] "NUMBER" = "20", "Tags of a product or of a portfolio.",
        |config, text| config.quotas.tags = count(text)?;
    "quotas.principals_per_portfolio" [] "NUMBER" = "100", "Principals of a portfolio, of one account.",
        |config, text| config.quotas.principals_per_portfolio = count(text)?;
    "quotas.principals_per_product" [] "NUMBER" = "200", "Principals of a product over all its portfolios, of one account.",
        |config, text| config.quotas.principals_per_product = count(text)?;
    "quotas.patterns_per_portfolio" [] "NUMBER" = "10", "Principals of a portfolio that are patterns.",
        |config, text| config.quotas.patterns_per_portfolio = count(text)?;
    "quotas.constraints_per_product" [] "NUMBER" = "100", "Constraints of a product in a portfolio.",
        |config, text| config.quotas.constraints_per_product = count(text)?;
    "quotas.tag_options_per_resource" [] "NUMBER" = "25", "TagOptions of a product or of a portfolio.",
        |config, text| config.quotas.tag_options_per_resource = count(text)?;
    "quotas.values_per_tag_option" [] "NUMBER" = "25", "Values that TagOptions of one key have.",
        |config, text| config.quotas.values_per_tag_option = count(text)?;
    "quotas.service_actions" [] "NUMBER" = "200", "Service actions of an account in a Region.",
        |config, text| config.quotas.service_actions = count(text)?;
    "quotas.service_actions_per_artifact" [] "NUMBER" = "25", "Service actions of a version.",
        |config, text| config.quotas.service_actions_per_artifact = count(text)?;
    "quotas.delegated_administrators" [] "NUMBER" = "50", "Delegated administrators of an organization.",
        |config, text| config.quotas.delegated_administrators = count(text)?;
    "quotas.copies_under_way" [] "NUMBER" = "1000", "Copies of an account that wait or run (ours).",
        |config, text| config.quotas.copies_under_way = count(text)?;
    "quotas.uploads" [] "NUMBER" = "1000", "Templates that an account keeps in Mimeo (ours).",
        |config, text| config.quotas.uploads = count(text)?;

    "limits.write_batch_max" [] "NUMBER" = "512",
        "Writes that may share one commit of SQLite; with 1 each has its own.",
        |config, text| config.limits.write_batch_max = count::<u16>(text)?.into();
    "limits.connections_max" [] "NUMBER" = "4096",
        "Open connections; one more is closed at once.",
        |config, text| config.limits.connections_max = count::<u16>(text)?.into();
    "limits.requests_max" [] "NUMBER" = "1024",
        "Requests worked on at once; further ones wait for a turn.",
        |config, text| config.limits.requests_max = count::<u16>(text)?.into();
    "limits.turn_millis" [] "MILLISECONDS" = "500",
        "How long a request waits for its turn before it is throttled.",
        |config, text| config.limits.turn = millis(text)?;
    "limits.body_bytes_max" [] "BYTES" = "1048576",
        "The longest body of a request.",
        |config, text| config.limits.body_bytes_max = count::<u32>(text)? as usize;
    "limits.bodies_bytes_max" [] "BYTES" = "268435456",
        "All bodies in memory together; beyond it requests are throttled.",
        |config, text| config.limits.bodies_bytes_max = count::<u32>(text)? as usize;
    "limits.head_bytes_max" [] "BYTES" = "16384",
        "The longest head of a request; at least 8192.",
        |config, text| config.limits.head_bytes_max = match count::<u16>(text)?.into() {
            bytes if bytes >= 8192 => bytes,
            _ => return Err(format!("{text:?} is less than 8192")),
        };
    "limits.headers_max" [] "NUMBER" = "100",
        "Headers of a request.",
        |config, text| config.limits.headers_max = count::<u16>(text)?.into();
    "limits.head_seconds" [] "SECONDS" = "10",
        "How long a connection may stay without a whole head of a request.",
        |config, text| config.limits.head = seconds(text)?;
    "limits.body_seconds" [] "SECONDS" = "30",
        "How long the body of a request may take.",
        |config, text| config.limits.body = seconds(text)?;
    "limits.request_seconds" [] "SECONDS" = "60",
        "How long an answer may take once the request is read.",
        |config, text| config.limits.request = seconds(text)?;
    "limits.answer_seconds" [] "SECONDS" = "30",
        "How long a client may take to read 64 KiB of an answer before it is cut off; all of it may take a minute.",
        |config, text| config.limits.answer = seconds(text)?;
}
