//! The rules of copying, case by case.

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

fn artifact(id: &str, name: &str) -> Artifact {
    Artifact {
        id: id.into(),
        product: "prod-source".into(),
        details: artifacts::Details {
            name: Some(name.into()),
            description: None,
        },
        artifact_type: ArtifactType::CloudFormationTemplate,
        active: name != "v2",
        guidance: Guidance::Deprecated,
        origin: Origin::Url("https://example.com/t.yaml".into()),
        digest: Some("ab".repeat(32)),
        lineage: Lineage::First,
        created: NOW,
    }
}

fn source() -> Product {
    Product {
        id: "prod-source".into(),
        account: "111111111111".parse().expect("an account"),
        region: "us-east-1".parse().expect("a Region"),
        product_type: ProductType::CloudFormationTemplate,
        details: products::Details {
            name: "vpc".into(),
            owner: "network".into(),
            support_email: Some("net@example.com".into()),
            ..products::Details::default()
        },
        tags: vec![Tag {
            key: "cost".into(),
            value: "42".into(),
        }],
        created: NOW,
    }
}

fn copy(change: impl FnOnce(&mut Copy)) -> Copy {
    let arn = "arn:aws:catalog:us-east-1:111111111111:product/prod-source";
    let mut copy = Copy {
        token: "copyproduct-a".into(),
        caller: Caller::root(
            "222222222222".parse().expect("an account"),
            "eu-west-1".parse().expect("a Region"),
        ),
        request: CopyRequest {
            source: ProductArn::parse(arn).expect("a product ARN"),
            artifacts: Vec::new(),
            target: Target::New("prod-target".into()),
            name: None,
            tags: CopyTags::Leave,
        },
        seed: Seed(7),
        state: State::Running,
        fence: 1,
        attempts: 1,
        failures: 0,
        deadline: NOW.plus_millis(DEADLINE_MILLIS),
        created: NOW,
        plan: None,
        course: None,
    };
    change(&mut copy);
    copy
}

fn planned(copy: &Copy) -> Plan {
    let there = [
        artifact("pa-1", "v1"),
        artifact("pa-2", "v2"),
        artifact("pa-3", "v3"),
    ];
    plan(&copy.request, &source(), &there, NOW).expect("a plan")
}

#[test]
fn a_copy_reads_its_source_once_then_lands() {
    assert_eq!(next_step(&copy(|_| ()), NOW), Step::ReadSource);
    let with_plan = copy(|copy| copy.plan = Some(planned(copy)));
    assert_eq!(next_step(&with_plan, NOW), Step::Land);
}

#[test]
fn a_final_copy_rests_whatever_else_its_record_says() {
    let late = NOW.plus_millis(2 * DEADLINE_MILLIS);
    for state in [State::Succeeded, State::Failed(StatusDetail::Deadline)] {
        let copy = copy(|copy| {
            copy.state = state;
            copy.attempts = 99;
        });
        assert_eq!(next_step(&copy, late), Step::Rest);
    }
}

#[test]
fn a_copy_that_is_late_or_kills_its_workers_or_keeps_failing_is_given_up() {
    let internal = Step::GiveUp(StatusDetail::Internal {
        reference: "copyproduct-a".into(),
    });
    let at_deadline = next_step(&copy(|_| ()), NOW.plus_millis(DEADLINE_MILLIS));
    assert_eq!(at_deadline, Step::GiveUp(StatusDetail::Deadline));
    let deadly = copy(|copy| copy.attempts = DEATHS_MAX + 1);
    assert_eq!(next_step(&deadly, NOW), internal);
    let failing = copy(|copy| (copy.attempts, copy.failures) = (FAILURES_MAX + 1, FAILURES_MAX));
    assert_eq!(next_step(&failing, NOW), internal);
    let lucky = copy(|copy| (copy.attempts, copy.failures) = (FAILURES_MAX, FAILURES_MAX - 1));
    assert_eq!(next_step(&lucky, NOW), Step::ReadSource);
}

#[test]
fn the_last_try_is_the_one_after_which_the_deadline_may_come_first() {
    let fresh = copy(|_| ());
    assert!(!is_last_try(&fresh, NOW));
    let near = fresh.deadline.plus_millis(-BACKOFF_CAP_MILLIS);
    assert!(!is_last_try(&fresh, near.plus_millis(-1)));
    assert!(is_last_try(&fresh, near));
    let tried = copy(|copy| (copy.failures, copy.fence) = (FAILURES_MAX - 1, 900));
    assert!(!is_last_try(&tried, NOW), "no number of tries makes it so");
}

#[test]
fn another_stores_word_counts_for_five_seconds() {
    let asked = NOW;
    for (age, counts) in [
        (0, true),
        (5_000, true),
        (5_001, false),
        (-1, false),
        (i64::from(u32::MAX), false),
    ] {
        let now = asked.plus_millis(age);
        assert_eq!(is_right_fresh(asked, now), counts, "{age} ms");
    }
}

#[test]
fn waits_grow_to_a_cap_and_use_all_of_their_range() {
    for failures in 0..70 {
        let ceiling = (BACKOFF_BASE_MILLIS << failures.min(10)).min(BACKOFF_CAP_MILLIS);
        for chance in [0, 1, 12_345_678_901, u64::MAX] {
            let wait = backoff_millis(failures, chance);
            assert!((0..=ceiling).contains(&wait), "{failures} {chance} {wait}");
        }
        let all = ceiling.unsigned_abs();
        assert_eq!(backoff_millis(failures, all), ceiling);
    }
}

#[test]
fn all_versions_are_planned_when_none_is_named_even_inactive_ones() {
    let plan = planned(&copy(|_| ()));
    let names: Vec<_> = plan
        .artifacts
        .iter()
        .map(|artifact| &artifact.details.name)
        .collect();
    assert_eq!(
        names,
        [&Some("v1".into()), &Some("v2".into()), &Some("v3".into())]
    );
    assert!(!plan.artifacts[1].active);
}

#[test]
fn named_versions_come_in_the_sources_order_and_once() {
    let copy = copy(|copy| {
        copy.request.artifacts = vec!["pa-3".into(), "pa-1".into(), "pa-3".into()];
    });
    let sources: Vec<_> = planned(&copy)
        .artifacts
        .into_iter()
        .map(|it| it.source)
        .collect();
    assert_eq!(sources, ["pa-1".into(), "pa-3".into()]);
}

#[test]
fn a_version_of_another_product_is_refused_at_the_door_and_fails_later() {
    let there = [artifact("pa-1", "v1")];
    let asked = ["pa-1".into(), "pa-x".into()];
    assert_eq!(
        all_there(&asked, &there),
        Err(Refusal::NoSuchArtifact("pa-x".into()))
    );
    let copy = copy(|copy| copy.request.artifacts = asked.to_vec());
    let failed = plan(&copy.request, &source(), &there, NOW);
    assert_eq!(
        failed,
        Err(StatusDetail::SourceArtifactNotFound {
            artifact: "pa-x".into()
        })
    );
}

#[test]
fn a_new_product_is_the_callers_and_carries_what_people_wrote() {
    let copy = copy(|copy| copy.request.name = Some("copy-of-vpc".into()));
    let product =
        new_product(&copy, &planned(&copy), &Quotas::default(), NOW).expect("a new product");
    assert_eq!(product.id, "prod-target".into());
    assert_eq!(product.account.as_str(), "222222222222");
    assert_eq!(product.region.as_str(), "eu-west-1");
    assert_eq!(product.details.name, "copy-of-vpc");
    assert_eq!(
        product.details.support_email,
        source().details.support_email
    );
    assert_eq!(product.tags, [], "tags travel only with CopyTags");
}

#[test]
fn copied_tags_join_the_targets_and_win_on_a_clash() {
    let copy = copy(|copy| copy.request.tags = CopyTags::Copy);
    let plan = planned(&copy);
    let tag = |key: &str, value: &str| Tag {
        key: key.into(),
        value: value.into(),
    };
    let before = [tag("cost", "1"), tag("team", "a")];
    let after = landed_tags(&copy, &plan, &before, &Quotas::default());
    assert_eq!(after, Ok(vec![tag("cost", "42"), tag("team", "a")]));
    let full = Quotas {
        tags: 1,
        ..Quotas::default()
    };
    let refused = landed_tags(&copy, &plan, &[tag("team", "a")], &full);
    assert_eq!(refused, Err(StatusDetail::TagQuota { tags_max: 1 }));
}

#[test]
fn every_try_lands_the_same_versions() {
    let copy = copy(|_| ());
    let plan = planned(&copy);
    let first = landed_artifacts(&copy, &plan, NOW);
    assert_eq!(first, landed_artifacts(&copy, &plan, NOW));
    let ids: std::collections::BTreeSet<_> = first.iter().map(|artifact| &artifact.id).collect();
    assert_eq!(ids.len(), 3, "each version has an id of its own");
    let inactive = &first[1];
    assert!(!inactive.active);
    assert_eq!(inactive.guidance, Guidance::Deprecated);
    let lineage = Lineage::Copied {
        product: "prod-source".into(),
        artifact: "pa-2".into(),
    };
    assert_eq!(inactive.lineage, lineage);
}
