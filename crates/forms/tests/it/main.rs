//! Forms from outside: definitions, answers, the store on both databases, the page in a browser.

mod browser;
mod check;
mod drafts;
mod gallery;
mod guide;
mod post;
mod properties;
mod resume;
mod validate;
mod world;
