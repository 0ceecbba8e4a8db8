//! The fields of one TOML table, taken out one by one; what is left nobody knows.

use std::path::Path;

use toml::{Table, Value};

/// A table on its way to becoming a value, and where problems with it are told.
pub(super) struct Fields<'a> {
    pub table: Table,
    pub place: String,
    pub problems: &'a mut Vec<String>,
}

impl Fields<'_> {
    pub(super) fn problem(&mut self, problem: &str) {
        self.problems.push(format!("{}: {problem}", self.place));
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        if let Value::String(text) = self.table.remove(name)? {
            return Some(text);
        }
        self.problem(&format!("{name} is a text in quotes"));
        None
    }

    pub(super) fn needed(&mut self, name: &str) -> Option<String> {
        if !self.table.contains_key(name) {
            self.problem(&format!("it has no {name}"));
        }
        self.text(name)
    }

    /// A list of texts; empty where there is none.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(value) = self.table.remove(name) else {
            return Vec::new();
        };
        let texts = match &value {
            Value::Array(items) => items.iter().map(Value::as_str).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        let Some(texts) = texts else {
            self.problem(&format!("{name} is a list of texts in quotes"));
            return Vec::new();
        };
        texts.into_iter().map(str::to_owned).collect()
    }

    /// A text that stands here or in a file: either, and not both.
    pub(super) fn here_or_in_file(
        &mut self,
        here: &str,
        in_file: &str,
        bytes_max: u64,
    ) -> Option<String> {
        let given = (self.text(here), self.text(in_file));
        let path = match given {
            (Some(text), None) => return Some(text),
            (None, Some(path)) => path,
            (Some(_), Some(_)) | (None, None) => {
                self.problem(&format!("it needs either {here} or {in_file}"));
                return None;
            }
        };
        match read(Path::new(&path), bytes_max) {
            Ok(text) => Some(text),
            Err(problem) => {
                self.problem(&format!("{path}: {problem}"));
                None
            }
        }
    }

    /// The tables of `[[PREFIX.NAME]]` within this one, each as fields of its own.
    pub(super) fn each<T>(
        &mut self,
        prefix: &str,
        name: &str,
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.table.remove(name) else {
            return Vec::new();
        };
        let tables = tables(value, &format!("{prefix}.{name}"), self.problems);
        let mut all = Vec::new();
        for (at, table) in tables.into_iter().enumerate() {
            let place = format!("{}, {name} {}", self.place, at + 1);
            let problems = &mut *self.problems;
            all.extend(read(&mut Fields {
                table,
                place,
                problems,
            }));
        }
        all
    }

    pub(super) fn finish(&mut self) {
        for name in std::mem::take(&mut self.table)
            .into_iter()
            .map(|(name, _)| name)
        {
            self.problem(&format!("there is no key `{name}`"));
        }
    }
}

/// The tables of an array of tables.
pub(super) fn tables(value: Value, name: &str, problems: &mut Vec<String>) -> Vec<Table> {
    let Value::Array(items) = value else {
        problems.push(format!("{name} is written [[{name}]]"));
        return Vec::new();
    };
    let as_table = |item| match item {
        Value::Table(table) => Some(table),
        _ => None,
    };
    items.into_iter().filter_map(as_table).collect()
}

fn read(path: &Path, bytes_max: u64) -> Result<String, String> {
    let told = |error: std::io::Error| error.to_string();
    if std::fs::metadata(path).map_err(told)?.len() > bytes_max {
        return Err(format!("longer than {bytes_max} bytes"));
    }
    std::fs::read_to_string(path).map_err(told)
}
