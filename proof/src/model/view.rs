//! All answers of Describe, List and Search, from the server and from the model, as lines.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::alphabet::Seat;
use super::case::Case;
use super::catalogue::{Catalogue, Name, Portfolio, Product, State, Tags, Version};

/// What each account sees, by what it is about.
pub(super) type View = BTreeMap<String, String>;

/// Small, so that lists have several pages.
const PAGE_SIZE: usize = 2;

impl Catalogue {
    pub(super) fn view(&self, known: &BTreeSet<Name>) -> View {
        let mut view = View::new();
        for seat in Seat::all() {
            let own: BTreeSet<&Name> = self
                .products
                .iter()
                .filter_map(|(name, it)| (it.owner == seat).then_some(name))
                .collect();
            view.insert(format!("{seat}: products"), format!("{own:?}"));
            for (name, product) in &self.products {
                let is_there = product.owner.region == seat.region && known.contains(name);
                if is_there && self.visible(seat.account, name).is_some() {
                    let holders = self.holders(seat, name);
                    view.insert(
                        format!("{seat}: product {name}"),
                        of_product(product, &holders),
                    );
                }
            }
            self.view_portfolios(seat, &mut view);
        }
        for (token, copy) in &self.copies {
            let told = match copy.state {
                State::Waits | State::Held => "IN_PROGRESS".to_owned(),
                State::Succeeded => format!("SUCCEEDED {}", copy.target),
                State::Failed => "FAILED".to_owned(),
            };
            view.insert(format!("{}: copy {token}", copy.by), told);
        }
        view
    }

    fn view_portfolios(&self, seat: Seat, view: &mut View) {
        for (name, portfolio) in &self.portfolios {
            if portfolio.owner == seat {
                view.insert(format!("{seat}: portfolio {name}"), of_portfolio(portfolio));
            } else if portfolio.owner.region == seat.region
                && Self::sees_portfolio(seat.account, portfolio)
            {
                let products = format!("{:?}", portfolio.products);
                view.insert(format!("{seat}: imported {name}"), products);
            }
        }
    }

    fn holders(&self, seat: Seat, product: &str) -> BTreeSet<Name> {
        let holds = |portfolio: &Portfolio| {
            portfolio.owner.region == seat.region
                && portfolio.products.contains(product)
                && Self::sees_portfolio(seat.account, portfolio)
        };
        let holding = self.portfolios.iter().filter(|(_, it)| holds(it));
        holding.map(|(name, _)| name.clone()).collect()
    }
}

fn of_product(product: &Product, holders: &BTreeSet<Name>) -> String {
    let versions = product.versions.iter().map(|it| (&it.name, it.active));
    let mut versions: Vec<_> = versions.collect();
    versions.sort();
    let Product {
        description, tags, ..
    } = product;
    format!("{description:?} {tags:?} {versions:?} in {holders:?}")
}

fn of_portfolio(portfolio: &Portfolio) -> String {
    let Portfolio {
        description,
        tags,
        products,
        shares,
        ..
    } = portfolio;
    format!("{description:?} {tags:?} {products:?} {shares:?}")
}

impl Case<'_> {
    /// Asks everything of the server that [`Catalogue::view`] says.
    pub(super) async fn see(&mut self) -> Result<View, String> {
        let mut view = View::new();
        for seat in Seat::all() {
            let details = self.pages(seat, "SearchProductsAsAdmin", json!({})).await?;
            let own = self.named_products(&details)?;
            view.insert(format!("{seat}: products"), format!("{own:?}"));
            self.see_products(seat, &mut view).await?;
            for listed in self.pages(seat, "ListPortfolios", json!({})).await? {
                let name = self.named(&listed, "/DisplayName", "/Id")?;
                let portfolio = self.see_portfolio(seat, &name).await?;
                view.insert(
                    format!("{seat}: portfolio {name}"),
                    of_portfolio(&portfolio),
                );
            }
            let imported = self
                .pages(seat, "ListAcceptedPortfolioShares", json!({}))
                .await?;
            for listed in imported {
                let name = self.named(&listed, "/DisplayName", "/Id")?;
                let products = self.products_in(seat, &name).await?;
                view.insert(format!("{seat}: imported {name}"), format!("{products:?}"));
            }
        }
        for (token, by) in self.copies_by() {
            let input = json!({"CopyProductToken": self.id(&token)});
            let status = self.does(by, "DescribeCopyProductStatus", input).await?;
            let mut told = text(&status, "/CopyProductStatus")?;
            if let Some(id) = status["TargetProductId"].as_str() {
                let name = self.name_of(id).unwrap_or("a product that is not known");
                told = format!("{told} {name}");
            }
            view.insert(format!("{by}: copy {token}"), told);
        }
        Ok(view)
    }

    async fn see_products(&mut self, seat: Seat, view: &mut View) -> Result<(), String> {
        for name in self.known_products(seat.region) {
            let input = json!({"Id": self.id(&name)});
            let (status, described) = self.told(seat, "DescribeProductAsAdmin", input).await;
            if status != 200 {
                let code = described["__type"].as_str().unwrap_or_default().to_owned();
                if code != super::catalogue::ABSENT {
                    return Err(format!("DescribeProductAsAdmin of {name}: {described}"));
                }
                continue;
            }
            let input = json!({"ProductId": self.id(&name)});
            let versions = self
                .does(seat, "ListProvisioningArtifacts", input.clone())
                .await?;
            let versions = list(&versions, "ProvisioningArtifactDetails")
                .iter()
                .map(|it| {
                    let active = it["Active"] == true;
                    Ok(Version {
                        name: text(it, "/Name")?,
                        active,
                        brought_by: None,
                    })
                });
            let product = Product {
                owner: seat,
                description: plain(
                    &described,
                    "/ProductViewDetail/ProductViewSummary/ShortDescription",
                ),
                tags: tags(&described),
                versions: versions.collect::<Result<_, String>>()?,
            };
            let mut holders = BTreeSet::new();
            for listed in self.pages(seat, "ListPortfoliosForProduct", input).await? {
                holders.insert(self.named(&listed, "/DisplayName", "/Id")?);
            }
            view.insert(
                format!("{seat}: product {name}"),
                of_product(&product, &holders),
            );
        }
        Ok(())
    }

    async fn see_portfolio(&mut self, seat: Seat, name: &str) -> Result<Portfolio, String> {
        let described = self
            .does(seat, "DescribePortfolio", json!({"Id": self.id(name)}))
            .await?;
        let input = json!({"PortfolioId": self.id(name)});
        let accounts = self
            .pages(seat, "ListPortfolioAccess", input.clone())
            .await?;
        let input = json!({"PortfolioId": self.id(name), "Type": "ACCOUNT"});
        let mut shares = BTreeMap::new();
        for share in self.pages(seat, "DescribePortfolioShares", input).await? {
            let account = self.account_number(&text(&share, "/PrincipalId")?)?;
            shares.insert(account, share["Accepted"] == true);
        }
        if accounts.len() != shares.len() {
            return Err(format!(
                "{name} is shared with {accounts:?}, and {shares:?}"
            ));
        }
        Ok(Portfolio {
            owner: seat,
            description: plain(&described, "/PortfolioDetail/Description"),
            tags: tags(&described),
            products: self.products_in(seat, name).await?,
            shares,
        })
    }

    async fn products_in(&mut self, seat: Seat, portfolio: &str) -> Result<BTreeSet<Name>, String> {
        let input = json!({"PortfolioId": self.id(portfolio)});
        let details = self.pages(seat, "SearchProductsAsAdmin", input).await?;
        self.named_products(&details)
    }

    fn named_products(&mut self, details: &[Value]) -> Result<BTreeSet<Name>, String> {
        let mut names = BTreeSet::new();
        for detail in details {
            let (name, id) = ("/ProductViewSummary/Name", "/ProductViewSummary/ProductId");
            if !names.insert(self.named(detail, name, id)?) {
                return Err(format!("listed twice: {detail}"));
            }
        }
        Ok(names)
    }

    /// The name of what is listed. It has one id for ever.
    fn named(&mut self, listed: &Value, name: &str, id: &str) -> Result<Name, String> {
        let (name, id) = (text(listed, name)?, text(listed, id)?);
        self.bind(&name, &id)?;
        Ok(name)
    }

    /// The items of all pages of a list.
    async fn pages(
        &mut self,
        seat: Seat,
        operation: &str,
        mut input: Value,
    ) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        input["PageSize"] = PAGE_SIZE.into();
        loop {
            let page = self.does(seat, operation, input.clone()).await?;
            let lists = page.as_object().into_iter().flat_map(|it| it.values());
            let before = items.len();
            items.extend(lists.filter_map(Value::as_array).flatten().cloned());
            if items.len() - before > PAGE_SIZE {
                return Err(format!("{operation} answers too long a page: {page}"));
            }
            match page.get("NextPageToken") {
                Some(next) => input["PageToken"] = next.clone(),
                None => return Ok(items),
            }
        }
    }
}

pub(super) fn text(value: &Value, pointer: &str) -> Result<String, String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| format!("no {pointer} in {value}"))
}

fn plain(value: &Value, pointer: &str) -> String {
    text(value, pointer).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn tags(described: &Value) -> Tags {
    let number = |tag: &Value| tag["Key"].as_str()?.strip_prefix("tag-")?.parse().ok();
    list(described, "Tags").iter().filter_map(number).collect()
}
