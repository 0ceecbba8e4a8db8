//! Bringing templates: what the target's shelf lacks is taken from the source, hashed, and put.
//!
//! The shelf is the truth about what was brought, so a try that was cut off begins where it ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use mimeo_domain::copying::{Copy, Plan, PlannedArtifact, Reason, StatusDetail};
use mimeo_templates::shelf::{BODY_BYTES_MAX, Body, Digest, Shelf, ShelfError, Verdict as Kept};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::report::Report;
use super::{Trouble, lost_source, pass, source_trouble};
use crate::source::{self, Source, SourceError};
use crate::workflows::Point;
use crate::world::World;

/// Bodies of one copy that are on their way at a time.
const BODIES_IN_FLIGHT_MAX: usize = 4;

/// Those, and others that the target's shelf is asked for: looking holds no body, only waits.
const BODIES_LOOKED_AT_MAX: usize = 12;

/// A source or shelf that shows no progress for so long is taken to be away.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// A source or shelf that does not finish with one whole body by then is taken to be away.
const WHOLE_BODY_MAX: Duration = Duration::from_mins(2);

/// How often a body is taken that turns out wrong.
const READS_MAX: u32 = 2;

/// What a try did about the templates of a plan.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// The plan with the digests that only reading could tell. It is to be stored, and its bodies
    /// looked at again: only a body that a stored plan names is safe from being collected.
    pub learned: Option<Plan>,
    pub bodies_there_count: u64,
    pub bodies_moved_count: u64,
    pub bytes_moved: u64,
}

/// Sees to it that the target's shelf has every template of the plan, whole.
pub(super) async fn bring(
    world: &World,
    copy: &Copy,
    plan: &Plan,
    report: &mut Report<'_>,
) -> Result<Brought, Trouble> {
    pass(world, Point::VerifyTemplates)?;
    let carrier = Carrier {
        world,
        copy,
        shelf: world.shelves.of(&copy.caller.region),
        source: source::of(world, &copy.request.source),
        ways: Semaphore::new(BODIES_IN_FLIGHT_MAX),
    };
    let mut waiting = loads(plan)?.into_iter();
    let mut under_way = FuturesUnordered::new();
    let mut brought = Brought::default();
    let mut learned = BTreeMap::new();
    loop {
        while under_way.len() < BODIES_LOOKED_AT_MAX
            && let Some(load) = waiting.next()
        {
            under_way.push(carrier.carry(load));
        }
        let Some(done) = under_way.next().await else {
            break;
        };
        let done = done?;
        let digest = done.digest.to_string();
        report
            .brought(done.planned, &digest, done.bytes_moved)
            .await?;
        match done.bytes_moved {
            Some(bytes) => {
                brought.bodies_moved_count += 1;
                brought.bytes_moved += bytes;
            }
            None => brought.bodies_there_count += 1,
        }
        if done.planned.unread {
            learned.insert(&done.planned.source, digest);
        }
    }
    if !learned.is_empty() {
        let mut plan = plan.clone();
        for artifact in &mut plan.artifacts {
            if let Some(digest) = learned.remove(&artifact.source) {
                artifact.digest = Some(digest);
                artifact.unread = false;
            }
        }
        brought.learned = Some(plan);
    }
    Ok(brought)
}

/// One body to look at.
#[derive(Clone, Copy)]
struct Load<'a> {
    /// A version that has it.
    planned: &'a PlannedArtifact,
    /// `None` where only reading tells.
    digest: Option<Digest>,
}

/// Each body of the plan once, and each version whose digest nobody knows.
fn loads(plan: &Plan) -> Result<Vec<Load<'_>>, Trouble> {
    let mut known = BTreeMap::new();
    let mut loads = Vec::new();
    for planned in &plan.artifacts {
        match &planned.digest {
            Some(text) => {
                let digest = text.parse().map_err(|_| unverified(planned))?;
                known.entry(digest).or_insert(planned);
            }
            None if planned.unread => loads.push(Load {
                planned,
                digest: None,
            }),
            None => (),
        }
    }
    let known = known.into_iter().map(|(digest, planned)| Load {
        planned,
        digest: Some(digest),
    });
    loads.extend(known);
    Ok(loads)
}

fn unverified(planned: &PlannedArtifact) -> Trouble {
    let artifact = planned.source.clone();
    Trouble::Permanent(StatusDetail::ContentVerification { artifact })
}

/// A body that is on the target's shelf.
struct Carried<'a> {
    planned: &'a PlannedArtifact,
    digest: Digest,
    /// `None` if it was there before.
    bytes_moved: Option<u64>,
}

/// What one reading came to.
enum Taken {
    Whole(Bytes),
    /// Too long, or not what it was said to be: read once more, it may be.
    Wrong,
    /// The source has no such template, or the caller may not read it.
    Missing,
}

struct Carrier<'a> {
    world: &'a World,
    copy: &'a Copy,
    shelf: &'a Shelf,
    source: Option<Arc<dyn Source>>,
    /// A permit for each body that may be on its way.
    ways: Semaphore,
}

impl Carrier<'_> {
    async fn carry<'a>(&self, load: Load<'a>) -> Result<Carried<'a>, Trouble> {
        let planned = load.planned;
        let mut found = None;
        if let Some(digest) = load.digest {
            let kept = self.look_for(&digest).await?;
            if matches!(kept, Kept::Present { .. }) {
                return Ok(Carried {
                    planned,
                    digest,
                    bytes_moved: None,
                });
            }
            found = Some(kept);
        }
        let (digest, bytes) = self.bring(load, found).await?;
        let bytes_moved = Some(bytes);
        if !matches!(self.look_for(&digest).await?, Kept::Present { .. }) {
            let reason = format!("the shelf did not keep {digest}");
            return Err(Trouble::Transient(reason));
        }
        Ok(Carried {
            planned,
            digest,
            bytes_moved,
        })
    }

    async fn look_for(&self, digest: &Digest) -> Result<Kept, Trouble> {
        on_shelf(WHOLE_BODY_MAX, self.shelf.verify(digest)).await
    }

    /// From the source onto the shelf, where `found` is what is known to be there. Answers the body's
    /// digest and length.
    async fn bring(&self, load: Load<'_>, found: Option<Kept>) -> Result<(Digest, u64), Trouble> {
        let way = self.ways.acquire().await;
        let _way = way.map_err(|closed| Trouble::Transient(closed.to_string()))?;
        pass(self.world, Point::BringTemplate)?;
        let (body, _permit) = self.take(load).await?;
        let bytes = body.len() as u64;
        let digest = if found == Some(Kept::Absent) {
            on_shelf(WHOLE_BODY_MAX, self.shelf.put_absent(body)).await?
        } else {
            on_shelf(WHOLE_BODY_MAX, self.shelf.put(body)).await?
        };
        Ok((digest, bytes))
    }

    /// Reads the body from the source. What comes with it is the right to hold so many bytes.
    async fn take(&self, load: Load<'_>) -> Result<(Bytes, SemaphorePermit<'_>), Trouble> {
        for _ in 0..READS_MAX {
            let mut permit = self.room_for_a_body().await?;
            match self.read(load, &mut permit).await? {
                Taken::Whole(body) => return Ok((body, permit)),
                // A caller that may not see the source any more is told so, and not that it is
                // broken. One that sees it may have been without the right for the moment.
                Taken::Wrong | Taken::Missing if self.sees().await? => (),
                Taken::Wrong | Taken::Missing => {
                    return Err(Trouble::Permanent(lost_source(self.copy)));
                }
            }
        }
        Err(unverified(load.planned))
    }

    async fn sees(&self) -> Result<bool, Trouble> {
        let Some(source) = &self.source else {
            return Ok(false);
        };
        let seeing = source.sees(&self.copy.caller, &self.copy.request.source);
        answered(timeout(SILENCE_MAX, seeing).await)
    }

    async fn read(
        &self,
        load: Load<'_>,
        permit: &mut SemaphorePermit<'_>,
    ) -> Result<Taken, Trouble> {
        let Some(source) = &self.source else {
            return Ok(Taken::Missing);
        };
        let arn = &self.copy.request.source;
        let opened = source.template(&self.copy.caller, arn, load.planned);
        let opened = match timeout(SILENCE_MAX, opened).await {
            Ok(Err(SourceError::Shelf(ShelfError::Corrupt { .. }))) => return Ok(Taken::Wrong),
            other => answered(other)?,
        };
        let Some(mut body) = opened else {
            return Ok(Taken::Missing);
        };
        let said = body.bytes_said.map(usize::try_from);
        let bytes_max = match said {
            Some(Ok(bytes)) if bytes <= BODY_BYTES_MAX => bytes,
            Some(_) => return Ok(Taken::Wrong),
            None => BODY_BYTES_MAX,
        };
        drop(permit.split(BODY_BYTES_MAX - bytes_max));
        let Some(whole) = gather(&mut body, bytes_max, WHOLE_BODY_MAX).await? else {
            return Ok(Taken::Wrong);
        };
        let is_right = match load.digest {
            Some(digest) => Digest::of(&whole) == digest,
            None => said.is_none() || whole.len() == bytes_max,
        };
        Ok(if is_right {
            Taken::Whole(whole)
        } else {
            Taken::Wrong
        })
    }

    async fn room_for_a_body(&self) -> Result<SemaphorePermit<'_>, Trouble> {
        let bytes = u32::try_from(BODY_BYTES_MAX).unwrap_or(u32::MAX);
        let room = self.world.shelves.in_flight.acquire_many(bytes).await;
        room.map_err(|closed| Trouble::Transient(closed.to_string()))
    }
}

/// All pieces; `None` if there are more than was said. A source that is never silent, but slow, is
/// waited for until `limit` is over.
async fn gather(
    body: &mut Body,
    bytes_max: usize,
    limit: Duration,
) -> Result<Option<Bytes>, Trouble> {
    let gathered = timeout(limit, gather_all(body, bytes_max)).await;
    gathered.unwrap_or_else(|_| Err(away("it sends too slowly".to_owned())))
}

async fn gather_all(body: &mut Body, bytes_max: usize) -> Result<Option<Bytes>, Trouble> {
    let mut whole = BytesMut::new();
    loop {
        let piece = match timeout(SILENCE_MAX, body.next()).await {
            Ok(None) => return Ok(Some(whole.freeze())),
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(error))) => return Err(away(error.to_string())),
            Err(_) => return Err(away("it fell silent".to_owned())),
        };
        if whole.len() + piece.len() > bytes_max {
            return Ok(None);
        }
        whole.extend_from_slice(&piece);
    }
}

fn answered<T>(answer: Result<Result<T, SourceError>, Elapsed>) -> Result<T, Trouble> {
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(source_trouble("reading a template of the source", &error)),
        Err(_) => Err(away("it does not answer".to_owned())),
    }
}

/// The source's Region is.
fn away(text: String) -> Trouble {
    source_trouble("reading a template of the source", &SourceError::Away(text))
}

async fn on_shelf<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, ShelfError>>,
) -> Result<T, Trouble> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error @ (ShelfError::Corrupt { .. } | ShelfError::TooLarge { .. }))) => {
            Err(Trouble::Transient(format!("keeping a template: {error}")))
        }
        Ok(Err(error)) => Err(shelf_away(format!("keeping a template: {error}"))),
        Err(_) => Err(shelf_away("the shelf does not answer".to_owned())),
    }
}

fn shelf_away(text: String) -> Trouble {
    Trouble::Away(Reason::TemplatesUnavailable, text)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn a_source_that_sends_a_byte_now_and_then_is_not_waited_for_for_ever() {
        let drops = stream::repeat(()).then(|()| async {
            sleep(Duration::from_millis(1)).await;
            Ok(Bytes::from_static(b"x"))
        });
        let mut body = Body::new(None, drops);
        let gathering = gather(&mut body, BODY_BYTES_MAX, Duration::from_millis(50));
        let gathered = timeout(SILENCE_MAX, gathering).await.unwrap();
        assert!(
            matches!(gathered, Err(Trouble::Away(Reason::SourceUnavailable, _))),
            "{gathered:?}"
        );
    }
}
