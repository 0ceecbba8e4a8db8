//! `mimeo demo`, as a user runs it.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::process::Command;

#[test]
fn the_demo_copies_everything_and_finds_it_equal() {
    copies_nine_and_finds_them_equal(&["demo"]);
}

#[test]
fn between_three_servers_too() {
    let shown = copies_nine_and_finds_them_equal(&["demo", "--regions-apart"]);
    let servers = shown
        .lines()
        .filter(|line| line.contains("  http://127.0.0.1:"));
    assert_eq!(servers.count(), 3, "{shown}");
}

fn copies_nine_and_finds_them_equal(arguments: &[&str]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_mimeo"))
        .args(arguments)
        .output()
        .unwrap();
    let shown = String::from_utf8(ran.stdout).unwrap();
    let problems = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{shown}\n{problems}");
    assert_eq!(problems, "");
    assert!(shown.contains("9 copies with 27 versions in "), "{shown}");
    let rows = shown.lines().filter(|line| line.contains("  equal  "));
    assert_eq!(rows.count(), 9, "{shown}");
    shown
}
