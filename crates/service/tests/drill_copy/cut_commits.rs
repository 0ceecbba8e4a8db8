//! The connection to PostgreSQL is cut at COMMIT, before the database hears of it or before it is
//! heard: what happened is found by its token, what did not is refused with an error to retry. A
//! read has nothing to be unsure of.

use std::path::Path;
use std::sync::{Arc, Mutex};

use mimeo_store::testing::postgres_url;
use mimeo_store::{Location, MIGRATIONS, Options, Store};
use mimeo_testkit::World;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

const CUTS: usize = 40;
const SOCKET: &str = ".s.PGSQL.5432";

/// What becomes of the next COMMIT of a transaction that may write, or of one that may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The database never hears of it.
    Lost,
    /// It is done, and nobody hears of that.
    Unheard,
    /// The database never hears that a read is over.
    LostRead,
}

type Next = Arc<Mutex<Option<Cut>>>;

#[tokio::test]
async fn a_commit_that_is_cut_off_is_settled_by_its_token() {
    let Some(url) = postgres_url(MIGRATIONS).await else {
        return;
    };
    // A server that somebody else runs may be elsewhere than behind a socket in a folder.
    let Some((before, folder)) = url.split_once("host=/") else {
        return;
    };
    let ours = tempfile::tempdir().expect("a folder");
    let next = Next::default();
    let listener = UnixListener::bind(ours.path().join(SOCKET)).expect("a socket");
    let far = Path::new("/").join(folder).join(SOCKET);
    tokio::spawn(between(listener, far, Arc::clone(&next)));
    let through = format!("{before}host={}", ours.path().display());
    let store = Store::open(&Location::Postgres(through), Options::default()).await;
    let world = World::on(store.expect("opens"));
    let [hub] = world.accounts(["hub"]);
    let mut settled = 0;
    for number in 0..CUTS {
        let cut = [Cut::Lost, Cut::Unheard][number % 2];
        let input = json!({
            "DisplayName": format!("portfolio {number}"),
            "IdempotencyToken": format!("token-{number}"),
            "ProviderName": "IT",
        });
        *next.lock().expect("no panic") = Some(cut);
        let (status, told) = hub.raw("CreatePortfolio", input.clone()).await;
        assert_eq!(*next.lock().expect("no panic"), None, "{status} {told}");
        match cut {
            Cut::Lost => assert_eq!(
                (status, &told["__type"]),
                (503, &json!("ServiceUnavailableException")),
                "{told}"
            ),
            Cut::Unheard | Cut::LostRead => {
                assert_eq!(status, 200, "found by its token: {told}");
                settled += 1;
            }
        }
        let again = hub.does("CreatePortfolio", input).await;
        if cut == Cut::Unheard {
            assert_eq!(again, told, "the same answer as then");
        }
    }
    assert_eq!(settled, CUTS / 2);
    *next.lock().expect("no panic") = Some(Cut::LostRead);
    let listed = hub.does("ListPortfolios", json!({"PageSize": 20})).await;
    assert!(listed["NextPageToken"].is_string(), "{listed}");
    assert_eq!(*next.lock().expect("no panic"), None, "it was cut");
    let mut names = Vec::new();
    let mut input = json!({"PageSize": 20});
    loop {
        let page = hub.does("ListPortfolios", input).await;
        let details = page["PortfolioDetails"].as_array().expect("a list");
        names.extend(details.iter().map(|one| one["DisplayName"].to_string()));
        match &page["NextPageToken"] {
            serde_json::Value::String(token) => {
                input = json!({"PageSize": 20, "PageToken": token});
            }
            _ => break,
        }
    }
    names.sort();
    let many = names.len();
    names.dedup();
    assert_eq!((many, names.len()), (CUTS, CUTS), "each once");
}

/// Passes everything on, until it is time for a cut.
async fn between(listener: UnixListener, far: std::path::PathBuf, next: Next) {
    while let Ok((near, _)) = listener.accept().await {
        let (far, next) = (far.clone(), Arc::clone(&next));
        tokio::spawn(async move {
            if let Ok(far) = UnixStream::connect(far).await {
                pass_on(near, far, &next).await;
            }
        });
    }
}

async fn pass_on(mut near: UnixStream, mut far: UnixStream, next: &Next) {
    let (mut asked, mut told) = (vec![0; 65_536], vec![0; 65_536]);
    let mut writes = false;
    loop {
        tokio::select! {
            read = near.read(&mut asked) => {
                let Ok(size @ 1..) = read else { return };
                let asked = &asked[..size];
                if holds(asked, b"START TRANSACTION") {
                    writes = holds(asked, b"SERIALIZABLE");
                }
                let commits = holds(asked, b"COMMIT");
                let cut = next.lock().expect("no panic").take_if(|cut| {
                    commits && writes != (*cut == Cut::LostRead)
                });
                if matches!(cut, Some(Cut::Lost | Cut::LostRead)) || far.write_all(asked).await.is_err() {
                    return;
                }
                if cut == Some(Cut::Unheard) {
                    // The database has answered: it is done.
                    let _ = far.read(&mut told).await;
                    return;
                }
            }
            read = far.read(&mut told) => {
                let Ok(size @ 1..) = read else { return };
                if near.write_all(&told[..size]).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
