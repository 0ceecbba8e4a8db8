//! Bodies that cannot be deleted: they hold up no other, and whoever needs one can have it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use mimeo_service::workflows::Point;
use mimeo_service::workflows::copy::Ending;
use mimeo_templates::shelf::{BucketKeys, BucketRules, Digest, Patience, Shelf, ShelfError};
use mimeo_testkit::World;

use crate::orphans::{condemn, digests, has, own_sweep, shelf, uploads, with_own_shelf};
use crate::slate::assert_clean_slate;
use crate::stage::{Paused, Stage};

/// A bucket whose key may do everything but delete.
struct Bucket {
    address: SocketAddr,
    kept: Kept,
}

/// Bodies by path.
type Kept = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

impl Bucket {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, kept) = (listener.local_addr().unwrap(), Kept::default());
        let shared = Arc::clone(&kept);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = Arc::clone(&shared);
                // A client may hang up as it likes.
                thread::spawn(move || drop(answer(&stream.unwrap(), &kept)));
            }
        });
        Self { address, kept }
    }

    fn shelf(&self) -> Shelf {
        let rules = BucketRules {
            bucket: "templates".into(),
            prefix: String::new(),
            region: "us-east-1".into(),
            endpoint: Some(format!("http://{}", self.address).parse().unwrap()),
            path_style: true,
            keys: Some(BucketKeys {
                access_key_id: "AKIATEST".into(),
                secret_access_key: "secret".into(),
                session_token: None,
            }),
            conditional_put: true,
            patience: Patience::default(),
        };
        Shelf::bucket(&rules).unwrap()
    }

    fn loses_all(&self) {
        self.kept.lock().unwrap().clear();
    }
}

fn answer(mut stream: &TcpStream, kept: &Kept) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let value = name
            .eq_ignore_ascii_case("content-length")
            .then_some(value)?;
        value.parse().ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let key = path
        .trim_start_matches("/templates")
        .trim_start_matches('/');
    let mut kept = kept.lock().unwrap();
    let (status, body) = match (method, kept.get(key)) {
        ("DELETE", _) => (403, b"<Error><Code>AccessDenied</Code></Error>".to_vec()),
        ("PUT", _) => {
            kept.insert(key.to_owned(), body);
            (200, Vec::new())
        }
        ("GET", Some(body)) => (200, body.clone()),
        ("GET", None) if key.starts_with('?') => (200, listed(&kept, key).into_bytes()),
        _ => (404, b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
    };
    write!(
        stream,
        "HTTP/1.1 {status} Told\r\nconnection: close\r\netag: \"x\"\r\n\
         last-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

fn listed(kept: &BTreeMap<String, Vec<u8>>, query: &str) -> String {
    let mut parameters = query.trim_start_matches('?').split('&');
    let after = parameters.find_map(|one| one.strip_prefix("start-after="));
    let after = after.unwrap_or_default().replace("%2F", "/");
    let later = kept.iter().filter(|(key, _)| **key > after);
    let told = later.map(|(key, body)| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>\
             <ETag>\"x\"</ETag><Size>{}</Size></Contents>",
            body.len()
        )
    });
    format!(
        "<ListBucketResult><Name>templates</Name><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys>\
         <IsTruncated>false</IsTruncated>{}</ListBucketResult>",
        told.collect::<String>()
    )
}

#[tokio::test]
async fn a_body_that_cannot_be_read_or_removed_holds_up_no_other() {
    for world in World::on_each_engine().await {
        let stage = Stage::apart(world).await;
        let folder = tempfile::tempdir().unwrap();
        let near = Shelf::folder(folder.path()).unwrap();
        let stage = with_own_shelf(stage, &near);
        let mut orphans = Vec::new();
        for number in 0..3 {
            let body = Bytes::from(format!("orphan {number}"));
            orphans.push(near.put(body).await.unwrap());
        }
        orphans.sort_unstable();
        let own = own_sweep(&stage);
        assert_eq!(own.mark().await.unwrap(), 3);
        let name = orphans[0].to_string();
        let path = folder.path().join(&name[..2]).join(&name);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        near.put(Bytes::from_static(b"a new orphan")).await.unwrap();
        let swept = own.run().await.unwrap();
        assert_eq!((swept.deleted_count, swept.marked_count), (2, 1));
        assert_eq!(swept.left_count, 1);
        let (left, error) = swept.first_left.expect("it is told");
        assert_eq!(left, orphans[0]);
        assert!(matches!(error, ShelfError::Io { .. }), "{error:?}");
        // Nobody knows whether it may go yet, so nobody may name it.
        assert!(
            own.ripe()
                .await
                .unwrap()
                .iter()
                .all(|ripe| ripe.digest != left)
        );
    }
}

#[tokio::test]
async fn a_body_that_the_bucket_lets_nobody_delete_can_be_named() {
    for world in World::on_each_engine().await {
        let stage = Stage::apart(world).await;
        let bucket = Bucket::open();
        let near = bucket.shelf();
        let stage = with_own_shelf(stage, &near);
        let bodies = ["Resources: {} # 1", "Resources: {} # 2"].map(Bytes::from);
        for body in &bodies {
            near.put(body.clone()).await.unwrap();
        }
        let own = own_sweep(&stage);
        assert_eq!(own.mark().await.unwrap(), 2);
        let swept = own.run().await;
        for (request, body) in (1..).zip(&bodies) {
            uploads(&stage, body, request).await.unwrap();
            assert!(has(&near, &Digest::of(body)).await);
        }
        let swept = swept.unwrap();
        assert_eq!((swept.deleted_count, swept.left_count), (0, 2));
        let (_, error) = swept.first_left.expect("it is told");
        assert!(matches!(error, ShelfError::Refused { .. }), "{error:?}");
        // Later it is looked again, and now they are named.
        stage.execute("UPDATE body_orphan SET changed = 1").await;
        let swept = own.run().await.unwrap();
        assert_eq!((swept.marked_count, swept.left_count), (0, 0));
    }
}

/// A copy saw its bodies, a node condemned and removed them and died, and the next one, which may delete
/// nothing any more, takes its deletions over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_deletion_gives_nobody_a_body_that_a_dead_node_removed() {
    for world in World::on_each_engine().await {
        let stage = Stage::apart(world).await;
        let far = shelf(&stage);
        let bucket = Bucket::open();
        let near = bucket.shelf();
        let stage = with_own_shelf(stage, &near);
        let bodies = digests(&stage.vpc).await;
        for digest in &bodies {
            let body = far.get(digest).await.unwrap().expect("the hub's");
            near.put(body).await.unwrap();
        }
        let own = own_sweep(&stage);
        own.mark().await.unwrap();
        assert_eq!(condemn(&own).await.len(), bodies.len());
        let token = stage.spoke.copies(&stage.vpc).await;
        let (_, copy) = stage.world.claims().await.expect("it is due");
        let worker = Paused::at(&stage, copy, Point::Land).await;
        bucket.loses_all();
        stage.execute("UPDATE body_orphan SET changed = 1").await;
        let swept = own.delete_ripe().await.unwrap();
        assert_eq!(swept.left_count, bodies.len() as u64);
        let ending = worker.wakes().await;
        assert!(matches!(ending, Ending::Postponed(_)), "{ending:?}");
        assert_eq!(stage.world.settle().await, [Ending::Succeeded]);
        for digest in &bodies {
            assert!(has(&near, digest).await, "it was brought again");
        }
        stage.succeeded(&token).await;
        assert_clean_slate(&stage).await;
    }
}
