//! What the accounts ask for: copies, and everything that may come in their way.

mod calls;
mod products;

pub(super) use calls::{call, caller, trail};

use mimeo_service::Answer;
use serde_json::{Value, json};

use super::chance::Chance;
use super::ledger::{CANARY, Ledger};
use super::node::REGIONS;
use products::{any_product, of_region};

/// The owner of the sources, the account that they are shared with, and one that has no business there.
pub(super) const ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "333333333333"];
const HUB: usize = 0;
const SPOKE: usize = 1;

pub(super) const HOST: &str = "mimeo.test";

/// Cancels a copy: no operation of AWS's.
pub(super) const CANCEL: &str = "CancelCopy";

/// Tries of one request.
const TRIES_MAX: u32 = 5;

/// What an answer is to be held against.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// The index of the copy that is asked for.
    Copy(usize),
    Describe {
        token: String,
        was_final: bool,
    },
    Other,
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub kind: Kind,
    pub operation: &'static str,
    pub account: usize,
    pub region: &'static str,
    pub input: Value,
    pub tries: u32,
}

/// A copy that somebody asked for.
#[derive(Debug)]
struct Asked {
    request: Request,
    token: Option<String>,
}

#[derive(Debug)]
pub(super) struct Clients {
    /// The Region in which the sources are.
    pub home: &'static str,
    pub portfolio: String,
    copies: Vec<Asked>,
    tokens_count: u64,
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Done,
    /// Nobody knows, or not now: ask again.
    Again,
}

impl Clients {
    pub(super) fn new(chance: &mut Chance) -> Self {
        Self {
            home: REGIONS[chance.index(2)],
            portfolio: String::new(),
            copies: Vec::new(),
            tokens_count: 0,
        }
    }

    fn token(&mut self) -> String {
        self.tokens_count += 1;
        format!("t{}", self.tokens_count)
    }

    fn ask(&self, account: usize, operation: &'static str, input: Value) -> Request {
        Request {
            kind: Kind::Other,
            operation,
            account,
            region: self.home,
            input,
            tries: 0,
        }
    }

    /// The next request, by chance; `None` where what was drawn has nothing to work on.
    pub(super) fn next(&mut self, chance: &mut Chance, ledger: &Ledger) -> Option<Request> {
        match chance.below(100) {
            0..30 => self.copy(chance, ledger),
            30..34 => self.cancel(chance),
            34..40 => {
                // A proxy delivers an old request again.
                let asked = chance.pick(&self.copies)?;
                let mut request = asked.request.clone();
                request.tries = TRIES_MAX;
                Some(request)
            }
            40..60 => self.describe(chance, ledger),
            60..66 => {
                let input = json!({"PortfolioId": self.portfolio, "AccountId": ACCOUNTS[SPOKE]});
                Some(self.ask(HUB, "DeletePortfolioShare", input))
            }
            66..70 => Some(self.share()),
            70..76 => Some(self.accept()),
            76..79 => self.of_source(chance, ledger, "DisassociateProductFromPortfolio"),
            79..83 => self.of_source(chance, ledger, "AssociateProductWithPortfolio"),
            83..86 => {
                let (account, region, id) = any_product(chance, ledger)?;
                Some(Request {
                    region,
                    ..self.ask(account, "DeleteProduct", json!({"Id": id}))
                })
            }
            86..92 => self.update(chance, ledger),
            92..96 => self.add_version(chance, ledger),
            _ => self.change_version(chance, ledger),
        }
    }

    pub(super) fn share(&self) -> Request {
        let input = json!({"PortfolioId": self.portfolio, "AccountId": ACCOUNTS[SPOKE]});
        self.ask(HUB, "CreatePortfolioShare", input)
    }

    pub(super) fn accept(&self) -> Request {
        let input = json!({"PortfolioId": self.portfolio});
        self.ask(SPOKE, "AcceptPortfolioShare", input)
    }

    pub(super) fn create_portfolio(&mut self) -> Request {
        let token = self.token();
        let input = json!({"DisplayName": "p", "IdempotencyToken": token, "ProviderName": "o"});
        self.ask(HUB, "CreatePortfolio", input)
    }

    pub(super) fn hold(&self, product: &str) -> Request {
        let input = json!({"PortfolioId": self.portfolio, "ProductId": product});
        self.ask(HUB, "AssociateProductWithPortfolio", input)
    }

    pub(super) fn create_product(
        &mut self,
        account: usize,
        region: &'static str,
        url: &str,
    ) -> Request {
        let token = self.token();
        let input = json!({
            "IdempotencyToken": token,
            "Name": format!("{CANARY}-{account}-{token}"),
            "Owner": format!("{CANARY}-{account}"),
            "ProductType": "CLOUD_FORMATION_TEMPLATE",
            "ProvisioningArtifactParameters": version("v1", url),
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": format!("k{account}"), "Value": "1"}],
        });
        Request {
            region,
            ..self.ask(account, "CreateProduct", input)
        }
    }

    pub(super) fn version_of(&mut self, product: &str, url: &str) -> Request {
        let token = self.token();
        let input = json!({
            "IdempotencyToken": token,
            "Parameters": version(&token, url),
            "ProductId": product,
        });
        self.ask(HUB, "CreateProvisioningArtifact", input)
    }

    fn copy(&mut self, chance: &mut Chance, ledger: &Ledger) -> Option<Request> {
        let account = [HUB, SPOKE, SPOKE, SPOKE, 2][chance.index(5)];
        let products = of_region(ledger, self.home);
        let sources: Vec<_> = products.iter().filter(|one| one.account == HUB).collect();
        let source = *chance.pick(&sources)?;
        let token = self.token();
        let region = REGIONS[chance.index(2)];
        let mut input = json!({
            "IdempotencyToken": token,
            "SourceProductArn": format!(
                "arn:aws:catalog:{}:{}:product/{}", self.home, ACCOUNTS[HUB], source.id
            ),
            // Each request has a name of its own, by which the ledger knows its copies.
            "TargetProductName": format!("copy-{token}"),
        });
        if chance.one_in(3) {
            input["CopyOptions"] = json!(["CopyTags"]);
        }
        if chance.one_in(4) {
            let version = chance.pick(&source.versions)?;
            input["SourceProvisioningArtifactIdentifiers"] = json!([{"Id": version}]);
        }
        if chance.one_in(4) {
            let there = of_region(ledger, region);
            let own: Vec<_> = there.iter().filter(|one| one.account == account).collect();
            if let Some(target) = chance.pick(&own) {
                input["TargetProductId"] = json!(target.id);
            }
        }
        let request = Request {
            kind: Kind::Copy(self.copies.len()),
            region,
            ..self.ask(account, "CopyProduct", input)
        };
        self.copies.push(Asked {
            request: request.clone(),
            token: None,
        });
        Some(request)
    }

    fn describe(&self, chance: &mut Chance, ledger: &Ledger) -> Option<Request> {
        let known: Vec<&Asked> = self.known().collect();
        let asked = *chance.pick(&known)?;
        let token = asked.token.clone()?;
        Some(describe(&asked.request, token, ledger))
    }

    fn cancel(&self, chance: &mut Chance) -> Option<Request> {
        let known: Vec<&Asked> = self.known().collect();
        let asked = *chance.pick(&known)?;
        Some(Request {
            operation: CANCEL,
            kind: Kind::Other,
            input: json!({"token": asked.token}),
            ..asked.request.clone()
        })
    }

    /// One question about each copy whose token is known.
    pub(super) fn describe_all(&self, ledger: &Ledger) -> Vec<Request> {
        let one = |asked: &Asked| Some(describe(&asked.request, asked.token.clone()?, ledger));
        self.known().filter_map(one).collect()
    }

    fn known(&self) -> impl Iterator<Item = &Asked> {
        self.copies.iter().filter(|asked| asked.token.is_some())
    }

    fn of_source(
        &self,
        chance: &mut Chance,
        ledger: &Ledger,
        operation: &'static str,
    ) -> Option<Request> {
        let products = of_region(ledger, self.home);
        let own: Vec<_> = products.iter().filter(|one| one.account == HUB).collect();
        let product = &chance.pick(&own)?.id;
        let input = json!({"PortfolioId": self.portfolio, "ProductId": product});
        Some(self.ask(HUB, operation, input))
    }

    fn update(&mut self, chance: &mut Chance, ledger: &Ledger) -> Option<Request> {
        let (account, region, id) = any_product(chance, ledger)?;
        let text = format!("{CANARY}-{account}-{}", self.token());
        let input = match chance.below(3) {
            0 => json!({"Id": id, "Name": text}),
            1 => json!({"Id": id, "Description": text}),
            _ => {
                json!({"Id": id, "AddTags": [{"Key": format!("u{}", chance.below(3)), "Value": text}]})
            }
        };
        Some(Request {
            region,
            ..self.ask(account, "UpdateProduct", input)
        })
    }

    fn add_version(&mut self, chance: &mut Chance, ledger: &Ledger) -> Option<Request> {
        let (account, region, id) = any_product(chance, ledger)?;
        let url = "https://templates.example/later.yaml";
        Some(Request {
            account,
            region,
            ..self.version_of(&id, url)
        })
    }

    fn change_version(&mut self, chance: &mut Chance, ledger: &Ledger) -> Option<Request> {
        let products = of_region(ledger, self.home);
        let product = chance.pick(&products)?;
        let version = chance.pick(&product.versions)?;
        let mut input = json!({"ProductId": product.id, "ProvisioningArtifactId": version});
        let operation = if chance.one_in(2) {
            "DeleteProvisioningArtifact"
        } else {
            input["Active"] = json!(chance.one_in(2));
            input["Name"] = json!(self.token());
            "UpdateProvisioningArtifact"
        };
        Some(self.ask(product.account, operation, input))
    }

    /// Holds an answer against what was asked.
    pub(super) fn hear(
        &mut self,
        request: &Request,
        answer: &Answer,
        ledger: &mut Ledger,
    ) -> Heard {
        if answer.status == 500 {
            let fault = &answer.fault;
            ledger
                .wrong
                .push(format!("{} answered 500: {fault:?}", request.operation));
        }
        let refused_now = answer.error == Some("ThrottlingException");
        if answer.status == 503 || refused_now {
            return if request.tries < TRIES_MAX {
                Heard::Again
            } else {
                Heard::Done
            };
        }
        if answer.status != 200 {
            return Heard::Done;
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match &request.kind {
            Kind::Other => {}
            Kind::Copy(index) => {
                let token = text("CopyProductToken");
                let asked = &mut self.copies[*index];
                let first = asked.token.get_or_insert_with(|| token.clone());
                if *first != token {
                    ledger
                        .wrong
                        .push(format!("V1: one request was answered {first} and {token}"));
                }
                ledger.acknowledged(&token);
            }
            Kind::Describe { token, was_final } => {
                let status = text("CopyProductStatus");
                ledger.told(token, *was_final, &status, &text("StatusDetail"));
            }
        }
        Heard::Done
    }
}

fn describe(of: &Request, token: String, ledger: &Ledger) -> Request {
    Request {
        operation: "DescribeCopyProductStatus",
        input: json!({"CopyProductToken": token}),
        kind: Kind::Describe {
            was_final: ledger.is_final(&token),
            token,
        },
        tries: 0,
        ..of.clone()
    }
}

fn version(name: &str, url: &str) -> Value {
    json!({
        "Info": {"LoadTemplateFromURL": url},
        "Name": name,
        "Type": "CLOUD_FORMATION_TEMPLATE",
    })
}
