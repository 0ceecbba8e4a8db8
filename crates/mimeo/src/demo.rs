//! `mimeo demo`: an embedded server in a temporary folder, and a client that plays the main job.

use std::error::Error;
use std::io::{IsTerminal, Write};

use clap::{Arg, ArgAction, ArgMatches, Command};
use mimeo_cli::demo::{Afterwards, Progress, play};
use mimeo_server::config::Data;
use mimeo_server::{Config, Server};

pub(crate) fn command() -> Command {
    Command::new("demo")
        .about("Shows the main job on a server of its own, which is gone afterwards")
        .arg(
            Arg::new("keep")
                .long("keep")
                .action(ArgAction::SetTrue)
                .help("Leaves the server running until Ctrl-C"),
        )
}

pub(crate) fn run(flags: &ArgMatches) -> Result<(), String> {
    let afterwards = if flags.get_flag("keep") {
        Afterwards::ServerStays
    } else {
        Afterwards::ServerStops
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no threads can be started: {error}"))?;
    runtime
        .block_on(on_a_server_of_its_own(afterwards))
        .map_err(|error| told(error.as_ref()))
}

async fn on_a_server_of_its_own(afterwards: Afterwards) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let config = Config {
        listen: "127.0.0.1:0".to_owned(),
        data: Data::Folder(folder.path().to_owned()),
        ..Config::default()
    };
    let running = Server::start(config).await?;
    let mut out = std::io::stdout();
    let progress = if out.is_terminal() && std::io::stderr().is_terminal() {
        Progress::Bar
    } else {
        Progress::Lines
    };
    let played = play(&running.url(), &mut out, progress, afterwards).await;
    if played.is_ok() && afterwards == Afterwards::ServerStays {
        writeln!(out, "\nThe server runs until Ctrl-C.")?;
        tokio::signal::ctrl_c().await?;
    }
    running.stop().await;
    played?;
    Ok(())
}

/// An error with what caused it, in one line.
fn told(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
