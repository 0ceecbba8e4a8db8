//! Steps as requests, and requests as JSON.

use serde_json::{Value, json};

use super::alphabet::{Pick, REGIONS, Seat, Verb};
use super::case::Case;
use super::catalogue::{Name, Request, Tags, Version};

const TEMPLATE: &str = "https://templates.example.com/network.yaml";

impl Case<'_> {
    /// The request that a verb means now; `None` where there is nothing that it could mean.
    pub(super) fn request(&mut self, seat: Seat, verb: &Verb) -> Option<Request> {
        let tags = |tags: &[u8]| tags.iter().copied().collect::<Tags>();
        Some(match verb {
            Verb::CreateProduct { tags: given } => Request::CreateProduct {
                name: self.fresh("product", seat.region),
                version: self.fresh("version", seat.region),
                tags: tags(given),
            },
            Verb::UpdateProduct {
                product,
                tags: given,
                untags,
            } => Request::UpdateProduct {
                name: self.own_product(seat, *product)?,
                description: self.fresh("text", seat.region),
                tags: tags(given),
                untags: tags(untags),
            },
            Verb::DeleteProduct { product } => Request::DeleteProduct {
                name: self.own_product(seat, *product)?,
            },
            Verb::CreateVersion { product } => Request::CreateVersion {
                product: self.own_product(seat, *product)?,
                version: self.fresh("version", seat.region),
            },
            Verb::UpdateVersion {
                product,
                version,
                active,
            } => {
                let product = self.own_product(seat, *product)?;
                let version = self.version(&product, *version);
                Request::UpdateVersion {
                    product,
                    version,
                    active: *active,
                }
            }
            Verb::DeleteVersion { product, version } => {
                let product = self.own_product(seat, *product)?;
                let version = self.version(&product, *version);
                Request::DeleteVersion { product, version }
            }
            Verb::CreatePortfolio { tags: given } => Request::CreatePortfolio {
                name: self.fresh("portfolio", seat.region),
                tags: tags(given),
            },
            Verb::UpdatePortfolio {
                portfolio,
                tags: given,
                untags,
            } => Request::UpdatePortfolio {
                name: self.own_portfolio(seat, *portfolio)?,
                description: self.fresh("text", seat.region),
                tags: tags(given),
                untags: tags(untags),
            },
            Verb::DeletePortfolio { portfolio } => Request::DeletePortfolio {
                name: self.own_portfolio(seat, *portfolio)?,
            },
            Verb::Associate { product, portfolio } => Request::Associate {
                product: self.seen_product(seat, *product)?,
                portfolio: self.own_portfolio(seat, *portfolio)?,
            },
            Verb::Disassociate { product, portfolio } => {
                let portfolio = self.own_portfolio(seat, *portfolio)?;
                let held = self.model.portfolios.get(&portfolio);
                let held = held.into_iter().flat_map(|it| &it.products);
                let product = self.pick(*product, held, "product")?;
                Request::Disassociate { product, portfolio }
            }
            Verb::Share { portfolio, with } => Request::Share {
                portfolio: self.own_portfolio(seat, *portfolio)?,
                with: *with,
            },
            Verb::Unshare { portfolio, with } => Request::Unshare {
                portfolio: self.own_portfolio(seat, *portfolio)?,
                with: *with,
            },
            Verb::Accept { portfolio } => Request::Accept {
                portfolio: self.offered_portfolio(seat, *portfolio)?,
            },
            Verb::Reject { portfolio } => Request::Reject {
                portfolio: self.offered_portfolio(seat, *portfolio)?,
            },
            Verb::Copy {
                source,
                version,
                into,
                with_tags,
            } => {
                let all = self.model.products.keys();
                let seen = all.filter(|name| self.model.visible(seat.account, name).is_some());
                let source = self.pick(Pick::of(*source), seen, "product")?;
                let into = into.and_then(|pick| self.own_product(seat, pick));
                Request::Copy {
                    token: self.fresh("copy", seat.region),
                    version: version.map(|number| self.version(&source, number)),
                    source,
                    is_new: into.is_none(),
                    target: into.unwrap_or_else(|| self.fresh("product", seat.region)),
                    with_tags: *with_tags,
                }
            }
        })
    }

    fn pick<'n>(
        &self,
        pick: Pick,
        own: impl Iterator<Item = &'n Name>,
        kind: &str,
    ) -> Option<Name> {
        let from = if pick.stray {
            self.known(kind)
        } else {
            own.cloned().collect()
        };
        let at = pick.number.checked_rem(from.len())?;
        from.get(at).cloned()
    }

    fn own_product(&self, seat: Seat, pick: Pick) -> Option<Name> {
        let products = self.model.products.iter();
        let own = products.filter(|(_, it)| it.owner == seat);
        self.pick(pick, own.map(|(name, _)| name), "product")
    }

    fn seen_product(&self, seat: Seat, pick: Pick) -> Option<Name> {
        let seen = self.model.products.iter().filter(|(name, it)| {
            it.owner.region == seat.region && self.model.visible(seat.account, name).is_some()
        });
        self.pick(pick, seen.map(|(name, _)| name), "product")
    }

    fn own_portfolio(&self, seat: Seat, pick: Pick) -> Option<Name> {
        let portfolios = self.model.portfolios.iter();
        let own = portfolios.filter(|(_, it)| it.owner == seat);
        self.pick(pick, own.map(|(name, _)| name), "portfolio")
    }

    fn offered_portfolio(&self, seat: Seat, number: usize) -> Option<Name> {
        let offered = self.model.portfolios.iter().filter(|(_, it)| {
            it.owner.region == seat.region && it.shares.contains_key(&seat.account)
        });
        let offered = offered.map(|(name, _)| name);
        self.pick(Pick::of(number), offered, "portfolio")
    }

    /// A version whose name no other one of the product has: copies bring names along.
    fn version(&self, product: &str, number: usize) -> Name {
        let versions = self
            .model
            .products
            .get(product)
            .map_or(&[][..], |it| &it.versions);
        let is_alone = |it: &&Version| {
            versions
                .iter()
                .filter(|other| other.name == it.name)
                .count()
                == 1
        };
        let alone: Vec<&Version> = versions.iter().filter(is_alone).collect();
        let at = number.checked_rem(alone.len());
        at.map_or_else(|| "version-none".to_owned(), |at| alone[at].name.clone())
    }

    /// The id of a version, as its product's owner sees it.
    async fn version_id(&mut self, product: &str, version: &str) -> Result<String, String> {
        let Some(owner) = self.model.products.get(product).map(|it| it.owner) else {
            return Ok("pa-absent".to_owned());
        };
        let input = json!({"ProductId": self.id(product)});
        let listed = self.does(owner, "ListProvisioningArtifacts", input).await?;
        let details = listed["ProvisioningArtifactDetails"]
            .as_array()
            .into_iter()
            .flatten();
        let mut named = details.filter(|detail| detail["Name"] == version);
        let id = named.next().and_then(|detail| detail["Id"].as_str());
        Ok(id.unwrap_or("pa-absent").to_owned())
    }
}

/// The operation and the input of a request. What makes something has a token of its own.
pub(super) async fn input(
    case: &mut Case<'_>,
    seat: Seat,
    request: &Request,
) -> Result<(&'static str, Value), String> {
    let token = format!("token-{}", case.made);
    let id = |case: &Case<'_>, name: &str| case.id(name);
    Ok(match request {
        Request::CreateProduct {
            name,
            version,
            tags,
        } => (
            "CreateProduct",
            json!({
                "IdempotencyToken": token, "Name": name, "Owner": "Platform",
                "ProductType": "CLOUD_FORMATION_TEMPLATE", "Tags": put(tags),
                "ProvisioningArtifactParameters": parameters(version),
            }),
        ),
        Request::UpdateProduct {
            name,
            description,
            tags,
            untags,
        } => {
            let input = json!({"Id": id(case, name), "Description": description});
            ("UpdateProduct", with_tags(input, tags, untags))
        }
        Request::DeleteProduct { name } => ("DeleteProduct", json!({"Id": id(case, name)})),
        Request::CreateVersion { product, version } => (
            "CreateProvisioningArtifact",
            json!({
                "IdempotencyToken": token, "ProductId": id(case, product),
                "Parameters": parameters(version),
            }),
        ),
        Request::UpdateVersion {
            product,
            version,
            active,
        } => {
            let version = case.version_id(product, version).await?;
            let product = id(case, product);
            let input = json!({
                "ProductId": product, "ProvisioningArtifactId": version, "Active": active,
            });
            ("UpdateProvisioningArtifact", input)
        }
        Request::DeleteVersion { product, version } => {
            let version = case.version_id(product, version).await?;
            let input = json!({"ProductId": id(case, product), "ProvisioningArtifactId": version});
            ("DeleteProvisioningArtifact", input)
        }
        Request::CreatePortfolio { name, tags } => (
            "CreatePortfolio",
            json!({
                "IdempotencyToken": token, "DisplayName": name, "ProviderName": "Platform",
                "Tags": put(tags),
            }),
        ),
        Request::UpdatePortfolio {
            name,
            description,
            tags,
            untags,
        } => {
            let input = json!({"Id": id(case, name), "Description": description});
            ("UpdatePortfolio", with_tags(input, tags, untags))
        }
        Request::DeletePortfolio { name } => ("DeletePortfolio", json!({"Id": id(case, name)})),
        Request::Associate { product, portfolio } => (
            "AssociateProductWithPortfolio",
            json!({"ProductId": id(case, product), "PortfolioId": id(case, portfolio)}),
        ),
        Request::Disassociate { product, portfolio } => (
            "DisassociateProductFromPortfolio",
            json!({"ProductId": id(case, product), "PortfolioId": id(case, portfolio)}),
        ),
        Request::Share { portfolio, with } => (
            "CreatePortfolioShare",
            json!({"PortfolioId": id(case, portfolio), "AccountId": case.account(*with)}),
        ),
        Request::Unshare { portfolio, with } => (
            "DeletePortfolioShare",
            json!({"PortfolioId": id(case, portfolio), "AccountId": case.account(*with)}),
        ),
        Request::Accept { portfolio } => (
            "AcceptPortfolioShare",
            json!({"PortfolioId": id(case, portfolio)}),
        ),
        Request::Reject { portfolio } => (
            "RejectPortfolioShare",
            json!({"PortfolioId": id(case, portfolio)}),
        ),
        Request::Copy { .. } => ("CopyProduct", copy(case, seat, request, token).await?),
    })
}

async fn copy(
    case: &mut Case<'_>,
    seat: Seat,
    request: &Request,
    token: String,
) -> Result<Value, String> {
    let Request::Copy {
        source,
        version,
        target,
        is_new,
        with_tags,
        ..
    } = request
    else {
        return Err("no copy".into());
    };
    let owner = case.model.products.get(source).map_or(seat, |it| it.owner);
    let (region, account) = (REGIONS[owner.region], case.account(owner.account));
    // An id that names nothing is no part of an ARN.
    let id = case.id(source);
    let arn = format!("arn:aws:catalog:{region}:{account}:product/{id}");
    let mut input = json!({"IdempotencyToken": token, "SourceProductArn": arn});
    if let Some(version) = version {
        let id = case.version_id(source, version).await?;
        input["SourceProvisioningArtifactIdentifiers"] = json!([{"Id": id}]);
    }
    let (member, target) = if *is_new {
        ("TargetProductName", target.clone())
    } else {
        ("TargetProductId", case.id(target))
    };
    input[member] = target.into();
    if *with_tags {
        input["CopyOptions"] = json!(["CopyTags"]);
    }
    Ok(input)
}

/// The same token with other parameters.
pub(super) fn altered(operation: &str, mut input: Value) -> Value {
    match operation {
        "CreateProvisioningArtifact" => input["Parameters"]["Description"] = "other".into(),
        "CopyProduct" if input.get("CopyOptions").is_none() => {
            input["CopyOptions"] = json!(["CopyTags"]);
        }
        "CopyProduct" => input["CopyOptions"] = json!([]),
        _ => input["Description"] = "other".into(),
    }
    input
}

fn parameters(version: &str) -> Value {
    json!({
        "Info": {"LoadTemplateFromURL": TEMPLATE}, "Name": version,
        "Type": "CLOUD_FORMATION_TEMPLATE",
    })
}

fn put(tags: &Tags) -> Value {
    tags.iter()
        .map(|tag| json!({"Key": format!("tag-{tag}"), "Value": "set"}))
        .collect()
}

fn with_tags(mut input: Value, tags: &Tags, untags: &Tags) -> Value {
    if !tags.is_empty() {
        input["AddTags"] = put(tags);
    }
    if !untags.is_empty() {
        input["RemoveTags"] = untags.iter().map(|tag| format!("tag-{tag}")).collect();
    }
    input
}
