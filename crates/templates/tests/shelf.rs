//! Stories of the shelf, in a folder and in memory.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use mimeo_templates::shelf::{BODY_BYTES_MAX, Digest, Shelf, ShelfError, Verdict};

const BODY: Bytes = Bytes::from_static(b"Resources: {}\n");

fn path_of(root: &Path, digest: &Digest) -> PathBuf {
    root.join(&digest.to_string()[..2]).join(digest.to_string())
}

fn files_under(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for fan in std::fs::read_dir(root).expect("the root is there") {
        let fan = fan.expect("an entry").path();
        for file in std::fs::read_dir(fan).expect("a fan folder") {
            files.push(file.expect("an entry").path());
        }
    }
    files
}

#[tokio::test]
async fn what_is_put_is_what_one_gets() {
    let folder = tempfile::tempdir().unwrap();
    for shelf in [Shelf::memory(), Shelf::folder(folder.path()).unwrap()] {
        let digest = shelf.put(BODY).await.unwrap();
        assert_eq!(digest, Digest::of(&BODY));
        assert_eq!(shelf.clone().get(&digest).await.unwrap(), Some(BODY));
        let verdict = shelf.verify(&digest).await.unwrap();
        assert_eq!(verdict, Verdict::Present { bytes: BODY.len() });

        let stranger = Digest::of(b"something else");
        assert_eq!(shelf.get(&stranger).await.unwrap(), None);
        assert_eq!(shelf.verify(&stranger).await.unwrap(), Verdict::Absent);
    }
}

#[tokio::test]
async fn a_body_outlives_the_shelf_that_put_it() {
    let folder = tempfile::tempdir().unwrap();
    let digest = Shelf::folder(folder.path())
        .unwrap()
        .put(BODY)
        .await
        .unwrap();
    let reopened = Shelf::folder(folder.path()).unwrap();
    assert_eq!(reopened.get(&digest).await.unwrap(), Some(BODY));
}

#[tokio::test]
async fn a_second_put_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::folder(folder.path()).unwrap();
    let digest = shelf.put(BODY).await.unwrap();
    let path = path_of(folder.path(), &digest);
    let before = std::fs::metadata(&path).unwrap();
    assert_eq!(shelf.put(BODY).await.unwrap(), digest);
    let after = std::fs::metadata(&path).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    assert_eq!(files_under(folder.path()), [path]);
}

#[tokio::test]
async fn forty_puts_at_once_leave_one_file_and_no_temporaries() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::folder(folder.path()).unwrap();
    let puts: Vec<_> = (0..40)
        .map(|_| {
            let shelf = shelf.clone();
            tokio::spawn(async move { shelf.put(BODY).await })
        })
        .collect();
    for put in puts {
        assert_eq!(put.await.unwrap().unwrap(), Digest::of(&BODY));
    }
    assert_eq!(
        files_under(folder.path()),
        [path_of(folder.path(), &Digest::of(&BODY))]
    );
}

#[tokio::test]
async fn only_the_owner_can_read_the_shelf() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("deep").join("shelf");
    let digest = Shelf::folder(&root).unwrap().put(BODY).await.unwrap();
    let path = path_of(&root, &digest);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&root), 0o700);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn a_flipped_byte_is_corrupt_and_the_next_put_heals_it() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::folder(folder.path()).unwrap();
    let digest = shelf.put(BODY).await.unwrap();
    let mut bytes = BODY.to_vec();
    bytes[3] ^= 1;
    std::fs::write(path_of(folder.path(), &digest), bytes).unwrap();

    let error = shelf.get(&digest).await.unwrap_err();
    assert!(matches!(error, ShelfError::Corrupt { digest: found } if found == digest));
    assert_eq!(shelf.verify(&digest).await.unwrap(), Verdict::Corrupt);

    shelf.put(BODY).await.unwrap();
    assert_eq!(shelf.get(&digest).await.unwrap(), Some(BODY));
}

#[tokio::test]
async fn only_old_temporaries_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::folder(folder.path()).unwrap();
    let digest = shelf.put(BODY).await.unwrap();
    let fan = path_of(folder.path(), &digest)
        .parent()
        .unwrap()
        .to_path_buf();
    std::fs::write(fan.join("left.1.0.tmp"), "half a bo").unwrap();
    let written = std::fs::metadata(fan.join("left.1.0.tmp"))
        .unwrap()
        .modified()
        .unwrap();
    let hour = Duration::from_hours(1);

    assert_eq!(shelf.sweep_temporaries(written, hour).await.unwrap(), 0);
    assert_eq!(
        shelf
            .sweep_temporaries(written + hour * 2, hour)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        shelf
            .sweep_temporaries(written + hour * 2, hour)
            .await
            .unwrap(),
        0
    );
    assert_eq!(shelf.get(&digest).await.unwrap(), Some(BODY));
    let none = Shelf::memory()
        .sweep_temporaries(SystemTime::UNIX_EPOCH, hour)
        .await
        .unwrap();
    assert_eq!(none, 0);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let body = Bytes::from(vec![0; BODY_BYTES_MAX + 1]);
    let error = Shelf::memory().put(body).await.unwrap_err();
    assert!(matches!(error, ShelfError::TooLarge { bytes } if bytes == BODY_BYTES_MAX + 1));
}

#[tokio::test]
async fn an_error_of_the_file_system_does_not_name_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::folder(folder.path().join("shelf")).unwrap();
    let digest = Digest::of(&BODY);
    let fan = folder.path().join("shelf").join(&digest.to_string()[..2]);
    std::fs::write(&fan, "a file where a folder should be").unwrap();
    let error = shelf.put(BODY).await.unwrap_err();
    assert!(matches!(error, ShelfError::Io { .. }), "{error:?}");
    assert!(!error.to_string().contains("shelf/"), "{error}");
}
