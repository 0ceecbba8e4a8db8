//! Searches for products: which a filter lets through, how they are sorted and counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::products::fold;

/// What of a product a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Searchable<'a> {
    /// Folded, see [`crate::products::Product::searchable`].
    pub text: &'a str,
    pub owner: &'a str,
    pub product_type: &'a str,
    /// Ids of the products that its versions were copied from, separated by spaces.
    pub sources: &'a str,
}

/// The `Filters` of a search: values of one key are alternatives, keys must all agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    pub full_text: Vec<String>,
    pub owner: Vec<String>,
    pub product_type: Vec<String>,
    pub source_product: Vec<String>,
}

impl Filters {
    /// Folds what is compared without regard to case, once for all products.
    #[must_use]
    pub fn folded(mut self) -> Self {
        for words in &mut self.full_text {
            *words = fold(words);
        }
        self
    }

    /// `self` must have been folded.
    pub fn admit(&self, product: &Searchable<'_>) -> bool {
        let any = |values: &[String], agrees: &dyn Fn(&str) -> bool| {
            values.is_empty() || values.iter().any(|value| agrees(value))
        };
        any(&self.full_text, &|words| contains_all(product.text, words))
            && any(&self.owner, &|owner| owner == product.owner)
            && any(&self.product_type, &|named| named == product.product_type)
            && any(&self.source_product, &|id| {
                product.sources.split(' ').any(|source| source == id)
            })
    }
}

/// Every word of the search must stand somewhere in the text.
fn contains_all(text: &str, words: &str) -> bool {
    words.split_whitespace().all(|word| text.contains(word))
}

/// `SortBy`. Without one the answer is "not sorted"; ours comes as the real one was recorded,
/// ascending by the creation of the newest version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortBy {
    #[default]
    NewestArtifact,
    Title,
    VersionCount,
    CreationDate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortOrder {
    #[default]
    Ascending,
    Descending,
}

/// Values that an aggregation tells, and values that it counts at all: that keeps it small, and its
/// counts approximate, as the API calls them.
const VALUES_TOLD_MAX: usize = 100;
const VALUES_COUNTED_MAX: usize = 1_000;

/// How many of the products found have each value of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aggregation(BTreeMap<String, u32>);

impl Aggregation {
    pub fn count(&mut self, value: &str) {
        if let Some(count) = self.0.get_mut(value) {
            *count = count.saturating_add(1);
        } else if self.0.len() < VALUES_COUNTED_MAX {
            self.0.insert(value.to_owned(), 1);
        }
    }

    /// Values and counts, the most frequent first.
    pub fn told(self) -> Vec<(String, u32)> {
        let mut told: Vec<(String, u32)> = self.0.into_iter().collect();
        told.sort_by_key(|(_, count)| Reverse(*count));
        told.truncate(VALUES_TOLD_MAX);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VPC: Searchable<'_> = Searchable {
        text: "golden vpc\nnetwork team\nthree subnets\nprod-a",
        owner: "Network Team",
        product_type: "CLOUD_FORMATION_TEMPLATE",
        sources: "prod-x prod-y",
    };

    fn admits(change: impl FnOnce(&mut Filters)) -> bool {
        let mut filters = Filters::default();
        change(&mut filters);
        filters.folded().admit(&VPC)
    }

    #[test]
    fn no_filter_admits_everything() {
        assert!(admits(|_| ()));
    }

    #[test]
    fn words_are_found_whatever_their_case_and_order() {
        assert!(admits(
            |filters| filters.full_text = vec!["VPC golden".into()]
        ));
        assert!(admits(
            |filters| filters.full_text = vec!["nothing".into(), "subnet".into()]
        ));
        assert!(!admits(
            |filters| filters.full_text = vec!["golden bucket".into()]
        ));
    }

    #[test]
    fn keys_must_all_agree() {
        assert!(admits(|filters| {
            filters.owner = vec!["Network Team".into()];
            filters.source_product = vec!["prod-y".into()];
        }));
        assert!(!admits(|filters| {
            filters.owner = vec!["Network Team".into()];
            filters.product_type = vec!["EXTERNAL".into()];
        }));
        assert!(!admits(
            |filters| filters.source_product = vec!["prod".into()]
        ));
    }

    #[test]
    fn the_most_frequent_values_are_told_first_and_not_without_end() {
        let mut aggregation = Aggregation::default();
        for value in ["b", "c", "a", "c"] {
            aggregation.count(value);
        }
        let told = [("c", 2), ("a", 1), ("b", 1)].map(|(value, count)| (value.to_owned(), count));
        assert_eq!(aggregation.clone().told(), told);
        for number in 0..2_000 {
            aggregation.count(&format!("{number:04}"));
        }
        assert_eq!(aggregation.0.len(), VALUES_COUNTED_MAX);
        assert_eq!(aggregation.told().len(), VALUES_TOLD_MAX);
    }
}
