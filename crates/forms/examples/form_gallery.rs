//! The form with every kind of field, to look at: `cargo run -p zhida-forms --example form_gallery`, then
//! <http://127.0.0.1:8098/form/first>. Nothing is kept when it ends.

#[path = "../tests/it/gallery.rs"]
mod gallery;

use std::sync::Arc;

use zhida_platform::clock::SystemClock;
use zhida_platform::config::Config;
use zhida_platform::db::Database;
use zhida_platform::files::{FileStore, FilesConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("gallery.db").display());
    let db = Database::connect(&url).await?;
    db.migrate(&[zhida_forms::migrations()]).await?;
    let clock = Arc::new(SystemClock);
    let config = FilesConfig {
        folder: folder.path().join("files").display().to_string(),
        ..Config::default().files
    };
    let files = FileStore::open(&config, clock.clone())?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8098").await?;
    println!("http://{}/form/first", listener.local_addr()?);
    let gallery = gallery::Gallery::new(db, files, clock);
    Ok(axum::serve(listener, gallery::routes(gallery)).await?)
}
