//! What the columns of a product, a version or a copy say against its own document.

use mimeo_domain::artifacts::{Artifact, Lineage};
use mimeo_domain::products::Product;

use super::{CheckedArtifact, CheckedCopy, Odd, scope};
use crate::column::read;
use crate::products::Columns;
use crate::{Row, StoreError};

pub(super) struct ProductRow {
    pub key: (String, String),
    pub odd: Vec<String>,
}

pub(super) fn product_row(row: &Row<'_>) -> ProductRow {
    let key = (row.text(0), row.text(1));
    let mut odd = Vec::new();
    match read::<Product>(&row.text(10)) {
        Err(error) => odd.push(error.to_string()),
        Ok(product) => {
            let wanted = Columns::of(&product);
            let columns = [
                ("region", row.text(0), product.region.to_string()),
                ("id", row.text(1), product.id.to_string()),
                ("account", row.text(2), product.account.to_string()),
                ("title", row.text(3), wanted.title),
                ("owner", row.text(4), wanted.owner),
                ("type", row.text(5), product.product_type.as_str().into()),
                ("searchable", row.text(6), wanted.searchable),
                (
                    "created",
                    row.int(9).to_string(),
                    product.created.millis().to_string(),
                ),
            ];
            for (column, found, wanted) in columns {
                if found != wanted {
                    odd.push(format!("its column {column} differs from its document"));
                }
            }
        }
    }
    let (counted, there) = (row.int(7), row.int(11));
    if counted != there {
        odd.push(format!(
            "it counts {counted} versions, and {there} are there"
        ));
    }
    let newest = row.maybe_int(12);
    if newest.is_some_and(|newest| newest != row.int(8)) {
        odd.push("its newest version is of another time than noted".into());
    }
    ProductRow { key, odd }
}

pub(super) fn artifact_row(row: &Row<'_>) -> CheckedArtifact {
    let (region, product, id) = (row.text(0), row.text(1), row.text(3));
    let artifact = read::<Artifact>(&row.text(5));
    let what = match (&artifact, row.maybe_text(6)) {
        (Err(error), _) => Some(error.to_string()),
        (_, None) => Some(format!("its product {product} is not there")),
        (Ok(artifact), Some(_)) => {
            let sources = row.maybe_text(7).unwrap_or_default();
            odd_columns(artifact, (&product, &id, row.int(4)), &sources)
        }
    };
    let odd = what.map(|what| Odd::new(format!("version {id} in {region}"), what));
    CheckedArtifact {
        region,
        product,
        position: row.int(2),
        id,
        artifact,
        odd,
    }
}

fn odd_columns(
    artifact: &Artifact,
    (product, id, created): (&str, &str, i64),
    sources: &str,
) -> Option<String> {
    if artifact.id.as_str() != id || artifact.product.as_str() != product {
        return Some("its columns name another version than its document".into());
    }
    if artifact.created.millis() != created {
        return Some("its column created differs from its document".into());
    }
    let Lineage::Copied { product, .. } = &artifact.lineage else {
        return None;
    };
    let noted = sources.split(' ').any(|source| source == product.as_str());
    (!noted).then(|| format!("it was copied from {product}, which its product does not note"))
}

pub(super) fn copy_row(row: &Row<'_>) -> Result<CheckedCopy, StoreError> {
    Ok(CheckedCopy {
        scope: scope(row, 0, 2)?,
        token: row.text(1).into(),
        state: row.text(3),
        is_unfinished: row.int(4) != 0,
        finished: row.maybe_int(5),
        status_detail: row.maybe_text(6),
        target: row.text(7).as_str().into(),
        has_plan: row.int(8) != 0,
    })
}
