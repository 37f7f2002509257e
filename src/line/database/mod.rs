//! What SQLite and PostgreSQL are asked alike, whatever they hold: where a schema stands, whole tables, and what a failure
//! means.

mod failure;
mod file;
mod migrations;
mod plan;
mod schema;
mod tables;
mod value;

pub use failure::Failure;
pub use migrations::Migrations;
pub use plan::{Planned, Work};
pub use schema::{Migrate, SchemaError, Standing, Step};
pub use tables::{Table, Tables};
pub use value::Value;

pub use file::{create_private, for_owner_alone};
pub use schema::{Reads, Recorded, bring};
