//! Ids as AWS forms them, and the mint that makes them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// In the order of their bytes, so that ids sort as the numbers that they spell.
const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
const SUFFIX_LENGTH: usize = 13;

/// One id after the prefix holds 65 bits: 26 of time in steps of 64 seconds, then 39 of chance.
/// New ids therefore sort near each other, which keeps the pages that an insert touches few, and
/// still cannot be guessed.
const TIME_BITS: u32 = 26;
const TIME_STEP_MILLIS: i64 = 64_000;
const CHANCE_BITS: u32 = 39;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// Any text is accepted: an id of the wrong kind is not malformed, it just names nothing.
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// `prod-…`
    ProductId
);
id!(
    /// `pa-…`, a version of a product.
    ArtifactId
);
id!(
    /// `port-…`
    PortfolioId
);
id!(
    /// `copyproduct-…`, what CopyProduct answers.
    CopyToken
);

id!(
    /// `cons-…`
    ConstraintId
);
id!(
    /// `tag-…`
    TagOptionId
);
id!(
    /// `act-…`
    ServiceActionId
);
id!(
    /// `share-…`, what sharing with an organization node answers.
    ShareToken
);

/// What TagOptions and budgets hang on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ResourceId {
    Portfolio(PortfolioId),
    Product(ProductId),
}

impl ResourceId {
    /// Tells a portfolio from a product by the prefix; `None` for what can be neither.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !text.bytes().all(fits) {
            return None;
        }
        match text.split_once('-')?.0 {
            "port" => Some(Self::Portfolio(text.into())),
            "prod" => Some(Self::Product(text.into())),
            _ => None,
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Portfolio(id) => id.as_str(),
            Self::Product(id) => id.as_str(),
        }
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PortfolioId {
    /// The id of the launch path through this portfolio: `lpv3-` and the same suffix.
    pub fn path_id(&self) -> String {
        let suffix = self.0.strip_prefix("port-").unwrap_or(&self.0);
        format!("lpv3-{suffix}")
    }
}

impl ProductId {
    /// The id under which end users see the product: `prodview-` and the same suffix.
    pub fn view_id(&self) -> String {
        let suffix = self.0.strip_prefix("prod-").unwrap_or(&self.0);
        format!("prodview-{suffix}")
    }

    /// The product that end users see under this id, if it is of that form.
    pub fn of_view(view: &str) -> Option<Self> {
        let suffix = view.strip_prefix("prodview-")?;
        Some(Self(format!("prod-{suffix}")))
    }
}

/// The chance of one request, drawn once at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed(pub u64);

/// Makes ids from a seed and an instant: the same two make the same ids in the same order, so a
/// transaction that is run again after a conflict names the same things.
#[derive(Debug, Clone)]
pub struct Mint {
    state: u64,
    time: u64,
}

impl Mint {
    pub fn new(seed: Seed, now: Timestamp) -> Self {
        let steps = now.millis().div_euclid(TIME_STEP_MILLIS).cast_unsigned();
        Self {
            state: seed.0,
            time: steps & ((1 << TIME_BITS) - 1),
        }
    }

    pub fn product_id(&mut self) -> ProductId {
        ProductId(self.next("prod-"))
    }

    pub fn artifact_id(&mut self) -> ArtifactId {
        ArtifactId(self.next("pa-"))
    }

    pub fn portfolio_id(&mut self) -> PortfolioId {
        PortfolioId(self.next("port-"))
    }

    pub fn copy_token(&mut self) -> CopyToken {
        CopyToken(self.next("copyproduct-"))
    }

    pub fn constraint_id(&mut self) -> ConstraintId {
        ConstraintId(self.next("cons-"))
    }

    pub fn tag_option_id(&mut self) -> TagOptionId {
        TagOptionId(self.next("tag-"))
    }

    pub fn service_action_id(&mut self) -> ServiceActionId {
        ServiceActionId(self.next("act-"))
    }

    pub fn share_token(&mut self) -> ShareToken {
        ShareToken(self.next("share-"))
    }

    /// A seed for later work that this request starts.
    pub fn seed(&mut self) -> Seed {
        Seed(self.chance())
    }

    fn next(&mut self, prefix: &str) -> String {
        let chance = self.chance() >> (64 - CHANCE_BITS);
        let bits = (u128::from(self.time) << CHANCE_BITS) | u128::from(chance);
        let mut id = String::with_capacity(prefix.len() + SUFFIX_LENGTH);
        id.push_str(prefix);
        for place in (0..SUFFIX_LENGTH).rev() {
            let digit = (bits >> (5 * place)) & 31;
            id.push(char::from(ALPHABET[usize::try_from(digit).unwrap_or(0)]));
        }
        id
    }

    /// SplitMix64: every output of one 64-bit seed is equally likely. The seed itself comes from
    /// the operating system's generator, one a request.
    fn chance(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mint(seed: u64, millis: i64) -> Mint {
        Mint::new(Seed(seed), Timestamp::from_millis(millis))
    }

    #[test]
    fn ids_have_the_form_that_aws_gives_them() {
        let id = mint(7, 1_795_000_000_000).product_id();
        let suffix = id.as_str().strip_prefix("prod-").expect("the prefix");
        assert_eq!(suffix.len(), 13);
        assert!(
            suffix
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
        );
        assert_eq!(id.view_id(), format!("prodview-{suffix}"));
    }

    #[test]
    fn a_resource_is_a_portfolio_or_a_product() {
        let portfolio = ResourceId::Portfolio("port-a2".into());
        assert_eq!(ResourceId::parse("port-a2"), Some(portfolio));
        let product = ResourceId::Product("prod-a2".into());
        assert_eq!(ResourceId::parse("prod-a2"), Some(product));
        for neither in ["", "port", "pa-a2", "prod a2", "prod-a2\0", "prod-ä"] {
            assert_eq!(ResourceId::parse(neither), None, "{neither:?}");
        }
    }

    #[test]
    fn the_same_seed_and_instant_make_the_same_ids() {
        let (mut once, mut again) = (mint(7, 1000), mint(7, 1000));
        assert_eq!(once.product_id(), again.product_id());
        assert_eq!(once.artifact_id(), again.artifact_id());
        assert_ne!(mint(8, 1000).product_id(), mint(7, 1000).product_id());
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let start = 1_795_000_000_000;
        for steps in [1, 2, 31, 32, 1000, 1_000_000] {
            let earlier = mint(u64::MAX, start).product_id();
            let later = mint(1, start + steps * TIME_STEP_MILLIS).product_id();
            assert!(earlier < later, "{earlier} {later}");
        }
    }
}
