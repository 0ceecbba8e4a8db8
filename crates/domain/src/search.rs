//! SearchProductsAsAdmin: which products a filter lets through, and how they are sorted.

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
}
