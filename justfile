# Chores, short: `just` is what to run before a commit.

default: fmt clippy test

# Formats all Rust code.
fmt:
    cargo fmt --all

# Lints as CI does.
clippy:
    cargo clippy --workspace --all-targets -- -D warnings

# All checks that CI makes, conformance with real clients among them.
test:
    cargo xtask test

# Serves with SQLite, in a folder that git ignores.
dev *flags:
    cargo run -- serve {{ flags }}

# The stores' tests; they start a PostgreSQL of their own from the installed programs.
pg *filters:
    CI=true cargo nextest run -p mimeo-store {{ filters }}

# Writes crates/api/src/generated from model/.
codegen:
    cargo xtask codegen

# Measures the release binary and prints the table.
bench *names:
    cargo xtask bench {{ names }}

# The main job, played by an ordinary client on a server of its own.
demo *flags:
    cargo run --release -- demo {{ flags }}
