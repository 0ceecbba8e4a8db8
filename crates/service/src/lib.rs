//! What the server does: operations decide, workflows act.
//!
//! An operation gets a caller, an instant, a mint of ids and one transaction, and can touch nothing
//! else. Whatever must touch the outside is a `prepare` before the transaction begins, or a step of
//! a workflow.

mod answer;
mod audit;
mod authorize;
pub mod bodies;
pub mod check;
pub mod copies;
mod cx;
mod dispatch;
mod draft;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod language;
mod operations;
mod page;
mod rehearsal;
mod replay;
mod source;
mod uploads;
mod view;
pub mod workflows;
mod world;

pub use answer::Answer;
pub use audit::{
    Actor, Audit, AuditAsked, AuditFound, DENIED_PER_MINUTE_MAX, EVENTS_MAX, Event, HIDDEN, Pruned,
    Trail,
};
pub use authorize::{Authority, Denied, Grant};
pub use dispatch::{Arrival, Call};
pub use error::{Failure, Rejection, Stop};
pub use operations::pending::PENDING;
pub use page::PageKey;
pub use rehearsal::{Clock, Rehearsal, Rule, TooManyRules};
pub use source::{Asking, Digests, SeenSource, Source, SourceError};
pub use uploads::{UPLOAD_PATH, UploadedAt};
pub use world::{Directory, Fetching, Peers, Service, Shelves, UploadReaders, World};
