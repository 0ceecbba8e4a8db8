//! A copy's row, as it is read.

use mimeo_domain::copying::{Copy, State};
use mimeo_domain::{CopyToken, Timestamp};

use super::{Asked, Fence};
use crate::column::read;
use crate::{Row, StoreError};

pub(super) struct StoredCopy {
    pub token: CopyToken,
    region: String,
    state: String,
    fence: i64,
    attempts: i64,
    failures: i64,
    deadline: i64,
    pub created: i64,
    status_detail: Option<String>,
    body: String,
    plan: Option<String>,
}

pub(super) fn stored(row: &Row<'_>) -> StoredCopy {
    StoredCopy {
        token: row.text(0).into(),
        region: row.text(1),
        state: row.text(2),
        fence: row.int(3),
        attempts: row.int(4),
        failures: row.int(5),
        deadline: row.int(6),
        created: row.int(7),
        status_detail: row.maybe_text(8),
        body: row.text(9),
        plan: row.maybe_text(10),
    }
}

impl StoredCopy {
    /// The right to write to it, for who claimed it.
    pub(super) fn fence(&self) -> Result<Fence, StoreError> {
        let region = self.region.parse();
        Ok(Fence {
            region: region.map_err(|_| StoreError::Broken(self.region.clone()))?,
            token: self.token.clone(),
            number: self.fence,
        })
    }

    pub(super) fn read(self) -> Result<Copy, StoreError> {
        let Asked {
            caller,
            request,
            seed,
            course,
        } = read(&self.body)?;
        let small = |number: i64| u32::try_from(number).unwrap_or(0);
        let state = match (self.state.as_str(), self.status_detail) {
            ("QUEUED", _) => State::Queued,
            ("RUNNING", _) => State::Running,
            ("SUCCEEDED", _) => State::Succeeded,
            ("FAILED", Some(detail)) => State::Failed(read(&detail)?),
            (state, _) => return Err(StoreError::Broken(format!("copy in state {state:?}"))),
        };
        Ok(Copy {
            token: self.token,
            caller,
            request,
            seed,
            state,
            fence: self.fence,
            attempts: small(self.attempts),
            failures: small(self.failures),
            deadline: Timestamp::from_millis(self.deadline),
            created: Timestamp::from_millis(self.created),
            plan: self.plan.map(|plan| read(&plan)).transpose()?,
            course,
        })
    }
}
