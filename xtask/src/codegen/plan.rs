//! The plan: which shapes are emitted, how, and into which file.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Kind, Model, Operation, Overlay, Resource, Shape};

/// The file of shapes that several families use.
const SHARED: &str = "shared";

/// The model, seen as Rust to be written.
pub(super) struct Plan<'a> {
    pub(super) model: &'a Model,
    /// Shapes that an input can hold; they are decoded and checked.
    pub(super) inputs: BTreeSet<&'a str>,
    /// Family → its operations.
    pub(super) families: BTreeMap<&'a str, Vec<&'a str>>,
    /// File (a family, or `shared`) → its structures and enums.
    pub(super) homes: BTreeMap<&'a str, BTreeSet<&'a str>>,
    overlay: &'a Overlay,
}

impl<'a> Plan<'a> {
    pub(super) fn new(model: &'a Model, overlay: &'a Overlay) -> Result<Self, String> {
        let mut families: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut unplaced: BTreeSet<&str> = model.operations.keys().map(String::as_str).collect();
        for (family, operations) in &overlay.families {
            for name in operations {
                if !unplaced.remove(name.as_str()) {
                    return Err(format!("overlay.json: {name} is unknown or placed twice"));
                }
                families.entry(family).or_default().push(name);
            }
        }
        if !unplaced.is_empty() {
            return Err(format!("overlay.json: no family for {unplaced:?}"));
        }

        let mut inputs = BTreeSet::new();
        let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (family, operations) in &families {
            let mut used = BTreeSet::new();
            for name in operations {
                let Operation { input, output, .. } = &model.operations[*name];
                if let Some(input) = input {
                    reach(model, &input.shape, &mut inputs);
                    reach(model, &input.shape, &mut used);
                }
                if let Some(output) = output {
                    reach(model, &output.shape, &mut used);
                }
            }
            for shape in used {
                users.entry(shape).or_default().insert(family);
            }
        }

        let mut homes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (shape, families) in users {
            if is_type(&model.shapes[shape]) {
                let home = if families.len() == 1 {
                    families.first()
                } else {
                    None
                };
                homes
                    .entry(home.copied().unwrap_or(SHARED))
                    .or_default()
                    .insert(shape);
            }
        }
        let plan = Self {
            model,
            inputs,
            families,
            homes,
            overlay,
        };
        plan.names_are_free()?;
        plan.resources_are_there()?;
        Ok(plan)
    }

    pub(super) fn shape(&self, name: &str) -> &'a Shape {
        &self.model.shapes[name]
    }

    /// What policies may name as the resource of an operation.
    pub(super) fn resource(&self, operation: &str) -> Option<&'a Resource> {
        self.overlay.resources.get(operation)
    }

    /// Whether policies may ask at which level an operation is done.
    pub(super) fn has_access_levels(&self, operation: &str) -> bool {
        self.overlay.access_levels.contains(operation)
    }

    /// The names of the modelled errors.
    pub(super) fn errors(&self) -> impl Iterator<Item = &'a str> {
        let shapes = self.model.shapes.iter();
        shapes
            .filter(|(_, shape)| shape.exception)
            .map(|(name, _)| name.as_str())
    }

    /// What the overlay says of resources is said of operations and members that exist.
    fn resources_are_there(&self) -> Result<(), String> {
        for name in &self.overlay.access_levels {
            if !self.model.operations.contains_key(name) {
                return Err(format!("overlay.json: the model has no operation {name}"));
            }
        }
        for (name, resource) in &self.overlay.resources {
            let operation = self.model.operations.get(name);
            let input = operation.and_then(|operation| operation.input.as_ref());
            let Some(input) = input.map(|input| &self.model.shapes[&input.shape]) else {
                return Err(format!("overlay.json: {name} has no input"));
            };
            for member in [&resource.id, &resource.name, &resource.tags]
                .into_iter()
                .flatten()
            {
                if !input.members.contains_key(member) {
                    return Err(format!("overlay.json: {name} has no member {member}"));
                }
            }
        }
        Ok(())
    }

    /// Everything is re-exported at the root of one crate, so names must differ.
    fn names_are_free(&self) -> Result<(), String> {
        let mut taken: BTreeSet<&str> = self.homes.values().flatten().copied().collect();
        for name in self.families.values().flatten() {
            if !taken.insert(name) {
                return Err(format!("{name} is an operation and a shape"));
            }
        }
        Ok(())
    }
}

/// Whether a shape becomes a Rust type of its own.
fn is_type(shape: &Shape) -> bool {
    shape.kind == Kind::Structure || !shape.values.is_empty()
}

/// Adds to `seen` the shape and every shape that a value of it can hold.
fn reach<'a>(model: &'a Model, name: &'a str, seen: &mut BTreeSet<&'a str>) {
    if !seen.insert(name) {
        return;
    }
    let shape = &model.shapes[name];
    let parts = [&shape.member, &shape.key, &shape.value]
        .into_iter()
        .flatten();
    for part in parts.chain(shape.members.values()) {
        reach(model, &part.shape, seen);
    }
}
