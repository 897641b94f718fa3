//! What concerns the own account only, for every role in a real session of its own, as statuses in `own.matrix`; the
//! matrix of all other routes, `crates/zhida/tests/it/access.matrix`, has viewers without sessions.

use std::fmt::Write as _;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, header};
use zhida_people::{NewAccount, PlaceKey, Secret};
use zhida_platform::access::{Rights, Side};
use zhida_testkit::sqlite;

use crate::world::{Browser, ENTERPRISE, World, between, system};

const HEAD: &str = "\
自己的账号：每个地址对每个角色的答复（HTTP 状态），每个角色用真实的会话。
200 给出页面或数据　204、303 办了　400 表单没有填好　401、403 拒绝　404 没有这一条　409 不能这样办
由 crates/people/tests/it/own.rs 生成；更新：ZHIDA_TEST_UPDATE=1 cargo nextest run -p zhida-people own::
";
/// Of nobody: nobody's session or token ends by it.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Who asks, and with what the request proves it.
struct Column {
    name: String,
    header: Option<(&'static str, String)>,
}

impl Column {
    fn of(name: &str, browser: &Browser) -> Self {
        let cookie = browser.cookie.clone().unwrap();
        Self {
            name: name.to_owned(),
            header: Some(("cookie", cookie)),
        }
    }
}

async fn columns(world: &World) -> Vec<Column> {
    let mut columns = vec![Column {
        name: "访客".to_owned(),
        header: None,
    }];
    let mut form = crate::world::organisation(&world.people, None, "样例代办公司", "330300");
    form.kind = zhida_people::OrganisationKind::Agency;
    let agency = world.people.create_organisation(&system(), &form).await;
    let agency = agency.unwrap();
    for role in Rights::shipped().roles() {
        let login = role.id.replace('_', "-");
        let place = match role.side {
            Side::Public if role.id == "visitor" => continue,
            Side::Public => None,
            Side::Enterprise => Some(PlaceKey::Enterprise(ENTERPRISE.into())),
            Side::Agency => Some(PlaceKey::Organisation(agency.id)),
            Side::Government | Side::Administration => {
                Some(PlaceKey::Organisation(world.bureau.id))
            }
        };
        let id = world.person(&login, &role.name).await;
        if let Some(place) = place {
            world.seat(id, place, &role.id).await;
        }
        let mut browser = world.signed_in(&login).await;
        if role.second_factor {
            browser.set_up_factor().await;
        }
        columns.push(Column::of(&role.name, &browser));
    }
    columns.extend(half_way_in(world).await);
    columns
}

/// Sessions that may not do anything yet, and a token.
async fn half_way_in(world: &World) -> [Column; 4] {
    let new = NewAccount {
        login: "new.one".into(),
        name: "新某".into(),
        ..NewAccount::default()
    };
    let made = world.people.create_account(&system(), &new).await;
    let (_, initial): (_, Secret) = made.unwrap();
    let mut unchanged = world.browser();
    unchanged.sign_in("new.one", initial.expose()).await;
    let bureau = PlaceKey::Organisation(world.bureau.id);
    for login in ["no.factor", "no.code"] {
        let id = world.person(login, "新官").await;
        world.seat(id, bureau.clone(), "clerk").await;
    }
    let no_factor = world.signed_in("no.factor").await;
    world.signed_in("no.code").await.set_up_factor().await;
    let no_code = world.signed_in("no.code").await;
    world.staff("a.token", "handler").await;
    let mut holder = world.signed_in("a.token").await;
    let fields = [("name", "表"), ("days", "9"), ("actions", "account.own")];
    let page = holder.post("/account/tokens/new", &fields).await;
    let token = between(page.expect_status(200).text(), "data-copy=\"", "\"");
    [
        Column::of("初始密码未改", &unchanged),
        Column::of("未设第二因素", &no_factor),
        Column::of("未输验证码", &no_code),
        Column {
            name: "访问令牌".to_owned(),
            header: Some(("authorization", format!("Bearer {token}"))),
        },
    ]
}

/// The addresses that concern one's own account.
fn routes() -> Vec<(String, String)> {
    let own = |path: &str| {
        ["/account/", "/sign-in/", "/api/v1/tokens"]
            .iter()
            .any(|start| path.starts_with(start))
            || ["/account", "/api/v1/me"].contains(&path)
    };
    let mut routes: Vec<(String, String)> = Rights::shipped()
        .routes()
        .filter(|route| own(&route.path))
        .map(|route| (route.path.to_string(), route.method.to_string()))
        .collect();
    routes.sort();
    routes
}

async fn status(world: &World, column: &Column, method: &str, path: &str) -> u16 {
    let path = path.replace("{id}", NOBODY);
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost");
    if let Some((name, value)) = &column.header {
        request = request.header(*name, value);
    }
    if method == "POST" {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let request = request.body(Body::from("x=1")).unwrap();
    world.app.send(request).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_finds_the_own_account_and_nothing_else() {
    let db = sqlite().await;
    let world = World::new(&db).await;
    let columns = columns(&world).await;
    let mut table = format!("{HEAD}\n");
    let names: Vec<&str> = columns.iter().map(|one| one.name.as_str()).collect();
    for (at, name) in names.iter().enumerate() {
        writeln!(table, "{}┌ {name}", "│   ".repeat(at)).unwrap();
    }
    for (path, method) in routes() {
        for column in &columns {
            let status = status(&world, column, &method, &path).await;
            assert!(status < 500, "{} {method} {path}", column.name);
            write!(table, "{status} ").unwrap();
        }
        writeln!(table, " {method} {path}").unwrap();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/own.matrix");
    if std::env::var_os("ZHIDA_TEST_UPDATE").is_some() {
        std::fs::write(&file, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == table, "与 own.matrix 不同，现在是：\n{table}");
}
