//! The program put together: database, rooms, routes. The only list of rooms.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};

use anyhow::{Context, Result};
use axum::Router;
use futures::FutureExt;
use sea_orm::prelude::async_trait::async_trait;
use tokio::net::TcpListener;
use utoipa::openapi::{Info, License, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use zhida_appeals::Appeals;
use zhida_forms::Drafts;
use zhida_funds::Funds;
use zhida_inbox::{Inbox, counted};
use zhida_letters::Press;
use zhida_matching::Matching;
use zhida_meetings::Meetings;
use zhida_office::Office;
use zhida_people::{
    AccountQuery, Directory, Enterprises, OrganisationQuery, People, Settings, identified,
};
use zhida_platform::{
    access::{Rights, Viewer, guard},
    audit::adopt_key,
    clock::{Clock as _, SharedClock, SystemClock},
    config::{Config, ConfigError, Traced},
    db::{Database, MigrationSet},
    export::ExportTemplates,
    files::{FileStore, uploads},
    http::loopback_only,
    jobs::{Jobs, Settings as Work, Worker},
    messages::Messages,
    paging::{LIMIT_MAX, PageRequest},
    problem::Problem,
    room::{MenuItem, Room},
    server,
};
use zhida_policies::Policies;
use zhida_redemption::{Departments, Expert, Experts, Ground, Letters, Organisation, Redemption};
use zhida_registry::Registry;
use zhida_rules::Dictionary;
use zhida_ui::{MenuGroup, Shell};

use crate::{api_page, cli::Store, commands::demo, database, watch::Watch};

/// The rooms over one database.
pub struct App {
    /// What they stand on.
    pub db: Database,
    /// 市场主体库.
    pub registry: Arc<Registry>,
    /// 惠企政策库.
    pub policies: Arc<Policies>,
    /// 政策直达.
    pub matching: Arc<Matching>,
    /// 组织与账号.
    pub people: Arc<People>,
    /// 后台.
    pub office: Arc<Office>,
    /// 消息.
    pub inbox: Arc<Inbox>,
    /// 资金.
    pub funds: Arc<Funds>,
    /// 兑付.
    pub redemption: Arc<Redemption>,
    /// 诉求.
    pub appeals: Arc<Appeals>,
    /// 调度会.
    pub meetings: Arc<Meetings>,
    /// What is done in the background.
    pub jobs: Jobs,
    /// Which columns of lists people take away.
    pub templates: ExportTemplates,
}

/// The registry's names, for seats in enterprises.
struct Names(Arc<Registry>);

impl Enterprises for Names {
    fn name<'a>(
        &'a self,
        code: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Option<String>, Problem>> + Send + 'a>> {
        Box::pin(async move {
            let found = self.0.enterprise(code).await?;
            Ok(found.map(|enterprise| enterprise.name))
        })
    }
}

/// Names of bodies that a form offers at most.
const NAMES_MAX: usize = 2_000;

/// The bodies that 兑付 and 诉求 ask and charge.
struct Bodies(Arc<People>);

#[async_trait]
impl Departments for Bodies {
    async fn named(&self, name: &str) -> Result<Vec<Organisation>, Problem> {
        let query = OrganisationQuery {
            name: name.to_owned(),
            held_on: Some(SystemClock.today()),
            ..OrganisationQuery::default()
        };
        let (system, page) = (Viewer::system("兑付"), PageRequest::first(LIMIT_MAX));
        let found = self.0.organisations(&system, &query, &page).await?;
        let body = |one: zhida_people::Organisation| Organisation {
            id: one.id,
            name: one.name,
        };
        Ok(found.items.into_iter().map(body).collect())
    }

    async fn names(&self) -> Result<Vec<String>, Problem> {
        let query = OrganisationQuery {
            held_on: Some(SystemClock.today()),
            ..OrganisationQuery::default()
        };
        let system = Viewer::system("兑付");
        let mut page = PageRequest::first(LIMIT_MAX);
        let mut names: Vec<String> = Vec::new();
        while names.len() < NAMES_MAX {
            let found = self.0.organisations(&system, &query, &page).await?;
            names.extend(found.items.into_iter().map(|one| one.name));
            page.after = found.next;
            if page.after.is_none() {
                break;
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

#[async_trait]
impl Experts for Bodies {
    async fn named(&self, name: &str) -> Result<Vec<Expert>, Problem> {
        let query = AccountQuery {
            text: name.to_owned(),
            open: Some(true),
        };
        let (system, today) = (Viewer::system("兑付"), SystemClock.today());
        let page = PageRequest::first(LIMIT_MAX);
        let found = self.0.accounts(&system, &query, &page).await?;
        let mut experts = Vec::new();
        for one in found.items {
            if one.name != name && one.login != name {
                continue;
            }
            let (account, seats) = self.0.account(&system, one.id).await?;
            let seat = seats.into_iter().find(|seat| {
                seat.role == "expert"
                    && seat.ended_at.is_none()
                    && seat.valid_from <= today
                    && seat.valid_until.is_none_or(|until| until >= today)
            });
            experts.extend(seat.map(|seat| Expert {
                account: account.id,
                name: account.name,
                organisation: seat.place.name().to_owned(),
            }));
        }
        Ok(experts)
    }
}

/// The settings of a command: defaults, file, environment, command line.
pub fn config(store: &Store) -> Result<Config> {
    Ok(settings(store)?.config)
}

/// The same with where each comes from.
pub fn settings(store: &Store) -> Result<Traced, ConfigError> {
    let mut traced = Traced::load(store.config.as_deref())?;
    if let Some(url) = &store.database {
        traced.set_database("--database", url);
    }
    Ok(traced)
}

/// The file of an SQLite database.
pub fn sqlite_file(config: &Config) -> Option<&Path> {
    let path = config.database.url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    (path != ":memory:").then_some(Path::new(path))
}

/// Where snapshots are kept; `None` when nobody said and there is no file to put them beside.
pub fn snapshots(config: &Config) -> Option<PathBuf> {
    match config.database.snapshots.as_str() {
        "" => {
            let mut beside = sqlite_file(config)?.as_os_str().to_owned();
            beside.push("-snapshots");
            Some(beside.into())
        }
        folder => Some(folder.into()),
    }
}

/// What all rooms tell people, by the settings.
fn messages(config: &Config, clock: &SharedClock) -> Result<Messages> {
    let events = [
        zhida_people::EVENTS,
        zhida_registry::EVENTS,
        zhida_matching::EVENTS,
        zhida_inbox::EVENTS,
        zhida_funds::EVENTS,
        zhida_redemption::EVENTS,
        zhida_appeals::EVENTS,
        zhida_meetings::EVENTS,
    ];
    let book = Arc::new(Directory::new(clock.clone()));
    let messages = Messages::new(config, &events.concat(), book, None, clock.clone());
    messages.context("消息的设置不能用")
}

/// The steps of all rooms' schemas, in order.
pub fn migrations() -> [MigrationSet; 11] {
    [
        zhida_registry::migrations(),
        zhida_policies::migrations(),
        zhida_matching::migrations(),
        zhida_people::migrations(),
        zhida_office::migrations(),
        zhida_inbox::migrations(),
        zhida_forms::migrations(),
        zhida_funds::migrations(),
        zhida_redemption::migrations(),
        zhida_appeals::migrations(),
        zhida_meetings::migrations(),
    ]
}

impl App {
    /// Opens the database, brings its schema up to date and builds the rooms.
    pub async fn open(config: &Config) -> Result<Self> {
        Self::open_for(config, false).await
    }

    /// The same; accounts of the demonstration may sign in only when it is one.
    pub async fn open_for(config: &Config, demo: bool) -> Result<Self> {
        Self::open_by(config, demo, Arc::new(SystemClock)).await
    }

    /// The same by another clock.
    pub async fn open_by(config: &Config, demo: bool, clock: SharedClock) -> Result<Self> {
        let db = database::open(config).await?;
        // wrong rights stop the program here, not at the first request
        Rights::shipped();
        db.migrate(&migrations())
            .await
            .context("无法更新数据库结构")?;
        let dictionary = Dictionary::shipped();
        adopt_key(&db, clock.now())
            .await
            .context("审计链不能写入")?;
        let jobs = Jobs::new(db.clone(), clock.clone());
        let files = FileStore::open(&config.files, clock.clone())?;
        let messages = messages(config, &clock)?;
        messages.work_with(&jobs, &db);
        let registry = Registry::new(db.clone(), dictionary, clock.clone());
        let registry = registry
            .with_messages(messages.clone())
            .with_folder(files.room_folder("imports"));
        let registry = Arc::new(registry);
        let policies = Policies::new(db.clone(), dictionary, clock.clone()).await?;
        let policies = Arc::new(policies);
        let people = People::new(
            db.clone(),
            clock.clone(),
            Settings::new(&config.sign_in, demo),
            Arc::new(Names(registry.clone())),
        )?
        .with_messages(messages.clone())
        .with_providers(&config.sign_in.oidc, &config.messages.site_url)
        .map_err(anyhow::Error::msg)?;
        people.seal_factors().await?;
        let funds = Funds::new(db.clone(), clock.clone(), messages.clone());
        let inbox = Inbox::new(db.clone(), clock.clone(), messages.clone());
        let office = Office::new(db.clone(), clock.clone(), jobs.clone(), files.clone());
        let mut matching = Matching::new(
            db.clone(),
            registry.clone(),
            policies.clone(),
            dictionary,
            clock.clone(),
        )
        .with_messages(messages.clone());
        if let Some(folder) = snapshots(config) {
            matching = matching.with_snapshots(&folder);
        }
        let matching = Arc::new(matching);
        let people = Arc::new(people);
        let press = Press::new(config.letters.font().map(Path::to_owned));
        let appeals = Appeals::new(zhida_appeals::Ground {
            db: db.clone(),
            clock: clock.clone(),
            messages: messages.clone(),
            files: files.clone(),
            registry: registry.clone(),
            departments: Arc::new(Bodies(people.clone())),
            hierarchy: Arc::new(Directory::new(clock.clone())),
            press: press.clone(),
            site: config.messages.site_url.trim_end_matches('/').to_owned(),
        });
        let meetings = Meetings::new(zhida_meetings::Ground {
            db: db.clone(),
            clock: clock.clone(),
            messages: messages.clone(),
            departments: Arc::new(Bodies(people.clone())),
            questions: appeals.clone(),
            press,
        });
        let redemption = Redemption::new(Ground {
            db: db.clone(),
            policies: policies.clone(),
            registry: registry.clone(),
            matching: matching.clone(),
            funds: funds.clone(),
            drafts: Drafts::new(db.clone(), clock.clone(), files.clone()),
            messages,
            letters: Letters::new(db.clone(), clock.clone(), files, config),
            departments: Arc::new(Bodies(people.clone())),
            experts: Arc::new(Bodies(people.clone())),
            hierarchy: Arc::new(Directory::new(clock.clone())),
            jobs: jobs.clone(),
            clock: clock.clone(),
        });
        let templates = ExportTemplates::new(db.clone(), clock);
        // rooms register here what they do in the background
        zhida_registry::background(&registry, &jobs, config);
        zhida_matching::background(&matching, &jobs);
        zhida_office::background(&office, &jobs);
        zhida_redemption::background(&redemption, &jobs);
        zhida_appeals::background(&appeals, &jobs);
        zhida_meetings::background(&meetings, &jobs);
        Ok(Self {
            db,
            registry,
            policies,
            matching,
            people,
            office: Arc::new(office),
            inbox,
            funds,
            redemption,
            appeals,
            meetings,
            jobs,
            templates,
        })
    }

    fn rooms(&self, config: &Config) -> [Room; 10] {
        [
            zhida_policies::room(
                self.policies.clone(),
                self.office.files().clone(),
                Some(self.matching.clone()),
            ),
            zhida_matching::room(self.matching.clone()),
            zhida_registry::room(self.registry.clone(), self.jobs.clone(), config),
            zhida_people::room(self.people.clone()),
            zhida_office::room(self.office.clone()),
            zhida_inbox::room(self.inbox.clone()),
            zhida_funds::room(self.funds.clone()),
            zhida_redemption::room(self.redemption.clone()),
            zhida_appeals::room(self.appeals.clone()),
            zhida_meetings::room(self.meetings.clone()),
        ]
    }

    /// For the machines that watch the server.
    pub fn watch(&self) -> Watch {
        Watch::new(self.db.clone(), self.matching.clone())
    }

    /// What the API's endpoints say of themselves.
    #[cfg(test)]
    pub fn document(&self, config: &Config) -> OpenApi {
        let merge = |api: OpenApiRouter, room: Room| api.merge(room.api);
        let api = self
            .rooms(config)
            .into_iter()
            .fold(OpenApiRouter::new(), merge);
        api.into_openapi()
    }

    /// All pages and the API, for one kind of viewer.
    pub fn router(&self, config: &Config, viewer: Viewer, demo: bool) -> Router {
        let mut pages = Router::new();
        let mut api = OpenApiRouter::with_openapi(described());
        let mut lines = BTreeMap::new();
        for room in self.rooms(config) {
            pages = pages.merge(room.routes);
            api = api.merge(room.api);
            lines.insert(room.name, room.menu);
        }
        lines.insert("api", vec![API_LINE]);
        let (api, document) = api.split_for_parts();
        let mut router = pages
            .merge(api)
            .merge(api_page::router(document))
            .merge(zhida_ui::exports::router(self.templates.clone()))
            .merge(uploads(self.office.files().clone()))
            .merge(self.watch().routes());
        if demo {
            // roles are entered without a password: only what this machine's own browser asked for
            let demo = zhida_people::demo_routes(self.people.clone(), demo::HINTS);
            router = loopback_only(router.merge(zhida_ui::gallery::router()).merge(demo));
        }
        let shell = Shell {
            menu: menu(&mut lines),
            version: env!("CARGO_PKG_VERSION"),
            demo,
            viewer,
            sign_in: true,
            templates: Some(self.templates.clone()),
        };
        let router = identified(
            counted(guard(router), self.inbox.clone()),
            self.people.clone(),
        );
        zhida_ui::with_frame(router, shell, config)
    }
}

/// The menu's headings, and the rooms whose lines stand under each; `api` is no room but the page of the API.
const MENU: [(&str, &[&str]); 5] = [
    ("政策", &["policies", "matching"]),
    ("兑付", &["redemption", "funds"]),
    ("诉求", &["appeals", "meetings"]),
    ("企业和单位", &["registry", "people"]),
    ("平台", &["inbox", "office", "api"]),
];

const API_LINE: MenuItem = MenuItem {
    label: "开放接口",
    href: "/api",
    action: None,
};

/// The lines of the rooms under the headings of [`MENU`].
fn menu(lines: &mut BTreeMap<&str, Vec<MenuItem>>) -> Arc<[MenuGroup]> {
    let groups = MENU.iter().map(|(label, rooms)| {
        let items = rooms.iter().filter_map(|room| lines.remove(room)).flatten();
        MenuGroup::new(label, items.collect())
    });
    groups.collect()
}

/// The head of the API document; the rooms add their endpoints.
fn described() -> OpenApi {
    let mut info = Info::new("直达 Zhida 开放接口", "1");
    info.description =
        Some("企业、政策、匹配。出错时返回 application/problem+json（RFC 9457）。".into());
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".into());
    info.license = Some(license);
    OpenApiBuilder::new().info(info).build()
}

/// Serves, and works in the background, until the process is told to stop; requests under way are
/// finished within the configured time, jobs under way are given back.
pub async fn serve(
    app: &App,
    config: &Config,
    listener: TcpListener,
    router: Router,
) -> Result<()> {
    app.office.files().make_folder()?;
    let stopped = stopped().boxed().shared();
    let worker = Worker::new(app.jobs.clone(), Work::default());
    let worker = tokio::spawn(worker.run(stopped.clone()));
    server::serve(listener, router, &config.server, stopped).await;
    worker.await?;
    Ok(())
}

/// Binds an address, saying what to do when it is taken.
pub async fn bind(addr: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(addr).await.with_context(|| {
        format!("不能在 {addr} 上监听，可能已被别的程序占用；用 --addr 换一个端口")
    })
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn snapshots_lie_beside_the_file_or_where_they_are_told_to() {
        for (url, folder, expected) in [
            ("sqlite:a/z.db", "", Some("a/z.db-snapshots")),
            ("sqlite:///a/z.db", "", Some("/a/z.db-snapshots")),
            ("sqlite::memory:", "", None),
            ("postgres://h/d", "", None),
            ("postgres://h/d", "/data", Some("/data")),
            ("sqlite:z.db", "b", Some("b")),
        ] {
            let mut config = Config::default();
            url.clone_into(&mut config.database.url);
            folder.clone_into(&mut config.database.snapshots);
            let found = snapshots(&config);
            assert_eq!(found.as_deref(), expected.map(Path::new), "{url}");
        }
    }

    #[tokio::test]
    async fn each_room_stands_under_a_heading_of_the_menu() {
        let mut config = Config::default();
        config.database.url = "sqlite::memory:".to_owned();
        let app = App::open(&config).await.unwrap();
        let rooms = app.rooms(&config).into_iter();
        let mut lines = rooms.map(|room| (room.name, room.menu)).collect();
        let all: usize = BTreeMap::values(&lines).map(Vec::len).sum();
        let shown: usize = menu(&mut lines).iter().map(|group| group.items.len()).sum();
        assert_eq!((shown, lines.len()), (all, 0), "{lines:?}");
    }

    #[tokio::test]
    async fn rooms_do_not_describe_two_things_by_one_name() {
        let mut config = Config::default();
        config.database.url = "sqlite::memory:".to_owned();
        let app = App::open(&config).await.unwrap();
        let mut known = BTreeMap::new();
        for room in app.rooms(&config) {
            let components = room.api.into_openapi().components.unwrap();
            for (name, schema) in components.schemas {
                let schema = serde_json::to_value(schema).unwrap();
                let before = known.entry(name.clone()).or_insert_with(|| schema.clone());
                assert_eq!(*before, schema, "{name} of {} is another’s name", room.name);
            }
        }
        assert!(known.len() > 20);
    }
}
