//! 诉求登记: the operator's desk, for calls and for what comes on paper. Before it is registered the page shows what the
//! machine would sort it as and what is alike, and what to read back to the caller.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Multipart, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_platform::access::Viewer;
use zhida_platform::format::count;
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, Fields, FormErrors, Frame, Html, Page, Tab, places};

use super::{DESK, confidentiality_choices, contact_faults, place_choices, with_fields};
use crate::cases::Similar;
use crate::error::Error;
use crate::intake::channels::{DESK as CHANNELS, answers, field, questions};
use crate::intake::posted::{ACCEPT, FILES, Posted};
use crate::intake::settings::IntakeSettings;
use crate::intake::take::{Arrival, Source, Taken, new_token};
use crate::intake::text;
use crate::model::{Contact, NewAppeal, TITLE_MAX};
use crate::pages::{Answer, to};
use crate::rights::INTAKE;
use crate::service::Appeals;
use crate::words::{Channel, Confidentiality};

type App = State<Arc<Appeals>>;

/// Similar appeals that are shown.
const SIMILAR_MAX: usize = 5;

#[derive(Template)]
#[template(path = "appeals/intake/desk.html")]
struct DeskPage {
    page: Page,
    tabs: Vec<Tab>,
    errors: FormErrors,
    channel: Channel,
    done: Option<Done>,
    token: String,
    fields: Fields,
    text_hint: String,
    files_hint: String,
    name_label: &'static str,
    /// Name, label, value and hint.
    questions: Vec<(String, &'static str, String, &'static str)>,
    places: Vec<Choice>,
    categories: Vec<Choice>,
    confidentiality: Vec<Choice>,
    accept: &'static str,
    look: Option<Look>,
}

/// What was registered a moment ago.
struct Done {
    number: String,
    code: String,
    href: String,
}

/// What is known before it is registered.
struct Look {
    said_by: String,
    read_back: String,
    /// Path of a category that the machine is sure of.
    sure: String,
    suggested: String,
    enterprise: String,
    similar: Vec<Alike>,
}

struct Alike {
    title: String,
    href: String,
    meta: String,
    likeness: String,
    state: String,
}

/// Everything that a page of the desk is made of.
struct Shown {
    channel: Channel,
    fields: Fields,
    token: String,
    errors: FormErrors,
    look: Option<Look>,
    done: Option<Done>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    channel: String,
    /// The check code of what was registered a moment ago.
    done: String,
}

fn channel(text: &str) -> Channel {
    let found = Channel::parse(text).filter(|channel| CHANNELS.contains(channel));
    found.unwrap_or(Channel::Hotline)
}

/// 诉求登记
pub(super) async fn form(State(app): App, frame: Frame, Query(asked): Query<Asked>) -> Answer {
    frame.viewer.need(INTAKE)?;
    let done = match asked.done.parse() {
        Ok(code) => app.by_code(&code).await?.map(|(case, number)| Done {
            number,
            code: code.to_string(),
            href: format!("/appeals/{case}"),
        }),
        Err(_) => None,
    };
    let shown = Shown {
        channel: channel(&asked.channel),
        fields: Fields::default(),
        token: new_token()?,
        errors: FormErrors::none(),
        look: None,
        done,
    };
    Ok(Html(page(&app, &frame, shown).await?).into_response())
}

async fn page(app: &Appeals, frame: &Frame, shown: Shown) -> Result<DeskPage, Error> {
    let (settings, _) = app.intake_settings().await?;
    let city = app.rules().await?.rules.place;
    let Shown {
        channel, fields, ..
    } = shown;
    let tab = |one: &Channel| {
        Tab::new(
            one.word(),
            format!("{DESK}?channel={}", one.slug()),
            *one == channel,
        )
    };
    let asked = questions(channel).iter().map(|question| {
        let name = field(question);
        let value = fields.get(&name).to_owned();
        (name, question.label, value, question.hint)
    });
    // what the machine is sure of is chosen until the operator chooses
    let category = match (fields.get("category"), &shown.look) {
        ("", Some(look)) => look.sure.as_str(),
        (chosen, _) => chosen,
    };
    Ok(DeskPage {
        page: frame
            .page("诉求登记")
            .active(DESK)
            .office()
            .lead("接电话、走访、开会、收信得到的诉求，在这里登记。"),
        tabs: CHANNELS.iter().map(tab).collect(),
        errors: shown.errors,
        channel,
        done: shown.done,
        token: shown.token,
        text_hint: format!(
            "什么事、在哪里、希望怎样解决，最多 {} 个字",
            count(settings.text_max.into())
        ),
        files_hint: format!("照片、录音、原件扫描；最多 {} 个", settings.files_max),
        name_label: match channel {
            Channel::Hotline => "来电人",
            _ => "联系人",
        },
        questions: asked.collect(),
        places: place_choices(&city, fields.get("place")),
        categories: categories(app, category).await?,
        confidentiality: confidentiality_choices(fields.get("confidentiality")),
        accept: ACCEPT,
        look: shown.look,
        fields,
    })
}

async fn categories(app: &Appeals, current: &str) -> Result<Vec<Choice>, Error> {
    let catalogue = app.catalogue().await?.catalogue;
    let choice = |path: &str| Choice::new(path, catalogue.full_name(path), current);
    let paths = catalogue.open().map(|one| choice(&one.path));
    let none = Choice::new("", "还没有分类", current);
    Ok(std::iter::once(none).chain(paths).collect())
}

/// 登记，或看一看
pub(super) async fn send(State(app): App, frame: Frame, form: Multipart) -> Answer {
    frame.viewer.need(INTAKE)?;
    let (settings, _) = app.intake_settings().await?;
    let mut posted = Posted::read(&app.files, &frame.viewer, settings.files_max, form).await?;
    let channel = channel(posted.fields.get("channel"));
    let filled = Filled::read(&app, &mut posted, channel, &settings).await?;
    let looks = posted.fields.get("do") == "look";
    let fine = posted.errors.is_empty();
    if looks && fine {
        let look = look(&app, &frame.viewer, &filled).await?;
        return again(&app, &frame, posted, channel, StatusCode::OK, Some(look)).await;
    }
    if !fine {
        return again(&app, &frame, posted, channel, StatusCode::BAD_REQUEST, None).await;
    }
    let taken = app
        .take(&frame.viewer, &filled.arrival(&frame.viewer, &posted))
        .await;
    match taken.map_err(with_fields) {
        Ok(Taken::As { code, .. }) => {
            let address = format!("{DESK}?channel={}&done={}", channel.slug(), code.plain());
            Ok(to(&address))
        }
        Ok(Taken::Repeated { number, .. }) => {
            Err(Problem::conflict(format!("刚才已经登记，编号 {number}")).into())
        }
        Err(Ok(errors)) => {
            posted.errors = errors;
            again(&app, &frame, posted, channel, StatusCode::BAD_REQUEST, None).await
        }
        Err(Err(error)) => Err((*error).into()),
    }
}

/// What the machine would say, and what is alike.
async fn look(app: &Appeals, viewer: &Viewer, filled: &Filled) -> Result<Look, Error> {
    let texts = (filled.title.as_str(), filled.text.as_str());
    let suggested = app.suggest(texts.0, texts.1).await?;
    let sure = suggested.iter().find(|one| one.sure);
    let sure = sure.map(|one| one.path.clone()).unwrap_or_default();
    let suggested = suggested.first().map(|one| {
        let sure = match one.sure {
            true => "",
            false => "，没有把握，仅供参考",
        };
        let confidence = f64::from(one.confidence) / 10.0;
        let body = match one.department.as_str() {
            "" => String::new(),
            body => format!("，由{body}办理"),
        };
        format!("{}{body}（{confidence:.1}%{sure}）", one.name)
    });
    let (code, name) = filled
        .enterprise
        .as_ref()
        .map_or(("", ""), |(code, name)| (code, name));
    let similar = app
        .similar(viewer, texts, (code, &filled.place), None, SIMILAR_MAX)
        .await?;
    let alike = |one: Similar| {
        let mut meta = vec![one.number];
        for (is_so, words) in [
            (one.same_enterprise, "同一企业"),
            (one.same_place, "同一地方"),
        ] {
            if is_so {
                meta.push(words.to_owned());
            }
        }
        Alike {
            title: one.title,
            href: format!("/appeals/{}", one.case),
            meta: meta.join("，"),
            likeness: one.likeness.to_owned(),
            state: one.state,
        }
    };
    Ok(Look {
        said_by: match filled.name.as_str() {
            "" => filled.channel.word().to_owned(),
            name => format!("{}，{name}", filled.channel.word()),
        },
        read_back: filled.text.clone(),
        sure,
        suggested: suggested.unwrap_or_else(|| "不确定，请自己选".to_owned()),
        enterprise: match name {
            "" => "个人，或没有填".to_owned(),
            name => name.to_owned(),
        },
        similar: similar.into_iter().map(alike).collect(),
    })
}

/// The page with what was written.
async fn again(
    app: &Appeals,
    frame: &Frame,
    posted: Posted,
    channel: Channel,
    status: StatusCode,
    look: Option<Look>,
) -> Answer {
    let mut errors = posted.errors;
    if !posted.files.is_empty() && errors.of(FILES).is_empty() {
        errors.add(FILES, "附件要请您再选一次");
    }
    let shown = Shown {
        channel,
        token: posted.fields.get("token").to_owned(),
        fields: posted.fields,
        errors,
        look,
        done: None,
    };
    Ok((status, Html(page(app, frame, shown).await?)).into_response())
}

/// The form as it was filled in, checked.
struct Filled {
    channel: Channel,
    title: String,
    text: String,
    category: String,
    place: String,
    place_words: String,
    enterprise: Option<(String, String)>,
    name: String,
    phone: String,
    confidentiality: Confidentiality,
    token: String,
    details: Vec<(String, String)>,
}

impl Filled {
    /// What is wrong is put at its field.
    async fn read(
        app: &Appeals,
        posted: &mut Posted,
        channel: Channel,
        settings: &IntakeSettings,
    ) -> Result<Self, Error> {
        let get = |name: &str| text::cleaned(posted.fields.get(name));
        let mut errors: Vec<(String, String)> = Vec::new();
        let text = get("text");
        let mut wrong = |field: &str, sentence: String| errors.push((field.to_owned(), sentence));
        if let Some(fault) = text::fault(&text, settings.text_max as usize, posted.recorded()) {
            wrong("text", fault);
        }
        let (title, name, phone) = (get("title"), get("name"), get("phone"));
        if title.chars().count() > TITLE_MAX {
            wrong("title", format!("标题最多 {TITLE_MAX} 个字"));
        }
        for (field, fault) in contact_faults(&name, &phone) {
            wrong(field, fault);
        }
        let place = get("place");
        let city = app.rules().await?.rules.place;
        if !place.is_empty()
            && !places::below(&city)
                .iter()
                .any(|(code, _)| code.as_str() == place)
        {
            wrong("place", "请在列出的区县里选".to_owned());
        }
        let enterprise = match get("enterprise").as_str() {
            "" => None,
            code => match app.known_enterprise("enterprise", code).await {
                Ok(found) => Some(found),
                Err(Error::Field { field, message }) => {
                    wrong(&field, message);
                    None
                }
                Err(error) => return Err(error),
            },
        };
        let details = match answers(channel, &posted.fields, app.clock.today()) {
            Ok(details) => details,
            Err(Error::Field { field, message }) => {
                wrong(&field, message);
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        let confidentiality = Confidentiality::parse(&get("confidentiality"));
        let filled = Self {
            channel,
            title,
            text: match posted.recorded() {
                true => text::spoken(&text),
                false => text,
            },
            category: get("category"),
            place,
            place_words: get("place_words"),
            enterprise,
            name,
            phone,
            confidentiality: confidentiality.unwrap_or(Confidentiality::Normal),
            token: get("token"),
            details,
        };
        for (field, sentence) in errors {
            posted.errors.add(field, sentence);
        }
        Ok(filled)
    }

    fn arrival<'a>(&'a self, viewer: &Viewer, posted: &'a Posted) -> Arrival<'a> {
        let enterprise = self.enterprise.as_ref();
        let officer = viewer.account().map(|account| account.to_string());
        Arrival {
            new: NewAppeal {
                channel: self.channel,
                source: "",
                title: &self.title,
                text: &self.text,
                category: &self.category,
                place: &self.place,
                place_words: &self.place_words,
                enterprise: enterprise.map(|(code, name)| (code.as_str(), name.as_str())),
                // the officer writes it down; it is not the officer's own
                account: None,
                contact: Contact {
                    name: &self.name,
                    phone: &self.phone,
                    email: "",
                },
                confidentiality: self.confidentiality,
                files: &posted.files,
            },
            source: Source::Officer(officer.unwrap_or_default()),
            token: &self.token,
            details: &self.details,
            geo: None,
        }
    }
}
