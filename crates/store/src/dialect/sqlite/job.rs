//! A work on its way through a queue: it owns everything, so a caller that goes away takes nothing with it.

use tokio::sync::oneshot;

use crate::Work;
use crate::dialect::{Tx, guard};
use crate::error::StoreError;

/// What a work's transaction deserves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    Undo,
}

pub(super) trait Job: Send {
    /// Runs the work and holds its result back until the commit; may run it again after everything
    /// was rolled back. Never panics.
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;

    /// Gives the caller the result, or the error that undid it.
    fn answer(self: Box<Self>, fate: Result<(), StoreError>);
}

type Reply<W> = Result<<W as Work>::Output, <W as Work>::Error>;

struct Waiting<W: Work> {
    work: W,
    result: Option<Reply<W>>,
    caller: oneshot::Sender<Reply<W>>,
}

/// Boxes a work, and gives the end at which its answer comes out.
pub(super) fn job<W: Work>(work: W) -> (Box<dyn Job>, oneshot::Receiver<Reply<W>>) {
    let (caller, answer) = oneshot::channel();
    (
        Box::new(Waiting {
            work,
            result: None,
            caller,
        }),
        answer,
    )
}

impl<W: Work> Job for Waiting<W> {
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        let result = guard::run_at_once(&mut self.work, tx);
        let verdict = if result.is_ok() {
            Verdict::Keep
        } else {
            Verdict::Undo
        };
        self.result = Some(result);
        verdict
    }

    fn answer(self: Box<Self>, fate: Result<(), StoreError>) {
        let result = match (fate, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => {
                Err(StoreError::Broken("a job was answered before it ran".to_owned()).into())
            }
            // Even a refusal is not passed on: it may rest on rows of the batch that never came to be.
            (Err(error), _) => Err(error.into()),
        };
        // A caller that went away needs no answer.
        drop(self.caller.send(result));
    }
}
