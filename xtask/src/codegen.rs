//! `cargo xtask codegen`: the Rust of `crates/api/src/generated`, from `model/`.

mod emit;
mod names;
mod plan;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::model;

/// A generated file must stay readable, and quick to open.
const FILE_LINES_MAX: usize = 3_000;

/// Writes the generated files and removes those that are no longer generated.
pub(crate) fn run(_arguments: &[String]) -> Result<(), String> {
    let source = crate::root().join("crates/api/src");
    let files = generate()?;
    let folder = source.join("generated");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for stale in committed()?
        .keys()
        .filter(|name| !files.contains_key(*name))
    {
        fs::remove_file(source.join(stale)).map_err(|error| format!("{stale}: {error}"))?;
    }
    for (name, text) in files {
        fs::write(source.join(&name), text).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// Path under `crates/api/src` → text, formatted.
fn generate() -> Result<BTreeMap<String, String>, String> {
    let (model, overlay) = model::read()?;
    let plan = plan::Plan::new(&model, &overlay)?;
    let mut files = BTreeMap::new();
    for (name, text) in emit::files(&plan) {
        let text = rustfmt(&text).map_err(|problem| format!("{name}: {problem}"))?;
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            return Err(format!("{name} has {lines} lines: split its family"));
        }
        files.insert(name, text);
    }
    Ok(files)
}

/// Path under `crates/api/src` → text, as they lie in the tree.
fn committed() -> Result<BTreeMap<String, String>, String> {
    let source = crate::root().join("crates/api/src");
    let mut paths: Vec<PathBuf> = vec![source.join("generated.rs")];
    for entry in fs::read_dir(source.join("generated")).into_iter().flatten() {
        paths.push(entry.map_err(|error| error.to_string())?.path());
    }
    let mut files = BTreeMap::new();
    for path in paths.into_iter().filter(|path| path.exists()) {
        let text = fs::read_to_string(&path);
        let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
        let name = path
            .strip_prefix(&source)
            .map_err(|error| error.to_string())?;
        files.insert(name.display().to_string(), text);
    }
    Ok(files)
}

fn rustfmt(text: &str) -> Result<String, String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=100"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt: {error}"))?;
    let mut input = child.stdin.take().expect("the child was given a pipe");
    input
        .write_all(text.as_bytes())
        .map_err(|error| format!("rustfmt: {error}"))?;
    drop(input);
    let run = child
        .wait_with_output()
        .map_err(|error| format!("rustfmt: {error}"))?;
    if !run.status.success() {
        return Err("rustfmt refused it".to_owned());
    }
    String::from_utf8(run.stdout).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_code_is_what_the_model_generates() {
        let (fresh, committed) = (generate().unwrap(), committed().unwrap());
        let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            names(&fresh),
            names(&committed),
            "run `cargo xtask codegen`"
        );
        for (name, text) in fresh {
            assert!(
                text == committed[&name],
                "{name} is stale: run `cargo xtask codegen`"
            );
        }
    }
}
