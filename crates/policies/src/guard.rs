//! Who may write. That a write comes from our own pages is seen to for all rooms in
//! `platform::http`.

use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;

/// Lets officers through.
pub(crate) fn writer(viewer: &Viewer) -> Result<(), Problem> {
    match viewer.can_write() {
        true => Ok(()),
        false => Err(Problem::forbidden("编辑和发布政策只对工作人员开放")),
    }
}
