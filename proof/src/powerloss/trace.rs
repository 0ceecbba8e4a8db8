//! The recording: what `strace` wrote down, as events on a disk and answers to clients.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The calls that are recorded: whatever changes files, and whatever speaks to clients.
pub(super) const CALLS: &str = "trace=openat,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,\
     rename,renameat,renameat2,unlink,unlinkat,ftruncate,fallocate,mkdir,mkdirat,rmdir,link,linkat,\
     sendto,sendmsg,copy_file_range,sendfile";

#[derive(Debug)]
pub(super) enum Event {
    /// The file is there from now on.
    Open(PathBuf),
    Write {
        path: PathBuf,
        at: usize,
        data: Vec<u8>,
    },
    Truncate {
        path: PathBuf,
        bytes: usize,
    },
    Sync(PathBuf),
    MakeFolder(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove(PathBuf),
    /// A client may know this from now on.
    Told(Told),
}

/// What answers said is there.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub copies: Vec<String>,
    pub products: Vec<String>,
}

/// Reads a recording; only what lies below `root` counts.
pub(super) fn read(text: &str, root: &Path) -> Result<Vec<Event>, String> {
    let mut reader = Reader {
        root: root.to_owned(),
        positions: BTreeMap::new(),
        events: Vec::new(),
    };
    let mut begun: BTreeMap<&str, String> = BTreeMap::new();
    for line in text.lines() {
        let Some((pid, rest)) = line.split_once(' ') else {
            continue;
        };
        let rest = rest.trim_start();
        if let Some(start) = rest.strip_suffix("<unfinished ...>") {
            // A client may have the answer before the call returns.
            if is_answer(start) {
                reader.call(&format!("{start}) = 0"))?;
            } else {
                begun.insert(pid, start.trim_end().to_owned());
            }
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            if let (Some(start), Some((_, end))) = (begun.remove(pid), resumed.split_once('>')) {
                reader.call(&(start + end))?;
            }
        } else if rest.contains('(') {
            reader.call(rest)?;
        }
    }
    Ok(reader.events)
}

/// Whether a call speaks to a socket.
fn is_answer(call: &str) -> bool {
    call.split_once('<')
        .is_some_and(|(_, path)| unhex(path.split('>').next().unwrap_or("")).contains("socket:["))
        && !call.starts_with("openat")
}

struct Reader {
    root: PathBuf,
    /// Where the next plain write goes, by file.
    positions: BTreeMap<PathBuf, usize>,
    events: Vec<Event>,
}

impl Reader {
    fn call(&mut self, call: &str) -> Result<(), String> {
        let Some((name, rest)) = call.split_once('(') else {
            return Ok(());
        };
        let Some((arguments, answer)) = rest.rsplit_once(" = ") else {
            return Ok(());
        };
        if answer.starts_with('-') || answer.starts_with('?') {
            return Ok(());
        }
        if is_answer(call) {
            self.events.extend(told(arguments).map(Event::Told));
            return Ok(());
        }
        let path = match name {
            "openat" => described(answer),
            "fsync" | "fdatasync" | "write" | "pwrite64" | "ftruncate" => described(arguments),
            _ => quoted(arguments).into_iter().next(),
        };
        let path = path.map(|bytes| PathBuf::from(String::from_utf8_lossy(&bytes).into_owned()));
        let Some(path) = path.filter(|path| path.starts_with(&self.root) && is_kept(path)) else {
            return Ok(());
        };
        self.on_file(name, path, arguments)
    }

    fn on_file(&mut self, name: &str, path: PathBuf, arguments: &str) -> Result<(), String> {
        let number = |from_end: usize| {
            let text = arguments
                .trim_end()
                .trim_end_matches(')')
                .rsplit(", ")
                .nth(from_end);
            let number = text.and_then(|text| text.parse::<usize>().ok());
            number.ok_or_else(|| format!("{name}: no number in the recording"))
        };
        let event = match name {
            "openat" => {
                self.positions.insert(path.clone(), 0);
                if arguments.contains("O_TRUNC") {
                    let bytes = 0;
                    self.events.push(Event::Open(path.clone()));
                    Event::Truncate { path, bytes }
                } else if arguments.contains("O_CREAT") {
                    Event::Open(path)
                } else {
                    return Ok(());
                }
            }
            "pwrite64" => Event::Write {
                at: number(0)?,
                data: quoted(arguments).pop().unwrap_or_default(),
                path,
            },
            "write" => {
                let data = quoted(arguments).pop().unwrap_or_default();
                let position = self.positions.entry(path.clone()).or_default();
                let at = *position;
                *position += data.len();
                Event::Write { path, at, data }
            }
            "ftruncate" => Event::Truncate {
                bytes: number(0)?,
                path,
            },
            "fsync" | "fdatasync" => Event::Sync(path),
            "mkdir" => Event::MakeFolder(path),
            "unlink" => Event::Remove(path),
            "rename" => {
                let to = quoted(arguments).pop().unwrap_or_default();
                let to = PathBuf::from(String::from_utf8_lossy(&to).into_owned());
                Event::Rename { from: path, to }
            }
            other => return Err(format!("{other} on {}: not understood", path.display())),
        };
        self.events.push(event);
        Ok(())
    }
}

/// The shared memory of SQLite's readers is made anew by recovery, and a lock dies with its process.
fn is_kept(path: &Path) -> bool {
    let name = path.to_string_lossy();
    !name.ends_with("-shm") && !name.ends_with(".lock")
}

/// The path of the first file descriptor: `12<\x2f…>`.
fn described(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once('<')?;
    Some(unhex(rest.split('>').next()?).into_bytes())
}

/// Each text in quotes, in which every byte is `\xNN`.
fn quoted(text: &str) -> Vec<Vec<u8>> {
    let inside = text.split('"').skip(1).step_by(2);
    inside.map(bytes).collect()
}

fn unhex(text: &str) -> String {
    String::from_utf8_lossy(&bytes(text)).into_owned()
}

fn bytes(text: &str) -> Vec<u8> {
    let pair = |pair: &str| u8::from_str_radix(pair, 16).ok();
    text.split("\\x").skip(1).filter_map(pair).collect()
}

fn told(arguments: &str) -> Option<Told> {
    let answer = quoted(arguments).concat();
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    if !head.starts_with("HTTP/1.1 200") {
        return None;
    }
    let mut told = Told::default();
    note(&serde_json::from_str(body).ok()?, &mut told);
    Some(told)
}

fn note(value: &Value, told: &mut Told) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| note(value, told)),
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            told.copies
                .extend(text("CopyProductToken").map(str::to_owned));
            if text("CopyProductStatus") == Some("SUCCEEDED") {
                told.products
                    .extend(text("TargetProductId").map(str::to_owned));
            }
            let summary = members.get("ProductViewSummary");
            let id = summary.and_then(|summary| summary["ProductId"].as_str());
            told.products.extend(id.map(str::to_owned));
            members.values().for_each(|value| note(value, told));
        }
        _ => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_was_interrupted_in_the_recording_is_one_event() {
        let text = "7 pwrite64(3<\\x2f\\x72\\x2f\\x61>, \"\\x41\\x42\", 2, 512 <unfinished ...>\n\
                    8 fsync(4<\\x2f\\x72>) = 0\n\
                    7 <... pwrite64 resumed>) = 2\n";
        let events = read(text, Path::new("/r")).expect("understood");
        let [Event::Sync(folder), Event::Write { path, at, data }] = &events[..] else {
            panic!("{events:?}");
        };
        assert_eq!(folder, Path::new("/r"));
        assert_eq!((path.as_path(), *at), (Path::new("/r/a"), 512));
        assert_eq!(data, b"AB");
    }
}
