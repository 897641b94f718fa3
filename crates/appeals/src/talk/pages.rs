//! The routes of threads and phrases, and the threads as parts of the officers' and the appellant's page.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Multipart, Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Deserialize;
use zhida_platform::access::Viewer;
use zhida_platform::files::Download;
use zhida_platform::messages::Recipient;
use zhida_platform::problem::Problem;
use zhida_platform::thread::{Posted, Side, Wanted, uploads};
use zhida_ui::phrases::{PhrasePages, add, change, edit, list};
use zhida_ui::thread::again;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, PageError, ThreadForm, ThreadView};

use super::{APPELLANT, PHRASES, Spot, told};
use crate::cases::{Followed, Sight, VoiceRow};
use crate::desk::DESK;
use crate::desk::case::{Shown, case_page};
use crate::desk::follow::{by_code_address, follow_page, own_address, parsed};
use crate::error::Error;
use crate::pages::{Answer, to};
use crate::service::Appeals;

type App = State<Arc<Appeals>>;

/// Whose thread.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Of {
    /// The voice; empty: the one that waits for an answer, else the first.
    pub voice: String,
}

impl Appeals {
    /// The voice that is meant, of those of a case: the named one, else the first whose message waits for an answer, else the
    /// first.
    pub(crate) async fn chosen_voice(
        &self,
        case: &str,
        named: &str,
    ) -> Result<(VoiceRow, Vec<String>), Error> {
        let voices = self.voices_of(case).await?;
        let waiting = self.waiting_voices(case).await?;
        let by_id = |id: &str| voices.iter().find(|voice| voice.id == id);
        let chosen = match named {
            "" => waiting
                .first()
                .and_then(|id| by_id(id))
                .or_else(|| voices.first()),
            named => by_id(named),
        };
        let chosen = chosen.cloned();
        Ok((chosen.ok_or_else(|| Error::missing("这位诉求人"))?, waiting))
    }
}

/// Takes what an officer posted: writes it, or fills in a phrase, and then the form is shown again with this.
async fn take(
    app: &Appeals,
    viewer: &Viewer,
    sight: &Sight,
    voice: Option<&VoiceRow>,
    posted: &Posted,
) -> Result<Option<Fields>, Error> {
    if !sight.is_inside() {
        return Err(Problem::forbidden("您只能查看这件诉求，不能留言").into());
    }
    let fields = Fields::from(posted.fields.clone());
    if let Some(shown) = app.phrase_applied(viewer, sight, &fields).await? {
        return Ok(Some(shown));
    }
    match (posted.wanted(Side::Office, voice.is_none())?, voice) {
        (Wanted::Settle, Some(voice)) => {
            app.settle_talk(viewer, &sight.view.id(), &voice.id).await?;
        }
        (Wanted::Settle, None) => {}
        (Wanted::Write(new), voice) => {
            let spot = Spot {
                case: &sight.view,
                voice,
                side: Side::Office,
            };
            app.write_entry(viewer, &spot, &new).await?;
        }
    }
    Ok(None)
}

async fn write_at_desk(
    app: &Arc<Appeals>,
    frame: &Frame,
    id: &str,
    voice: Option<&VoiceRow>,
    form: Multipart,
) -> Answer {
    let viewer = &frame.viewer;
    let sight = app.sight(viewer, id).await?;
    let posted = Posted::read(app.threads.files(), viewer, form)
        .await
        .map_err(Error::from)?;
    let taken = take(app, viewer, &sight, voice, &posted).await;
    let chosen = voice.map(|voice| voice.id.as_str()).unwrap_or_default();
    let Some((typed, errors, status)) = again(taken.map_err(Problem::from), &posted)? else {
        return Ok(to(&match voice {
            Some(_) => format!("{DESK}/{id}?voice={chosen}#messages"),
            None => format!("{DESK}/{id}#remarks"),
        }));
    };
    let sight = app.sight(viewer, id).await?;
    let shown = Shown {
        typed,
        errors,
        voice: chosen.to_owned(),
    };
    let page = case_page(app, frame, sight, shown).await?;
    Ok((status, Html(page)).into_response())
}

/// 给诉求人留言
async fn message(
    State(app): App,
    frame: Frame,
    Path(id): Path<String>,
    Query(of): Query<Of>,
    form: Multipart,
) -> Answer {
    // who may not see the appeal learns nothing of its voices
    app.sight(&frame.viewer, &id).await?;
    let (voice, _) = app.chosen_voice(&id, &of.voice).await?;
    write_at_desk(&app, &frame, &id, Some(&voice), form).await
}

/// 内部备注
async fn remark(State(app): App, frame: Frame, Path(id): Path<String>, form: Multipart) -> Answer {
    write_at_desk(&app, &frame, &id, None, form).await
}

/// 留言的附件，部门看
async fn desk_file(
    State(app): App,
    frame: Frame,
    Path((id, file)): Path<(String, String)>,
    Query(of): Query<Of>,
) -> Result<Download, PageError> {
    let sight = app.sight(&frame.viewer, &id).await?;
    let subject = match of.voice.as_str() {
        "" => id.clone(),
        voice => app.chosen_voice(&id, voice).await?.0.id,
    };
    let place = (id.as_str(), subject.as_str());
    let opened = app.thread_file(&frame.viewer, place, (sight.side(), true), &file);
    Ok(opened.await?)
}

async fn write_as_appellant(
    app: &Arc<Appeals>,
    frame: &Frame,
    followed: &Followed,
    action: String,
    form: Multipart,
) -> Answer {
    let viewer = &frame.viewer;
    let posted = Posted::read(app.threads.files(), viewer, form)
        .await
        .map_err(Error::from)?;
    let taken = match posted.wanted(Side::Enterprise, false) {
        Ok(Wanted::Write(new)) => {
            let spot = Spot {
                case: &followed.main,
                voice: Some(&followed.voice),
                side: Side::Enterprise,
            };
            let written = app.write_entry(&frame.viewer, &spot, &new).await;
            written.map(|_| None)
        }
        Ok(Wanted::Settle) => Ok(None),
        Err(error) => Err(error.into()),
    };
    let Some((typed, errors, status)) = again(taken.map_err(Problem::from), &posted)? else {
        let home = action.strip_suffix("/own").unwrap_or(&action);
        return Ok(to(&format!("{home}#messages")));
    };
    let page = follow_page(app, frame, followed, action, typed, errors).await?;
    Ok((status, page).into_response())
}

/// 凭校验码留言
async fn message_by_code(
    State(app): App,
    frame: Frame,
    Path(code): Path<String>,
    form: Multipart,
) -> Answer {
    let code = parsed(&code)?;
    let followed = app.followed_by_code(&code).await?;
    write_as_appellant(&app, &frame, &followed, by_code_address(&code), form).await
}

/// 本企业留言
async fn own_message(
    State(app): App,
    frame: Frame,
    Path(id): Path<String>,
    form: Multipart,
) -> Answer {
    let followed = app.followed_by_owner(&frame.viewer, &id).await?;
    write_as_appellant(&app, &frame, &followed, own_address(&id), form).await
}

async fn file_of(
    app: &Appeals,
    viewer: &Viewer,
    followed: &Followed,
    file: &str,
) -> Result<Download, PageError> {
    let (case, voice) = (followed.main.id(), followed.voice.id.as_str());
    let side = (Side::Enterprise, false);
    let opened = app.thread_file(viewer, (case.as_str(), voice), side, file);
    Ok(opened.await?)
}

/// 留言的附件，凭校验码看
async fn file_by_code(
    State(app): App,
    frame: Frame,
    Path((code, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let followed = app.followed_by_code(&parsed(&code)?).await?;
    file_of(&app, &frame.viewer, &followed, &file).await
}

/// 留言的附件，本企业看
async fn own_file(
    State(app): App,
    frame: Frame,
    Path((id, file)): Path<(String, String)>,
) -> Result<Download, PageError> {
    let followed = app.followed_by_owner(&frame.viewer, &id).await?;
    file_of(&app, &frame.viewer, &followed, &file).await
}

/// The threads of an appeal on the officers' page.
pub(crate) struct DeskTalk {
    pub messages: ThreadView,
    /// Only for those inside.
    pub remarks: Option<ThreadView>,
    /// Whom messages to the appellant do not reach by mail; only for those who write.
    pub lacks: Option<String>,
    /// The others' threads: address, who, whether an answer is waited for.
    pub others: Vec<(String, String, bool)>,
}

impl Appeals {
    /// What the officers' page shows of the threads; whoever is inside has read the shown one then.
    pub(crate) async fn desk_talk(
        &self,
        viewer: &Viewer,
        sight: &Sight,
        shown: &Shown,
        phrases: Vec<Choice>,
    ) -> Result<DeskTalk, Error> {
        let case = sight.view.id();
        let (voice, waiting) = self.chosen_voice(&case, &shown.voice).await?;
        let (side, inside) = (sight.side(), sight.is_inside());
        let talk = self.talk(viewer, &voice.id, (side, sight.knows)).await?;
        if inside {
            self.has_read(viewer, &voice.id, side).await?;
        }
        let remarks = match inside {
            true => Some(self.talk(viewer, &case, (side, sight.knows)).await?),
            false => None,
        };
        let form = |field: &str, action: String| {
            let typed = (shown.typed.get(field), shown.errors.of(field));
            ThreadForm::new(action, typed.0, typed.1)
        };
        let message = inside.then(|| {
            let action = format!("{DESK}/{case}/messages?voice={}", voice.id);
            form("message", action)
                .phrases(phrases)
                .wants_reply(shown.typed.get("message-reply") == "yes")
        });
        let href = |file: &str| format!("{DESK}/{case}/thread/{file}?voice={}", voice.id);
        let remark_href = |file: &str| format!("{DESK}/{case}/thread/{file}");
        let lacks = match inside {
            true => self.unreached(&voice, sight.knows).await?,
            false => None,
        };
        Ok(DeskTalk {
            lacks,
            messages: ThreadView::messages(
                &talk.entries,
                Side::Office,
                talk.standing,
                href,
                message,
            )
            .with(APPELLANT),
            remarks: remarks.map(|remarks| {
                let form = Some(form("remark", format!("{DESK}/{case}/remarks")));
                ThreadView::remarks(&remarks.entries, remark_href, form).with(APPELLANT)
            }),
            others: self.other_threads(sight, &voice.id, &waiting).await?,
        })
    }

    /// How messages do not reach the appellant, in a sentence; who may not know whose the appeal is is told nothing of
    /// it.
    async fn unreached(&self, voice: &VoiceRow, knows: bool) -> Result<Option<String>, Error> {
        if !knows {
            return Ok(None);
        }
        let Some(to) = told(voice) else {
            return Ok(Some(format!(
                "{APPELLANT}没有账号，不会收到消息，凭办件编号和校验码在网上查看"
            )));
        };
        let reached = self
            .db
            .write(|tx| async move { Ok::<_, Error>(self.messages.reached(&tx, to).await?) })
            .await?;
        Ok(match to {
            Recipient::Enterprise(_) => reached.lacks(),
            _ => reached.lacks_of(APPELLANT),
        })
    }

    async fn other_threads(
        &self,
        sight: &Sight,
        shown: &str,
        waiting: &[String],
    ) -> Result<Vec<(String, String, bool)>, Error> {
        let case = sight.view.id();
        let voices = self.voices_of(&case).await?;
        let others = voices.into_iter().enumerate();
        let line = |(at, voice): (usize, VoiceRow)| {
            let who = match (sight.knows, voice.enterprise_name.as_str()) {
                (true, name) if !name.is_empty() => name.to_owned(),
                _ => format!("{APPELLANT} {}", at + 1),
            };
            let href = format!("{DESK}/{case}?voice={}#messages", voice.id);
            (href, who, waiting.contains(&voice.id))
        };
        Ok(others
            .filter(|(_, voice)| voice.id != shown)
            .map(line)
            .collect())
    }

    /// What the appellant's page shows of their thread.
    pub(crate) async fn own_talk(
        &self,
        viewer: &Viewer,
        followed: &Followed,
        action: &str,
        (typed, errors): (&Fields, &FormErrors),
    ) -> Result<ThreadView, Error> {
        let (voice, side) = (followed.voice.id.as_str(), Side::Enterprise);
        let talk = self.talk(viewer, voice, (side, true)).await?;
        self.has_read(viewer, voice, side).await?;
        let form = ThreadForm::new(
            format!("{action}/messages"),
            typed.get("message"),
            errors.of("message"),
        );
        let href = |file: &str| format!("{action}/thread/{file}");
        let view = ThreadView::messages(&talk.entries, side, talk.standing, href, Some(form));
        Ok(view.with(APPELLANT))
    }
}

pub(crate) fn routes(app: &Arc<Appeals>) -> Router {
    let phrases = Router::new()
        .route("/appeals/phrases", get(list).post(add))
        .route("/appeals/phrases/{id}", get(edit).post(change))
        .with_state(PhrasePages {
            phrases: app.phrases.clone(),
            path: PHRASES,
            home: ("诉求", DESK),
        });
    Router::new()
        .route("/appeals/{id}/messages", post(message).layer(uploads()))
        .route("/appeals/{id}/remarks", post(remark).layer(uploads()))
        .route("/appeals/{id}/thread/{file}", get(desk_file))
        .route(
            "/appeals/{id}/own/messages",
            post(own_message).layer(uploads()),
        )
        .route("/appeals/{id}/own/thread/{file}", get(own_file))
        .route(
            "/appeals/f/{code}/messages",
            post(message_by_code).layer(uploads()),
        )
        .route("/appeals/f/{code}/thread/{file}", get(file_by_code))
        .with_state(Arc::clone(app))
        .merge(phrases)
}
