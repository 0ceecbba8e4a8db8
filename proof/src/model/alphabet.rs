//! What may happen: requests of accounts in Regions, work of a worker, crashes, and time.
//!
//! A step names things by numbers that are taken modulo whatever there is when its turn comes, so
//! that a case stays meaningful when steps are left out of it.

use mimeo_service::workflows::Point;
use proptest::prelude::*;
use proptest::sample::select;

pub(super) const ACCOUNTS: usize = 3;
pub(super) const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// Steps of a case at most.
const STEPS_MAX: usize = 40;

/// Tags that there are: each key has one value.
const TAGS: u8 = 4;

/// An account in a Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seat {
    pub account: usize,
    pub region: usize,
}

impl Seat {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let seats = |account| (0..REGIONS.len()).map(move |region| Self { account, region });
        (0..ACCOUNTS).flat_map(seats)
    }
}

impl std::fmt::Display for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.account, REGIONS[self.region])
    }
}

/// A thing by number: one of the caller's own, or now and then any that ever was, anywhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pick {
    pub number: usize,
    pub stray: bool,
}

impl Pick {
    /// One in eight strays.
    pub(super) fn of(number: usize) -> Self {
        Self {
            number: number / 8,
            stray: number % 8 == 7,
        }
    }
}

/// What is asked for. Names come from the case.
#[derive(Debug, Clone)]
pub(super) enum Verb {
    CreateProduct {
        tags: Vec<u8>,
    },
    UpdateProduct {
        product: Pick,
        tags: Vec<u8>,
        untags: Vec<u8>,
    },
    DeleteProduct {
        product: Pick,
    },
    CreateVersion {
        product: Pick,
    },
    UpdateVersion {
        product: Pick,
        version: usize,
        active: bool,
    },
    DeleteVersion {
        product: Pick,
        version: usize,
    },
    CreatePortfolio {
        tags: Vec<u8>,
    },
    UpdatePortfolio {
        portfolio: Pick,
        tags: Vec<u8>,
        untags: Vec<u8>,
    },
    DeletePortfolio {
        portfolio: Pick,
    },
    Associate {
        product: Pick,
        portfolio: Pick,
    },
    Disassociate {
        product: Pick,
        portfolio: Pick,
    },
    Share {
        portfolio: Pick,
        with: usize,
    },
    Unshare {
        portfolio: Pick,
        with: usize,
    },
    Accept {
        portfolio: usize,
    },
    Reject {
        portfolio: usize,
    },
    Copy {
        source: usize,
        version: Option<usize>,
        into: Option<Pick>,
        with_tags: bool,
    },
}

/// How a request goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    Plainly,
    /// Sent again at once: with a token the answer is the same to the byte.
    Twice,
    /// The server dies while it is under way; the client sends it again.
    CutOff {
        micros: u64,
    },
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Ask {
        seat: Seat,
        verb: Verb,
        how: How,
    },
    /// A worker takes the next copy, and dies at a point, or not.
    Tick {
        dies_at: Option<Point>,
    },
    /// An earlier request with a token comes again, long after.
    Duplicate {
        request: usize,
        altered: bool,
    },
    Crash,
    ClockJump {
        minutes: i64,
    },
}

/// What every case begins with, so that there is something to lose: the first account shares a
/// portfolio with the second, who has put its product into one of its own and copies it.
pub(super) fn opening() -> Vec<Step> {
    let [hub, spoke] = [0, 1].map(|account| Seat { account, region: 0 });
    let (first, number) = (
        Pick {
            number: 0,
            stray: false,
        },
        0,
    );
    let tags = || vec![0, 1];
    let verbs = [
        (hub, Verb::CreateProduct { tags: tags() }),
        (hub, Verb::CreatePortfolio { tags: tags() }),
        (
            hub,
            Verb::Associate {
                product: first,
                portfolio: first,
            },
        ),
        (
            hub,
            Verb::Share {
                portfolio: first,
                with: spoke.account,
            },
        ),
        (spoke, Verb::Accept { portfolio: number }),
        (spoke, Verb::CreatePortfolio { tags: tags() }),
        (
            spoke,
            Verb::Associate {
                product: first,
                portfolio: first,
            },
        ),
        (
            spoke,
            Verb::Copy {
                source: number,
                version: None,
                into: None,
                with_tags: true,
            },
        ),
    ];
    let how = How::Plainly;
    verbs
        .map(|(seat, verb)| Step::Ask { seat, verb, how })
        .into()
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (seat(), verb(), how()).prop_map(|(seat, verb, how)| Step::Ask { seat, verb, how });
    let dies_at = prop_oneof![2 => Just(None), 1 => select(&Point::ALL[..]).prop_map(Some)];
    let step = prop_oneof![
        70 => ask,
        17 => dies_at.prop_map(|dies_at| Step::Tick { dies_at }),
        6 => (any::<u8>(), any::<bool>()).prop_map(|(request, altered)| Step::Duplicate {
            request: request.into(),
            altered,
        }),
        3 => Just(Step::Crash),
        4 => (-600_i64..6_000).prop_map(|minutes| Step::ClockJump { minutes }),
    ];
    proptest::collection::vec(step, 1..=STEPS_MAX)
}

/// Most happens between two accounts in one Region, so that it meets.
fn seat() -> impl Strategy<Value = Seat> {
    let account = prop_oneof![4 => Just(0), 4 => Just(1), 1 => Just(2)];
    let region = prop_oneof![4 => Just(0), 1 => Just(1)];
    (account, region).prop_map(|(account, region)| Seat { account, region })
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        85 => Just(How::Plainly),
        7 => Just(How::Twice),
        8 => (0_u64..1_500).prop_map(|micros| How::CutOff { micros }),
    ]
}

fn pick() -> impl Strategy<Value = Pick> {
    let stray = prop_oneof![7 => Just(false), 1 => Just(true)];
    (number(), stray).prop_map(|(number, stray)| Pick { number, stray })
}

fn number() -> impl Strategy<Value = usize> {
    0_usize..64
}

fn tags() -> impl Strategy<Value = Vec<u8>> {
    proptest::sample::subsequence((0..TAGS).collect::<Vec<_>>(), 0..=2)
}

fn verb() -> impl Strategy<Value = Verb> {
    let portfolio = || (pick(), 0..ACCOUNTS);
    prop_oneof![
        4 => tags().prop_map(|tags| Verb::CreateProduct { tags }),
        2 => (pick(), tags(), tags()).prop_map(|(product, tags, untags)| Verb::UpdateProduct {
            product, tags, untags,
        }),
        2 => pick().prop_map(|product| Verb::DeleteProduct { product }),
        3 => pick().prop_map(|product| Verb::CreateVersion { product }),
        1 => (pick(), number(), any::<bool>()).prop_map(|(product, version, active)| {
            Verb::UpdateVersion { product, version, active }
        }),
        1 => (pick(), number()).prop_map(|(product, version)| Verb::DeleteVersion {
            product, version,
        }),
        3 => tags().prop_map(|tags| Verb::CreatePortfolio { tags }),
        1 => (pick(), tags(), tags()).prop_map(|(portfolio, tags, untags)| {
            Verb::UpdatePortfolio { portfolio, tags, untags }
        }),
        1 => pick().prop_map(|portfolio| Verb::DeletePortfolio { portfolio }),
        5 => (pick(), pick()).prop_map(|(product, portfolio)| Verb::Associate {
            product, portfolio,
        }),
        2 => (pick(), pick()).prop_map(|(product, portfolio)| Verb::Disassociate {
            product, portfolio,
        }),
        4 => portfolio().prop_map(|(portfolio, with)| Verb::Share { portfolio, with }),
        2 => portfolio().prop_map(|(portfolio, with)| Verb::Unshare { portfolio, with }),
        5 => number().prop_map(|portfolio| Verb::Accept { portfolio }),
        3 => number().prop_map(|portfolio| Verb::Reject { portfolio }),
        6 => (
            number(),
            proptest::option::weighted(0.3, number()),
            proptest::option::weighted(0.3, pick()),
            any::<bool>(),
        )
            .prop_map(|(source, version, into, with_tags)| Verb::Copy {
                source, version, into, with_tags,
            }),
    ]
}
