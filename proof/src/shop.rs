//! The shop: two accounts in two Regions, a product in each that all may copy, and a sink in each
//! that versions are copied onto.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};

use crate::client::{self, Place};

const ACCOUNTS: [&str; 2] = ["111111111111", "222222222222"];
pub(crate) const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// Versions of each source.
const VERSIONS: usize = 2;

/// Tries to get an answer from servers that come and go.
const TRIES_MAX: u32 = 2_000;

/// A server's port, and the Region that it serves; `None`: all of them.
pub(crate) type Door = (Option<&'static str>, Arc<AtomicU16>);

pub(crate) struct Shop {
    doors: Vec<Door>,
    pub corners: Vec<Corner>,
    template: String,
}

/// What one account has in one Region.
pub(crate) struct Corner {
    pub place: Place,
    pub arn: String,
    pub sink: String,
    /// What a copy must show: the product's texts, and its versions.
    pub summary: Value,
    pub versions: Vec<Value>,
}

impl Shop {
    /// Furnishes it through the API, before anything is killed.
    pub(crate) fn open(ports: Vec<Arc<AtomicU16>>) -> Self {
        Self::open_apart(ports.into_iter().map(|port| (None, port)).collect())
    }

    /// The same where each server has Regions of its own.
    pub(crate) fn open_apart(doors: Vec<Door>) -> Self {
        let mut shop = Self {
            doors,
            corners: Vec::new(),
            template: String::new(),
        };
        for region in REGIONS {
            for (account, other) in [(ACCOUNTS[0], ACCOUNTS[1]), (ACCOUNTS[1], ACCOUNTS[0])] {
                let corner = shop.furnish(Place { account, region }, other);
                shop.corners.push(corner);
            }
        }
        let parameters = shop.parameters(shop.corners[0].place, "made", 1);
        shop.template = text(&parameters, "/Info/LoadTemplateFromURL");
        shop
    }

    fn furnish(&self, place: Place, other: &'static str) -> Corner {
        let source = self.product(place, "source");
        let id = text(&source, "/ProductViewDetail/ProductViewSummary/ProductId");
        for number in 2..=VERSIONS {
            let parameters = self.parameters(place, "source", number);
            let input = json!({"IdempotencyToken": format!("v{number}"), "Parameters": parameters, "ProductId": id});
            self.does(place, "CreateProvisioningArtifact", &input);
        }
        let sink = self.product(place, "sink");
        let input = json!({"DisplayName": "all", "IdempotencyToken": "all", "ProviderName": "IT"});
        let portfolio = self.does(place, "CreatePortfolio", &input);
        let portfolio = text(&portfolio, "/PortfolioDetail/Id");
        let input = json!({"PortfolioId": portfolio, "ProductId": id});
        self.does(place, "AssociateProductWithPortfolio", &input);
        let input = json!({"AccountId": other, "PortfolioId": portfolio});
        self.does(place, "CreatePortfolioShare", &input);
        let recipient = Place {
            account: other,
            ..place
        };
        let input = json!({"PortfolioId": portfolio});
        self.does(recipient, "AcceptPortfolioShare", &input);
        let described = self.does(place, "DescribeProductAsAdmin", &json!({"Id": id}));
        Corner {
            place,
            arn: text(&source, "/ProductViewDetail/ProductARN"),
            sink: text(&sink, "/ProductViewDetail/ProductViewSummary/ProductId"),
            summary: texts(&described["ProductViewDetail"]["ProductViewSummary"]),
            versions: self.versions(place, &id),
        }
    }

    fn product(&self, place: Place, name: &str) -> Value {
        let input = json!({
            "Description": format!("the {name} of {}", place.account),
            "Distributor": "IT",
            "IdempotencyToken": name,
            "Name": name,
            "Owner": "Platform",
            "ProductType": "CLOUD_FORMATION_TEMPLATE",
            "ProvisioningArtifactParameters": self.parameters(place, name, 1),
            "SupportEmail": "help@example.com",
        });
        self.does(place, "CreateProduct", &input)
    }

    fn parameters(&self, place: Place, name: &str, number: usize) -> Value {
        let Place { account, region } = place;
        let body = format!(
            "# {account} {region} {name} {number}\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
        );
        let url = client::put(
            self.port_of(place, 0),
            place,
            &format!("{name}-{number}.yaml"),
            &body,
        );
        json!({
            "Info": {"LoadTemplateFromURL": url},
            "Name": format!("v{number}"),
            "Type": "CLOUD_FORMATION_TEMPLATE",
        })
    }

    /// The address of a template that is there.
    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    pub(crate) fn port(&self, node: usize) -> u16 {
        self.doors[node % self.doors.len()].1.load(Ordering::SeqCst)
    }

    /// One of the servers that serve this place.
    pub(crate) fn port_of(&self, place: Place, number: usize) -> u16 {
        let serves = |door: &&Door| door.0.is_none_or(|region| region == place.region);
        let serving: Vec<_> = self.doors.iter().filter(serves).collect();
        serving[number % serving.len()].1.load(Ordering::SeqCst)
    }

    /// Asks, whichever server lives, until one answers; what it answers must be a success.
    pub(crate) fn does(&self, place: Place, operation: &str, input: &Value) -> Value {
        for number in 0..TRIES_MAX {
            match client::call(
                self.port_of(place, number as usize),
                place,
                operation,
                input,
            ) {
                Some((200, output)) => return output,
                Some((status, output)) if !client::is_to_be_retried(status, &output) => {
                    panic!("{operation}: {status} {output}")
                }
                _ => crate::sleep(10),
            }
        }
        panic!("{operation}: no server answers");
    }

    /// A document of Mimeo's own, from whichever server answers.
    pub(crate) fn page(&self, place: Place, path: &str) -> Value {
        for number in 0..TRIES_MAX {
            let told = client::get(self.port_of(place, number as usize), place, path);
            match told.map(|told| serde_json::from_str(&told)) {
                Some(Ok(document)) => return document,
                _ => crate::sleep(10),
            }
        }
        panic!("{path}: no server answers");
    }

    /// The versions of a product, as far as a copy must keep them.
    pub(crate) fn versions(&self, place: Place, product: &str) -> Vec<Value> {
        let input = json!({"ProductId": product});
        let listed = self.does(place, "ListProvisioningArtifacts", &input);
        let listed = listed["ProvisioningArtifactDetails"].as_array().unwrap();
        let told = |version: &Value| {
            let input = json!({"ProductId": product, "ProvisioningArtifactId": version["Id"], "Verbose": true});
            let told = self.does(place, "DescribeProvisioningArtifact", &input);
            let digest = text(&told, "/Info/TemplateDigest");
            let member = |name: &str| version[name].clone();
            json!([
                member("Name"),
                member("Type"),
                member("Active"),
                member("Guidance"),
                digest
            ])
        };
        listed.iter().map(told).collect()
    }

    /// Copies that a server made in its present life.
    pub(crate) fn copies_made_by(&self, node: usize) -> u64 {
        let metrics = client::get(self.port(node), self.corners[0].place, "/metrics");
        let metrics = metrics.unwrap_or_default();
        let named = "mimeo_copy_tries_total{outcome=\"succeeded\"} ";
        let line = metrics.lines().find_map(|line| line.strip_prefix(named));
        line.map_or(0, |number| number.parse().unwrap())
    }
}

/// What a person wrote about a product, except its name.
pub(crate) fn texts(summary: &Value) -> Value {
    let mut texts = summary.clone();
    for own in ["Id", "Name", "ProductId"] {
        texts.as_object_mut().unwrap().remove(own);
    }
    texts
}

pub(crate) fn text(answer: &Value, pointer: &str) -> String {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no {pointer} in {answer}"))
        .to_owned()
}
