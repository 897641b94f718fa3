//! Serves the component gallery alone: `cargo run -p zhida-ui --example gallery`, then open the address it prints.

use zhida_platform::access::Viewer;
use zhida_platform::config::Config;
use zhida_platform::room::MenuItem;
use zhida_ui::{MenuGroup, Shell, gallery, with_frame};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let item = |label, href| MenuItem {
        label,
        href,
        action: None,
    };
    let items = vec![
        item("首页", "/"),
        item("惠企政策", "/policies"),
        item("市场主体", "/enterprises"),
        item("我的匹配", "/matches"),
        item("政策计算器", "/calculator"),
        item("组件陈列", "/ui-gallery"),
    ];
    let shell = Shell {
        menu: [MenuGroup::new("", items)].into(),
        demo: true,
        viewer: Viewer::officer("演示管理员"),
        ..Shell::default()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8099").await?;
    println!("http://{}/ui-gallery", listener.local_addr()?);
    axum::serve(
        listener,
        with_frame(gallery::router(), shell, &Config::default()),
    )
    .await
}
