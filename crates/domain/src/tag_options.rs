//! TagOptions: tags that launches may or must carry.

use std::collections::{BTreeMap, BTreeSet};

use crate::{AccountId, Refusal, ResourceId, TagOptionId};

/// One value of one key, which its account hangs on portfolios and products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagOption {
    pub id: TagOptionId,
    pub account: AccountId,
    pub key: String,
    pub value: String,
    /// Whether launches heed it.
    pub active: bool,
}

/// What a list is narrowed to; `None` narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub key: Option<String>,
    pub value: Option<String>,
    pub active: Option<bool>,
}

/// The kinds of what a TagOption hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceKind {
    Portfolio,
    Product,
}

impl ResourceKind {
    /// Reads the API's `ResourceType`.
    pub fn named(name: &str) -> Result<Self, Refusal> {
        match name {
            "Portfolio" => Ok(Self::Portfolio),
            "Product" => Ok(Self::Product),
            other => Err(Refusal::NotAResourceType(other.to_owned())),
        }
    }
}

pub fn room_for_value(key: &str, count_after: u64, values_max: u64) -> Result<(), Refusal> {
    if count_after > values_max {
        let key = key.to_owned();
        return Err(Refusal::TooManyTagOptionValues { key, values_max });
    }
    Ok(())
}

pub fn room_for_tag_option(
    resource: &ResourceId,
    count_after: u64,
    tag_options_max: u64,
) -> Result<(), Refusal> {
    if count_after > tag_options_max {
        let resource = resource.clone();
        return Err(Refusal::TooManyTagOptions {
            resource,
            tag_options_max,
        });
    }
    Ok(())
}

/// The tag keys of a launch and the values that each may have, both sorted: of a key that portfolio
/// and product have, the values that both allow; of any other, all there are. No value at all means
/// that the two contradict each other. Inactive TagOptions count for nothing.
pub fn allowed(portfolio: &[TagOption], product: &[TagOption]) -> Vec<(String, Vec<String>)> {
    let mut by_key = values_by_key(portfolio);
    for (key, values) in values_by_key(product) {
        by_key
            .entry(key)
            .and_modify(|allowed| allowed.retain(|value| values.contains(value)))
            .or_insert(values);
    }
    let owned = |values: BTreeSet<&str>| values.into_iter().map(str::to_owned).collect();
    by_key
        .into_iter()
        .map(|(key, values)| (key.to_owned(), owned(values)))
        .collect()
}

fn values_by_key(options: &[TagOption]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut by_key: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for option in options.iter().filter(|option| option.active) {
        by_key.entry(&option.key).or_default().insert(&option.value);
    }
    by_key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(key: &str, value: &str) -> TagOption {
        TagOption {
            id: "tag-a".into(),
            account: "111111111111".parse().expect("an account"),
            key: key.into(),
            value: value.into(),
            active: true,
        }
    }

    fn inactive(key: &str, value: &str) -> TagOption {
        TagOption {
            active: false,
            ..option(key, value)
        }
    }

    #[test]
    fn a_launch_may_use_what_portfolio_and_product_both_allow() {
        let (none, a, b, c) = (vec![], option("k", "a"), option("k", "b"), option("k", "c"));
        let cases: [(Vec<TagOption>, Vec<TagOption>, &[&str]); 6] = [
            (vec![b.clone(), a.clone()], none.clone(), &["a", "b"]),
            (none, vec![b.clone(), a.clone()], &["a", "b"]),
            (
                vec![a.clone(), b.clone()],
                vec![c.clone(), b.clone()],
                &["b"],
            ),
            (vec![a.clone()], vec![a.clone()], &["a"]),
            (vec![a.clone()], vec![c.clone()], &[]),
            (vec![a, b], vec![c, inactive("k", "b")], &[]),
        ];
        for (portfolio, product, values) in cases {
            let values: Vec<String> = values.iter().map(|&value| value.into()).collect();
            let told = format!("{portfolio:?} {product:?}");
            let expected = [("k".to_owned(), values)];
            assert_eq!(allowed(&portfolio, &product), expected, "{told}");
        }
    }

    #[test]
    fn keys_are_apart_and_in_order_and_inactive_ones_are_none() {
        let portfolio = [
            option("team", "net"),
            option("cost", "1"),
            inactive("x", "y"),
        ];
        let found = allowed(&portfolio, &[option("env", "prod")]);
        let keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["cost", "env", "team"]);
        assert_eq!(allowed(&[inactive("k", "a")], &[]), []);
        // An inactive value of the other side restricts nothing.
        let free = allowed(&[inactive("k", "a")], &[option("k", "b")]);
        assert_eq!(free, [("k".to_owned(), vec!["b".to_owned()])]);
    }

    #[test]
    fn the_last_that_fits_fits() {
        let resource = ResourceId::Product("prod-a".into());
        assert_eq!(room_for_tag_option(&resource, 25, 25), Ok(()));
        let refusal = room_for_tag_option(&resource, 26, 25).expect_err("one too many");
        assert_eq!(
            refusal.to_string(),
            "prod-a already has 25 TagOptions, the quota."
        );
        assert_eq!(room_for_value("k", 25, 25), Ok(()));
        let refusal = room_for_value("k", 26, 25).expect_err("one too many");
        assert_eq!(
            refusal.to_string(),
            "TagOption key \"k\" already has 25 values, the quota."
        );
    }
}
