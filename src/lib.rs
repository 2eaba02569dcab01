//! Compares the SMTPSVC service principal names that Exchange servers need with those that Active Directory holds.
pub mod input;
pub mod model;
pub mod remedy;
pub mod requirements;
