//! How long work tells how far it is: a terminal bar, a job's record, or nothing.

/// Receives the state of long work.
pub trait Progress: Send + Sync {
    /// `done` of `total` units are finished (`None`: the total is not known);
    /// `message` says in Chinese what is being done.
    fn report(&self, done: u64, total: Option<u64>, message: &str);

    /// Whether whoever hears it wants the work to stop; asked between two steps.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _done: u64, _total: Option<u64>, _message: &str) {}
}

impl<P: Progress + ?Sized> Progress for std::sync::Arc<P> {
    fn report(&self, done: u64, total: Option<u64>, message: &str) {
        (**self).report(done, total, message);
    }

    fn is_cancelled(&self) -> bool {
        (**self).is_cancelled()
    }
}
