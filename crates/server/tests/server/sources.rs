//! What every source of copies keeps to, told twice: of a Region of the same server and of another's.

use std::time::Duration;

use mimeo_server::Running;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{described, start};
use crate::peers::{FAR, HUB, KEY, NEAR, Published, ask, call, looks, publish};

const ACCOUNTS: &str = r#"
[[account]]
id = "111111111111"
key = [{ id = "AKIAHUB", secret = "secret" }]
[[account]]
id = "222222222222"
key = [{ id = "AKIASPOKE", secret = "secret" }]
[[account]]
id = "333333333333"
key = [{ id = "AKIAOTHER", secret = "secret" }]
"#;

/// Where products are and where copies are asked for.
struct Place {
    source: Running,
    /// `None` if it is the same server.
    target: Option<Running>,
}

impl Place {
    async fn within() -> Self {
        let toml = format!("regions = [\"{FAR}\", \"{NEAR}\"]\n{ACCOUNTS}");
        let source = start(described(&toml)).await;
        let target = None;
        Self { source, target }
    }

    async fn apart() -> Self {
        let key = format!("peers.key = \"{KEY}\"\n{ACCOUNTS}");
        let source = start(described(&format!("regions = [\"{FAR}\"]\n{key}"))).await;
        let region = format!(
            "[[region]]\nname = \"{FAR}\"\nendpoint = \"{}\"\n",
            source.url()
        );
        let toml = format!("regions = [\"{NEAR}\"]\n{key}{region}");
        let target = Some(start(described(&toml)).await);
        Self { source, target }
    }

    fn target(&self) -> &Running {
        self.target.as_ref().unwrap_or(&self.source)
    }

    /// The refusal, or what the copy looks like beside its source.
    async fn copied(&self, key: &str, arn: &str, token: &str) -> Value {
        let who = (key, NEAR);
        let asked = json!({"SourceProductArn": arn, "IdempotencyToken": token,
            "CopyOptions": ["CopyTags"]});
        let answer = ask(self.target(), who, "CopyProduct", asked).await;
        if answer.status != 200 {
            return json!([answer.status, answer.json()]);
        }
        let asked = json!({"CopyProductToken": answer.json()["CopyProductToken"]});
        for _ in 0..2_000 {
            let operation = "DescribeCopyProductStatus";
            let status = call(self.target(), who, operation, asked.clone()).await;
            match status["CopyProductStatus"].as_str().unwrap() {
                "IN_PROGRESS" => sleep(Duration::from_millis(10)).await,
                "SUCCEEDED" => {
                    let product = status["TargetProductId"].as_str().unwrap();
                    return looks(self.target(), who, product).await;
                }
                _ => return status,
            }
        }
        panic!("the copy does not end");
    }
}

/// Each story's answer, with the ids of this run left out.
async fn told(place: &Place) -> Vec<(&'static str, Value)> {
    let published = publish(&place.source).await;
    let Published { arn, id, portfolio } = &published;
    let source_looks = looks(&place.source, HUB, id).await;
    let shared = json!({"PortfolioId": portfolio, "AccountId": "333333333333"});
    let held = json!({"PortfolioId": portfolio});
    let other = ("AKIAOTHER", FAR);
    let mut told = Vec::new();

    told.push(("own", place.copied("AKIAHUB", arn, "own").await));
    told.push(("accepted", place.copied("AKIASPOKE", arn, "accepted").await));
    for (what, answer) in &told {
        assert_eq!(answer, &source_looks, "{what}");
    }
    told.push(("foreign", place.copied("AKIAOTHER", arn, "foreign").await));
    call(&place.source, HUB, "CreatePortfolioShare", shared.clone()).await;
    told.push(("unaccepted", place.copied("AKIAOTHER", arn, "open").await));
    call(&place.source, other, "AcceptPortfolioShare", held).await;
    let late = place.copied("AKIAOTHER", arn, "late").await;
    assert_eq!(late, source_looks, "accepted later");
    told.push(("accepted later", late));
    call(&place.source, HUB, "DeletePortfolioShare", shared).await;
    told.push(("unshared", place.copied("AKIAOTHER", arn, "after").await));
    let absent = arn.replace(id, "prod-aaaaaaaaaaaaa");
    told.push(("absent", place.copied("AKIASPOKE", &absent, "absent").await));
    let of_another = arn.replace("111111111111", "333333333333");
    told.push((
        "of another account",
        place.copied("AKIASPOKE", &of_another, "other").await,
    ));
    for (_, answer) in &mut told {
        let text = answer.to_string().replace(id, "ID");
        let text = text.replace("prod-aaaaaaaaaaaaa", "ID");
        let text = text.replace(&place.source.url(), "URL");
        *answer = serde_json::from_str(&text).unwrap();
    }
    told
}

#[tokio::test]
async fn a_region_here_and_one_on_another_server_keep_the_same_contract() {
    let within = told(&Place::within().await).await;
    let refused = |wanted: &str| {
        let found = within.iter().find(|(what, _)| *what == wanted);
        let (_, answer) = found.unwrap();
        assert_eq!(answer[0], 400, "{wanted}");
        assert_eq!(answer[1]["__type"], "ResourceNotFoundException", "{wanted}");
        answer.clone()
    };
    let absent = refused("absent");
    for hidden in ["foreign", "unaccepted", "unshared"] {
        assert_eq!(refused(hidden), absent, "{hidden}");
    }
    refused("of another account");
    assert_eq!(told(&Place::apart().await).await, within);
}
