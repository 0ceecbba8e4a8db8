//! The points of a workflow at which a drill may stop it.

use std::fmt;
use std::sync::Arc;

/// A moment in the life of a copy: before an effect, or just after a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    ReadSource,
    StorePlan,
    PlanStored,
    VerifyTemplates,
    /// Once for each body that the target's shelf lacks.
    BringTemplate,
    Land,
    Landed,
    Fail,
    Failed,
    Postpone,
}

impl Point {
    pub const ALL: [Self; 10] = [
        Self::ReadSource,
        Self::StorePlan,
        Self::PlanStored,
        Self::VerifyTemplates,
        Self::BringTemplate,
        Self::Land,
        Self::Landed,
        Self::Fail,
        Self::Failed,
        Self::Postpone,
    ];
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// The effect is refused, as a store or network that is away would.
    Refuse,
    /// The worker dies here: nothing more is written.
    Crash,
}

/// Decides at each point.
#[derive(Clone)]
pub struct Gate(Arc<dyn Fn(Point) -> Verdict + Send + Sync>);

impl Gate {
    pub fn new(decide: impl Fn(Point) -> Verdict + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    pub(crate) fn at(&self, point: Point) -> Verdict {
        (self.0)(point)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate(..)")
    }
}
