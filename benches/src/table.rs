//! The table that a run prints.

use std::fmt;

/// What a figure must reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Reported, not judged.
    None,
}

#[derive(Debug)]
struct Row {
    what: String,
    measured: String,
    figure: f64,
    goal: Goal,
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Adds a row: what was measured, in words, and the figure that the goal judges.
    pub(crate) fn add(&mut self, what: &str, measured: String, figure: f64, goal: Goal) {
        eprintln!("  {what}: {measured}");
        self.rows.push(Row {
            what: what.to_owned(),
            measured,
            figure,
            goal,
        });
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | measured | goal | |")?;
        writeln!(f, "|---|---|---|---|")?;
        for Row {
            what,
            measured,
            figure,
            goal,
        } in &self.rows
        {
            let (goal, verdict) = match *goal {
                Goal::AtMost(most) => (format!("{figure:.2} ≤ {most}"), *figure <= most),
                Goal::AtLeast(least) => (format!("{figure:.2} ≥ {least}"), *figure >= least),
                Goal::None => (String::new(), true),
            };
            let verdict = if verdict { "yes" } else { "**no**" };
            writeln!(f, "| {what} | {measured} | {goal} | {verdict} |")?;
        }
        Ok(())
    }
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a benchmark are small"
)]
pub(crate) fn float(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(0) as f64
}
