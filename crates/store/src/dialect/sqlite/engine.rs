//! A SQLite database at work: writes go to the writer's queue, point reads run inline, scans on a small pool.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use rusqlite::Connection;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::job::{Job, job};
use super::lock::Lock;
use super::open;
use super::writer::{self, Counts, Task, Writer};
use crate::dialect::guard;
use crate::error::{OpenError, StoreError};
use crate::{Gauges, Options, Work};

/// Threads that run scans.
const SCAN_THREADS: usize = 2;

/// Scans that may wait for one of them.
const SCAN_QUEUE_MAX: usize = 256;

thread_local! {
    /// This thread's read connections, by store. The weak end tells which stores are gone.
    static READERS: RefCell<HashMap<u64, (Weak<()>, Connection)>> = RefCell::new(HashMap::new());
}

pub(crate) struct Sqlite {
    id: u64,
    alive: Arc<()>,
    closed: AtomicBool,
    tasks: mpsc::Sender<Task>,
    counts: Arc<Counts>,
    file: Option<Readable>,
}

/// What only a database in a file has.
struct Readable {
    path: PathBuf,
    /// `None` for whoever only looks.
    lock: Option<Arc<Lock>>,
    scans: mpsc::Sender<Box<dyn Job>>,
}

impl Sqlite {
    pub(crate) fn open(path: Option<&Path>, options: &Options) -> Result<Sqlite, OpenError> {
        let lock = path
            .map(|path| Lock::take(path, &options.label))
            .transpose()?
            .map(Arc::new);
        let connection = open::writer(path, options.page_count_max)?;
        Self::start(path, lock, connection, options)
    }

    /// Opens a file that is there to read it, beside whoever owns it: no lock, no writes.
    pub(crate) fn look(path: &Path, options: &Options) -> Result<Sqlite, OpenError> {
        if !path.is_file() {
            return Err(OpenError::File {
                path: path.to_owned(),
                reason: "there is no such file".into(),
            });
        }
        Self::start(Some(path), None, open::reader(path)?, options)
    }

    fn start(
        path: Option<&Path>,
        lock: Option<Arc<Lock>>,
        connection: Connection,
        options: &Options,
    ) -> Result<Sqlite, OpenError> {
        static STORES: AtomicU64 = AtomicU64::new(0);
        let (tasks, waiting) = mpsc::channel(options.write_queue_max.max(1));
        let counts = Arc::new(Counts::default());
        let writer = Writer {
            connection,
            tasks: waiting,
            counts: Arc::clone(&counts),
            lock: lock.clone(),
            batch_max: options.write_batch_max.max(1),
        };
        spawn("mimeo-writer", move || writer.work())?;
        let file = match path {
            Some(path) => Some(Readable {
                path: path.to_owned(),
                lock,
                scans: scanners(path)?,
            }),
            None => None,
        };
        let id = STORES.fetch_add(1, Ordering::Relaxed);
        Ok(Sqlite {
            id,
            alive: Arc::new(()),
            closed: AtomicBool::new(false),
            tasks,
            counts,
            file,
        })
    }

    pub(crate) async fn write<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        let (job, answer) = job(work);
        enqueue(&self.tasks, Task::Write(job))?;
        received(answer.await)
    }

    pub(crate) async fn read<W: Work>(&self, mut work: W) -> Result<W::Output, W::Error> {
        if let Some(file) = &self.file {
            return self.read_inline(&file.path, &mut work);
        }
        let (job, answer) = job(work);
        enqueue(&self.tasks, Task::Read(job))?;
        received(answer.await)
    }

    pub(crate) async fn scan<W: Work>(&self, work: W) -> Result<W::Output, W::Error> {
        let (job, answer) = job(work);
        match &self.file {
            Some(_) if self.is_closed() => Err(StoreError::Unavailable)?,
            Some(file) => enqueue(&file.scans, job)?,
            None => enqueue(&self.tasks, Task::Read(job))?,
        }
        received(answer.await)
    }

    pub(crate) fn announce(&self, label: &str) {
        let lock = self.file.as_ref().and_then(|file| file.lock.as_ref());
        if let Some(Err(error)) = lock.map(|lock| lock.announce(label)) {
            tracing::warn!(%error, "the lock file cannot say who holds it");
        }
    }

    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let (caller, closed) = oneshot::channel();
        // An error means that somebody else has closed it before.
        if self.tasks.send(Task::Close(caller)).await.is_ok() {
            drop(closed.await);
        }
    }

    pub(crate) fn gauges(&self) -> Gauges {
        let scans = self.file.as_ref().map(|file| &file.scans);
        Gauges {
            write_queue: self.tasks.max_capacity() - self.tasks.capacity(),
            write_queue_max: self.tasks.max_capacity(),
            scan_queue: scans.map_or(0, |scans| scans.max_capacity() - scans.capacity()),
            batches: self.counts.batches.load(Ordering::Relaxed),
            batched_writes: self.counts.jobs.load(Ordering::Relaxed),
            largest_batch: self.counts.largest_batch.load(Ordering::Relaxed),
            ..Gauges::default()
        }
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Reads on the calling thread: a point read costs less than handing it to another one.
    fn read_inline<W: Work>(&self, path: &Path, work: &mut W) -> Result<W::Output, W::Error> {
        if self.is_closed() {
            return Err(StoreError::Unavailable.into());
        }
        // Taken out of the map, so that a read inside a read opens a connection of its own.
        let kept = READERS.with_borrow_mut(|readers| readers.remove(&self.id));
        let mut connection = match kept {
            Some((_, connection)) => connection,
            None => reader(path)?,
        };
        let result = writer::snapshot(&mut connection, |tx| guard::run_at_once(work, tx))?;
        READERS.with_borrow_mut(|readers| {
            readers.insert(self.id, (Arc::downgrade(&self.alive), connection));
        });
        result
    }
}

fn reader(path: &Path) -> Result<Connection, StoreError> {
    READERS.with_borrow_mut(|readers| readers.retain(|_, (alive, _)| alive.strong_count() > 0));
    open::reader(path).map_err(|error| StoreError::Broken(error.to_string()))
}

fn enqueue<T>(queue: &mpsc::Sender<T>, item: T) -> Result<(), StoreError> {
    queue.try_send(item).map_err(|error| match error {
        TrySendError::Full(_) => StoreError::Overloaded,
        TrySendError::Closed(_) => StoreError::Unavailable,
    })
}

fn received<T, E: From<StoreError>>(
    answer: Result<Result<T, E>, oneshot::error::RecvError>,
) -> Result<T, E> {
    // A job that vanished without an answer may have been committed.
    answer.unwrap_or_else(|_| Err(StoreError::Unknown.into()))
}

fn scanners(path: &Path) -> Result<mpsc::Sender<Box<dyn Job>>, OpenError> {
    let (scans, waiting) = mpsc::channel(SCAN_QUEUE_MAX);
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..SCAN_THREADS {
        let (path, waiting) = (path.to_owned(), Arc::clone(&waiting));
        spawn("mimeo-scanner", move || scan_all(&path, &waiting))?;
    }
    Ok(scans)
}

fn scan_all(path: &Path, waiting: &Mutex<mpsc::Receiver<Box<dyn Job>>>) {
    let mut kept = None;
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(job) = next else { return };
        let opened = match kept.take() {
            Some(connection) => Ok(connection),
            None => reader(path),
        };
        match opened {
            Ok(mut connection) => {
                writer::read(&mut connection, job);
                kept = Some(connection).filter(Connection::is_autocommit);
            }
            Err(error) => job.answer(Err(error)),
        }
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(body);
    spawned
        .map(drop)
        .map_err(|error| StoreError::Broken(format!("no thread for {name}: {error}")).into())
}
