//! 提诉求: the page that anybody uses, mostly on a phone; the same behind a QR code.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;
use zhida_letters::CheckCode;
use zhida_platform::access::{Viewer, sign_in_address};
use zhida_platform::files::Received;
use zhida_platform::format::count;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, Tone, places};

use super::{
    FOLLOW, MINE, NEW, confidentiality_choices, place_choices, status_address, with_fields,
};
use crate::error::Error;
use crate::intake::codes::PlaceCode;
use crate::intake::posted::{ACCEPT, Address, FILES, Posted};
use crate::intake::settings::IntakeSettings;
use crate::intake::take::{Arrival, Source, Taken, new_token};
use crate::intake::text;
use crate::model::{Contact, NewAppeal};
use crate::pages::{Answer, to};
use crate::service::Appeals;
use crate::words::{Channel, Confidentiality};

type App = State<Arc<Appeals>>;

/// Characters of a name, of a place in words.
const NAME_MAX: usize = 40;
const PLACE_MAX: usize = 200;

#[derive(Template)]
#[template(path = "appeals/intake/new.html")]
struct NewPage {
    page: Page,
    errors: FormErrors,
    action: String,
    token: String,
    /// Why nothing can be sent now, and where to go; empty when it can.
    closed: String,
    sign_in: String,
    hotline: String,
    /// Where the code hangs, or the own enterprise.
    known: Vec<(&'static str, String)>,
    asks_enterprise: bool,
    asks_place: bool,
    fields: Fields,
    text_hint: String,
    files_hint: String,
    accept: &'static str,
    places: Vec<Choice>,
    confidentiality: Vec<Choice>,
}

/// What a form is for.
struct Purpose {
    code: Option<PlaceCode>,
    settings: IntakeSettings,
    /// The city's division code; empty while nobody set it.
    city: String,
}

impl Purpose {
    async fn of(app: &Appeals, code: Option<&str>) -> Result<Self, Error> {
        let code = match code {
            Some(id) => Some(app.place_code(id).await?),
            None => None,
        };
        Ok(Self {
            code,
            settings: app.intake_settings().await?.0,
            city: app.rules().await?.rules.place,
        })
    }

    fn action(&self) -> String {
        match &self.code {
            Some(code) => format!("/q/{}", code.id),
            None => NEW.to_owned(),
        }
    }

    /// Whether whoever looks may send it.
    fn is_open(&self, viewer: &Viewer) -> bool {
        let anonymous = match self.code {
            Some(_) => self.settings.anonymous_codes,
            None => self.settings.anonymous_page,
        };
        anonymous || viewer.as_person().is_some()
    }

    fn page(&self, frame: &Frame, fields: Fields, token: String, errors: FormErrors) -> NewPage {
        let settings = &self.settings;
        let own = own_enterprise(&frame.viewer);
        let known = match (&self.code, &own) {
            (Some(code), _) if code.enterprise.is_empty() => {
                vec![(code.kind.word(), code.name.clone())]
            }
            (Some(code), _) => vec![
                ("企业", code.enterprise_name.clone()),
                ("地点", code.name.clone()),
            ],
            (None, Some((_, name))) => vec![("企业", name.clone())],
            (None, None) => Vec::new(),
        };
        let page = match &self.code {
            Some(code) => frame.page(format!("您码上说：{}", code.name)),
            None => frame.page("提诉求"),
        };
        let is_open = self.is_open(&frame.viewer);
        NewPage {
            page: page.active(NEW).lead(
                "遇到的困难、对政府的意见，在这里说。提交后得到编号和校验码，随时可以查进度。",
            ),
            errors,
            sign_in: sign_in_address(&self.action()),
            action: self.action(),
            token,
            closed: match is_open {
                true => String::new(),
                false => "本市要求先登录再提诉求".to_owned(),
            },
            hotline: settings.hotline.clone(),
            known,
            asks_enterprise: own.is_none()
                && self
                    .code
                    .as_ref()
                    .is_none_or(|code| code.enterprise.is_empty()),
            asks_place: self.code.is_none(),
            text_hint: format!(
                "什么事、在哪里、希望怎样解决，最多 {} 个字。不方便打字，可以不写，只传一段语音或视频",
                count(settings.text_max.into())
            ),
            files_hint: format!(
                "可以拍照、录像、录音，也可以选文件；最多 {} 个，每个不超过 100 MB",
                settings.files_max
            ),
            accept: ACCEPT,
            places: place_choices(&self.city, fields.get("place")),
            confidentiality: confidentiality_choices(fields.get("confidentiality")),
            fields,
        }
    }
}

/// The enterprise for which somebody has signed in: code and name.
pub(in crate::intake) fn own_enterprise(viewer: &Viewer) -> Option<(String, String)> {
    let seat = viewer.seat()?;
    let code = seat.enterprise.clone()?;
    let name = seat
        .on_behalf_of
        .as_ref()
        .unwrap_or(&seat.organisation_name);
    Some((code, name.clone()))
}

/// 提诉求
pub(super) async fn form(State(app): App, frame: Frame) -> Answer {
    shown(&app, &frame, None).await
}

/// 扫码提诉求
pub(super) async fn by_code(State(app): App, frame: Frame, Path(code): Path<String>) -> Answer {
    shown(&app, &frame, Some(&code)).await
}

async fn shown(app: &Appeals, frame: &Frame, code: Option<&str>) -> Answer {
    let purpose = Purpose::of(app, code).await?;
    let page = purpose.page(frame, Fields::default(), new_token()?, FormErrors::none());
    Ok(Html(page).into_response())
}

/// 提交诉求
pub(super) async fn send(
    State(app): App,
    frame: Frame,
    address: Address,
    form: Multipart,
) -> Answer {
    let purpose = Purpose::of(&app, None).await?;
    take(&app, &frame, &purpose, address, form).await
}

/// 提交扫码的诉求
pub(super) async fn send_by_code(
    State(app): App,
    frame: Frame,
    Path(code): Path<String>,
    address: Address,
    form: Multipart,
) -> Answer {
    let purpose = Purpose::of(&app, Some(&code)).await?;
    take(&app, &frame, &purpose, address, form).await
}

async fn take(
    app: &Appeals,
    frame: &Frame,
    purpose: &Purpose,
    address: Address,
    form: Multipart,
) -> Answer {
    let viewer = &frame.viewer;
    if !purpose.is_open(viewer) {
        return Err(Problem::sign_in("本市要求先登录再提诉求").into());
    }
    let mut posted = Posted::read(&app.files, viewer, purpose.settings.files_max, form).await?;
    let filled = Filled::read(&mut posted, purpose, viewer);
    if !posted.errors.is_empty() {
        let errors = std::mem::take(&mut posted.errors);
        return shown_again(frame, purpose, posted, StatusCode::BAD_REQUEST, errors);
    }
    let arrival = filled.arrival(&posted.files, source(viewer, purpose, address));
    match app.take(viewer, &arrival).await {
        Ok(Taken::As { code, .. }) => Ok(to(&format!("/appeals/received/{}", code.plain()))),
        Ok(Taken::Repeated { number, times, .. }) => Ok(repeated(frame, &number, times)),
        Err(error) => refused(frame, purpose, posted, error),
    }
}

/// What cannot be taken now is shown with everything that was written.
fn refused(frame: &Frame, purpose: &Purpose, posted: Posted, error: Error) -> Answer {
    match with_fields(error) {
        Ok(errors) => shown_again(frame, purpose, posted, StatusCode::BAD_REQUEST, errors),
        Err(error) => {
            let problem = Problem::from(*error);
            if problem.status != StatusCode::TOO_MANY_REQUESTS {
                return Err(problem.into());
            }
            let mut errors = FormErrors::none();
            errors.add("text", format!("{}。{}", problem.detail, problem.hint));
            shown_again(frame, purpose, posted, problem.status, errors)
        }
    }
}

fn shown_again(
    frame: &Frame,
    purpose: &Purpose,
    posted: Posted,
    status: StatusCode,
    mut errors: FormErrors,
) -> Answer {
    if !posted.files.is_empty() && errors.of(FILES).is_empty() {
        errors.add(FILES, "附件要请您再选一次");
    }
    let token = posted.fields.get("token").to_owned();
    let page = purpose.page(frame, posted.fields, token, errors);
    Ok((status, Html(page)).into_response())
}

fn source(viewer: &Viewer, purpose: &Purpose, address: Address) -> Source {
    match (&purpose.code, viewer.account()) {
        (Some(code), _) => Source::Code(code.id.clone(), address.0),
        (None, Some(account)) => Source::Account(account.to_string()),
        (None, None) => Source::Public(address.0),
    }
}

/// The form as it was filled in, checked.
struct Filled {
    channel: Channel,
    text: String,
    place: String,
    place_words: String,
    enterprise: Option<(String, String)>,
    account: Option<Uuid>,
    name: String,
    phone: String,
    confidentiality: Confidentiality,
    token: String,
    details: Vec<(String, String)>,
}

impl Filled {
    /// What is wrong is put at its field.
    fn read(posted: &mut Posted, purpose: &Purpose, viewer: &Viewer) -> Self {
        let settings = &purpose.settings;
        let text = text::cleaned(posted.fields.get("text"));
        let get = |name: &str| text::cleaned(posted.fields.get(name));
        let (name, phone) = (get("name"), get("phone"));
        let (place, place_words) = (get("place"), get("place_words"));
        let enterprise_name = get("enterprise");
        let confidentiality = Confidentiality::parse(&get("confidentiality"));
        let token = get("token");
        let mut errors = Vec::new();
        if let Some(fault) = text::fault(&text, settings.text_max as usize, posted.recorded()) {
            errors.push(("text", fault));
        }
        errors.extend(contact_faults(&name, &phone));
        let words = [
            ("place_words", &place_words),
            ("enterprise", &enterprise_name),
        ];
        for (field, value) in words {
            if value.chars().count() > PLACE_MAX {
                errors.push((field, format!("最多 {PLACE_MAX} 个字")));
            }
        }
        let known = places::below(&purpose.city);
        if !place.is_empty() && !known.iter().any(|(code, _)| code.as_str() == place) {
            errors.push(("place", "请在列出的区县里选".to_owned()));
        }
        if token.is_empty() {
            errors.push(("text", "页面不完整，请刷新后再提交".to_owned()));
        }
        for (field, message) in errors {
            posted.errors.add(field, message);
        }
        let (place, place_words) = match &purpose.code {
            Some(code) => (code.place.clone(), code.name.clone()),
            None => (place, place_words),
        };
        let of_code = purpose
            .code
            .as_ref()
            .filter(|code| !code.enterprise.is_empty());
        let of_code = of_code.map(|code| (code.enterprise.clone(), code.enterprise_name.clone()));
        Self {
            channel: match &purpose.code {
                Some(_) => Channel::Code,
                None => Channel::Web,
            },
            text: match posted.recorded() {
                true => text::spoken(&text),
                false => text,
            },
            place,
            place_words,
            details: match enterprise_name.is_empty() {
                true => Vec::new(),
                false => vec![("自述的企业".to_owned(), enterprise_name)],
            },
            enterprise: of_code.or_else(|| own_enterprise(viewer)),
            account: viewer.account(),
            name,
            phone,
            confidentiality: confidentiality.unwrap_or(Confidentiality::Normal),
            token,
        }
    }

    fn arrival<'a>(&'a self, files: &'a [Received], source: Source) -> Arrival<'a> {
        let enterprise = self.enterprise.as_ref();
        Arrival {
            new: NewAppeal {
                channel: self.channel,
                source: "",
                title: "",
                text: &self.text,
                category: "",
                place: &self.place,
                place_words: &self.place_words,
                enterprise: enterprise.map(|(code, name)| (code.as_str(), name.as_str())),
                account: self.account,
                contact: Contact {
                    name: &self.name,
                    phone: &self.phone,
                    email: "",
                },
                confidentiality: self.confidentiality,
                files,
            },
            source,
            token: &self.token,
            details: &self.details,
            geo: None,
        }
    }
}

/// What is wrong with a name and a telephone; both may be left out.
pub(in crate::intake) fn contact_faults(name: &str, phone: &str) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    if name.chars().count() > NAME_MAX {
        faults.push(("name", format!("姓名最多 {NAME_MAX} 个字")));
    }
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let known =
        |one: char| one.is_ascii_digit() || matches!(one, '+' | '-' | ' ' | '(' | ')' | '转');
    if !phone.is_empty() && (!(5..=20).contains(&digits) || !phone.chars().all(known)) {
        let sentence = "电话请写数字，例如 13800000000 或 0572-1234567；不想留可以空着";
        faults.push(("phone", sentence.to_owned()));
    }
    faults
}

#[derive(Template)]
#[template(path = "appeals/intake/received.html")]
struct ReceivedPage {
    page: Page,
    number: String,
    code: String,
    status: String,
    follow: &'static str,
    mine: &'static str,
    signed_in: bool,
}

/// 已收到
pub(super) async fn received(State(app): App, frame: Frame, Path(code): Path<String>) -> Answer {
    let missing = || Error::missing("这个校验码的诉求");
    let code: CheckCode = code.parse().map_err(|_| missing())?;
    let (_, number) = app.by_code(&code).await?.ok_or_else(missing)?;
    let page = ReceivedPage {
        page: frame.page("已经收到").active(NEW),
        number,
        status: status_address(&code),
        code: code.to_string(),
        follow: FOLLOW,
        mine: MINE,
        signed_in: own_enterprise(&frame.viewer).is_some(),
    };
    Ok(Html(page).into_response())
}

#[derive(Template)]
#[template(path = "appeals/intake/repeated.html")]
struct RepeatedPage {
    page: Page,
    number: String,
    follow: &'static str,
}

fn repeated(frame: &Frame, number: &str, times: i64) -> Response {
    let words = format!("同样的内容这是第 {times} 次提交，已经记在这件诉求上，没有重复登记");
    let page = RepeatedPage {
        page: frame
            .page("刚才已经收到")
            .active(NEW)
            .notice(Tone::Info, words),
        number: number.to_owned(),
        follow: FOLLOW,
    };
    Html(page).into_response()
}
