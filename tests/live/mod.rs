//! Live reading against servers that are scripted.

mod alike;
mod certificates;
mod faults;
mod fixes;
mod forest;
mod hidden;
mod hostile_servers;
mod secrets;
mod unseen;
