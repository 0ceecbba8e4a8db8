//! What happened, line by line: kept only where somebody wants to read it.

use std::sync::Mutex;

use super::clock::BEGIN_MILLIS;
use super::link::lock;

#[derive(Debug, Default)]
pub(super) struct Log {
    lines: Option<Mutex<Vec<String>>>,
}

impl Log {
    /// Keeps every line.
    pub(super) fn kept() -> Self {
        Self {
            lines: Some(Mutex::default()),
        }
    }

    /// `text` is made only if lines are kept.
    pub(super) fn line(&self, now: i64, text: impl FnOnce() -> String) {
        if let Some(lines) = &self.lines {
            let millis = now - BEGIN_MILLIS;
            lock(lines).push(format!("{millis:>8} {}", text()));
        }
    }

    pub(super) fn take(&self) -> Vec<String> {
        self.lines
            .as_ref()
            .map(|lines| std::mem::take(&mut *lock(lines)))
            .unwrap_or_default()
    }
}
