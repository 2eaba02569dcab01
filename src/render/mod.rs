//! The report becomes text. Nothing is decided here.

pub mod json;
pub mod manual;
pub mod table;
mod wrap;

/// The JSON Schema of the report.
pub const SCHEMA: &str = include_str!("schema.json");
