//! The list of enterprises as a viewer may see it: page, count and export of one query.

use zhida_platform::access::{self, Level, Reach, Viewer};
use zhida_platform::audit::Look;
use zhida_platform::export::{Cell, Chosen, Column, Row as Line, Table};
use zhida_platform::paging::{Page, PageRequest};
use zhida_platform::problem::Problem;
use zhida_rules::{Attribute, Dictionary, Value};
use zhida_standards::{division, industry};

use std::sync::Arc;

use crate::model::{Enterprise, Order, Query, Row};
use crate::rights::{LIST, READ};
use crate::store::{self, StoredRow};
use crate::tags::{Tags, sensitivity_level};
use crate::{Registry, RegistryError};

/// Characters of an unknown word that an answer repeats.
const REPEATED_MAX: usize = 30;
/// Rows of an export that are read at a time.
const EXPORT_ROWS: u32 = 2_000;

/// The key of a row in an order.
pub(crate) fn key(order: Order, row: &StoredRow) -> (String, String) {
    let key = match order {
        Order::Code => "",
        Order::Name => &row.name,
        Order::RegisteredOn => &row.registered_on,
    };
    (key.to_owned(), row.code.clone())
}

/// What of the list a viewer may see: rows that the right to read reaches by the viewer's level,
/// others as everybody sees them.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    /// The rows of the list.
    listed: Reach,
    /// The rows that may be read whole.
    read: Reach,
    within: Columns,
    beyond: Columns,
}

/// The columns that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub size: bool,
    status: bool,
    /// Tags that may be shown.
    pub tags: Vec<String>,
}

impl Columns {
    fn of(dictionary: &Dictionary, tags: &Tags, viewer: &Viewer) -> Self {
        let seen = tags.compiled.iter().filter(|tag| viewer.can_see(tag.level));
        Self {
            size: may_see(dictionary, viewer, "size"),
            status: may_see(dictionary, viewer, "registration_status"),
            tags: seen.map(|tag| tag.name.clone()).collect(),
        }
    }
}

impl Sight {
    pub(crate) async fn of(registry: &Registry, viewer: &Viewer) -> Result<Self, RegistryError> {
        let dictionary = registry.dictionary();
        let rules = store::rules(registry.db().conn()).await?;
        let tags = Tags::compile(dictionary, &rules);
        Ok(Self {
            listed: viewer.reach(LIST),
            read: viewer.reach(READ),
            within: Columns::of(dictionary, &tags, viewer),
            beyond: Columns::of(dictionary, &tags, &Viewer::visitor()),
        })
    }

    /// The columns of this row.
    pub(crate) fn columns(&self, row: &access::Row) -> &Columns {
        match self.read.covers(row) {
            true => &self.within,
            false => &self.beyond,
        }
    }

    /// The columns that may be seen of every row of the list: what may be filtered by.
    pub(crate) fn filters(&self) -> &Columns {
        match self.read.includes(&self.listed) {
            true => &self.within,
            false => &self.beyond,
        }
    }

    /// The columns of an export of the list.
    pub(crate) fn headings(&self) -> Vec<Column> {
        let mut columns = vec![
            Column::wide("统一社会信用代码", 22),
            Column::wide("企业名称", 36),
            Column::wide("区划代码", 10),
            Column::wide("所在区划", 28),
            Column::wide("行业代码", 10),
            Column::wide("所属行业", 28),
            Column::new("登记状态"),
            Column::new("成立日期"),
        ];
        if self.filters().size {
            columns.push(Column::new("企业规模"));
        }
        columns.push(Column::wide("标签", 30));
        columns
    }

    /// Whether rows may show more than everybody sees, which is recorded then.
    fn tells_more(&self) -> bool {
        self.read != Reach::Nothing && self.within != self.beyond
    }

    /// The query with the rows that the viewer may list.
    ///
    /// Refuses conditions on what the viewer may not see: a filter tells as much as a column.
    pub(crate) fn narrow(
        &self,
        dictionary: &Dictionary,
        query: &Query,
    ) -> Result<Query, RegistryError> {
        let filters = self.filters();
        let hidden = |field| {
            Err(RegistryError::Query(
                field,
                "这个条件涉及您看不到的数据，请去掉后再查".to_owned(),
            ))
        };
        if !query.size.is_empty() && !filters.size {
            return hidden("size");
        }
        if !query.status.is_empty() && !filters.status {
            return hidden("status");
        }
        a_choice(dictionary, "size", "size", &query.size)?;
        a_choice(dictionary, "registration_status", "status", &query.status)?;
        if !query.tag.is_empty() && !filters.tags.contains(&query.tag) {
            return Err(RegistryError::Query(
                "tag",
                format!("没有可用的标签“{}”，请从列表中选择", query.tag),
            ));
        }
        Ok(Query {
            reach: self.listed.clone(),
            ..query.clone()
        })
    }

    /// The row of a whole enterprise.
    pub(crate) fn row_of(&self, enterprise: Enterprise) -> Row {
        let columns = self.columns(&enterprise.access());
        let seen = |tag: &String| columns.tags.contains(tag);
        Row {
            code: enterprise.code,
            name: enterprise.name,
            division: enterprise.division,
            industry: enterprise.industry,
            size: enterprise.size.filter(|_| columns.size),
            status: enterprise.status.filter(|_| columns.status),
            registered_on: enterprise.registered_on,
            tags: enterprise.tags.into_iter().filter(seen).collect(),
        }
    }

    fn row(&self, (row, tags): (StoredRow, Vec<String>)) -> Row {
        let division = store::known(row.division);
        let columns = self.columns(&access::Row {
            enterprise: Some(&row.code),
            division: division.as_deref(),
        });
        let seen = |tag: &String| columns.tags.contains(tag);
        Row {
            code: row.code,
            name: row.name,
            division,
            industry: store::known(row.industry),
            size: store::known(row.size).filter(|_| columns.size),
            status: store::known(row.status).filter(|_| columns.status),
            registered_on: row.registered_on.parse().ok(),
            tags: tags.into_iter().filter(seen).collect(),
        }
    }
}

/// Refuses a word that no enterprise can have: the list would look as if there were none.
fn a_choice(
    dictionary: &Dictionary,
    attribute: &str,
    field: &'static str,
    wanted: &str,
) -> Result<(), RegistryError> {
    let Some(index) = dictionary.find(attribute).filter(|_| !wanted.is_empty()) else {
        return Ok(());
    };
    let attribute = dictionary.attribute(index);
    match attribute.choices.iter().any(|choice| choice == wanted) {
        true => Ok(()),
        false => Err(RegistryError::Query(
            field,
            format!(
                "{}没有“{}”，可以填 {}，或者不填",
                attribute.name,
                wanted.chars().take(REPEATED_MAX).collect::<String>(),
                attribute.choices.join("、")
            ),
        )),
    }
}

/// Whether a viewer may see an attribute of the dictionary.
pub(crate) fn may_see(dictionary: &Dictionary, viewer: &Viewer, id: &str) -> bool {
    let level = dictionary.find(id).map_or(Level::Public, |index| {
        sensitivity_level(dictionary.attribute(index).sensitivity)
    });
    viewer.can_see(level)
}

/// A value as the viewer sees it: what names a person is masked for those who may not see it plain.
pub(crate) fn seen(viewer: &Viewer, attribute: &Attribute, value: &Value) -> Value {
    match viewer.sees_personal() {
        true => value.clone(),
        false => attribute.masked(value),
    }
}

impl Registry {
    /// One page of the list for the program itself: all rows, all columns.
    ///
    /// # Errors
    /// When a condition or the cursor makes no sense, or the database fails.
    pub async fn search(
        &self,
        query: &Query,
        page: &PageRequest,
    ) -> Result<Page<Row>, RegistryError> {
        self.search_as(&Viewer::system(""), query, page).await
    }

    /// One page of the list for a viewer.
    ///
    /// # Errors
    /// As [`Registry::search`], and when a condition is not for the viewer.
    pub async fn search_as(
        &self,
        viewer: &Viewer,
        query: &Query,
        page: &PageRequest,
    ) -> Result<Page<Row>, RegistryError> {
        let sight = Sight::of(self, viewer).await?;
        let query = sight.narrow(self.dictionary(), query)?;
        let found = self.rows(&query, page).await?;
        if sight.tells_more() {
            let count = found.items.len() as u64;
            self.record_list(viewer, look("registry.list", &query), count)
                .await?;
        }
        Ok(found.map(|row| sight.row(row)))
    }

    /// How many enterprises the list has for a viewer.
    ///
    /// # Errors
    /// As [`Registry::search_as`].
    pub async fn count_as(&self, viewer: &Viewer, query: &Query) -> Result<u64, RegistryError> {
        let query = Sight::of(self, viewer)
            .await?
            .narrow(self.dictionary(), query)?;
        self.count(&query).await
    }

    /// The whole list for a viewer, for `platform::export`, with the chosen columns.
    ///
    /// # Errors
    /// As [`Registry::search_as`]; a column that the viewer's list does not have.
    pub async fn export(
        self: &Arc<Self>,
        viewer: &Viewer,
        query: &Query,
        chosen: &Chosen,
    ) -> Result<Table, RegistryError> {
        let sight = Arc::new(Sight::of(self, viewer).await?);
        let query = sight.narrow(self.dictionary(), query)?;
        // refuses a condition that makes no sense before the download begins
        let count = self.count(&query).await?;
        let tells_more = sight.tells_more();
        let mut look = look("registry.export", &query);
        look.filter = chosen.told(look.filter);
        let (registry, columns) = (Arc::clone(self), sight.headings());
        let fetch = move |after: Option<String>| {
            let (registry, query, sight) =
                (Arc::clone(&registry), query.clone(), Arc::clone(&sight));
            async move {
                let page = PageRequest {
                    after,
                    limit: EXPORT_ROWS,
                };
                let found = registry.rows(&query, &page).await.map_err(Problem::from)?;
                let lines = found.items.into_iter();
                let lines = lines.map(|row| line(&sight, sight.row(row))).collect();
                Ok((lines, found.next))
            }
        };
        let table = Table::by_pages("市场主体", columns, fetch).only(chosen)?;
        if tells_more {
            self.record_list(viewer, look, count).await?;
        }
        Ok(table)
    }
}

fn look(action: &'static str, query: &Query) -> Look {
    Look {
        action,
        right: LIST,
        part: "市场主体名录".to_owned(),
        filter: query.told(),
    }
}

fn line(sight: &Sight, row: Row) -> Line {
    let mut cells: Line = vec![
        row.code.into(),
        row.name.into(),
        row.division.clone().into(),
        row.division.as_deref().and_then(division::full_name).into(),
        row.industry.clone().into(),
        row.industry
            .as_deref()
            .and_then(industry::lookup)
            .map(|found| found.name)
            .into(),
        row.status.into(),
        row.registered_on.into(),
    ];
    if sight.filters().size {
        cells.push(row.size.into());
    }
    cells.push(Cell::Text(row.tags.join("、")));
    cells
}
