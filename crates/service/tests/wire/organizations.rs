//! Organizations.

use crate::told::Told;

pub(crate) async fn answers(_told: &mut Told) {}
