//! Taking a list away: whole, or by chosen columns, which an account keeps as templates 导出模板.
//!
//! A page that lists something makes an [`Exports`] with [`Frame::exports`] and prints it with the macro `exports`; the
//! handlers of its two downloads take a `Chosen` and answer with `Table::only`. The templates have one pair of routes
//! for all lists, [`router`].

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use axum::response::Redirect;
use axum::routing::post;
use serde::Deserialize;
use zhida_platform::export::{
    COLUMNS, Chosen, Column, ExportTemplate, ExportTemplates, percent_encoded,
};
use zhida_platform::problem::Problem;

use crate::{Choice, Fields, Frame, PageError, safe_address};

/// What stands over a list for taking it away.
#[derive(Clone, Debug)]
pub struct Exports {
    /// How much there is, `共 1,234 家`; may be empty.
    pub summary: String,
    /// Address of all columns as CSV, under the filters of the list.
    pub csv: String,
    /// The same as XLSX.
    pub xlsx: String,
    /// The two addresses without the filters, which the form brings as hidden fields.
    pub paths: (String, String),
    /// The filters.
    pub filters: Vec<(String, String)>,
    /// The columns, all of them chosen.
    pub columns: Vec<Choice>,
    /// Where a template is kept; empty for who has no account.
    pub save: String,
    /// The viewer's templates of this list.
    pub templates: Vec<TemplateLine>,
}

/// A template as the list shows it.
#[derive(Clone, Debug)]
pub struct TemplateLine {
    /// What its owner calls it.
    pub name: String,
    /// Address of its columns as CSV; empty when the list has none of them any more.
    pub csv: String,
    /// The same as XLSX.
    pub xlsx: String,
    /// Its columns in words.
    pub columns: String,
    /// What is said of columns that the list has no more; empty when it has them all.
    pub gone: String,
    /// Where it is removed.
    pub remove: String,
}

/// The addresses of the downloads: the path of the CSV is the XLSX's but for its end.
struct Addresses {
    csv: String,
    xlsx: String,
    query: String,
}

impl Addresses {
    fn of(csv: &str) -> Self {
        let (path, query) = csv.split_once('?').unwrap_or((csv, ""));
        debug_assert!(path.ends_with(".csv"), "{path}");
        Self {
            xlsx: format!("{}.xlsx", path.trim_end_matches(".csv")),
            csv: path.to_owned(),
            query: query.to_owned(),
        }
    }

    fn whole(&self) -> [String; 2] {
        [&self.csv, &self.xlsx].map(|path| match self.query.as_str() {
            "" => path.clone(),
            query => format!("{path}?{query}"),
        })
    }

    fn of_columns(&self, headings: &[&str]) -> [String; 2] {
        let columns = format!("{COLUMNS}={}", percent_encoded(&headings.join(",")));
        [&self.csv, &self.xlsx].map(|path| match self.query.as_str() {
            "" => format!("{path}?{columns}"),
            query => format!("{path}?{query}&{columns}"),
        })
    }

    fn filters(&self) -> Result<Vec<(String, String)>, Problem> {
        let address: Uri = format!("/?{}", self.query)
            .parse()
            .map_err(Problem::internal)?;
        let pairs = Query::try_from_uri(&address).map_err(Problem::internal)?;
        Ok(pairs.0)
    }
}

fn quoted(headings: &[&str]) -> String {
    let quoted = headings.iter().map(|heading| format!("“{heading}”"));
    quoted.collect::<Vec<_>>().join("、")
}

fn line(
    template: &ExportTemplate,
    addresses: &Addresses,
    columns: &[Column],
    back: &str,
) -> TemplateLine {
    let headings = template.headings.iter().map(String::as_str);
    let is_there = |heading: &&str| columns.iter().any(|one| one.heading == **heading);
    let (there, gone): (Vec<&str>, Vec<&str>) = headings.partition(is_there);
    let [csv, xlsx] = match there.is_empty() {
        true => [String::new(), String::new()],
        false => addresses.of_columns(&there),
    };
    TemplateLine {
        name: template.name.clone(),
        csv,
        xlsx,
        columns: there.join("、"),
        gone: match (gone.is_empty(), there.is_empty()) {
            (true, _) => String::new(),
            (false, true) => "其中的列都没有了".to_owned(),
            (false, false) => format!("{}一列没有了，不再导出", quoted(&gone)),
        },
        remove: format!(
            "/export-templates/{}/remove?back={}",
            template.id,
            percent_encoded(back)
        ),
    }
}

impl Frame {
    /// What stands over a list for taking it away: `list` is the list's own name, for instance `redemption.desk`, under
    /// which templates are kept; `csv` the address of the CSV under the filters of the page, which ends in `.csv` where
    /// the XLSX's ends in `.xlsx`; `columns` those of the export.
    ///
    /// # Errors
    /// The database.
    pub async fn exports(
        &self,
        list: &'static str,
        csv: &str,
        columns: &[Column],
        summary: &str,
    ) -> Result<Exports, Problem> {
        debug_assert!(are_keys(columns), "{columns:?}");
        let addresses = Addresses::of(csv);
        let templates = self.shell.templates.as_ref();
        let templates = templates.filter(|_| self.viewer.account().is_some());
        let kept = match templates {
            Some(templates) => templates.list(&self.viewer, list).await?,
            None => Vec::new(),
        };
        let [csv, xlsx] = addresses.whole();
        Ok(Exports {
            summary: summary.to_owned(),
            csv,
            xlsx,
            paths: (addresses.csv.clone(), addresses.xlsx.clone()),
            filters: addresses.filters()?,
            columns: columns
                .iter()
                .map(|one| Choice::new(&one.heading, &one.heading, &one.heading))
                .collect(),
            save: match templates {
                Some(_) => format!(
                    "/export-templates?list={list}&back={}",
                    percent_encoded(&self.here)
                ),
                None => String::new(),
            },
            templates: kept
                .iter()
                .map(|one| line(one, &addresses, columns, &self.here))
                .collect(),
        })
    }
}

/// Whether each column can be chosen by its heading.
fn are_keys(columns: &[Column]) -> bool {
    let headings = || columns.iter().map(|one| one.heading.as_str());
    let once = |heading| headings().filter(|other| *other == heading).count() == 1;
    headings().all(|heading| once(heading) && heading.trim() == heading && !heading.contains(','))
}

/// The routes of templates, for all lists.
pub fn router(templates: ExportTemplates) -> Router {
    Router::new()
        .route("/export-templates", post(save))
        .route("/export-templates/{id}/remove", post(remove))
        .with_state(templates)
}

/// Of which list, and where to go on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    list: String,
    back: String,
}

/// 存为模板
async fn save(
    State(templates): State<ExportTemplates>,
    frame: Frame,
    Query(place): Query<Place>,
    fields: Fields,
) -> Result<Redirect, PageError> {
    let chosen = Chosen::read(fields.all(COLUMNS));
    let name = fields.get("template-name");
    templates
        .save(&frame.viewer, &place.list, name, &chosen)
        .await?;
    Ok(Redirect::to(safe_address(&place.back)))
}

/// 删除模板
async fn remove(
    State(templates): State<ExportTemplates>,
    frame: Frame,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Redirect, PageError> {
    templates.remove(&frame.viewer, &id).await?;
    Ok(Redirect::to(safe_address(&place.back)))
}
