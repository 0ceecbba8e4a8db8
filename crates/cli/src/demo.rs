//! The main job, played with the official AWS SDK for Rust: one account publishes products, another
//! accepts them, and copies of them are made across accounts and Regions and compared.

mod actors;
mod comparing;
mod copying;
mod products;
mod publishing;
mod screen;
mod upload;

use std::io::{self, Write};
use std::time::Duration;

use actors::Cast;
use copying::Done;

/// How the progress of the copies is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A bar on standard error, which is a terminal.
    Bar,
    /// A line for each copy, on the given output.
    Lines,
}

/// Whether the server goes on after the demo, so that its answers can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    ServerStays,
    ServerStops,
}

/// The servers that the demo plays against, all in open mode, each as `http://127.0.0.1:4566`.
#[derive(Debug, Clone)]
pub enum Servers {
    /// One that has all Regions.
    One(String),
    /// One for each of [`REGIONS_APART`], which copy from each other.
    Apart([String; 3]),
}

/// The Regions of the demo's servers, where each has its own.
pub const REGIONS_APART: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];

impl Servers {
    fn endpoint(&self, region: &str) -> &str {
        let endpoint = match self {
            Self::One(endpoint) => endpoint,
            Self::Apart(endpoints) => {
                let at = REGIONS_APART.iter().position(|known| *known == region);
                &endpoints[at.unwrap_or_default()]
            }
        };
        endpoint.trim_end_matches('/')
    }
}

/// What was copied.
#[derive(Debug)]
pub struct Report {
    /// Copies made, all of them compared with their source.
    pub copies: usize,
    /// Versions in these copies.
    pub versions: usize,
    /// From the first CopyProduct until the last copy was seen to be done.
    pub took: Duration,
}

/// Why the demo did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("{operation} was refused: {why}")]
    Refused {
        operation: &'static str,
        why: String,
    },
    #[error("{operation} answered without {member}")]
    Incomplete {
        operation: &'static str,
        member: &'static str,
    },
    #[error("the template {name} could not be uploaded: {why}")]
    Upload { name: &'static str, why: String },
    #[error("the copy of {product} to {to} failed: {detail}")]
    CopyFailed {
        product: &'static str,
        to: String,
        detail: String,
    },
    #[error("the copy of {product} to {to} was still in progress after {seconds} s")]
    TooSlow {
        product: &'static str,
        to: String,
        seconds: u64,
    },
    #[error("the copy of {product} in {at} differs from its source: {what}")]
    Differs {
        product: &'static str,
        at: String,
        what: String,
    },
    #[error("the demo could not write its output")]
    Output(#[from] io::Error),
}

/// Plays the main job against the servers. Ends with an error if a single copy differs from its source.
pub async fn play(
    servers: &Servers,
    out: &mut dyn Write,
    progress: Progress,
    afterwards: Afterwards,
) -> Result<Report, DemoError> {
    let cast = Cast::at(servers);
    screen::title(out, servers)?;

    let published = publishing::publish(&cast, out).await?;
    let (copies, took) = copying::copy_all(&cast, &published, out, progress).await?;
    for product in &published {
        comparing::source_is_as_published(&cast, product).await?;
    }
    for copy in &copies {
        comparing::copy_is_as_published(&cast, copy).await?;
    }

    let versions = |copy: &Done<'_>| copy.published.product.versions.len();
    let report = Report {
        copies: copies.len(),
        versions: copies.iter().map(versions).sum(),
        took,
    };
    screen::table(out, &copies)?;
    screen::verdict(out, &report)?;
    screen::try_next(out, &cast, &copies, afterwards)?;
    Ok(report)
}
