//! 直达: the only binary. It wires the rooms together and owns nothing itself.

use std::process::ExitCode;

use cli::{
    Account, AppealsCommand, Audit, Calendar, Cases, Command, Configuration, Generate, Import,
    Matching, Message, Open311, Payments, Rule, Scheme, Verify,
};
use commands::Outcome;

mod api_page;
mod app;
mod cli;
mod commands;
mod database;
mod help;
mod terminal;
#[cfg(test)]
mod tests;
mod watch;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(cli::parse().command) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Bad) => ExitCode::from(1),
        // The reader of a pipe went away: nothing is wrong.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("出错：{error:#}");
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Verify(Verify::Uscc(arguments)) => Ok(commands::verify::uscc(&arguments)?),
        Command::Rule(Rule::Check(arguments)) => commands::rule::check(&arguments),
        Command::Rule(Rule::Eval(arguments)) => commands::rule::eval(&arguments),
        Command::Rule(Rule::Sql(arguments)) => commands::rule_sql::sql(&arguments),
        Command::Generate(Generate::City(arguments)) => commands::generate::city(&arguments),
        Command::Account(Account::ResetPassword(arguments)) => {
            block_on(commands::account::reset_password(&arguments))
        }
        Command::Config(Configuration::Check(arguments)) => {
            block_on(commands::config::check(&arguments))
        }
        Command::Audit(Audit::Verify(arguments)) => block_on(commands::audit::verify(&arguments)),
        Command::Audit(Audit::Checkpoint(arguments)) => {
            block_on(commands::audit::checkpoint(&arguments))
        }
        Command::Audit(Audit::Export(arguments)) => block_on(commands::audit::export(&arguments)),
        Command::Audit(Audit::Prune(arguments)) => block_on(commands::audit::prune(&arguments)),
        Command::Calendar(Calendar::Show(arguments)) => {
            block_on(commands::calendar::show(&arguments))
        }
        Command::Calendar(Calendar::Close(arguments)) => {
            block_on(commands::calendar::close(&arguments))
        }
        Command::Calendar(Calendar::Open(arguments)) => {
            block_on(commands::calendar::open_days(&arguments))
        }
        Command::Calendar(Calendar::Hours(arguments)) => {
            block_on(commands::calendar::hours(&arguments))
        }
        Command::Calendar(Calendar::Import(arguments)) => {
            block_on(commands::calendar::import(&arguments))
        }
        Command::Backup(arguments) => block_on(commands::backup::backup(&arguments)),
        Command::Restore(arguments) => block_on(commands::restore::restore(&arguments)),
        Command::Message(Message::Test(arguments)) => block_on(commands::message::test(&arguments)),
        Command::Payments(Payments::Export(arguments)) => {
            block_on(commands::payments::export(&arguments))
        }
        Command::Payments(Payments::Import(arguments)) => {
            block_on(commands::payments::import(&arguments))
        }
        Command::Scheme(Scheme::List(arguments)) => block_on(commands::scheme::list(&arguments)),
        Command::Scheme(Scheme::Show(arguments)) => block_on(commands::scheme::show(&arguments)),
        Command::Scheme(Scheme::Check(arguments)) => block_on(commands::scheme::check(&arguments)),
        Command::Scheme(Scheme::Publish(arguments)) => {
            block_on(commands::scheme::publish(&arguments))
        }
        Command::Cases(Cases::Report(arguments)) => block_on(commands::cases::report(&arguments)),
        Command::Appeals(AppealsCommand::Report(arguments)) => {
            block_on(commands::appeals::report(&arguments))
        }
        Command::Open311(Open311::List(arguments)) => block_on(commands::open311::list(&arguments)),
        Command::Open311(Open311::Add(arguments)) => block_on(commands::open311::add(&arguments)),
        Command::Open311(Open311::Revoke(arguments)) => {
            block_on(commands::open311::revoke(&arguments))
        }
        Command::Import(Import::Enterprises(arguments)) => {
            block_on(commands::import::enterprises(&arguments))
        }
        Command::Import(Import::Policies(arguments)) => {
            block_on(commands::import::policies(&arguments))
        }
        Command::Matching(Matching::Enterprise(arguments)) => {
            block_on(commands::matching::enterprise(&arguments))
        }
        Command::Matching(Matching::Policy(arguments)) => {
            block_on(commands::matching::policy(&arguments))
        }
        Command::Matching(Matching::All(arguments)) => {
            block_on(commands::match_all::all(&arguments))
        }
        Command::Serve(arguments) => block_on(commands::serve::serve(&arguments)),
        Command::Demo(arguments) => block_on(commands::demo::demo(&arguments)),
    }
}

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
