//! What a worker makes of a copy, as it should be.

use mimeo_service::workflows::Point;

use super::catalogue::{
    Catalogue, Copy, Name, PRODUCTS_MAX, Plan, Product, State, Tags, VERSIONS_MAX, Version,
};

/// A copy whose workers died so often fails.
const DEATHS_MAX: u32 = 3;

/// How a worker's try ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worked {
    Succeeded,
    Failed,
    Died,
}

impl Catalogue {
    /// A worker works on a copy until it is final, or dies at a point.
    pub(super) fn work(&mut self, token: &str, dies_at: Option<Point>) -> Result<Worked, String> {
        let mut copy = self.copies[token].clone();
        if copy.state != State::Waits {
            return Err(format!("{token} is claimed, and is {:?}", copy.state));
        }
        let worked = match self.try_once(token, &mut copy, dies_at) {
            Some(Worked::Failed) if dies_at == Some(Point::Fail) => Worked::Died,
            Some(Worked::Failed) => {
                copy.state = State::Failed;
                if dies_at == Some(Point::Failed) {
                    Worked::Died
                } else {
                    Worked::Failed
                }
            }
            Some(worked) => {
                copy.state = State::Succeeded;
                if dies_at == Some(Point::Landed) {
                    Worked::Died
                } else {
                    worked
                }
            }
            None => Worked::Died,
        };
        if worked == Worked::Died && copy.state == State::Waits {
            copy.state = State::Held;
            copy.deaths += 1;
        }
        self.copies.insert(token.to_owned(), copy);
        Ok(worked)
    }

    /// `None` where the worker dies on the way.
    fn try_once(&mut self, token: &str, copy: &mut Copy, dies_at: Option<Point>) -> Option<Worked> {
        let lives_at = |point| (dies_at != Some(point)).then_some(());
        if Self::is_deadly(copy) {
            return Some(Worked::Failed);
        }
        if copy.plan.is_none() {
            lives_at(Point::ReadSource)?;
            let Some(plan) = self.plan(copy) else {
                return Some(Worked::Failed);
            };
            lives_at(Point::StorePlan)?;
            copy.plan = Some(plan);
            lives_at(Point::PlanStored)?;
        }
        lives_at(Point::VerifyTemplates)?;
        lives_at(Point::Land)?;
        let plan = copy.plan.clone()?;
        Some(
            self.land(token, copy, &plan)
                .map_or(Worked::Failed, |()| Worked::Succeeded),
        )
    }

    /// Reads the source of a copy, if it is still to be seen.
    fn plan(&self, copy: &Copy) -> Option<Plan> {
        let source = self.visible(copy.by.account, &copy.source)?;
        let wanted = |it: &&Version| {
            let is_it = |(name, by): &(Name, _)| it.name == *name && it.brought_by == *by;
            copy.version.as_ref().is_none_or(is_it)
        };
        let versions: Vec<_> = source.versions.iter().filter(wanted).cloned().collect();
        (!versions.is_empty()).then(|| Plan {
            description: source.description.clone(),
            tags: source.tags.clone(),
            versions,
        })
    }

    /// Writes all that a copy makes, or nothing.
    fn land(&mut self, token: &str, copy: &Copy, plan: &Plan) -> Option<()> {
        self.visible(copy.by.account, &copy.source)?;
        let tags = if copy.with_tags {
            plan.tags.clone()
        } else {
            Tags::new()
        };
        let mut versions = plan.versions.clone();
        for version in &mut versions {
            version.brought_by = Some(token.to_owned());
        }
        if copy.is_new {
            if self.products_of(copy.by) >= PRODUCTS_MAX {
                return None;
            }
            let product = Product {
                owner: copy.by,
                description: plan.description.clone(),
                tags,
                versions,
            };
            self.products.insert(copy.target.clone(), product);
            return Some(());
        }
        let target = self.own_product(copy.by, &copy.target).ok()?;
        if target.versions.len() + versions.len() > VERSIONS_MAX {
            return None;
        }
        target.tags.extend(tags);
        target.versions.extend(versions);
        Some(())
    }

    /// Whether too many workers died of this copy.
    fn is_deadly(copy: &Copy) -> bool {
        copy.deaths >= DEATHS_MAX
    }
}
