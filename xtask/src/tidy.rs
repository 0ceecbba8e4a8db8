//! What the tree must look like: small rules over the files that git tracks.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::root;

/// Lines of a handwritten file before its tests.
const LINES_MAX: usize = 400;

/// A file that git tracks.
struct File {
    /// Its path in the repository.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        has_extension(&self.path, "rs")
    }

    fn is_handwritten_rust(&self) -> bool {
        self.is_rust() && !self.path.contains("/generated/")
    }

    fn is_page(&self) -> bool {
        has_extension(&self.path, "md")
    }

    /// The lines before the file's own tests.
    fn lines_before_tests(&self) -> impl Iterator<Item = &str> {
        self.text.lines().take_while(|line| *line != "mod tests {")
    }

    /// Each line that the rule holds for, as a problem.
    fn lines_where(&self, rule: impl Fn(&str) -> bool, problem: &str) -> Vec<String> {
        let lines = self.text.lines().enumerate().filter(|(_, line)| rule(line));
        lines
            .map(|(at, _)| format!("{}:{}: {problem}", self.path, at + 1))
            .collect()
    }
}

fn has_extension(path: &str, wanted: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension == wanted)
}

/// All text files that git tracks and that are there.
fn tracked() -> Vec<File> {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    assert!(listed.status.success(), "git lists the files");
    let paths = String::from_utf8(listed.stdout).expect("paths are text");
    let read = |path: &str| {
        let text = std::fs::read_to_string(root().join(path)).ok()?;
        let path = path.to_owned();
        Some(File { path, text })
    };
    paths
        .split('\0')
        .filter(|path| !path.is_empty())
        .filter_map(read)
        .collect()
}

/// Fails with all problems of all files, a line each.
fn each_file(rule: impl Fn(&File) -> Vec<String>) {
    let problems: Vec<String> = tracked().iter().flat_map(rule).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// Words that this file itself must not hold.
fn words<const COUNT: usize>(halves: [(&str, &str); COUNT]) -> Vec<String> {
    halves
        .iter()
        .map(|(first, second)| format!("{first}{second}"))
        .collect()
}

fn is_short(file: &File) -> Vec<String> {
    let count = file.lines_before_tests().count();
    // A file of tests only is as long as its stories are many.
    let is_limited = file.is_handwritten_rust() && !file.path.contains("/tests/");
    let too_long = is_limited && count > LINES_MAX;
    let problem = || format!("{}: {count} lines before its tests", file.path);
    too_long.then(problem).into_iter().collect()
}

fn says_what_it_is(file: &File) -> Vec<String> {
    let silent = file.is_rust() && !file.text.starts_with("//! ");
    let problem = || format!("{}: the first line is no `//!` title", file.path);
    silent.then(problem).into_iter().collect()
}

fn names_no_driver(file: &File) -> Vec<String> {
    // The benchmarks are not of the house: they measure the drivers themselves as peers.
    let is_bound = file.path.starts_with("crates/") || file.path.starts_with("xtask/");
    if !file.is_rust() || !is_bound || file.path.starts_with("crates/store/src/dialect") {
        return Vec::new();
    }
    let drivers = words([("rusq", "lite"), ("tokio_", "postgres")]);
    let names = |line: &str| drivers.iter().any(|driver| line.contains(driver));
    file.lines_where(names, "only crates/store/src/dialect names a driver")
}

fn leaves_nothing_undone(file: &File) -> Vec<String> {
    let marks = words([("TO", "DO"), ("FIX", "ME"), ("XX", "X")]);
    let is_mark = |word: &str| marks.iter().any(|mark| mark == word);
    let is_undone = |line: &str| line.split(|c: char| !c.is_alphanumeric()).any(is_mark);
    if !file.is_rust() {
        return Vec::new();
    }
    file.lines_where(is_undone, "finish it, or open an issue")
}

fn allows_no_lint(file: &File) -> Vec<String> {
    let attributes = words([("#[al", "low("), ("#![al", "low(")]);
    let allows = |line: &str| attributes.iter().any(|attribute| line.contains(attribute));
    if !file.is_handwritten_rust() {
        return Vec::new();
    }
    file.lines_where(allows, "expect the lint, with its reason")
}

fn names_no_machine(file: &File) -> Vec<String> {
    let paths = words([("/wo", "rk/"), ("/tmp/", "bash_jobs"), ("/ro", "ot/")]);
    // Inside of a URL it is no path of a machine.
    let begins = |line: &str, at: usize| !line[..at].ends_with(char::is_alphanumeric);
    let names = |line: &str| {
        paths.iter().any(|path| {
            line.match_indices(path.as_str())
                .any(|(at, _)| begins(line, at))
        })
    };
    file.lines_where(names, "a path of somebody's machine")
}

fn has_one_title(file: &File) -> Vec<String> {
    if !file.is_page() {
        return Vec::new();
    }
    let mut in_code = false;
    let mut titles = 0;
    for line in file.text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        titles += usize::from(!in_code && line.starts_with("# "));
    }
    let problem = || format!("{}: {titles} titles", file.path);
    (titles != 1).then(problem).into_iter().collect()
}

#[test]
fn no_file_is_longer_than_it_should_be() {
    each_file(is_short);
}

#[test]
fn each_file_says_what_it_is() {
    each_file(says_what_it_is);
}

#[test]
fn only_the_dialect_names_a_driver() {
    each_file(names_no_driver);
}

#[test]
fn nothing_is_left_undone() {
    each_file(leaves_nothing_undone);
}

#[test]
fn no_lint_is_allowed_away() {
    each_file(allows_no_lint);
}

#[test]
fn no_path_of_a_machine_is_named() {
    each_file(names_no_machine);
}

#[test]
fn each_page_has_one_title() {
    each_file(has_one_title);
}

#[test]
fn decisions_are_numbered_without_a_gap() {
    let is_decision = |file: &File| file.path.starts_with("docs/adr/") && file.is_page();
    let mut numbers: Vec<String> = tracked()
        .iter()
        .filter(|file| is_decision(file))
        .map(|file| file.path["docs/adr/".len()..].chars().take(4).collect())
        .collect();
    numbers.sort();
    let wanted: Vec<String> = (1..=numbers.len())
        .map(|number| format!("{number:04}"))
        .collect();
    assert_eq!(numbers, wanted);
}

#[test]
fn each_operation_has_a_file_or_is_still_to_come() {
    const FOLDER: &str = "crates/service/src/operations/";
    let files = tracked();
    let in_families = files.iter().filter_map(|file| {
        let (_, name) = file.path.strip_prefix(FOLDER)?.split_once('/')?;
        Some(name.strip_suffix(".rs")?.rsplit('/').next()?.to_owned())
    });
    let handled: BTreeSet<String> = in_families.collect();
    let pending_path = format!("{FOLDER}pending.rs");
    let pending = files.iter().find(|file| file.path == pending_path);
    let pending = pending_operations(&pending.expect("pending.rs is there").text);

    let of_model: BTreeSet<String> = operations_of_the_model();
    let to_come: BTreeSet<String> = pending.iter().map(|name| snake_case(name)).collect();
    let wanted: BTreeSet<String> = of_model.difference(&to_come).cloned().collect();
    let missing: Vec<_> = wanted.difference(&handled).collect();
    assert!(
        missing.is_empty(),
        "neither handled nor pending: {missing:?}"
    );
    let both: Vec<_> = handled.intersection(&to_come).collect();
    assert!(both.is_empty(), "handled and still pending: {both:?}");
}

/// The names in `pending! { … }`.
fn pending_operations(text: &str) -> BTreeSet<String> {
    let (_, list) = text.split_once("\npending! {").expect("the list is there");
    let (list, _) = list.split_once('}').expect("the list ends");
    let lines = list.lines().map(str::trim);
    let code = lines.filter(|line| !line.starts_with("//"));
    let names = code.flat_map(|line| line.split(',')).map(str::trim);
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn operations_of_the_model() -> BTreeSet<String> {
    let path = root().join("model/servicecatalog.json");
    let text = std::fs::read_to_string(path).expect("the model is there");
    let model: serde_json::Value = serde_json::from_str(&text).expect("the model is JSON");
    let operations = model["operations"]
        .as_object()
        .expect("the model has operations");
    operations.keys().map(|name| snake_case(name)).collect()
}

/// `CopyProduct` is `copy_product`; a run of capitals is one word.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before_small = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        let after_small = at > 0 && letters[at - 1].is_ascii_lowercase();
        if at > 0 && letter.is_ascii_uppercase() && (before_small || after_small) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[test]
fn names_of_operations_become_names_of_files() {
    assert_eq!(snake_case("CopyProduct"), "copy_product");
    assert_eq!(
        snake_case("EnableAWSOrganizationsAccess"),
        "enable_aws_organizations_access"
    );
}
