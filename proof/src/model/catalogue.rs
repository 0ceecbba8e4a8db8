//! The catalogue as it should be: a few maps and the rules, and nothing of the server's code.
//!
//! Whatever is made has a name of its own for ever, so that names stand for ids.

use std::collections::{BTreeMap, BTreeSet};

use super::alphabet::Seat;

pub(super) type Name = String;
pub(super) type Tags = BTreeSet<u8>;

/// Quotas that a case runs into.
pub(super) const PRODUCTS_MAX: usize = 4;
pub(super) const PORTFOLIOS_MAX: usize = 3;
pub(super) const VERSIONS_MAX: usize = 4;
pub(super) const PRODUCTS_IN_PORTFOLIO_MAX: usize = 3;
pub(super) const COPIES_MAX: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub name: Name,
    pub active: bool,
    /// The copy that brought it; copies bring names along, and this tells them apart.
    pub brought_by: Option<Name>,
}

impl Version {
    fn new(name: Name) -> Self {
        let (active, brought_by) = (true, None);
        Self {
            name,
            active,
            brought_by,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Product {
    pub owner: Seat,
    pub description: String,
    pub tags: Tags,
    pub versions: Vec<Version>,
}

#[derive(Debug, Clone)]
pub(super) struct Portfolio {
    pub owner: Seat,
    pub description: String,
    pub tags: Tags,
    pub products: BTreeSet<Name>,
    /// With which accounts it is shared, and whether they accepted.
    pub shares: BTreeMap<usize, bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Waits,
    /// A worker that died holds it until the server starts again.
    Held,
    Succeeded,
    Failed,
}

#[derive(Debug, Clone)]
pub(super) struct Copy {
    pub by: Seat,
    pub source: Name,
    /// The one version that is asked for, and the copy that had brought it.
    pub version: Option<(Name, Option<Name>)>,
    /// The product that it makes, or adds to.
    pub target: Name,
    pub is_new: bool,
    pub with_tags: bool,
    pub state: State,
    pub deaths: u32,
    pub plan: Option<Plan>,
}

/// The source as the copy read it.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub description: String,
    pub tags: Tags,
    pub versions: Vec<Version>,
}

/// A request with the things that it means.
#[derive(Debug, Clone)]
pub(super) enum Request {
    CreateProduct {
        name: Name,
        version: Name,
        tags: Tags,
    },
    UpdateProduct {
        name: Name,
        description: String,
        tags: Tags,
        untags: Tags,
    },
    DeleteProduct {
        name: Name,
    },
    CreateVersion {
        product: Name,
        version: Name,
    },
    UpdateVersion {
        product: Name,
        version: Name,
        active: bool,
    },
    DeleteVersion {
        product: Name,
        version: Name,
    },
    CreatePortfolio {
        name: Name,
        tags: Tags,
    },
    UpdatePortfolio {
        name: Name,
        description: String,
        tags: Tags,
        untags: Tags,
    },
    DeletePortfolio {
        name: Name,
    },
    Associate {
        product: Name,
        portfolio: Name,
    },
    Disassociate {
        product: Name,
        portfolio: Name,
    },
    Share {
        portfolio: Name,
        with: usize,
    },
    Unshare {
        portfolio: Name,
        with: usize,
    },
    Accept {
        portfolio: Name,
    },
    Reject {
        portfolio: Name,
    },
    Copy {
        token: Name,
        source: Name,
        version: Option<Name>,
        target: Name,
        is_new: bool,
        with_tags: bool,
    },
}

/// Why a request is refused, in the API's codes.
pub(super) type Refused = &'static str;

pub(super) const ABSENT: Refused = "ResourceNotFoundException";
pub(super) const INVALID: Refused = "InvalidParametersException";
const IN_USE: Refused = "ResourceInUseException";
const LIMIT: Refused = "LimitExceededException";
const THROTTLED: Refused = "ThrottlingException";

#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    pub products: BTreeMap<Name, Product>,
    pub portfolios: BTreeMap<Name, Portfolio>,
    pub copies: BTreeMap<Name, Copy>,
}

impl Catalogue {
    /// Carries a request out, or refuses it and changes nothing.
    pub(super) fn ask(&mut self, by: Seat, request: &Request) -> Result<(), Refused> {
        match request.clone() {
            Request::CreateProduct {
                name,
                version,
                tags,
            } => {
                if self.products_of(by) >= PRODUCTS_MAX {
                    return Err(LIMIT);
                }
                let product = Product {
                    owner: by,
                    description: String::new(),
                    tags,
                    versions: vec![Version::new(version)],
                };
                self.products.insert(name, product);
            }
            Request::UpdateProduct {
                name,
                description,
                tags,
                untags,
            } => {
                let product = self.own_product(by, &name)?;
                product.description = description;
                change(&mut product.tags, &tags, &untags);
            }
            Request::DeleteProduct { name } => {
                self.own_product(by, &name)?;
                if self
                    .portfolios
                    .values()
                    .any(|it| it.products.contains(&name))
                {
                    return Err(IN_USE);
                }
                self.products.remove(&name);
            }
            Request::CreatePortfolio { name, tags } => {
                let count = self.portfolios.values().filter(|it| it.owner == by).count();
                if count >= PORTFOLIOS_MAX {
                    return Err(LIMIT);
                }
                let portfolio = Portfolio {
                    owner: by,
                    description: String::new(),
                    tags,
                    products: BTreeSet::new(),
                    shares: BTreeMap::new(),
                };
                self.portfolios.insert(name, portfolio);
            }
            Request::UpdatePortfolio {
                name,
                description,
                tags,
                untags,
            } => {
                let portfolio = self.own_portfolio(by, &name)?;
                portfolio.description = description;
                change(&mut portfolio.tags, &tags, &untags);
            }
            Request::DeletePortfolio { name } => {
                let portfolio = self.own_portfolio(by, &name)?;
                if !portfolio.products.is_empty() || !portfolio.shares.is_empty() {
                    return Err(IN_USE);
                }
                self.portfolios.remove(&name);
            }
            Request::CreateVersion { .. }
            | Request::UpdateVersion { .. }
            | Request::DeleteVersion { .. } => self.change_version(by, request)?,
            Request::Associate { product, portfolio } => {
                self.associate(by, &product, &portfolio)?;
            }
            Request::Disassociate { product, portfolio } => {
                if !self
                    .own_portfolio(by, &portfolio)?
                    .products
                    .remove(&product)
                {
                    return Err(ABSENT);
                }
                self.drop_lost();
            }
            Request::Share { .. }
            | Request::Unshare { .. }
            | Request::Accept { .. }
            | Request::Reject { .. } => self.change_share(by, request)?,
            Request::Copy {
                token,
                source,
                version,
                target,
                is_new,
                with_tags,
            } => {
                let seen = self.visible(by.account, &source).ok_or(ABSENT)?;
                let find = |name: Name| {
                    let found = seen.versions.iter().find(|it| it.name == name);
                    found.map(|it| (name, it.brought_by.clone())).ok_or(ABSENT)
                };
                let version = version.map(find).transpose()?;
                if !is_new {
                    self.own_product(by, &target)?;
                }
                let under_way = |copy: &&Copy| {
                    copy.by.account == by.account
                        && matches!(copy.state, State::Waits | State::Held)
                };
                if self.copies.values().filter(under_way).count() >= COPIES_MAX {
                    return Err(THROTTLED);
                }
                let (state, deaths, plan) = (State::Waits, 0, None);
                let copy = Copy {
                    by,
                    source,
                    version,
                    target,
                    is_new,
                    with_tags,
                    state,
                    deaths,
                    plan,
                };
                self.copies.insert(token, copy);
            }
        }
        Ok(())
    }

    fn change_version(&mut self, by: Seat, request: &Request) -> Result<(), Refused> {
        let (Request::CreateVersion { product, version }
        | Request::UpdateVersion {
            product, version, ..
        }
        | Request::DeleteVersion { product, version }) = request
        else {
            return Ok(());
        };
        let product = self.own_product(by, product)?;
        let at = product.versions.iter().position(|it| it.name == *version);
        match request {
            Request::CreateVersion { .. } => {
                if product.versions.len() >= VERSIONS_MAX {
                    return Err(LIMIT);
                }
                let name = version.clone();
                product.versions.push(Version::new(name));
            }
            Request::UpdateVersion { active, .. } => {
                product.versions[at.ok_or(ABSENT)?].active = *active;
            }
            _ => {
                let at = at.ok_or(ABSENT)?;
                if product.versions.len() == 1 {
                    return Err(IN_USE);
                }
                product.versions.remove(at);
            }
        }
        Ok(())
    }

    fn associate(&mut self, by: Seat, product: &str, portfolio: &str) -> Result<(), Refused> {
        self.own_portfolio(by, portfolio)?;
        let seen = self.visible(by.account, product).ok_or(ABSENT)?.owner;
        if seen.region != by.region {
            return Err(ABSENT);
        }
        let portfolio = self.own_portfolio(by, portfolio)?;
        if seen.account != by.account && !portfolio.shares.is_empty() {
            return Err(INVALID);
        }
        let is_there = portfolio.products.contains(product);
        if !is_there && portfolio.products.len() >= PRODUCTS_IN_PORTFOLIO_MAX {
            return Err(LIMIT);
        }
        portfolio.products.insert(product.to_owned());
        Ok(())
    }

    pub(super) fn products_of(&self, by: Seat) -> usize {
        self.products.values().filter(|it| it.owner == by).count()
    }

    /// The server starts again: whoever held a copy is dead.
    pub(super) fn start_again(&mut self) {
        for copy in self.copies.values_mut() {
            if copy.state == State::Held {
                copy.state = State::Waits;
            }
        }
    }
}

fn change(tags: &mut Tags, put: &Tags, remove: &Tags) {
    tags.retain(|tag| !remove.contains(tag));
    tags.extend(put);
}
