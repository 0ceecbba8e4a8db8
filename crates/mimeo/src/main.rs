//! The one binary: `mimeo serve`, `mimeo demo`, and what else comes.

mod account;
mod audit;
mod demo;
mod upkeep;

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use mimeo_server::{Config, config};

fn main() -> ExitCode {
    let matches = command().get_matches();
    let done = match matches.subcommand() {
        Some(("account", flags)) => account::run(flags),
        Some(("audit", flags)) => audit::run(flags),
        Some(("backup", flags)) => upkeep::backup(flags),
        Some(("check", flags)) => upkeep::check(flags),
        Some(("config", _)) => reference(),
        Some(("demo", flags)) => demo::run(flags),
        Some(("restore", flags)) => upkeep::restore(flags),
        Some(("serve", flags)) => serve(flags),
        // A container that is started without arguments serves.
        _ => serve(&matches),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("mimeo: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Command {
    Command::new("mimeo")
        .about(
            "AWS Service Catalog, served by yourself: copies products across accounts and Regions",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .args_conflicts_with_subcommands(true)
        .args(config::flags())
        .subcommand(
            Command::new("serve")
                .about("Serves the API (also without a command)")
                .args(config::flags()),
        )
        .subcommand(account::command())
        .subcommand(audit::command())
        .subcommand(upkeep::backup_command())
        .subcommand(upkeep::check_command())
        .subcommand(demo::command())
        .subcommand(upkeep::restore_command())
        .subcommand(
            Command::new("config")
                .about("About the configuration")
                .subcommand_required(true)
                .subcommand(Command::new("reference").about("Prints every setting, in Markdown")),
        )
}

fn serve(flags: &ArgMatches) -> Result<(), String> {
    let config = Config::read(flags).map_err(|error| error.to_string())?;
    mimeo_server::init_log(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no threads can be started: {error}"))?;
    runtime
        .block_on(mimeo_server::serve(config))
        .map_err(|error| error.to_string())
}

fn reference() -> Result<(), String> {
    use std::io::Write;
    std::io::stdout()
        .write_all(config::reference().as_bytes())
        .map_err(|error| error.to_string())
}
