//! Between the socket and the client library: BER, SASL frames, the check of every message, and the relay that joins them.

pub(super) mod ber;
pub(super) mod frames;
pub(super) mod layer;
pub(super) mod messages;
pub(super) mod pair;
pub(super) mod relay;
