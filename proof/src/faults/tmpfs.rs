//! A disk of limited size, in memory.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::setting;

pub(super) struct Tmpfs {
    at: PathBuf,
}

impl Tmpfs {
    /// Mounts one on a folder; `None`, said aloud, where that is not allowed.
    pub(super) fn mount(at: &Path, kib: u64) -> Result<Option<Self>, String> {
        fs::create_dir_all(at).map_err(|error| error.to_string())?;
        let is_root = fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0);
        match mount(&["-t", "tmpfs", "-o", &size(kib), "tmpfs"], at) {
            Ok(()) => Ok(Some(Self { at: at.to_owned() })),
            Err(why) if is_root && setting("CI").as_deref() == Some("true") => Err(why),
            Err(why) => {
                eprintln!("TMPFS MISSING: {why}, so a full disk is not tested");
                Ok(None)
            }
        }
    }

    /// Takes all the room that is left.
    pub(super) fn fill(&self) {
        let filler = self.at.join("filler");
        let mut file = fs::File::create(filler).unwrap();
        let page = [0; 4096];
        while std::io::Write::write_all(&mut file, &page).is_ok() {}
    }

    pub(super) fn grow(&self, kib: u64) {
        mount(&["-o", &format!("remount,{}", size(kib))], &self.at).unwrap();
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let mut umount = Command::new("umount");
        let _ = umount.arg("-l").arg(&self.at).status();
    }
}

fn size(kib: u64) -> String {
    format!("size={kib}k")
}

fn mount(arguments: &[&str], at: &Path) -> Result<(), String> {
    let mut mount = Command::new("mount");
    mount.args(arguments).arg(at).stdin(Stdio::null());
    let told = mount.output().map_err(|error| error.to_string())?;
    if told.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&told.stderr).trim().to_owned())
}
