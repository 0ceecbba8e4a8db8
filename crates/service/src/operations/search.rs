//! Searching for products: what the administrators' and the end users' search have in common.

mod search_products;
mod search_products_as_admin;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use mimeo_domain::search::{Filters, Searchable, SortBy, SortOrder};
use mimeo_store::ListedProduct;
use serde::{Deserialize, Serialize};

use crate::page::Page;

/// The last product of a page: its sort key and its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Cursor {
    Number(i64, String),
    Title(String, String),
}

type Sort = (SortBy, SortOrder);

fn filters(given: Option<&BTreeMap<String, Vec<String>>>) -> Filters {
    let values = |key: &str| {
        given
            .and_then(|filters| filters.get(key))
            .cloned()
            .unwrap_or_default()
    };
    Filters {
        full_text: values("FullTextSearch"),
        owner: values("Owner"),
        product_type: values("ProductType"),
        source_product: values("SourceProductId"),
    }
    .folded()
}

fn sort(by: Option<&str>, order: Option<&str>) -> Sort {
    let by = match by {
        Some("Title") => SortBy::Title,
        Some("VersionCount") => SortBy::VersionCount,
        Some("CreationDate") => SortBy::CreationDate,
        _ => SortBy::NewestArtifact,
    };
    let order = match order {
        Some("DESCENDING") => SortOrder::Descending,
        _ => SortOrder::Ascending,
    };
    (by, order)
}

/// Sorts, and keeps no more than the page and one beyond it.
fn keep_page(products: &mut Vec<ListedProduct>, sort: Sort, page: &Page<Cursor>) {
    if let Some(after) = &page.after {
        products.retain(|listed| order(&cursor(sort, listed), after, sort) == Ordering::Greater);
    }
    products.sort_by(|a, b| order(&cursor(sort, a), &cursor(sort, b), sort));
    products.truncate(page.limit + 1);
}

fn admits(filters: &Filters, listed: &ListedProduct) -> bool {
    filters.admit(&Searchable {
        text: &listed.searchable,
        owner: &listed.owner,
        product_type: &listed.product_type,
        sources: &listed.sources,
    })
}

fn cursor(sort: Sort, listed: &ListedProduct) -> Cursor {
    let id = listed.id.to_string();
    match sort.0 {
        SortBy::Title => Cursor::Title(listed.title.clone(), id),
        SortBy::NewestArtifact => Cursor::Number(listed.newest_artifact.millis(), id),
        SortBy::CreationDate => Cursor::Number(listed.created.millis(), id),
        SortBy::VersionCount => Cursor::Number(
            i64::try_from(listed.artifacts_count).unwrap_or(i64::MAX),
            id,
        ),
    }
}

fn order(a: &Cursor, b: &Cursor, sort: Sort) -> Ordering {
    let ascending = match (a, b) {
        (Cursor::Number(a, a_id), Cursor::Number(b, b_id)) => (a, a_id).cmp(&(b, b_id)),
        (Cursor::Title(a, a_id), Cursor::Title(b, b_id)) => (a, a_id).cmp(&(b, b_id)),
        // A sealed token belongs to its sort, so the two are always of one kind.
        (Cursor::Number(..), Cursor::Title(..)) | (Cursor::Title(..), Cursor::Number(..)) => {
            Ordering::Equal
        }
    };
    match sort.1 {
        SortOrder::Ascending => ascending,
        SortOrder::Descending => ascending.reverse(),
    }
}
