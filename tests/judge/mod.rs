//! Whether the judgement is right.

mod cases;
mod oracle;
mod properties;
mod remedies;
