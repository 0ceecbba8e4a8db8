//! Tags of products and portfolios.

use serde::{Deserialize, Serialize};

use crate::Refusal;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// What an update asks: keys to drop, then tags to put (an equal key is replaced).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagChange {
    pub put: Vec<Tag>,
    pub remove: Vec<String>,
}

/// Keys under this prefix are AWS's own (general tagging rule).
const RESERVED_PREFIX: &str = "aws:";

/// The first tags of a new resource: no key twice, none reserved, no more than the quota.
pub fn first(tags: &[Tag], tags_max: u64) -> Result<Vec<Tag>, Refusal> {
    for (index, tag) in tags.iter().enumerate() {
        if tags[..index].iter().any(|earlier| earlier.key == tag.key) {
            return Err(Refusal::TagKeyTwice(tag.key.clone()));
        }
    }
    changed(
        &[],
        &TagChange {
            put: tags.to_vec(),
            remove: Vec::new(),
        },
        tags_max,
    )
}

/// The tags after `change`: kept ones stay where they are, new ones follow in the order given.
pub fn changed(before: &[Tag], change: &TagChange, tags_max: u64) -> Result<Vec<Tag>, Refusal> {
    if let Some(tag) = change.put.iter().find(|tag| is_reserved(&tag.key)) {
        return Err(Refusal::TagKeyReserved(tag.key.clone()));
    }
    let mut after: Vec<Tag> = before
        .iter()
        .filter(|tag| !change.remove.contains(&tag.key))
        .cloned()
        .collect();
    for tag in &change.put {
        match after.iter_mut().find(|kept| kept.key == tag.key) {
            Some(kept) => kept.value.clone_from(&tag.value),
            None => after.push(tag.clone()),
        }
    }
    if after.len() as u64 > tags_max {
        return Err(Refusal::TooManyTags { tags_max });
    }
    Ok(after)
}

fn is_reserved(key: &str) -> bool {
    key.get(..RESERVED_PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(RESERVED_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag {
            key: key.into(),
            value: value.into(),
        }
    }

    #[test]
    fn an_update_drops_replaces_and_adds() {
        let before = [tag("team", "a"), tag("cost", "1"), tag("old", "x")];
        let change = TagChange {
            put: vec![tag("cost", "2"), tag("new", "y")],
            remove: vec!["old".into(), "absent".into()],
        };
        let after = changed(&before, &change, 20).expect("within the quota");
        assert_eq!(after, [tag("team", "a"), tag("cost", "2"), tag("new", "y")]);
    }

    #[test]
    fn a_removed_key_may_come_back_in_the_same_update() {
        let change = TagChange {
            put: vec![tag("a", "2")],
            remove: vec!["a".into()],
        };
        assert_eq!(
            changed(&[tag("a", "1")], &change, 20),
            Ok(vec![tag("a", "2")])
        );
    }

    #[test]
    fn bad_tags_are_refused() {
        let twice = [tag("a", "1"), tag("a", "2")];
        assert_eq!(first(&twice, 20), Err(Refusal::TagKeyTwice("a".into())));
        let reserved = [tag("AWS:x", "1")];
        assert_eq!(
            first(&reserved, 20),
            Err(Refusal::TagKeyReserved("AWS:x".into()))
        );
        let three = [tag("a", "1"), tag("b", "2"), tag("c", "3")];
        assert_eq!(first(&three, 2), Err(Refusal::TooManyTags { tags_max: 2 }));
    }
}
