//! What can go wrong in the room; each variant a sentence for the user.

use axum::http::StatusCode;
use zhida_platform::problem::Problem;
use zhida_platform::seal::SealError;
use zhida_platform::{audit, db};

/// An error of the room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Wrong login or password. The sentence is the same for both, so that nobody learns which logins exist.
    #[error("登录名或密码不对。连续 5 次不对，会暂停登录 15 分钟")]
    WrongSignIn,
    /// An initial password that was not used in time.
    #[error("初始密码超过 14 天没有使用，已经失效，请联系管理员重新发放")]
    Expired,
    /// Too many failures, of a login that exists or of one that does not.
    #[error(
        "这个登录名连续多次登录失败，已暂停登录，请 {minutes} 分钟后再试；忘记密码请联系管理员重置"
    )]
    Locked {
        /// Minutes to wait.
        minutes: i64,
    },
    /// The second factor is wrong or was used before.
    #[error("验证码不对、已过期或已经用过，请等验证器显示下一个再输入")]
    WrongCode,
    /// No session, or one that has ended.
    #[error("还没有登录，或登录已经过期，请重新登录")]
    NotSignedIn,
    /// Something else comes first: changing the password, setting up the second factor.
    #[error("{0}")]
    First(&'static str),
    /// What is asked for is not there, or not within reach.
    #[error("没有找到{0}，请核对后重新查找")]
    Missing(&'static str),
    /// The administrators are kept apart.
    #[error(
        "{name}已经或将要担任{held}，同一个人不能再担任{role}：系统、安全、审计管理员须由三人分任"
    )]
    Separated {
        /// The person.
        name: String,
        /// The role held.
        held: String,
        /// The role asked for.
        role: String,
    },
    /// Somebody has to be left who holds the role.
    #[error("这是最后一个在任的{0}，不能去掉：请先让别人担任，或在交接时指定接任的人")]
    LastHolder(String),
    /// Nobody grants rights to the own account.
    #[error("不能给自己授权，请由另一位安全管理员办理")]
    OwnSeat,
    /// Somebody else changed it meanwhile.
    #[error("{0}")]
    Conflict(String),
    /// No sign-in with a provider is under way, or another one.
    #[error("这次登录已经过期、已经用过，或在别的窗口重新开始过")]
    NoFlow,
    /// The person, or the provider, did not go through with it.
    #[error("“{0}”没有完成登录，可能是您取消了，或没有使用本系统的许可")]
    Declined(String),
    /// A provider that cannot be asked.
    #[error("“{0}”暂时连不上")]
    Unreachable(String),
    /// A provider whose answer proves nothing.
    #[error("“{0}”的答复没有通过核对，没有登录")]
    Unproved(String),
    /// Somebody the provider knows, and we do not.
    #[error("“{provider}”已经确认您的身份（{value}），但这里还没有与它关联的账号")]
    Unlinked {
        /// Name of the provider.
        provider: String,
        /// What the administrator has to know.
        value: String,
    },
    /// An account that is not in use.
    #[error("与这个身份关联的账号已停用")]
    Closed,
    /// A code that cannot be used.
    #[error("{0}")]
    Code(&'static str),
    /// An address of the first set-up that cannot be used.
    #[error("设置地址不对、已经用过或已经失效")]
    SetUp,
    /// A request that cannot be used, or that this viewer may not make.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The hash could not be made.
    #[error("系统暂时不能核对密码，请稍后重试")]
    Hashing,
    /// The key or the picture of the second factor could not be made.
    #[error("系统暂时不能办理第二因素，请稍后重试")]
    Factor,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
}

impl Error {
    /// A field that is wrong, with what to do.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Problem::bad_input("有一项填写有误")
            .field(field, message)
            .into()
    }
}

impl From<audit::Error> for Error {
    fn from(error: audit::Error) -> Self {
        match error {
            audit::Error::Db(error) => Self::Database(error),
            other => Problem::from(other).into(),
        }
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Problem::from(error).into()
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Refused(problem) => *problem,
            Error::WrongSignIn | Error::Expired => Problem::new(
                StatusCode::UNAUTHORIZED,
                "wrong-sign-in",
                "登录没有成功",
                text,
            ),
            Error::Locked { .. } => Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "locked",
                "登录没有成功",
                text,
            ),
            Error::WrongCode => {
                Problem::new(StatusCode::UNAUTHORIZED, "wrong-code", "验证没有成功", text)
            }
            Error::NotSignedIn => Problem::sign_in(text),
            Error::First(_) => Problem::forbidden(text).hint("请先完成这一步"),
            Error::Missing(what) => Problem::not_found(what),
            Error::Separated { .. } | Error::LastHolder(_) | Error::Conflict(_) => {
                Problem::conflict(text)
            }
            Error::OwnSeat => Problem::forbidden(text),
            Error::NoFlow | Error::Declined(_) => Problem::new(
                StatusCode::BAD_REQUEST,
                "sign-in-flow",
                "登录没有完成",
                text,
            )
            .hint("请回到登录页重新开始"),
            Error::Unreachable(_) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "identity-provider",
                "登录没有成功",
                text,
            )
            .hint("请稍后再试，或用登录名和密码登录；一直不行请联系系统管理员"),
            Error::Unproved(_) => {
                Problem::new(StatusCode::UNAUTHORIZED, "unproved", "登录没有成功", text)
                    .hint("请回到登录页重新开始；一直不行请联系系统管理员，原因在服务器日志里")
            }
            Error::Unlinked { .. } => {
                Problem::new(StatusCode::FORBIDDEN, "unlinked", "还没有关联账号", text).hint(
                    "已有账号的，用登录名和密码登录，在“我的账号”里关联；\
                     没有账号的，请把括号里的内容告诉本单位的系统管理员，由他建立账号并关联",
                )
            }
            Error::Closed => Problem::new(StatusCode::FORBIDDEN, "closed", "账号已停用", text)
                .hint("请联系本单位的系统管理员"),
            Error::Code(_) => Problem::bad_input(text).hint("请向发出的人索取新的"),
            Error::SetUp => Problem::bad_input(text)
                .hint("请用服务器最近一次启动时显示的地址；已经设置过的，请直接登录"),
            Error::Hashing | Error::Factor | Error::Database(_) => Problem::internal(error),
        }
    }
}
