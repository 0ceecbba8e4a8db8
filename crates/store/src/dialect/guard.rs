//! How a work is run, whatever the engine: a panic is caught, and a failed statement is never committed.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::Tx;
use crate::Work;
use crate::error::StoreError;

/// Runs `work` in `tx`. `Ok` means that every statement succeeded, so that the transaction may be committed.
pub(super) async fn run<W: Work>(work: &mut W, tx: &mut Tx<'_>) -> Result<W::Output, W::Error> {
    let result = {
        let mut future = pin!(async { work.run(tx).await });
        poll_fn(|context| {
            // The work is dropped or begun anew after a panic, and its transaction is rolled back.
            catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))).unwrap_or_else(|_| {
                Poll::Ready(Err(
                    StoreError::Broken("the work panicked".to_owned()).into()
                ))
            })
        })
        .await
    };
    if result.is_ok()
        && let Some(fault) = &tx.fault
    {
        let text = format!("the work went on after a failed statement ({fault})");
        return Err(StoreError::Broken(text).into());
    }
    result
}

/// Runs `work` on an engine that answers at once, by polling it a single time.
pub(super) fn run_at_once<W: Work>(work: &mut W, tx: &mut Tx<'_>) -> Result<W::Output, W::Error> {
    match pin!(run(work, tx)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(StoreError::Broken(
            "the work waited for something other than its transaction".to_owned(),
        )
        .into()),
    }
}
