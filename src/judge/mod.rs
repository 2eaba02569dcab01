//! The directory is judged: whose account is whose, what every server requires, what is wrong with it, and what puts it right.
//! No I/O, no clock: the same directory always gives the same judgement.

pub mod checks;
pub mod facts;
pub mod finding;
pub mod identity;
pub mod owners;
pub mod proof;
pub mod questions;
pub mod remedy;
pub mod requirements;
pub mod severity;

use self::facts::Facts;
use self::finding::Finding;
use crate::directory::Directory;
use crate::directory::gap::Gap;

/// What a directory comes to.
#[derive(Debug)]
pub struct Judgement<'a> {
    /// The servers with their accounts and requirements.
    pub facts: Facts<'a>,
    /// What is wrong, in the fixed order: severity, code, servers, SPN.
    pub findings: Vec<Finding>,
}

impl Judgement<'_> {
    /// What could not be read or judged.
    pub fn gaps(&self) -> impl Iterator<Item = &Gap> {
        let read = &self.facts.directory.gaps;
        read.iter().chain(self.facts.gaps.iter().filter(|gap| !read.contains(gap)))
    }

    /// Whether nothing is missing.
    #[must_use]
    pub(crate) fn is_complete(&self) -> bool {
        self.gaps().next().is_none()
    }
}

/// Judges a directory.
#[must_use]
pub fn judge(directory: &Directory) -> Judgement<'_> {
    let facts = Facts::new(directory);
    let Some(findings) = checks::run(&facts) else {
        let what = "there are more findings than a report can hold, so nothing was checked: look for a server with thousands of endpoints, or an account with thousands of SMTPSVC names";
        return Judgement { facts: Facts::unjudged(directory, what), findings: Vec::new() };
    };
    Judgement { facts, findings }
}
