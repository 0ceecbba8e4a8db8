//! `mimeo audit`: exports who did what, of all accounts, as JSON lines.

use std::io::BufWriter;
use std::path::Path;

use clap::{Arg, ArgMatches, Command};
use mimeo_server::upkeep::{self, Span, UpkeepError};
use mimeo_server::{Config, config};

pub(crate) fn command() -> Command {
    let instant = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("INSTANT").help(help)
    };
    Command::new("audit")
        .about("Prints audit records of all accounts as JSON lines, oldest first, also while the server runs")
        .args(config::upkeep_flags())
        .arg(instant("since", "Not before, such as 2026-01-15T08:00:00Z"))
        .arg(instant("until", "Before"))
        .arg(
            Arg::new("cursor")
                .long("cursor")
                .value_name("FILE")
                .conflicts_with_all(["since", "until"])
                .help("Goes on where the last export with this file ended, up to five minutes ago"),
        )
}

pub(crate) fn run(flags: &ArgMatches) -> Result<(), String> {
    let config = Config::read(flags).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no threads can be started: {error}"))?;
    let text = |name: &str| flags.get_one::<String>(name).map(String::as_str);
    let mut output = BufWriter::new(std::io::stdout().lock());
    let count = runtime.block_on(async {
        if let Some(cursor) = text("cursor") {
            upkeep::export_audit_from(&config, Path::new(cursor), &mut output).await
        } else {
            let span = Span::read(text("since"), text("until"))?;
            upkeep::export_audit(&config, span, &mut output).await
        }
    });
    let count = count.map_err(|error: UpkeepError| error.to_string())?;
    eprintln!("mimeo: audit records: {count}");
    Ok(())
}
