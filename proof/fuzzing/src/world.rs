//! Documents of a whole catalogue.

use mimeo_domain::Quotas;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Err(problems) = mimeo_world::read(text, &Quotas::default()) {
        assert!(!problems.is_empty() && problems.len() <= mimeo_world::PROBLEMS_MAX + 1);
        // Either letter ends a line of YAML.
        let lines = text.matches(['\n', '\r']).count() + 1;
        for problem in &problems {
            assert!((1..=lines).contains(&problem.line), "{problem}");
        }
    }
}
