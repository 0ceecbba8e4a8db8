//! The copies: all started at once, and watched until done.

use std::io::Write;
use std::time::{Duration, Instant};

use aws_sdk_servicecatalog::Client;
use aws_sdk_servicecatalog::types::{CopyOption, CopyProductStatus};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::actors::{
    Cast, HUB, HUB_ABROAD, Place, SPOKE, SPOKE_ABROAD, SPOKE_FAR_AWAY, present, refused,
};
use super::publishing::PublishedProduct;
use super::screen::Watch;
use super::{DemoError, Progress};

/// How long a copy may take.
const COPY_TIME_MAX: Duration = Duration::from_mins(1);

/// Pauses between two looks at a copy: the first, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(200);

/// From where to where: across Regions, across accounts, and both.
pub(super) const JOURNEYS: [Journey; 3] = [
    Journey {
        source: HUB,
        target: HUB_ABROAD,
    },
    Journey {
        source: HUB,
        target: SPOKE,
    },
    Journey {
        source: HUB,
        target: SPOKE_ABROAD,
    },
];

/// The same where each Region has a server of its own: every copy goes to another server.
pub(super) const JOURNEYS_APART: [Journey; 3] = [
    JOURNEYS[0],
    JOURNEYS[2],
    Journey {
        source: HUB,
        target: SPOKE_FAR_AWAY,
    },
];

/// Where a product comes from and where its copy goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Journey {
    pub(super) source: Place,
    pub(super) target: Place,
}

/// A copy that was seen to be done.
#[derive(Debug)]
pub(super) struct Done<'a> {
    pub(super) published: &'a PublishedProduct,
    pub(super) journey: Journey,
    pub(super) product_id: String,
    /// From CopyProduct until SUCCEEDED was seen.
    pub(super) took: Duration,
}

/// Copies each product on each journey, all at once; answers also how long it took until the last
/// was done.
pub(super) async fn copy_all<'a>(
    cast: &Cast,
    published: &'a [PublishedProduct],
    out: &mut dyn Write,
    progress: Progress,
) -> Result<(Vec<Done<'a>>, Duration), DemoError> {
    let journeys = cast.journeys();
    let clients = journeys.map(|journey| cast.client(journey.target));
    let mut watch = Watch::begin(out, progress, journeys.len() * published.len())?;
    let begun = now();
    let mut running: FuturesUnordered<_> = journeys
        .iter()
        .zip(&clients)
        .flat_map(|(journey, client)| {
            published
                .iter()
                .map(move |product| copy(client, *journey, product))
        })
        .collect();
    let mut done = Vec::new();
    while let Some(one) = running.next().await {
        let one = one?;
        watch.done(one.published.product, one.journey, one.took)?;
        done.push(one);
    }
    let took = begun.elapsed();
    watch.end();

    // In the order of the journeys, not of who came first.
    done.sort_by_key(|one: &Done<'_>| order(&journeys, one));
    Ok((done, took))
}

fn order(journeys: &[Journey], done: &Done<'_>) -> (Option<usize>, &'static str) {
    let on_it = |journey: &Journey| journey.target == done.journey.target;
    (journeys.iter().position(on_it), done.published.product.name)
}

/// Makes one copy and looks at it, less and less often, until it is done.
async fn copy<'a>(
    client: &Client,
    journey: Journey,
    published: &'a PublishedProduct,
) -> Result<Done<'a>, DemoError> {
    let begun = now();
    let product = published.product.name;
    let accepted = client
        .copy_product()
        .source_product_arn(&published.arn)
        .copy_options(CopyOption::CopyTags)
        .send()
        .await
        .map_err(refused("CopyProduct"))?;
    let token = present(
        accepted.copy_product_token,
        "CopyProduct",
        "CopyProductToken",
    )?;
    let mut pause = PAUSE_MIN;
    while begun.elapsed() < COPY_TIME_MAX {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
        let seen = client
            .describe_copy_product_status()
            .copy_product_token(&token)
            .send()
            .await
            .map_err(refused("DescribeCopyProductStatus"))?;
        match seen.copy_product_status {
            Some(CopyProductStatus::InProgress) => {}
            Some(CopyProductStatus::Succeeded) => {
                let id = seen.target_product_id;
                return Ok(Done {
                    published,
                    journey,
                    product_id: present(id, "DescribeCopyProductStatus", "TargetProductId")?,
                    took: begun.elapsed(),
                });
            }
            _ => {
                return Err(DemoError::CopyFailed {
                    product,
                    to: journey.target.to_string(),
                    detail: seen.status_detail.unwrap_or_default(),
                });
            }
        }
    }
    Err(DemoError::TooSlow {
        product,
        to: journey.target.to_string(),
        seconds: COPY_TIME_MAX.as_secs(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the demo shows how long the copies took"
)]
fn now() -> Instant {
    Instant::now()
}
