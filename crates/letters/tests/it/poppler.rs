//! poppler's programs (Debian: poppler-utils).

use std::path::Path;
use std::process::Command;

/// The words of a file in the order in which it holds them, pages ended by form feeds.
pub fn text(pdf: &[u8]) -> String {
    let folder = saved(pdf);
    String::from_utf8(run(
        "pdftotext",
        &["-raw", "-enc", "UTF-8", "letter.pdf", "-"],
        folder.path(),
    ))
    .unwrap()
}

/// poppler's table of fonts.
pub fn fonts(pdf: &[u8]) -> String {
    let folder = saved(pdf);
    String::from_utf8(run("pdffonts", &["letter.pdf"], folder.path())).unwrap()
}

/// What the QR code on the last page says, read from the page's picture as a phone would.
pub fn qr_code(pdf: &[u8]) -> String {
    let folder = saved(pdf);
    let picture = run(
        "pdftoppm",
        &["-r", "150", "-gray", "-singlefile", "letter.pdf"],
        folder.path(),
    );
    let (width, height, pixels) = gray(&picture);
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one QR code on the page");
    grids[0].decode().unwrap().1
}

fn saved(pdf: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("letter.pdf"), pdf).unwrap();
    folder
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| {
            panic!("运行不了 {program}（{error}）。请执行：apt-get install poppler-utils")
        });
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.is_empty(),
        "{program}：{told}"
    );
    output.stdout
}

/// Width, height and pixels of a PGM picture (`P5 1240 1754 255 …`).
fn gray(picture: &[u8]) -> (usize, usize, &[u8]) {
    let mut fields = picture.splitn(4, |byte| byte.is_ascii_whitespace());
    assert_eq!(fields.next(), Some(&b"P5"[..]));
    let mut number = || {
        std::str::from_utf8(fields.next().unwrap())
            .unwrap()
            .parse()
            .unwrap()
    };
    let (width, height) = (number(), number());
    let pixels = fields.next().unwrap();
    (width, height, &pixels[pixels.len() - width * height..])
}
