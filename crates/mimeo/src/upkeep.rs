//! `mimeo check`, `mimeo backup`, `mimeo restore`: what an operator does with a store.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};
use mimeo_server::upkeep::{self, BackedUp, Bodies, Checked, Restored, UpkeepError};
use mimeo_server::{Config, config};

pub(crate) fn check_command() -> Command {
    Command::new("check")
        .about("Checks that a store and its templates hold what they must")
        .args(config::upkeep_flags())
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Prints what was found as JSON"),
        )
}

pub(crate) fn backup_command() -> Command {
    Command::new("backup")
        .about("Saves the catalogue and its templates while the server runs")
        .args(config::upkeep_flags())
        .arg(
            Arg::new("to")
                .long("to")
                .value_name("FOLDER")
                .required(true)
                .help("Where backups are kept: each in a folder of its own, templates each once"),
        )
        .arg(
            Arg::new("without-templates")
                .long("without-templates")
                .action(ArgAction::SetTrue)
                .help("Leaves the templates where they are"),
        )
}

pub(crate) fn restore_command() -> Command {
    Command::new("restore")
        .about("Restores a backup into an empty place")
        .args(config::upkeep_flags())
        .arg(
            Arg::new("from")
                .long("from")
                .value_name("FOLDER")
                .required(true)
                .help("A backup, or a folder of them: then the newest"),
        )
}

pub(crate) fn check(flags: &ArgMatches) -> Result<(), String> {
    let config = read(flags)?;
    let checked = wait(upkeep::check(&config))?;
    if flags.get_flag("json") {
        let text = serde_json::to_string_pretty(&checked).map_err(|error| error.to_string())?;
        print(&(text + "\n"))?;
    } else {
        print(&told(&checked))?;
    }
    sound(&checked)
}

pub(crate) fn backup(flags: &ArgMatches) -> Result<(), String> {
    let config = read(flags)?;
    let bodies = if flags.get_flag("without-templates") {
        Bodies::LeftWhereTheyAre
    } else {
        Bodies::Saved
    };
    let saved = wait(upkeep::backup(
        &config,
        Path::new(text(flags, "to")),
        bodies,
    ))?;
    let BackedUp {
        folder,
        templates_count,
        templates_bytes,
        templates_new,
        checked,
    } = saved;
    print(&format!(
        "Saved to {}: products {}, versions {}, copies {} (under way {}), templates {templates_count} \
         ({templates_bytes} bytes), of these new {templates_new}.\n{}",
        folder.display(),
        checked.products,
        checked.versions,
        checked.copies,
        checked.copies_under_way,
        findings(&checked),
    ))?;
    sound(&checked)
}

pub(crate) fn restore(flags: &ArgMatches) -> Result<(), String> {
    let config = read(flags)?;
    let restored = wait(upkeep::restore(Path::new(text(flags, "from")), &config))?;
    let Restored {
        from,
        taken,
        templates_count,
        has_templates,
        checked,
    } = restored;
    let templates = if has_templates {
        format!("templates {templates_count}")
    } else {
        "no templates, which are expected where they were".to_owned()
    };
    print(&format!(
        "Restored {} of {taken}: {templates}.\n{}",
        from.display(),
        told(&checked)
    ))?;
    sound(&checked)
}

fn read(flags: &ArgMatches) -> Result<Config, String> {
    Config::read(flags).map_err(|error| error.to_string())
}

fn wait<T>(work: impl Future<Output = Result<T, UpkeepError>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no threads can be started: {error}"))?;
    runtime.block_on(work).map_err(|error| error.to_string())
}

fn told(checked: &Checked) -> String {
    format!(
        "Checked products {}, versions {}, copies {} (under way {}, deleted since {}), uploads {}, \
         template bodies {}.\n{}",
        checked.products,
        checked.versions,
        checked.copies,
        checked.copies_under_way,
        checked.copies_deleted_since,
        checked.uploads,
        checked.bodies,
        findings(checked),
    )
}

fn findings(checked: &Checked) -> String {
    if checked.is_sound() {
        return "Nothing is wrong.\n".to_owned();
    }
    let mut text = String::new();
    for finding in &checked.findings {
        let upkeep::Finding {
            rule,
            subject,
            what,
        } = finding;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{rule}: {subject}: {what}");
    }
    text
}

fn sound(checked: &Checked) -> Result<(), String> {
    if checked.is_sound() {
        return Ok(());
    }
    Err(format!("wrong: {}", checked.findings_count))
}

fn print(text: &str) -> Result<(), String> {
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map_err(|error| error.to_string())
}

/// A value that clap demands.
fn text<'a>(flags: &'a ArgMatches, name: &str) -> &'a str {
    flags.get_one::<String>(name).map_or("", String::as_str)
}
