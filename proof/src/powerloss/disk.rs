//! A disk as strictly as POSIX has it: bytes are safe once their file was synced, names once their
//! folder was, and nothing else is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::trace::Event;
use crate::chance::Chance;

/// What a disk writes in one piece, in bytes.
const SECTOR: usize = 512;

/// What of the unsynced a power loss leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    All,
    Some,
    /// All, but the last write only in part.
    Torn,
}

pub(super) const LEFT: [Left; 4] = [Left::Nothing, Left::All, Left::Some, Left::Torn];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

/// A name that changed in a folder since it was synced: what is under it, if anything.
type Renamed = (PathBuf, Option<Node>);

#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, data: Vec<u8> },
    Truncate(usize),
}

#[derive(Debug, Default)]
struct File {
    safe: Vec<u8>,
    unsafe_changes: Vec<Change>,
}

#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    files: Vec<File>,
    names: BTreeMap<PathBuf, Node>,
    safe_names: BTreeMap<PathBuf, Node>,
    /// By folder.
    unsafe_names: BTreeMap<PathBuf, Vec<Vec<Renamed>>>,
    /// The file that was written to last.
    last: Option<usize>,
}

impl Disk {
    pub(super) fn new(root: &Path) -> Self {
        let names = BTreeMap::from([(root.to_owned(), Node::Folder)]);
        Self {
            root: root.to_owned(),
            files: Vec::new(),
            safe_names: names.clone(),
            names,
            unsafe_names: BTreeMap::new(),
            last: None,
        }
    }

    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Open(path) => {
                if !self.names.contains_key(path) {
                    self.files.push(File::default());
                    let node = Node::File(self.files.len() - 1);
                    self.rename(vec![(path.clone(), Some(node))]);
                }
            }
            Event::MakeFolder(path) => self.rename(vec![(path.clone(), Some(Node::Folder))]),
            Event::Remove(path) => self.rename(vec![(path.clone(), None)]),
            Event::Rename { from, to } => {
                let node = self.names.get(from).copied();
                self.rename(vec![(to.clone(), node), (from.clone(), None)]);
            }
            Event::Write { path, at, data } => {
                let (at, data) = (*at, data.clone());
                self.change(path, Change::Write { at, data });
            }
            Event::Truncate { path, bytes } => self.change(path, Change::Truncate(*bytes)),
            Event::Sync(path) => self.sync(path),
            Event::Told(_) => (),
        }
    }

    fn rename(&mut self, changes: Vec<Renamed>) {
        for (path, node) in &changes {
            put(&mut self.names, path, *node);
        }
        let folder = changes[0].0.parent().unwrap_or(&self.root).to_owned();
        self.unsafe_names.entry(folder).or_default().push(changes);
    }

    fn change(&mut self, path: &Path, change: Change) {
        if let Some(Node::File(file)) = self.names.get(path) {
            self.files[*file].unsafe_changes.push(change);
            self.last = Some(*file);
        }
    }

    fn sync(&mut self, path: &Path) {
        match self.names.get(path) {
            Some(Node::File(file)) => {
                let file = &mut self.files[*file];
                for change in file.unsafe_changes.drain(..) {
                    make(&mut file.safe, &change);
                }
            }
            Some(Node::Folder) => {
                for (path, node) in self.unsafe_names.remove(path).unwrap_or_default().concat() {
                    put(&mut self.safe_names, &path, node);
                }
            }
            None => (),
        }
    }

    /// Writes what a power loss at this instant leaves into a folder, in place of what is there.
    pub(super) fn lose_power(
        &self,
        left: Left,
        chance: &mut Chance,
        into: &Path,
    ) -> std::io::Result<()> {
        let mut names = self.safe_names.clone();
        for change in self.unsafe_names.values().flatten() {
            let is_there = match left {
                Left::Nothing => false,
                Left::All | Left::Torn => true,
                Left::Some => chance.one_in(2),
            };
            // A rename is there or not, never by half.
            for (path, node) in change.iter().filter(|_| is_there) {
                put(&mut names, path, *node);
            }
        }
        fs::remove_dir_all(into).or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        // Sorted, so folders come before what is in them; what lies in a lost folder is lost.
        for (path, node) in &names {
            let target = into.join(path.strip_prefix(&self.root).unwrap_or(path));
            match node {
                Node::Folder if target.parent().is_some_and(Path::is_dir) => {
                    fs::create_dir(&target)?;
                }
                Node::File(file) if target.parent().is_some_and(Path::is_dir) => {
                    fs::write(&target, self.content(*file, left, chance))?;
                }
                Node::Folder | Node::File(_) => (),
            }
        }
        Ok(())
    }

    fn content(&self, number: usize, left: Left, dice: &mut Chance) -> Vec<u8> {
        let file = &self.files[number];
        let mut content = file.safe.clone();
        let last = file.unsafe_changes.len().wrapping_sub(1);
        for (order, change) in file.unsafe_changes.iter().enumerate() {
            let is_last = order == last && self.last == Some(number);
            match (left, change) {
                (Left::Torn, Change::Write { at, data }) if is_last => {
                    let sectors = (data.len() / SECTOR) as u64;
                    let kept = usize::try_from(dice.below(sectors + 1)).unwrap() * SECTOR;
                    let data = data[..kept].to_vec();
                    make(&mut content, &Change::Write { at: *at, data });
                }
                (Left::Some, change) if dice.one_in(2) => make(&mut content, change),
                (Left::Nothing | Left::Some, _) => (),
                (Left::All | Left::Torn, change) => make(&mut content, change),
            }
        }
        content
    }
}

fn put(names: &mut BTreeMap<PathBuf, Node>, path: &Path, node: Option<Node>) {
    match node {
        Some(node) => names.insert(path.to_owned(), node),
        None => names.remove(path),
    };
}

fn make(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, data } => {
            if data.is_empty() {
                return;
            }
            let end = at + data.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*at..end].copy_from_slice(data);
        }
        Change::Truncate(bytes) => content.resize(*bytes, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_synced_is_sure_to_be_left() {
        let root = tempfile::TempDir::new().unwrap();
        let of = |name: &str| root.path().join(name);
        let mut disk = Disk::new(root.path());
        let write = |at, data: &[u8]| Event::Write {
            path: of("a"),
            at,
            data: data.to_vec(),
        };
        let events = [
            Event::Open(of("a")),
            write(0, b"one"),
            Event::Sync(of("a")),
            Event::Sync(root.path().to_owned()),
            write(3, b"two"),
            Event::Open(of("b")),
        ];
        let mut chance = Chance::of(1, 1);
        let into = tempfile::TempDir::new().unwrap();
        let image = into.path().join("image");
        let mut left = |disk: &Disk, left| {
            disk.lose_power(left, &mut chance, &image).unwrap();
            (fs::read(image.join("a")).ok(), image.join("b").exists())
        };
        for event in &events[..3] {
            disk.apply(event);
        }
        assert_eq!(left(&disk, Left::Nothing), (None, false), "no name yet");
        for event in &events[3..] {
            disk.apply(event);
        }
        assert_eq!(left(&disk, Left::Nothing), (Some(b"one".to_vec()), false));
        assert_eq!(left(&disk, Left::All), (Some(b"onetwo".to_vec()), true));
    }
}
