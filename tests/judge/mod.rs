//! Whether the judgement is right.

mod cases;
mod oracle;
mod proof;
mod properties;
mod remedies;
