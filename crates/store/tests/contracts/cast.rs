//! Who and what the stories are about, and how a story acts on a store.

use std::marker::PhantomData;
use std::pin::Pin;

use mimeo_domain::arn::ProductArn;
use mimeo_domain::artifacts::{self, Artifact, ArtifactType, Guidance, Lineage, Origin};
use mimeo_domain::copying::{Copy, CopyRequest, CopyTags, DEADLINE_MILLIS, State, Target};
use mimeo_domain::ids::Seed;
use mimeo_domain::portfolios::{self, Portfolio};
use mimeo_domain::products::{self, Product, ProductType};
use mimeo_domain::shares::{PortfolioShare, Recipient, Shared};
use mimeo_domain::{AccountId, Caller, Timestamp};
use mimeo_store::{AuthScope, Claimer, Fence, Fenced, Store, StoreError, Tx, Work};

pub(crate) const HUB: &str = "111111111111";
pub(crate) const SPOKE: &str = "222222222222";
pub(crate) const OTHER: &str = "333333333333";

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn account(digits: &str) -> AccountId {
    digits.parse().expect("twelve digits")
}

pub(crate) fn caller(digits: &str) -> Caller {
    Caller::root(account(digits), "eu-west-1".parse().expect("a Region"))
}

pub(crate) fn scope(digits: &str) -> AuthScope {
    AuthScope::of(&caller(digits))
}

/// The same account in another Region.
pub(crate) fn abroad(digits: &str) -> AuthScope {
    AuthScope {
        region: "us-east-1".parse().expect("a Region"),
        ..scope(digits)
    }
}

pub(crate) fn product(owner: &str, id: &str, name: &str, created: i64) -> Product {
    Product {
        id: id.into(),
        account: account(owner),
        region: scope(owner).region,
        product_type: ProductType::CloudFormationTemplate,
        details: products::Details {
            name: name.to_owned(),
            owner: "network team".into(),
            ..products::Details::default()
        },
        tags: Vec::new(),
        created: at(created),
    }
}

pub(crate) fn artifact(product: &str, id: &str, created: i64) -> Artifact {
    Artifact {
        id: id.into(),
        product: product.into(),
        details: artifacts::Details::default(),
        artifact_type: ArtifactType::CloudFormationTemplate,
        active: true,
        guidance: Guidance::Default,
        origin: Origin::Url("https://example.com/t.yaml".into()),
        digest: None,
        lineage: Lineage::First,
        created: at(created),
    }
}

pub(crate) fn portfolio(owner: &str, id: &str, created: i64) -> Portfolio {
    Portfolio {
        id: id.into(),
        account: account(owner),
        region: scope(owner).region,
        details: portfolios::Details {
            display_name: id.to_owned(),
            provider_name: "IT".into(),
            description: None,
        },
        tags: Vec::new(),
        created: at(created),
    }
}

pub(crate) fn offer(portfolio: &str, owner: &str, recipient: &str) -> PortfolioShare {
    let recipient: Recipient = recipient.parse().expect("an account or a node");
    PortfolioShare {
        portfolio: portfolio.into(),
        owner: account(owner),
        acceptance: recipient.acceptance_at_first(),
        recipient,
        tag_options: Shared::No,
        principals: Shared::Yes,
        created: at(5),
    }
}

pub(crate) fn copy(target: &str, token: &str) -> Copy {
    let caller = caller(target);
    Copy {
        token: token.into(),
        request: CopyRequest {
            source: ProductArn {
                partition: "aws".into(),
                region: caller.region.clone(),
                account: account(HUB),
                product: "prod-source".into(),
            },
            artifacts: Vec::new(),
            target: Target::New("prod-target".into()),
            name: None,
            tags: CopyTags::Leave,
        },
        caller,
        seed: Seed(7),
        state: State::Queued,
        fence: 0,
        attempts: 0,
        failures: 0,
        deadline: at(DEADLINE_MILLIS),
        created: at(0),
        plan: None,
        course: None,
    }
}

pub(crate) type Acting<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

struct Story<A, F, T> {
    with: A,
    act: F,
    gives: PhantomData<fn() -> T>,
}

impl<A, F, T> Work for Story<A, F, T>
where
    A: Send + Sync + 'static,
    F: for<'a, 'c> Fn(&'a mut Tx<'c>, &'a A) -> Acting<'a, T> + Send + Sync + 'static,
    T: Send + 'static,
{
    type Output = T;
    type Error = StoreError;

    async fn run(&mut self, tx: &mut Tx<'_>) -> Result<T, StoreError> {
        (self.act)(tx, &self.with).await
    }
}

/// Runs `act` on `with` in one transaction.
pub(crate) async fn write<A, F, T>(store: &Store, with: A, act: F) -> Result<T, StoreError>
where
    A: Send + Sync + 'static,
    F: for<'a, 'c> Fn(&'a mut Tx<'c>, &'a A) -> Acting<'a, T> + Send + Sync + 'static,
    T: Send + 'static,
{
    let gives = PhantomData;
    store.write(Story { with, act, gives }).await
}

/// Runs `act` on `with` in one snapshot.
pub(crate) async fn read<A, F, T>(store: &Store, with: A, act: F) -> Result<T, StoreError>
where
    A: Send + Sync + 'static,
    F: for<'a, 'c> Fn(&'a mut Tx<'c>, &'a A) -> Acting<'a, T> + Send + Sync + 'static,
    T: Send + 'static,
{
    let gives = PhantomData;
    store.read(Story { with, act, gives }).await
}

/// Any statement of a test's own.
pub(crate) async fn execute(store: &Store, sql: &'static str) -> u64 {
    write(store, sql, |tx, sql| Box::pin(tx.execute(sql, &[])))
        .await
        .expect(sql)
}

pub(crate) async fn insert_product(store: &Store, new: Product) {
    write(store, new, |tx, new| Box::pin(tx.insert_product(new, &[])))
        .await
        .expect("a new product");
}

pub(crate) async fn insert_artifacts(
    store: &Store,
    owner: &str,
    product: &str,
    new: Vec<Artifact>,
) {
    let with = (scope(owner), product.to_owned(), new);
    write(store, with, |tx, (scope, product, new)| {
        Box::pin(async move {
            tx.insert_artifacts(scope, &product.as_str().into(), new)
                .await
        })
    })
    .await
    .expect("new versions");
}

pub(crate) async fn insert_portfolio(store: &Store, new: Portfolio) {
    write(store, new, |tx, new| Box::pin(tx.insert_portfolio(new)))
        .await
        .expect("a new portfolio");
}

/// Puts `product`, which `owner` made, into a portfolio.
pub(crate) async fn associate(store: &Store, into: Portfolio, product: &str, owner: &str) -> u64 {
    let with = (into, product.into(), account(owner));
    write(store, with, |tx, (into, product, owner)| {
        Box::pin(tx.associate_product(into, (product, owner), at(3)))
    })
    .await
    .expect("an association")
}

pub(crate) async fn share(store: &Store, portfolio: &str, owner: &str, recipient: &str) -> u64 {
    let with = (scope(owner), offer(portfolio, owner, recipient));
    write(store, with, |tx, (scope, offer)| {
        Box::pin(tx.insert_share(scope, offer))
    })
    .await
    .expect("a share")
}

pub(crate) async fn accept(store: &Store, portfolio: &str, recipient: &str) -> u64 {
    write(
        store,
        (scope(recipient), portfolio.into()),
        |tx, (scope, portfolio)| Box::pin(tx.accept_share(scope, portfolio)),
    )
    .await
    .expect("an acceptance")
}

pub(crate) async fn reject(store: &Store, portfolio: &str, recipient: &str) -> u64 {
    write(
        store,
        (scope(recipient), portfolio.into()),
        |tx, (scope, portfolio)| Box::pin(tx.reject_share(scope, portfolio)),
    )
    .await
    .expect("a rejection")
}

pub(crate) async fn unshare(store: &Store, portfolio: &str, owner: &str, recipient: &str) -> u64 {
    write(
        store,
        (
            scope(owner),
            portfolio.into(),
            recipient.parse().expect("an account or a node"),
        ),
        |tx, (scope, portfolio, recipient)| Box::pin(tx.remove_share(scope, portfolio, recipient)),
    )
    .await
    .expect("the end of a share")
}

pub(crate) async fn insert_copy(store: &Store, target: &str, token: &str) {
    write(store, copy(target, token), |tx, copy| {
        Box::pin(tx.insert_copy(copy))
    })
    .await
    .expect("a new copy");
}

pub(crate) async fn find_copy(store: &Store, target: &str, token: &str) -> Copy {
    read(
        store,
        (scope(target), token.into()),
        |tx, (scope, token)| Box::pin(tx.find_copy(scope, token)),
    )
    .await
    .expect("an answer")
    .expect("the copy")
}

/// So many copies of one account wait.
pub(crate) async fn queue(store: &Store, who: &'static str, copies_count: usize) {
    write(store, copies_count, move |tx, copies_count| {
        Box::pin(async move {
            for number in 0..*copies_count {
                let token = format!("copyproduct-{who}-{number:04}");
                tx.insert_copy(&copy(who, &token)).await?;
            }
            Ok(())
        })
    })
    .await
    .expect("queued");
}

pub(crate) async fn claim(store: &Store, running_max: u32) -> Option<Copy> {
    store
        .claim_copy(&Claimer::new(running_max))
        .await
        .expect("a claim")
}

/// Lets a copy that was claimed succeed.
pub(crate) async fn finish(store: &Store, copy: &Copy) {
    let finished = write(store, Fence::of(copy), |tx, fence| {
        Box::pin(tx.succeed_copy(fence, at(9)))
    });
    assert_eq!(finished.await, Ok(Fenced::Written));
}

/// As if every lease had run out, and every wait: lanes are looked at again by then.
pub(crate) async fn let_time_pass(store: &Store) {
    execute(store, "UPDATE copy SET due = 0 WHERE unfinished = 1").await;
    execute(store, "UPDATE copy_lane SET due = 0").await;
}
