//! `zhida message test`: what an administrator runs when mails do not arrive.

use std::fs;

use zhida_platform::config::Config;
use zhida_testkit::MailServer;

use crate::program::zhida;

#[test]
fn without_a_mail_server_it_says_which_settings_are_missing() {
    let ran = zhida(["message", "test", "admin@example.gov.cn"]).expect(2);
    assert!(
        ran.err.contains("mail.server") && ran.err.contains("mail.from"),
        "{}",
        ran.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_sends_one_mail_and_tells_each_step() {
    let server = MailServer::start().await;
    let mut config = Config::default();
    server.configure(&mut config);
    let folder = tempfile::tempdir().unwrap();
    let write = |port: u16| {
        let file = folder.path().join("zhida.toml");
        let text = format!(
            "[mail]\nserver = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n\
             from = \"直达 <no-reply@example.gov.cn>\"\n"
        );
        fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let run = async |port: u16, to: &'static str| {
        let file = write(port);
        let run = move || zhida(["message", "test", to, "--config", &file]);
        tokio::task::spawn_blocking(run).await.unwrap()
    };
    let ran = run(config.mail.port, "admin@example.gov.cn")
        .await
        .expect(0);
    for step in ["✔ 解析主机名", "✔ 建立连接", "✔ 登录", "✔ 交付"] {
        assert!(ran.out.contains(step), "{step}: {}", ran.out);
    }
    let taken = server.taken();
    assert_eq!(
        (taken.len(), taken[0].subject.as_str()),
        (1, "直达测试邮件")
    );
    let refused = run(9, "admin@example.gov.cn").await.expect(1);
    assert!(
        refused.out.contains("✘ 建立连接") && refused.out.contains("防火墙"),
        "{}",
        refused.out
    );
    let nobody = run(config.mail.port, "nobody").await.expect(2);
    assert!(nobody.err.contains("不是一个邮箱地址"), "{}", nobody.err);
    assert_eq!(server.taken().len(), 1);
}
