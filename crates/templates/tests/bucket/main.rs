//! A shelf in a bucket, against a small store that follows a script, well and badly.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod stub;

use std::time::Duration;

use bytes::Bytes;
use mimeo_templates::shelf::{Digest, Shelf, ShelfError, Verdict};
use stub::{Fault, Stub};

const BODY: Bytes = Bytes::from_static(b"Resources: {}\n");

fn is_away(error: &ShelfError) -> bool {
    matches!(error, ShelfError::Away { .. })
}

#[tokio::test]
async fn every_shelf_keeps_the_same_contract() {
    let folder = tempfile::tempdir().unwrap();
    let stub = Stub::start().await;
    let shelves = [
        ("memory", Shelf::memory()),
        ("folder", Shelf::folder(folder.path()).unwrap()),
        ("path style", stub.shelf("", true)),
        ("prefix", stub.shelf("of/prod", true)),
    ];
    for (name, shelf) in shelves {
        let stranger = Digest::of(b"nobody put this");
        assert_eq!(shelf.get(&stranger).await.unwrap(), None, "{name}");
        assert_eq!(shelf.verify(&stranger).await.unwrap(), Verdict::Absent);
        assert!(shelf.read(&stranger).await.unwrap().is_none(), "{name}");
        shelf.remove(&stranger).await.unwrap();
        assert_eq!(shelf.page(None, 10).await.unwrap(), [], "{name}");
        let mut digests = Vec::new();
        for number in 0..5 {
            let body = Bytes::from(format!("Resources: {{}} # {number}"));
            let digest = shelf.put(body.clone()).await.unwrap();
            assert_eq!(shelf.put(body.clone()).await.unwrap(), digest, "{name}");
            assert_eq!(shelf.get(&digest).await.unwrap(), Some(body.clone()));
            let bytes = body.len();
            assert_eq!(
                shelf.verify(&digest).await.unwrap(),
                Verdict::Present { bytes }
            );
            let mut read = shelf.read(&digest).await.unwrap().expect("it is there");
            assert_eq!(read.bytes_said, Some(bytes as u64), "{name}");
            let other = Digest::of(b"other");
            assert_eq!(shelf.put_body(&other, &mut read).await.unwrap(), None);
            let mut read = shelf.read(&digest).await.unwrap().expect("it is there");
            let put = shelf.put_body(&digest, &mut read).await.unwrap();
            assert_eq!(put, Some(digest), "{name}");
            digests.push(digest);
        }
        digests.sort_unstable();
        let mut listed = Vec::new();
        while let page = shelf.page(listed.last(), 2).await.unwrap()
            && !page.is_empty()
        {
            assert!(page.len() <= 2, "{name}");
            listed.extend(page.iter().map(|shelved| shelved.digest));
        }
        assert_eq!(listed, digests, "{name}");
        shelf.remove(&digests[0]).await.unwrap();
        assert_eq!(shelf.verify(&digests[0]).await.unwrap(), Verdict::Absent);
        assert_eq!(shelf.page(None, 10).await.unwrap().len(), 4, "{name}");
    }
}

#[tokio::test]
async fn a_body_that_is_there_is_not_put_again() {
    let stub = Stub::start().await;
    let shelf = stub.shelf("", true);
    for _ in 0..3 {
        shelf.put(BODY).await.unwrap();
    }
    assert_eq!(stub.puts_count(), 1);
}

#[tokio::test]
async fn two_that_put_one_body_at_once_write_it_once() {
    let stub = Stub::start().await;
    let puts = (0..8).map(|_| {
        let shelf = stub.shelf("", true);
        tokio::spawn(async move { shelf.put(BODY).await.unwrap() })
    });
    for put in puts.collect::<Vec<_>>() {
        assert_eq!(put.await.unwrap(), Digest::of(&BODY));
    }
    assert_eq!(stub.kept().len(), 1);
}

#[tokio::test]
async fn a_store_without_conditions_is_found_out_and_used_without() {
    let stub = Stub::start().await;
    stub.knows_no_conditions();
    let shelf = stub.shelf("", true);
    let digest = shelf.put(BODY).await.unwrap();
    assert_eq!(shelf.get(&digest).await.unwrap(), Some(BODY));
    let before = stub.conditions_count();
    shelf.put(Bytes::from_static(b"second")).await.unwrap();
    assert_eq!(stub.conditions_count(), before, "it is not asked again");
}

#[tokio::test]
async fn wrong_bytes_are_corrupt_and_put_anew() {
    let stub = Stub::start().await;
    let shelf = stub.shelf("", true);
    let digest = shelf.put(BODY).await.unwrap();
    for wrong in [
        "other bytes  \n",
        "short",
        "longer than what was put there\n",
        "",
    ] {
        let right = stub.kept();
        stub.change_all(wrong);
        assert_eq!(shelf.verify(&digest).await.unwrap(), Verdict::Corrupt);
        shelf.put(BODY).await.unwrap();
        assert_eq!(shelf.get(&digest).await.unwrap(), Some(BODY), "{wrong:?}");
        stub.change_all(wrong);
        stub.restore(right);
        assert_eq!(shelf.get(&digest).await.unwrap(), Some(BODY), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_not_noticed() {
    let stub = Stub::start().await;
    let shelf = stub.shelf("", true);
    let digest = shelf.put(BODY).await.unwrap();
    for fault in [
        Fault::SlowDown,
        Fault::Internal,
        Fault::Reset,
        Fault::Cut,
        Fault::Slow(Duration::from_millis(20)),
    ] {
        stub.fails_with([fault]);
        assert_eq!(shelf.get(&digest).await.unwrap(), Some(BODY), "{fault:?}");
        stub.fails_with([fault]);
        let other = Bytes::from(format!("Resources: {{}} # {fault:?}"));
        shelf.put(other).await.unwrap();
        stub.fails_with([]);
    }
}

#[tokio::test]
async fn a_fault_that_stays_is_a_store_that_is_away() {
    for fault in [
        Fault::SlowDown,
        Fault::Internal,
        Fault::Reset,
        Fault::Cut,
        Fault::Hang,
        Fault::HangInBody,
    ] {
        let stub = Stub::start().await;
        let shelf = stub.shelf("", true);
        let digest = shelf.put(BODY).await.unwrap();
        stub.fails_with([fault; 100]);
        let error = shelf.get(&digest).await.unwrap_err();
        assert!(is_away(&error), "{fault:?}: {error:?}");
        assert_eq!(error.to_string(), "the template store is away");
        let error = shelf.put(Bytes::from_static(b"new")).await.unwrap_err();
        assert!(is_away(&error), "{fault:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_deletion_that_is_not_allowed_is_told_apart_from_one_of_which_nobody_knows() {
    let stub = Stub::start().await;
    let shelf = stub.shelf("", true);
    let digest = shelf.put(BODY).await.unwrap();
    stub.fails_with([Fault::Forbidden]);
    let error = shelf.remove(&digest).await.unwrap_err();
    assert!(matches!(error, ShelfError::Refused { .. }), "{error:?}");
    for first in [Fault::Reset, Fault::Internal, Fault::Hang] {
        stub.fails_with([first, Fault::Forbidden]);
        let error = shelf.remove(&digest).await.unwrap_err();
        assert!(is_away(&error), "{first:?}: {error:?}");
    }
    stub.fails_with([]);
    assert_eq!(shelf.get(&digest).await.unwrap(), Some(BODY));
    shelf.remove(&digest).await.unwrap();
    assert_eq!(shelf.get(&digest).await.unwrap(), None);
}

#[tokio::test]
async fn a_full_store_is_told_apart() {
    let stub = Stub::start().await;
    let shelf = stub.shelf("", true);
    stub.is_full();
    let error = shelf.put(BODY).await.unwrap_err();
    assert!(matches!(error, ShelfError::Full), "{error:?}");
}

#[tokio::test]
async fn a_store_that_failed_often_is_left_alone_and_then_tried_by_one() {
    let stub = Stub::start().await;
    let shelf = stub.shelf("", true);
    let digest = shelf.put(BODY).await.unwrap();
    stub.fails_with([Fault::Internal; 1_000]);
    for _ in 0..5 {
        shelf.get(&digest).await.unwrap_err();
    }
    let before = stub.asked_count();
    for _ in 0..20 {
        assert!(is_away(&shelf.get(&digest).await.unwrap_err()));
    }
    assert_eq!(stub.asked_count(), before, "it is left alone");
    stub.fails_with([]);
    tokio::time::sleep(stub::REST).await;
    assert_eq!(shelf.get(&digest).await.unwrap(), Some(BODY));
    assert_eq!(shelf.get(&digest).await.unwrap(), Some(BODY));
}

#[tokio::test]
async fn nobody_listening_is_away_too() {
    let stub = Stub::start().await;
    let shelf = stub.shelf("", true);
    stub.stop().await;
    assert!(is_away(&shelf.put(BODY).await.unwrap_err()));
}
