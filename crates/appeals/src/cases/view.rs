//! An appeal as somebody may see it.

use chrono::{DateTime, Utc};
use zhida_casework::Route;
use zhida_platform::access::{Reach, Row, Viewer};
use zhida_platform::cases::Loaded;
use zhida_platform::clock::parse_instant;
use zhida_platform::db::ConnectionTrait;

use super::run::CASES;
use super::store::{self, VoiceRow};
use crate::error::Error;
use crate::model::{AppealRow, KnownContact};
use crate::query::sees_secrets;
use crate::rights::{HANDLE, INTAKE, OWN, READ, SUPERVISE, VISIT};
use crate::rules::{self, CityRules};
use crate::service::Appeals;
use crate::words::{Appeal, Channel, Confidentiality, Satisfaction};

/// Somebody who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// Its id.
    pub id: String,
    /// The case it was submitted as.
    pub origin: String,
    /// When.
    pub said_at: DateTime<Utc>,
    /// By which way.
    pub channel: Channel,
    /// 统一社会信用代码; empty for somebody without an enterprise, and for who may not know.
    pub enterprise: String,
    /// The name; likewise.
    pub enterprise_name: String,
    /// The words.
    pub text: String,
    /// How to reach them; `None` for who may not know.
    pub contact: Option<KnownContact>,
    /// What was said at the last visit that counts.
    pub answer: Option<Satisfaction>,
    /// How often nobody answered in this round.
    pub tries: i64,
}

/// An appeal with everything that it runs by.
#[derive(Debug, Clone)]
pub struct AppealView {
    /// As the platform keeps it.
    pub loaded: Loaded<Appeal>,
    /// As lists show it.
    pub row: AppealRow,
    /// What was said first.
    pub text: String,
    /// The category that the machine said first; empty for none.
    pub suggested: String,
    /// The rules that it began with.
    pub rules: CityRules,
    /// The route that follows from them.
    pub route: Route<Appeal>,
}

impl AppealView {
    /// Its id, as rows have it.
    #[must_use]
    pub fn id(&self) -> String {
        self.loaded.head.id.to_string()
    }
}

/// An appeal with what this viewer is to it.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    pub view: AppealView,
    /// Registers and dispatches.
    pub intake: bool,
    /// Is of the lead body.
    pub leads: bool,
    /// Is of a body that was asked and has not answered.
    pub asked: bool,
    /// Visits.
    pub visits: bool,
    /// Supervises.
    pub supervises: bool,
    /// May know whose it is.
    pub knows: bool,
    /// It is their own.
    pub own: bool,
}

impl Sight {
    /// Whether somebody has a part in handling it and not only looks on or was asked: they write to the appellant.
    pub(crate) fn is_inside(&self) -> bool {
        self.leads || self.intake || self.visits || self.supervises
    }
}

impl Appeals {
    /// The voices of a case, whoever asks.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn voices_of(&self, case: &str) -> Result<Vec<VoiceRow>, Error> {
        Ok(store::voices(self.db.conn(), case).await?)
    }

    /// Those whose last message waits for an answer of the office.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn waiting_voices(&self, case: &str) -> Result<Vec<String>, Error> {
        Ok(store::waiting(self.db.conn(), case).await?)
    }

    /// An appeal for a viewer whose rights reach it; another is answered like one that is not there.
    ///
    /// # Errors
    /// No such appeal, or beyond reach; the database.
    pub(crate) async fn sight(&self, viewer: &Viewer, id: &str) -> Result<Sight, Error> {
        let conn = self.db.conn();
        if !store::reaches(conn, viewer, id, self.clock.now()).await? {
            return Err(missing());
        }
        let view = self.view_in(conn, id).await?;
        let row = Row {
            enterprise: Some(&view.row.head.enterprise)
                .filter(|code| !code.is_empty())
                .map(String::as_str),
            division: Some(&view.row.head.place)
                .filter(|place| !place.is_empty())
                .map(String::as_str),
        };
        let own = matches!(viewer.reach(OWN), Reach::Own(_)) && viewer.covers(OWN, &row);
        let body = viewer.seat().and_then(|seat| seat.organisation);
        let holder = view.loaded.case.holder().map(|holder| holder.id);
        // the demonstration's officer of everything sits nowhere and handles all
        let everywhere = viewer.seat().is_none() && viewer.reach(HANDLE) == Reach::All;
        let leads = viewer.may(HANDLE) && (everywhere || (holder.is_some() && holder == body));
        let asked = viewer.may(HANDLE)
            && view.loaded.case.opinions().iter().any(|opinion| {
                opinion.is_open() && (everywhere || Some(opinion.organisation.id) == body)
            });
        let open_identity = view.row.confidentiality == Confidentiality::Normal;
        Ok(Sight {
            intake: viewer.may(INTAKE),
            leads,
            asked,
            visits: viewer.may(VISIT),
            supervises: viewer.may(SUPERVISE),
            knows: own || viewer.may(INTAKE) || (open_identity && (leads || viewer.may(READ))),
            own,
            view,
        })
    }

    /// An appeal, for the program itself, within a transaction or outside.
    ///
    /// # Errors
    /// No such appeal; the database.
    pub(crate) async fn view_in(
        &self,
        conn: &impl ConnectionTrait,
        id: &str,
    ) -> Result<AppealView, Error> {
        let parsed = id.parse().map_err(|_| missing())?;
        let kept = store::find(conn, id).await?.ok_or_else(missing)?;
        let loaded = CASES.need(conn, parsed).await?;
        let rules = rules::rules_of(conn, kept.rules).await?.rules;
        Ok(AppealView {
            route: rules::route_of(&rules.preset, kept.row.track)?,
            rules,
            loaded,
            row: kept.row,
            text: kept.text,
            suggested: kept.suggested,
        })
    }

    /// The voices of an appeal as somebody may hear them.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn voices(&self, sight: &Sight) -> Result<Vec<Voice>, Error> {
        let rows = store::voices(self.db.conn(), &sight.view.id()).await?;
        Ok(rows
            .iter()
            .map(|row| {
                self.voice(
                    row,
                    sight.knows,
                    sight.intake || sight.visits || sight.leads,
                )
            })
            .collect())
    }

    /// A voice; whose it is only for who knows, how to reach them only for who has to.
    fn voice(&self, row: &VoiceRow, knows: bool, reaches: bool) -> Voice {
        let known = |text: &str| {
            if knows {
                text.to_owned()
            } else {
                String::new()
            }
        };
        Voice {
            id: row.id.clone(),
            origin: row.origin.clone(),
            said_at: parse_instant(&row.said_at).unwrap_or_default(),
            channel: Channel::parse(&row.channel).unwrap_or(Channel::Web),
            enterprise: known(&row.enterprise),
            enterprise_name: known(&row.enterprise_name),
            text: row.text.clone(),
            contact: (knows && reaches).then(|| row.contact(self.db.sealer())),
            answer: row.answer.as_deref().and_then(Satisfaction::parse),
            tries: row.tries,
        }
    }

    /// Whether a list's row may say whose it is.
    pub(crate) fn may_name(viewer: &Viewer, row: &AppealRow) -> bool {
        let own = match viewer.reach(OWN) {
            Reach::Own(codes) => codes.contains(&row.head.enterprise),
            _ => false,
        };
        own || row.confidentiality == Confidentiality::Normal || viewer.may(INTAKE)
    }

    /// An appeal's line for a viewer; `None` beyond reach.
    ///
    /// # Errors
    /// The database.
    pub async fn one(&self, viewer: &Viewer, id: &str) -> Result<Option<AppealRow>, Error> {
        if !store::reaches(self.db.conn(), viewer, id, self.clock.now()).await? {
            return Ok(None);
        }
        let kept = store::find(self.db.conn(), id).await?;
        Ok(kept.map(|kept| {
            let mut row = kept.row;
            if !Self::may_name(viewer, &row)
                || (row.confidentiality == Confidentiality::Secret && !sees_secrets(viewer))
            {
                row.conceal();
            }
            row
        }))
    }
}

pub(super) fn missing() -> Error {
    Error::missing("这件诉求")
}
