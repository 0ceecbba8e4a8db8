//! What fuzzers ask the parsers of what strangers send, and the corpora that tests replay.
//!
//! A target is a function of bytes that panics where a parser breaks its word. An ordinary test
//! replays each corpus; the campaign `fuzz` lets libFuzzer look for more (see `engine/`).

mod arn;
mod input;
mod policy;
mod signature;
mod template;
mod text;
mod url;
mod world;

use std::path::{Path, PathBuf};

/// One question to a parser.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    /// Panics where the parser breaks its word.
    pub run: fn(&[u8]),
    /// The longest input that the engine tries, in bytes.
    pub bytes_max: usize,
}

/// Every target; its corpus lies under its name.
pub const TARGETS: &[Target] = &[
    of("arn", arn::run, 512),
    of("configuration", mimeo_server::fuzzing::configuration, 8192),
    of("input", input::run, 4096),
    of("page_token", mimeo_service::fuzzing::page_token, 1024),
    of("policy", policy::run, 8192),
    of("session_token", mimeo_server::fuzzing::session_token, 2048),
    of("signature", signature::run, 4096),
    of("sts_form", mimeo_server::fuzzing::sts_form, 4096),
    of("template", template::run, 8192),
    of("url", url::run, 2100),
    of("world", world::run, 8192),
];

const fn of(name: &'static str, run: fn(&[u8]), bytes_max: usize) -> Target {
    Target {
        name,
        run,
        bytes_max,
    }
}

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

impl Target {
    /// The folder of its corpus.
    pub fn corpus(&self) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        folder.join(self.name)
    }

    /// The inputs of its corpus with their names, in the order of those.
    pub fn inputs(&self) -> std::io::Result<Vec<(String, Vec<u8>)>> {
        let mut inputs = Vec::new();
        for entry in std::fs::read_dir(self.corpus())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            inputs.push((name, std::fs::read(entry.path())?));
        }
        inputs.sort();
        Ok(inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that the corpora stay something that a person can look through, in bytes.
    const CORPORA_BYTES_MAX: usize = 1 << 20;

    #[test]
    fn every_input_of_every_corpus_is_judged_without_a_panic() {
        let mut bytes = 0;
        for target in TARGETS {
            let inputs = target.inputs().expect("a corpus");
            assert!(inputs.len() > 3, "{} has next to no corpus", target.name);
            for (name, input) in inputs {
                println!("{}/{name}", target.name);
                bytes += input.len();
                (target.run)(&input);
            }
        }
        assert!(bytes < CORPORA_BYTES_MAX, "{bytes} bytes of corpora");
    }
}
