//! Launch paths: the portfolios through which a caller may launch a product.

use crate::portfolios::Portfolio;
use crate::{ProductId, Refusal};

/// Which of the paths to a product is meant: `PathId` and `PathName` of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathChoice<'a> {
    /// Neither is given: the only one there is.
    Only,
    Id(&'a str),
    Name(&'a str),
}

impl<'a> PathChoice<'a> {
    pub fn of(id: Option<&'a str>, name: Option<&'a str>) -> Result<Self, Refusal> {
        match (id, name) {
            (None, None) => Ok(Self::Only),
            (Some(id), None) => Ok(Self::Id(id)),
            (None, Some(name)) => Ok(Self::Name(name)),
            (Some(_), Some(_)) => Err(Refusal::PathTwice),
        }
    }

    fn means(self, portfolio: &Portfolio) -> bool {
        match self {
            Self::Only => true,
            Self::Id(id) => portfolio.id.path_id() == id,
            Self::Name(name) => portfolio.details.display_name == name,
        }
    }
}

/// The one path that is meant, out of those that the caller has to the product.
pub fn choose(
    product: &ProductId,
    mut paths: Vec<Portfolio>,
    choice: PathChoice<'_>,
) -> Result<Portfolio, Refusal> {
    if paths.is_empty() {
        return Err(Refusal::NoLaunchPaths(product.clone()));
    }
    paths.retain(|path| choice.means(path));
    match (paths.pop(), choice) {
        (Some(only), _) if paths.is_empty() => Ok(only),
        (None, PathChoice::Id(id)) => Err(Refusal::InvalidPathId(id.to_owned())),
        (None, PathChoice::Name(name)) => Err(Refusal::InvalidPathName(name.to_owned())),
        (Some(_), _) | (None, PathChoice::Only) => Err(Refusal::SeveralLaunchPaths),
    }
}

#[cfg(test)]
mod tests {
    use crate::Timestamp;
    use crate::portfolios::Details;

    use super::*;

    fn path(id: &str, name: &str) -> Portfolio {
        Portfolio {
            id: id.into(),
            account: "111111111111".parse().expect("an account"),
            region: "eu-west-1".parse().expect("a Region"),
            details: Details {
                display_name: name.to_owned(),
                ..Details::default()
            },
            tags: Vec::new(),
            created: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn one_path_is_chosen_or_the_choice_is_refused() {
        let one = vec![path("port-a", "golden")];
        let mut two = one.clone();
        two.push(path("port-b", "silver"));
        let mut namesakes = two.clone();
        namesakes.push(path("port-c", "golden"));
        let several = "More than one launch path ids exist. Please specify the launch path id";
        let none = "No launch paths found for resource: prod-x";
        for (paths, choice, expected) in [
            (&one, PathChoice::Only, Ok("port-a")),
            (&one, PathChoice::Id("lpv3-a"), Ok("port-a")),
            (&two, PathChoice::Only, Err(several)),
            (&two, PathChoice::Id("lpv3-b"), Ok("port-b")),
            (&two, PathChoice::Name("golden"), Ok("port-a")),
            (
                &two,
                PathChoice::Id("lpv2-b"),
                Err("Invalid PathId: lpv2-b"),
            ),
            (
                &two,
                PathChoice::Name("Golden"),
                Err("Invalid PathName: Golden"),
            ),
            (&namesakes, PathChoice::Name("golden"), Err(several)),
            (&Vec::new(), PathChoice::Only, Err(none)),
            (&Vec::new(), PathChoice::Id("lpv3-a"), Err(none)),
        ] {
            let chosen = choose(&"prod-x".into(), paths.clone(), choice);
            let chosen = chosen
                .map(|path| path.id.to_string())
                .map_err(|refusal| refusal.to_string());
            assert_eq!(
                chosen,
                expected.map(str::to_owned).map_err(str::to_owned),
                "{choice:?}"
            );
        }
    }
}
