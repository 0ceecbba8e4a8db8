//! A connection whose client must take its answers: one that does not read is not waited for.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a client takes at least within its time, in bytes: a byte now and then is not reading.
const TAKEN_BYTES_MIN: usize = 64 << 10;

/// In which a client takes a whole answer: one that reads no faster than it must would otherwise keep a
/// template in memory, and others from theirs, for many minutes. Copying servers wait no longer either.
const ANSWER_MAX: Duration = Duration::from_mins(1);

/// A stream that breaks when nobody takes what is written to it.
pub(super) struct Patient<S> {
    stream: S,
    patience: Duration,
    answer_max: Duration,
    /// Set while something waits to be taken.
    waiting: Option<Waiting>,
    /// When all of it is to be taken; set by the first wait, until the answer is written.
    end: Option<Instant>,
}

struct Waiting {
    until: Pin<Box<Sleep>>,
    taken_bytes: usize,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self {
            stream,
            patience,
            answer_max: ANSWER_MAX,
            waiting: None,
            end: None,
        }
    }

    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        wrote: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match (&wrote, &mut self.waiting) {
            (Poll::Ready(Ok(bytes)), Some(waiting)) => {
                waiting.taken_bytes += bytes;
                if waiting.taken_bytes >= TAKEN_BYTES_MIN {
                    self.waiting = None;
                }
            }
            (Poll::Ready(_), _) => {}
            (Poll::Pending, _) => {
                let now = Instant::now();
                let end = *self.end.get_or_insert(now + self.answer_max);
                let until = end.min(now + self.patience);
                let waiting = self.waiting.get_or_insert_with(|| Waiting {
                    until: Box::pin(sleep_until(until)),
                    taken_bytes: 0,
                });
                ready!(waiting.until.as_mut().poll(cx));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        wrote
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(cx, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.wrote(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when all was written: nobody is waited for any more.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
        self.end = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::{sleep, timeout};

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_given_up() {
        let (ours, _theirs) = tokio::io::duplex(1024);
        let mut patient = Patient::new(ours, PATIENCE);
        let wrote = timeout(LONG, patient.write_all(&[0; 4096])).await;
        let error = wrote.expect("in time").expect_err("given up");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_reader_that_takes_a_byte_now_and_then_is_given_up_too() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let mut patient = Patient::new(ours, PATIENCE);
        let drip = tokio::spawn(async move {
            while theirs.read_u8().await.is_ok() {
                sleep(PATIENCE / 5).await;
            }
        });
        let wrote = timeout(LONG, patient.write_all(&[0; 4096])).await;
        assert!(wrote.expect("in time").is_err());
        drip.abort();
    }

    #[tokio::test]
    async fn a_reader_that_takes_no_more_than_it_must_is_given_up_in_the_end() {
        let (ours, mut theirs) = tokio::io::duplex(TAKEN_BYTES_MIN);
        let mut patient = Patient::new(ours, LONG);
        patient.answer_max = PATIENCE * 4;
        let sip = tokio::spawn(async move {
            let mut taken = vec![0; TAKEN_BYTES_MIN];
            while theirs.read_exact(&mut taken).await.is_ok() {
                sleep(PATIENCE).await;
            }
        });
        let wrote = timeout(LONG, patient.write_all(&vec![0; TAKEN_BYTES_MIN * 64])).await;
        let error = wrote.expect("in time").expect_err("given up");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        sip.abort();
    }

    #[tokio::test]
    async fn the_next_answer_has_all_its_time_again() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let mut patient = Patient::new(ours, LONG);
        let mut taken = [0; 4096];
        let (wrote, read) =
            tokio::join!(patient.write_all(&[0; 4096]), theirs.read_exact(&mut taken));
        assert!(wrote.is_ok() && read.is_ok() && patient.end.is_some());
        patient.flush().await.expect("flushed");
        assert_eq!(patient.end, None);
    }

    #[tokio::test]
    async fn a_reader_that_reads_gets_all_however_long_the_answer() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let mut patient = Patient::new(ours, LONG);
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).await.map(|_| all.len())
        });
        let body = vec![7; 1 << 20];
        patient.write_all(&body).await.expect("written");
        patient.shutdown().await.expect("shut down");
        drop(patient);
        assert_eq!(reader.await.expect("no panic").expect("read"), body.len());
    }
}
