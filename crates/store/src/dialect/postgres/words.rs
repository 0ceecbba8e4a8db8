//! PostgreSQL's errors in the store's words.

use std::error::Error;

use tokio_postgres::error::{Severity, SqlState};

use crate::error::StoreError;

pub(super) fn in_our_words(error: &tokio_postgres::Error, sql: &str) -> StoreError {
    let Some(code) = error.code() else {
        let lost = error.is_closed()
            || error
                .source()
                .is_some_and(<dyn Error>::is::<std::io::Error>);
        return if lost {
            away(error)
        } else {
            StoreError::Broken(format!("{}: {sql}", chain(error)))
        };
    };
    match *code {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
            StoreError::Conflict
        }
        // The last two are what a table that two nodes create at once may end in.
        SqlState::UNIQUE_VIOLATION | SqlState::DUPLICATE_TABLE | SqlState::DUPLICATE_OBJECT => {
            StoreError::Duplicate
        }
        SqlState::DISK_FULL => StoreError::Full,
        SqlState::TOO_MANY_CONNECTIONS | SqlState::OUT_OF_MEMORY => StoreError::Overloaded,
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW => {
            away(error)
        }
        _ if code.code().starts_with("08") => away(error),
        _ => StoreError::Broken(format!("{}: {sql}", chain(error))),
    }
}

/// An ordinary ERROR says that COMMIT did not happen; anything else leaves it open.
pub(super) fn after_commit(error: &tokio_postgres::Error) -> StoreError {
    let answered = error
        .as_db_error()
        .filter(|error| error.parsed_severity() == Some(Severity::Error));
    match answered {
        Some(answer) if *answer.code() != SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN => {
            in_our_words(error, "COMMIT")
        }
        _ => {
            tracing::warn!(error = chain(error), "the outcome of a commit is unknown");
            StoreError::Unknown
        }
    }
}

pub(super) fn away(error: &(dyn Error + 'static)) -> StoreError {
    tracing::warn!(error = chain(error), "PostgreSQL cannot be reached");
    StoreError::Unavailable
}

pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
