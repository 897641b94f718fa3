//! A case as somebody at the desk may see and move it.

use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::files::Download;
use zhida_platform::problem::Problem;

use crate::cases::CaseView;
use crate::error::Error;
use crate::rights::{APPLY, HANDLE, OPINION, READ};
use crate::service::Redemption;
use crate::words::Stage;

/// A case with what this viewer is to it.
pub(crate) struct Sight {
    pub view: CaseView,
    /// Handles cases of this place.
    pub handles: bool,
    /// Sits in a body that was asked for its opinion.
    pub asked: bool,
    /// Handles or reads the cases of this place: is told what officers remark among themselves.
    pub inside: bool,
}

impl Redemption {
    /// A case for somebody in office: those who handle it, those who may read it, and the bodies that were asked. For all
    /// others it is not there; enterprises have a page of their own.
    pub(crate) async fn sight(&self, viewer: &Viewer, id: &str) -> Result<Sight, Error> {
        let view = self.case_of(id).await?;
        let row = view.record.access();
        let handles = viewer.covers(HANDLE, &row);
        let body = viewer
            .seat()
            .and_then(|seat| seat.organisation)
            .filter(|_| viewer.may(OPINION));
        let opinions = view.loaded.case.opinions();
        let asked = body.is_some_and(|body| {
            opinions
                .iter()
                .any(|opinion| opinion.organisation.id == body)
        });
        let of_enterprise = viewer.seat().is_some_and(|seat| seat.enterprise.is_some());
        let reads = !of_enterprise && viewer.covers(READ, &row);
        match handles || asked || reads {
            true => Ok(Sight {
                view,
                handles,
                asked,
                inside: handles || reads,
            }),
            false => Err(Error::missing("这件办件")),
        }
    }

    /// The same for those who handle it.
    pub(crate) async fn handled(&self, viewer: &Viewer, id: &str) -> Result<CaseView, Error> {
        let sight = self.sight(viewer, id).await?;
        match sight.handles {
            true => Ok(sight.view),
            false => Err(viewer.need(HANDLE).err().map_or_else(
                || Problem::forbidden("这件办件不在您的办理范围内").into(),
                Error::from,
            )),
        }
    }

    /// Whether a case stands at its last approval, where it is granted or refused instead of sent on.
    pub(crate) fn is_last_approval(&self, view: &CaseView) -> bool {
        let last = view
            .scheme
            .route
            .iter()
            .map(|step| step.stage)
            .filter(|stage| stage.is_approval())
            .max();
        view.loaded.case.is_open() && last == Some(view.loaded.case.stage())
    }

    /// What must be there before a case leaves its stage.
    pub(crate) async fn is_ready(&self, view: &CaseView) -> Result<(), Error> {
        match view.loaded.case.stage() {
            Stage::Scoring => self.is_scored(view).await,
            Stage::Joint
                if !view.scheme.reviewers.is_empty() && view.loaded.case.opinions().is_empty() =>
            {
                let names: Vec<&str> = view
                    .scheme
                    .reviewers
                    .iter()
                    .map(|one| one.department.as_str())
                    .collect();
                Err(Error::Refused(format!(
                    "部门联审还没有征求意见，请先征求：{}",
                    names.join("、")
                )))
            }
            _ => Ok(()),
        }
    }

    /// A file of a case's form; that it was opened is recorded.
    pub(crate) async fn case_file(
        &self,
        viewer: &Viewer,
        id: &str,
        file: &str,
    ) -> Result<Download, Error> {
        let sight = self.sight(viewer, id).await?;
        self.file_of(viewer, &sight.view, file).await
    }

    /// A file of a case that the caller has found the viewer to see: an id alone opens no other case's files. The
    /// enterprise's own people leave no record.
    pub(crate) async fn file_of(
        &self,
        viewer: &Viewer,
        view: &CaseView,
        file: &str,
    ) -> Result<Download, Error> {
        let rounds = self
            .drafts
            .submissions(self.db.conn(), &view.record.case_id)
            .await?;
        let known = rounds
            .iter()
            .any(|round| round.filled.all_files().iter().any(|one| one.file == file));
        if !known {
            return Err(Error::missing("这份材料"));
        }
        let reader = viewer
            .account()
            .map(|id| id.to_string())
            .unwrap_or_default();
        let opened = self.drafts.files().open_for(&self.db, file, &reader).await;
        let opened = opened.map_err(Problem::from)?;
        if viewer.covers(APPLY, &view.record.access()) {
            return Ok(opened);
        }
        let entry = Entry::view(
            self.clock.now(),
            viewer,
            "redemption.view_file",
            "case",
            &view.record.case_id,
        )
        .enterprise(&view.record.enterprise)
        .detail(serde_json::json!({ "part": opened.record.name }));
        audit::record(&self.db, &[entry]).await?;
        Ok(opened)
    }
}
