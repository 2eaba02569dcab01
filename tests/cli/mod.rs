//! The program from outside, on recordings.

mod check;
mod ci;
mod crowds;
mod forty_servers;
mod fuzz;
mod hostile_values;
mod interrupt;
mod manual;
mod record;
mod schema;
mod snapshots;
mod why;
