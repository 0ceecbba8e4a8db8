//! `mimeo account …`: who may call, described in the store.

use std::io::Write;

use clap::{Arg, ArgMatches, Command};
use mimeo_server::accounts::{AccountsError, Registry};
use mimeo_server::{Config, config};

pub(crate) fn command() -> Command {
    let globals = config::store_flags()
        .into_iter()
        .map(|flag| flag.global(true));
    let account = || Arg::new("account").value_name("ACCOUNT").required(true);
    let file = |meaning| {
        Arg::new("file")
            .value_name("FILE")
            .required(true)
            .help(meaning)
    };
    Command::new("account")
        .about("Describes in the store who may call")
        .subcommand_required(true)
        .args(globals)
        .subcommand(
            Command::new("set")
                .about("Puts accounts into the store, in place of those of the same ids")
                .arg(file(
                    "TOML with [[account]] and [organization] tables, as in the configuration",
                )),
        )
        .subcommand(Command::new("list").about("Lists the accounts of configuration and store"))
        .subcommand(
            Command::new("show")
                .about("Prints an account of the store, without secrets")
                .arg(account()),
        )
        .subcommand(
            Command::new("remove")
                .about("Removes an account from the store, with its access keys")
                .arg(account()),
        )
        .subcommand(
            Command::new("key")
                .about("Access keys of accounts in the store")
                .subcommand_required(true)
                .subcommand(
                    Command::new("add")
                        .about("Mints an access key and prints it, once")
                        .arg(account())
                        .arg(
                            Arg::new("user")
                                .long("user")
                                .value_name("NAME")
                                .help("Whose key it is; without it, the account's root's"),
                        ),
                )
                .subcommand(
                    Command::new("remove")
                        .about("Removes an access key")
                        .arg(Arg::new("key").value_name("KEY").required(true)),
                ),
        )
        .subcommand(
            Command::new("rekey")
                .about("Seals all secrets in the store with another master key")
                .arg(file("The file of the new master key")),
        )
}

pub(crate) fn run(flags: &ArgMatches) -> Result<(), String> {
    let config = Config::read(flags).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no threads can be started: {error}"))?;
    let told = runtime.block_on(async {
        let registry = Registry::open(config).await?;
        let told = act(&registry, flags).await;
        registry.close().await;
        told
    });
    let told = told.map_err(|error: AccountsError| error.to_string())?;
    std::io::stdout()
        .write_all(told.as_bytes())
        .map_err(|error| error.to_string())
}

/// Does what is asked, and tells what to print.
async fn act(registry: &Registry, flags: &ArgMatches) -> Result<String, AccountsError> {
    match flags.subcommand() {
        Some(("set", flags)) => {
            let ids = registry.set(text(flags, "file")).await?;
            let told = ids
                .iter()
                .map(|id| format!("Account {id} is in the store.\n"));
            Ok(told.collect())
        }
        Some(("show", flags)) => registry.show(text(flags, "account")).await,
        Some(("remove", flags)) => {
            let id = text(flags, "account");
            registry.remove(id).await?;
            Ok(format!("Account {id} is removed, with its access keys.\n"))
        }
        Some(("key", flags)) => act_on_key(registry, flags).await,
        Some(("rekey", flags)) => {
            let count = registry.rekey(text(flags, "file")).await?;
            Ok(format!(
                "Secrets sealed with the new master key: {count}. Name it in the configuration of \
                 every server, and restart them.\n"
            ))
        }
        // `list`: clap lets no other through.
        _ => list(registry).await,
    }
}

async fn act_on_key(registry: &Registry, flags: &ArgMatches) -> Result<String, AccountsError> {
    if let Some(("add", flags)) = flags.subcommand() {
        let user = flags.get_one::<String>("user");
        let account = text(flags, "account");
        let key = registry.add_key(account, user.map(String::as_str)).await?;
        return Ok(format!(
            "AccessKeyId: {}\nSecretAccessKey: {}\nThe secret is not shown again.\n",
            key.id,
            key.secret()
        ));
    }
    // `remove`: clap lets no other through.
    let flags = flags.subcommand().map_or(flags, |(_, flags)| flags);
    let id = text(flags, "key");
    registry.remove_key(id).await?;
    Ok(format!("Access key {id} is removed.\n"))
}

async fn list(registry: &Registry) -> Result<String, AccountsError> {
    let listed = registry.list().await?;
    let line = |account: &mimeo_server::accounts::Listed| {
        let (id, place, keys) = (&account.id, account.place, account.keys_count);
        let line = format!("{id}  {place:<13}  keys {keys:<4}  {}", account.name);
        line.trim_end().to_owned() + "\n"
    };
    Ok(listed.iter().map(line).collect())
}

/// A value that clap demands.
fn text<'a>(flags: &'a ArgMatches, name: &str) -> &'a str {
    flags.get_one::<String>(name).map_or("", String::as_str)
}
