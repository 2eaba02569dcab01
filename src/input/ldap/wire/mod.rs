//! Between the socket and the client library: SASL frames, the check of every message, and the relay that joins them.

pub(super) mod frames;
pub(super) mod layer;
pub(super) mod messages;
pub(super) mod pair;
pub(super) mod relay;
