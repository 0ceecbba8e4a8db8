//! Bodies: read up to a limit, within a time, and all of them together within a budget.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use mimeo_service::Rejection;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// One permit of the budget stands for this many bytes.
pub(super) const PERMIT_BYTES: usize = 1024;

/// What is read of a body that nobody wants, so that the client sees the answer instead of a
/// broken connection.
const DISCARD_BYTES_MAX: usize = 8 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(2);

/// A body in memory, and its share of the budget.
pub(super) struct Body<'a> {
    pub bytes: Bytes,
    _share: Option<SemaphorePermit<'a>>,
}

/// Why a body was not read.
pub(super) enum Unread {
    TooLarge {
        bytes_max: usize,
    },
    TooSlow,
    /// All bodies together are too many.
    NoRoom,
    /// The client went away.
    Broken,
}

impl Unread {
    pub(super) fn rejection(&self) -> Rejection {
        let told = |status, code, message: String| Rejection {
            status,
            code,
            message,
        };
        match self {
            Self::TooLarge { bytes_max } => told(
                413,
                "RequestEntityTooLargeException",
                format!("The body of the request is longer than {bytes_max} bytes."),
            ),
            Self::TooSlow => told(
                408,
                "RequestTimeoutException",
                "The body of the request took too long.".into(),
            ),
            Self::NoRoom => Rejection::throttled("Rate exceeded"),
            Self::Broken => told(
                400,
                "IncompleteBody",
                "The body of the request broke off.".into(),
            ),
        }
    }
}

/// Reads a body.
pub(super) async fn read<'a>(
    body: &mut Incoming,
    bytes_max: usize,
    time: Duration,
    budget: &'a Semaphore,
) -> Result<Body<'a>, Unread> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(Unread::TooLarge { bytes_max });
    }
    timeout(time, collect(body, bytes_max, budget))
        .await
        .unwrap_or(Err(Unread::TooSlow))
}

async fn collect<'a>(
    body: &mut Incoming,
    bytes_max: usize,
    budget: &'a Semaphore,
) -> Result<Body<'a>, Unread> {
    let mut share: Option<SemaphorePermit<'a>> = None;
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else {
            continue;
        };
        if first.len() + rest.len() + data.len() > bytes_max {
            return Err(Unread::TooLarge { bytes_max });
        }
        let permits = u32::try_from(data.len().div_ceil(PERMIT_BYTES)).unwrap_or(u32::MAX);
        let more = budget
            .try_acquire_many(permits)
            .map_err(|_| Unread::NoRoom)?;
        match &mut share {
            Some(share) => share.merge(more),
            None => share = Some(more),
        }
        // Nearly every body is one frame, which then is not copied.
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest = BytesMut::from(std::mem::take(&mut first));
            }
            rest.extend_from_slice(&data);
        }
    }
    let bytes = if rest.is_empty() {
        first
    } else {
        rest.freeze()
    };
    Ok(Body {
        bytes,
        _share: share,
    })
}

/// Reads what is left and drops it; says whether that was all.
pub(super) async fn discard(body: &mut Incoming) -> bool {
    let all = async {
        let mut left = DISCARD_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(less) = left.checked_sub(length) else {
                return false;
            };
            left = less;
        }
        body.is_end_stream()
    };
    timeout(DISCARD_TIME, all).await.unwrap_or(false)
}
