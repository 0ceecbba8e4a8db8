//! Provisioning: what a launch, or a look at what it asks for, begins with.

use crate::artifacts::Artifact;
use crate::{ArtifactId, Refusal};

/// What a request names by exactly one of two members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector<'a> {
    Id(&'a str),
    Name(&'a str),
}

impl<'a> Selector<'a> {
    fn of((id, name): (Option<&'a str>, Option<&'a str>)) -> Option<Self> {
        match (id, name) {
            (Some(id), None) => Some(Self::Id(id)),
            (None, Some(name)) => Some(Self::Name(name)),
            (None, None) | (Some(_), Some(_)) => None,
        }
    }
}

/// The product and the version of it that are meant, each given as its id and its name.
pub fn selectors<'a>(
    product: (Option<&'a str>, Option<&'a str>),
    artifact: (Option<&'a str>, Option<&'a str>),
) -> Result<(Selector<'a>, Selector<'a>), Refusal> {
    let members = match (Selector::of(product), Selector::of(artifact)) {
        (Some(product), Some(artifact)) => return Ok((product, artifact)),
        (None, Some(_)) => "ProductId and ProductName",
        (Some(_), None) => "ProvisioningArtifactId and ProvisioningArtifactName",
        (None, None) => {
            "ProductId and ProductName, and exactly one of ProvisioningArtifactId and \
             ProvisioningArtifactName"
        }
    };
    Err(Refusal::ExactlyOneOf(members))
}

/// The version that is meant, out of all that a product has. Inactive ones are hidden from end users:
/// they read as what does not exist, and take no name (ours: AWS is silent on names).
pub fn choose_artifact<'a>(
    artifacts: &'a [Artifact],
    selector: Selector<'_>,
) -> Result<&'a Artifact, Refusal> {
    let is_meant = |artifact: &&Artifact| match selector {
        Selector::Id(id) => artifact.id.as_str() == id,
        Selector::Name(name) => artifact.details.name.as_deref() == Some(name),
    };
    let active = artifacts.iter().filter(|artifact| artifact.active);
    let mut meant = active.filter(is_meant);
    match (meant.next(), meant.next(), selector) {
        (Some(only), None, _) => Ok(only),
        (None, _, Selector::Id(id)) => Err(Refusal::NoSuchArtifact(ArtifactId::from(id))),
        (None, _, Selector::Name(name)) => Err(Refusal::NoSuchArtifactNamed(name.to_owned())),
        (Some(_), Some(_), Selector::Id(name) | Selector::Name(name)) => {
            Err(Refusal::SeveralArtifactsNamed(name.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::artifacts::{ArtifactType, Details, Guidance, Lineage, Origin};

    fn artifact(id: &str, name: &str, active: bool) -> Artifact {
        Artifact {
            id: id.into(),
            product: "prod-a".into(),
            details: Details {
                name: Some(name.to_owned()),
                ..Details::default()
            },
            artifact_type: ArtifactType::CloudFormationTemplate,
            active,
            guidance: Guidance::Deprecated,
            origin: Origin::Url("https://example.com/t.yaml".into()),
            digest: None,
            lineage: Lineage::First,
            created: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn each_is_named_by_exactly_one_member_and_all_that_is_wrong_is_told() {
        let (none, both) = ((None, None), (Some("a"), Some("b")));
        let one = (Some("a"), None);
        let expected = (Selector::Id("a"), Selector::Name("b"));
        assert_eq!(selectors(one, (None, Some("b"))), Ok(expected));
        let product = "Give exactly one of ProductId and ProductName.";
        let version = "Give exactly one of ProvisioningArtifactId and ProvisioningArtifactName.";
        for (given, told) in [
            ((none, one), product),
            ((both, one), product),
            ((one, none), version),
            ((one, both), version),
            (
                (none, both),
                "Give exactly one of ProductId and ProductName, and exactly one of \
                 ProvisioningArtifactId and ProvisioningArtifactName.",
            ),
        ] {
            let refusal = selectors(given.0, given.1).expect_err(told);
            assert_eq!(refusal.to_string(), told);
        }
    }

    #[test]
    fn an_active_version_is_chosen_or_the_choice_is_refused() {
        let artifacts = [
            artifact("pa-a", "v1", false),
            artifact("pa-b", "v1", true),
            artifact("pa-c", "v2", true),
            artifact("pa-d", "v2", true),
            artifact("pa-e", "v3", false),
        ];
        for (selector, expected) in [
            (Selector::Id("pa-c"), Ok("pa-c")),
            (Selector::Name("v1"), Ok("pa-b")),
            (
                Selector::Name("v2"),
                Err("Multiple Provisioning Artifact with name v2 found."),
            ),
            (
                Selector::Name("v3"),
                Err("Provisioning Artifact with name v3 not found."),
            ),
            (
                Selector::Id("pa-a"),
                Err("Provisioning artifact pa-a not found."),
            ),
            (
                Selector::Id("v1"),
                Err("Provisioning artifact v1 not found."),
            ),
        ] {
            let chosen = choose_artifact(&artifacts, selector);
            let chosen = chosen
                .map(|artifact| artifact.id.to_string())
                .map_err(|refusal| refusal.to_string());
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(chosen, expected, "{selector:?}");
        }
    }
}
