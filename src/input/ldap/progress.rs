//! What the reading tells while it goes on.

/// One search that came to its end, with all its pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchReport {
    /// Who was asked, `HOST:PORT`.
    pub server: String,
    /// Where the search began; empty for the whole forest.
    pub base: String,
    /// The filter of the search (RFC 4515).
    pub filter: String,
    /// How many objects came.
    pub entries: usize,
    /// In how many pages of at most [`Settings::page_size`](super::Settings) objects.
    pub pages: usize,
    /// How long it took.
    pub millis: u128,
}

/// Whoever wants to know how far the reading is.
pub trait Progress {
    /// A server is about to be connected to.
    fn connecting(&mut self, server: &str) {
        let _ = server;
    }

    /// A search came to its end.
    fn search(&mut self, report: &SearchReport);

    /// Something that does not change the result but that one should know: a server that was passed over.
    fn note(&mut self, text: &str) {
        let _ = text;
    }

    /// Something that matters only to who wants to follow: a referral that leads nowhere that matters.
    fn detail(&mut self, text: &str) {
        let _ = text;
    }
}

/// For whoever does not want to know.
impl Progress for () {
    fn search(&mut self, _: &SearchReport) {}
}
