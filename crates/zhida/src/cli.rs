//! The command line: what may be typed, in Chinese.

use std::{net::SocketAddr, path::PathBuf};

use chrono::NaiveDate;
use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ErrorKind},
};

use crate::help::in_chinese;

// Paths, because the benches include this file too.
#[path = "cli/appeals.rs"]
mod appeals;
#[path = "cli/calendar.rs"]
mod calendar;
#[path = "cli/redemption.rs"]
mod redemption;

pub use appeals::{AppealsCommand, AppealsReport, Open311, Open311Add, Open311List, Open311Revoke};
pub use redemption::{Cases, CasesReport, Scheme, SchemeFile, SchemeList, SchemeShow};

pub use calendar::*;

const HELP: &str = "\
{about-with-newline}
用法：{usage}

{all-args}{after-help}";

/// `zhida`.
#[derive(Debug, Parser)]
#[command(
    name = "zhida",
    version,
    about = "直达：惠企政策直达与企业服务平台",
    help_template = HELP,
    disable_help_subcommand = true,
    subcommand_help_heading = "命令",
    subcommand_value_name = "命令",
    next_help_heading = "选项",
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = "每个命令后面加 --help 可看详细说明。使用说明见 README.md。"
)]
pub struct Cli {
    /// 要执行的命令。
    #[command(subcommand)]
    pub command: Command,
    /// 显示帮助。
    #[arg(short, long, action = clap::ArgAction::Help, global = true, hide = true)]
    help: Option<bool>,
    /// 显示版本。
    #[arg(long, action = clap::ArgAction::Version, hide = true)]
    version: Option<bool>,
}

/// Where the data is, for commands that need it.
#[derive(Debug, Clone, Args)]
pub struct Store {
    /// 配置文件（默认只用内置设置；全部设置见 config.default.toml）
    #[arg(long, value_name = "文件", env = "ZHIDA_CONFIG")]
    pub config: Option<PathBuf>,
    /// 数据库地址，如 sqlite:zhida.db 或 postgres://用户@主机/库（优先于配置文件）
    #[arg(long, value_name = "地址")]
    pub database: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 演示：生成一座城市的企业，装入真实政策，打开网页
    #[command(help_template = HELP)]
    Demo(Demo),
    /// 正式运行网站和接口
    #[command(help_template = HELP)]
    Serve(Serve),
    /// 账号：给登录不了的人重置密码
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Account(Account),
    /// 设置：核对每一项从哪里来、能不能用
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Config(Configuration),
    /// 审计：核验记录有没有被改动，留存检查点，导出，清理
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Audit(Audit),
    /// 工作日历：停止办公、作息时间、导入放假安排
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Calendar(Calendar),
    /// 备份：把数据库和上传的文件写成一个文件，不必停机
    #[command(help_template = HELP)]
    Backup(Backup),
    /// 恢复：把备份装入一个空的数据库，两种数据库之间可以互换
    #[command(help_template = HELP)]
    Restore(Restore),
    /// 消息：检查邮件能不能发出去
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Message(Message),
    /// 拨付：导出付款文件，导入银行回单
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Payments(Payments),
    /// 兑付方案：列出、显示、质检、发布
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Scheme(Scheme),
    /// 兑付办件：报表
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Cases(Cases),
    /// 诉求：月报
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Appeals(AppealsCommand),
    /// Open311 接口的密钥：列出、新建、停用
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Open311(Open311),
    /// 导入企业或政策
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Import(Import),
    /// 匹配企业与政策，逐条说明理由
    #[command(subcommand, name = "match", help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Matching(Matching),
    /// 校验代码
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Verify(Verify),
    /// 检查、试算规则（不需要数据库）
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Rule(Rule),
    /// 生成演示、测试用的数据
    #[command(subcommand, help_template = HELP, subcommand_help_heading = "命令", subcommand_value_name = "命令")]
    Generate(Generate),
}

/// `zhida demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// 监听地址，只能是本机回环地址
    #[arg(long, value_name = "地址", default_value = "127.0.0.1:8080")]
    pub addr: SocketAddr,
    /// 数据目录（默认用临时目录，退出即清除）
    #[arg(long, value_name = "目录")]
    pub data: Option<PathBuf>,
    /// 生成多少家企业
    #[arg(long, value_name = "家数", default_value_t = 20_000)]
    pub enterprises: u64,
}

/// `zhida serve`.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub store: Store,
    /// 监听地址（优先于配置文件）
    #[arg(long, value_name = "地址")]
    pub addr: Option<SocketAddr>,
}

/// `zhida message …`.
#[derive(Debug, Subcommand)]
pub enum Message {
    /// 用配置的邮件服务器发一封测试邮件，逐步说明做到哪里；没有发出时退出码为 1
    #[command(help_template = HELP)]
    Test(MessageTest),
}

/// `zhida message test`.
#[derive(Debug, Args)]
pub struct MessageTest {
    /// 收件人的邮箱
    #[arg(value_name = "收件人")]
    pub to: String,
    /// 配置文件（默认只用内置设置和环境变量；邮件的设置在 config.default.toml 的 [mail]）
    #[arg(long, value_name = "文件", env = "ZHIDA_CONFIG")]
    pub config: Option<PathBuf>,
}

/// `zhida payments …`.
#[derive(Debug, Subcommand)]
pub enum Payments {
    /// 导出已复核批次的付款文件：.xml 是 ISO 20022 pain.001，.csv 是表格；导出会记入审计
    #[command(help_template = HELP)]
    Export(PaymentsExport),
    /// 导入银行回单：CSV、pain.002 或 camt.054；同一个文件只办一次，有未认领的回单时退出码为 1
    #[command(help_template = HELP)]
    Import(PaymentsImport),
}

/// `zhida payments export`.
#[derive(Debug, Args)]
pub struct PaymentsExport {
    /// 批次号，如 ZD2026000001
    #[arg(value_name = "批次号")]
    pub batch: String,
    /// 写到哪个文件（不能是已有的），以 .xml 或 .csv 结尾
    #[arg(long, value_name = "文件")]
    pub out: PathBuf,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida payments import`.
#[derive(Debug, Args)]
pub struct PaymentsImport {
    /// 回单文件
    #[arg(value_name = "文件")]
    pub file: PathBuf,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida account …`.
#[derive(Debug, Subcommand)]
pub enum Account {
    /// 重置密码：打印一次初始密码，登录后要修改
    #[command(help_template = HELP)]
    ResetPassword(ResetPassword),
}

/// `zhida account reset-password`.
#[derive(Debug, Args)]
pub struct ResetPassword {
    /// 登录名
    #[arg(value_name = "登录名")]
    pub login: String,
    /// 同时重置第二因素，下次登录时重新设置
    #[arg(long)]
    pub second_factor: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida config …`.
#[derive(Debug, Subcommand)]
pub enum Configuration {
    /// 列出全部设置和来处（口令不显示），再检查数据库、目录、密钥、查毒、邮件能不能用；有一项不行，退出码为 1
    #[command(help_template = HELP)]
    Check(ConfigCheck),
}

/// `zhida config check`.
#[derive(Debug, Args)]
pub struct ConfigCheck {
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida audit …`.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// 核验审计链：改动、删除、调换、截断都会指出是第几条；有问题时退出码为 1
    #[command(help_template = HELP)]
    Verify(AuditVerify),
    /// 打印链尾的检查点（编号与校验值），留存在数据库之外，以后核验时对照
    #[command(help_template = HELP)]
    Checkpoint(AuditCheckpoint),
    /// 导出审计记录：.csv、.xlsx 或 .jsonl；导出本身也会记入审计
    #[command(help_template = HELP)]
    Export(AuditExport),
    /// 清理早于某天的记录；不满六个月（184 天）的不能清理
    #[command(help_template = HELP)]
    Prune(AuditPrune),
}

/// `zhida audit verify`.
#[derive(Debug, Args)]
pub struct AuditVerify {
    /// 与这个文件里的检查点对照（每行一个，由 zhida audit checkpoint 写成）
    #[arg(long, value_name = "文件")]
    pub checkpoint: Option<PathBuf>,
    /// 只核验最后一个检查点以后的记录，之前的当作没有变；用于每天的核验
    #[arg(long, requires = "checkpoint")]
    pub since: bool,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida audit checkpoint`.
#[derive(Debug, Args)]
pub struct AuditCheckpoint {
    /// 追加到这个文件，应放在能改数据库的人改不到的地方
    #[arg(value_name = "文件")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida audit export`.
#[derive(Debug, Args)]
pub struct AuditExport {
    /// 写到这个文件，格式由扩展名定：.csv、.xlsx 或 .jsonl；已有的文件不覆盖
    #[arg(value_name = "文件")]
    pub file: PathBuf,
    /// 从这一天起
    #[arg(long, value_name = "日期")]
    pub from: Option<NaiveDate>,
    /// 到这一天为止，含当天
    #[arg(long, value_name = "日期")]
    pub until: Option<NaiveDate>,
    /// 只要与这家企业有关的（统一社会信用代码）
    #[arg(long, value_name = "代码")]
    pub enterprise: Option<String>,
    /// 只要这种操作，如 registry.import；以点结尾时是一类，如 registry.
    #[arg(long, value_name = "操作")]
    pub action: Option<String>,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida audit prune`.
#[derive(Debug, Args)]
pub struct AuditPrune {
    /// 清理这一天以前的记录，不含当天
    #[arg(long, value_name = "日期")]
    pub before: NaiveDate,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// 写到这个文件，如 zhida-20261122.zip；已有同名文件时不覆盖
    #[arg(value_name = "文件")]
    pub file: PathBuf,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// zhida backup 写成的文件
    #[arg(value_name = "文件")]
    pub file: PathBuf,
    /// 数据库里已有直达的数据时，用备份整个换掉
    #[arg(long)]
    pub replace: bool,
    /// 只核对备份是否完整，不恢复
    #[arg(long, conflicts_with = "replace")]
    pub check: bool,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida import …`.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// 导入企业：CSV（可为 .csv.gz；UTF-8 或 GBK）或 XLSX
    #[command(help_template = HELP)]
    Enterprises(ImportEnterprises),
    /// 导入政策：YAML 或 JSON 文件，或装有它们的目录
    #[command(help_template = HELP)]
    Policies(ImportPolicies),
}

/// `zhida import enterprises`.
#[derive(Debug, Args)]
pub struct ImportEnterprises {
    /// 文件
    #[arg(required = true, value_name = "文件")]
    pub files: Vec<PathBuf>,
    /// 只检查并报告，不写入
    #[arg(long)]
    pub dry_run: bool,
    /// 数据来源部门
    #[arg(long, value_name = "部门", default_value = "市场监管")]
    pub department: String,
    /// 数据所属日期（默认今天）
    #[arg(long, value_name = "日期")]
    pub as_of: Option<NaiveDate>,
    /// 指定某一列对应的属性，可重复：--map 列名=属性
    #[arg(long, value_name = "列名=属性")]
    pub map: Vec<String>,
    /// 未通过的行写到这个文件（默认写在数据文件旁，名为 *.rejects.csv）
    #[arg(long, value_name = "文件")]
    pub rejects: Option<PathBuf>,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida import policies`.
#[derive(Debug, Args)]
pub struct ImportPolicies {
    /// 文件或目录
    #[arg(required = true, value_name = "文件或目录")]
    pub paths: Vec<PathBuf>,
    /// 只检查并报告，不写入
    #[arg(long)]
    pub dry_run: bool,
    /// 未通过的事项写到这个文件
    #[arg(long, value_name = "文件")]
    pub rejects: Option<PathBuf>,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida match …`.
#[derive(Debug, Subcommand)]
pub enum Matching {
    /// 一家企业能享受哪些政策
    #[command(help_template = HELP)]
    Enterprise(MatchEnterprise),
    /// 一项政策适用哪些企业
    #[command(help_template = HELP)]
    Policy(MatchPolicy),
    /// 全部事项与全部企业：按事项、层级、地区、规模汇总
    #[command(help_template = HELP)]
    All(MatchAll),
}

/// `zhida match enterprise`.
#[derive(Debug, Args)]
pub struct MatchEnterprise {
    /// 统一社会信用代码
    #[arg(value_name = "代码")]
    pub code: String,
    /// 基准日（默认今天）
    #[arg(long, value_name = "日期")]
    pub on: Option<NaiveDate>,
    /// 输出 JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida match policy`.
#[derive(Debug, Args)]
pub struct MatchPolicy {
    /// 事项标识或编号
    #[arg(value_name = "事项")]
    pub id: String,
    /// 基准日（默认今天）
    #[arg(long, value_name = "日期")]
    pub on: Option<NaiveDate>,
    /// 最多列出多少家企业（--csv 总是全部）
    #[arg(long, value_name = "家数", default_value_t = 1_000)]
    pub limit: usize,
    /// 输出 JSON
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// 把全部企业写成 CSV 文件
    #[arg(long, value_name = "文件")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida match all`.
#[derive(Debug, Args)]
pub struct MatchAll {
    /// 基准日（默认今天）
    #[arg(long, value_name = "日期")]
    pub on: Option<NaiveDate>,
    /// 用多少个线程（默认用全部核心）
    #[arg(long, value_name = "个数", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// 匹配时除索引和结果外最多使用多少内存（MB）
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(1..))]
    pub memory: Option<u32>,
    /// 与上一次保存的结果比较，记下新匹配（只能用今天的事项）
    #[arg(long, conflicts_with = "on")]
    pub save: bool,
    /// 最多列出多少个事项（--json、--csv 总是全部）
    #[arg(long, value_name = "项数", default_value_t = 20)]
    pub limit: usize,
    /// 输出 JSON
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// 把全部事项的结果写成 CSV 文件
    #[arg(long, value_name = "文件")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub store: Store,
}

/// `zhida verify …`.
#[derive(Debug, Subcommand)]
pub enum Verify {
    /// 校验统一社会信用代码，逐个列出组成部分；全部有效时退出码为 0
    #[command(help_template = HELP)]
    Uscc(VerifyUscc),
}

/// `zhida verify uscc`.
#[derive(Debug, Args)]
pub struct VerifyUscc {
    /// 代码
    #[arg(required = true, value_name = "代码")]
    pub codes: Vec<String>,
    /// 输出 JSON，每行一个
    #[arg(long)]
    pub json: bool,
}

/// `zhida rule …`.
#[derive(Debug, Subcommand)]
pub enum Rule {
    /// 检查规则写得对不对，显示规范写法和白话
    #[command(help_template = HELP)]
    Check(RuleCheck),
    /// 用文件里的事实试算文件里的规则
    #[command(help_template = HELP)]
    Eval(RuleEval),
    /// 把规则写成 SQL 条件，在自己的数据库里运行
    #[command(help_template = HELP)]
    Sql(RuleSql),
}

/// `zhida rule check`.
#[derive(Debug, Args)]
pub struct RuleCheck {
    /// 规则
    #[arg(required = true, value_name = "规则")]
    pub rules: Vec<String>,
    /// 属性字典（默认用内置的；格式见 docs/rule-files.md）
    #[arg(long, value_name = "文件")]
    pub dictionary: Option<PathBuf>,
    /// 输出 JSON，每行一条规则
    #[arg(long)]
    pub json: bool,
}

/// `zhida rule eval`.
#[derive(Debug, Args)]
pub struct RuleEval {
    /// 事实：每行一家企业的 JSON（格式见 docs/rule-files.md）
    #[arg(long, value_name = "文件")]
    pub facts: PathBuf,
    /// 规则：JSON 或 YAML（格式见 docs/rule-files.md）
    #[arg(long, value_name = "文件")]
    pub rules: PathBuf,
    /// 属性字典（默认用内置的）
    #[arg(long, value_name = "文件")]
    pub dictionary: Option<PathBuf>,
    /// 基准日（默认今天）
    #[arg(long, value_name = "日期")]
    pub on: Option<NaiveDate>,
    /// 每条规则附上逐项理由
    #[arg(long)]
    pub explain: bool,
    /// 输出 JSON，每行一家企业
    #[arg(long)]
    pub json: bool,
}

/// `zhida rule sql`.
#[derive(Debug, Args)]
pub struct RuleSql {
    /// 规则：JSON 或 YAML（格式见 docs/rule-files.md；列名等约定见 docs/rules.md）
    #[arg(long, value_name = "文件")]
    pub rules: PathBuf,
    /// 属性字典（默认用内置的）
    #[arg(long, value_name = "文件")]
    pub dictionary: Option<PathBuf>,
    /// 基准日（默认今天）；“上年”等按它算，写进 SQL 的是确定的年份
    #[arg(long, value_name = "日期")]
    pub on: Option<NaiveDate>,
    /// 输出 JSON，每行一条规则
    #[arg(long)]
    pub json: bool,
}

/// `zhida generate …`.
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// 生成一座城市：企业、政策、属性字典；同一种子在任何机器上字节相同
    #[command(help_template = HELP)]
    City(GenerateCity),
}

/// `zhida generate city`.
#[derive(Debug, Args)]
pub struct GenerateCity {
    /// 企业家数
    #[arg(long, value_name = "家数", default_value_t = 10_000)]
    pub enterprises: u64,
    /// 政策事项数
    #[arg(long, value_name = "项数", default_value_t = 100)]
    pub items: u32,
    /// 随机种子
    #[arg(long, value_name = "种子", default_value_t = 1)]
    pub seed: u64,
    /// 城市的行政区划代码
    #[arg(long, value_name = "区划", default_value = "370100")]
    pub division: String,
    /// 只生成企业，不生成个体工商户和农民专业合作社
    #[arg(long)]
    pub only_enterprises: bool,
    /// 写到这个目录
    #[arg(long, value_name = "目录")]
    pub out: PathBuf,
}

/// Reads the command line; a mistake is said in Chinese and ends the program.
pub fn parse() -> Cli {
    let matches = in_chinese(Cli::command()).try_get_matches();
    match matches.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches)) {
        Ok(cli) => cli,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            error.exit()
        }
        Err(error) => {
            eprintln!("{}", mistake(&error));
            std::process::exit(2);
        }
    }
}

/// The sentence for a mistake on the command line.
fn mistake(error: &clap::Error) -> String {
    let context = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let argument = context(ContextKind::InvalidArg);
    let value = context(ContextKind::InvalidValue);
    let text = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!("没有“{}”这个命令", context(ContextKind::InvalidSubcommand))
        }
        ErrorKind::UnknownArgument => format!("没有“{argument}”这个选项"),
        ErrorKind::MissingRequiredArgument => format!("缺少 {}", argument.replace('\n', "、")),
        ErrorKind::InvalidValue if value.is_empty() => format!("选项 {argument} 后面缺少内容"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("“{value}”不能用作 {argument}")
        }
        ErrorKind::ArgumentConflict => format!(
            "{argument} 不能与 {} 同时使用",
            context(ContextKind::PriorArg)
        ),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            return error.render().to_string();
        }
        _ => "命令写得不对".to_owned(),
    };
    format!("{text}。加 --help 可看用法")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        in_chinese(Cli::command()).debug_assert();
    }

    #[test]
    fn mistakes_are_said_in_chinese() {
        for (line, part) in [
            ("zhida fly", "没有“fly”这个命令"),
            ("zhida demo --port 1", "没有“--port”这个选项"),
            ("zhida match enterprise", "缺少 <代码>"),
            ("zhida demo --addr here", "“here”不能用作"),
            ("zhida match policy p --json --csv f", "不能与"),
        ] {
            let error = Cli::try_parse_from(line.split(' ')).expect_err(line);
            assert!(
                mistake(&error).contains(part),
                "{line}: {}",
                mistake(&error)
            );
        }
    }
}
