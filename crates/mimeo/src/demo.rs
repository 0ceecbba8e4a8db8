//! `mimeo demo`: an embedded server in a temporary folder, and a client that plays the main job.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};
use mimeo_cli::demo::{Afterwards, Progress, REGIONS_APART, Servers, play};
use mimeo_server::config::{Apart, Data, Kind, MasterKey, RegionTable};
use mimeo_server::{Config, Running, Server};
use tokio::net::TcpListener;

/// A free port of this machine.
const LISTEN: &str = "127.0.0.1:0";

pub(crate) fn command() -> Command {
    Command::new("demo")
        .about("Shows the main job on a server of its own, which is gone afterwards")
        .arg(
            Arg::new("keep")
                .long("keep")
                .action(ArgAction::SetTrue)
                .help("Leaves the server running until Ctrl-C"),
        )
        .arg(
            Arg::new("regions-apart")
                .long("regions-apart")
                .action(ArgAction::SetTrue)
                .help("Runs a server with a database for each of three Regions, and copies among them"),
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
    let regions_apart = flags.get_flag("regions-apart");
    let playing = async {
        let folder = tempfile::tempdir()?;
        let (servers, running) = if regions_apart {
            apart(folder.path()).await?
        } else {
            one(folder.path()).await?
        };
        show(&servers, running, afterwards).await
    };
    runtime
        .block_on(playing)
        .map_err(|error| told(error.as_ref()))
}

/// One server that has all Regions.
async fn one(folder: &Path) -> Result<(Servers, Vec<Running>), Box<dyn Error>> {
    let running = Server::start(Config {
        listen: LISTEN.to_owned(),
        data: Data::Folder(folder.to_owned()),
        ..Config::default()
    });
    let running = running.await?;
    Ok((Servers::One(running.url()), vec![running]))
}

/// A server for each Region, with a folder of its own; all of them know where the others are.
async fn apart(folder: &Path) -> Result<(Servers, Vec<Running>), Box<dyn Error>> {
    let mut listeners = Vec::new();
    let mut places = Vec::new();
    for region in REGIONS_APART {
        let listener = TcpListener::bind(LISTEN).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        places.push((region, endpoint));
        listeners.push(listener);
    }
    let key = MasterKey::fresh();
    let mut running = Vec::new();
    for ((region, _), listener) in places.iter().zip(listeners) {
        let mut config = Config {
            listen: LISTEN.to_owned(),
            data: Data::Folder(folder.join(region)),
            ..Config::default()
        };
        config.peers.given = Some(key.clone());
        for (other, endpoint) in places.iter().filter(|(other, _)| other != region) {
            config.region_tables.push(RegionTable {
                name: other.parse()?,
                apart: Some(Apart {
                    endpoint: endpoint.parse()?,
                    kind: Kind::Mimeo,
                }),
                templates: None,
                templates_endpoint: None,
            });
        }
        running.push(Server::start_with(config, listener).await?);
    }
    let mut endpoints = running.iter().map(Running::url);
    let endpoints = std::array::from_fn(|_| endpoints.next().unwrap_or_default());
    Ok((Servers::Apart(endpoints), running))
}

async fn show(
    servers: &Servers,
    running: Vec<Running>,
    afterwards: Afterwards,
) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    let progress = if out.is_terminal() && std::io::stderr().is_terminal() {
        Progress::Bar
    } else {
        Progress::Lines
    };
    let played = play(servers, &mut out, progress, afterwards).await;
    if played.is_ok() && afterwards == Afterwards::ServerStays {
        writeln!(out, "\nIt runs until Ctrl-C.")?;
        tokio::signal::ctrl_c().await?;
    }
    for running in running {
        running.stop().await;
    }
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
