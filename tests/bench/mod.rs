//! What takes much time: left out unless `tests/bench/run` asks for it.

mod large;
