//! 国标: the codes, classifications and calendars that every other crate speaks.
//!
//! Pure: no I/O, no clock, no database. The tables are embedded and parsed once on first use;
//! a lookup is a binary search that allocates nothing. Sources and licences of the tables stand
//! in `data/standards/README.md`.
//!
//! | module | standard |
//! |---|---|
//! | [`uscc`] | 统一社会信用代码, GB 32100-2015 |
//! | [`org_code`] | 组织机构代码, GB 11714-1997 |
//! | [`reg_no`] | 15 位工商注册号, GS15-2006 |
//! | [`citizen_id`] | 公民身份号码, GB 11643-1999 |
//! | [`division`] | 行政区划, GB/T 2260 and the statistical codes of NBS |
//! | [`industry`] | 国民经济行业分类, GB/T 4754-2017 |
//! | [`size`] | 统计上大中小微型企业划分办法(2017) |
//! | [`above_scale`] | 规上（四上）thresholds |
//! | [`small_profit`] | 小型微利企业 of the enterprise income tax |
//! | [`bank`] | 支付系统行号, card numbers (ISO/IEC 7812-1) |
//! | [`calendar`] | working days by the State Council's holiday notices |
//! | [`mask`] | 脱敏 of personal data |

pub mod above_scale;
pub mod bank;
pub mod calendar;
pub mod citizen_id;
pub mod division;
pub mod industry;
pub mod mask;
pub mod org_code;
pub mod reg_no;
pub mod size;
pub mod small_profit;
pub mod uscc;

/// Money in fen (分): one yuan is 100. Amounts with thresholds in 万元 stay exact.
pub type Fen = i64;

/// Fen in one 万元.
pub const FEN_PER_WAN: Fen = 10_000 * 100;
