//! The platform against real databases, a real router and real files.

mod access;
mod audit;
mod audit_chain;
mod backup;
mod cases;
mod cases_kit;
mod cases_watch;
mod db;
mod export;
mod export_templates;
mod files;
mod files_bad;
mod files_scan;
mod http;
mod jobs;
mod jobs_servers;
mod messages;
mod messages_kit;
mod messages_mail;
mod messages_webhooks;
mod messages_work;
mod migrate;
mod paging;
mod search;
mod server;
mod thread;
