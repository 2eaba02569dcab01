//! What needs the lab, a real domain controller: left out unless `tests/lab/verify` asks for it.

mod closed_loop;
mod faults;
mod proof;
mod reading;
mod rights;
