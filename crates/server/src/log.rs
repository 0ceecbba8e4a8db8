//! The log: one line a request on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

use crate::config::{Config, LogFormat};

/// Starts the log of this process; a second call changes nothing.
pub fn init(config: &Config) {
    let levels = config.log_level.parse::<Targets>().unwrap_or_default();
    let json = match config.log {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !io::stderr().is_terminal(),
    };
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    let lines = if json {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .boxed()
    } else {
        lines.with_ansi(io::stderr().is_terminal()).boxed()
    };
    // A test may have set one already; its log is then the one.
    let (Ok(()) | Err(_)) = registry().with(lines.with_filter(levels)).try_init();
}
